"""What people bring, exported with an edit and read where nothing of the original is left."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from audits.edit.export import export, pack
from audits.network.evaluation import Evaluator
from audits.network.images import open_images, open_network
from db.errors import BadInput
from describer.subjects import definition, factory
from helpers import subject_files
from helpers.subject_files import TINY

PACKAGE = {
    "__init__.py": "",
    "models/__init__.py": "",
    "models/net.py": "from ..parts.tiny import Tiny\n\ndef make():\n    return Tiny()\n",
    "parts/__init__.py": "",
    "parts/tiny.py": TINY,
}
DATACLASS = """
from __future__ import annotations
from dataclasses import dataclass
from tiny import Tiny

@dataclass
class Config:
    classes: int = 4

class Maker:
    @staticmethod
    def make():
        return Tiny(classes=Config().classes)
"""
SEGMENT = """
import torch
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 5, 3, padding=1)
        self.head = nn.Linear(5, 4)

    def forward(self, images):
        out = torch.relu(self.first(images)).mean((2, 3))
        return {"out": -self.head(out), "aux": self.head(out)}
"""
LAST = """
import torch
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 12, 1)
        self.first = nn.LayerNorm(12)
        self.head = nn.Linear(12, 4)

    def forward(self, images):
        out = self.first(self.patches(images).permute(0, 2, 3, 1))
        return self.head(torch.relu(out).mean((1, 2)))
"""
BANDS = """
import numpy as np
from stretch import stretched

def bands(path):
    return stretched(np.load(path))
