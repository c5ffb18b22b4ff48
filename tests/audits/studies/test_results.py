"""Results of studies as they are stored: read back equal, from this release and from before."""

import json
from pathlib import Path
from typing import Any

import pytest

from audits.studies import page
from audits.studies.results import RESULTS, Faithfulness, Importance
from db.errors import BadInput

# What the jobs of commit c2e8b49 stored, before results had versions.
STORED = Path(__file__).parent / "stored"


def stored(kind: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((STORED / f"{kind}.json").read_text())
    assert "version" not in values
    return values


def without_draws(value: Any) -> Any:
    """A result without the number of draws that it is of, where none was stored."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if (key, each) != ("draws", 0)}
        return {key: without_draws(each) for key, each in kept.items()}
    return [without_draws(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", sorted(RESULTS))
def test_a_result_without_a_version_is_read_whole(kind: str) -> None:
    old = stored(kind)
    found = RESULTS[kind].from_json(old)
    again = json.loads(json.dumps(found.to_json()))
    assert without_draws(again) == {**old, "version": 1}, (
        "nothing is lost, nothing is called otherwise"
    )
    assert RESULTS[kind].from_json(again) == found


@pytest.mark.parametrize("kind", sorted(RESULTS))
def test_its_page_shows_it_and_text_is_text(kind: str) -> None:
    found = RESULTS[kind].from_json(stored(kind))
    shown = page.shown(found, {})
    assert f"{found.units} units of two-layers, described by by-hand" in shown
    assert f'href="/reports/{found.file}"' in shown
    assert "<b>dogs" not in shown


def test_older_results_lack_what_came_later() -> None:
    old = stored("importance")
    for key in ("tied", "constant", "file"):
        del old[key]
    found = Importance.from_json(old)
    assert (found.tied, found.constant, found.file) == ({}, (), "")
    assert "/reports/" not in page.importance(found, {})
    assert "equal)" not in page.importance(found, {})


def test_what_is_no_such_result_is_refused() -> None:
    with pytest.raises(BadInput, match=r"expected a stored Faithfulness, got 'many' at units"):
        Faithfulness.from_json({**stored("faithfulness"), "units": "many"})
    with pytest.raises(BadInput, match="of version 1 or before, got version 9"):
        Faithfulness.from_json({**stored("faithfulness"), "version": 9})
