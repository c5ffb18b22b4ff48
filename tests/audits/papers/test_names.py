"""Labels against class names, and two methods' labels, with shared words as likeness."""

import numpy as np
import pytest

from audits.papers import names, reliable
from audits.papers.corpus import Corpus
from audits.papers.measures import Measure
from audits.papers.table import Estimate
from db.errors import BadInput
from describer.similarity.vectors import Encoder

CLASSES = ("red dog", "blue sky", "green tree")
UNITS = [("fc", number) for number in range(3)]


def shared(first: list[str], second: list[str]) -> np.ndarray:
    pairs = [(set(a.split()), set(b.split())) for a, b in zip(first, second, strict=True)]
    return np.array([len(a & b) / max(1, len(a | b)) for a, b in pairs])


ENCODER = Encoder("words", "0", lambda texts: np.ones((len(texts), 1), np.float32))
WORDS = Measure("shared words", "shared words", shared, ENCODER)


def said(**methods: list[str]) -> Corpus:
    own = {name: dict(zip(UNITS, texts, strict=True)) for name, texts in methods.items()}
    own["best"]["conv1", 9] = "of another layer"
    people = {unit: (text, text, "nothing") for unit, text in zip(UNITS, CLASSES, strict=True)}
    return Corpus("toy", people, own, CLASSES)


def value(cell: object) -> float:
    assert isinstance(cell, Estimate)
    return cell.value


def test_the_true_name_is_nearest_and_others_are_chance() -> None:
    corpus = said(best=list(CLASSES), other=["red", "red", "red"])
    table = names.against_names([corpus], [WORDS])
    rows = {row[2]: row for row in table.rows}
    assert value(rows["best"][4]) == 1
    assert value(rows["best"][5]) == 0
    assert value(rows["other"][4]) == pytest.approx(0.5 / 3)
    assert value(rows["other"][6]) == pytest.approx(1 - 0.5 / 3)
    assert value(rows["constant: depictions"][4]) == 0
    assert "3 of 3 units of fc" in table.notes[-1]


def test_a_last_layer_that_cannot_be_told_is_asked_for() -> None:
    corpus = Corpus("toy", {}, {"m": {("conv1", 2): "a", ("fc", 2): "b"}}, CLASSES)
    with pytest.raises(BadInput, match=r"got conv1, fc .*--layer"):
        names.last_layer(corpus)


def test_two_methods_are_compared_where_both_spoke() -> None:
    corpus = said(best=list(CLASSES), other=["red dog", "red", "blue"])
    table = names.between([corpus], "best", "other", [WORDS])
    (layer, all_) = table.rows
    assert layer[2:4] == ("fc", 3)
    assert value(all_[4]) == pytest.approx(1 / 3)
    assert all_[6] == pytest.approx(1 / 3)


def test_reliable_units_are_those_whose_annotations_are_alike() -> None:
    corpus = said(best=list(CLASSES))
    people = {**corpus.people, ("fc", 2): ("one", "two", "three")}
    corpus = Corpus("toy", people, {"best": dict(zip(UNITS, CLASSES, strict=True))}, CLASSES)
    table = reliable.against_annotations([corpus], [WORDS], threshold=0.9)
    rows = {(row[2], row[4]): row for row in table.rows if row[3] == "all"}
    assert rows["reliable", "best"][5] == 2
    assert value(rows["reliable", "best"][6]) == pytest.approx(2 / 3)
    assert value(rows["all", "best"][6]) == pytest.approx(4 / 9)
    assert value(rows["reliable", "between annotations"][6]) == pytest.approx(1 / 3)
    assert "2 of 3 units are reliable" in table.notes[-1]
    with pytest.raises(BadInput, match="encoder"):
        reliable.against_annotations([corpus], [Measure("b", "b", shared)])
