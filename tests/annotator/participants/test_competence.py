"""The model of annotators finds what was planted, and better than plain shares do."""

import numpy as np
import pytest

from annotator.participants import competence


def planted(
    abilities: list[float], *, items: int, labels: int, seed: int, favourite: int = 0
) -> tuple[list[tuple[object, str, int]], dict[object, int]]:
    """Answers of people who look with these probabilities, and otherwise mostly say one label."""
    draw = np.random.default_rng(seed)
    truth: dict[object, int] = {item: int(draw.integers(labels)) for item in range(items)}
    blind = np.full(labels, 0.1 / (labels - 1))
    blind[favourite] = 0.9
    answers: list[tuple[object, str, int]] = []
    for item, right in truth.items():
        for number, ability in enumerate(abilities):
            looked = draw.random() < ability
            said = right if looked else int(draw.choice(labels, p=blind))
            answers.append((item, f"p{number}", said))
    return answers, truth


@pytest.mark.parametrize("labels", [2, 5])
def test_planted_abilities_are_found(labels: int) -> None:
    abilities = [0.95, 0.8, 0.6, 0.3, 0.0]
    answers, truth = planted(abilities, items=400, labels=labels, seed=1)
    found = competence.fit(answers, labels=labels)
    for number, ability in enumerate(abilities):
        assert found.competence[f"p{number}"] == pytest.approx(ability, abs=0.12), number
    right = [int(found.truth[item].argmax()) == label for item, label in truth.items()]
    votes = [
        np.bincount([said for at, _, said in answers if at == item], minlength=labels).argmax()
        == label
        for item, label in truth.items()
    ]
    assert np.mean(right) > np.mean(votes)
    for probabilities in found.truth.values():
        assert probabilities.sum() == pytest.approx(1.0)


def test_spammers_in_the_majority_do_not_win() -> None:
    answers, truth = planted([0.95, 0.95, 0.9, 0, 0, 0, 0], items=300, labels=4, seed=2)
    found = competence.fit(answers, labels=4)
    assert min(found.competence[f"p{n}"] for n in range(3)) > 0.8
    assert max(found.competence[f"p{n}"] for n in range(3, 7)) < 0.2
    right = [int(found.truth[item].argmax()) == label for item, label in truth.items()]
    assert np.mean(right) > 0.95


def test_of_known_units_luck_is_taken_off() -> None:
    draw = np.random.default_rng(3)
    luck = 0.4
    for ability in (0.0, 0.5, 0.9):
        looked = draw.random(4000) < ability
        right = looked | (draw.random(4000) < luck)
        found = competence.of_known({"p": right.tolist()}, {"p": [luck] * 4000})
        assert found["p"] == pytest.approx(ability, abs=0.04)
    assert competence.of_known({"p": [False]}, {"p": [0.2]})["p"] < 0.01


def test_what_is_no_label_is_refused() -> None:
    with pytest.raises(ValueError, match="labels 0 to 2"):
        competence.fit([("a", "p", 3)], labels=3)
    with pytest.raises(ValueError, match="got 0"):
        competence.fit([], labels=3)
