"""A form names the values that a handler receives."""

from dataclasses import dataclass
from typing import Any

from describer.form import Form


@dataclass(frozen=True)
class Fields(Form):
    subject: Any
    controls: Any


def test_a_form_gives_its_values_by_name_and_its_components_in_order() -> None:
    fields = Fields("a dropdown", "a number")
    assert fields.listed() == ["a dropdown", "a number"]
    assert fields.inputs() == {"a dropdown", "a number"}
    given = {"a number": 5, "a dropdown": "resnet18", "another component": None}
    assert fields.asked(given) == {"subject": "resnet18", "controls": 5}
