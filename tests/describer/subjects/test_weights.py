"""State dicts are filled and hashed as torch does, however a training program wrapped them."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from db.errors import BadInput
from describer.subjects import factory
from describer.subjects.weights import weights_hash
from helpers.subject_files import TINY, subject

State = dict[str, torch.Tensor]


def trained(folder: Path, code: str = TINY, **options: Any) -> State:
    """The state of a network whose numbers are not those that it begins with."""
    model = factory.build(subject(folder, code, **options))
    return {
        key: value + 0.5 if value.is_floating_point() else value
        for key, value in model.state_dict().items()
    }


def named(state: State, change: Callable[[str], str]) -> State:
    return {change(key): value for key, value in state.items()}


def loaded(folder: Path, content: Any, more: str = "", code: str = TINY) -> factory.Made:
    torch.save(content, folder / "w.pt")
    return factory.make(subject(folder, code, more=f'weights = "w.pt"\n{more}'))


@pytest.mark.parametrize(
    ("wrap", "note"),
    [
        (lambda s: named(s, lambda key: f"module.{key}"), "module. taken off"),
        (lambda s: named(s, lambda key: f"_orig_mod.{key}"), "_orig_mod taken off"),
        (lambda s: named(s, lambda key: f"model._orig_mod.{key}"), "model. taken off"),
        (lambda s: named(s, lambda key: f"module.model.{key}"), "model. taken off"),
        (lambda s: named(s, lambda k: k.replace("head", "head._fsdp_wrapped_module")), "_fsdp"),
        (
            lambda s: {
                "state_dict": {**named(s, lambda key: f"net.{key}"), "loss.w": s["head.bias"]}
            },
            "1 others left out",
        ),
        (
            lambda s: {**named(s, lambda k: f"module.{k}"), "n_averaged": torch.tensor(7)},
            "n_averaged",
        ),
        (lambda s: {"epoch": 3, "model": s, "optimizer": {"state": {0: {"exp_avg": s}}}}, "model"),
        (lambda s: {"model_state_dict": s, "best": torch.tensor(0.5)}, "model_state_dict"),
        (lambda s: {"net": s}, "entry net"),
        (lambda s: {"checkpoint": {"weights": s}}, "entry checkpoint.weights"),
    ],
)
def test_wrappers_are_taken_off_and_named(
    tmp_path: Path, wrap: Callable[[State], Any], note: str
) -> None:
    state = trained(tmp_path)
    made = loaded(tmp_path, wrap(state))
    assert all(torch.equal(made.model.state_dict()[key], value) for key, value in state.items())
    assert note in " ".join(made.notes)


@pytest.mark.parametrize(
    ("first", "second"),
    [("student", "teacher"), ("state_dict", "state_dict_ema"), ("ema", "model")],
)
def test_one_of_two_networks_in_a_file_is_chosen_and_said(
    tmp_path: Path, first: str, second: str
) -> None:
    state = trained(tmp_path)
    other = {key: value + 1 for key, value in state.items()}
    content = {first: state, second: other}
    made = loaded(tmp_path, content)
    assert re.search(rf"entry (\w+) of w.pt, which also has ({first}|{second})", made.notes[0])
    for entry, values in ((first, state), (second, other)):
        chosen = loaded(tmp_path, content, f'weights_entry = "{entry}"')
        assert torch.equal(chosen.model.head.bias, values["head.bias"])
    with pytest.raises(BadInput, match=r"expected the entry 'best' in .*w\.pt, got "):
        loaded(tmp_path, content, 'weights_entry = "best"')


def test_a_backbone_is_taken_out_when_it_is_asked_for(tmp_path: Path) -> None:
    state = trained(tmp_path)
    content = {**named(state, lambda key: f"encoder.{key}"), "projection.weight": torch.ones(2)}
    with pytest.raises(
        BadInput, match=r"first\.weight, first\.bias, head\.weight and 1 more missing"
    ):
        loaded(tmp_path, content)
    made = loaded(tmp_path, content, 'weights_prefix = "encoder"')
    assert torch.equal(made.model.head.weight, state["head.weight"])
    assert "projection.weight" in made.notes[0]
    with pytest.raises(BadInput, match=r"keys that begin with 'body\.'"):
        loaded(tmp_path, content, 'weights_prefix = "body."')


def test_a_network_inside_a_class_takes_the_weights_of_the_network(tmp_path: Path) -> None:
    state = trained(tmp_path)
    code = (
        TINY
        + """

