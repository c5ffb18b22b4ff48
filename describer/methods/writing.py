"""A method's sentences in a table, a batch at a time, so that what was cut is continued.

    count = write(method, study, {"layer4": range(512)}, Path("netdissect.csv"), watch)

Batches are kept beside the table in `.<name>.part`; the same call goes on from there when method
and exemplars are the same, and starts anew when not. The table appears complete or not at all, in
the order of the units that were asked for, and its provenance beside it as `<name>.json`.
"""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from db import tables
from db.arrays import new_file
from db.jobs import Watch
from describer.methods.options import MILAN
from describer.methods.study import Described, Study, Units

COLUMNS = ("layer", "unit", "description", "score")
# MILAN's score is made of two others, which its table has had from the beginning.
LOGS = ("log_p_given_e", "log_p")


def write(method: Described, study: Study, units: Units, table: Path, watch: Watch) -> int:
    """Describe units and write a row each; returns how many have a sentence.

    Raises:
        BadInput: the method cannot be used on this study.
        Cancelled: the watch said so; what was done is kept.
    """
    provenance = method.provenance(study.models)
    exemplars = {layer: study.source.hash(layer) for layer in units}
    identity = json.dumps([provenance.hash, exemplars], sort_keys=True)
    part = table.with_name(f".{table.name}.part")
    table.parent.mkdir(parents=True, exist_ok=True)
    done = _kept(part, identity)
    with _appending(part, identity, done) as file:
        left = {
            layer: [unit for unit in wanted if (layer, unit) not in done]
            for layer, wanted in units.items()
        }
        for batch in method(study, left, watch):
            for sentence in batch:
                done[sentence.layer, sentence.unit] = asdict(sentence)
                file.write(json.dumps(asdict(sentence)) + "\n")
            file.flush()
    # A unit without exemplars has no sentence of MILAN's.
    places = [(layer, unit) for layer, wanted in units.items() for unit in wanted]
    rows = [done[place] for place in places if place in done]
    said = [row for row in rows if row["text"] or "reason" not in row["detail"]]
    values = {"method": provenance.method, "hash": provenance.hash, **provenance.values}
    with new_file(table.with_name(f"{table.name}.json")) as temporary:
        text = json.dumps(
            {"provenance": values, "exemplars": exemplars, "units": rows}, ensure_ascii=False
        )
        temporary.write_text(text + "\n", "utf-8")
    logs = provenance.method == MILAN
    with new_file(table) as temporary:
        tables.write(
            temporary, [*COLUMNS, *(LOGS if logs else ())], [_cells(row, logs) for row in said]
        )
    part.unlink(missing_ok=True)
    return len(said)


def _cells(row: dict[str, Any], logs: bool) -> list[object]:
    numbers = [row["score"], *(row["candidates"][0][1:] if logs else ())]
    shown = [None if each is None or math.isnan(each) else float(f"{each:.6g}") for each in numbers]
    return [row["layer"], row["unit"], row["text"], *shown]


def _kept(part: Path, identity: str) -> dict[tuple[str, int], dict[str, Any]]:
    """What an earlier call left; a line that was cut in the middle is done again."""
    if not part.is_file():
        return {}
    first, *others = part.read_text("utf-8").split("\n")
    found = {}
    # What comes after the last line break was not written to its end.
    for line in others[:-1] if first == identity else []:
        row = json.loads(line)
        found[row["layer"], row["unit"]] = row
    return found


@contextmanager
def _appending(
    part: Path, identity: str, done: dict[tuple[str, int], dict[str, Any]]
) -> Iterator[Any]:
    """The file of batches, whole up to now and open for more."""
    with new_file(part) as temporary:
        lines = [identity, *(json.dumps(row) for row in done.values())]
        temporary.write_text("\n".join(lines) + "\n", "utf-8")
    with part.open("a", encoding="utf-8") as file:
        yield file
