"""Checkpoints that the published MILAN code saved, as models of ours.

    model = load(Path("milan-base.pth"))

`archive.py` reads the file without running anything in it; here its contents are checked and given
our names. The tokenizer in the file is not used: it is spaCy's English one, as here. The encoder's
weights may be left out, then they are looked for when the encoder is needed.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from db.errors import BadInput
from describer.milan import backbones
from describer.milan.checkpoints import archive
from describer.milan.decoder import Decoder, DecoderConfig
from describer.milan.language import LanguageConfig, LanguageModel
from describer.milan.model import Model
from describer.milan.vocabulary import SPECIAL_SYMBOLS, Vocabulary

# Published parameter names -> ours.
_DECODER_NAMES = {
    "embedding": "embedding",
    "init_h.0": "initial_hidden",
    "init_c.0": "initial_cell",
    "attend.query_to_hidden": "query",
    "attend.key_to_hidden": "key",
    "attend.output.0": "attention",
    "feature_gate.0": "gate",
    "lstm": "lstm",
    "output.1": "output",
}
_LANGUAGE_NAMES = {"lm.embedding": "embedding", "lm.lstm": "lstm", "lm.output.0": "output"}
_ENCODER_PREFIX = "encoder."


def load(path: Path) -> Model:
    """Read a checkpoint of the published code.

    Raises:
        BadInput: no such file, not a torch archive, a pickle that names anything but data, or
            contents that are not those of a MILAN decoder.
    """
    contents = archive.read(path)
    try:
        properties = contents["properties"]
        state: Mapping[str, Tensor] = contents["state_dict"]
        indexer = properties["indexer"]["properties"]
        vocabulary = Vocabulary(tuple(indexer["vocab"]["properties"]["tokens"]))
        encoder_name = str(properties["encoder"]["properties"]["config"])
        steps = int(properties["length"])
        dropout = float(properties["dropout"])
        tensors = {name: _tensor(name, value) for name, value in state.items()}
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"expected the contents of a MILAN decoder in {path}, got something else "
            f"(stopped at {error})"
        ) from error
    if not all(indexer.get(symbol, True) for symbol in ("start", "stop", "pad", "unk")):
        raise BadInput(
            f"expected a vocabulary with start, stop, padding and unknown symbols in {path}, "
            "got one without some of them"
        )
    decoder_state = _renamed(tensors, _DECODER_NAMES)
    language_state = _renamed(tensors, _LANGUAGE_NAMES)
    _check_vocabulary(path, vocabulary, decoder_state, language_state)
    return Model(
        decoder=_decoder(path, decoder_state, dropout=dropout, steps=steps),
        language=_language(path, language_state) if language_state else None,
        vocabulary=vocabulary,
        encoder_config=backbones.config_of(encoder_name),
        encoder_state=_encoder_state(tensors),
        as_published=True,
        name=path.name,
        hash=_sha256(path),
    )


def _tensor(name: str, value: object) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} is no tensor")
    return value


def _renamed(state: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """The parameters of the modules in `names`, under their new names."""
    renamed = {}
    for key, value in state.items():
        module, _, parameter = key.rpartition(".")
        if module in names:
            renamed[f"{names[module]}.{parameter}"] = value.float()
    return renamed


def _check_vocabulary(path: Path, vocabulary: Vocabulary, *states: Mapping[str, Tensor]) -> None:
    for state in states:
        rows = [len(state[key]) for key in ("embedding.weight", "output.weight") if key in state]
        if any(size != len(vocabulary) for size in rows):
            raise BadInput(
                f"expected weights for {len(vocabulary)} symbols ({len(vocabulary.words)} words "
                f"and {SPECIAL_SYMBOLS} special ones), got weights for {rows[-1]} in {path}"
            )


def _decoder(path: Path, state: Mapping[str, Tensor], *, dropout: float, steps: int) -> Decoder:
    try:
        config = DecoderConfig(
            vocabulary_size=state["embedding.weight"].shape[0],
            feature_size=state["initial_hidden.weight"].shape[1],
            embedding_size=state["embedding.weight"].shape[1],
            hidden_size=state["initial_hidden.weight"].shape[0],
            attention_size=state["query.weight"].shape[0],
            dropout=dropout,
            steps=steps,
        )
        # Sizes take no memory until the weights fit them.
        with torch.device("meta"):
            decoder = Decoder(config)
        decoder.load_state_dict(state, assign=True)
    except (KeyError, IndexError, RuntimeError, ValueError, TypeError) as error:
        raise BadInput(
            f"expected the weights of a MILAN decoder in {path}, got others ({error})"
        ) from error
    return decoder.eval()


def _language(path: Path, state: Mapping[str, Tensor]) -> LanguageModel:
    try:
        config = LanguageConfig(
            vocabulary_size=state["embedding.weight"].shape[0],
            embedding_size=state["embedding.weight"].shape[1],
            hidden_size=state["output.weight"].shape[1],
            layers=sum(key.startswith("lstm.weight_hh_l") for key in state),
        )
        with torch.device("meta"):
            language = LanguageModel(config)
        language.load_state_dict(state, assign=True)
    except (KeyError, IndexError, RuntimeError, ValueError, TypeError) as error:
        raise BadInput(
            f"expected the weights of a language model in {path}, got others ({error})"
        ) from error
    return language.eval()


def _encoder_state(state: Mapping[str, Tensor]) -> Mapping[str, Tensor] | None:
    """The encoder network's weights under its own names, None when they were left out.

    The published encoder wraps its network, so every name has the same prefix in front, which is
    found from the last layer's batch norm or bias: the shortest name is a top-level module's.
    """
    own = {key: value for key, value in state.items() if key.startswith(_ENCODER_PREFIX)}
    firsts = sorted(
        (key for key in own if key.endswith(("conv1.weight", "features.0.weight"))), key=len
    )
    if not firsts:
        return None
    ending = "conv1.weight" if firsts[0].endswith("conv1.weight") else "features.0.weight"
    prefix = firsts[0].removesuffix(ending)
    return {key.removeprefix(prefix): value for key, value in own.items() if key.startswith(prefix)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
