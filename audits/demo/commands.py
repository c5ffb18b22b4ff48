"""The command `demo verify`: the demo against its planted truth, and what editing gains on it."""

import argparse
import json
from pathlib import Path
from typing import Any

from db.errors import BadInput
from describer.demo.commands import reporter


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
    command.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> None:
    from audits.demo import importance
    from describer.demo.checks import faces, table, verify

    if options.beam_size < 1:
        raise BadInput(f"expected a beam size of at least 1, got {options.beam_size}")
    report = reporter()
    verified = verify.verify(report=report, beam_size=options.beam_size)
    if options.pictures is not None:
        report(f"{faces.write(verified.cases, options.pictures)} drawn")
    sections = [*verified.sections, *importance.applications(verified, report)]
    print("\n\n".join(section.markdown() for section in sections))
    if options.json is not None:
        text = json.dumps(table.as_json(sections), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
