"""One reader over many damaged files, in a process of its own with limits.

    python -m benchmarks.fuzz.child READER COUNT SEED FOLDER [--guided]

Memory is limited to what the process has after reading the valid file and twice the size of the
damaged one, with room for the interpreter's own pieces; an input takes ten seconds of the process
at most. What the reader writes, runs and opens to write is watched. The result is
FOLDER/result.json; the input that is being read is always the newest in FOLDER.
"""

import base64
import json
import os
import random
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.fuzz.kind import Reader
from benchmarks.fuzz.mutations import SEEDS, mutate
from benchmarks.fuzz.readers import READERS
from db.errors import WorkbenchError

SECONDS = 10
# What threads, allocators and decoders of libraries take at once, whatever the file.
ROOM = 1 << 29
LONGEST_SENTENCE = 2_000
_OURS = ("annotator", "audits", "db", "describer")
_STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect")


class TooSlow(BaseException):
    """An input took longer than it may."""


@dataclass
class Tally:
    """What came of the inputs."""

    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def found(self, what: str, content: bytes, detail: str) -> None:
        """One more finding; the first input of a kind is kept."""
        known = self.findings.setdefault(
            what,
            {"count": 0, "detail": detail[-3000:], "input": base64.b64encode(content).decode()},
        )
        known["count"] += 1


class Watch:
    """What the process does outside its folder; audit hooks cannot be taken away again."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.seen: list[str] = []
        self.on = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on:
            return
        # Arrow files are tried in a process of our own interpreter.
        if event in _STARTS and args[0] != sys.executable:
            self.seen.append(f"{event} {args[:1]!r:.200}")
        if event == "open" and isinstance(args[0], str | bytes):
            flags = args[2] if isinstance(args[2], int) else 0
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not self._inside(args[0]):
                self.seen.append(f"open for writing {args[0]!r:.200}")
        if event in ("os.remove", "os.mkdir", "os.rmdir", "os.rename", "os.symlink"):
            # Names relative to an open folder are those of `shutil.rmtree`.
            path = args[0]
            if isinstance(path, str) and os.path.isabs(path) and not self._inside(path):
                self.seen.append(f"{event} {path!r:.200}")

    def _inside(self, path: str | bytes) -> bool:
        text = os.path.abspath(os.fsdecode(path))
        return text.startswith((self.folder, "/dev/", "/proc/"))


def attempt(reader: Reader, target: Path, content: bytes, tally: Tally, watch: Watch) -> None:
    """Read one input and count what came of it."""
    target.write_bytes(content)
    watch.seen.clear()
    start = time.process_time()
    try:
        with _limited():
            watch.on = True
            try:
                reader.read(target)
            finally:
                watch.on = False
        tally.read += 1
    except WorkbenchError as error:
        tally.refused += 1
        within: BaseException | None = error
        while within is not None:
            if isinstance(within, MemoryError):
                tally.found("memory: asked for more than there is", content, _trace(error))
            within = within.__cause__ or within.__context__
        if not str(error).strip() or len(str(error)) > LONGEST_SENTENCE:
            tally.found(f"no sentence: {len(str(error))} letters", content, str(error)[:3000])
    except TooSlow as error:
        tally.found(f"hang at {_place(error)}", content, _trace(error))
    except Exception as error:
        tally.found(f"{type(error).__name__} at {_place(error)}", content, _trace(error))
    tally.slowest = max(tally.slowest, time.process_time() - start)
    for what in watch.seen:
        tally.found(f"outside: {what.replace(str(target), 'FILE')}", content, what)


@contextmanager
def _limited() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow

    # A busy machine is no fault of a reader: its own time counts, and waiting only when it is long.
    timers = (
        (signal.SIGPROF, signal.ITIMER_PROF, SECONDS),
        (signal.SIGALRM, signal.ITIMER_REAL, 30 * SECONDS),
    )
    former = {name: signal.signal(name, stop) for name, _, _ in timers}
    for _, timer, seconds in timers:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for name, timer, _ in timers:
            signal.setitimer(timer, 0)
            signal.signal(name, former[name])


def limit_memory(more: int) -> None:
    """Let the process take so many bytes more than it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + more, hard))


def _place(error: BaseException) -> str:
    """The last line of ours that an error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame)]
    last = (ours or frames)[-1]
    return "/".join(Path(last.filename).parts[-3:]) + f":{last.lineno}"


def _is_ours(frame: traceback.FrameSummary) -> bool:
    parts = Path(frame.filename).parts
    return "site-packages" not in parts and bool(set(parts) & set(_OURS))


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def run(name: str, count: int, seed: int, folder: Path) -> Tally:
    """Hypothesis's mutations of a reader's valid file."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    reader, target, tally, watch = prepared(name, folder)
    content = target.read_bytes()

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    # Hypothesis keeps what it gives: numbers, not files.
    @given(SEEDS)
    def every(seed: int) -> None:
        damaged = mutate(content, reader.form, random.Random(seed))
        attempt(reader, target, damaged, tally, watch)

    every()
    return tally


def prepared(name: str, folder: Path) -> tuple[Reader, Path, Tally, Watch]:
    """A reader with its valid file, read once, and the limits set."""
    warnings.simplefilter("ignore")
    # Libraries are loaded without the limit of a reader before this one.
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    reader = READERS[name]
    target = reader.make(folder)
    reader.read(target)
    # Damaged files are at most a mebibyte longer than whole ones.
    limit_memory(ROOM + 2 * (target.stat().st_size + (1 << 20)))
    return reader, target, Tally(), Watch(folder)


def guided(name: str, count: int, seed: int, folder: Path, result: Path) -> None:
    """Atheris: inputs that reach new lines of our own code are changed further."""
    import atheris

    with atheris.instrument_imports(include=list(_OURS)):
        reader, target, tally, watch = prepared(name, folder)
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "valid").write_bytes(target.read_bytes())

    def one(content: bytes) -> None:
        attempt(reader, target, content, tally, watch)
        if tally.read + tally.refused + len(tally.findings) and one_more():
            write(result, tally)

    done = 0

    def one_more() -> bool:
        nonlocal done
        done += 1
        return done % 100 == 0 or done >= count

    options = [f"-runs={count}", f"-seed={seed + 1}", "-max_len=65536", "-rss_limit_mb=0"]
    atheris.Setup([sys.argv[0], *options, "-verbosity=0", str(corpus)], one)
    atheris.Fuzz()


def write(result: Path, tally: Tally) -> None:
    """The tally as JSON, complete or not at all."""
    temporary = result.with_suffix(".writing")
    temporary.write_text(json.dumps(vars(tally)))
    temporary.replace(result)


def main() -> None:
    """Run in a process of its own."""
    name, count, seed, folder, *rest = sys.argv[1:]
    place = Path(folder).resolve()
    inner = place / "inputs"
    inner.mkdir(parents=True)
    result = place / "result.json"
    if "--guided" in rest:
        guided(name, int(count), int(seed), inner, result)
    else:
        write(result, run(name, int(count), int(seed), inner))


if __name__ == "__main__":
    main()