class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = Tiny()

    def forward(self, images):
        return self.model(images)
"""
    )
    torch.save(state, tmp_path / "w.pt")
    made = factory.make(subject(tmp_path, code, factory="tiny.py:Wrapped", more='weights = "w.pt"'))
    assert torch.equal(made.model.model.head.weight, state["head.weight"])
    assert "model. put before" in made.notes[0]


TIED = TINY.replace(
    "        self.head", "        self.again = self.first\n        self.head"
).replace("self.first(images)", "self.again(images)")


def test_shared_weights_are_saved_once_and_loaded_twice(tmp_path: Path) -> None:
    state = trained(tmp_path, TIED)
    del state["again.weight"], state["again.bias"]
    made = loaded(tmp_path, state, code=TIED)
    assert torch.equal(made.model.again.weight, state["first.weight"])
    del state["first.weight"]
    with pytest.raises(BadInput, match=r"first\.weight, again\.weight missing"):
        loaded(tmp_path, state, code=TIED)


def test_shared_weights_that_differ_in_the_file_are_refused(tmp_path: Path) -> None:
    state = trained(tmp_path, TIED)
    state["again.weight"] = state["first.weight"] + 1
    with pytest.raises(BadInput, match=r"one weight as again\.weight and first\.weight"):
        loaded(tmp_path, state, code=TIED)


@pytest.mark.parametrize("kind", ["safetensors", "torch"])
def test_a_sharded_checkpoint_is_read_by_its_index_or_its_folder(tmp_path: Path, kind: str) -> None:
    state = trained(tmp_path)
    folder = tmp_path / "saved"
    folder.mkdir()
    suffix = "safetensors" if kind == "safetensors" else "bin"
    stem = "model" if kind == "safetensors" else "pytorch_model"
    shards: dict[str, State] = {}
    for place, (key, value) in enumerate(state.items()):
        shards.setdefault(f"{stem}-{place % 2 + 1:05}-of-00002.{suffix}", {})[key] = value
    for name, part in shards.items():
        save_file(part, folder / name) if kind == "safetensors" else torch.save(part, folder / name)
    index = folder / f"{stem}.{suffix}.index.json"
    weight_map = {key: name for name, part in shards.items() for key in part}
    index.write_text(json.dumps({"weight_map": weight_map}))
    for where in (f"saved/{index.name}", "saved"):
        model = factory.build(subject(tmp_path, more=f'weights = "{where}"'))
        assert torch.equal(model.head.weight, state["head.weight"])
    one = next(iter(shards))
    with pytest.raises(BadInput, match=r"one file of several: name the \.index\.json"):
        factory.build(subject(tmp_path, more=f'weights = "saved/{one}"'))
    (folder / one).unlink()
    with pytest.raises(BadInput, match=f"all 2 files of .*{one} is missing"):
        factory.build(subject(tmp_path, more='weights = "saved"'))
    index.write_text(json.dumps({"weight_map": {"head.weight": "../w.pt"}}))
    with pytest.raises(BadInput, match="expected files beside"):
        factory.build(subject(tmp_path, more='weights = "saved"'))


NORMED = {
    "plain": TINY,
    "older": TINY.replace(
        "        self.head",
        "        import warnings\n        warnings.simplefilter('ignore')\n"
        "        self.first = torch.nn.utils.weight_norm(self.first)\n        self.head",
    ),
    "newer": TINY.replace(
        "        self.head",
        "        self.first = torch.nn.utils.parametrizations.weight_norm(self.first)\n"
        "        self.head",
    ),
}


@pytest.mark.parametrize("saved", ["older", "newer"])
@pytest.mark.parametrize("network", ["plain", "older", "newer"])
def test_weight_norm_of_both_generations_goes_into_each(
    tmp_path: Path, saved: str, network: str
) -> None:
    source = factory.build(subject(tmp_path / "saved", NORMED[saved]))
    with torch.no_grad():
        for parameter in source.parameters():
            parameter.mul_(1.5)
    (tmp_path / "used").mkdir()
    made = loaded(tmp_path / "used", source.state_dict(), code=NORMED[network])
    images = torch.randn(2, 3, 12, 12)
    torch.testing.assert_close(made.model(images), source(images), atol=1e-5, rtol=1e-5)


EXTRA = (
    TINY
    + """
    def get_extra_state(self):
        return {"version": VERSION, "scales": [torch.ones(2), 3.5]}

    def set_extra_state(self, state):
        self.restored = state
