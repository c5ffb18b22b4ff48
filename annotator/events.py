"""How handlers of the Annotate tab are called; their values travel by component, not by place.

A set of components as inputs comes as one dict; a dict as outcome changes the outputs that are in
it and leaves the others as they are.
"""

from typing import Any

Values = dict[Any, Any]

QUIET: dict[str, Any] = {"show_progress": "hidden"}
# One press at a time.
ONCE: dict[str, Any] = {**QUIET, "trigger_mode": "once"}
# Of what is changed quickly, the last state counts.
LATEST: dict[str, Any] = {**QUIET, "trigger_mode": "always_last"}
