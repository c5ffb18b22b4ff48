"""What people really have, by the commands they type: each input is made here, and one of a kind.

The network answers with channel means, so that it is always right about blue cats, green dogs and
red owls: any other accuracy is a fault of how folders, pictures or tables were read.
"""

import json
import re
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import app

EXEMPLARS = "exemplars SUBJECT.toml im --out out --k 1"
AUDIT = "audit SUBJECT.toml im --descriptions d.csv --keywords text --out a --controls 2"
RIGHT = r"\(12 test images\): 100\.00%"
COLOURS = {"cat": (0, 0, 255), "dog": (0, 255, 0), "owl": (255, 0, 0)}
NETWORK = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, order=(2, 1, 0)):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 1, bias=False)
        self.fc = nn.Linear(4, len(order), bias=False)
        with torch.no_grad():
            self.conv1.weight.zero_(), self.fc.weight.zero_()
            for channel in range(3):
                self.conv1.weight[channel, channel] = 1
            for output, channel in enumerate(order):
                self.fc.weight[output, channel] = 1

    def forward(self, x):
        return self.fc(self.conv1(x).mean((2, 3)))
"""

Prepare = Callable[[Path], object]


def state() -> dict[str, torch.Tensor]:
    weight = torch.zeros(4, 3, 1, 1)
    for channel in range(3):
        weight[channel, channel] = 1
    answer = torch.eye(4)[[2, 1, 0]]
    return {"conv1.weight": weight, "fc.weight": answer}


def before(prefix: str) -> dict[str, torch.Tensor]:
    return {f"{prefix}{key}": value for key, value in state().items()}


def saved(content: object) -> Prepare:
    return lambda folder: torch.save(content, folder / "w.pt")


def written(content: bytes) -> Prepare:
    return lambda folder: (folder / "w.pt").write_bytes(content)


def renamed(names: dict[str, str]) -> Prepare:
    return lambda folder: [
        (folder / "im" / old).rename(folder / "im" / new) for old, new in names.items()
    ]


def linked(folder: Path) -> None:
    for name in COLOURS:
        (folder / "im" / name).rename(folder / f"real-{name}")
        (folder / "im" / name).symlink_to(folder / f"real-{name}")


def cluttered(folder: Path) -> None:
    (folder / "im" / "cat" / ".DS_Store").write_bytes(b"x")
    (folder / "im" / "__MACOSX" / "cat").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(folder / "im" / "__MACOSX" / "cat" / "0.png")
    (folder / "im" / "cat" / "gone.png").symlink_to("/nowhere/gone.png")


def looped(folder: Path) -> None:
    (folder / "im" / "cat" / "again").symlink_to(folder / "im")


def split(folder: Path) -> None:
    (folder / "im").rename(folder / "all")
    shutil.copytree(folder / "all", folder / "im" / "train")
    shutil.copytree(folder / "all", folder / "im" / "val")


def one(picture: Image.Image, name: str, **options: object) -> Prepare:
    def prepare(folder: Path) -> None:
        shutil.rmtree(folder / "im")
        (folder / "im").mkdir()
        picture.save(folder / "im" / name, **options)

    return prepare


def broken(folder: Path) -> None:
    (folder / "im" / "cat" / "9.png").write_bytes(b"\x89PNG and no more")
    (folder / "im" / "cat" / "8.jpg").write_bytes(b"")


def tarred(folder: Path) -> None:
    with tarfile.open(folder / "im.tar.gz", "w:gz") as archive:
        archive.add(folder / "im", "im")


def flat(table: str, encoding: str = "utf-8") -> Prepare:
    """The pictures in one folder, with a table that ROWS stands for the rows of."""

    def prepare(folder: Path) -> None:
        (folder / "flat").mkdir()
        rows = []
        for name in COLOURS:
            for number in range(4):
                shutil.copy(folder / "im" / name / f"{number}.png", folder / "flat")
                (folder / "flat" / f"{number}.png").rename(folder / "flat" / f"{name}{number}.png")
                rows.append(f"{name}{number}.png,{name}\n")
        shutil.rmtree(folder / "im")
        (folder / "flat").rename(folder / "im")
        text = table.replace("ROWS", "".join(rows))
        (folder / "im" / "labels.csv").write_bytes(text.encode(encoding))

    return prepare


def numbered(folder: Path) -> None:
    flat("path,class\nROWS")(folder)
    table = folder / "im" / "labels.csv"
    text = table.read_text()
    for number, name in enumerate(COLOURS):
        text = text.replace(f",{name}\n", f",{number}.0\n")
    table.write_text(text)


def piped(folder: Path) -> None:
    flat("path,class\nROWS")(folder)
    table = folder / "im" / "labels.csv"
    table.write_text(table.read_text().replace(",", "|"))


W = 'weights = "w.pt"'
CLASSES = 'classes = ["cat", "dog", "owl"]'
CHECKPOINTS: dict[str, tuple[str, Prepare, int, str]] = {
    "parallel and compiled": (
        W,
        saved({"epoch": 3, "model_state_dict": before("module._orig_mod.")}),
        0,
        r"entry model_state_dict[\s\S]*module\. taken off",
    ),
    "averaged beside": (
        W,
        saved({"model": state(), "model_ema": before("module."), "optimizer": {"state": {}}}),
        0,
        r"entry model of w\.pt, which also has model_ema \(weights_entry chooses\)",
    ),
    "a teacher's backbone": (
        W,
        saved({"teacher": before("backbone."), "student": before("module.backbone.")}),
        2,
        r'weights_prefix = "backbone" in the subject file takes backbone\. off the keys$',
    ),
    "that was asked for": (
        f'{W}\nweights_entry = "teacher"\nweights_prefix = "backbone"',
        saved({"teacher": before("backbone."), "student": before("module.backbone.")}),
        0,
        r"backbone\. taken off",
    ),
    "a whole module": (W, saved(nn.Linear(2, 2)), 2, r"class torch\.nn\.modules\.linear\.Linear"),
    "with a path in it": (W, saved({"a": Path("x"), "net": state()}), 2, r"class pathlib\.Posix"),
    "of half precision": (W, saved({k: v.half() for k, v in state().items()}), 0, r"conv1: 4"),
    "another head": (
        W,
        saved({**state(), "fc.weight": torch.zeros(10, 4)}),
        2,
        r"expected fc\.weight of shape \(3, 4\) in .*, got \(10, 4\)$",
    ),
    "empty": (W, written(b""), 2, r"got an empty file$"),
    "a pointer": (W, written(b"version https://git-lfs.github.com/spec/v1\n"), 2, r"git lfs pull"),
    "a page": (W, written(b"<!DOCTYPE html><html>"), 2, r"got text \(HTML, XML or JSON\)"),
    "cut off": (W, written(b"PK\x03\x04 and no more"), 2, r"an archive that is cut off"),
    "something else": (W, written(b"GIF89a"), 2, r"neither torch\.save nor safetensors wrote"),
    "of no numbers": (
        W,
        saved({**state(), "fc.weight": torch.full((3, 4), torch.nan)}),
        0,
        r"warning: fc\.weight of w\.pt hold NaN",
    ),
}
FOLDERS: dict[str, tuple[str, Prepare, int, str]] = {
    "links": ("", linked, 0, RIGHT),
    "clutter": ("", cluttered, 0, rf"{RIGHT}[\s\S]*broken link, left out: cat/gone\.png"),
    "a link to itself": ("", looped, 0, rf"{RIGHT}[\s\S]*lies in, left out: cat/again"),
    "splits": ("", split, 2, r"these are splits and no classes: give one of them, such as train$"),
    "numbers with zeros": ("", renamed({"cat": "000", "dog": "001", "owl": "002"}), 0, RIGHT),
    "numbers from one": (
        "",
        renamed({"cat": "1", "dog": "2", "owl": "3"}),
        0,
        rf"{RIGHT}[\s\S]*outputs are counted from 0: the folders were taken in their order",
    ),
    "other spelling": (
        'classes = ["Great Owl", "Dog", "Cat"]\nkwargs = { order = [0, 1, 2] }',
        renamed({"owl": "great_owl"}),
        0,
        rf"great_owl +4 +0  Great Owl\n[\s\S]*{RIGHT}",
    ),
    "another order": (
        "kwargs = { order = [0, 1, 2] }",
        renamed({}),
        0,
        r": 33\.33%[\s\S]*would be on 100\.0% if classes were other outputs",
    ),
    "broken pictures": ("", broken, 0, rf"{RIGHT}[\s\S]*skipped cat/8\.jpg: cannot be read"),
}
TABLES: dict[str, tuple[str, Prepare, int, str]] = {
    "several classes": (
        CLASSES,
        flat("path,class\nROWScat0.png,dog\ncat1.png,cat|owl\n"),
        0,
        rf"dog +5 +1  dog[\s\S]*{RIGHT}[\s\S]*2 of 12 images have several classes, up to 2",
    ),
    "whole numbers": ("", numbered, 0, rf"{RIGHT}[\s\S]*such as 12\.0 read as whole numbers"),
    "strokes": ("", piped, 0, rf"cat +4 +0\n[\s\S]*{RIGHT}[\s\S]*separated by upright strokes"),
    "UTF-16": (CLASSES, flat("\ufeffFile Name,Class\nROWS", "utf-16-be"), 0, RIGHT),
    "quotes after spaces": (CLASSES, flat('"Path", "Class"\nROWS'), 0, RIGHT),
    "rows too many": (
        CLASSES,
        flat("path,class\nROWSgone.png,cat\n"),
        0,
        rf"{RIGHT}[\s\S]*1 rows of the table are about images that are not there: gone\.png",
    ),
    "no header": (CLASSES, flat("ROWS"), 2, r"expected the columns path and class in im/labels"),
}
RAMP = np.arange(576).reshape(24, 24)
PICTURES: dict[str, tuple[Prepare, str]] = {
    "ink": (one(Image.new("CMYK", (24, 24)), "a.jpg"), r"conv1: 4"),
    "grey and clear": (one(Image.new("LA", (24, 24), (9, 0)), "a.png"), r"1 picture \(transp"),
    "below zero": (one(Image.fromarray((RAMP - 300).astype(np.int32)), "a.tif"), r"\(32 bits"),
    "floats with holes": (
        one(Image.fromarray(np.where(RAMP % 7, 0.5, np.nan).astype(np.float32)), "a.tif"),
        r"\(float, first a\.tif\)",
    ),
    "one pixel high": (one(Image.new("RGB", (900, 1)), "a.png"), r"conv1: 4"),
    "moving": (one(Image.new("RGB", (24, 24)), "a.gif", save_all=True), r"conv1: 4"),
}
LAYERS = {
    "conv1#2": r"expected one of the 1 calls of conv1 in a pass, got 'conv1#2'$",
    "conv1:relu": r"whose output a ReLU reads, and nothing else, got 'conv1:relu'",
    "CONV1": r"expected the name of a layer, got 'CONV1'; nearest: conv1",
}
CODE = {
    "asks for arguments": ("def make(cfg):\n    return Net()\n", r"missing 1 required pos.*'cfg'$"),
    "gives two things": (
        "def make():\n    return Net(), 5\n",
        r"return a torch module, got tuple$",
    ),
    "wants a file": ("def make():\n    open('c.yaml')\n", r"FileNotFoundError.*\(net\.py line 2"),
    "is a script": ("import sys\nsys.exit('usage: x')\n", r"SystemExit: usage: x \(net\.py line"),
    "is unfinished": ("def make(:\n", r"SyntaxError: invalid syntax \(net\.py line 2"),
    "asserts": (
        "class Bad(Net):\n    def make(x):\n        pass\n\n\ndef make():\n    assert 0, 'no'\n",
        r"AssertionError: no \(net\.py line",
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network, its images and a table of descriptions, in the folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (tmp_path / "im" / name).mkdir(parents=True)
        for number in range(4):
            pixels = np.array(colour) + generator.integers(-30, 30, (24, 24, 3))
            picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            picture.save(tmp_path / "im" / name / f"{number}.png")
    (tmp_path / "net.py").write_text(NETWORK)
    (tmp_path / "d.csv").write_text("layer,unit,description\nconv1,0,red things\nconv1,2,text\n")
    return tmp_path


def run(
    folder: Path,
    command: str,
    capsys: pytest.CaptureFixture[str],
    more: str = "",
    factory: str = "net.py:Net",
) -> tuple[int, str]:
    """What a command ends with, and what it says: its output, then its notes."""
    (folder / "SUBJECT.toml").write_text(
        f'name = "n"\nfactory = "{factory}"\nlayers = ["conv1"]\nimage_size = 16\n'
        f"mean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0.5]\n{more}\n"
    )
    capsys.readouterr()
    code = app.main(command.split())
    printed = capsys.readouterr()
    return code, re.sub(r"[^\n]*\r", "", f"{printed.out}\n{printed.err}").strip()


@pytest.mark.parametrize("kind", CHECKPOINTS)
def test_checkpoints(folder: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    more, prepare, ends, says = CHECKPOINTS[kind]
    prepare(folder)
    code, text = run(folder, EXEMPLARS, capsys, more)
    assert code == ends, text
    assert re.search(says, text), text


@pytest.mark.parametrize("kind", [*FOLDERS, *TABLES])
def test_folders_and_tables_of_labels(
    folder: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    more, prepare, ends, says = {**FOLDERS, **TABLES}[kind]
    prepare(folder)
    code, text = run(folder, AUDIT, capsys, more)
    assert code == ends, text
    assert re.search(says, text), text


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures(folder: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    prepare, says = PICTURES[kind]
    prepare(folder)
    code, text = run(folder, EXEMPLARS, capsys)
    assert code == 0, text
    assert re.search(says, text), text


@pytest.mark.parametrize("name", LAYERS)
def test_layers_that_are_none(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(folder, f"{EXEMPLARS} --layers {name}", capsys)
    assert code == 2
    assert re.search(LAYERS[name], text), text


@pytest.mark.parametrize("kind", CODE)
def test_code(folder: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, says = CODE[kind]
    (folder / "net.py").write_text(NETWORK + code)
    ends, text = run(folder, EXEMPLARS, capsys, factory="net.py:make")
    assert ends == 2
    assert re.search(says, text), text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("pack", ["tar.gz", "parquet", "save_to_disk"])
def test_images_inside_other_files_go_all_the_way(
    folder: Path, pack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exemplars, descriptions, an entry in a workspace and an audit, as of a folder."""
    name = f"im.{pack}"
    if pack == "tar.gz":
        tarred(folder)
    else:
        datasets = pytest.importorskip("datasets", reason="datasets is not installed")
        datasets.disable_progress_bars()
        files = [
            (path, label)
            for label, each in enumerate(COLOURS)
            for path in sorted((folder / "im" / each).iterdir())
        ]
        features = datasets.Features(
            {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(COLOURS))}
        )
        rows = {
            "image": [{"bytes": path.read_bytes(), "path": None} for path, _ in files],
            "label": [label for _, label in files],
        }
        table = datasets.Dataset.from_dict(rows, features=features)
        table.to_parquet(name) if pack == "parquet" else table.save_to_disk(name)
    code, text = run(folder, EXEMPLARS.replace(" im ", f" {name} "), capsys)
    assert code == 0, text
    code, text = run(folder, "describe out --milan demo --out said.csv --strategy greedy", capsys)
    assert code == 0, text
    assert len((folder / "said.csv").read_text().splitlines()) == 5, "a header and four units"
    code, text = run(folder, AUDIT.replace(" im ", f" {name} "), capsys)
    assert code == 0, text
    assert re.search(rf"cat +4 +0\n[\s\S]*{RIGHT}", text), text
    code, text = run(folder, f"add images {name} --workspace w", capsys)
    assert code == 0, text


def test_descriptions_of_units_that_are_not_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "d.csv").write_text("layer,unit,description\nconv1,22,text\n")
    code, text = run(folder, AUDIT, capsys)
    assert code == 2
    assert text.endswith("expected units 0 to 3 of layer 'conv1', got 22")
    (folder / "d.csv").write_text(json.dumps([{"layer": "conv1", "unit": 2}]))
    code, text = run(folder, AUDIT, capsys)
    assert code == 2
    assert "got JSON in d.csv" in text
