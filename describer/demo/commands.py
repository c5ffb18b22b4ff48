"""The commands `demo build` and `demo verify`.

`verify` also prints tables that need ablation; the describer may not import audits, so whoever puts
the command line together hands their maker over:

    add_commands(subparsers, applications=audits.demo.importance.applications)
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.errors import BadInput

if TYPE_CHECKING:
    from describer.demo.checks.table import Section
    from describer.demo.checks.verify import Verified

Report = Callable[[str], None]
Applications = Callable[["Verified", Report], "list[Section]"]


def add_commands(commands: Any, *, applications: Applications | None = None) -> None:
    """Add `demo` to an argparse sub-parser collection.

    Args:
        applications: makes the tables of editing and importance from what `verify` found.
    """
    demo = commands.add_parser(
        "demo", help="the built-in world", description="Make or check the built-in demo world."
    )
    steps = demo.add_subparsers(dest="step", required=True, metavar="build|verify")
    build = steps.add_parser(
        "build",
        help="train the demo's networks and its MILAN anew",
        description="Train the demo's networks and its MILAN from scratch; replaces the shipped "
        "weights.",
    )
    build.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        help="keep intermediate results here, and go on from those that are there",
    )
    build.set_defaults(run=_build)
    verify = steps.add_parser(
        "verify",
        help="measure the shipped demo against the planted truth",
        description="Measure descriptions, faces, editing and unit importance on the demo world.",
    )
    verify.add_argument("--json", type=Path, metavar="FILE", help="write the tables here as well")
    verify.add_argument(
        "--beam-size", type=int, default=50, metavar="N", help="of the descriptions (default: 50)"
    )
    verify.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="draw the exemplars of units that have a face attribute by the truth here",
    )
    verify.set_defaults(run=_verify, applications=applications)


def _build(options: argparse.Namespace) -> None:
    from describer.demo import build

    report = _reporter()
    if options.work is not None:
        options.work.mkdir(parents=True, exist_ok=True)
        build.build(options.work, report=report)
        return
    with tempfile.TemporaryDirectory(prefix="milan-demo-") as folder:
        build.build(Path(folder), report=report)


def _verify(options: argparse.Namespace) -> None:
    from describer.demo.checks import faces, table, verify

    if options.beam_size < 1:
        raise BadInput(f"expected a beam size of at least 1, got {options.beam_size}")
    report = _reporter()
    verified = verify.verify(report=report, beam_size=options.beam_size)
    if options.pictures is not None:
        report(f"{faces.write(verified.cases, options.pictures)} drawn")
    sections = list(verified.sections)
    if options.applications is not None:
        sections += options.applications(verified, report)
    print("\n\n".join(section.markdown() for section in sections))
    if options.json is not None:
        text = json.dumps(table.as_json(sections), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")


def _reporter() -> Report:
    """Prints what was done with the seconds since the start, on stderr."""
    start = time.monotonic()

    def report(message: str) -> None:
        print(f"{time.monotonic() - start:5.0f} s  {message}", file=sys.stderr, flush=True)

    return report
