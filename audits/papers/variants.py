"""Describe-and-Dissect without its parts, or with others, over the same units of one network.

    variants = [variant("no-crops"), variant("captioner=blip2"), variant("concepts=words.txt")]
    said = describe(study, options, variants, {"layer4": [0, 1]}, folder, watch)
    tables = compared("resnet50", said, measures, classes)

The paper asks what crops (A.4.1), a list of concepts in place of a captioner (Table 5), the
captioner (Table 11), the language model (Table 12), the summary (A.4.6) and the third step
(Table 6) are worth. Each is an option of the method. Sentences are kept unit by unit, so that the
same command goes on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from audits.papers import names
from audits.papers.corpus import Corpus
from audits.papers.measures import Measure
from audits.papers.table import Cell, Table
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit
from describer.methods.dnd.method import DescribeAndDissect
from describer.methods.dnd.options import Options
from describer.methods.study import Study, Units

FULL = "full"
PARTS = ("no-crops", "no-summary", "no-selection")
Said = Mapping[str, Mapping[Unit, str]]


@dataclass(frozen=True)
class Variant:
    """One variant: what it is called, and which options it changes to what."""

    name: str
    changes: Mapping[str, Any]


def variant(text: str) -> Variant:
    """A variant as a command line spells it: `no-PART`, or `OPTION=VALUE`.

    >>> variant("no-crops").changes, variant("candidates=3").changes
    ({'crops': False}, {'candidates': 3})

    Raises:
        BadInput: no option is called so, or the value is none of its kind.
    """
    kinds: dict[str, type[Any]] = {own.name: type(own.default) for own in fields(Options)}
    name, equals, value = text.strip().partition("=")
    if not equals and name.startswith("no-") and kinds.get(name[3:]) is bool:
        return Variant(text.strip(), {name[3:]: False})
    kind = kinds.get(name)
    if not equals or kind is None or kind is bool:
        flags = ", ".join(f"no-{each}" for each, own in kinds.items() if own is bool)
        others = ", ".join(each for each, own in kinds.items() if own is not bool)
        raise BadInput(f"expected {flags}, or OPTION=VALUE of {others}, got {text!r}")
    try:
        return Variant(text.strip(), {name: kind(value)})
    except ValueError as error:
        raise BadInput(f"expected a number for {name}, got {value!r}") from error


def describe(
    study: Study,
    options: Options,
    variants: Sequence[Variant],
    units: Units,
    folder: Path,
    watch: Watch,
) -> dict[str, dict[Unit, str]]:
    """The sentences of the full method and of every variant, those of `folder` not made again.

    Raises:
        BadInput: a variant cannot be, or lacks a model.
        Cancelled: the watch said so; what was said is kept.
    """
    asked = {FULL: options}
    for each in variants:
        asked[each.name] = replace(options, **each.changes)
    found = {}
    for number, (name, own) in enumerate(asked.items()):

        def tell(done: int, total: int, message: str, number: int = number, of: str = name) -> None:
            watch.progress(number, len(asked), f"{of}: {message} {done} of {total}")

        path = folder / "variants" / f"{_file(name)}.jsonl"
        found[name] = _said(study, own, units, path, Watch(tell, watch.cancelled))
    return found


def compared(
    network: str,
    said: Said,
    measures: Sequence[Measure],
    classes: Sequence[str] = (),
    *,
    layers: Sequence[str] = (),
    layer: str = "",
    seed: int = 0,
) -> list[Table]:
    """Every variant beside the full method, and beside class names where these are known."""
    corpus = Corpus(network, {}, said, tuple(classes), tuple(layers))
    rows: list[tuple[Cell, ...]] = []
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    for name in said:
        if name == FULL:
            continue
        table = names.between([corpus], FULL, name, measures, seed=seed)
        columns, notes = ("variant", *table.columns), table.notes[1:]
        rows += [(name, *row) for row in table.rows]
    tables = [
        Table(
            "ablations",
            "Labels of Describe-and-Dissect's variants beside those of the full method",
            (
                "Describe-and-Dissect, Tables 5, 11 and 12 and A.4: likeness of a variant's label "
                "to the full method's for the same unit. Intervals: 95 %, over units. Chance: the "
                "variant's label of another unit.",
                *notes,
            ),
            columns,
            tuple(rows),
        )
    ]
    if classes:
        tables.append(names.against_names([corpus], measures, layer=layer, seed=seed))
    return tables


def _said(
    study: Study, options: Options, units: Units, path: Path, watch: Watch
) -> dict[Unit, str]:
    method = DescribeAndDissect(options)
    exemplars = {layer: study.source.hash(layer) for layer in units}
    identity = json.dumps([method.provenance(study.models).hash, exemplars], sort_keys=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = _kept(path, identity)
    # What was cut in the middle of a line is written again.
    lines = [identity, *(json.dumps([*unit, text]) for unit, text in kept.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    left = {
        layer: [unit for unit in wanted if (layer, unit) not in kept]
        for layer, wanted in units.items()
    }
    with path.open("a", encoding="utf-8") as file:
        for batch in method(study, left, watch):
            for each in batch:
                kept[each.layer, each.unit] = each.text
                file.write(json.dumps([each.layer, each.unit, each.text]) + "\n")
            file.flush()
    return {unit: text for unit, text in kept.items() if text}


def _kept(path: Path, identity: str) -> dict[Unit, str]:
    if not path.is_file():
        return {}
    first, *others = path.read_text("utf-8").split("\n")
    rows = [json.loads(line) for line in others[:-1]] if first == identity else []
    return {(layer, unit): text for layer, unit, text in rows}


def _file(name: str) -> str:
    import hashlib

    plain = "".join(letter if letter.isalnum() else "-" for letter in name)[:40]
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
