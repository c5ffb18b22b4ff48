"""Progress bars of the command line.

with Bar() as progress:
    study(…, progress=progress)             # progress(done, total, message)
"""

import sys
from collections.abc import Callable
from typing import Any


class Bar:
    """A progress bar that long functions call, on a terminal only; a new message, a new bar."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._message = ""

    def __enter__(self) -> Callable[[int, int, str], None]:
        return self._show

    def __exit__(self, *_error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _show(self, done: int, total: int, message: str) -> None:
        if not sys.stderr.isatty():
            return
        from tqdm import tqdm

        if self._bar is None or message != self._message:
            if self._bar is not None:
                self._bar.close()
            self._bar, self._message = tqdm(total=total, desc=message), message
        self._bar.update(done - self._bar.n)
