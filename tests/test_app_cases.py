"""The inputs that others had trouble with, by the commands a person types; skipped where not there.

Each case comes with a script that writes its pictures and says in a README what is expected.
"""

import re
import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import app
from audits.ablation.engine.hooks import ablated
from audits.network.images import open_network
from describer.subjects import definition

EXEMPLARS = "exemplars SUBJECT.toml im --out out --k 4"
AUDIT = "audit SUBJECT.toml im --descriptions d.csv --keywords text --out a --controls 2"

# Case, how its pictures are written, the command, what it ends with, what it says (one expression).
CASES = [
    ("A01", "colours", EXEMPLARS, 0, r"conv1: 6 units"),
    ("A02", "colours", EXEMPLARS, 0, r"conv1: 6 units"),
    ("A03", "colours", EXEMPLARS, 0, r"conv1: 6 units"),
    ("A05", "colours", EXEMPLARS, 2, r"stopped with FileNotFoundError: .* \(net\.py line 16\)$"),
    ("A06", "colours", EXEMPLARS, 2, r"without the internet.*name it in weights = \"FILE\"$"),
    ("A07", "colours", EXEMPLARS, 2, r"runs on images.*AttributeError.*\(net\.py line 12\)$"),
    ("A08", "colours", EXEMPLARS, 0, r"conv1: 6 units"),
    ("A09", "colours", EXEMPLARS, 0, r"conv1: 6 units"),
    ("A10", "colours", EXEMPLARS, 0, r"conv1: 6 units"),
    ("A12", "latin1", EXEMPLARS, 0, r"names that are not UTF-8, left out: cat/caf"),
    ("A13", "colours", AUDIT, 0, r"1 of 1 matching units ablated"),
    ("A13", "colours", f"{AUDIT} --rule mean", 0, r"1 of 1 matching units ablated"),
    ("A13", "colours", f"{EXEMPLARS} --layers relu", 0, r"relu: 12 units"),
    ("B01", "16bit", EXEMPLARS, 0, r"2 pictures \(16 bits.*\n.*\(32 bits.*\n.*\(float"),
    ("B02", "colours", EXEMPLARS, 0, r"norm: 8 units[^\n]*\nmlp: 16 units"),
    ("B03", "colours", f"{EXEMPLARS} --layers c1", 0, r"c1: 5 units"),
    ("B03", "colours", "layers SUBJECT.toml", 0, r"\nc3 .*"),
    ("B04", "empty-class", AUDIT, 0, r"\ncat +0 +0\n.*\(8 test images\): 100\.00%"),
    ("B06", "numeric", AUDIT, 0, r"\(24 test images\): 100\.00%[\s\S]*10 before 2"),
    ("B07", "stray", AUDIT, 0, r"\(12 test images\): 100\.00%[\s\S]*left out: preview\.png"),
    ("B08", "symlink", EXEMPLARS, 0, r"conv1: 6 units"),
    ("B10", "suffixes", EXEMPLARS, 0, r"conv1: 6 units"),
    ("B11", "transparent", EXEMPLARS, 0, r"4 pictures \(transparent.*colour 255, 255, 255"),
    ("B12", "colours", f"{EXEMPLARS} --batch-size 3", 0, r"warning: .* in bn \(BatchNorm2d\)"),
    ("C01", "colours", EXEMPLARS, 0, r"entry state_dict[\s\S]*model\. taken.*criterion\.weight"),
    ("C02", "colours", EXEMPLARS, 0, r"_orig_mod taken off"),
    ("C03", "colours", EXEMPLARS, 0, r"entry model of w\.pt"),
    (
        "C04",
        "colours",
        EXEMPLARS,
        2,
        r"numpy\._core\.multiarray\.scalar.*torch\.save\(",
    ),
    ("C05", "colours", EXEMPLARS, 0, r"conv1: 6 units"),
    ("C06", "colours", EXEMPLARS, 0, r"conv1: 6 units"),
    ("C08", "colours", EXEMPLARS, 0, r"attn: 8 units"),
    ("C09", "colours", EXEMPLARS, 0, r"block: 8 units"),
    ("C10", "colours", EXEMPLARS, 0, r"counts in float16"),
    (
        "C11",
        "colours",
        EXEMPLARS,
        2,
        r"one-channel \(grey\) images.*give 1 in mean and in std$",
    ),
    ("C12", "colours", AUDIT, 0, r"\(12 test images\): 100\.00%[\s\S]*'logits'"),
    ("C13", "flat", AUDIT, 0, r"\(6 test images\): 100\.00%[\s\S]*separated by semicolons"),
    ("C15", "colours", EXEMPLARS, 0, r"m\.block/conv 1: 6 units"),
]


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a case's folder, entered, with its pictures written."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip(f"the cases are not beside the project (looked for {folder})")
    number, mode = request.param
    (found,) = folder.glob(f"{number}-*")
    copy = tmp_path / number
    shutil.copytree(found, copy, copy_function=shutil.copyfile)
    copy.chmod(0o755)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["images.py", mode])
    if mode:
        runpy.run_path(str(folder / "images.py"))
    return copy


