"""Checkpoints that the published MILAN code saved, read without running anything in them.

    model = load(Path("milan-base.pth"))

Such a file is a torch archive: a zip with a pickle and the tensors' raw bytes. A pickle is a program
that may call any function it can name, so this reader lets it name eight things only: those that a
tensor, an ordered dictionary and a set are rebuilt from, and the configuration class of spaCy, for
which a plain dictionary stands in. Anything else is refused before it is looked up. The tokenizer
in the file is not used: it is spaCy's English one, as here.
"""

import hashlib
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from db.errors import BadInput
from describer.milan import networks
from describer.milan.decoder import Decoder, DecoderConfig
from describer.milan.language import LanguageConfig, LanguageModel
from describer.milan.model import Model
from describer.milan.vocabulary import SPECIAL_SYMBOLS, Vocabulary

_DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}

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
    contents = read_data(path)
    try:
        properties = contents["properties"]
        state: Mapping[str, Tensor] = contents["state_dict"]
        indexer = properties["indexer"]["properties"]
        vocabulary = Vocabulary(tuple(indexer["vocab"]["properties"]["tokens"]))
        encoder_name = str(properties["encoder"]["properties"]["config"])
        steps = int(properties["length"])
        dropout = float(properties["dropout"])
        tensors = {name: _tensor(name, value) for name, value in state.items()}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
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
        encoder_config=networks.config_of(encoder_name),
        encoder_state=_encoder_state(tensors),
        as_published=True,
        name=path.name,
        hash=_sha256(path),
    )


def read_data(path: Path) -> dict[str, Any]:
    """The tensors and plain values of a torch archive.

    Raises:
        BadInput: the file cannot be read, or its pickle names anything but data.
    """
    if not path.is_file():
        raise BadInput(f"expected a MILAN checkpoint at {path}, got no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            contents = _read_archive(path, archive)
    except zipfile.BadZipFile as error:
        raise BadInput(
            f"expected a torch archive (a zip file, as torch writes since 1.6) in {path}, got "
            "another format; it was not opened further"
        ) from error
    if not isinstance(contents, dict):
        raise BadInput(
            f"expected a dictionary in checkpoint {path}, got {type(contents).__name__}"
        )
    return contents


def _read_archive(path: Path, archive: zipfile.ZipFile) -> object:
    entries = {info.filename: info for info in archive.infolist()}
    programs = [name for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(programs) != 1:
        raise BadInput(f"expected one data.pkl in torch archive {path}, got {len(programs)}")
    if any(info.compress_type != zipfile.ZIP_STORED for info in entries.values()):
        raise BadInput(f"expected an uncompressed torch archive, got a compressed one: {path}")
    folder = programs[0].removesuffix("data.pkl")
    order = archive.read(f"{folder}byteorder") if f"{folder}byteorder" in entries else b"little"
    if order != b"little":
        raise BadInput(f"expected little-endian tensors in {path}, got {order!r}")

    def storage(key: str) -> bytes:
        return archive.read(f"{folder}data/{key}")

    try:
        with archive.open(programs[0]) as program:
            return _DataUnpickler(program, path, storage).load()
    except BadInput:
        raise
    except (
        pickle.UnpicklingError,
        EOFError,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        RuntimeError,
        OverflowError,
        MemoryError,
    ) as error:
        raise BadInput(
            f"expected tensors and plain values in checkpoint {path}, got a file that cannot be "
            f"read ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
        ) from error


class _DataUnpickler(pickle.Unpickler):
    """An unpickler that knows how to make data, and nothing else."""

    def __init__(self, program: Any, path: Path, storage: Callable[[str], bytes]) -> None:
        super().__init__(program)
        self._path = path
        self._storage = storage
        self._storages: dict[str, Tensor] = {}

        # New for each file: a pickle can set attributes of the objects it is given.
        class InertConfig(dict[Any, Any]):
            """Stands for spaCy's configuration class, which is a dictionary too."""

        def rebuild_tensor(
            storage: Tensor, offset: int, size: Any, stride: Any, *_rest: object
        ) -> Tensor:
            return torch.as_strided(storage, tuple(size), tuple(stride), offset).clone()

        def rebuild_parameter(data: Tensor, *_rest: object) -> Tensor:
            return data

        def encode(text: str, encoding: str) -> bytes:
            if encoding != "latin1":
                raise pickle.UnpicklingError(f"bytes in encoding {encoding!r}")
            return text.encode("latin1")

        self._allowed: dict[tuple[str, str], object] = {
            ("torch._utils", "_rebuild_tensor_v2"): rebuild_tensor,
            ("torch._utils", "_rebuild_parameter"): rebuild_parameter,
            ("collections", "OrderedDict"): OrderedDict,
            ("builtins", "set"): set,
            ("__builtin__", "set"): set,
            ("_codecs", "encode"): encode,
            ("confection._config", "Config"): InertConfig,
            ("thinc.config", "Config"): InertConfig,
        }

    def find_class(self, module: str, name: str) -> Any:
        """One of the allowed objects; nothing is imported."""
        if module == "torch" and name in _DTYPES:
            return name
        if (module, name) not in self._allowed:
            raise BadInput(
                f"expected tensors and plain values in checkpoint {self._path}, got a call of "
                f"{module}.{name}; the file was refused and nothing in it was run"
            )
        return self._allowed[module, name]

    def persistent_load(self, identifier: Any) -> Tensor:
        """A tensor's raw storage: ("storage", type, key, device, number of elements)."""
        kind, storage_type, key, _device, elements = identifier
        if kind != "storage" or storage_type not in _DTYPES:
            raise pickle.UnpicklingError(f"a stored {kind!r} of type {storage_type!r}")
        if key not in self._storages:
            dtype = _DTYPES[storage_type]
            data = self._storage(str(key))
            if len(data) != elements * dtype.itemsize:
                raise pickle.UnpicklingError(
                    f"tensor data {key} of {len(data)} bytes for {elements} elements"
                )
            self._storages[key] = (
                torch.frombuffer(bytearray(data), dtype=dtype)
                if data
                else torch.empty(0, dtype=dtype)
            )
        return self._storages[key]


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
        decoder = Decoder(config)
        decoder.load_state_dict(state)
    except (KeyError, IndexError, RuntimeError) as error:
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
        language = LanguageModel(config)
        language.load_state_dict(state)
    except (KeyError, IndexError, RuntimeError) as error:
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
    return {
        key.removeprefix(prefix): value for key, value in own.items() if key.startswith(prefix)
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
