"""Results as JSON: lists come back as tuples, and what does not fit is named with its place."""

import json
from dataclasses import dataclass

import pytest

from db import records
from db.errors import BadInput


@dataclass(frozen=True)
class Point:
    name: str
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Curve:
    first: Point
    others: tuple[Point, ...]


CURVE = Curve(Point("a", (1.0, 0.5)), (Point("b"),))


def test_what_was_stored_comes_back_equal() -> None:
    stored = json.loads(json.dumps(records.to_json(CURVE)))
    assert stored["version"] == records.VERSION
    assert records.from_json(Curve, stored) == CURVE


def test_a_record_without_a_version_and_with_strange_keys_is_read() -> None:
    stored = {"first": {"name": "a", "colour": "red"}, "others": []}
    assert records.from_json(Curve, stored) == Curve(Point("a"), ())


def test_what_does_not_fit_is_named_with_its_place() -> None:
    stored = {"first": {"name": "a", "values": [1, "high"]}, "others": []}
    with pytest.raises(BadInput, match=r"stored Curve, got 'high' at first.values.1"):
        records.from_json(Curve, stored)
