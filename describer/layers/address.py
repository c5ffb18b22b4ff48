"""How a layer is named: a module, one of its calls, and whether a ReLU comes after it.

    parse("layer1.0.relu#1")        # Address("layer1.0.relu", call=1, rectified=False)
    parse("conv1:relu")             # Address("conv1", call=None, rectified=True)
    folder_name("block/conv 1")     # "block%2Fconv%201"

A module that runs several times in a pass has one output a call; without a number the last is
meant. `:relu` is the output after the ReLU that reads it. Knows no network.
"""

import hashlib
import re
from dataclasses import dataclass

RECTIFIED = ":relu"

_LONGEST = 200
_CALL = re.compile(r"(?P<module>.+)#(?P<call>[1-9][0-9]*)")
_PLAIN = re.compile(r"[A-Za-z0-9_.#-]")


@dataclass(frozen=True)
class Address:
    """A layer's name, taken apart.

    Attributes:
        module: path of the module in the network.
        call: which of its calls in a pass, from 1; None is the last.
        rectified: whether the ReLU that reads the output belongs to it.
    """

    module: str
    call: int | None = None
    rectified: bool = False

    @property
    def text(self) -> str:
        """The name again."""
        call = "" if self.call is None else f"#{self.call}"
        return f"{self.module}{call}{RECTIFIED if self.rectified else ''}"


def parse(name: str) -> Address:
    """Take a layer's name apart.

    >>> parse("layer1.0.relu#3:relu")
    Address(module='layer1.0.relu', call=3, rectified=True)
    """
    rest = name.removesuffix(RECTIFIED)
    called = _CALL.fullmatch(rest)
    if called is None:
        return Address(rest, None, rest != name)
    return Address(called["module"], int(called["call"]), rest != name)


def folder_name(name: str, *, taken: tuple[str, ...] = ()) -> str:
    """A layer's name as the name of a folder, the same for every name of letters, digits and `.`.

    What could lead out of a folder, be hidden, or be refused by a file system is written as %XX.

    Args:
        taken: names that belong to something else.

    >>> folder_name("layer1.0.relu#1"), folder_name("conv1:relu"), folder_name("..")
    ('layer1.0.relu#1', 'conv1%3Arelu', '%2E.')
    """
    escaped = "".join(letter if _PLAIN.fullmatch(letter) else _escaped(letter) for letter in name)
    if escaped[:1] in (".", "-", "#") or escaped in taken:
        escaped = _escaped(escaped[0]) + escaped[1:]
    if len(escaped) > _LONGEST:
        # File systems take 255 bytes; names that begin alike stay apart.
        told_apart = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8)
        escaped = f"{escaped[:_LONGEST]}%{told_apart.hexdigest()}"
    return escaped


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))
