"""The command `models`: what each method's steps can use here, and whether a model works."""

import argparse
from pathlib import Path
from typing import Any

from db.commands import DEFAULT_WORKSPACE, add_workspace_option
from db.errors import BadInput
from db.workspace import Workspace


def add_command(commands: Any) -> None:
    """Add the command to an argparse sub-parser collection."""
    models = commands.add_parser(
        "models",
        help="what each method can use here, what is missing and how to get it",
        description="List the models of the workspace by what they do, what is missing, and the "
        "command that gets it where there is internet; or try one.",
    )
    models.add_argument("action", nargs="?", choices=("list", "check"), default="list")
    models.add_argument("name", nargs="?", metavar="NAME", help="a folder, or endpoint:NAME")
    models.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    add_workspace_option(models)
    models.set_defaults(run=_models)


def add_folder_option(parser: Any) -> None:
    """Add `--models DIR`: where a command's method finds its models."""
    parser.add_argument(
        "--models",
        type=Path,
        default=Workspace(DEFAULT_WORKSPACE).models,
        metavar="DIR",
        help="folder of models (default: %(default)s)",
    )


def _models(options: argparse.Namespace) -> None:
    from describer.methods.models import inventory
    from describer.subjects import devices

    folder = Workspace(options.workspace.expanduser().resolve()).models
    if (options.action == "check") != bool(options.name):
        raise BadInput("expected `models list`, or `models check NAME`")
    if options.name:
        print(inventory.check(options.name, folder, device=devices.choose(options.device)))
        return
    for line in inventory.lines(folder):
        print(line)
