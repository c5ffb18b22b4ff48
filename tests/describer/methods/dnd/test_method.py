"""Describe-and-Dissect whole, with tiny random models that real code loads and runs."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import describer.demo
from db.errors import BadInput, Cancelled
from db.jobs import Watch
from describer.exemplars import records, run
from describer.images import probing
from describer.methods.dnd.method import DescribeAndDissect
from describer.methods.dnd.options import Options
from describer.methods.models import endpoint
from describer.methods.models.prompt import Unreachable
from describer.methods.study import Sentence, Study
from describer.subjects import definition
from describer.subjects.definition import Subject
from helpers.endpoints import Reply, refused, said, serving
from helpers.worlds import coloured_images

SMALL = Options(
    captioner="blip", likeness="clip", exemplars=4, candidates=3, pictures=2, steps=1, writer="none"
)
UNITS = {"early": [0, 1, 3], "late": [2, 4]}


def described(study: Study, options: Options, units: Any = UNITS) -> list[Sentence]:
    return [each for batch in DescribeAndDissect(options)(study, units, Watch()) for each in batch]


def take(batches: Iterator[list[Sentence]], kept: list[Sentence]) -> None:
    """Keep what comes, as a job stores it."""
    for batch in batches:
        kept += batch


def as_bytes(sentences: list[Sentence]) -> bytes:
    ordered = sorted(sentences, key=lambda each: (each.layer, each.unit))
    return json.dumps([asdict(each) for each in ordered]).encode()


@pytest.fixture(scope="module")
def whole(study: Study) -> list[Sentence]:
    return described(study, SMALL)


def test_a_sentence_says_how_it_came_about(whole: list[Sentence], study: Study) -> None:
    assert [(each.layer, each.unit) for each in whole] == [
        (layer, unit) for layer, units in UNITS.items() for unit in units
    ]
    for sentence in whole:
        detail = sentence.detail
        assert sentence.text == detail["labels"][0] == detail["candidates"][0]["text"]
        assert "noun phrases" in detail["how"]
        assert "retrieved by their vectors" in detail["selection"]
        activations = [shown["activation"] for shown in detail["exemplars"]]
        assert len(activations) == 4
        assert activations == sorted(activations, reverse=True)
        assert study.probing is not None
        own = {shown["image"].partition(" [")[0] for shown in detail["exemplars"]}
        assert own <= {*study.probing.paths}
        for candidate in detail["candidates"]:
            assert len(candidate["pictures"]) == len(candidate["activations"]) == 2
            # A unit's own images would be found to activate it.
            assert own.isdisjoint(candidate["pictures"])
            assert {*candidate["scores"]} == {
                "mean",
                "topk-squared",
                "image-products",
                "topk-squared-image-products",
            }
        scores = [score for _text, score, _mean in sentence.candidates]
        assert scores == sorted(scores, reverse=True)
        assert sentence.score == scores[0]
    assert any(" [" in shown["image"] for each in whole for shown in each.detail["exemplars"])


@pytest.mark.parametrize("done", range(5))
def test_cut_anywhere_and_gone_on_with_gives_the_same_bytes(
    study: Study, whole: list[Sentence], done: int
) -> None:
    first: list[Sentence] = []

    def asked_to_stop() -> bool:
        return len(first) >= done

    watch = Watch(cancelled=asked_to_stop)
    with pytest.raises(Cancelled):
        take(DescribeAndDissect(SMALL)(study, UNITS, watch), first)
    assert len(first) == done
    there = {(each.layer, each.unit) for each in first}
    # In another order, to be sure that it does not matter.
    rest = {
        layer: [unit for unit in reversed(units) if (layer, unit) not in there]
        for layer, units in reversed(UNITS.items())
    }
    rest = {layer: units for layer, units in rest.items() if units}
    assert as_bytes(first + described(study, SMALL, rest)) == as_bytes(whole)


def test_a_language_model_writes_the_candidates(study: Study) -> None:
    options = dataclasses.replace(SMALL, writer="causal")
    first = described(study, options)
    assert any(each.detail["how"] == "a language model's summaries" for each in first)
    assert all(len(each.detail["simplified"]) == 4 for each in first)
    assert as_bytes(described(study, options)) == as_bytes(first)
    assert as_bytes(described(study, dataclasses.replace(options, seed=1))) != as_bytes(first)


def test_pictures_are_made_and_kept(study: Study, models_that_draw: Path, tmp_path: Path) -> None:
    options = dataclasses.replace(SMALL, maker="pipeline", keep=str(tmp_path / "pictures"))
    (first,) = described(study, options, {"late": [2]})
    assert first.detail["selection"] == "pictures that were made of the candidates"
    names = [name for row in first.detail["candidates"] for name in row["pictures"]]
    assert sorted(names) == sorted(path.name for path in (tmp_path / "pictures").iterdir())
    with Image.open(tmp_path / "pictures" / names[0]) as picture:
        assert picture.size == (16, 16)
    both = described(study, dataclasses.replace(options, keep=""), {"late": [4, 2]})
    assert as_bytes([both[1]]) == as_bytes([first])


ABLATIONS = {
    "no crops": {"crops": False},
    "no summary": {"summary": False},
    "no selection": {"selection": False},
    "two candidates": {"candidates": 2},
    "largest activation": {"pooling": "max"},
    "topk-squared alone": {"scoring": "topk-squared", "likeness": "", "maker": "retrieve-captions"},
    "mean": {"scoring": "mean"},
    "image products": {"scoring": "image-products"},
    "captions": {"maker": "retrieve-captions"},
    "siglip": {"likeness": "siglip"},
    "several labels": {"labels": 2},
    "a captioner that converses": {"captioner": "looker"},
}


@pytest.mark.parametrize("changed", ABLATIONS.values(), ids=ABLATIONS.keys())
def test_the_ablations_of_the_paper_run(
    study: Study, whole: list[Sentence], changed: dict[str, Any]
) -> None:
    options = dataclasses.replace(SMALL, **changed)
    (sentence,) = described(study, options, {"late": [2]})
    assert sentence.text
    detail = sentence.detail
    if not options.crops:
        assert not any(" [" in shown["image"] for shown in detail["exemplars"])
    if not options.summary:
        spoken = {shown["caption"].casefold() for shown in detail["exemplars"]}
        assert {text.casefold() for text, _score, _mean in sentence.candidates} == spoken
    if not options.selection:
        assert sentence.score is None
        assert sentence.text == sentence.candidates[0][0]
    else:
        assert len(detail["labels"]) <= options.labels
        assert len(sentence.candidates) <= options.candidates or not options.summary
    method = DescribeAndDissect(options)
    assert (
        method.provenance(study.models).hash
        != DescribeAndDissect(SMALL).provenance(study.models).hash
    )


def test_images_are_captioned_from_a_list_of_concepts(study: Study, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("red\n\nblue\nsky\n")
    options = dataclasses.replace(SMALL, captioner="", concepts=str(tmp_path / "words.txt"))
    (sentence,) = described(study, options, {"late": [2]})
    captions = {shown["caption"] for shown in sentence.detail["exemplars"]}
    assert captions <= {"red", "blue", "sky"}
    method = DescribeAndDissect(options)
    first = method.provenance(study.models).hash
    (tmp_path / "words.txt").write_text("red\nblue\n")
    assert method.provenance(study.models).hash != first


def test_the_provenance_names_models_prompts_and_seed_but_no_place(study: Study) -> None:
    options = dataclasses.replace(SMALL, writer="causal")
    found = DescribeAndDissect(options).provenance(study.models)
    assert {*found.values["models"]} == {"captioner", "writer", "likeness"}
    assert all(model["hash"] for model in found.values["models"].values())
    assert "one to five words" in found.values["prompts"]["summarise"]
    assert found.values["options"]["seed"] == 0
    kept = dataclasses.replace(options, keep="/anywhere")
    assert DescribeAndDissect(kept).provenance(study.models).hash == found.hash


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    quick = endpoint.Patience(timeout=2.0, tries=2, pause=0.01)
    opened = endpoint.Endpoint.open
    monkeypatch.setattr(
        endpoint.Endpoint,
        "open",
        lambda name, models: dataclasses.replace(opened(name, models), patience=quick),
    )
    return


def elsewhere(study: Study, models: Path) -> tuple[Study, Options]:
    """The study with settings of an endpoint beside the models, and options that ask it."""
    assert study.models is not None
    for path in study.models.iterdir():
        if path.is_dir():
            (models / path.name).symlink_to(path)
    options = dataclasses.replace(SMALL, writer="endpoint:writer")
    return dataclasses.replace(study, models=models), options


@pytest.mark.usefixtures("impatient")
def test_nonsense_is_reported_and_the_work_goes_on(study: Study, tmp_path: Path) -> None:
    with serving(lambda _n, _body: (200, {}, b"<html>")) as server:
        server.settings(tmp_path)
        there, options = elsewhere(study, tmp_path)
        sentences = described(there, options)
    assert len(sentences) == 5
    for sentence in sentences:
        assert sentence.text
        assert sentence.detail["unusable_answers"] >= 4
        assert "gave no usable answer" in sentence.detail["how"]


@pytest.mark.usefixtures("impatient")
def test_a_unit_without_answer_is_left_and_described_later(study: Study, tmp_path: Path) -> None:
    down = True

    def answer(number: int, _body: object) -> Reply:
        # The second unit's first questions: four captions and three candidates came before.
        return (
            refused(503) if down and 7 <= number < 20 else said(f"concept {'abcdefg'[number % 7]}")
        )

    with serving(answer) as server:
        server.settings(tmp_path)
        there, options = elsewhere(study, tmp_path)
        sentences: list[Sentence] = []
        said_of: list[str] = []
        watch = Watch(progress=lambda _done, _total, message: said_of.append(message))
        with pytest.raises(Unreachable, match="units are left"):
            take(DescribeAndDissect(options)(there, UNITS, watch), sentences)
        assert 0 < len(sentences) < 5
        assert any("is left: expected an answer" in message for message in said_of)
        down = False
        done = {(each.layer, each.unit) for each in sentences}
        rest = {
            layer: [unit for unit in units if (layer, unit) not in done]
            for layer, units in UNITS.items()
        }
        sentences += described(there, options, rest)
    assert len({(each.layer, each.unit) for each in sentences}) == 5
    assert all(each.text.startswith("concept") for each in sentences)


@pytest.mark.usefixtures("impatient")
def test_a_refusal_for_good_ends_the_work(study: Study, tmp_path: Path) -> None:
    with serving(lambda _n, _body: refused(404, "no such model")) as server:
        server.settings(tmp_path)
        there, options = elsewhere(study, tmp_path)
        with pytest.raises(BadInput, match="HTTP 404: no such model"):
            described(there, options)


DEMO = Path(describer.demo.__file__).parent / "subjects"

GENERATOR = """
from torch import nn


