"""Is the trusted sentence as good as the best method? `python -m benchmarks.trusted [--units N]`.

The demo's networks that no MILAN was trained on, looked at on the demo's 1,200 probing images. Each
unit's sentence by every method that needs no fetched model is scored on the half of its unseen
images that chose nothing, judged by the world's truth: correlation and AUPRC, means over units with
95 % intervals, and F1 of naming the unit's main concept. The sentence chosen on the other half is
compared with each method, unit by unit.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.jobs import Watch
from describer.demo import shipped, units
from describer.demo.checks import scores
from describer.demo.checks.scores import Estimate
from describer.demo.checks.table import Section
from describer.demo.sentences import shipped as said_by_demo
from describer.demo.training import recipes
from describer.demo.world import albums, scene
from describer.demo.world.truth import Atlas, Profile
from describer.exemplars import run
from describer.faithfulness import layers, measures, sanity, scoring
from describer.faithfulness.halves import Split
from describer.faithfulness.judges import labels
from describer.faithfulness.judges.shape import Held
from describer.faithfulness.measures import Active
from describer.images import probing
from describer.methods.concepts import demo
from describer.methods.overlap.compositional import Compositional, Search
from describer.methods.overlap.netdissect import NetDissect
from describer.methods.study import Study
from describer.subjects import definition

LIKELIEST = "MILAN's likeliest, by p(d | E)"
CHOSEN, CONSTANT, OTHERS = "chosen on the other half", "a constant sentence", "other units' (MILAN)"
MEASURES = ("correlation", "auprc")
HELD_OUT = tuple(recipe.name for recipe in recipes.SUBJECTS if not recipe.teaches)


@dataclass(frozen=True)
class Unit:
    """A unit: what methods say, its truth, and what each scored by measure on the second half."""

    said: Mapping[str, str]
    profile: Profile
    scores: Mapping[str, Mapping[str, float]]
    chosen: str
    trusted: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables as markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trusted", description=__doc__)
    parser.add_argument("--units", type=int, default=16, metavar="N", help="of each layer at most")
    parser.add_argument("--networks", nargs="+", default=HELD_OUT, choices=HELD_OUT)
    options = parser.parse_args(arguments)
    found: dict[str, list[Unit]] = {}
    tried: list[Mapping[str, sanity.Tried]] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / albums.PROBE.name
        albums._draw_some(root, albums.PROBE, range(albums.PROBE.count))
        atlas = _atlas()
        for name in options.networks:
            found[name], own = _network(name, root, Path(folder) / name, options.units, atlas)
            tried += own
            print(f"{name}: {len(found[name])} units", file=sys.stderr, flush=True)
    for section in (_table(found), _paired(found), _sanity(tried)):
        print(section.markdown() + "\n")
    return 0


def _atlas() -> Atlas:
    numbers = albums.numbers(albums.PROBE)
    return Atlas.of(scene.render_many(albums.PROBE.split, numbers, variant=albums.PROBE.variant))


def _network(
    name: str, root: Path, out: Path, most: int, atlas: Atlas
) -> tuple[list[Unit], list[Mapping[str, sanity.Tried]]]:
    subject = definition.read(shipped.SUBJECTS / f"{name}.toml")
    images = probing.open_folder(root)
    source = run.study(subject, images, out, options=run.Options(pooled=True))
    study = Study(source, subject, images)
    contents = probing.file_hashes(images)
    found: list[Unit] = []
    tried = []
    concepts = demo.read(albums.PROBE.name)
    with labels.labelled(images, subject, concepts, labels.TRUTH, Watch()) as judge:
        for layer in source.layers:
            chosen = _sample(source.units(layer), most, layer)
            said = _said(study, name, layer, chosen, concepts)
            held = judge.hold(scoring.texts_of(said), Watch())
            exemplars = source.exemplars(layer)
            strength = np.asarray(layers.activations(study, layer, "max")[:, chosen])
            split = Split.of(contents, np.isfinite(strength).all(axis=1), seed=0)
            material = scoring.Layer(layer, strength, exemplars.ids[chosen], said)
            scored = scoring.score(material, split, held, scoring.Options())
            tried.append(scored.tried)
            profiles = units.study(exemplars, atlas).profiles
            values = _second_half(material, split, held)
            for place, trusted in enumerate(scored.trusted):
                found.append(
                    Unit(
                        {method: own[place] or "" for method, own in said.items()},
                        profiles[chosen[place]],
                        {each: values[each][place] for each in values},
                        trusted.candidate,
                        not trusted.reason,
                    )
                )
    return found, tried


def _sample(count: int, most: int, layer: str) -> list[int]:
    order = np.random.default_rng(len(layer) + count).permutation(count)
    return sorted(order[:most].tolist())


def _said(
    study: Study, name: str, layer: str, chosen: Sequence[int], concepts: demo.Demo
) -> dict[str, list[str | None]]:
    sayings = said_by_demo.read()
    assert sayings is not None, "the demo's sentences are about other weights"
    own = {
        each.unit: each
        for each in sayings.descriptions
        if (each.subject, each.layer) == (name, layer)
    }
    likeliest = {unit: max(one.candidates, key=lambda c: c[1])[0] for unit, one in own.items()}
    found: dict[str, Mapping[int, str]] = {
        "MILAN": {unit: one.text for unit, one in own.items()},
        LIKELIEST: likeliest,
    }
    ways: dict[str, Any] = {
        "NetDissect": NetDissect(concepts),
        "Compositional Explanations": Compositional(concepts, search=Search()),
    }
    for method, way in ways.items():
        found[method] = {
            one.unit: one.text for batch in way(study, {layer: chosen}, Watch()) for one in batch
        }
    return {method: [texts.get(unit) for unit in chosen] for method, texts in found.items()}


def _second_half(
    material: scoring.Layer, split: Split, held: Held
) -> dict[str, list[dict[str, float]]]:
    """By method, each unit's scores on the half that chose nothing; chance beside them."""
    rows = np.flatnonzero(~split.first)
    seen = split.unseen(material.ids)[rows]
    active = Active.of(np.where(seen, material.activations[rows], 0), seen)
    texts = {text: place for place, text in enumerate(scoring.texts_of(material.said))}
    every = np.arange(len(material.ids))
    nothing = np.zeros((len(held.degree), 1), dtype=np.float32)
    degree = np.concatenate([held.degree, nothing], axis=1)[rows]
    holds = np.concatenate([held.holds, nothing > 0], axis=1)[rows]

    def of(places: NDArray[np.int64], columns: NDArray[np.int64]) -> list[dict[str, float]]:
        values = measures.score(active, columns, degree, holds, places, only=MEASURES)
        return [{name: float(values[name][row]) for name in MEASURES} for row in range(len(places))]

    found = {}
    for method, own in material.said.items():
        places = np.array([texts[text] if text else len(texts) for text in own], dtype=np.int64)
        found[method] = of(places, every)
        if method == "MILAN":
            # Each unit with the sentences of all others of its layer.
            grid = [(unit, other) for unit in every for other in every if own[unit] != own[other]]
            pairs = np.array(grid, dtype=np.int64).reshape(-1, 2)
            beside = of(places[pairs[:, 1]], pairs[:, 0])
            found[OTHERS] = [
                {
                    name: float(
                        np.mean(
                            [
                                one[name]
                                for one, (mine, _) in zip(beside, grid, strict=True)
                                if mine == unit
                            ]
                            or [0.0]
                        )
                    )
                    for name in MEASURES
                }
                for unit in every
            ]
    flat = measures.constant(active, only=MEASURES)
    found[CONSTANT] = [{name: float(flat[name][unit]) for name in MEASURES} for unit in every]
    return found


