"""Our checkpoints: a round trip that is exact, and everything that can be wrong with one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision

from db.errors import BadInput
from describer import milan
from describer.milan import backbones
from describer.milan.checkpoints import folder as checkpoint_folder
from describer.milan.decoder import Decoder, DecoderConfig
from describer.milan.model import Model
from helpers.milan import FEATURES, make_model


@pytest.fixture
def saved(model: Model, tmp_path: Path) -> Path:
    checkpoint_folder.save(model, tmp_path / "checkpoint", training={"seed": 0})
    return tmp_path / "checkpoint"


@pytest.mark.parametrize("language", [True, False])
def test_a_round_trip_is_exact(tmp_path: Path, language: bool) -> None:
    model = make_model(language=language)
    checkpoint_folder.save(model, tmp_path / "checkpoint", training={"seed": 0})
    loaded = milan.load(tmp_path / "checkpoint")
    features = torch.randn(3, 4, FEATURES)
    options = {"strategy": "rerank" if language else "beam"}
    # Compared as text: without a language model log_p is NaN, which is unequal to itself.
    expected = repr(model.describe_features(features, **options))  # type: ignore[arg-type]
    assert repr(loaded.describe_features(features, **options)) == expected  # type: ignore[arg-type]
    assert loaded.vocabulary == model.vocabulary
    assert loaded.encoder_config == model.encoder_config
    assert not loaded.as_published
    assert not loaded.decoder.training


def test_encoder_weights_travel_with_the_checkpoint(tmp_path: Path) -> None:
    config = backbones.config_of("squeezenet1_0", layers=["features.0", "features.5"])
    network = torchvision.models.squeezenet1_0(weights=None).eval()
    decoder = Decoder(DecoderConfig(12, 96 + 256, hidden_size=8, attention_size=4)).eval()
    model = replace(
        make_model(language=False), decoder=decoder, encoder_config=config, network=network
    )
    checkpoint_folder.save(model, tmp_path / "checkpoint", training={})
    images = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    loaded = milan.load(tmp_path / "checkpoint").encoder()
    torch.testing.assert_close(loaded.pool(images), model.encoder().pool(images))


def test_an_encoder_of_foreign_code_has_to_be_given(saved: Path, model: Model) -> None:
    with pytest.raises(BadInput, match="'tests:two_layers', code that a checkpoint may not run"):
        milan.load(saved).encoder()
    given = milan.load(saved, network=model.network)
    assert given.encoder().feature_size() == FEATURES


def test_an_encoder_with_other_features_is_refused(model: Model) -> None:
    config = replace(model.encoder_config, layers=("first",))
    with pytest.raises(BadInput, match="10 features an image, got tiny with 4"):
        replace(model, encoder_config=config).encoder()


def test_provenance_is_readable_and_weights_are_hashed(saved: Path) -> None:
    description = checkpoint_folder.read_description(saved)
    assert description["training"] == {"seed": 0}
    assert set(description["files"]) == {
        "decoder.safetensors",
        "language.safetensors",
        "encoder.safetensors",
    }


def test_saving_replaces_a_checkpoint_and_leaves_nothing_else(saved: Path, model: Model) -> None:
    checkpoint_folder.save(replace(model, language=None), saved, training={})
    assert milan.load(saved).language is None
    assert [path.name for path in saved.parent.iterdir()] == ["checkpoint"]


def edit(description: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / "checkpoint.json"
        contents = json.loads(path.read_text())
        description(contents)
        path.write_text(json.dumps(contents))

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "checkpoint.json").unlink(), "checkpoint.json, got no such file"),
        (lambda f: (f / "checkpoint.json").write_text("{"), "expected JSON"),
        (lambda f: (f / "checkpoint.json").write_text("[]"), "expected format"),
        (lambda f: (f / "decoder.safetensors").unlink(), "decoder.safetensors .*no such file"),
        (lambda f: (f / "decoder.safetensors").write_bytes(b""), "was changed or is incomplete"),
        (edit(lambda c: c.update(format="other 2")), "got 'other 2'"),
        (edit(lambda c: c.update(colour="red")), "unknown colour"),
        (edit(lambda c: c.pop("vocabulary")), "missing vocabulary"),
        (edit(lambda c: c["decoder"].update(width=3)), "keys of decoder .*unknown width"),
        (edit(lambda c: c["encoder"].pop("layers")), "keys of encoder .*missing layers"),
        (edit(lambda c: c["vocabulary"].append("cat")), "12 symbols for the decoder .* got 13"),
        (edit(lambda c: c["decoder"].update(hidden_size=13)), "decoder.safetensors that fit"),
        (edit(lambda c: c["files"].pop("language.safetensors")), "language.safetensors"),
        (edit(lambda c: c["files"].update({"../x": "0"})), r"got \['../x'\]"),
    ],
)
def test_a_damaged_checkpoint_gets_one_sentence(
    saved: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(saved)
    with pytest.raises(BadInput, match=message) as refusal:
        milan.load(saved)
    assert "\n" not in str(refusal.value)


def test_the_demo_says_when_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milan, "DEMO_FOLDER", tmp_path / "nowhere")
    with pytest.raises(BadInput, match=r"demo's MILAN checkpoint .* demo build"):
        milan.load("demo")


def test_a_published_checkpoint_can_be_saved_as_ours(golden: Path, tmp_path: Path) -> None:
    published = milan.load(golden / "milan-published-format.pth")
    checkpoint_folder.save(published, tmp_path / "ours", training={})
    ours = milan.load(tmp_path / "ours")
    texts = ["dogs", "white lines on the sky"]
    torch.testing.assert_close(ours.log_prior(texts), published.log_prior(texts))
    assert ours.as_published
