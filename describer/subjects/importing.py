"""The user's code: imported as Python would, its mistakes in one sentence.

    with place(source, "net.py:make"):                      # the folders where its imports look
        make = find("net.py:make", source)                  # or "package.module:Class.method"
        network = make()
    blamed(error)                                           # "KeyError: 'x' (net.py line 17)"

A file is loaded as a module of a package of its folder, so that `from .blocks import Block` finds
what lies beside it, and its folder is on the path, so that `from blocks import Block` does as well.
Whatever was imported from the folder of a subject is imported afresh for the next.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import importlib
import importlib.util
import re
import sys
import sysconfig
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from db.errors import BadInput

_INSTALLED = ("site-packages", "dist-packages")
_GIVEN = (
    Path(__file__).resolve().parents[1],
    *(Path(sysconfig.get_paths()[key]).resolve() for key in ("stdlib", "platstdlib")),
)
_LONGEST = 300
# What the packages are called that the folders of subjects are imported as.
_PACKAGE = "subject_"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
# Modules and the path belong to the whole process, so networks are built one after the other.
ALONE = threading.RLock()
# What the last subject brought into the program: names of modules, folders on the path.
_IMPORTED: set[str] = set()
_ON_PATH: list[str] = []
# The attribute of a built network that names the files it was imported from.
FILES = "_subject_files"


def is_users(path: Path) -> bool:
    """Whether a file is code of the user: neither installed nor part of the workbench."""
    return not set(_INSTALLED) & set(path.parts) and not any(
        path.is_relative_to(known) for known in _GIVEN
    )


@contextlib.contextmanager
def place(source: Path, *references: str, fresh: bool = True) -> Iterator[set[str]]:
    """Import as Python would from the folder of a subject file and those of its code.

    Yields the files that were imported because of it; they are there when the block has ended.

    Args:
        source: the subject file.
        references: "file.py:callable" beside it; others need no folder.
        fresh: import again what the last subject brought; else it stays.
    """
    folders = [source.parent]
    for reference in references:
        if (file := file_of(reference, source)) is not None:
            folders.insert(0, file.parent)
    files: set[str] = set()
    with ALONE:
        if fresh:
            _forget()
        before = set(sys.modules)
        new = [
            path
            for path in dict.fromkeys(str(folder) for folder in folders)
            if path not in sys.path
        ]
        sys.path[:0] = new
        importlib.invalidate_caches()
        try:
            yield files
        finally:
            # Code that puts its own folder on the path was known by less before this was done.
            mine = [folder for folder in new if sys.path.count(folder) == 1]
            for name in set(sys.modules) - before:
                file_name = getattr(sys.modules[name], "__file__", None) or ""
                if any(_lies_in(file_name, folder) for folder in new):
                    _IMPORTED.add(name)
                # `from ..parts import Part` reaches beyond the folders that are on the path.
                packaged = bool(file_name) and name.startswith(_PACKAGE)
                if packaged or any(_lies_in(file_name, folder) for folder in mine):
                    files.add(file_name)
            # Code that imports only as it runs still finds its neighbours, after everything else.
            sys.path[:] = [folder for folder in sys.path if folder not in new] + new
            _ON_PATH.extend(new)


def find(reference: str, source: Path, *, what: str = "factory") -> Callable[..., Any]:
    """The callable that "module:callable" or "file.py:callable" names, dots in it followed.

    Raises:
        BadInput: no such file, module or callable, or the code cannot be imported (where and why).
    """
    where, _, name = reference.rpartition(":")
    try:
        file = file_of(reference, source)
        module = importlib.import_module(where) if file is None else _module_of(file)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"expected a module for {what} {reference!r} of {source}, {_missing(error, source)}"
        ) from error
    except BadInput:
        raise
    # Whatever the user's code may raise, and `sys.exit` of a script that was meant to be run.
    except (Exception, SystemExit) as error:
        raise BadInput(
            f"expected Python that can be imported for {what} {reference!r} of {source}, it "
            f"stopped with {blamed(error)}"
        ) from error
    found: Any = module
    for part in name.split("."):
        known, found = found, getattr(found, part, None)
        if found is None:
            near = difflib.get_close_matches(part, dir(known), n=2)
            hint = f"; nearest: {', '.join(near)}" if near else ""
            raise BadInput(f"expected a callable in {where}, got {name!r} of {source}{hint}")
    if not callable(found):
        raise BadInput(f"expected a callable in {where}, got {name!r} of {source}")
    called: Callable[..., Any] = found
    return called


def blamed(error: BaseException) -> str:
    """An exception in a few words, with the last line of the user's own code that it came through.

    >>> blamed(KeyError("x"))
    "KeyError: 'x'"
    """
    said = plain(str(error))
    kind = type(error).__name__
    words = f"{kind}: {said}" if said else kind
    if isinstance(error, SyntaxError) and error.filename:
        return f"{kind}: {error.msg} ({Path(error.filename).name} line {error.lineno})"
    where = None
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.suffix == ".py" and path.is_absolute() and is_users(path.resolve()):
            where = f"{path.name} line {trace.tb_lineno}"
        trace = trace.tb_next
    return f"{words} ({where})" if where else words


def plain(text: str) -> str:
    """The first line that says something, without terminal codes, of bearable length."""
    lines = [line.strip() for line in _ESCAPES.sub("", text).splitlines() if line.strip()]
    first = lines[0] if lines else ""
    return first if len(first) <= _LONGEST else f"{first[:_LONGEST]}…"


def files_of(model: object) -> tuple[str, ...]:
    """The files that were imported from a subject's folder for a network that was built."""
    return tuple(getattr(model, FILES, ()))