def _of(unit: Unit, method: str, measure: str) -> float:
    if method == CHOSEN:
        return unit.scores[unit.chosen][measure] if unit.chosen else 0.0
    return unit.scores[method][measure]


def _text(unit: Unit, method: str) -> str:
    if method == CHOSEN:
        return unit.said[unit.chosen] if unit.chosen else ""
    return unit.said.get(method, "")


def _methods(own: Sequence[Unit]) -> list[str]:
    return list(own[0].said)


def _table(found: Mapping[str, Sequence[Unit]]) -> Section:
    rows = []
    for name, own in found.items():
        for method in (*_methods(own), CHOSEN, OTHERS, CONSTANT):
            values = [
                str(scores.mean(np.array([_of(unit, method, measure) for unit in own])))
                for measure in MEASURES
            ]
            naming = "" if method in (OTHERS, CONSTANT) else str(_f1(own, method))
            rows.append((name, method, *values, naming))
    counts = "; ".join(
        f"{name}: {len(own)} units, {sum(unit.trusted for unit in own)} with a trusted sentence, "
        f"{sum(unit.profile.main is not None for unit in own)} with a main concept"
        for name, own in found.items()
    )
    return Section(
        "Every method on images that neither gave exemplars nor chose",
        f"{counts}. Intervals: 95 %, over units. Chosen: the sentence with the best correlation "
        "on the first half of a unit's unseen images, whether it then holds better than chance or "
        "not.",
        ("network", "method", "correlation", "AUPRC", "naming F1"),
        tuple(rows),
    )


