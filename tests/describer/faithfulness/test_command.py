"""`app.py faithfulness`: a table of scores, a summary, and the sanity tests beside each measure."""

import csv
import json
from pathlib import Path

import pytest

import app
from describer.faithfulness.measures import NAMES
from helpers.worlds import coloured_images, two_layer_subject


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exemplars of two layers with pooled activations, and what two methods say of one."""
    folder = tmp_path_factory.mktemp("faithfulness")
    subject = two_layer_subject(folder / "subject")
    images = coloured_images(folder / "images", count=30)
    made = ["exemplars", str(subject), str(images), "--out", str(folder / "out"), "--k", "5"]
    assert app.main([*made, "--pooled"]) == 0
    # Red images begin: the subject's classes are blue and red.
    (folder / "red.csv").write_text(
        "layer,unit,description\n" + "".join(f"early,{unit},red things\n" for unit in range(6))
    )
    (folder / "blue.csv").write_text(
        "layer,unit,description\n" + "".join(f"early,{unit},=blue\n" for unit in range(5))
    )
    return folder


def run(folder: Path, *more: str, sentences: tuple[str, ...] = ("red.csv", "blue.csv")) -> int:
    return app.main(
        [
            "faithfulness",
            str(folder / "out"),
            "--images",
            str(folder / "images"),
            "--out",
            str(folder / "scores.csv"),
            "--sentences",
            *(str(folder / name) for name in sentences),
            *more,
        ]
    )


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "scores.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_sentences_are_scored_and_one_a_unit_trusted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder) == 0
    said = capsys.readouterr().out
    assert "11 sentences scored" in said
    assert "judged by likeness to the images' classes" in said
    assert "published to fail at labels added" in said
    rows = table(folder)
    assert len(rows) == 11
    assert {row["method"] for row in rows} == {"red", "blue"}
    # No cell is run by a program that opens the table.
    assert not any(row["description"].startswith("=") for row in rows)
    for unit in range(6):
        own = [row for row in rows if row["unit"] == str(unit)]
        trusted = [row for row in own if row["trusted"] == "1"]
        assert len(trusted) == (0 if own[0]["reason"] else 1)
        for row in trusted:
            assert float(row["correlation"]) == max(float(each["correlation"]) for each in own)
            assert float(row["second_half_low"]) > 0
    about = json.loads((folder / "scores.csv.json").read_text())
    assert set(about["sanity_tests"]) == set(NAMES)
    assert about["options"]["measure"] == "correlation"
    assert "likeness" in about["rule"]


def test_the_same_call_writes_the_same_bytes_and_a_judge_can_be_named(folder: Path) -> None:
    run(folder)
    first = (folder / "scores.csv").read_bytes()
    run(folder, "--judge", "classes", sentences=("blue.csv", "red.csv"))
    assert (folder / "scores.csv").read_bytes() == first
    run(folder, "--judge", "colours", "--subject", str(folder / "subject" / "SUBJECT.toml"))
    by_colours = table(folder)
    assert {row["known"] for row in by_colours} == {"1"}
    assert (folder / "scores.csv").read_bytes() != first


@pytest.mark.parametrize(
    ("more", "sentences", "message"),
    [
        (("--judge", "colours"), ("red.csv",), "--subject"),
        (("--judge", "none"), ("red.csv",), "who knows where sentences hold"),
        (("--layers", "late"), ("red.csv",), "expected sentences about late"),
        (("--layers", "never"), ("red.csv",), "never"),
        ((), ("red.csv", "red.csv"), "red.csv twice"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    sentences: tuple[str, ...],
    message: str,
) -> None:
    assert run(folder, *more, sentences=sentences) != 0
    error = capsys.readouterr().err
    assert message in error
    assert len(error.strip().splitlines()) == 1


def test_exemplars_without_pooled_activations_are_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subject, images = folder / "subject" / "SUBJECT.toml", folder / "images"
    app.main(["exemplars", str(subject), str(images), "--out", str(folder / "plain"), "--k", "5"])
    out = ["--images", str(images), "--out", str(folder / "x.csv")]
    sentences = ["--sentences", str(folder / "red.csv")]
    assert app.main(["faithfulness", str(folder / "plain"), *out, *sentences]) != 0
    assert "exemplars --pooled" in capsys.readouterr().err
