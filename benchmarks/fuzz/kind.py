"""What the fuzz knows of a kind of file: how a valid one is made, and what reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reader:
    """A reader.

    Attributes:
        form: of the file, as `mutations.mutate` knows forms.
        make: writes a valid file, with what lies beside it, into an empty folder.
        read: reads it; returns, or raises a WorkbenchError.
    """

    form: str
    make: Callable[[Path], Path]
    read: Callable[[Path], object]


def text_file(name: str, content: str) -> Callable[[Path], Path]:
    """What makes a valid file of text."""

    def make(folder: Path) -> Path:
        (folder / name).write_text(content, encoding="utf-8")
        return folder / name

    return make