def generator():
    return nn.Sequential(
        nn.Linear(8, 6 * 16), nn.Unflatten(1, (6, 4, 4)), nn.Upsample(scale_factor=4),
        nn.Conv2d(6, 3, 3, padding=1), nn.Tanh(),
    )
"""
LATENT = """
name = "drawn"
factory = "generator.py:generator"
layers = ["1"]
image_size = 16
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
input = "latent"
latent_size = 8
"""


def other_study(subject: Subject, images: Path, out: Path, models: Path) -> tuple[Study, Any]:
    """Another network's study, and two of the units of its last layer that are active."""
    probing_set, layer = probing.open_folder(images), subject.layers[-1]
    how = run.Options(layers=(layer,), settings=records.Settings(k=5))
    source = run.study(subject, probing_set, out, options=how)
    dead = source.record(layer).dead
    living = [unit for unit in range(source.units(layer)) if unit not in dead][:2]
    return Study(source, subject, probing_set, models), {layer: living}


@pytest.mark.parametrize("name", ["transformer", "generator"])
def test_tokens_and_the_demos_generator_go_through(models: Path, tmp_path: Path, name: str) -> None:
    images = coloured_images(tmp_path / "images", count=10)
    subject = definition.read(DEMO / f"{name}.toml")
    there, units = other_study(subject, images, tmp_path / "out", models)
    if name == "transformer":
        assert there.source.record(subject.layers[-1]).layer.kind == "tokens"
    sentences = described(there, SMALL, units)
    assert len(sentences) == 2
    assert all(each.text for each in sentences)
    assert any(" [" in shown["image"] for each in sentences for shown in each.detail["exemplars"])


