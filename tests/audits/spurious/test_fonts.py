"""Fonts are chosen by name among those that are installed; a path is none of them."""

from pathlib import Path

import pytest

from audits.spurious import fonts
from db.errors import BadInput


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, ...]:
    for place in ("a/Serif.ttf", "a/deep/Sans-Bold.TTF", "b/Serif.ttf", "b/notes.txt"):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "a", tmp_path / "b", tmp_path / "missing"


def test_fonts_are_listed_by_name_the_first_file_of_a_name_counts(folders) -> None:
    assert dict(fonts.installed(folders)) == {
        "Sans-Bold": folders[0] / "deep" / "Sans-Bold.TTF",
        "Serif": folders[0] / "Serif.ttf",
    }
    assert fonts.path_of("Serif", folders=folders) == str(folders[0] / "Serif.ttf")
    assert fonts.path_of("", folders=folders) == ""


@pytest.mark.parametrize("name", ["/etc/passwd", "../b/Serif", "Serif.ttf", "Comic"])
def test_what_is_not_installed_is_refused(folders, name: str) -> None:
    with pytest.raises(BadInput, match="expected the name of a font of this machine"):
        fonts.path_of(name, folders=folders)
