"""Checking the demo's MILAN against the planted truth: descriptions (Section 4), faces (Section 6).

    verified = verify(report=print)
    print(verified.sections[0].markdown())

Held-out subjects are looked at on `PROBE`'s pictures and tested on `FRESH`'s, none of which any
network or MILAN was trained on. The applications that ablate units are in `audits.demo`.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from describer import milan
from describer.demo import dissection, likeness, recipes, scores, shipped, teaching, transfer, units
from describer.demo.concepts import FACE_ATTRIBUTES, FACE_CONCEPTS, NAMES, concepts_in
from describer.demo.crew import crew
from describer.demo.recipes import Recipe
from describer.demo.table import Section
from describer.demo.truth import Profile
from describer.demo.units import Gallery, Source
from describer.milan import describing

Report = Callable[[str], None]
UnitName = tuple[str, int]

HELD_OUT = tuple(recipe for recipe in recipes.SUBJECTS if not recipe.teaches)
CONSTANT = "different colored things"


@dataclass(frozen=True)
class Case:
    """A held-out subject with everything that its scores need; rows are its living units.

    sentences: by method. activations: float (fresh images, rows).
    """

    recipe: Recipe
    model: nn.Module
    units: tuple[UnitName, ...]
    profiles: tuple[Profile, ...]
    references: tuple[tuple[str, ...], ...]
    sentences: Mapping[str, tuple[str, ...]]
    activations: NDArray[np.float64]

    def of(self, concept_test: Callable[[str], bool], method: str = "MILAN") -> list[UnitName]:
        """The units whose sentence passes a test."""
        rows = zip(self.units, self.sentences[method], strict=True)
        return [unit for unit, sentence in rows if concept_test(sentence)]


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
    scored = describe_and_score(found, teaching.gallery(teaching.FRESH), model)
    report("descriptions scored")
    sections = [scored, text_units(found), transfer.table(report=report), faces(found)]
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
    probe, fresh = teaching.gallery(teaching.PROBE), teaching.gallery(teaching.FRESH)
    recipe = recipes.subject(name)
    return case(recipe, milan.load("demo"), probe, fresh, beam_size=beam_size)


def case(
    recipe: Recipe, model: milan.Model, probe: Gallery, fresh: Gallery, *, beam_size: int = 50
) -> Case:
    """One held-out subject: exemplars, truth, descriptions and activations on fresh images."""
    network = shipped.load(recipe)
    studies = units.examine(network, probe, recipe.layers)
    source = Source.of(studies, probe)
    references = teaching.annotate(recipe.name, source)
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
        "MILAN": best,
        "p(d | E)": tuple(
            max(described[name].candidates, key=lambda c: c.log_p_given_e).text for name in names
        ),
        "shuffled": tuple(best[row] for row in shuffle),
        "constant": (CONSTANT,) * len(names),
        "NetDissect": tuple(dissected[layer][unit] for layer, unit in names),
    }
    return Case(
        recipe,
        network,
        names,
        tuple(source.studies[layer].profiles[unit] for layer, unit in names),
        tuple(references[name] for name in names),
        sentences,
        activations[:, [columns[name] for name in names]],
    )


def describe_and_score(found: Sequence[Case], fresh: Gallery, model: milan.Model) -> Section:
    """Section 4 against the truth: a row for every subject and method."""
    measure, match = likeness.meaning(model)
    holdings = scores.Holdings(fresh.atlas)
    said = [(one, method) for one in found for method in one.sentences]
    # All at once, as a language model then reads every sentence once.
    matches = match(
        [sentence for one, method in said for sentence in one.sentences[method]],
        [texts for one, _ in said for texts in one.references],
    )
    ends = np.cumsum([len(one.units) for one, _ in said])
    rows = []
    for (one, method), matched in zip(said, np.split(matches, ends[:-1]), strict=True):
        sentences = one.sentences[method]
        naming = scores.naming(sentences, one.profiles)
        detected = scores.detection(sentences, one.activations, holdings)
        rows.append(
            (
                one.recipe.name,
                method,
                str(naming.share()),
                str(naming.f1()),
                str(scores.mean(detected.auroc)),
                str(scores.mean(detected.auprc)),
                str(scores.mean(detected.correlation)),
                str(likeness.bleu(sentences, one.references)),
                str(scores.mean(matched)),
            )
        )
    counts = ", ".join(
        f"{one.recipe.name}: {sum(p.main is not None for p in one.profiles)} of {len(one.profiles)}"
        for one in found
    )
    return Section(
        "Descriptions of held-out networks",
        f"Units with a main concept ({counts}) count for naming and F1, all living units for the "
        "rest. Intervals: 95 %, over units. NetDissect on the true masks is the ceiling.",
        (
            "network",
            "method",
            "main concept named",
            "F1",
            "AUROC",
            "AUPRC (chance 0.10)",
            "correlation",
            "BLEU",
            measure,
        ),
        tuple(rows),
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


def faces(found: Sequence[Case]) -> Section:
    """Figure 5: face units named in the networks with and without blurred faces."""
    columns = [NAMES.index(name) for name in FACE_CONCEPTS]
    rows = []
    for one in found:
        if not one.recipe.name.startswith("people"):
            continue
        named = [bool(concepts_in(s) & set(FACE_CONCEPTS)) for s in one.sentences["MILAN"]]
        true = [profile.shares[columns].max() >= 0.5 for profile in one.profiles]
        both = sum(a and b for a, b in zip(named, true, strict=True))
        striking = [
            (not set(profile.attributes) & concepts_in(sentence), unit, profile, sentence)
            for unit, profile, sentence in zip(
                one.units, one.profiles, one.sentences["MILAN"], strict=True
            )
            if profile.attributes
        ]
        striking.sort(key=lambda row: row[:2])
        examples = [
            f"{layer}-{unit} ({', '.join(profile.attributes)}) “{sentence}”"
            for _, (layer, unit), profile, sentence in striking[:4]
        ]
        rows.append(
            (
                one.recipe.name,
                *(str(sum(each)) for each in (named, true)),
                str(both),
                str(len(striking)),
                str(sum(not missed for missed, *_ in striking)),
                "; ".join(examples),
            )
        )
    return Section(
        "Faces in networks trained on sharp and blurred faces",
        f"Units of {', '.join(FACE_CONCEPTS)}; truly so: one of them covers half of the mask. "
        f"Units of an attribute: {', '.join(FACE_ATTRIBUTES)} on a fifth of the mask, and five "
        "times as often as anywhere; up to four are shown.",
        (
            "network",
            "described so",
            "truly so",
            "both",
            "units of an attribute",
            "described by it",
            "which (truth) and how",
        ),
        tuple(rows),
    )


def _columns(studies: Sequence[units.Study]) -> dict[UnitName, int]:
    names = [(study.layer, unit) for study in studies for unit in range(len(study.profiles))]
    return {name: column for column, name in enumerate(names)}
