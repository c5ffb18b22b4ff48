"""Guessing passwords is slow: after five failures a name rests for half a minute."""

import time
from collections.abc import Callable


class Throttle:
    """Counts the failures of names.

    One instance serves one app. A name is whatever the caller counts by, for instance an account
    and where the attempt comes from, so that strangers keep nobody else out; names that do not
    exist rest too. An attempt counts as failed from its start, so that many at once are no way in.
    """

    FAILURES = 5
    REST_S = 30.0
    # As many names are remembered at most; the oldest are forgotten first.
    NAMES = 10_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, list[float]] = {}

    def resting(self, name: str) -> bool:
        """Whether the name has to wait before it may try again."""
        recent = self._recent(name)
        return len(recent) >= self.FAILURES

    def begun(self, name: str) -> None:
        """Note an attempt, which has failed until it has succeeded."""
        self._failures[name] = [*self._recent(name), self._clock()]
        while len(self._failures) > self.NAMES:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, name: str) -> None:
        """Forget the failures of a name that got in."""
        self._failures.pop(name, None)

    def _recent(self, name: str) -> list[float]:
        horizon = self._clock() - self.REST_S
        return [moment for moment in self._failures.get(name, []) if moment > horizon]
