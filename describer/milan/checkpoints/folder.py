"""MILAN checkpoints of our own: a folder of safetensors and one JSON file.

    save(model, folder, training={"seed": 0, …})
    model = load(folder)

`checkpoint.json` holds the configuration, the vocabulary, where the model was trained and the
sha256 of the weight files, so that loading needs the folder's path and nothing else. Neither format
can hold code. The weights of the encoder are in the folder too when the model knows them.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from typing_extensions import TypedDict

from db import reading
from db.arrays import new_folder
from db.errors import BadInput
from describer.milan.backbones import EncoderConfig
from describer.milan.decoder import Decoder, DecoderConfig
from describer.milan.language import LanguageConfig, LanguageModel
from describer.milan.model import Model
from describer.milan.vocabulary import Vocabulary

FORMAT = "milan-workbench checkpoint 1"
DESCRIPTION = "checkpoint.json"
DECODER = "decoder.safetensors"
LANGUAGE = "language.safetensors"
ENCODER = "encoder.safetensors"

_KEYS = {
    "format",
    "decoder",
    "language",
    "encoder",
    "vocabulary",
    "as_published",
    "training",
    "files",
}


class _Description(TypedDict):
    """What stands in `checkpoint.json`; sizes are checked with the part that they are of."""

    decoder: dict[str, Any]
    language: dict[str, Any] | None
    encoder: dict[str, Any]
    vocabulary: list[str]
    as_published: bool
    training: dict[str, Any]
    files: dict[str, str]


def save(model: Model, folder: Path, *, training: Mapping[str, Any]) -> None:
    """Write a checkpoint; the folder is complete or not there.

    Args:
        model: what to save.
        folder: replaced when it is there.
        training: provenance, plain JSON values: data, seed, scores, versions.
    """
    weights = {DECODER: model.decoder.state_dict()}
    if model.language is not None:
        weights[LANGUAGE] = model.language.state_dict()
    if model.network is not None:
        weights[ENCODER] = model.network.state_dict()
    elif model.encoder_state is not None:
        weights[ENCODER] = dict(model.encoder_state)
    with new_folder(folder) as temporary:
        for name, state in weights.items():
            save_file(
                {key: value.cpu().contiguous() for key, value in state.items()}, temporary / name
            )
        description = {
            "format": FORMAT,
            "decoder": asdict(model.decoder.config),
            "language": asdict(model.language.config) if model.language else None,
            "encoder": {
                **asdict(model.encoder_config),
                "kwargs": dict(model.encoder_config.kwargs),
            },
            "vocabulary": list(model.vocabulary.words),
            "as_published": model.as_published,
            "training": dict(training),
            "files": {name: _sha256(temporary / name) for name in weights},
        }
        text = json.dumps(description, indent=1, ensure_ascii=False)
        (temporary / DESCRIPTION).write_text(text + "\n", encoding="utf-8")


def load(folder: Path) -> Model:
    """Read a checkpoint that `save` wrote.

    Raises:
        BadInput: a file is missing or was changed, a key is missing or unknown, or sizes do not
            fit together.
    """
    path = folder / DESCRIPTION
    description = read_description(folder)
    states = {name: _read_weights(folder, name, sha) for name, sha in description["files"].items()}
    if DECODER not in states:
        raise BadInput(f"expected weights {DECODER} in checkpoint {folder}, got {list(states)}")
    vocabulary = Vocabulary(tuple(description["vocabulary"]))
    decoder_config = reading.checked(description["decoder"], DecoderConfig, "sizes", path)
    decoder = _filled(folder, DECODER, lambda: Decoder(decoder_config), states[DECODER])
    sizes = {"decoder": decoder_config.vocabulary_size}
    language = None
    if description["language"] is not None:
        if LANGUAGE not in states:
            raise BadInput(f"expected weights {LANGUAGE} in checkpoint {folder}, got none")
        language_config = reading.checked(description["language"], LanguageConfig, "sizes", path)
        language = _filled(
            folder, LANGUAGE, lambda: LanguageModel(language_config), states[LANGUAGE]
        )
        sizes["language"] = language_config.vocabulary_size
    for part, size in sizes.items():
        if size != len(vocabulary):
            raise BadInput(
                f"expected a vocabulary of {size} symbols for the {part} of checkpoint {folder}, "
                f"got {len(vocabulary)} ({len(vocabulary.words)} words and the special ones)"
            )
    encoder = reading.checked(description["encoder"], EncoderConfig, "an encoder", path)
    return Model(
        decoder=decoder,
        language=language,
        vocabulary=vocabulary,
        encoder_config=encoder,
        encoder_state=states.get(ENCODER),
        as_published=bool(description["as_published"]),
        name=folder.name,
        hash=_sha256(folder / DESCRIPTION),
    )


def read_description(folder: Path) -> dict[str, Any]:
    """What `checkpoint.json` says: configuration, vocabulary, training provenance, file hashes.

    Raises:
        BadInput: not there, not JSON, another format, or keys that are missing or unknown.
    """
    path = folder / DESCRIPTION
    if not path.exists():
        raise BadInput(f"expected a MILAN checkpoint with {path}, got no such file")
    description = reading.of_json_file(path, Any, "JSON")
    found = description.get("format") if isinstance(description, dict) else None
    if found != FORMAT:
        raise BadInput(f"expected format {FORMAT!r} in {path}, got {found!r}")
    _check_keys(path, "", set(description), _KEYS)
    reading.checked(description, _Description, "a checkpoint", path)
    for part, kind in (("decoder", DecoderConfig), ("language", LanguageConfig)):
        if description[part] is not None:
            names = {field.name for field in fields(kind)}
            _check_keys(path, f" of {part}", set(description[part]), names)
    names = {field.name for field in fields(EncoderConfig)}
    _check_keys(path, " of encoder", set(description["encoder"]), names)
    unknown = set(description["files"]) - {DECODER, LANGUAGE, ENCODER}
    if unknown:
        raise BadInput(
            f"expected the weight files of a checkpoint in {path}, got {sorted(unknown)}"
        )
    return dict(description)


def _check_keys(path: Path, where: str, got: set[str], expected: set[str]) -> None:
    if got != expected:
        raise BadInput(
            f"expected the keys{where} in {path} to be {', '.join(sorted(expected))}; missing "
            f"{', '.join(sorted(expected - got)) or 'none'}, "
            f"unknown {', '.join(sorted(got - expected)) or 'none'}"
        )


def _read_weights(folder: Path, name: str, sha256: str) -> dict[str, Tensor]:
    path = folder / name
    if not path.is_file():
        raise BadInput(f"expected weights {name} in checkpoint {folder}, got no such file")
    if _sha256(path) != sha256:
        raise BadInput(
            f"expected {path} with the sha256 that {DESCRIPTION} names ({sha256[:12]}…), got "
            "another: the file was changed or is incomplete"
        )
    try:
        state: dict[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise BadInput(f"expected a safetensors file at {path}, got another ({error})") from error
    return state


Module = TypeVar("Module", bound=nn.Module)


def _filled(
    folder: Path, name: str, make: Callable[[], Module], state: Mapping[str, Tensor]
) -> Module:
    """The module of a description with its weights; sizes take no memory until they fit."""
    try:
        with torch.device("meta"):
            module = make()
        module.load_state_dict({key: value.float() for key, value in state.items()}, assign=True)
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        problem = " ".join(line.strip() for line in str(error).splitlines()[1:]) or str(error)
        raise BadInput(
            f"expected weights in {folder / name} that fit {DESCRIPTION}, got others: {problem}"
        ) from error
    return module.eval()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
