"""A person on a page that was put together, without a browser: fields, buttons, timers.

visit = Visit(page, "rae")
visit.send("ablate_cancel", "click")
visit.shown("ablate_job")
"""

import inspect
from typing import Any


class Request:
    """Somebody who is signed in."""

    def __init__(self, username: str) -> None:
        self.username = username
        self.query_params: dict[str, str] = {}


class Visit:
    """What the components of a page hold for one person."""

    def __init__(self, page: Any, person: str) -> None:
        self.page, self.request = page, Request(person)
        self.names = {
            component.elem_id: number
            for number, component in page.blocks.items()
            if getattr(component, "elem_id", None)
        }
        # Tabs have names of their own kind, which may be a component's as well.
        self.tabs = {
            component.id: number
            for number, component in page.blocks.items()
            if type(component).__name__ == "Tab"
        }
        self.values = {
            number: getattr(component, "value", None) for number, component in page.blocks.items()
        }
        self.updates: dict[int, dict[str, Any]] = {}

    def fill(self, name: str, value: object) -> None:
        """Type or choose a field's value."""
        self.values[self.names[name]] = value

    def shown(self, name: str) -> Any:
        """What a component holds."""
        return self.values[self.names[name]]

    def visible(self, name: str) -> bool:
        """Whether a component was last said to be visible."""
        number = self.names[name]
        return bool(self.updates.get(number, {}).get("visible", self.page.blocks[number].visible))

    def send(self, name: str, event: str) -> None:
        """Let an event of a component happen, and what follows on it."""
        self._send(self.names[name], event)

    def select(self, tab: str) -> None:
        """Open an item among tabs."""
        self._send(self.tabs[tab], "select")

    def load(self) -> None:
        """Open the page."""
        for function in self.page.fns.values():
            if any(event == "load" for _, event in function.targets):
                self._call(function)

    def tick(self) -> None:
        """Let every timer of the page tick once."""
        for number, component in self.page.blocks.items():
            if type(component).__name__ == "Timer":
                self._send(number, "tick")

    def _send(self, number: int, event: str) -> None:
        ran: set[int] = set()
        for key, function in self.page.fns.items():
            follows = function.trigger_after is not None and function.trigger_after in ran
            if (number, event) not in function.targets and not follows:
                continue
            ran.add(key)
            if function.fn is not None:
                self._call(function)

    def _call(self, function: Any) -> None:
        held = {component: self.values[component._id] for component in function.inputs}
        given: list[Any] = [held] if function.inputs_as_dict else list(held.values())
        place = list(inspect.signature(function.fn).parameters).index("request")
        given.insert(place, self.request)
        answer = function.fn(*given)
        answers = answer if len(function.outputs) > 1 else (answer,)
        assert len(answers) == len(function.outputs), function.fn
        for component, new in zip(function.outputs, answers, strict=True):
            if isinstance(new, dict) and new.get("__type__") == "update":
                self.updates.setdefault(component._id, {}).update(new)
                if "value" in new:
                    self.values[component._id] = new["value"]
            elif not isinstance(new, type(component)):
                self.values[component._id] = new
