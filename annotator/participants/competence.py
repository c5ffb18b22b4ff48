"""How well each person answers, by a model of annotators, beside plain shares.

    found = fit([("u1", "ada", 4), ("u1", "bo", 4), …], labels=5)
    found.competence["ada"]              # P(ada answers by looking), 0 to 1
    found.truth["u1"]                    # P(each label is the true one), sums to 1

The model is MACE (Hovy, Berg-Kirkpatrick, Vaswani and Hovy, 2013, section 3): an answer is the true
label with probability `competence`, and else drawn from the person's own way of answering without
looking. Fitted by expectation maximisation with add-`SMOOTHING` counts from several starts, the
likeliest kept. Labels are names here: that 4 lies between 3 and 5 is not used.

`of_known` is the same for units whose right answer is known, where one who does not look is right
as often as sentences about other units are.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SMOOTHING = 0.1
STARTS, STEPS, CLOSE = 10, 200, 1e-6

Answer = tuple[Hashable, str, int]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes:
        competence: by person, 0 to 1.
        truth: by item, float (labels,), sums to 1.
        likelihood: the log likelihood of all answers.
    """

    competence: dict[str, float]
    truth: dict[Hashable, Floats]
    likelihood: float


def fit(answers: Sequence[Answer], *, labels: int, seed: int = 0) -> Fit:
    """Fit the model to answers (item, person, label from 0).

    >>> sure = [(item, name, item % 3) for item in range(30) for name in ("a", "b")]
    >>> found = fit(sure + [(item, "c", 0) for item in range(30)], labels=3)
    >>> found.competence["a"] > 0.9 > 0.3 > found.competence["c"]
    True

    Raises:
        ValueError: there are no answers, or a label is out of range.
    """
    if not answers or not all(0 <= label < labels for _, _, label in answers):
        raise ValueError(f"expected answers with labels 0 to {labels - 1}, got {len(answers)}")
    items = list(dict.fromkeys(item for item, _, _ in answers))
    people = list(dict.fromkeys(person for _, person, _ in answers))
    place = {item: index for index, item in enumerate(items)}
    who = {person: index for index, person in enumerate(people)}
    at = np.array([place[item] for item, _, _ in answers])
    by = np.array([who[person] for _, person, _ in answers])
    said = np.array([label for _, _, label in answers])
    generator = np.random.default_rng(seed)
    fits = [_one(at, by, said, labels, generator, first=start == 0) for start in range(STARTS)]
    likelihood, theta, truth = max(fits, key=lambda each: each[0])
    return Fit(
        {person: float(theta[index]) for person, index in who.items()},
        {item: truth[index] for item, index in place.items()},
        likelihood,
    )


def _one(
    at: npt.NDArray[np.int64],
    by: npt.NDArray[np.int64],
    said: npt.NDArray[np.int64],
    labels: int,
    generator: np.random.Generator,
    *,
    first: bool,
) -> tuple[float, Floats, Floats]:
    """One run from a start of its own: likelihood, competence (people,), truth (items, labels)."""
    items, people = at.max() + 1, by.max() + 1
    theta = np.full(people, 0.7) if first else generator.uniform(0.3, 0.95, people)
    spam = np.full((people, labels), 1 / labels)
    if not first:
        spam = generator.dirichlet(np.full(labels, 2.0), people)
    before, likelihood = -np.inf, -np.inf
    truth = np.full((items, labels), 1 / labels)
    for _ in range(STEPS):
        # P(answer | truth = t): by looking only where t is what was said.
        blind = (1 - theta[by]) * spam[by, said]
        log = np.zeros((items, labels))
        np.add.at(log, at, np.log(blind + 1e-300)[:, None])
        extra = np.log(theta[by] + blind + 1e-300) - np.log(blind + 1e-300)
        np.add.at(log, (at, said), extra)
        peak = log.max(axis=1, keepdims=True)
        total = peak[:, 0] + np.log(np.exp(log - peak).sum(axis=1))
        truth = np.exp(log - total[:, None])
        likelihood = float(total.sum() - items * math.log(labels))
        # Of each answer: the probability that it was by looking.
        looked = truth[at, said] * theta[by] / (theta[by] + blind + 1e-300)
        right = np.bincount(by, looked, people)
        count = np.bincount(by, minlength=people)
        theta = (right + SMOOTHING) / (count + 2 * SMOOTHING)
        spam = np.full((people, labels), SMOOTHING)
        np.add.at(spam, (by, said), 1 - looked)
        spam /= spam.sum(axis=1, keepdims=True)
        if likelihood - before < CLOSE:
            break
        before = likelihood
    return likelihood, theta, truth


def of_known(
    right: Mapping[str, Sequence[bool]], chance: Mapping[str, Sequence[float]]
) -> dict[str, float]:
    """Competence by person from units whose answers are known.

    Args:
        right: by person, whether each answer was right.
        chance: by person, how often a sentence about another unit would be right for that unit.

    A person's answers are right with probability c + (1 - c) * chance; c is the most probable one
    under a flat prior, found by expectation maximisation.

    >>> round(of_known({"a": [True] * 9 + [False]}, {"a": [0.0] * 10})["a"], 2)
    0.9
    """
    found = {}
    for person, results in right.items():
        hit = np.array(results, bool)
        luck = np.array(chance[person], float)
        c = 0.5
        for _ in range(STEPS):
            # Of a right answer: by looking, and not by luck. A wrong one is never by looking.
            looked = np.where(hit, c / np.maximum(c + (1 - c) * luck, 1e-12), 0.0)
            new = float(looked.mean()) if len(hit) else c
            if abs(new - c) < CLOSE:
                break
            c = new
        found[person] = c
    return found