"""
KINDS = {
    "grey": {"code": TINY, "mean": "[0.3]", "more": "kwargs = { channels = 1 }\nwhite = 300"},
    "non-square": {"code": TINY, "more": 'image_size = [10, 14]\ninterpolation = "bicubic"'},
    "channels-last": {"code": LAST, "more": "axis = { first = -1 }\nbackground = [9, 8, 7]"},
    "answer": {"code": SEGMENT, "more": 'answer = "aux"'},
    "half": {
        "code": TINY + "\n\ndef make():\n    return Tiny().bfloat16()\n",
        "factory": "tiny.py:make",
    },
    "sibling": {
        "code": DATACLASS,
        "factory": "code/net.py:Maker.make",
        "others": {"code/tiny.py": TINY},
    },
    "package": {
        "code": "",
        "factory": "../pkg/models/net.py:make",
        "others": {f"../pkg/{k}": v for k, v in PACKAGE.items()},
    },
    "module": {
        "code": "",
        "factory": "mynet.models.net:make",
        "others": {f"mynet/{k}": v for k, v in PACKAGE.items()},
    },
    "loader": {
        "code": TINY,
        "mean": "[1, 2, 3, 4]",
        "more": 'kwargs = { channels = 4 }\nloader = "load.py:bands"\nshown = [3, 1, 0]',
        "others": {
            "load.py": BANDS,
            "stretch.py": "def stretched(values):\n    return values * 3\n",
        },
    },
    "prefixed": {
        "code": TINY,
        "more": 'weights = "w.pt"\nweights_entry = "ema"\nweights_prefix = "net"',
    },
}

# What an export changes of a subject.
CHANGED: dict[str, Any] = {
    "name": "",
    "factory": "",
    "kwargs": {},
    "weights": None,
    "weights_entry": "",
    "weights_prefix": "",
    "source": Path(),
}


def pictures(folder: Path, *, arrays: bool) -> None:
    folder.mkdir()
    for number in range(12):
        values = np.random.default_rng(number).integers(0, 255, (4, 20, 26))
        if arrays:
            np.save(folder / f"{number:02}.npy", values.astype(np.float32) * (number + 1) / 99)
        else:
            shade = (values[:, :, :].transpose(1, 2, 0) * (number + 1) / 12).astype(np.uint8)
            Image.fromarray(shade, "RGBA").save(folder / f"{number:02}.png")


@pytest.mark.parametrize("rule", ["zero", "mean"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_of_any_network_predicts_the_same_elsewhere(
    tmp_path: Path, kind: str, rule: str
) -> None:
    asked = dict(KINDS[kind])
    folder = tmp_path / "original" / "mine"
    for name, code in asked.pop("others", {}).items():
        path = (folder / name).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "prefixed":
        torch.manual_seed(4)
        names = {
            "first.weight": (5, 3, 3, 3),
            "first.bias": (5,),
            "head.weight": (4, 5),
            "head.bias": (4,),
        }
        state = {f"net.{name}": torch.randn(shape) for name, shape in names.items()}
        torch.save({"model": {}, "ema": state}, folder / "w.pt")
    subject = subject_files.subject(folder, asked.pop("code"), **asked)
    network = open_network(subject)
    pictures(tmp_path / "im", arrays=bool(subject.loader))
    images = open_images(tmp_path / "im", network, name="test")
    units = {"first": [0, 2]}
    means = {"first": torch.full((network.sizes["first"],), 0.7)} if rule == "mean" else None
    ablated = Evaluator(network.model, "mean" if means else "zero", means)
    predicted = ablated.predict(images, units)
    export(tmp_path / "made", network, [("first", 2), ("first", 0)], images, ablated=ablated)
    shutil.rmtree(tmp_path / "original")
    shutil.move(tmp_path / "made", tmp_path / "elsewhere")
    assert not list((tmp_path / "elsewhere").rglob("__pycache__"))
    read = definition.read(tmp_path / "elsewhere" / "SUBJECT.toml")
    again = open_network(read)
    same = open_images(tmp_path / "im", again, name="test")
    first, second = (np.concatenate([b.numpy() for b in one.batches()]) for one in (images, same))
    assert np.array_equal(first, second), "the network would be given other inputs"
    assert np.array_equal(Evaluator(again.model).predict(same), predicted)
    assert replace(read, **CHANGED) == replace(subject, **CHANGED)
    assert pack(tmp_path / "elsewhere").stat().st_size


@pytest.mark.parametrize("rule", ["zero", "mean"])
def test_a_folder_of_transformers_stays_one(tmp_path: Path, rule: str) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    config = transformers.ViTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        image_size=16,
        patch_size=4,
        num_labels=3,
    )
    torch.manual_seed(3)
    saved = tmp_path / "original" / "saved"
    transformers.ViTForImageClassification(config).save_pretrained(saved)
    transformers.ViTImageProcessor(size={"height": 16, "width": 16}).save_pretrained(saved)
    subject_path = tmp_path / "original" / "SUBJECT.toml"
    subject_path.write_text(
        'name = "vit"\nfactory = "transformers:AutoModelForImageClassification"\n'
        'weights = "saved"\n'
    )
    network = open_network(definition.read(subject_path))
    layer = next(name for name in network.sizes if name.endswith("layernorm"))
    pictures(tmp_path / "im", arrays=False)
    images = open_images(tmp_path / "im", network, name="test")
    means = {layer: torch.full((network.sizes[layer],), 0.7)} if rule == "mean" else None
    ablated = Evaluator(network.model, "mean" if means else "zero", means)
    live = ablated.predict(images, {layer: [1, 5, 9]})
    order = [(layer, unit) for unit in (1, 5, 9)]
    export(tmp_path / "made", network, order, images, ablated=ablated)
    shutil.rmtree(tmp_path / "original")
    shutil.move(tmp_path / "made", tmp_path / "elsewhere")
    again = definition.read(tmp_path / "elsewhere" / "SUBJECT.toml")
    assert np.array_equal(Evaluator(factory.build(again)).predict(images), live)


@pytest.mark.parametrize(
    ("code", "others", "reason"),
    [
        (
            "from pathlib import Path\nNAMES = Path(__file__).with_name('names.txt').read_text()\n"
            + TINY,
            {"names.txt": "cat"},
            r"built from copies of its code.*FileNotFoundError.*\(tiny.py line 2\)",
        ),
        (
            "import sys\nfrom pathlib import Path\n"
            "sys.path.insert(0, str(Path(__file__).parents[1] / 'far'))\nfrom away import Tiny\n"
            "sys.path.pop(0)\n",
            {"../far/away.py": TINY},
            "lies neither beside SUBJECT.toml or its factory nor on Python's path",
        ),
    ],
)
def test_what_cannot_be_taken_along_is_refused(
    tmp_path: Path, code: str, others: dict[str, str], reason: str
) -> None:
    folder = tmp_path / "original"
    for name, text in others.items():
        path = (folder / name).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    subject = subject_files.subject(folder, code)
    network = open_network(subject)
    pictures(tmp_path / "im", arrays=False)
    images = open_images(tmp_path / "im", network, name="test")
    with pytest.raises(BadInput, match=reason):
        export(tmp_path / "made", network, [("first", 1)], images)
    assert not (tmp_path / "made").exists()