def _forget() -> None:
    """Take what the last subject brought out of the program, so that the next brings its own."""
    for name in _IMPORTED:
        sys.modules.pop(name, None)
    _IMPORTED.clear()
    sys.path[:] = [folder for folder in sys.path if folder not in _ON_PATH]
    _ON_PATH.clear()


def file_of(reference: str, source: Path) -> Path | None:
    """The file of "file.py:callable"; None for "module:callable"."""
    where = reference.rpartition(":")[0]
    return (source.parent / where).expanduser().resolve() if where.endswith(".py") else None


def root_of(path: Path) -> Path:
    """The folder of the outermost package that a file lies in; its own folder without one."""
    root = path.parent
    while (root / "__init__.py").is_file() and (root.parent / "__init__.py").is_file():
        root = root.parent
    return root


def _module_of(path: Path) -> types.ModuleType:
    """A file as a module of the package that its folder is, with or without __init__.py.

    The packages' own files are run only where the file cannot do without them: a network may be
    taken out of a project whose __init__.py wants much more.
    """
    if not path.is_file():
        raise BadInput(f"expected a Python file with the factory at {path}, found none")
    root = root_of(path)
    parts = [*path.parent.relative_to(root).parts, path.stem]
    name = f"{_PACKAGE}{hashlib.blake2b(str(root).encode(), digest_size=6).hexdigest()}"
    for whole in (False, True):
        for known in [known for known in sys.modules if known.partition(".")[0] == name]:
            del sys.modules[known]
        try:
            for depth in range(len(parts)):
                folder = root.joinpath(*parts[:depth])
                _package(".".join([name, *parts[:depth]]), folder, run=whole)
            return _load(".".join([name, *parts]), path)
        except ImportError:
            if whole or not (path.parent / "__init__.py").is_file():
                raise
    raise AssertionError("the second way returns or raises")


def _package(name: str, folder: Path, *, run: bool) -> None:
    file = folder / "__init__.py"
    if run and file.is_file():
        _load(name, file)
        return
    module = types.ModuleType(name)
    module.__path__ = [str(folder)]
    sys.modules[name] = module


def _load(name: str, file: Path) -> types.ModuleType:
    """Run a file as the module of that name."""
    inside = [str(file.parent)] if file.name == "__init__.py" else None
    specification = importlib.util.spec_from_file_location(
        name, file, submodule_search_locations=inside
    )
    assert specification is not None, "it ends in .py"
    assert specification.loader is not None, "it ends in .py"
    module = importlib.util.module_from_spec(specification)
    # Dataclasses and pickles look their module up while it is still being run.
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


def _lies_in(file: str, folder: str) -> bool:
    return bool(file) and Path(file).resolve().is_relative_to(Path(folder).resolve())


def _missing(error: ModuleNotFoundError, source: Path) -> str:
    """Which module is not there, and which line asked for it when that is the user's."""
    words = blamed(error)
    where = f" ({words.rpartition(' (')[2]}" if words.endswith(")") and " line " in words else ""
    known = sys.modules.get((error.name or "").partition(".")[0])
    if known is not None and "is not a package" in str(error):
        return f"{error.name} is not in {getattr(known, '__file__', known)}{where}"
    return f"{error.name} is not installed{where}"
