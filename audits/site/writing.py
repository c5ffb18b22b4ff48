"""A static site as a folder: written whole under a temporary name, then renamed.

    write(workspace, contents, Path("site"), watch)     # the number of files

A list of the site's files and their hashes lies in it (`MARKER`). A folder is only replaced while
it holds those files as they were written: one with anything else in it is somebody's work.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audits.site import page
from audits.site.contents import Contents, Unit
from db.arrays import new_folder
from db.describe import faithfulness
from db.errors import BadInput
from db.jobs import Watch
from db.workspace import Workspace, open_database
from describer.workspace_files import picture_of

MARKER = ".milan-workbench-site.json"
_GRIDS = ("grid", "grid-tall", "open")


@dataclass(frozen=True)
class _Site:
    """A site on its way: the folder that it is written into, and the hash of each file there."""

    workspace: Workspace
    folder: Path
    files: dict[str, str]

    def put(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.files[name] = _hash(content)

    def pictures(self, unit: Unit, names: Sequence[str]) -> dict[str, str]:
        """The files of a unit's pictures by their names, called by their content."""
        found = {}
        for each in names if unit.row.folder else ():
            jpeg = picture_of(self.workspace, unit.row.unit_id, each)
            found[each] = f"pictures/{_hash(jpeg)[:40]}.jpg"
            if found[each] not in self.files:
                self.put(found[each], jpeg)
        return found


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_free(workspace: Workspace, folder: Path) -> Path:
    """The folder in full, if a site may be written there.

    Raises:
        BadInput: it is a file, lies in the workspace, or holds what no site of ours wrote there.
    """
    full = folder.expanduser().absolute()
    if full.is_symlink() or (full.exists() and not full.is_dir()):
        raise BadInput(f"expected a new folder for the site, got a file or link: {folder}")
    resolved = full.resolve()
    if resolved.is_relative_to(workspace.path) or workspace.path.is_relative_to(resolved):
        raise BadInput(f"expected a folder outside the workspace for the site, got {folder}")
    if not full.exists() or not any(full.iterdir()):
        return full
    try:
        known: Mapping[str, str] = json.loads((full / MARKER).read_text(encoding="utf-8"))["files"]
        items = dict(known)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"expected a new folder, or a site that was written by this command, got {folder}"
        ) from error
    for path in sorted(full.rglob("*")):
        name = path.relative_to(full).as_posix()
        if (path.is_dir() and not path.is_symlink()) or name == MARKER:
            continue
        if path.is_symlink() or items.get(name) != _hash(path.read_bytes()):
            raise BadInput(
                f"expected a site as this command wrote it, got {folder} with {name}, which is "
                "not from it; choose another folder"
            )
    return full


def write(workspace: Workspace, contents: Contents, folder: Path, watch: Watch) -> int:
    """Write the site in place of an earlier one of ours; returns the number of its files.

    Raises:
        BadInput: the folder is not free, or cannot be written.
        Cancelled: somebody asked to stop; nothing is left then.
    """
    full = check_free(workspace, folder)
    try:
        with new_folder(full) as temporary:
            site = _Site(workspace, temporary, {})
            site.put("style.css", page.STYLE.encode())
            site.put("index.html", page.index(contents).encode())
            total, done = sum(len(layer.units) for layer in contents.layers), 0
            for layer in contents.layers:
                with open_database(workspace) as db:
                    kept = faithfulness.tests(db, layer.found.exemplar_set_id)
                tests = {each["judge"]: each["tests"] for each in reversed(kept)}
                strips: dict[int, str] = {}
                for place, unit in enumerate(layer.units):
                    watch.check(f"before {unit.row.name}")
                    watch.progress(done, total, "pages of units")
                    shown = site.pictures(unit, ("strip", *_GRIDS))
                    strips[unit.row.unit_id] = shown.get("strip", "")
                    text = page.unit(layer, place, shown, tests)
                    site.put(f"units/{layer.stem}/{unit.row.unit}.html", text.encode())
                    done += 1
                site.put(f"layers/{layer.stem}.html", page.layer(layer, strips).encode())
            for one in contents.experiments:
                name = f"ablations/{one.ablation.ablation_id}.html"
                site.put(name, page.experiment(one).encode())
            for report in contents.reports:
                site.put(f"reports/{report.path.name}", report.path.read_bytes())
            marker = json.dumps({"files": site.files}, indent=1, sort_keys=True)
            (temporary / MARKER).write_text(marker + "\n", encoding="utf-8", newline="\n")
            # Once more: the folder may have come to hold something while this was written.
            check_free(workspace, full)
    except OSError as error:
        raise BadInput(f"expected a folder that can be written, got {folder}: {error}") from error
    watch.progress(total, total, "pages of units")
    return len(site.files)
