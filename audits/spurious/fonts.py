"""The fonts that words can be written in without anybody typing a path.

    installed()                         # {"DejaVuSans-Bold": Path("/usr/share/fonts/…"), …}
    path_of("DejaVuSans-Bold")          # what `Settings.font` takes; "" is Pillow's own

Only TrueType files in the folders where systems keep their fonts are listed, by their names.
"""

import functools
from collections.abc import Mapping
from pathlib import Path

from db.errors import BadInput

OWN = ""
FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
MOST = 400


@functools.cache
def installed(folders: tuple[Path, ...] = FOLDERS) -> Mapping[str, Path]:
    """The fonts of this machine by name, in order; of equal names the first file counts."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.[tT][tT][fF]")):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items())[:MOST])


def path_of(name: str, *, folders: tuple[Path, ...] = FOLDERS) -> str:
    """The file of a font that is installed, by its name; "" for Pillow's own.

    Raises:
        BadInput: no font of that name is installed.
    """
    if name == OWN:
        return OWN
    known = installed(folders)
    if name not in known:
        near = ", ".join(list(known)[:3]) or "none"
        raise BadInput(f"expected the name of a font of this machine ({near} …), got {name!r}")
    return str(known[name])
