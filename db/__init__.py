"""The workspace: what is known, on SQLite.

sqlite-utils looks for pandas and numpy when it is imported, to know their types in tables that it
makes from values. Our tables are made by migrations; without the two a command starts in half the
time, so they are held back while it is imported.
"""

import sys

_HELD = [name for name in ("pandas", "numpy") if name not in sys.modules]
for _name in _HELD:
    sys.modules[_name] = None  # type: ignore[assignment]
import sqlite_utils  # noqa: E402, F401

for _name in _HELD:
    del sys.modules[_name]
