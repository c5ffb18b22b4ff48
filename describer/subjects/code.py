"""The code that a network is built and run by, as far as it is the user's own.

    code_hash(subject, model)           # "" for torchvision and the like, and for our own networks

Weights do not say what is done with them: another `forward` over the same numbers is another
network. Read are the file of the factory and the modules of the classes that the network is made
of, wherever they are the user's. What is installed, and what comes with the workbench, is taken to
stay what it is. Comments, blank lines and the names of folders do not count.
"""

from __future__ import annotations

import hashlib
import io
import sys
import sysconfig
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

from describer.subjects.definition import Subject

if TYPE_CHECKING:
    from torch import nn

_INSTALLED = ("site-packages", "dist-packages")
_GIVEN = (
    Path(__file__).resolve().parents[1],
    *(Path(sysconfig.get_paths()[key]).resolve() for key in ("stdlib", "platstdlib")),
)
_IDLE = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER)
_BLOCKS = {tokenize.INDENT: "\x01", tokenize.DEDENT: "\x02", tokenize.NEWLINE: "\n"}


def code_hash(subject: Subject, model: nn.Module) -> str:
    """Identity of the user's code behind a network; "" where there is none."""
    where = subject.factory.rpartition(":")[0]
    if where.endswith(".py"):
        files = {(subject.source.parent / where).resolve()}
    else:
        files = _files([where])
    files |= _files({type(module).__module__ for module in model.modules()})
    # Sorted by content, so that the same files elsewhere are the same code.
    known = sorted(_said(path) for path in files)
    return hashlib.blake2b("\0".join(known).encode(), digest_size=20).hexdigest() if known else ""


def _files(names: list[str] | set[str]) -> set[Path]:
    """The files of loaded modules that are neither installed nor ours."""
    found = set()
    for name in names:
        file = getattr(sys.modules.get(name), "__file__", None)
        path = Path(file or "").resolve()
        if (
            path.suffix == ".py"
            and not set(_INSTALLED) & set(path.parts)
            and not any(path.is_relative_to(each) for each in _GIVEN)
        ):
            found.add(path)
    return found


def _said(path: Path) -> str:
    """A file's tokens without what does nothing."""
    with tokenize.open(path) as file:
        text = file.read()
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    # Joined without gaps, as versions of Python cut strings into different tokens.
    return "".join(_BLOCKS.get(each.type, each.string) for each in tokens if each.type not in _IDLE)
