"""Readers of what is known of a network: weights, checkpoints, subjects, exemplars."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.fuzz.kind import Reader, text_file


def _exemplars(folder: Path) -> Path:
    import numpy as np

    from db.arrays import ImageStore
    from describer.exemplars import layout
    from describer.exemplars.records import LayerExemplars
    from describer.images.probing import Skipped
    from describer.layers.catalogue import Layer

    store = ImageStore(folder / "probe-images")
    noise = np.random.default_rng(0).integers(0, 255, (4, 3, 8, 8), np.uint8)
    names = {number: store.put(image) for number, image in enumerate(noise)}
    layer = Layer("conv1", "map", 2, (2, 2))
    kept = LayerExemplars(
        layer,
        ids=np.array([[0, 1, 2], [3, 1, -1]]),
        activations=np.array([[3, 2, 1], [2, 1, -np.inf]], np.float32),
        maps=np.ones((2, 3, 2, 2), np.float16),
        levels=np.zeros(2, np.float32),
        dead=np.array([False, True]),
        nan_counts=np.array([0, 3]),
    )
    written = layout.Written(
        {"conv1": "0" * 40}, {"k": 3}, ["a.png", "b.png", "c.png", "d.png"], names, (8, 8),
        [Skipped("e.png", "cannot be read")], ["A sentence."],
    )  # fmt: skip
    layout.write(folder, {"conv1": kept}, written)
    return folder / layout.DESCRIPTION


def _exemplar_file(name: str) -> Callable[[Path], Path]:
    return lambda folder: _exemplars(folder).parent / "conv1" / name


def _read_exemplars(folder: Path) -> None:
    from db.errors import NotFound
    from describer.exemplars import layout

    source = layout.read(folder)
    if isinstance(source, layout.ExemplarFolder):
        _ = source.provenance, source.skipped, source.notes
    for layer in source.layers:
        _ = source.hash(layer), source.record(layer), source.exemplars(layer)
        for unit in range(min(source.units(layer), 8)):
            found = source.unit(layer, unit)
            for rank in range(min(len(found.ids), 4)):
                source.mask(layer, unit, rank)
    with suppress(NotFound):
        source.image(0)


def _published_exemplars(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import numpy as np

        (folder / "conv1").mkdir()
        np.save(folder / "conv1" / "images.npy", np.zeros((2, 3, 3, 8, 8), np.uint8))
        np.save(folder / "conv1" / "masks.npy", np.ones((2, 3, 1, 8, 8), np.uint8))
        np.savetxt(folder / "conv1" / "ids.csv", np.arange(6).reshape(2, 3), "%d", ",")
        np.savetxt(folder / "conv1" / "activations.csv", np.ones((2, 3)), "%g", ",")
        return folder / "conv1" / name

    return make


def _model() -> Any:
    import torch

    from describer.milan.backbones import EncoderConfig
    from describer.milan.decoder import Decoder, DecoderConfig
    from describer.milan.language import LanguageConfig, LanguageModel
    from describer.milan.model import Model
    from describer.milan.vocabulary import Vocabulary

    torch.manual_seed(0)
    vocabulary = Vocabulary(("dog", "faces", "red", "round"))
    size = len(vocabulary)
    return Model(
        decoder=Decoder(DecoderConfig(size, 10, 5, 6, 7, steps=3)).eval(),
        language=LanguageModel(LanguageConfig(size, 5, 6)).eval(),
        vocabulary=vocabulary,
        encoder_config=EncoderConfig(
            "resnet18", "torchvision.models:resnet18", ("conv1",), {"num_classes": 3}
        ),
    )


def _checkpoint(folder: Path) -> Path:
    from describer.milan.checkpoints import folder as checkpoints

    checkpoints.save(_model(), folder / "c", training={"seed": 0})
    return folder / "c" / checkpoints.DESCRIPTION


def _read_checkpoint(target: Path) -> None:
    from describer.milan.checkpoints import folder as checkpoints

    model = checkpoints.load(target.parent)
    _ = model.hash, model.encoder_config.layers


def _published_checkpoint(folder: Path) -> Path:
    """The parts of a published checkpoint that are read, from a model of ours."""
    import torch

    from describer.milan.checkpoints import published

    model = _model()
    names = {ours: theirs for theirs, ours in published._DECODER_NAMES.items()}
    state = {
        f"{names[key.rpartition('.')[0]]}.{key.rpartition('.')[2]}": value
        for key, value in model.decoder.state_dict().items()
    }
    words = {"properties": {"tokens": list(model.vocabulary.words)}}
    properties = {
        "indexer": {"properties": {"vocab": words}},
        "encoder": {"properties": {"config": "resnet18"}},
        "length": 3,
        "dropout": 0.5,
    }
    torch.save({"properties": properties, "state_dict": state}, folder / "milan.pth")
    return folder / "milan.pth"


def _read_published_checkpoint(target: Path) -> None:
    from describer.milan.checkpoints import published

    published.load(target)


def _weights(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import torch
        from safetensors.torch import save_file

        state = {"conv.weight": torch.ones(4, 3, 3, 3).half(), "conv.bias": torch.zeros(4)}
        if name == "weights.safetensors":
            save_file(state, folder / name)
        elif name == "old.pt":
            torch.save(
                {"model": state, "epoch": 3}, folder / name, _use_new_zipfile_serialization=False
            )
        elif name == "weights.pt":
            torch.save({"model": state, "epoch": 3}, folder / name)
        else:
            save_file(state, folder / "part.safetensors")
            files = dict.fromkeys(state, "part.safetensors")
            (folder / name).write_text(json.dumps({"weight_map": files}))
        return folder / name

    return make


def _read_weights(target: Path) -> None:
    from describer.subjects import states

    for state in states.read(target).values():
        for value in state.values():
            if hasattr(value, "sum"):
                value.sum()


_SUBJECT = """name = "net"
factory = "net.py:Net"
image_size = 32
resize_size = 40
mean = [0.5, 0.5, 0.5]
std = [0.2, 0.2, 0.2]
kwargs = {classes = 3}
weights = "weights"
layers = ["conv1"]
classes = ["cat", "dog", "cow"]
interpolation = "bicubic"
background = [0, 0, 0]
white = 255
answer = "logits"
prefix_tokens = 1
axis = {"conv1" = 1}
"""


def _subject(folder: Path) -> Path:
    return text_file("SUBJECT.toml", _SUBJECT)(folder)


def _prepared(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        plain = 'name = "net"\nfactory = "net.py:Net"\nweights = "weights"\n'
        text_file("SUBJECT.toml", plain)(folder)
        (folder / "weights").mkdir()
        contents: dict[str, Any] = {
            "preprocessor_config.json": {
                "size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 32},
                "do_center_crop": True, "do_resize": True, "do_normalize": True, "resample": 3,
                "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "crop_pct": 0.9,
            },
            "config.json": {
                "pretrained_cfg": {
                    "input_size": [3, 32, 32], "crop_pct": 0.9, "crop_mode": "center",
                    "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic",
                }
            },
        }  # fmt: skip
        (folder / "weights" / name).write_text(json.dumps(contents[name]))
        return folder / "weights" / name

    return make


def _read_subject(target: Path) -> None:
    from describer.subjects import definition

    folder = target.parent if target.name == "SUBJECT.toml" else target.parent.parent
    subject = definition.read(folder / "SUBJECT.toml")
    _ = subject.size, subject.channels, definition.further(subject)
    json.dumps(definition.further(subject))


def _up(target: Path) -> None:
    _read_exemplars(target.parent.parent)


READERS: dict[str, Reader] = {
    "checkpoint.json": Reader("json", _checkpoint, _read_checkpoint),
    "published .pth": Reader("bytes", _published_checkpoint, _read_published_checkpoint),
    "torch weights": Reader("bytes", _weights("weights.pt"), _read_weights),
    "old torch weights": Reader("bytes", _weights("old.pt"), _read_weights),
    "safetensors": Reader("bytes", _weights("weights.safetensors"), _read_weights),
    "index of weights": Reader("json", _weights("w.index.json"), _read_weights),
    "SUBJECT.toml": Reader("toml", _subject, _read_subject),
    "preprocessor_config.json": Reader(
        "json", _prepared("preprocessor_config.json"), _read_subject
    ),
    "config.json of timm": Reader("json", _prepared("config.json"), _read_subject),
    "exemplars.json": Reader("json", _exemplars, lambda path: _read_exemplars(path.parent)),
    "ids.csv": Reader("csv", _exemplar_file("ids.csv"), _up),
    "activations.csv": Reader("csv", _exemplar_file("activations.csv"), _up),
    "levels.npy": Reader("npy", _exemplar_file("levels.npy"), _up),
    "maps.npy": Reader("npy", _exemplar_file("maps.npy"), _up),
    "published images.npy": Reader("npy", _published_exemplars("images.npy"), _up),
    "published masks.npy": Reader("npy", _published_exemplars("masks.npy"), _up),
    "published ids.csv": Reader("csv", _published_exemplars("ids.csv"), _up),
}
