"""Published checkpoints: what is read, and the ways of smuggling code in that are refused."""

import io
import os
import pickle
import shutil
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from db.errors import BadInput
from describer import milan
from describer.milan.checkpoints import archive


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


class Builds(Calls):
    """Pickles as a harmless object whose state is a call."""

    def __reduce__(self) -> Any:
        return (OrderedDict, (), {"state": Calls(*self.call[:1], *self.call[1])})


def evil(marker: Path) -> dict[str, object]:
    touch = f"touch {marker}"
    return {
        "os.system": Calls(os.system, touch),
        "eval": Calls(eval, f"__import__('os').system('{touch}')"),
        "exec": Calls(exec, f"open({str(marker)!r}, 'w')"),
        "getattr": Calls(getattr, [], "append"),
        "import": Calls(__import__, "os"),
        "nested": {"state_dict": OrderedDict(weight=[{"deep": (Calls(os.system, touch),)}])},
        "state": Builds(os.system, touch),
        "torch.load": Calls(torch.load, str(marker)),
        "function": {"properties": os.system},
        "path": {"properties": marker},
    }


KINDS = list(evil(Path("marker")))


def save_zip(value: object, path: Path) -> None:
    torch.save(value, path)


def save_legacy(value: object, path: Path) -> None:
    torch.save(value, path, _use_new_zipfile_serialization=False)


def save_pickle(value: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(value))


