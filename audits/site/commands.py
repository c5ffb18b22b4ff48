"""The command `export-site`: chosen networks as a folder of pages that need no server."""

import argparse
from pathlib import Path
from typing import Any

from db.commands import add_workspace_option
from db.jobs import Watch
from describer.progress_bar import Bar


def add_command(commands: Any) -> None:
    """Add the command to an argparse sub-parser collection."""
    command = commands.add_parser(
        "export-site",
        help="write networks, units, sentences and ablations as a folder of static pages",
        description="Write a folder of pages to hand to a reviewer or to put beside a paper: no "
        "server, no internet, no names of people. Two runs over the same data write the same "
        "bytes. An earlier site in the folder is replaced, anything else there is refused.",
    )
    command.add_argument("folder", type=Path, metavar="DIR")
    add_workspace_option(command)
    command.add_argument("--subject", nargs="+", default=[], metavar="NAME", help="default: all")
    command.add_argument(
        "--units", nargs="+", default=[], metavar="NETWORK/LAYER/UNIT", help="default: all"
    )
    command.add_argument(
        "--named-reports",
        action="store_true",
        help="include the reports on these networks, which name their reviewers",
    )
    command.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> None:
    from audits.site import contents, writing
    from db.workspace import create, open_database, snapshot

    workspace = create(options.workspace)
    # Before anything is read, which takes a while.
    writing.check_free(workspace, options.folder)
    with open_database(workspace) as db, snapshot(db):
        found = contents.gather(
            workspace,
            db,
            options.subject,
            units=options.units,
            named_reports=options.named_reports,
        )
    with Bar() as bar:
        files = writing.write(workspace, found, options.folder, Watch(bar))
    units = sum(len(layer.units) for layer in found.layers)
    print(
        f"{len(found.networks)} networks, {units} units, {len(found.experiments)} ablations in "
        f"{files} files: open {options.folder / 'index.html'}"
    )
    if found.reports_left:
        print(f"{found.reports_left} reports left out: they name their reviewers")
