"""The verification's tables: rows of texts that become markdown or JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Section:
    """One table with a title and a sentence on how to read it."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The section as markdown, a pipe table under a heading.

        >>> print(Section("Faces", "n", ("a", "b"), (("1", "2"),)).markdown())
        ### Faces
        <BLANKLINE>
        n
        <BLANKLINE>
        | a | b |
        | --- | --- |
        | 1 | 2 |
        """
        lines = [f"### {self.title}", "", self.note, "", _row(self.columns)]
        lines.append(_row(["---"] * len(self.columns)))
        lines += [_row(row) for row in self.rows]
        return "\n".join(lines)


def as_json(sections: Sequence[Section]) -> list[dict[str, Any]]:
    """Sections as plain values."""
    return [asdict(section) for section in sections]


def _row(cells: Sequence[str]) -> str:
    # a bar inside a cell, as in p(d | E), would end it
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
