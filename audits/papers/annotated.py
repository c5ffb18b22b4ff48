"""Networks whose units people annotated, with their exemplars: what generalisation is tested on.

    networks = of_workspace(workspace)
    networks = [of_folder("alexnet", Path("exemplars"), Path("annotations.csv"), {"dataset": "a"})]
    networks[0].attributes["task"]              # "classifier", "generator", …

Attributes are what networks differ in: architecture, dataset, task, or whatever a file names. In a
workspace the task is what the network takes and names (latents, classes), the dataset its
exemplars' images, and the architecture the factory that builds it, unless a file says better.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db.annotate import annotations
from db.describe import exemplars, subjects
from db.errors import BadInput
from db.units import Unit
from db.workspace import Workspace, open_database
from describer.milan.training.data import Annotated

if TYPE_CHECKING:
    from describer.subjects.definition import Subject

# Fewer units cannot be split into those to learn from and those to be tested on.
LEAST = 10
ATTRIBUTES = ("architecture", "dataset", "task")


@dataclass(frozen=True)
class AnnotatedNetwork:
    """One network: its annotated exemplars, what sets it apart, whether people are simulated."""

    name: str
    parts: tuple[Annotated, ...]
    attributes: Mapping[str, str]
    simulated: bool = False

    @property
    def units(self) -> int:
        """How many units are annotated."""
        return sum(len(part.annotations) for part in self.parts)


def of_folder(
    name: str, folder: Path, table: Path, attributes: Mapping[str, str]
) -> AnnotatedNetwork:
    """A folder of exemplars, ours or as published, with a table of annotations.

    Raises:
        BadInput: one of them cannot be read.
    """
    from describer.exemplars import layout
    from describer.milan.training import data

    said, _ = data.read_annotations(table)
    return AnnotatedNetwork(name, (Annotated(layout.read(folder), said),), dict(attributes))


def of_workspace(
    workspace: Workspace,
    names: Sequence[str] = (),
    attributes: Mapping[str, Mapping[str, str]] | None = None,
) -> list[AnnotatedNetwork]:
    """The networks of a workspace of which at least `LEAST` units with exemplars are annotated.

    Args:
        names: of networks; all, without.
        attributes: by network what is known better.
    """
    from describer import workspace_files
    from describer.subjects import definition as files

    found = []
    with open_database(workspace) as db:
        for row in subjects.every(db):
            if names and row.name not in names:
                continue
            subject = files.read(row.source)
            parts: dict[str, dict[Unit, list[str]]] = {}
            images, simulated = "", False
            # The newest exemplars of a layer count, as everywhere.
            newest = {
                kept.layer: kept for kept in exemplars.sets(db, subject=row.name) if kept.folder
            }
            for kept in newest.values():
                for unit in exemplars.units_of(db, kept.exemplar_set_id):
                    said = annotations.accepted(db, unit.unit_id)
                    if said and not unit.dead:
                        own = parts.setdefault(kept.folder, {})
                        own[unit.layer, unit.unit] = [each.text for each in said]
                        simulated |= any(each.simulated for each in said)
                        images = kept.probing_set or ""
            network = AnnotatedNetwork(
                row.name,
                tuple(
                    Annotated(workspace_files.open_source(workspace, folder), said)
                    for folder, said in parts.items()
                ),
                {
                    "architecture": subject.factory.rpartition(":")[2],
                    "dataset": images,
                    "task": _task(subject),
                    **(attributes or {}).get(row.name, {}),
                },
                simulated,
            )
            if network.units >= LEAST:
                found.append(network)
    if not found:
        raise BadInput(
            f"expected networks with at least {LEAST} annotated units that have exemplars, got none"
        )
    return found


def _task(subject: "Subject") -> str:
    if subject.input == "latent":
        return "generator"
    return "classifier" if subject.classes else "without classes"


def read_attributes(path: Path) -> dict[str, dict[str, str]]:
    """What a TOML file says of networks: a table each, of texts.

    Raises:
        BadInput: it is no such file.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"expected a TOML file of networks at {path}, got {error}") from error
    if not all(isinstance(own, dict) for own in values.values()):
        raise BadInput(f"expected a table for each network in {path}, got other values")
    return {name: {key: str(value) for key, value in own.items()} for name, own in values.items()}
