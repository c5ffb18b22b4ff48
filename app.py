"""MILAN Workbench: settings, the command line, and the app put together from its three tabs.

    python app.py                       the app; it prints the address to open
    python app.py COMMAND --help        exemplars, describe, train, audit, annotations, …

This is the only module that knows every package. Machine-learning libraries are imported by the
commands and jobs that need them, so that the page answers within seconds.
"""

import argparse
import functools
import importlib
import os
import secrets
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotator import commands as annotator_commands
from audits import commands as audit_commands
from db import backup, jobs, scratch
from db import commands as workspace_commands
from db.access import addresses, downloads, entrance, server, sessions, users
from db.access.gate import App
from db.access.permissions import Doors
from db.annotate import campaigns
from db.commands import add_workspace_option
from db.crowd import webhook
from db.crowd.doorway import Doorway
from db.describe import exemplars
from db.design import page as design
from db.design import tokens
from db.errors import WorkbenchError
from db.workspace import Workspace, create, open_database
from describer import commands as describer_commands
from describer import english
from describer.demo import commands as demo_commands
from describer.similarity import bertscore
from describer.subjects import devices

if TYPE_CHECKING:
    import gradio as gr

ROOT = Path(__file__).resolve().parent
# Where the function of each kind of job is.
JOBS = {
    "describe": "describer.describe.job",
    "ablate": "audits.ablation.job",
    "export": "audits.edit.job",
    "importance": "audits.studies.job_importance",
    "uses": "audits.studies.job_uses",
    "faithfulness": "audits.studies.job_faithfulness",
    "spurious": "audits.spurious.job",
    "agreement": "annotator.agreement.job",
    "statistics": "annotator.corpus.job",
    "answers": "annotator.exchange.job",
    "retrain": "describer.retraining.job",
}


