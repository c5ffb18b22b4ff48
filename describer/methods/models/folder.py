"""Folders of models on this machine: what is in one, and where one of a name lies.

    path = locate("blip-image-captioning-base", workspace.models)
    kind(path)                                  # "captioner", "writer", "likeness", "maker" or ""
    identity(path, "captioner")                 # its name and the hash of all its files

A name is a folder of the workspace's `models/`, or the repository of a model that is in the local
cache of `huggingface_hub`. Nothing is ever fetched, no code of a model is run, and weights are
safetensors alone. Nothing of machine learning is imported here.
"""

import functools
import hashlib
import importlib.util
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from db.errors import BadInput

KINDS = {
    "captioner": "puts images into words",
    "writer": "sums captions up (a causal language model)",
    "likeness": "compares images and texts (CLIP or SigLIP)",
    "maker": "makes pictures of a text (a diffusers pipeline)",
}
"""What a model can be used for."""

TEMPLATES = ("chat_template.jinja", "chat_template.json")
PICKLES = (".bin", ".pt", ".pth", ".ckpt")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def locate(name: str, models: Path | None) -> Path:
    """The folder of a model.

    Args:
        name: of a folder in `models`, or "owner/name" of one in the local cache.
        models: the workspace's folder of models.

    Raises:
        BadInput: there is none, its name leads elsewhere, or its weights are no safetensors.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise BadInput(f"expected the name of a model's folder, got {name!r}")
    path = models / name if models is not None else None
    if path is None or not path.is_dir():
        path = _cached(name)
    if path is None:
        raise BadInput(
            f"expected a model {name!r} in {models or 'the workspace'} or in the local cache, "
            "found none; `python app.py models` says what is here and how to get others"
        )
    if not any(path.rglob("*.safetensors")) and not draws(path):
        pickles = [file.name for file in sorted(path.rglob("*")) if file.suffix in PICKLES]
        got = f"only {pickles[0]}, which could run code" if pickles else "none"
        raise BadInput(f"expected weights as safetensors in {path}, found {got}")
    return path


def draws(path: Path) -> bool:
    """Whether a folder stands for the demo's renderer, which has no weights."""
    return read_json(path / "model_index.json").get("_class_name") == "DemoRenderer"


def kind(path: Path) -> str:
    """What a folder's model can be used for: a key of `KINDS`, or "" for another one."""
    if (path / "model_index.json").is_file():
        return "maker"
    config = read_json(path / "config.json")
    names = config.get("architectures") or [""]
    architecture = str(names[0]) if isinstance(names, list) else ""
    sees, reads = "vision_config" in config, "text_config" in config
    if sees and architecture.endswith(("ForConditionalGeneration", "ForCausalLM")):
        return "captioner"
    if sees and reads and architecture.endswith("Model"):
        return "likeness"
    if not sees and architecture.endswith(("ForCausalLM", "LMHeadModel")):
        return "writer"
    return ""


def converses(path: Path) -> bool:
    """Whether a captioner has a template for conversations, and so answers questions."""
    return any((path / name).is_file() for name in TEMPLATES) or any(
        "chat_template" in read_json(path / name)
        for name in ("processor_config.json", "tokenizer_config.json")
    )


def check_kind(path: Path, wanted: str) -> None:
    """See that a folder's model is of a kind.

    Raises:
        BadInput: it is of another.
    """
    found = kind(path)
    if found != wanted:
        raise BadInput(
            f"expected a model that {KINDS[wanted]}, got {path.name}, "
            + (f"which {KINDS[found]}" if found else "which is of no kind that is known")
        )


def identity(path: Path, name: str) -> dict[str, str]:
    """A model's name and the hash of its files, for the provenance of what it makes."""
    files = sorted(file for file in path.rglob("*") if file.is_file())
    stamp = tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files)
    return {"name": name, "hash": _digest(path, stamp)}


def licence(path: Path) -> str:
    """The licence that a model's card names, or ""."""
    try:
        card = (path / "README.md").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    found = re.search(r"\A---\n.*?^license(?:_name)?:[ ]*([^\n]+)$", card, re.DOTALL | re.MULTILINE)
    return found[1].strip(" \"'") if found else ""


def size(path: Path) -> int:
    """Bytes of a model's files."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def read_json(path: Path) -> Mapping[str, Any]:
    """A file's JSON object; an empty one where there is none that can be read."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def need(package: str, what: str) -> None:
    """See that an optional package is installed.

    Raises:
        BadInput: it is not, with the command that installs it.
    """
    if importlib.util.find_spec(package) is None:
        raise BadInput(
            f"expected the package {package} for {what}, it is not installed: "
            'pip install -e ".[dnd]"'
        )


def _cached(name: str) -> Path | None:
    """The folder of a model in the local cache."""
    if "/" not in name or importlib.util.find_spec("huggingface_hub") is None:
        return None
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(huggingface_hub.snapshot_download(name, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


@functools.lru_cache(maxsize=32)
def _digest(root: Path, files: tuple[tuple[Path, int, int], ...]) -> str:
    total = hashlib.blake2b(digest_size=20)
    for path, _size, _time in files:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20))
        total.update(f"{path.relative_to(root)}\0{content.hexdigest()}\n".encode())
    return total.hexdigest()
