"""Sentences of other units gain nothing: the demo's reading network, edited by them."""

import numpy as np
import pytest

from audits.ablation import curves
from audits.ablation.engine.units import by_layer
from audits.ablation.measure import Sets, measure
from audits.ablation.order.importance import importance, in_order
from audits.ablation.plan import How
from audits.demo import editing
from audits.figures import intervals
from audits.find import words
from audits.network.evaluation import Cache, Evaluator
from audits.network.images import Images
from db.errors import BadInput
from db.units import Unit
from describer import english
from describer.demo import shipped
from describer.demo.sentences import shipped as sentence_shipped
from describer.demo.training import recipes

SHUFFLES = 3
CONTROLS = 5
TIE_ORDERS = 3


@pytest.fixture(scope="module")
def described() -> dict[Unit, str]:
    """What the shipped MILAN says of the units of the network that learned to read."""
    said = sentence_shipped.read()
    assert said is not None
    found = {(e.layer, e.unit): e.text for e in said.descriptions if e.subject == "signs"}
    assert len(found) > 200
    return found


def drawn(split: str, count: int, variant: str) -> Images:
    """Pictures of the demo's world, prepared once."""
    found = editing.drawn((split, count, variant))
    kept = list(found.batches())
    return Images(found.name, found.digest, found.count, lambda: kept, found.labels, found.classes)


@pytest.fixture(scope="module")
def adversarial() -> Images:
    """Pictures with a wrong word each."""
    return drawn("test", 150, "adversarial")


@pytest.fixture(scope="module")
def says_text(described: dict[Unit, str]) -> set[str]:
    """The sentences that the filter finds."""
    nlp, query = english.load(), words.query_of(["preset:text"])
    forms = words.analyse(nlp, words.keywords_of(query))
    return set(words.find(words.analyse(nlp, sorted(set(described.values()))), query, forms=forms))


def test_true_sentences_gain_beyond_random_units_and_shuffled_ones_do_not(
    described: dict[Unit, str], says_text: set[str], adversarial: Images
) -> None:
    """Section 7's edit, least important first; a count that is fixed asks of the units alone."""
    model = shipped.load(recipes.subject("signs"))
    units, texts = sorted(described), [described[unit] for unit in sorted(described)]
    sizes = {layer: max(numbers) + 1 for layer, numbers in by_layer(units).items()}
    validation = drawn("validation", 300, "spurious")
    network = Evaluator(model, cache=Cache({}, "signs"))
    ranked = importance(network, validation, by_layer(units)).units

    def accuracy(order: list[Unit]) -> float:
        found = curves.curve(network, adversarial, order, counts=[len(order)])
        return found.accuracies[0]

    def gains(sentence_of: np.ndarray, seed: int) -> bool:
        """Whether the edit is more right than one more draw of random units would be, on average
        over orders of equal units, a quarter of the units silent in each."""
        said = {unit: texts[row] for unit, row in zip(units, sentence_of.tolist(), strict=True)}
        selected = [one for one in ranked if said[one.place] in says_text]
        edited, controls = [], []
        for turn in range(TIE_ORDERS):
            order = [one.place for one in in_order(selected, by="accuracy", seed=turn)]
            order = order[: len(order) // 4]
            draws = curves.matched_draws(order, sizes, trials=CONTROLS, seed=seed + turn)
            edited.append(accuracy(order))
            controls += [accuracy(list(draw)) for draw in draws]
        return float(np.mean(edited)) > intervals.interval(controls).high

    assert gains(np.arange(len(units)), 0), "the units that say text are those that read"
    beyond = [
        gains(np.random.default_rng(seed).permutation(len(units)), seed)
        for seed in range(1, SHUFFLES + 1)
    ]
    assert sum(beyond) <= 1, "one in forty is expected: 95 % of draws lie in the band"


def test_a_constant_sentence_selects_all_units_and_is_its_own_control(
    described: dict[Unit, str], adversarial: Images
) -> None:
    model = shipped.load(recipes.subject("signs"))
    units = [unit for unit in sorted(described) if unit[0] == "layer4"]
    network, sizes = Evaluator(model, cache=Cache({}, "signs")), {"layer4": len(units)}
    # in the order that they are given in
    how = How(controls=CONTROLS, sort_all=False, order="random")
    found = measure(network, units, Sets(adversarial), sizes=sizes, how=how)
    assert found.end.random is not None
    assert found.end.test == found.end.random.mean == found.end.random.high
    assert any("random units of that layer are the same ones" in text for text in found.warnings)
    with pytest.raises(BadInput, match="got none: no description matched"):
        measure(network, [], Sets(adversarial), sizes=sizes)
