"""Tables of descriptions: read with either name of the text, refused where a mistake stands."""

from pathlib import Path

import pytest

from audits.ablation import files as audit_files
from db.errors import BadInput


def test_descriptions_are_read_with_either_name_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "given.csv"
    path.write_text('layer,unit,description,score\nlayer4,7,"Dogs, cats",-1\nlayer4,7,Text,0\n')
    assert audit_files.read_descriptions(path) == [
        audit_files.Described("layer4", 7, "Dogs, cats"),
        audit_files.Described("layer4", 7, "Text"),
    ]
    path.write_text("layer,unit,summary\nlayer1,0,Lines\n")
    assert audit_files.read_descriptions(path)[0].text == "Lines"
    assert audit_files.matching([audit_files.Described("a", 1, "x")], {"x": ((0, 1),)}) == {
        ("a", 1): ("x", ((0, 1),))
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("layer,unit\na,1\n", "expected the columns layer, unit and description in .*, got layer"),
        ("layer,unit,description\na,one,x\n", "expected a unit's number in line 2 of .*'one'"),
        ("layer,unit,description\na,-1,x\n", "'-1'"),
        ("layer,unit,description\n", "at least one description"),
        ("", "got none"),
    ],
)
def test_bad_descriptions_are_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "given.csv"
    path.write_text(content)
    with pytest.raises(BadInput, match=message):
        audit_files.read_descriptions(path)


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected a CSV file of descriptions"):
        audit_files.read_descriptions(tmp_path / "none.csv")