def run(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """What a command ends with, and what it prints: its output, then its notes."""
    capsys.readouterr()
    code = app.main(command.split())
    printed = capsys.readouterr()
    text = re.sub(r"[^\n]*\r", "", f"{printed.out}\n{printed.err}")
    assert "Traceback" not in text
    assert "\x1b" not in text
    return code, text.strip()


@pytest.mark.filterwarnings("ignore::UserWarning:torch", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("case", "command", "ends", "says"),
    [((number, mode), *rest) for number, mode, *rest in CASES],
    ids=[f"{number}-{place}" for place, (number, *_) in enumerate(CASES)],
    indirect=["case"],
)
def test_a_case_ends_as_is_expected_of_it(
    case: Path, command: str, ends: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = run(command, capsys)
    assert code == ends, text
    assert re.search(says, text), text
    if ends == 2:
        assert len([line for line in text.splitlines() if line.startswith("error: ")]) == 1


@pytest.mark.parametrize("case", [("B01", "16bit")], indirect=True)
def test_deep_pictures_keep_their_ramp(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _size_to(case, 24)
    assert run(EXEMPLARS, capsys)[0] == 0
    shown = _pictures(case)
    assert len(shown) == 3, "two of the four are the same picture"
    for picture in shown:
        values = picture[0].ravel()
        assert len(np.unique(values)) > 100, "a ramp"
        assert (np.diff(values.astype(int)) >= 0).all()
        assert values[0] == 0
        assert values[-1] > 250


@pytest.mark.parametrize("case", [("B11", "transparent")], indirect=True)
def test_what_is_hidden_in_a_picture_stays_so(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _size_to(case, 24)
    assert run(EXEMPLARS, capsys)[0] == 0
    for picture in _pictures(case):
        assert picture[:, 0, 0].tolist() == [255, 255, 255]
        assert picture[:, 12, 12].tolist() == [0, 0, 255]


@pytest.mark.parametrize("case", [("A13", "colours")], indirect=True)
def test_only_the_call_that_was_described_is_ablated(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{EXEMPLARS} --layers relu", capsys)[0] == 0
    network = open_network(definition.read(case / "SUBJECT.toml"))
    model, images = network.model, torch.rand(5, 3, 16, 16)
    with torch.no_grad():
        hidden = model.b(model.a(images).relu()).relu()
        hidden[:, 2] = 0  # of the last call, whose 12 units were described
        expected = model.fc(hidden.mean((2, 3)))
        with ablated(model, {"relu": [2]}):
            found = model(images)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    assert network.sizes["relu"] == 12
    assert network.sizes["relu#1"] == 4


@pytest.mark.parametrize("case", [("B12", "colours")], indirect=True)
@pytest.mark.parametrize("size", [3, 12])
def test_a_network_that_depends_on_its_batch_is_named_at_every_size(
    case: Path, size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = run(f"{EXEMPLARS} --batch-size {size}", capsys)
    assert code == 0
    assert "with the images beside it in the batch, first in bn" in text


DESCRIPTIONS = {
    "compexp": r"by Compositional explanations[\s\S]*column `neuron` read as unit",
    "cp1252": r"Windows-1252",
    "crlf-bom": r"",
    "float": r"12\.0 read as whole numbers",
    "header-case": r"column `Layer` read as layer",
    "index-col": r"",
    "nan": r"",
    "semicolon": r"separated by semicolons",
    "trailing-blank": r"1 empty line left out",
    "tsv": r"separated by tabs",
    "utf16": r"UTF-16 text",
}


@pytest.mark.parametrize("case", [("C16", "")], indirect=True)
def test_tables_of_other_programs_are_understood(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = (
        "import torch\nfrom torch import nn\n\n\ndef make():\n"
        "    from collections import OrderedDict\n"
        "    layers = [('layer4', nn.Conv2d(3, 16, 3)), ('pool', nn.AdaptiveAvgPool2d(1)),\n"
        "              ('flat', nn.Flatten()), ('fc', nn.Linear(16, 3))]\n"
        "    return nn.Sequential(OrderedDict(layers))\n"
    )
    (case / "net.py").write_text(network)
    (case / "SUBJECT.toml").write_text(
        'name = "n"\nfactory = "net.py:make"\nimage_size = 16\nlayers = ["layer4"]\n'
        "mean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0.5]\n"
    )
    assert run("add network SUBJECT.toml --workspace w", capsys)[0] == 0
    for name, says in DESCRIPTIONS.items():
        more = "--layer layer4" if name == "compexp" else ""
        code, text = run(
            f"add descriptions desc-{name}.csv --subject n --workspace w {more}", capsys
        )
        assert code == 0, (name, text)
        assert re.search(says, text), (name, text)
    code, text = run("add descriptions desc-xlsx.csv --subject n --workspace w", capsys)
    assert code == 2
    assert "xlsx" in text.replace("desc-xlsx.csv", "").lower()
    for path in sorted(case.glob("ann-*.csv")):
        code, text = run(f"annotations check {path.name}", capsys)
        assert code == 0, text
        assert "layer4 12: 1 instead of 3" in text
    for name in ("ls-csv", "mturk-float-unit", "mturk-taskanswers", "potato"):
        code, text = run(f"annotations import {name}.csv --subject n --workspace {name}", capsys)
        assert code == 0, (name, text)
        assert "1 answers in campaign" in text
    code, text = run("annotations import mturk-repeat-after-reject.csv --workspace again", capsys)
    assert code == 0
    assert "1 answered again after a rejection" in text
    code, text = run(
        "annotations import mturk-header-only.csv --subject n --workspace none", capsys
    )
    assert code == 2
    assert "expected at least one answer" in text


def test_every_case_that_is_there_is_tried() -> None:
    folder = Path(__file__).resolve().parents[2] / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip(f"the cases are not beside the project (looked for {folder})")
    there = {path.name.partition("-")[0] for path in folder.iterdir() if path.is_dir()}
    assert there == {number for number, *_ in CASES} | {"C16"}


def _size_to(case: Path, size: int) -> None:
    file = case / "SUBJECT.toml"
    text = file.read_text().replace("image_size = 16", f"image_size = {size}")
    file.unlink()
    file.write_text(text)


def _pictures(case: Path) -> list[np.ndarray]:
    """What the network was given, uint8 (3, H, W), from the exemplars' folder."""
    files = sorted((case / "out" / "probe-images").rglob("*.npy"))
    return [np.load(file) for file in files]
