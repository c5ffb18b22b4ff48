"""A layer's sentences: planted truth is trusted, noise is not, and nothing hangs on order."""

from dataclasses import replace

import numpy as np
import pytest

from describer.faithfulness import measures, scoring
from describer.faithfulness.halves import Split
from describer.faithfulness.judges.shape import Held
from describer.faithfulness.measures import Active
from describer.faithfulness.scoring import Found, Layer, Options
from describer.faithfulness.trusted import FEW, NONE, NOTHING, SILENT, UNJUDGED, choose

IMAGES, UNITS = 300, 8
OPTIONS = Options(draws=200)
WORDS = [f"thing {number}" for number in range(UNITS)]


@pytest.fixture(scope="module")
def world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where eight things are, units of which each likes one, and their exemplars."""
    generator = np.random.default_rng(0)
    there = generator.random((IMAGES, UNITS)) < 0.2
    activations = (there + 0.5 * generator.random((IMAGES, UNITS))).astype(np.float16)
    ids = np.argsort(-activations, axis=0)[:5].T
    return there, activations, ids


def split(seed: int = 0) -> Split:
    contents = [f"image {number}" for number in range(IMAGES)]
    return Split.of(contents, np.ones(IMAGES, dtype=bool), seed=seed)


def held(there: np.ndarray, said: scoring.Said) -> Held:
    """A judge that sees the things, and knows no other words."""
    columns = [
        there[:, WORDS.index(text)] if text in WORDS else np.zeros(IMAGES, dtype=bool)
        for text in scoring.texts_of(said)
    ]
    known = np.array([text in WORDS for text in scoring.texts_of(said)])
    holds = np.stack(columns, axis=1)
    return Held(holds.astype(np.float32), holds, known, np.ones(IMAGES, dtype=bool))


def scored(world: tuple[np.ndarray, ...], said: scoring.Said, options: Options = OPTIONS) -> Found:
    there, activations, ids = world
    layer = Layer("late", activations, ids, said)
    return scoring.score(layer, split(options.seed), held(there, said), options)


def turned(by: int) -> list[str]:
    return [WORDS[(unit + by) % UNITS] for unit in range(UNITS)]


def test_the_method_that_is_right_is_trusted(world: tuple[np.ndarray, ...]) -> None:
    found = scored(world, {"wrong": turned(1), "right": turned(0)})
    assert {each.method for each in found.trusted} == {"right"}
    assert [each.text for each in found.trusted] == WORDS
    for each in found.trusted:
        assert each.value is not None
        assert each.value.low > 0.5 > abs(each.value.others)
        assert each.value.low <= each.value.value <= each.value.high


def test_no_sentence_is_trusted_where_all_are_wrong(world: tuple[np.ndarray, ...]) -> None:
    found = scored(world, {"wrong": turned(1), "wronger": turned(3)})
    assert [each.reason for each in found.trusted].count(NONE) >= UNITS - 1
    assert all(each.candidate in ("wrong", "wronger") for each in found.trusted)
    assert all(not each.text for each in found.trusted if each.reason)


def test_the_score_is_of_the_half_that_did_not_choose(world: tuple[np.ndarray, ...]) -> None:
    there, activations, ids = world
    found = scored(world, {"right": turned(0)})
    halves = split()
    for unit, each in enumerate(found.trusted):
        unseen = np.ones(IMAGES, dtype=bool)
        unseen[ids[unit]] = False
        for value, half in ((each.first, halves.first), (each.value, ~halves.first)):
            rows = unseen & half
            expected = np.corrcoef(activations[rows, unit].astype(float), there[rows, unit])[0, 1]
            number = value if isinstance(value, float) else value.value if value else None
            assert number == pytest.approx(expected)


def test_scores_are_of_all_images_but_the_exemplars_beside_chance(
    world: tuple[np.ndarray, ...],
) -> None:
    there, activations, ids = world
    found = scored(world, {"right": turned(0)}, replace(OPTIONS, controls=UNITS))
    assert {each.images for each in found.scores} == {IMAGES - 5}
    for each in found.scores:
        rows = np.setdiff1d(np.arange(IMAGES), ids[each.unit])
        units = Active.of(activations[rows])
        columns = np.full(UNITS, each.unit)
        values = measures.score(units, columns, there[rows] * 1.0, there[rows])
        others = np.delete(np.arange(UNITS), each.unit)
        for name, one in each.values.items():
            assert one.value == pytest.approx(values[name][each.unit])
            assert one.others == pytest.approx(values[name][others].mean())
        assert each.values["auprc"].constant == pytest.approx(30 / (IMAGES - 5))
        assert np.isnan(each.values["mad"].low)


def test_nothing_hangs_on_the_order_of_methods_or_on_further_ones(
    world: tuple[np.ndarray, ...],
) -> None:
    one = scored(world, {"a": turned(0), "b": turned(1)})
    other = scored(world, {"b": turned(1), "a": turned(0)})
    assert one.trusted == other.trusted
    assert repr(one.scores) == repr(other.scores)
    alone = scored(world, {"b": turned(1)})
    assert repr(alone.scores) == repr([each for each in one.scores if each.method == "b"]).replace(
        "[", "("
    ).replace("]", ")")


def test_what_cannot_be_judged_is_not_trusted_and_says_why(
    world: tuple[np.ndarray, ...],
) -> None:
    there, activations, ids = world
    silent = activations.copy()
    silent[:, 0] = 1
    said = {"one": [WORDS[0], WORDS[1], "something else", None, *WORDS[4:]]}
    found = scored((there, silent, ids), said)
    reasons = [each.reason for each in found.trusted]
    assert reasons[:4] == [SILENT, "", UNJUDGED, NOTHING]
    unknown = next(each for each in found.scores if each.text == "something else")
    assert (unknown.known, unknown.values["correlation"].value) == (False, 0.0)
    few = Split(np.arange(IMAGES), np.arange(IMAGES) < 16, np.arange(IMAGES) % 2 == 0)
    layer = Layer("late", activations, ids, said)
    reasons = [
        each.reason for each in scoring.score(layer, few, held(there, said), OPTIONS).trusted
    ]
    assert reasons[:2] == [FEW, FEW]


def test_images_that_the_judge_does_not_know_judge_nothing(world: tuple[np.ndarray, ...]) -> None:
    there, activations, ids = world
    said = {"right": turned(0)}
    layer = Layer("late", activations, ids, said)
    unknown = np.arange(IMAGES) % 4 == 0
    # Where it knows nothing it says that nothing holds.
    blind = held(there & ~unknown[:, None], said)
    found = scoring.score(layer, split(), replace(blind, judged=~unknown), OPTIONS)
    for each in found.scores:
        rows = np.setdiff1d(np.flatnonzero(~unknown), ids[each.unit])
        assert each.images == len(rows)
        expected = np.corrcoef(activations[rows, each.unit].astype(float), there[rows, each.unit])
        assert each.values["correlation"].value == pytest.approx(expected[0, 1])


def test_equal_scores_are_drawn_by_the_seed_of_the_unit() -> None:
    scores = np.array([[0.5] * 200, [0.5] * 200, [0.1] * 200])
    chosen = choose(scores, range(200))
    assert 70 <= (chosen == 0).sum() <= 130
    assert (chosen < 2).all()
    assert (choose(scores, range(200)) == chosen).all()
    assert choose(np.array([[np.nan], [np.nan]]), [0]).tolist() == [-1]


def test_noise_is_trusted_no_more_often_than_the_interval_allows() -> None:
    generator = np.random.default_rng(5)
    there = generator.random((IMAGES, UNITS)) < 0.3
    trusted = 0
    for seed in range(20):
        activations = generator.random((IMAGES, UNITS))
        ids = np.argsort(-activations, axis=0)[:5].T
        found = scored((there, activations, ids), {"any": turned(0)}, Options(seed=seed, draws=200))
        trusted += sum(not each.reason for each in found.trusted)
    assert trusted <= 0.05 * 20 * UNITS
