"""Methods on the command line: planted concepts are named, a cut run ends with the same bytes."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import app
from db.errors import Cancelled
from db.jobs import Watch
from describer.exemplars import layout
from describer.images import probing
from describer.methods import clip_dissect, writing
from describer.methods.concepts import segmentation
from describer.methods.image_text import load
from describer.methods.overlap.netdissect import NetDissect
from describer.methods.study import Study
from describer.subjects import definition
from helpers import image_text, planted, tiny, worlds


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    subject, images, _ = planted.world(folder)
    command = ["exemplars", subject, images, "--out", folder / "exemplars", "--k", 3]
    assert app.main([str(word) for word in command]) == 0
    return folder


def describe(world: Path, method: str, out: str, *more: object) -> int:
    command = ["describe", world / "exemplars", "--method", method, "--out", world / out]
    command += ["--subject", world / "SUBJECT.toml", "--images", world / "images"]
    return app.main([str(word) for word in [*command, *more]])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("method", ["netdissect", "compositional"])
def test_units_are_named_for_what_was_planted(world: Path, method: str) -> None:
    place = f"segmentation:{world / 'concepts'}"
    assert describe(world, method, f"{method}.csv", "--concepts", place) == 0
    rows = table(world / f"{method}.csv")
    right = [re.match(rf"\(?paint {row['unit']}\b", row["description"]) for row in rows]
    assert len(rows) == planted.COUNT
    assert sum(map(bool, right)) >= 0.95 * planted.COUNT
    kept = json.loads((world / f"{method}.csv.json").read_text())
    assert kept["provenance"]["method"] == method
    assert kept["provenance"]["quantile"] == 0.995
    assert len(kept["provenance"]["concepts"]) == 40


def test_a_cut_run_goes_on_and_ends_with_the_same_bytes(world: Path) -> None:
    source = layout.read(world / "exemplars")
    study = Study(
        source,
        definition.read(world / "SUBJECT.toml"),
        probing.open_folder(world / "images"),
    )
    method = NetDissect(segmentation.read(world / "concepts"))
    writing.write(method, study, {"near": range(8)}, world / "whole.csv", Watch())

    class Slowly(NetDissect):
        """Two units at a time, last first, until it is cut."""

        def __call__(self, study, units, watch):  # type: ignore[no-untyped-def]
            left = sorted(units["near"], reverse=True)
            for first in range(0, len(left), 2):
                watch.check(f"before {left[first]}")
                yield from super().__call__(study, {"near": left[first : first + 2]}, Watch())

    slowly = Slowly(method.concepts)
    part = world / ".parts.csv.part"
    for cut in (1, 2):
        asked = iter(range(9))
        watch = Watch(cancelled=lambda asked=asked, cut=cut: next(asked) >= cut)
        with pytest.raises(Cancelled):
            writing.write(slowly, study, {"near": range(8)}, world / "parts.csv", watch)
        assert not (world / "parts.csv").exists()
        assert len(part.read_text().splitlines()) == 1 + 2 * (1 if cut == 1 else 3)
        part.write_text(part.read_text() + '{"layer": "near", "un')
    writing.write(slowly, study, {"near": range(8)}, world / "parts.csv", Watch())
    for suffix in ("csv", "csv.json"):
        assert (world / f"parts.{suffix}").read_bytes() == (world / f"whole.{suffix}").read_bytes()
    assert not part.exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "at least one set of concepts"),
        (["--concepts", "colours", "--mask-quantile", "2"], "quantile between 0 and 1"),
        (["--concepts", "colours", "--images", "EMPTY"], "expected a folder of images"),
        (["--concepts", "colours", "--layers", "elsewhere"], "expected a layer of"),
    ],
)
def test_bad_options_get_one_sentence(
    world: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    assert describe(world, "netdissect", "no.csv", *more) == 2
    assert message in capsys.readouterr().err
    assert not (world / "no.csv").exists()


def test_other_images_and_a_missing_checkpoint_are_refused(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = planted.world(tmp_path, count=2)[1]
    assert describe(world, "netdissect", "no.csv", "--concepts", "colours", "--images", others) == 2
    assert "expected the images of" in capsys.readouterr().err
    assert describe(world, "milan", "no.csv") == 2
    assert "expected --milan CHECKPOINT" in capsys.readouterr().err


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    return image_text.save(tmp_path_factory.mktemp("models") / "clip", "clip")


def test_clip_dissect_names_every_unit_from_a_list(
    world: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = world / "words.txt"
    words.write_text("red\n\nblue\ndog\nsky\n")
    more = ["--model", model, "--words", words]
    assert describe(world, "clip-dissect", "clip.csv", *more) == 2
    assert "exemplars --pooled" in capsys.readouterr().err
    command = ["exemplars", world / "SUBJECT.toml", world / "images", "--k", 3, "--pooled"]
    assert app.main([str(word) for word in [*command, "--out", world / "exemplars"]]) == 0
    assert describe(world, "clip-dissect", "clip.csv", *more) == 0
    rows = table(world / "clip.csv")
    assert len(rows) == planted.COUNT
    assert {row["description"] for row in rows} <= {"red", "blue", "dog", "sky"}
    kept = json.loads((world / "clip.csv.json").read_text())
    assert kept["provenance"]["word_count"] == 4
    first = kept["units"][3]["candidates"]
    expected = scores(world, model, ["red", "blue", "dog", "sky"])[3]
    assert first[0][1] == pytest.approx(expected.max(), abs=1e-4)


def scores(world: Path, model: Path, words: list[str]) -> np.ndarray:
    """SoftWPMI of every unit and word, put together by hand."""
    loaded = load(str(model))
    paths = sorted((world / "images").iterdir())
    cosine = loaded.pictures([Image.open(path) for path in paths]) @ loaded.texts(words).T
    kept = np.load(world / "exemplars" / "near" / "pooled-mean.npy").astype(np.float32)
    return clip_dissect.soft_wpmi(cosine, kept)


def test_words_come_from_the_annotations_of_a_workspace(
    world: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--model", model, "--workspace", world / "nowhere"]
    assert describe(world, "clip-dissect", "no.csv", *more) == 2
    assert "expected a workspace at" in capsys.readouterr().err
    assert describe(world, "clip-dissect", "no.csv", "--model", "none") == 2
    assert "`python app.py models` says what is here" in capsys.readouterr().err


def test_concepts_of_a_workspace_are_named(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["add", "concepts", world / "concepts", "--format", "segmentation"]
    command += ["--name", "paints", "--workspace", tmp_path / "lab"]
    assert app.main([str(word) for word in command]) == 0
    more = ["--workspace", tmp_path / "lab", "--concepts"]
    assert describe(world, "netdissect", "named.csv", *more, "paints") == 0
    assert table(world / "named.csv")[7]["description"] == "paint 7"
    capsys.readouterr()
    assert describe(world, "netdissect", "no.csv", *more, "things") == 2
    assert "(paints), got 'things'" in capsys.readouterr().err


def test_milan_and_dnd_go_the_same_way(world: Path, tmp_path: Path) -> None:
    worlds.tiny_milan(tmp_path / "milan")
    more = ["--milan", tmp_path / "milan", "--beam-size", 3, "--units", 4, 2]
    assert describe(world, "milan", "milan.csv", *more) == 0
    rows = table(world / "milan.csv")
    assert [row["unit"] for row in rows] == ["4", "2"]
    assert {"score", "log_p_given_e", "log_p"} <= {*rows[0]}
    pytest.importorskip("transformers")
    tiny.blip(tmp_path / "models" / "blip")
    more = ["--models", tmp_path / "models", "--captioner", "blip", "--no-selection"]
    assert describe(world, "dnd", "dnd.csv", *more, "--units", 1) == 0
    kept = json.loads((world / "dnd.csv.json").read_text())
    assert kept["provenance"]["models"]["captioner"]["name"] == "blip"
    assert kept["units"][0]["detail"]["exemplars"][0]["image"]
