"""Every method's shipped sentences about the networks that no training has seen, against the truth.

    section = table(profiles(report=print))

The sentences are those that a first start enters into the workspace: what a person sees is what is
scored. Chance is another unit's sentence by the same method; differences from MILAN are paired, as
both speak of the same units.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed

import numpy as np

from db.units import Unit
from describer.demo import shipped, units
from describer.demo.checks import scores
from describer.demo.checks.scores import Estimate, Naming, interval
from describer.demo.checks.table import Section
from describer.demo.crew import crew
from describer.demo.sentences import milan as sentence_milan
from describer.demo.sentences import shipped as sentence_shipped
from describer.demo.sentences.shipped import Sayings
from describer.demo.training import recipes
from describer.demo.world.truth import Profile
from describer.methods.options import MILAN, TITLES

Report = Callable[[str], None]
Profiles = Mapping[str, Mapping[Unit, Profile]]

HELD_OUT = tuple(recipe.name for recipe in recipes.SUBJECTS if not recipe.teaches)
SHUFFLES = 20


def profiles(*, report: Report) -> Profiles:
    """The truth about every living unit of the held-out networks."""
    found: dict[str, Mapping[Unit, Profile]] = {}
    with crew() as pool:
        waiting = {pool.submit(_profiles, name): name for name in reversed(HELD_OUT)}
        for future in as_completed(waiting):
            found[waiting[future]] = future.result()
            report(f"{waiting[future]}: units looked at")
    return {name: found[name] for name in HELD_OUT}


def _profiles(name: str) -> dict[Unit, Profile]:
    """One network's, in a process of its own."""
    recipe = recipes.subject(name)
    probe = sentence_milan.gallery(sentence_milan.PROBE)
    return {
        (study.layer, unit): profile
        for study in units.examine(shipped.load(recipe), probe, recipe.layers)
        for unit, profile in enumerate(study.profiles)
        if profile.pixels
    }


def table(known: Profiles, said: Sayings | None = None) -> Section:
    """Naming by network and method, with what chance and MILAN have.

    Args:
        said: the shipped sentences, unless others are given.
    """
    said = said or sentence_shipped.read()
    assert said is not None, "the build leaves sentences about the shipped weights"
    rows = []
    for network, truth in known.items():
        texts = sentences(said, network)
        ours = _naming(texts[MILAN], truth)
        for method, of_method in texts.items():
            found = _naming(of_method, truth)
            less = "" if method == MILAN else _less(found, ours).signed()
            rows.append(
                (
                    network,
                    TITLES[method],
                    str(sum(1 for unit in truth if of_method.get(unit))),
                    str(found.share()),
                    str(found.f1()),
                    f"{_chance(of_method, truth):.2f}",
                    less,
                )
            )
    return Section(
        "Methods side by side",
        "The shipped sentences of every method about the networks that no training has seen; units "
        "with a main concept count, and one without a sentence names nothing. F1 is of main "
        "concepts named and of concept words that hold. Chance: the sentence of another unit of "
        f"the network by the same method, the mean of {SHUFFLES} shuffles. Intervals: 95 %, over "
        "units; of differences, both sentences of a unit drawn together. NetDissect and "
        "Compositional Explanations are given the true masks of these images, the others are not.",
        (
            "network",
            "method",
            "units with a sentence",
            "main concept named",
            "F1",
            "F1 by chance",
            "F1 less MILAN's",
        ),
        tuple(rows),
    )


def sentences(said: Sayings, network: str) -> dict[str, dict[Unit, str]]:
    """By method what it says of a network's units; MILAN first."""
    found = {
        MILAN: {
            (one.layer, one.unit): one.text for one in said.descriptions if one.subject == network
        }
    }
    for each in said.sentences:
        if each.subject == network:
            method = said.made_of[each.made_of].method
            found.setdefault(method, {})[each.layer, each.unit] = each.text
    return {method: found[method] for method in TITLES if method in found}


def _naming(texts: Mapping[Unit, str], truth: Mapping[Unit, Profile]) -> Naming:
    return scores.naming([texts.get(unit, "") for unit in truth], list(truth.values()))


def _less(found: Naming, ours: Naming) -> Estimate:
    """F1 less MILAN's, over the same units."""
    return interval(len(found.named), lambda rows: found.f1_of(rows) - ours.f1_of(rows))


def _chance(texts: Mapping[Unit, str], truth: Mapping[Unit, Profile]) -> float:
    """F1 of other units' sentences, the mean over shuffles."""
    said: Sequence[str] = [texts.get(unit, "") for unit in truth]
    f1 = []
    for seed in range(SHUFFLES):
        order = np.random.default_rng(seed).permutation(len(said))
        found = scores.naming([said[row] for row in order], list(truth.values()))
        f1.append(found.f1_of(np.arange(len(found.named))))
    return float(np.mean(f1))
