"""The code that a network is built and run by, as far as it is the user's own.

    files(subject, model)               # {Path("/home/me/net.py"), …}
    code_hash(subject, model)           # "" for torchvision and the like, and for our own networks

Weights do not say what is done with them: another `forward` over the same numbers is another
network. Read are the file of the factory, the modules of the classes that the network is made of,
and what was imported from the folder of the subject file, wherever they are the user's. What is
installed, and what comes with the workbench, is taken to stay what it is. Comments, blank lines and
the names of folders do not count.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tokenize
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from describer.subjects import importing
from describer.subjects.definition import Subject

if TYPE_CHECKING:
    from torch import nn

_IDLE = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER)
_BLOCKS = {tokenize.INDENT: "\x01", tokenize.DEDENT: "\x02", tokenize.NEWLINE: "\n"}


def code_hash(subject: Subject, model: nn.Module) -> str:
    """Identity of the user's code behind a network; "" where there is none."""
    # Sorted by content, so that the same files elsewhere are the same code.
    known = sorted(_said(path) for path in files(subject, model))
    return hashlib.blake2b("\0".join(known).encode(), digest_size=20).hexdigest() if known else ""


def files(subject: Subject, model: nn.Module) -> set[Path]:
    """The files of the user's code behind a network."""
    found = _users(importing.files_of(model))
    for reference in filter(None, (subject.factory, subject.loader)):
        where = reference.rpartition(":")[0]
        if where.endswith(".py"):
            found.add((subject.source.parent / where).resolve())
        else:
            found |= _users([getattr(sys.modules.get(where), "__file__", None) or ""])
    return found | _users(_of_class(type(module)) for module in model.modules())


def _of_class(kind: type) -> str:
    """The file of a class: that of its module, if the module of that name still is the one."""
    module = sys.modules.get(kind.__module__)
    found: object = module
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    known: str = getattr(module, "__file__", None) or ""
    if found is kind or "<locals>" in kind.__qualname__:
        return known
    codes = (getattr(value, "__code__", None) for value in vars(kind).values())
    return next((code.co_filename for code in codes if code is not None), known)


def _users(files: Iterable[str]) -> set[Path]:
    """Those that are Python code, neither installed nor ours."""
    paths = {Path(file).resolve() for file in files if file}
    return {path for path in paths if path.suffix == ".py" and importing.is_users(path)}


def _said(path: Path) -> str:
    """A file's tokens without what does nothing."""
    with tokenize.open(path) as file:
        text = file.read()
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    # Joined without gaps, as versions of Python cut strings into different tokens.
    return "".join(_BLOCKS.get(each.type, each.string) for each in tokens if each.type not in _IDLE)
