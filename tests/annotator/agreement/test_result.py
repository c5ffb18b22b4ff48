"""A kept measurement reads the same, whichever version of the workbench kept it."""

import json

import pytest

from annotator.agreement.result import Measurement, Part
from annotator.agreement.scores import Agreement, UnitAgreement

# As it was kept before results had a version.
AGREED = (
    '"model": "words (0)", "units": 2, "mean": 0.5, "low": 0.25, "high": 0.75, "chance": 0.125, '
    '"chance_low": 0.0, "chance_high": 0.25, "identical": null, "undefined": null'
)
STORED = (
    f'{{"model": "words (0)", "persons": [{{{AGREED}, "name": "ada"}}], '
    f'"rows": [{{{AGREED}, "name": "all"}}], '
    '"units": [{"chance": 0.0, "layer": "toy/conv1", "mean": 0.25, "sentences": 3, "unit": 7}]}'
)
AGREEMENT = Agreement("words (0)", 2, 0.5, 0.25, 0.75, 0.125, 0.0, 0.25, None, None)
EXPECTED = Measurement(
    model="words (0)",
    parts=(Part("all", AGREEMENT),),
    persons=(Part("ada", AGREEMENT),),
    units=(UnitAgreement("toy/conv1", 7, 0.25, 0.0, 3),),
)


def test_what_has_no_version_still_opens() -> None:
    assert Measurement.from_json(json.loads(STORED)) == EXPECTED


@pytest.mark.parametrize("persons", [EXPECTED.persons, None])
def test_what_is_kept_comes_back(persons: tuple[Part, ...] | None) -> None:
    found = Measurement(EXPECTED.model, EXPECTED.parts, persons, EXPECTED.units)
    kept = json.loads(json.dumps(found.to_json()))
    assert kept["version"] == 1
    assert Measurement.from_json(kept) == found


def test_one_from_before_people_were_measured_has_none() -> None:
    first = {key: json.loads(STORED)[key] for key in ("model", "rows")}
    found = Measurement.from_json(first)
    assert (found.persons, found.units) == (None, ())
