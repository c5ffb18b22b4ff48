"""A form: a frozen dataclass of components, whose values a handler receives by their names.

    @dataclass(frozen=True)
    class Fields(Form):
        subject: gr.Dropdown
        controls: gr.Number

    button.click(enqueue, fields.inputs(), timer)       # enqueue(given, request)
    fields.asked(given)                                 # {"subject": "resnet18", "controls": 5}

The page framework gives a handler whose inputs are a set one dict, component -> value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Form:
    """The base of a page's form; every field of a subclass is a component."""

    def listed(self) -> list[Any]:
        """All components, in the order of the fields."""
        return [getattr(self, field.name) for field in fields(self)]

    def inputs(self) -> set[Any]:
        """All components, as the inputs of an event."""
        return set(self.listed())

    def asked(self, given: Mapping[Any, Any]) -> dict[str, Any]:
        """What the components hold, under the names of the fields."""
        return {field.name: given[getattr(self, field.name)] for field in fields(self)}