@pytest.mark.parametrize("save", [save_zip, save_legacy, save_pickle])
@pytest.mark.parametrize("kind", KINDS)
def test_code_is_refused_with_one_sentence_and_not_run(
    tmp_path: Path, kind: str, save: Callable[[object, Path], None]
) -> None:
    marker, path = tmp_path / "marker", tmp_path / "evil.pth"
    save(evil(marker)[kind], path)
    with pytest.raises(BadInput) as refusal:
        milan.load(path)
    assert not marker.exists()
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_refusal_names_the_call(tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    torch.save(Calls(eval, "1"), path)
    with pytest.raises(BadInput, match=r"got a call of .*builtin.*eval; .* nothing in it was run"):
        archive.read(path)


@pytest.mark.parametrize(
    "program",
    [
        # Each takes an attribute of something that is allowed, by a dotted name or a state.
        b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__class__\x93.",
        b"cbuiltins\ngetattr\n.",
        b"ctorch\nFloatStorage.__class__\n.",
        b"\x80\x02c_codecs\nencode\nX\x04\x00\x00\x00evilX\x06\x00\x00\x00rot-13\x86R.",
        b"i__main__\nobject\n.",
        b"\x80\x02ccollections\nOrderedDict\n)\x81}X\x01\x00\x00\x00ab.",
        b"\x80\x02Ufoo",
        b"",
    ],
)
def test_hand_made_programs_are_refused(tmp_path: Path, program: bytes) -> None:
    path = tmp_path / "evil.pth"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("evil/data.pkl", program)
    with pytest.raises(BadInput):
        archive.read(path)


def test_plain_values_and_tensors_come_back_as_they_were(tmp_path: Path) -> None:
    shared_storage = torch.arange(12.0).view(3, 4)
    value = {
        "numbers": [1, 2.5, None, True],
        "names": ("a", {"b"}),
        "bytes": b"\x00\xff",
        "ordered": OrderedDict(x=shared_storage, y=shared_storage.t()[1:]),
        "half": torch.ones(2).half(),
        "whole": torch.arange(3),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "empty": torch.zeros(0, 3),
    }
    torch.save(value, tmp_path / "plain.pth")
    read = archive.read(tmp_path / "plain.pth")
    assert read["numbers"] == value["numbers"]
    assert (read["names"], read["bytes"]) == (value["names"], value["bytes"])
    assert list(read["ordered"]) == ["x", "y"]
    torch.testing.assert_close(read["ordered"]["y"], shared_storage.t()[1:])
    for key in ("half", "whole", "parameter", "empty"):
        torch.testing.assert_close(read[key], torch.as_tensor(value[key]).detach())


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "torch archive"),
        (lambda path: path.write_bytes(b"not a zip"), "torch archive"),
        (lambda path: path.write_bytes(b""), "torch archive"),
        (lambda path: rewrite(path, {"data/0": b"\0" * 3}), "cannot be read"),
        (lambda path: rewrite(path, {"data.pkl": None}), "one data.pkl .* got 0"),
        (lambda path: rewrite(path, {"byteorder": b"big"}), "little-endian"),
        (lambda path: rewrite(path, {}, zipfile.ZIP_DEFLATED), "uncompressed"),
    ],
)
def test_damaged_archives_are_refused(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "model.pth"
    torch.save({"weights": torch.randn(1000)}, path)
    damage(path)
    with pytest.raises(BadInput, match=message):
        archive.read(path)


def rewrite(
    path: Path, entries: dict[str, bytes | None], compression: int = zipfile.ZIP_STORED
) -> None:
    """Replace entries of an archive, or leave them out."""
    target = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", compression) as new:
        for info in old.infolist():
            name = info.filename.partition("/")[2]
            content = entries.get(name, old.read(info.filename))
            if content is not None:
                new.writestr(info.filename, content)
    path.write_bytes(target.getvalue())


def test_a_folder_or_nothing_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        archive.read(tmp_path)


def change(source: Path, target: Path, edit: Callable[[dict[str, Any]], object]) -> Path:
    """A published checkpoint with something changed."""
    contents = archive.read(source)
    contents["properties"] = dict(contents["properties"])
    indexer = {"properties": {"vocab": contents["properties"]["indexer"]["properties"]["vocab"]}}
    contents["properties"]["indexer"] = indexer
    contents["properties"].pop("lm")
    edit(contents)
    torch.save(contents, target)
    return target


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c.pop("state_dict"), "contents of a MILAN decoder .*state_dict"),
        (lambda c: c["properties"].pop("encoder"), "contents of a MILAN decoder .*encoder"),
        (
            lambda c: c["properties"]["indexer"]["properties"].update(
                vocab={"properties": {"tokens": ("dog", "cat")}}
            ),
            r"weights for 6 symbols \(2 words and 4 special ones\), got weights for 763",
        ),
        (lambda c: c["state_dict"].pop("init_h.0.weight"), "weights of a MILAN decoder"),
        (lambda c: c["state_dict"].pop("lm.lstm.bias_hh_l1"), "weights of a language model"),
        (lambda c: c["state_dict"].update({"lstm.bias_ih": "text"}), "lstm.bias_ih is no tensor"),
    ],
)
def test_contents_that_do_not_fit_together_are_refused(
    golden: Path, tmp_path: Path, edit: Callable[[dict[str, Any]], object], message: str
) -> None:
    path = change(golden / "milan-published-format.pth", tmp_path / "changed.pth", edit)
    with pytest.raises(BadInput, match=message):
        milan.load(path)


def test_files_of_2022_that_name_the_older_configuration_class_are_read(
    golden: Path, tmp_path: Path
) -> None:
    path = tmp_path / "old.pth"
    shutil.copy(golden / "milan-published-format.pth", path)
    path.chmod(0o600)
    with zipfile.ZipFile(path) as source:
        program = source.read("milan-published-format/data.pkl")
    newer = b"cconfection._config\nConfig\n"
    assert newer in program
    rewrite(path, {"data.pkl": program.replace(newer, b"cthinc.config\nConfig\n")})
    assert len(milan.load(path).vocabulary.words) == 759


def test_a_checkpoint_without_language_model_is_read(golden: Path, tmp_path: Path) -> None:
    def drop(contents: dict[str, Any]) -> None:
        for key in [key for key in contents["state_dict"] if key.startswith("lm.")]:
            del contents["state_dict"][key]

    path = change(golden / "milan-published-format.pth", tmp_path / "changed.pth", drop)
    assert milan.load(path).language is None
