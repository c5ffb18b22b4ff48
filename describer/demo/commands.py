"""The command `demo build`; `demo verify`, which also needs audits, is in audits/demo/commands.py.

steps = add_commands(subparsers)            # what `verify` is added to
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Report = Callable[[str], None]


def add_commands(commands: Any) -> Any:
    """Add `demo` to an argparse sub-parser collection; returns the collection of its steps."""
    demo = commands.add_parser(
        "demo", help="the built-in world", description="Make or check the built-in demo world."
    )
    steps = demo.add_subparsers(dest="step", required=True, metavar="build|verify")
    build = steps.add_parser(
        "build",
        help="train the demo's networks and its MILAN anew",
        description="Train the demo's networks, its MILAN and its own models from scratch, and let "
        "every method describe; replaces what is shipped.",
    )
    build.add_argument(
        "--part",
        choices=("all", "models", "sentences"),
        default="all",
        help="all; the demo's own models alone; or what the methods beside MILAN say, alone",
    )
    build.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        help="keep intermediate results here, and go on from those that are there",
    )
    build.set_defaults(run=_build)
    return steps


def _build(options: argparse.Namespace) -> None:
    from describer.demo import build

    report = reporter()
    parts = {"all": build.build, "models": build.ship_models, "sentences": build.ship_sentences}
    part = parts[options.part]
    if options.work is not None:
        options.work.mkdir(parents=True, exist_ok=True)
        part(options.work, report=report)
        return
    with tempfile.TemporaryDirectory(prefix="milan-demo-") as folder:
        part(Path(folder), report=report)


def reporter() -> Report:
    """Prints what was done with the seconds since the start, on stderr."""
    start = time.monotonic()

    def report(message: str) -> None:
        print(f"{time.monotonic() - start:5.0f} s  {message}", file=sys.stderr, flush=True)

    return report
