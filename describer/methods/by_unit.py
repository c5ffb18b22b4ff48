"""Describing one unit after another, where a model elsewhere may not answer.

A unit whose model does not answer is left for another time, and the work goes on with the next;
several in a row end it, and units that were left are named at the end.
"""

from collections.abc import Callable, Iterator

from db.jobs import Watch
from describer.methods.models.prompt import Unreachable
from describer.methods.study import Sentence, Study, Units

MOST_IN_A_ROW = 3


def one_by_one(
    study: Study, units: Units, watch: Watch, describe: Callable[[str, int], Sentence]
) -> Iterator[list[Sentence]]:
    """Sentences of units, each yielded alone; a unit that is never active has none.

    Raises:
        Unreachable: some units were left because nobody answered.
        Cancelled: the work was stopped between two units.
    """
    wanted = [(layer, unit) for layer, chosen in units.items() for unit in chosen]
    dead = {layer: frozenset(study.source.record(layer).dead) for layer in units}
    left, in_a_row, reason = 0, 0, ""
    for done, (layer, unit) in enumerate(wanted):
        watch.check(f"before unit {unit} of {layer}")
        watch.progress(done, len(wanted), f"unit {unit} of {layer}")
        if unit in dead[layer]:
            yield [nothing(layer, unit, "the unit is active on no image")]
            continue
        try:
            sentence = describe(layer, unit)
        except Unreachable as error:
            left, in_a_row, reason = left + 1, in_a_row + 1, str(error)
            watch.progress(done, len(wanted), f"unit {unit} of {layer} is left: {error}")
            if in_a_row == MOST_IN_A_ROW:
                break
            continue
        in_a_row = 0
        yield [sentence]
    if left:
        raise Unreachable(f"{reason}; {left} units are left, to be described when it answers")
    watch.progress(len(wanted), len(wanted), "described")


def nothing(
    layer: str, unit: int, reason: str, detail: dict[str, object] | None = None
) -> Sentence:
    """No sentence, and why."""
    return Sentence(layer, unit, "", None, (), {**(detail or {}), "reason": reason})