@dataclass(frozen=True)
class Settings:
    """What the command line and the environment say; everything else receives plain values."""

    workspace: Path
    host: str
    port: int
    share: bool
    device: str
    demo: bool
    token: bool = True
    public: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()

    @property
    def login(self) -> bool:
        """Whether people must sign in: whenever somebody at another machine could reach the app."""
        beyond = self.share or self.public or self.proxies
        return bool(beyond) or not addresses.is_loopback(self.host)

    def way(self) -> entrance.Way:
        """How people come in.

        Raises:
            BadInput: a public address or a proxy is none.
        """

        def show(key: str) -> None:
            print(f"open {shown}/?token={key} for another browser", flush=True)

        shown = addresses.shown(self.host, self.port)
        public = {addresses.origin(address) for address in self.public}
        return entrance.Way(
            addresses.Names(local=not self.login, public=public),
            port=self.port,
            login=self.login,
            key=sessions.Key(show) if self.token and not self.login else None,
            proxies=tuple(addresses.network(address) for address in self.proxies),
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, or the app when none is named; returns the exit status."""
    # Before torch is loaded: its threads sleep while they wait for each other. By default they
    # spin, and on a machine that does other things as well they mostly hinder each other.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(audit_commands.words_kept(given))
    if options.run is not serve:
        devices.keep_freed()
    try:
        options.run(options)
    except WorkbenchError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="milan-workbench", description="Describe, check and edit the neurons of your network."
    )
    _add_app_options(top)
    top.set_defaults(run=serve)
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    describer_commands.add_commands(commands)
    demo = demo_commands.add_commands(commands)
    audit_commands.add_commands(commands, demo=demo)
    annotator_commands.add_commands(
        commands,
        english=english.load,
        scorers=bertscore,
        exemplars_of=_exemplars_of,
        enter_pictures=_enter_pictures,
    )
    workspace_commands.add_commands(commands)
    work = commands.add_parser("work", help="run the workspace's queued jobs, then end")
    work.add_argument("--workspace", type=Path, required=True)
    work.set_defaults(run=_work)
    return top


def serve(options: argparse.Namespace) -> None:
    """Start the app and keep answering until it is interrupted."""
    settings = Settings(
        options.workspace,
        options.host,
        options.port,
        options.share,
        options.device,
        demo=not options.no_demo,
        token=not options.no_token,
        public=tuple(options.public_url),
        proxies=tuple(options.proxy),
    )
    way = settings.way()
    addresses.check(settings.host, settings.port)
    # What "auto" is, the worker finds out; a name is wrong now rather than at the first job.
    if settings.device != "auto":
        devices.choose(settings.device)
    # Answers, accounts and exports are the owner's alone, the page framework's copies too.
    os.umask(0o077)
    workspace = create(settings.workspace)
    downloads.forget_all(workspace)
    with open_database(workspace) as db:
        interrupted = jobs.mark_stale(db)
    _keep_files_in(workspace)
    # Beside the demo's own processes, or the page waits for both in turn.
    threading.Thread(target=_load_pages, daemon=True).start()
    if settings.demo:
        _open_demo(workspace)
    if interrupted:
        print(f"{interrupted} job(s) were interrupted; the Describe tab resumes them")
    if settings.login:
        announce_accounts(workspace)
    demo = build(workspace, login=settings.login, device=settings.device)
    print(f"workspace {workspace.path}", flush=True)

    def ready() -> None:
        threading.Thread(target=_keep_daily, args=(workspace,), daemon=True).start()
        threading.Thread(target=_keep_alert, args=(workspace,), daemon=True).start()
        if settings.share:
            threading.Thread(target=_share, args=(settings, way.names), daemon=True).start()
        shown = addresses.shown(settings.host, settings.port)
        address = f"{shown}/?token={way.key.text}" if way.key else shown
        print(f"open {address} in a browser; Ctrl+C stops the app", flush=True)
        if not settings.login and not way.key:
            print("--no-token: everybody with an account on this machine has your rights here")

    # While one connection stays open, closing a handler's does not empty the write-ahead log.
    with open_database(workspace):
        server.Server(
            web(demo, workspace, way),
            settings.host,
            settings.port,
            ready=ready,
            ending=lambda: close(demo),
        ).run()


def build(workspace: Workspace, *, login: bool, device: str = "auto") -> "gr.Blocks":
    """Put the pages together; `web` makes the web app of them."""
    _keep_files_in(workspace)
    _load_pages()
    import gradio as gr

    import annotator.tab
    import audits.tab
    import describer.tab
    from describer.describe import page

    doors = Doors(workspace, login, _refusal)
    command = [sys.executable, str(ROOT / "app.py"), "work", "--workspace", str(workspace.path)]
    wake = jobs.waker(workspace, command)

    demo: gr.Blocks
    with gr.Blocks(title="MILAN Workbench", analytics_enabled=False) as demo:
        header = gr.HTML(elem_id="header")
        guide = gr.HTML(elem_id="help")
        with gr.Tabs() as tabs:
            with gr.Tab("Annotate", id="annotate"):
                annotator.tab.build(doors, demo, wake=wake, scorers=bertscore)
            with gr.Tab("Describe", id="describe", visible=not login) as describe_tab:
                describer.tab.build(doors, demo, wake=wake, device=device)
            with gr.Tab("Audit", id="audit", visible=not login) as audit_tab:
                audits.tab.build(doors, demo, wake=wake, device=device, tab=audit_tab)

        @doors.allow(*users.EVERYBODY)
        def arrive(request: gr.Request) -> tuple[Any, ...]:
            role = doors.person(request).role
            staff = role in users.STAFF
            asked = request.query_params.get("tab", "")
            if not asked and "unit" in request.query_params:
                asked = "describe"
            tabs_of = ("describe", "annotate", "audit") if staff else ("annotate",)
            return (
                gr.Tabs(selected=asked if asked in tabs_of else tabs_of[0]),
                gr.Tab(visible=staff),
                gr.Tab(visible=staff),
                gr.Timer(active=staff),
                page.help_(role),
            )

        @doors.allow(*users.EVERYBODY)
        def refresh(request: gr.Request) -> str:
            with open_database(workspace) as db:
                newest = jobs.latest(db, limit=5)
            return page.header(newest, workspace.path.name, doors.person(request))

        # Only staff see jobs run, so that annotators' pages are silent while they think.
        timer = gr.Timer(5, active=False)
        opened = [tabs, describe_tab, audit_tab, timer, guide]
        demo.load(arrive, None, opened, show_progress="hidden")
        demo.load(refresh, None, header, show_progress="hidden")
        timer.tick(refresh, None, header, queue=False, show_progress="hidden")
    demo.queue(default_concurrency_limit=32, max_size=300)
    return demo


def _load_pages() -> None:
    """Load the page framework and what is built with it."""
    # Read when Blocks are made: keeps a summary of all past events from being rebuilt at every one.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
    for package in ("annotator", "describer", "audits"):
        importlib.import_module(f"{package}.tab")


def web(demo: "gr.Blocks", workspace: Workspace, way: entrance.Way) -> App:
    """The web app: gate and entrance, then the addresses of our own, then the page framework."""
    import gradio as gr
    from fastapi import FastAPI
    from starlette.routing import BaseRoute, Route

    import annotator.tab
    import annotator.work.illustrations
    import audits.tab
    import describer.tab
    from audits.find import route
    from describer.describe import origin, page

    def person(request: Any) -> str | None:
        """Whom the entrance let in."""
        name: str | None = request.scope.get("person")
        return name

    routes: list[BaseRoute] = [
        Route(
            "/pictures/{unit_id:int}/{picture}.jpg",
            downloads.pictures(workspace, origin.picture_of),
        ),
        Route("/examples/{name}.jpg", annotator.work.illustrations.respond),
        Route("/reports/{name}", downloads.reports(workspace)),
        Route("/verdicts", route.verdicts(workspace), methods=["POST"]),
        Route("/parts", design.respond()),
    ]
    demo.state_session_capacity = 500
    whole = gr.mount_gradio_app(
        FastAPI(routes=routes, openapi_url=None),
        demo,
        "/",
        auth_dependency=person,
        head="".join(tab.HEAD for tab in (annotator.tab, describer.tab, audits.tab)),
        # The shared parts last: a page may add to them, not change them.
        css=page.CSS + audits.tab.CSS + design.CSS,
        theme=_theme(),
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        show_error=False,
        max_file_size="1mb",
        ssr_mode=False,
        mcp_server=False,
    )
    # The framework checks the files that a page names only once this is set.
    demo.has_launched = True
    demo.app = whole.routes[-1].app
    return entrance.guarded(whole, workspace, way, guests=Doorway(workspace))


def _theme() -> Any:
    """The page framework's theme, made of the tokens of all pages; it fetches no font."""
    import gradio as gr

    theme = gr.themes.Base(
        font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )
    return theme.set(**tokens.THEME)


def close(demo: "gr.Blocks") -> None:
    """End the event streams of an app that stops, so that nobody waits for them."""
    demo.is_running = False
    demo.app.stop_event.set()


def _keep_files_in(workspace: Workspace) -> None:
    """Files that are made on the way lie in the workspace, not where others of the machine do."""
    os.environ["GRADIO_TEMP_DIR"] = str(workspace.temporary)
    scratch.keep_in(workspace)


def _keep_daily(workspace: Workspace) -> None:
    """Copy the database once a day while the app runs."""
    while True:
        try:
            backup.keep_daily(workspace)
        except (OSError, sqlite3.Error, WorkbenchError) as error:
            print(f"the daily copy of the database failed: {error}", file=sys.stderr, flush=True)
        time.sleep(3600)


def _keep_alert(workspace: Workspace) -> None:
    """Look for alerts once a minute, and post them where a campaign says."""
    while True:
        time.sleep(60)
        try:
            webhook.deliver(workspace)
        except (sqlite3.Error, WorkbenchError) as error:
            print(f"alerts were not looked for: {error}", file=sys.stderr, flush=True)


def _share(settings: Settings, names: addresses.Names) -> None:
    """Make the public link; without one the app goes on where it answers."""
    from gradio import networking

    try:
        link = networking.setup_tunnel(
            settings.host, settings.port, secrets.token_urlsafe(32), None, None
        )
    # The framework's own errors, of the network, of the program that it gets and runs.
    except Exception as error:
        print(
            f"there is no public link ({error or type(error).__name__}); the app answers on this "
            "machine's address only",
            flush=True,
        )
        return
    names.public.add(addresses.origin(link.replace("http://", "https://")))
    print(f"open {link.replace('http://', 'https://')} from anywhere", flush=True)


def _refusal(sentence: str) -> Exception:
    """What a page shows of an error: as text, because messages are rendered as HTML."""
    import gradio as gr

    return gr.Error(escape(sentence, quote=False), print_exception=False)


def _open_demo(workspace: Workspace) -> None:
    """Make the demo on the first start, telling the terminal what it is at."""
    from annotator.work.guidelines import CONSENT, INSTRUCTIONS
    from describer.demo.opening import open_demo

    def tell(done: int, total: int, message: str) -> None:
        print(f"demo {done + 1}/{total}: {message}", flush=True)

    settings = campaigns.Settings(INSTRUCTIONS, consent=CONSENT)
    if open_demo(workspace, settings=settings, progress=tell):
        print("the demo is ready; `--no-demo` starts without it")


def _work(options: argparse.Namespace) -> None:
    """What the worker process does."""
    if hasattr(os, "nice"):
        os.nice(10)
    runners = {kind: functools.partial(_run, kind) for kind in JOBS}
    workspace = create(options.workspace)
    scratch.keep_in(workspace)
    jobs.work(workspace, runners)


def _run(kind: str, handle: jobs.Handle) -> dict[str, Any]:
    """Run a job. Its libraries are loaded now that it is claimed, so that claiming is quick."""
    runner: Callable[..., dict[str, Any]] = getattr(importlib.import_module(JOBS[kind]), kind)
    # What a kind needs of a package that its own may not import.
    tools: dict[str, tuple[str, Any]] = {
        "statistics": ("english", english.load),
        "agreement": ("scorers", bertscore),
        "answers": ("exemplars_of", _exemplars_of),
    }
    return runner(handle, **dict([tools[kind]] if kind in tools else []))


def _enter_pictures(workspace: Workspace, folder: Path, subject: str) -> int:
    """Pictures for imported sentences; returns of how many layers."""
    from describer import workspace_files

    with open_database(workspace) as db:
        return workspace_files.enter_published(db, workspace, folder, subject=subject)


def _exemplars_of(workspace: Workspace) -> Callable[[str, str, int, str], tuple[Any, Any]]:
    """What the annotations export reads pictures with: images and masks of a unit."""
    from describer.workspace_files import source_of

    def read(subject: str, layer: str, unit: int, hash_: str) -> tuple[Any, Any]:
        with open_database(workspace) as db:
            shown = source_of(workspace, exemplars.unit_of_hash(db, hash_, unit)).unit(layer, unit)
        return shown.images, shown.masks

    return read


def announce_accounts(workspace: Workspace) -> None:
    """Make what is needed to sign in for the first time and print it, once."""
    with open_database(workspace) as db:
        if any(user.role == "admin" for user in users.every(db)):
            print("sign-in is on; `users add NAME --role ROLE` makes accounts")
            return
        print("sign-in is on; these accounts were made now and are not shown again:")
        for role in users.ROLES:
            password = users.new_password()
            users.add(db, role, role, password=password)
            print(f"  {role:<10} {password}")


def _add_app_options(top: argparse.ArgumentParser) -> None:
    add_workspace_option(top)
    top.add_argument("--host", default="127.0.0.1", help="address to answer on")
    top.add_argument("--port", type=int, default=7860)
    top.add_argument("--share", action="store_true", help="make a public link; sign-in is on")
    top.add_argument(
        "--no-token",
        action="store_true",
        help="ask for no key: everybody with an account on this machine has your rights",
    )
    top.add_argument(
        "--public-url",
        action="append",
        default=[],
        metavar="URL",
        help="address that people type, like https://lab.example; sign-in is on",
    )
    top.add_argument(
        "--proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="address or network of a proxy whose X-Forwarded-* headers count; sign-in is on",
    )
    top.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    top.add_argument("--no-demo", action="store_true", help="start without the built-in demo")


if __name__ == "__main__":
    sys.exit(main())
