"""The command `demo verify`: the demo against its planted truth, and what editing gains on it."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.errors import BadInput
from describer.demo.commands import reporter

if TYPE_CHECKING:
    from describer.demo.checks.table import Section


def add_command(steps: Any) -> None:
    """Add `verify` to the sub-parser collection of `demo`."""
    command = steps.add_parser(
        "verify",
        help="measure the shipped demo against the planted truth",
        description="Measure descriptions, faces, editing and unit importance on the demo world.",
    )
    command.add_argument("--json", type=Path, metavar="FILE", help="write the tables here as well")
    command.add_argument(
        "--beam-size", type=int, default=50, metavar="N", help="of the descriptions (default: 50)"
    )
    command.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="draw the exemplars of units that have a face attribute by the truth here",
    )
    command.add_argument(
        "--part",
        choices=("all", "methods", "models"),
        default="all",
        help="all; the shipped sentences of every method side by side; or the demo's own models",
    )
    command.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> None:
    from describer.demo.checks import methods, own_models, table

    report = reporter()
    if options.part == "methods":
        sections = [methods.table(methods.profiles(report=report))]
    elif options.part == "models":
        sections = [own_models.table(report=report)]
    else:
        sections = _everything(options, report)
    print("\n\n".join(section.markdown() for section in sections))
    if options.json is not None:
        text = json.dumps(table.as_json(sections), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")


def _everything(options: argparse.Namespace, report: Callable[[str], None]) -> "list[Section]":
    from audits.demo import importance
    from describer.demo.checks import faces, methods, own_models, verify

    if options.beam_size < 1:
        raise BadInput(f"expected a beam size of at least 1, got {options.beam_size}")
    verified = verify.verify(report=report, beam_size=options.beam_size)
    if options.pictures is not None:
        report(f"{faces.write(verified.cases, options.pictures)} drawn")
    known = {
        one.recipe.name: dict(zip(one.units, one.profiles, strict=True)) for one in verified.cases
    }
    return [
        *verified.sections,
        methods.table(known),
        own_models.table(report=report),
        *importance.applications(verified, report),
    ]
