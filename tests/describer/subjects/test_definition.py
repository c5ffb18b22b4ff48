"""Subject files: what they may say, what they build, and one sentence for each mistake."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from db.errors import BadInput
from describer.subjects import definition, factory
from describer.subjects.weights import weights_hash
from helpers.worlds import two_layer_subject


@pytest.fixture
def subject_file(tmp_path: Path) -> Path:
    return two_layer_subject(tmp_path)


def rewritten(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


def with_weights(path: Path, name: str) -> Path:
    return rewritten(path, "image_size = 32", f'image_size = 32\nweights = "{name}"')


def test_a_subject_is_built_in_evaluation_mode_and_always_the_same(subject_file: Path) -> None:
    subject = definition.read(subject_file)
    first, second = factory.build(subject), factory.build(subject)
    assert not first.training
    assert torch.equal(first.head.weight, second.head.weight)
    assert weights_hash(subject, second) == weights_hash(subject, first)
    assert (subject.layers, subject.classes) == (("early", "late"), ("blue", "red"))


def test_building_leaves_the_random_state_of_the_program_alone(subject_file: Path) -> None:
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    factory.build(definition.read(subject_file))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("kind", ["safetensors", "plain", "state_dict", "module", "half"])
def test_weights_are_read_however_they_were_saved(subject_file: Path, kind: str) -> None:
    model = factory.build(definition.read(subject_file))
    state = {key: value + 1 for key, value in model.state_dict().items()}
    folder = subject_file.parent
    if kind == "safetensors":
        save_file(state, folder / "w.safetensors")
    elif kind == "plain":
        torch.save(state, folder / "w.safetensors.pt")
    elif kind == "state_dict":
        torch.save({"epoch": 3, "state_dict": state}, folder / "w.pt")
    elif kind == "module":
        torch.save({f"module.{key}": value for key, value in state.items()}, folder / "w.pt")
    else:
        save_file({key: value.half() for key, value in state.items()}, folder / "w.safetensors")
    name = next(path.name for path in folder.iterdir() if path.name.startswith("w."))
    loaded = factory.build(definition.read(with_weights(subject_file, name)))
    for key, value in loaded.state_dict().items():
        torch.testing.assert_close(value, state[key], atol=2e-3, rtol=2e-3)
        assert value.dtype == state[key].dtype


def test_another_network_or_other_weights_have_another_hash(subject_file: Path) -> None:
    thin = definition.read(subject_file)
    narrow = weights_hash(thin, factory.build(thin))
    wide = definition.read(rewritten(subject_file, "width = 6", "width = 7"))
    model = factory.build(wide)
    assert (before := weights_hash(wide, model)) != narrow
    with torch.no_grad():
        model.head.bias[0] += 1e-6
    assert weights_hash(wide, model) != before


def test_torchvision_factories_fetch_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        'name = "r"\nfactory = "torchvision.models:squeezenet1_1"\nimage_size = 64\n'
        "mean = [0, 0, 0]\nstd = [1, 1, 1]\nkwargs = { num_classes = 3 }\n"
    )
    model = factory.build(definition.read(path))
    assert model(torch.zeros(1, 3, 64, 64)).shape == (1, 3)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("image_size", "imagesize", "got 'imagesize'; nearest: image_size"),
        ('name = "two-layers"', "", "expected name in"),
        ("image_size = 32", 'image_size = "32"', "expected image_size as int"),
        ("image_size = 32", "image_size = 0", "image_size of at least 1"),
        ("std = [0.5, 0.5, 0.5]", "std = [0.5, 0.5]", "a positive deviation for every channel"),
        ("std = [0.5, 0.5, 0.5]", "std = [0.5, 0.5, 0]", "a positive deviation for every channel"),
        ("network.py:two_layers", "network.py:two_layer", "nearest: two_layers"),
        ("network.py:two_layers", "nowhere.py:net", "expected a Python file with the factory"),
        ("network.py:two_layers", "no_such_package:net", "no_such_package is not installed"),
        ("network.py:two_layers", "network.py", "a factory as module:callable"),
        ("width = 6", "depth = 6", "expected arguments that network.py:two_layers takes"),
        ('name = "two-layers"', 'name = "../two"', "a name without slashes"),
        ("classes", "input = 'sound'\nclasses", "expected input image or latent"),
        ("name =", "name = =", "expected TOML"),
    ],
)
def test_every_mistake_has_its_sentence(
    subject_file: Path, old: str, new: str, sentence: str
) -> None:
    rewritten(subject_file, old, new)
    with pytest.raises(BadInput, match=sentence):
        factory.build(definition.read(subject_file))


def test_weights_that_do_not_fit_are_named(subject_file: Path) -> None:
    state = factory.build(definition.read(subject_file)).state_dict()
    state["tail.weight"] = state.pop("head.weight")
    save_file(state, subject_file.parent / "w.safetensors")
    with pytest.raises(BadInput, match=r"got head.weight missing and tail.weight unexpected"):
        factory.build(definition.read(with_weights(subject_file, "w.safetensors")))


def test_weights_of_another_shape_are_named(subject_file: Path) -> None:
    state = factory.build(definition.read(subject_file)).state_dict()
    state["head.bias"] = torch.zeros(5)
    save_file(state, subject_file.parent / "w.safetensors")
    with pytest.raises(BadInput, match=r"expected head.bias of shape \(2,\).*got \(5,\)"):
        factory.build(definition.read(with_weights(subject_file, "w.safetensors")))


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("touch /tmp/milan-workbench-was-here",)


@pytest.mark.parametrize("content", ["code", "noise", "nothing"])
def test_weights_cannot_run_code_or_be_anything_else(subject_file: Path, content: str) -> None:
    path = subject_file.parent / "w.pt"
    if content == "code":
        torch.save({"weight": Evil()}, path)
    elif content == "noise":
        path.write_bytes(b"these are no weights")
    with_weights(subject_file, "w.pt")
    with pytest.raises(BadInput, match=r"expected (weights in|a weights file at)"):
        factory.build(definition.read(subject_file))
    assert not Path("/tmp/milan-workbench-was-here").exists()


def test_a_missing_subject_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected a SUBJECT.toml, got .*none.toml"):
        definition.read(tmp_path / "none.toml")
