"""The commands of audits: `audit`, from described units and keywords to a curve with controls and
the edited network; `report`, from a workspace's verdicts and experiments to one page; `verify` of
one; and those of audits/site/, spurious/, papers/ and demo/commands.py: `export-site`, `spurious`,
`compare` and `demo verify`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.demo import commands as demo_commands
from audits.papers import commands as paper_commands
from audits.site import commands as site_commands
from audits.spurious import commands as spurious_commands
from db import unit_tables
from db.commands import add_workspace_option, say
from db.jobs import Watch
from describer.progress_bar import Bar

if TYPE_CHECKING:
    from audits.ablation.standalone import Audited


def add_commands(commands: Any, *, demo: Any = None) -> None:
    """Add the commands to an argparse sub-parser collection.

    Args:
        demo: the sub-parser collection of `demo`, which gets `verify`.
    """
    _add_audit(commands)
    _add_report(commands)
    _add_verify(commands)
    site_commands.add_command(commands)
    spurious_commands.add_command(commands)
    paper_commands.add_command(commands)
    if demo is not None:
        demo_commands.add_command(demo)


def _add_audit(commands: Any) -> None:
    command = commands.add_parser(
        "audit",
        help="ablate the units whose descriptions match, and measure accuracy beside controls",
        description="Ablate the units whose descriptions hold a keyword, least important first, "
        "and measure accuracy beside random units of the same layers.",
    )
    command.add_argument("subject", type=Path, metavar="SUBJECT.toml")
    command.add_argument("images", type=Path, metavar="IMAGES", help="test images: class/file")
    command.add_argument("--descriptions", type=Path, required=True, metavar="FILE.csv")
    command.add_argument(
        "--keywords",
        nargs="+",
        required=True,
        metavar="WORD",
        help="whole words, in any form: any WORD, each +WORD, no -WORD; preset:face and "
        "preset:text stand for MILAN's lists",
    )
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.add_argument(
        "--validation",
        type=Path,
        metavar="IMAGES",
        help="images that units are ordered and counted on (default: the test images)",
    )
    command.add_argument("--controls", type=int, default=5, metavar="N", help="random draws")
    command.add_argument("--max-units", type=int, metavar="N", help="ablate at most so many")
    command.add_argument("--rule", choices=("zero", "mean"), default="zero")
    command.add_argument(
        "--order",
        choices=("likelihood", "accuracy"),
        default="likelihood",
        help="least important first, by the likelihood of the right class without a unit "
        "(default), or by accuracy, as in the paper: equal units in random order, averaged",
    )
    command.add_argument(
        "--tie-orders",
        type=int,
        default=10,
        metavar="N",
        help="with --order accuracy: how many random orders of equal units (default: 10)",
    )
    command.add_argument("--seed", type=int, default=0, metavar="N", help="of the random draws")
    command.add_argument(
        "--class-index",
        type=Path,
        metavar="FILE.json",
        help="the network's output for each image folder, when folders are not named as classes",
    )
    command.add_argument(
        "--export",
        type=Path,
        metavar="DIR",
        help="write the network without the units chosen on validation (without validation: all)",
    )
    command.add_argument("--batch-size", type=int, default=32, metavar="N")
    command.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    command.set_defaults(run=_audit)


def _add_report(commands: Any) -> None:
    command = commands.add_parser(
        "report",
        help="write what was audited as one page, for the screen and for paper",
        description="Write one self-contained page about a concept: networks and data with their "
        "hashes, filters, people, verdicts with pictures, curves with controls, what was not "
        "examined, and limits. Two runs over the same data write the same bytes.",
    )
    add_workspace_option(command)
    command.add_argument("--concept", required=True, help="what verdicts were given about")
    command.add_argument("--subject", nargs="*", default=[], metavar="NAME", help="default: all")
    command.add_argument(
        "--purpose", default="", help="why the audit was made, in a sentence; it is kept"
    )
    command.add_argument("--out", type=Path, required=True, metavar="FILE.html")
    command.add_argument("--json", type=Path, metavar="FILE.json", help="the same as JSON")
    command.set_defaults(run=_report)


def _add_verify(commands: Any) -> None:
    command = commands.add_parser(
        "verify",
        help="check a report that somebody handed over, and measure its numbers again",
        description="Check the signature of a report and every line of it; with its network and "
        "images, measure its ablations again. Exits with 1 when something is not as it was.",
    )
    command.add_argument("report", type=Path, metavar="REPORT", help="its JSON, or its page")
    command.add_argument("--key", default="", help="the public key that it should be signed with")
    command.add_argument("--network", type=Path, metavar="SUBJECT.toml")
    command.add_argument(
        "--images",
        nargs="+",
        default=[],
        metavar="NAME=FOLDER",
        help="the folders of the images, by the names that the report calls them",
    )
    command.add_argument("--device", default="cpu", help="auto, cpu, cuda or cuda:N")
    command.set_defaults(run=_verify)


def words_kept(arguments: Sequence[str]) -> list[str]:
    """Arguments in which `-word` after --keywords is a word: argparse takes it for an option.

    What begins with a space is none to it, and keywords are stripped when they are read.

    >>> words_kept(["audit", "--keywords", "red", "-blue", "--out", "-x"])
    ['audit', '--keywords', 'red', ' -blue', '--out', '-x']
    """
    kept, inside = [], False
    for each in arguments:
        if each.startswith("--"):
            inside = each == "--keywords"
        word = inside and each.startswith("-") and each not in ("-", "-h", "--keywords")
        kept.append(f" {each}" if word else each)
    return kept


def _audit(options: argparse.Namespace) -> None:
    from audits.ablation.plan import How
    from audits.ablation.standalone import Files, audit
    from audits.ablation.summary import summarised
    from audits.ablation.wording import count_of, finding, rows
    from audits.edit.export import check_free
    from audits.network import assignment
    from audits.network.label_table import understood_beside
    from describer.subjects import devices

    if options.export is not None:
        check_free(options.export)
    descriptions = unit_tables.read(options.descriptions, several=True)
    say(descriptions.understood)
    for folder in (options.images, options.validation):
        say(understood_beside(folder) if folder is not None else "")
    given = Files(
        options.subject,
        options.images,
        descriptions,
        options.validation,
        options.class_index,
        options.batch_size,
    )
    how = How(
        options.rule,
        options.controls,
        options.seed,
        sort_all=True,
        order=options.order,
        max_units=options.max_units,
        tie_orders=options.tie_orders,
    )
    device = devices.choose(options.device)
    with Bar() as bar:
        found = audit(given, options.keywords, how, Watch(bar), device=device)
    found.write(options.out)
    for note in found.provenance["notes"]:
        print(note if note.startswith("warning: ") else f"note: {note}", file=sys.stderr)
    for line in assignment.table(found.test.assigned) if found.test.assigned else ():
        print(line)
    summary = summarised(found.measured)
    for name, value in rows(summary):
        print(f"{name}: {value}")
    said = finding(summary, found.measured.drawn(count_of(summary)))
    print(f"{said.sentence}\n{said.test}")
    for one in found.skipped:
        print(f"skipped {one.path}: {one.reason}", file=sys.stderr)
    for warning in found.measured.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(
        f"{len(found.measured.order)} of {len(found.matched)} matching units ablated; see "
        f"{options.out}"
    )
    if options.export is not None:
        _export(found, options.export)


def _export(found: "Audited", folder: Path) -> None:
    """Write the network without the units that were chosen, without validation all."""
    from audits.ablation.summary import summarised
    from audits.ablation.wording import rows
    from audits.edit.export import About, export

    measured = found.measured
    removed = measured.order[: (measured.chosen or measured.end).n_ablated]
    if not removed:
        print("nothing to export: on validation, no count keeps the accuracy", file=sys.stderr)
        return
    descriptions = {unit: text for unit, (text, _) in found.matched.items()}
    written = export(
        folder,
        found.network,
        removed,
        found.test,
        ablated=found.evaluator,
        about=About(descriptions, rows(summarised(measured)), measured.warnings),
    )
    how = "weights changed" if written.way == "weights" else f"with a wrapper: {written.reason}"
    print(
        f"exported without {len(removed)} units to {written.folder} ({how}); read back, it "
        f"predicts as the ablated one on each of {written.images} test images"
    )


def _verify(options: argparse.Namespace) -> None:
    from audits.report import verify
    from db.errors import BadInput
    from db.jobs import Watch

    folders = dict(each.partition("=")[::2] for each in options.images)
    if not all(folders.values()):
        raise BadInput(f"expected --images as NAME=FOLDER, got {' '.join(options.images)}")
    if bool(folders) != bool(options.network):
        raise BadInput("expected --network and --images together")
    found = verify.verify(options.report, public_key=options.key)
    print(f"signed with the key {found.public_key}")
    wrong = len(found.changed)
    for sentence in found.changed[: verify.KEPT]:
        print(sentence)
    if not wrong:
        print("every line is as it was signed")
    if options.network:
        images = {name: Path(folder).expanduser() for name, folder in folders.items()}
        for each in verify.again(found, options.network, images, Watch(), device=options.device):
            wrong += len(each.differences)
            print(
                f"ablation {each.number}: {each.points} accuracies measured again, "
                f"{len(each.differences)} differ" + (f"; {each.left_out}" if each.left_out else "")
            )
            for sentence in each.differences[: verify.KEPT]:
                print(f"  {sentence}")
    if wrong:
        raise BadInput(f"expected a report as it was made, found {wrong} that is otherwise")


def _report(options: argparse.Namespace) -> None:
    from audits.report import gather
    from db.workspace import create, open_database

    workspace = create(options.workspace)
    with open_database(workspace) as db:
        gather.state_purpose(db, options.concept, options.purpose, person="command line")
        found = gather.gather(db, concept=options.concept, subject_names=options.subject)
    gather.write(workspace, found, html=options.out, json_file=options.json)
    print(
        f"{len(found.units)} units, {len(found.values['experiments'])} experiments: {options.out}"
    )
