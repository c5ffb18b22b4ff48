"""Statistics of annotations, as in Table 5 of the MILAN paper."""

import csv
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from annotator import campaign
from annotator.corpus import job as corpus_job
from annotator.corpus import statistics as counting
from annotator.corpus.statistics import Counted, LayerStatistics, statistics
from db import jobs
from db.annotate import slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.errors import BadInput
from db.workspace import open_database
from helpers.annotating import add_people, workspace_with_campaign

TAGS = {"dog": "NOUN", "dogs": "NOUN", "red": "ADJ", "of": "ADP", ",": "PUNCT", " ": "SPACE"}

PUBLISHED = {
    # layer: units, distinct words, words an annotation, % nouns, % adjectives, % prepositions
    "conv1": (64, 285, 4.7, 43.8, 11.8, 10.3),
    "layer1": (256, 653, 5.5, 43.1, 10.5, 12.5),
    "layer2": (512, 936, 5.1, 44.0, 12.7, 12.6),
    "layer3": (1024, 1222, 4.2, 49.6, 10.9, 11.3),
}
"""Table 5, ResNet152-ImageNet."""


@Language.component("scripted_annotation")
def annotate(doc: Doc) -> Doc:
    for token in doc:
        token.pos_ = TAGS.get(token.lower_, "X")
        token.lemma_ = token.text.removesuffix("s")
    return doc


@pytest.fixture
def scripted() -> Language:
    """A pipeline with a dictionary of six words."""
    nlp = spacy.blank("en")
    nlp.add_pipe("scripted_annotation")
    return nlp


def test_words_units_and_parts_of_speech_are_counted(scripted: Language) -> None:
    rows = [("a", 0, "Red dogs, red dog"), ("b", 0, "of"), ("a", 3, "dog of dog"), ("a", 0, "zzz")]
    found = statistics(iter(rows), scripted)
    assert list(found) == ["a", "b"]
    assert found["a"] == LayerStatistics(
        layer="a",
        units=2,
        annotations=3,
        words=4,  # red dog of zzz
        length=8 / 3,
        nouns=4 / 8,
        adjectives=2 / 8,
        prepositions=1 / 8,
    )


def test_two_spaces_count_as_a_word_as_in_the_papers_table(scripted: Language) -> None:
    found = statistics([("a", 0, "red  dog")], scripted)["a"]
    assert (found.length, found.words) == (3, 2)


def test_annotations_without_words_have_no_parts_of_speech(scripted: Language) -> None:
    found = statistics([("a", 0, ","), ("a", 0, "")], scripted)["a"]
    assert (found.annotations, found.length, found.nouns) == (2, 0, 0)


def test_no_annotations_no_layers(scripted: Language) -> None:
    assert statistics([], scripted) == {}


@pytest.fixture(scope="module")
def real(shared: Path) -> dict[str, LayerStatistics]:
    from describer import english

    nlp: Any = english.load(())
    path = shared / "data" / "milannotations" / "resnet152-imagenet.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["layer"], row["unit"], row["summary"]) for row in csv.DictReader(file)]
    return statistics(rows, nlp)


@pytest.mark.parametrize("layer", PUBLISHED)
def test_the_published_corpus_gives_the_published_table(
    real: dict[str, LayerStatistics], layer: str
) -> None:
    units, _, length, nouns, adjectives, prepositions = PUBLISHED[layer]
    found = real[layer]
    assert found.units == units
    assert f"{found.length:.1f}" == f"{length:.1f}"
    assert 100 * found.nouns == pytest.approx(nouns, abs=5)
    assert 100 * found.adjectives == pytest.approx(adjectives, abs=5)
    assert 100 * found.prepositions == pytest.approx(prepositions, abs=5)


def test_a_total_counts_every_row_once_and_units_by_layer(scripted: Language) -> None:
    rows = [("a", 0, "red dog"), ("b", 0, "red dogs of"), ("a", 0, "zzz")]
    found = statistics(rows, scripted, total=lambda layer: "net")
    assert list(found) == ["a", "b", "net"]
    assert (found["net"].units, found["net"].annotations, found["net"].words) == (2, 3, 4)
    assert found["net"].length == pytest.approx(6 / 3)
    assert found["net"].nouns == pytest.approx(2 / 6)


def test_the_worker_counts_a_campaign(tmp_path: Path, scripted: Language) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 2)
    with open_database(workspace) as db:
        add_people(db, "ada")
        for text in ("these are red dogs", "of"):
            found = slots.claim(db, campaign_id, "ada")
            assert isinstance(found, Claim)
            slots.submit(db, found.token, "ada", Answer(text))
        corpus_job.enqueue(db, campaign_id, cleaned=True, person="admin")
        with pytest.raises(BadInput, match="counted already"):
            corpus_job.enqueue(db, campaign_id, cleaned=False, person="admin")
    run = partial(corpus_job.statistics, english=lambda: scripted)
    assert jobs.run_next(workspace, {corpus_job.KIND: run})
    with open_database(workspace) as db:
        job = campaign.newest(db, corpus_job.KIND, done=True)[campaign_id]
    found = Counted.from_json(job.result)
    layer, total = found.rows
    assert (layer.layer, total.layer) == ("toy/conv1", "toy, all layers")
    assert replace(layer, layer="") == replace(total, layer="")
    assert (layer.units, layer.annotations, layer.length) == (2, 2, 1.5)
    assert layer.prepositions == pytest.approx(1 / 3)
    assert found.rules == 0
    counting.write(tmp_path / "s.csv", found)
    with (tmp_path / "s.csv").open(newline="") as file:
        (first, _) = csv.DictReader(file)
    assert (first["layer"], first["units"], first["words"]) == ("toy/conv1", "2", "3")


# As it was kept before results had a version.
STORED = (
    '{"pipeline": "en_core 3.8", "rows": [{"adjectives": 0.25, "annotations": 9, "layer": "a", '
    '"length": 4.5, "nouns": 0.5, "prepositions": 0.0, "units": 3, "words": 12}], "rules": 2}'
)


def test_a_kept_count_reads_the_same_with_and_without_a_version() -> None:
    found = Counted.from_json(json.loads(STORED))
    assert found == Counted(
        "en_core 3.8", 2, (LayerStatistics("a", 3, 9, 12, 4.5, 0.5, 0.25, 0.0),)
    )
    kept = json.loads(json.dumps(found.to_json()))
    assert kept["version"] == 1
    assert Counted.from_json(kept) == found
