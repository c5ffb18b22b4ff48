"""The command `spurious`: MILAN's experiment of Section 7 on any labelled folder of images."""

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audits.ablation import result as ablation_summary
from audits.ablation.result import Summary
from audits.ablation.wording import rows
from audits.spurious import plan
from audits.spurious.plan import SMALL, Settings
from audits.spurious.result import Result
from audits.spurious.writing import CORNERS
from db import jobs
from db.audit import ablations
from db.commands import add_workspace_option
from db.errors import BadInput, Cancelled
from db.jobs import Watch
from db.workspace import Workspace, create, open_database
from describer.images.packed import absolute
from describer.progress_bar import Bar


def add_command(commands: Any) -> None:
    """Add the command to an argparse sub-parser collection."""
    ours = Settings("", "")
    command = commands.add_parser(
        "spurious",
        help="teach a network to read, then remove the units that do (MILAN, Section 7)",
        description="Write class names on a share of labelled images, train a network on them, "
        "describe its units, ablate those described with text, word or letter, and measure it on "
        "test images with random words, beside random units. Stopped, the same command goes on.",
    )
    command.add_argument("images", type=Path, metavar="IMAGES", help="class/file")
    add_workspace_option(command)
    command.add_argument("--name", default="", help="of the experiment (default: of the folder)")
    command.add_argument(
        "--test", type=Path, metavar="IMAGES", help="to test on (default: some are held back)"
    )
    command.add_argument(
        "--network",
        default=SMALL,
        metavar="NAME",
        help="small, a torchvision network, or a SUBJECT.toml (default: small)",
    )
    command.add_argument("--size", type=int, default=ours.size, help="of the images, in pixels")
    command.add_argument(
        "--share", type=float, default=ours.share, help="of training images with their word"
    )
    command.add_argument("--corner", choices=CORNERS, default=ours.corner)
    command.add_argument(
        "--height", type=float, default=ours.height, help="of letters, as a share of the image"
    )
    command.add_argument("--font", default="", metavar="FILE.ttf")
    command.add_argument("--validation-share", type=float, default=ours.validation_share)
    command.add_argument("--test-share", type=float, default=ours.test_share)
    command.add_argument("--milan", default=ours.checkpoint, metavar="CHECKPOINT")
    command.add_argument("--beam-size", type=int, default=ours.beam_size, metavar="N")
    command.add_argument("--learning-rate", type=float, default=ours.learning_rate)
    command.add_argument("--batch-size", type=int, default=ours.batch_size, metavar="N")
    command.add_argument("--patience", type=int, default=ours.patience, metavar="N")
    command.add_argument("--epochs", type=int, default=ours.max_epochs, metavar="N", help="at most")
    command.add_argument("--controls", type=int, default=ours.controls, metavar="N")
    command.add_argument(
        "--no-sort-all", action="store_true", help="do not sort all units (quicker)"
    )
    command.add_argument("--seed", type=int, default=ours.seed, metavar="N")
    command.add_argument("--out", type=Path, metavar="DIR", help="result.html and result.json")
    command.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    command.set_defaults(run=_spurious)


def _spurious(options: argparse.Namespace) -> None:
    workspace = create(options.workspace)
    images = str(absolute(options.images))
    network = options.network
    if network.endswith(".toml"):
        network = str(Path(network).expanduser().resolve())
    settings = Settings(
        options.name or f"{options.images.resolve().name}-text",
        images,
        str(absolute(options.test)) if options.test else "",
        network,
        options.size,
        options.share,
        options.corner,
        options.height,
        options.font,
        options.validation_share,
        options.test_share,
        options.milan,
        beam_size=options.beam_size,
        learning_rate=options.learning_rate,
        batch_size=options.batch_size,
        patience=options.patience,
        max_epochs=options.epochs,
        controls=options.controls,
        sort_all=not options.no_sort_all,
        seed=options.seed,
    )
    with open_database(workspace) as db:
        # One that was killed before is no longer running.
        jobs.mark_stale(db)
        job_id = plan.enqueue(db, settings, device=options.device, person="command line")
    job = _run(workspace, job_id)
    if job.state != "done":
        raise BadInput(f"the experiment {settings.name} is {job.state}: {job.message}")
    found = Result.from_json(job.result)
    with open_database(workspace) as db:
        ids = [choice.ablation_id for choice in found.choices]
        summaries = {each: ablation_summary.of(ablations.get(db, each)) for each in ids}
    _print(found, summaries)
    if options.out is not None:
        _write(workspace, found, summaries, options.out)
        print(f"with curves, tables and units: {options.out / 'result.html'}")


def _run(workspace: Workspace, job_id: int) -> jobs.Job:
    """Run the job here, or wait for the worker that has it already."""
    with Bar() as bar:

        def run(handle: jobs.Handle) -> dict[str, Any]:
            from audits.spurious import experiment
            from describer.subjects import devices

            def tell(done: int, total: int, message: str) -> None:
                handle.watch.progress(done, total, message)
                bar(done, total, message)

            try:
                return experiment.run(
                    workspace,
                    Settings(**handle.job.args),
                    Watch(tell, handle.watch.cancelled),
                    device=devices.choose(handle.job.device),
                    person=handle.job.person,
                    job_id=job_id,
                ).to_json()
            except KeyboardInterrupt as interrupt:
                raise Cancelled("interrupted") from interrupt

        while True:
            jobs.run_next(workspace, {plan.KIND: run}, only=job_id)
            with open_database(workspace) as db:
                job = jobs.get(db, job_id)
            if job.state not in ("queued", "running"):
                return job
            bar(job.done, job.total, f"another worker: {job.message}")
            time.sleep(1)


def _print(found: Result, summaries: Mapping[int, Summary | None]) -> None:
    told = found.agreement
    print(f"clean test: {found.clean:.1%} of {found.images['clean']} images")
    print(f"adversarial test: {found.adversarial:.1%}")
    print(
        f"units: {sum(found.units.values())}, of which described with text, word or letter "
        f"{told.described}, with masks on words {told.on_words}, both {told.both}"
    )
    for choice in found.choices:
        summary = summaries[choice.ablation_id]
        if summary is None:
            continue
        for name, value in rows(summary):
            print(f"by {choice.by}: {name}: {value}")
        for which, point, clean in (
            ("chosen", summary.chosen, choice.clean.chosen),
            ("best", summary.best, choice.clean.best),
        ):
            if point is not None:
                print(
                    f"by {choice.by}: clean test without {point.n_ablated} units ({which}): "
                    f"{clean:.1%}"
                )


def _write(
    workspace: Workspace, found: Result, summaries: Mapping[int, Summary | None], out: Path
) -> None:
    from audits.spurious import page

    with open_database(workspace) as db:
        experiments = {
            each: (ablations.get(db, each), ablations.curve(db, each)) for each in summaries
        }
    folder = plan.folder_of(workspace, found.name) / "images"
    out.mkdir(parents=True, exist_ok=True)
    html = page.page(found, {name: folder / name for name in plan.SETS}, experiments)
    (out / "result.html").write_text(html, encoding="utf-8")
    values = {
        **found.to_json(),
        "ablations": {str(key): summary.to_json() for key, summary in summaries.items() if summary},
    }
    text = json.dumps(values, indent=1, sort_keys=True)
    (out / "result.json").write_text(text + "\n", encoding="utf-8")
