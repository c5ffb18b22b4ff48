"""Checking the demo's MILAN against the planted truth: descriptions (Section 4), faces (Section 6).

    verified = verify(report=print)
    print(verified.sections[0].markdown())

Held-out subjects are looked at on `PROBE`'s pictures and tested on `FRESH`'s, none of which any
network or MILAN was trained on. The applications that ablate units are in `audits.demo.importance`.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass

import numpy as np

from db.units import Unit
from describer import milan
from describer.demo import shipped, units
from describer.demo.checks import comparison, dissection, faces, scores, transfer
from describer.demo.checks.case import OURS, WITHOUT_PRIOR, Case
from describer.demo.checks.table import Section
from describer.demo.crew import crew
from describer.demo.sentences import milan as sentence_milan
from describer.demo.training import recipes
from describer.demo.training.recipes import Recipe
from describer.demo.units import Gallery, Source
from describer.demo.world.concepts import NAMES, concepts_in
from describer.milan import describing

Report = Callable[[str], None]

HELD_OUT = tuple(recipe for recipe in recipes.SUBJECTS if not recipe.teaches)
CONSTANT = "different colored things"


@dataclass(frozen=True)
class Verified:
    """What was found out about the held-out networks, for tables and for the applications."""

    sections: tuple[Section, ...]
    cases: tuple[Case, ...]
    model: milan.Model

    def case(self, name: str) -> Case:
        """The case of a network."""
        return next(one for one in self.cases if one.recipe.name == name)


def verify(*, report: Report, beam_size: int = 50) -> Verified:
    """Describe the held-out networks and score the descriptions: tables 1 and 2."""
    model = milan.load("demo")
    found = cases(report=report, beam_size=beam_size)
    compared = comparison.sections(found, sentence_milan.gallery(sentence_milan.FRESH), model)
    report("descriptions scored")
    sections = [
        *compared,
        text_units(found),
        transfer.table(report=report),
        faces.table(found),
    ]
    return Verified(tuple(sections), tuple(found), model)


def cases(*, report: Report, beam_size: int) -> list[Case]:
    """Describe every held-out subject with MILAN and by the baselines."""
    found = {}
    with crew() as pool:
        # The last ones take longest, so they begin.
        waiting = {pool.submit(_case, each.name, beam_size): each for each in reversed(HELD_OUT)}
        for future in as_completed(waiting):
            name = waiting[future].name
            found[name] = future.result()
            report(f"{name}: {len(found[name].units)} units described")
    return [found[recipe.name] for recipe in HELD_OUT]


def _case(name: str, beam_size: int) -> Case:
    """One held-out subject in a process of its own, on the shipped MILAN."""
    probe, fresh = (
        sentence_milan.gallery(sentence_milan.PROBE),
        sentence_milan.gallery(sentence_milan.FRESH),
    )
    recipe = recipes.subject(name)
    return case(recipe, milan.load("demo"), probe, fresh, beam_size=beam_size)


def case(
    recipe: Recipe, model: milan.Model, probe: Gallery, fresh: Gallery, *, beam_size: int = 50
) -> Case:
    """One held-out subject: exemplars, truth, descriptions and activations on fresh images."""
    network = shipped.load(recipe)
    studies = units.examine(network, probe, recipe.layers)
    source = Source.of(studies, probe)
    references = sentence_milan.annotate(recipe.name, source)
    names = tuple(references)
    described = {
        (unit.layer, unit.unit): unit.description
        for batch in milan.describe(
            source, model, options=describing.SearchOptions(beam_size=beam_size)
        )
        for unit in batch
    }
    dissected = dissection.dissect(network, probe, studies)
    activations = units.activations(network, fresh.images, recipe.layers).double().numpy()
    columns = _columns(studies)
    best = tuple(described[name].text for name in names)
    shuffle = np.random.default_rng(0).permutation(len(names))
    sentences = {
        OURS: best,
        WITHOUT_PRIOR: tuple(
            max(described[name].candidates, key=lambda c: c.log_p_given_e).text for name in names
        ),
        "shuffled": tuple(best[row] for row in shuffle),
        "constant": (CONSTANT,) * len(names),
        "NetDissect": tuple(dissected[layer][unit] for layer, unit in names),
    }
    profiles = tuple(source.studies[layer].profiles[unit] for layer, unit in names)
    faced = [name for name, profile in zip(names, profiles, strict=True) if profile.attributes]
    return Case(
        recipe,
        network,
        names,
        profiles,
        tuple(references[name] for name in names),
        sentences,
        activations[:, [columns[name] for name in names]],
        faces.strips(source, faced),
    )


def text_units(found: Sequence[Case]) -> Section:
    """How well text units are found by their descriptions."""
    rows = []
    for one in found:
        for method in ("MILAN", "NetDissect"):
            sentences = one.sentences[method]
            true = [profile.shares[NAMES.index("text")] >= 0.5 for profile in one.profiles]
            said = ["text" in concepts_in(sentence) for sentence in sentences]
            score = scores.concept_f1(sentences, one.profiles, "text")
            rows.append((one.recipe.name, method, str(sum(said)), str(sum(true)), str(score)))
    return Section(
        "Text units",
        "Units described with text, words or letters, and those with most of their mask on text.",
        ("network", "method", "described so", "truly so", "F1"),
        tuple(rows),
    )


def _columns(studies: Sequence[units.Study]) -> dict[Unit, int]:
    names = [(study.layer, unit) for study in studies for unit in range(len(study.profiles))]
    return {name: column for column, name in enumerate(names)}