"""
)


def test_extra_state_is_loaded_hashed_and_may_be_missing(tmp_path: Path) -> None:
    hashes = []
    for version in (1, 2, 1):
        given = subject(tmp_path, f"VERSION = {version}\n{EXTRA}")
        hashes.append(weights_hash(given, factory.build(given)))
    assert hashes[0] == hashes[2] != hashes[1]
    code = f"VERSION = 1\n{EXTRA}"
    whole = factory.build(subject(tmp_path, code)).state_dict()
    assert loaded(tmp_path, whole, code=code).model.restored["version"] == 1
    del whole["_extra_state"]
    assert not hasattr(loaded(tmp_path, whole, code=code).model, "restored")


@pytest.mark.parametrize("state", [io.BytesIO(b"scales"), {3, 1}, object(), torch.qint8, None])
def test_whatever_a_module_keeps_besides_has_one_hash(tmp_path: Path, state: object) -> None:
    class Odd(nn.Module):
        def get_extra_state(self) -> object:
            return state

        def set_extra_state(self, state: object) -> None: ...

    given = subject(tmp_path)
    assert weights_hash(given, Odd()) == weights_hash(given, Odd())


LAZY = TINY.replace("nn.Linear(5, classes)", "nn.LazyLinear(classes)").replace(
    "nn.Conv2d(channels, 5, 3", "nn.LazyConv2d(5, 3"
)


def test_lazy_modules_take_their_sizes_from_weights_or_from_the_images(tmp_path: Path) -> None:
    state = trained(tmp_path)
    made = loaded(tmp_path, state, code=LAZY)
    assert torch.equal(made.model.first.weight, state["first.weight"])
    given = subject(tmp_path, LAZY)
    one, two = factory.build(given), factory.build(given)
    assert weights_hash(given, one) == weights_hash(given, two)
    assert type(one.head) is nn.Linear


@pytest.mark.filterwarnings("ignore")
def test_quantised_weights_have_a_hash(tmp_path: Path) -> None:
    code = (
        TINY
        + """

def make(scale=1.0):
    import warnings
    warnings.simplefilter("ignore")
    network = Tiny().eval()
    with torch.no_grad():
        network.head.weight.mul_(scale)
    return torch.ao.quantization.quantize_dynamic(network, {nn.Linear}, dtype=torch.qint8)
"""
    )
    given = subject(tmp_path, code, factory="tiny.py:make")
    once, again = factory.build(given), factory.build(given)
    assert weights_hash(given, once) == weights_hash(given, again)
    again.head = torch.ao.quantization.quantize_dynamic(
        nn.Sequential(nn.Linear(5, 4)), dtype=torch.qint8
    )[0]
    assert weights_hash(given, once) != weights_hash(given, again)


class Config:
    """What a training program pickles beside the weights."""


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ({"state_dict": {}, "accuracy": np.float64(0.5)}, r"numpy\.\S*scalar"),
        ({"args": Config()}, r"\S*test_weights\.Config"),
        (nn.Linear(2, 2), r"torch\.nn\.modules\.linear\.Linear"),
    ],
)
def test_a_refusal_names_the_class_and_the_way_out(
    tmp_path: Path, content: object, refused: str
) -> None:
    with pytest.raises(BadInput, match=rf"class {refused}, which is not.*torch\.save\(") as caught:
        loaded(tmp_path, content)
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "weights_only=False" not in str(caught.value)


def test_what_is_no_state_dict_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected a state dict in .*got dict with epoch, lr"):
        loaded(tmp_path, {"epoch": 3, "lr": 0.1})
    with pytest.raises(BadInput, match="got list"):
        loaded(tmp_path, [1, 2])


def test_the_hash_of_a_plain_network_is_the_one_that_workspaces_hold(tmp_path: Path) -> None:
    """The digest of the earlier code, written out: what was entered then still opens."""
    import hashlib

    given = subject(tmp_path, more="kwargs = { classes = 3 }")
    model = factory.build(given)
    digest = hashlib.blake2b(digest_size=20)
    digest.update(repr(("tiny.py:Tiny", [("classes", 3)])).encode())
    for key, value in model.state_dict().items():
        digest.update(f"{key} torch.float32 {tuple(value.shape)}".encode())
        digest.update(value.numpy().tobytes())
    assert weights_hash(given, model) == digest.hexdigest()
