"""What an ablation costs at most counts all that its order asks for."""

from dataclasses import replace

import pytest
from sqlite_utils import Database

from audits.ablation import budget
from audits.ablation.plan import How, Plan

VALIDATION, TEST, UNITS, DRAWS = 10, 20, 3, 2
CURVES = (UNITS + 1) * (VALIDATION + TEST) * (1 + DRAWS)


@pytest.mark.parametrize(
    ("order", "further"),
    [
        ("random", 0),
        ("likelihood", VALIDATION * UNITS * (1 + DRAWS)),
        (
            "accuracy",
            VALIDATION * UNITS * (1 + DRAWS) + 4 * ((UNITS + 1) * VALIDATION + TEST * (1 + DRAWS)),
        ),
    ],
)
def test_an_order_that_is_measured_costs_its_measuring(
    monkeypatch: pytest.MonkeyPatch, order: str, further: int
) -> None:
    class Images:
        def __init__(self, images: int) -> None:
            self.images = images

    sets = {"validation": Images(VALIDATION), "test": Images(TEST)}
    monkeypatch.setattr(budget.subjects, "get_probing_set", lambda _db, name: sets[name])
    monkeypatch.setattr(budget.jobs, "latest", lambda _db, kinds: [])
    how = replace(How(), order=order, controls=DRAWS, tie_orders=4)
    plan = Plan(subject="net", concept="text", validation="validation", test="test", how=how)
    found = budget.budget(Database(memory=True), plan, UNITS)
    assert found is not None
    assert (found.images, found.seconds) == (CURVES + further, None)
