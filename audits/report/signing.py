"""Reports that say who made them and that nobody changed them: Ed25519 over their lines.

    text = signed(text, key_of(workspace))          # HTML or JSON, each still what it was
    checked = check(text)                           # Checked(public_key, changed=())

The key is made once for a workspace and never leaves it; whoever is given its public part by
another way than the report knows whose report it is. What is signed is a list of the lines' hashes,
so that a change is not only found but named. The same text and key give the same bytes.
"""

import contextlib
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Len
from typing_extensions import TypedDict

from db import reading
from db.errors import BadInput
from db.workspace import Workspace

_HTML = re.compile(r"<!-- signature (\{.*\}) -->\n\Z")
_JSON = re.compile(r',\n  "~signature": (\{.*\})\n\}\n\Z')
_DIGITS = 16
_WHAT = "a signed report"


class _Signature(TypedDict):
    algorithm: str
    public_key: Annotated[str, Len(64, 64)]
    signature: Annotated[str, Len(128, 128)]
    lines: list[str]


@dataclass(frozen=True)
class Checked:
    """A report whose signature is that of its public key over its list of lines.

    Attributes:
        public_key: as 64 hexadecimal digits.
        text: the report without its signature.
        changed: sentences about the lines that are not those that were signed; empty for a report
            as it was made.
    """

    public_key: str
    text: str
    changed: tuple[str, ...]


def key_of(workspace: Workspace) -> Any:
    """The private key of a workspace; made, for its owner alone, when it is first needed.

    Raises:
        BadInput: the file is no key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = workspace.report_key
    if not path.exists():
        content = Ed25519PrivateKey.generate().private_bytes_raw()
        temporary = path.with_name(f"{path.name}-{os.urandom(8).hex()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        # Of two that make one at once, the first stays.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
        temporary.unlink()
    try:
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(f"expected the key for reports in {path}: {error}") from error


def public_of(key: Any) -> str:
    """The public part of a key, 64 hexadecimal digits."""
    text: str = key.public_key().public_bytes_raw().hex()
    return text


def signed(text: str, key: Any) -> str:
    """A report with its signature: the last line of a page, the last entry of a JSON object."""
    lines = _lines(text)
    values = {
        "algorithm": "ed25519",
        "lines": lines,
        "public_key": public_of(key),
        "signature": key.sign(_manifest(lines)).hex(),
    }
    spelled = json.dumps(values, sort_keys=True)
    if text.startswith("{"):
        return text.removesuffix("\n}\n") + f',\n  "~signature": {spelled}\n}}\n'
    return f"{text}<!-- signature {spelled} -->\n"


def check(text: str, where: object = "the report") -> Checked:
    """Check a report's signature, and its lines against what was signed.

    Raises:
        BadInput: it has no signature, or one that is not of its public key.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    is_json = text.startswith("{")
    found = (_JSON if is_json else _HTML).search(text)
    if found is None:
        raise BadInput(f"expected {_WHAT} in {where}, got one without a signature at its end")
    values: _Signature = reading.of_json(found[1], _Signature, _WHAT, where)
    plain = text[: found.start()] + ("\n}\n" if is_json else "")
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(values["public_key"]))
        key.verify(bytes.fromhex(values["signature"]), _manifest(values["lines"]))
    except (InvalidSignature, ValueError) as error:
        raise BadInput(
            f"expected {_WHAT} in {where}, got a signature that does not belong to its public key "
            "and its lines: they were changed"
        ) from error
    return Checked(values["public_key"], plain, tuple(_changes(plain, values["lines"])))


def _changes(text: str, lines: list[str]) -> list[str]:
    """What is not as it was signed, a sentence a line."""
    there = text.split("\n")
    said = [
        f"line {number} was changed; it says now: {line.strip()[:160]}"
        for number, (line, hash_, signed_) in enumerate(
            zip(there, _lines(text), lines, strict=False), start=1
        )
        if hash_ != signed_
    ]
    if len(there) != len(lines):
        said.append(f"{len(lines)} lines were signed, there are {len(there)}")
    return said


def _lines(text: str) -> list[str]:
    return [_hash(line) for line in text.split("\n")]


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()[: 2 * _DIGITS]


def _manifest(lines: list[str]) -> bytes:
    return ("milan-workbench report 1\n" + "\n".join(lines)).encode()


def read(path: Path) -> Checked:
    """`check` of a file.

    Raises:
        BadInput: as `check`, or there is no such file.
    """
    return check(reading.text_of(path, _WHAT), path)
