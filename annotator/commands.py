"""The `annotations` commands: look at, check, import and export what people wrote."""

import argparse
import json
from pathlib import Path
from typing import Any

from annotator import tables


def add_commands(commands: Any) -> None:
    """Add the commands to an argparse sub-parser collection."""
    top = commands.add_parser("annotations", help="measure, check, import and export annotations")
    actions = top.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="find units that do not have exactly three sentences")
    check.add_argument("file", type=Path, metavar="FILE.csv")
    check.add_argument("--expected", type=int, default=3, help="sentences a unit (default: 3)")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> None:
    report = tables.check(tables.read(options.file), expected=options.expected)
    if options.json:
        print(json.dumps(report.as_json()))
        return
    print(report.as_text())