def test_a_generator_of_latents_is_described_by_its_own_images(
    models_that_draw: Path, tmp_path: Path
) -> None:
    (tmp_path / "generator.py").write_text(GENERATOR)
    (tmp_path / "SUBJECT.toml").write_text(LATENT)
    subject = definition.read(tmp_path / "SUBJECT.toml")
    there, units = other_study(subject, Path("seeds:24"), tmp_path / "out", models_that_draw)
    sentences = described(there, SMALL, units)
    assert all(each.text for each in sentences)
    assert sentences[0].detail["candidates"][0]["pictures"][0].startswith("seed-")
    with pytest.raises(BadInput, match="take no pictures"):
        described(there, dataclasses.replace(SMALL, maker="pipeline"), units)


def test_a_unit_that_is_never_active_has_no_sentence(study: Study) -> None:
    record = study.source.record("early")

    class Silent:
        """The study's exemplars, with a unit that was never active."""

        def __getattr__(self, name: str) -> Any:
            return getattr(study.source, name)

        def record(self, _layer: str) -> Any:
            return dataclasses.replace(record, dead=(1,))

    there = dataclasses.replace(study, source=Silent())
    (sentence,) = described(there, SMALL, {"early": [1]})
    assert sentence.text == ""
    assert sentence.detail["reason"] == "the unit is active on no image"
