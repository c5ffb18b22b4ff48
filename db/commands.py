"""Commands about the workspace itself: `users`, `backup`, `restore`, `check`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from db import backup
from db.access import users
from db.errors import BadInput
from db.workspace import Workspace, create, open_database

DEFAULT_WORKSPACE = Path("workspace")


def add_commands(commands: Any) -> None:
    """Add the commands to an argparse sub-parser collection."""
    accounts = commands.add_parser("users", help="add, list or close accounts, give new passwords")
    actions = accounts.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make an account and print its password once")
    add.add_argument("name")
    add.add_argument("--role", choices=users.ROLES, default="annotator")
    add_workspace_option(add)
    add.set_defaults(run=_add_user)
    every = actions.add_parser("list", help="list the accounts")
    add_workspace_option(every)
    every.set_defaults(run=_list_users)
    remove = actions.add_parser("remove", help="close an account; what it wrote stays")
    remove.add_argument("name")
    add_workspace_option(remove)
    remove.set_defaults(run=_remove_user)

    for action, run, said in (
        ("password", _new_password, "give an account a new password and print it once"),
        ("reopen", _reopen_user, "give a removed account back to the same person"),
    ):
        again = actions.add_parser(action, help=said)
        again.add_argument("name")
        add_workspace_option(again)
        again.set_defaults(run=run)

    save = commands.add_parser("backup", help="write the workspace to one file")
    save.add_argument("file", type=Path, metavar="FILE")
    add_workspace_option(save)
    save.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="unpack a backup into a new workspace")
    restore.add_argument("file", type=Path, metavar="FILE")
    add_workspace_option(restore)
    restore.set_defaults(run=_restore)
    check = commands.add_parser("check", help="look for damage in the workspace, changing nothing")
    add_workspace_option(check)
    check.set_defaults(run=_check)


def add_workspace_option(parser: argparse.ArgumentParser) -> None:
    """Add `--workspace DIR`, as every command that opens one spells it."""
    parser.add_argument(
        "--workspace",
        type=Path,
        default=DEFAULT_WORKSPACE,
        metavar="DIR",
        help="the workspace folder (default: %(default)s)",
    )


def say(sentence: str) -> None:
    """Tell a person what is no part of a command's output, such as how a file was read."""
    if sentence:
        print(sentence, file=sys.stderr)


def _add_user(options: argparse.Namespace) -> None:
    password = users.new_password()
    with open_database(create(options.workspace)) as db:
        user = users.add(db, options.name, options.role, password=password)
    print(f"{user.name} ({user.role})  password: {password}")


def _list_users(options: argparse.Namespace) -> None:
    with open_database(create(options.workspace)) as db:
        for user in users.every(db):
            print(f"{user.name}\t{user.role}\t{user.kind}\t{user.created_utc}")


def _remove_user(options: argparse.Namespace) -> None:
    with open_database(create(options.workspace)) as db:
        free = users.remove(db, options.name)
    left = "the name is free" if free else "what was written stays under the name"
    print(f"{options.name} can no longer sign in; {left}")


def _new_password(options: argparse.Namespace) -> None:
    password = users.new_password()
    with open_database(create(options.workspace)) as db:
        user = users.set_password(db, options.name, password)
    print(f"{user.name} ({user.role})  password: {password}; its sessions have ended")


def _reopen_user(options: argparse.Namespace) -> None:
    password = users.new_password()
    with open_database(create(options.workspace)) as db:
        user = users.reopen(db, options.name, password=password)
    print(f"{user.name} ({user.role})  password: {password}")


def _backup(options: argparse.Namespace) -> None:
    backup.write(create(options.workspace), options.file)
    print(f"wrote {options.file} ({options.file.stat().st_size / 1e6:.1f} MB)")


def _restore(options: argparse.Namespace) -> None:
    workspace = backup.restore(options.file, options.workspace)
    print(f"restored into {workspace.path}")


def _check(options: argparse.Namespace) -> None:
    workspace = Workspace(options.workspace.expanduser().resolve())
    found = backup.damages(workspace)
    if not found:
        print(f"{workspace.path}: nothing is wrong")
        return
    copies = sorted(workspace.backups.glob("*.db"), key=lambda path: path.stat().st_mtime)
    for sentence in found:
        print(sentence)
    if copies:
        print(
            f"The newest copy of the database is {copies[-1]}. Stop the app, move "
            f"{workspace.database} and its -wal and -shm files away, and copy it to their place."
        )
    else:
        print("There is no copy in the workspace; `restore` unpacks a backup into a new one.")
    raise BadInput(f"expected a sound workspace, found {len(found)} damage(s) in {workspace.path}")
