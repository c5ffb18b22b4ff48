"""The user's code is imported as Python would, and its mistakes are one sentence with a line."""

import sys
from pathlib import Path

import pytest
import torch

from db.errors import BadInput
from describer.images import probing
from describer.subjects import factory
from describer.subjects.code import code_hash
from describer.subjects.importing import blamed, plain
from helpers.subject_files import TINY, subject

DATACLASS = (
    "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    + TINY
    + """

@dataclass
class Settings:
    width: int = 5


def make(): return Tiny(classes=Settings().width)
"""
)


def test_a_dataclass_with_postponed_annotations_finds_its_module(tmp_path: Path) -> None:
    model = factory.build(subject(tmp_path, DATACLASS, factory="tiny.py:make"))
    assert model.head.out_features == 5
    assert sys.modules[type(model).__module__].Settings().width == 5


@pytest.mark.parametrize("imported", ["from parts import width", "from .parts import width"])
@pytest.mark.parametrize("package", [False, True])
def test_what_lies_beside_the_factory_is_found(
    tmp_path: Path, imported: str, package: bool
) -> None:
    (tmp_path / "parts.py").write_text("def width(): return 7\n")
    if package:
        (tmp_path / "__init__.py").touch()
    code = f"{imported}\n{TINY}\n\ndef make(): return Tiny(classes=width())\n"
    assert factory.build(subject(tmp_path, code, factory="tiny.py:make")).head.out_features == 7


def test_a_repository_with_packages_is_imported_from_its_root(tmp_path: Path) -> None:
    """hubconf.py as torch.hub wants it, a package beside it, an import that goes up."""
    inner = tmp_path / "nets" / "deep"
    inner.mkdir(parents=True)
    for folder in (tmp_path / "nets", inner):
        (folder / "__init__.py").touch()
    (tmp_path / "nets" / "sizes.py").write_text("CLASSES = 6\n")
    (inner / "body.py").write_text(f"from ..sizes import CLASSES\n{TINY}")
    hub = "from nets.deep.body import CLASSES, Tiny\ndef tiny(): return Tiny(classes=CLASSES)\n"
    assert factory.build(subject(tmp_path, hub, factory="hubconf.py:tiny")).head.out_features == 6
    straight = subject(tmp_path, "", factory="nets/deep/body.py:Tiny")
    assert factory.build(straight).head.out_features == 4
    named = subject(tmp_path, "", factory="nets.deep.body:Tiny")
    assert factory.build(named).head.out_features == 4


def test_neighbours_of_the_same_name_in_two_folders_are_two(tmp_path: Path) -> None:
    found = []
    for name, width in (("a", 3), ("b", 6), ("a", 3)):
        code = f"from parts import WIDTH\n{TINY}\n\ndef make(): return Tiny(classes=WIDTH)\n"
        given = subject(tmp_path / name, code, factory="tiny.py:make")
        (tmp_path / name / "parts.py").write_text(f"WIDTH = {width}\n")
        found.append(factory.build(given).head.out_features)
    assert found == [3, 6, 3]


def test_a_neighbour_without_a_class_belongs_to_the_code_as_well(tmp_path: Path) -> None:
    code = f"from parts import scale\n{TINY}\n\ndef make(): scale(1); return Tiny()\n"
    given = subject(tmp_path, code, factory="tiny.py:make")
    hashes = []
    for factor in ("2", "3", "2"):
        (tmp_path / "parts.py").write_text(
            f"def scale(x): return x * {factor}{' ' * len(hashes)}\n"
        )
        hashes.append(code_hash(given, factory.build(given)))
    assert hashes[0] == hashes[2] != hashes[1]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("import no_such_thing", r"no_such_thing is not installed \(tiny\.py line 1\)"),
        ("from . import parts_that_are_not", r"tiny\.py line 1"),
        ("1 / 0", r"ZeroDivisionError: division by zero \(tiny\.py line 1\)"),
        ("x = (", r"SyntaxError: .* \(tiny\.py line 1\)"),
        ("import sys; sys.exit('usage: train.py')", r"SystemExit: usage: train.py \(tiny\.py"),
        ("{}['key']", r"KeyError: 'key' \(tiny\.py line 1\)"),
    ],
)
def test_what_stops_an_import_is_one_sentence(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        factory.build(subject(tmp_path, f"{line}\n{TINY}"))


@pytest.mark.parametrize(
    ("raised", "sentence"),
    [
        ("torch.load('/no/such/weights.pth')", r"FileNotFoundError: .*\(tiny\.py line 17\)"),
        ("{}['backbone']", r"KeyError: 'backbone' \(tiny\.py line 17\)"),
        ("assert False, 'no GPU'", r"AssertionError: no GPU \(tiny\.py line 17\)"),
        ("exit(3)", r"SystemExit: 3 \(tiny\.py line 17\)"),
        ("return 'network'", "to return a torch module, got str"),
    ],
)
def test_what_stops_a_factory_is_one_sentence(tmp_path: Path, raised: str, sentence: str) -> None:
    code = f"{TINY}\n\ndef make():\n    {raised}\n"
    with pytest.raises(BadInput, match=sentence) as caught:
        factory.build(subject(tmp_path, code, factory="tiny.py:make"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("forward", "sentence"),
    [
        ("images.pixel_values", "AttributeError: 'Tensor' object has no attribute"),
        ("{}['image']", "KeyError: 'image'"),
        ("images.no(", "SyntaxError"),
        ("self.head(images)", "RuntimeError: "),
        ("exec('raise NotImplementedError')", "NotImplementedError"),
    ],
)
def test_what_stops_a_forward_is_one_sentence(tmp_path: Path, forward: str, sentence: str) -> None:
    code = TINY.replace("self.head(torch.relu(self.first(images)).mean((2, 3)))", forward)
    with pytest.raises(BadInput, match=rf"{sentence}.*\(tiny\.py line \d+\)"):
        factory.build(subject(tmp_path, code))


def test_a_loader_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "x.npy")
    given = subject(tmp_path, more='loader = "read.py:load"')
    (tmp_path / "read.py").write_text("import no_such_reader\n")
    with pytest.raises(BadInput, match=r"a module for loader 'read\.py:load'.*no_such_reader"):
        next(probing.batches(probing.open_folder(tmp_path), given))


def test_messages_lose_their_terminal_codes_and_their_length() -> None:
    assert plain("\x1b[1mred\x1b[0m\nsecond") == "red"
    assert len(plain("x" * 1000)) < 310
    assert blamed(ValueError()) == "ValueError"