def _f1(own: Sequence[Unit], method: str) -> Estimate:
    return scores.naming([_text(unit, method) for unit in own], [u.profile for u in own]).f1()


def _paired(found: Mapping[str, Sequence[Unit]]) -> Section:
    rows: list[tuple[str, ...]] = []
    for name, own in found.items():
        sure = [unit for unit in own if unit.trusted]
        for measure in MEASURES:
            means = {m: np.mean([_of(unit, m, measure) for unit in own]) for m in _methods(own)}
            best = max(means, key=lambda method, means=means: means[method])
            leads = [
                scores.mean(
                    np.array([_of(u, CHOSEN, measure) - _of(u, best, measure) for u in some])
                ).signed()
                for some in (own, sure)
            ]
            rows.append((name, measure, best, *leads))
        best = max(_methods(own), key=lambda method, own=own: _f1(own, method).value)
        leads = [_naming_lead(some, best).signed() for some in (own, sure)]
        rows.append((name, "naming F1", best, *leads))
    return Section(
        "The chosen sentence less the best single method",
        "The best single method is that with the largest mean on the very units and images that "
        "are reported, so it is chosen with hindsight, for each measure anew. Differences unit by "
        "unit, 95 % intervals over units; trusted: units whose sentence holds better than chance.",
        ("network", "measure", "best single method", "all units", "units with a trusted sentence"),
        tuple(rows),
    )


def _naming_lead(own: Sequence[Unit], best: str) -> Estimate:
    first, other = (
        scores.naming([_text(unit, method) for unit in own], [unit.profile for unit in own])
        for method in (CHOSEN, best)
    )
    return scores.interval(
        len(first.named), lambda chosen: first.f1_of(chosen) - other.f1_of(chosen)
    )


def _sanity(tried: Sequence[Mapping[str, sanity.Tried]]) -> Section:
    joined = {name: sanity.Tried.joined([each[name] for each in tried]) for name in measures.NAMES}
    rows = []
    for each in measures.MEASURES:
        test = sanity.judge_measures(joined)[each.name]
        cells = [
            f"{outcome.share:.0%}, {outcome.before:.3f} → {outcome.after:.3f}"
            + (" (fails)" if not outcome.passed else "")
            for outcome in (test.left_out, test.added)
        ]
        rows.append((each.title, str(test.pairs), *cells, each.fails or "none"))
    return Section(
        "The two sanity tests on these units",
        "Share of scores that fall, and mean scores before and after; a measure passes with at "
        f"least {sanity.LOSING:.0%}.",
        ("measure", "units", "labels left out", "labels added", "published to fail at"),
        tuple(rows),
    )


if __name__ == "__main__":
    sys.exit(main())
