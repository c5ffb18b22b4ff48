"""Masked pooling: by hand, in batches, and where masks get lost."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from db.errors import BadInput
from describer.milan import backbones
from describer.milan.backbones import EncoderConfig
from describer.milan.encoder import PyramidEncoder, pool_levels
from helpers.milan import ENCODER, two_layers


def encoder(**changes: object) -> PyramidEncoder:
    config = EncoderConfig(**{**ENCODER.__dict__, **changes})  # type: ignore[arg-type]
    return PyramidEncoder("tiny", network=two_layers(), config=config)


def pictures(count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 3, 16, 16), dtype=np.uint8)


def test_features_are_means_over_the_masked_positions() -> None:
    level = torch.arange(2.0 * 4 * 4).view(1, 2, 4, 4)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :2, :4] = 1  # two cells of the first row of the map
    pooled = pool_levels([level], mask, downsampling="bilinear")
    assert pooled.features.tolist() == [[0.5, 16.5]]
    assert not pooled.vanished.any()


def test_mask_types_and_scale_do_not_matter() -> None:
    masks = np.random.default_rng(1).random((3, 1, 16, 16)) > 0.5
    expected = encoder().pool(pictures(), masks)
    for other in (masks.astype(np.uint8), masks * np.uint8(255), masks.astype(np.float32)):
        torch.testing.assert_close(encoder().pool(pictures(), other), expected)


def test_float_images_are_the_same_as_bytes() -> None:
    floats = torch.from_numpy(pictures()).float() / 255
    torch.testing.assert_close(encoder().pool(floats), encoder().pool(pictures()))


def test_batches_do_not_change_features() -> None:
    whole = encoder().pool(pictures(7))
    torch.testing.assert_close(encoder().pool(pictures(7), batch_size=2), whole)


def test_without_images_there_are_no_features() -> None:
    assert encoder().pool(pictures(0)).shape == (0, 10)


def test_an_empty_mask_gives_zeros_and_has_not_vanished() -> None:
    pooled = pool_levels([torch.ones(1, 2, 4, 4)], torch.zeros(1, 1, 8, 8), downsampling="area")
    assert not pooled.features.any()
    assert not pooled.vanished.any()


def test_small_masks_vanish_bilinearly_and_not_by_area() -> None:
    level = torch.rand(1, 5, 7, 7) + 1
    masks = torch.zeros(1, 16, 224, 224)
    for place in range(16):  # 14 x 14 pixels, as in a corner of a cell of 32
        masks[0, place, place : place + 14, place : place + 14] = 1
    bilinear = pool_levels([level], masks, downsampling="bilinear")
    area = pool_levels([level], masks, downsampling="area")
    assert bilinear.vanished[:, 0].tolist() == [place < 2 for place in range(16)]
    assert not bilinear.features[:2].any()
    assert not area.vanished.any()
    assert (area.features >= 1).all()


def test_area_pooling_is_the_mean_over_the_area() -> None:
    level = torch.rand(1, 3, 2, 2)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4, :2] = 1  # half of the first cell
    mask[..., 4:, :4] = 1  # all of the third
    pooled = pool_levels([level], mask, downsampling="area").features[0]
    torch.testing.assert_close(pooled, (level[0, :, 0, 0] * 0.5 + level[0, :, 1, 0]) / 1.5)


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "resnet50"])
def test_published_networks_have_their_layers(name: str) -> None:
    with torch.device("meta"):
        network = torchvision.models.get_model(name, weights=None)
    network.to_empty(device="cpu")  # sizes do not depend on weights
    sizes = {"alexnet": 1152, "resnet18": 1024, "resnet50": 3904}
    assert PyramidEncoder(name, network=network).feature_size(96) == sizes[name]


def test_any_torchvision_network_encodes_by_its_layers() -> None:
    network = torchvision.models.mobilenet_v2(weights=None)
    layers = ["features.1", "features.18"]
    assert (
        PyramidEncoder("mobilenet_v2", network=network, layers=layers).feature_size() == 16 + 1280
    )


@pytest.mark.parametrize(
    ("images", "masks", "message"),
    [
        (np.zeros((2, 16, 16, 3), np.uint8), None, r"\(n, 3, H, W\), got \(2, 16, 16, 3\)"),
        (np.full((2, 3, 16, 16), 2.0), None, r"float in \[0, 1\], got float64 in \[2, 2\]"),
        (np.zeros((2, 3, 16, 16), np.int64), None, "got int64"),
        (np.zeros((2, 3, 16, 16), np.uint8), np.ones((1, 1, 16, 16)), r"\(2, 1, H, W\)"),
        (np.zeros((2, 3, 16, 16), np.uint8), np.ones((2, 16, 16)), r"\(2, 1, H, W\)"),
    ],
)
def test_unusable_images_and_masks_are_refused(
    images: np.ndarray, masks: np.ndarray | None, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        encoder().pool(images, masks)


def test_images_the_network_cannot_read_are_refused() -> None:
    network = torchvision.models.squeezenet1_0(weights=None)
    squeezenet = PyramidEncoder("squeezenet1_0", network=network, layers=["features.12"])
    with pytest.raises(BadInput, match=r"encoder squeezenet1_0 can read, got \(1, 3, 8, 8\)"):
        squeezenet.pool(np.zeros((1, 3, 8, 8), np.uint8))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": ()}, "layers of encoder 'tiny', got none"),
        ({"layers": ("third",)}, "layer of encoder tiny, got 'third'"),
        ({"std": (1.0, 0.0, 1.0)}, "positive deviations"),
        ({"mean": (1.0,)}, "three means"),
        ({"downsampling": "nearest"}, "bilinear or area"),
    ],
)
def test_unusable_configurations_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        encoder(**changes)


def test_layers_that_are_no_maps_are_refused() -> None:
    network = nn.Sequential(two_layers(), nn.Flatten())
    flat = EncoderConfig("flat", "x:y", ("1",))
    with pytest.raises(BadInput, match=r"maps .* from layer 1 of encoder flat, got \(3, 96\)"):
        PyramidEncoder("flat", network=network, config=flat).pool(pictures())


def test_missing_weights_come_with_the_command_that_gets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(BadInput) as refusal:
        PyramidEncoder("resnet101")
    message = str(refusal.value)
    assert str(tmp_path / "hub" / "checkpoints" / "resnet101-63fe2227.pth") in message
    assert "get_model('resnet101', weights='IMAGENET1K_V1')" in message


def test_weights_in_the_cache_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    network = torchvision.models.squeezenet1_0(weights=None).eval()
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    torch.save(network.state_dict(), cache / "squeezenet1_0-b66bff10.pth")
    layers = ["features.0", "features.5"]
    images = pictures().repeat(4, axis=2).repeat(4, axis=3)
    expected = PyramidEncoder("squeezenet1_0", network=network, layers=layers).pool(images)
    found = PyramidEncoder("squeezenet1_0", layers=layers).pool(images)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", ["resnet1", "fasterrcnn_resnet50_fpn", "os.system", "../x"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="torchvision classification network"):
        backbones.pretrained(name)


@pytest.mark.parametrize(
    ("factory", "kwargs", "message"),
    [
        ("os:system", {}, "code that a checkpoint may not run"),
        ("net.py:build", {}, "SUBJECT.toml"),
        ("describer.demo.networks:nn", {}, "network of describer.demo.networks, got 'nn'"),
        ("describer.demo.networks:_stage", {}, "got '_stage'"),
        ("torchvision.models:resnet18", {"weights": 1}, "arguments that"),
        ("torchvision.models:resnet18", {"num_classes": "text"}, "expected numbers"),
        ("torchvision.models:resnet18", {"colour": 1}, "arguments that"),
    ],
)
def test_checkpoints_cannot_name_code(
    factory: str, kwargs: dict[str, object], message: str
) -> None:
    config = EncoderConfig("other", factory, ("layer1",), kwargs=kwargs)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=message):
        backbones.build(config)


def test_weights_of_the_head_may_be_missing_and_no_others() -> None:
    config = backbones.config_of("resnet18")
    source = torchvision.models.resnet18(weights=None).state_dict()
    body = {key: value for key, value in source.items() if not key.startswith("fc.")}
    network = backbones.build(config)
    backbones.fill(network, body, config=config)
    torch.testing.assert_close(network.state_dict()["conv1.weight"], source["conv1.weight"])
    with pytest.raises(BadInput, match=r"with bn1\.weight missing and none unknown"):
        backbones.fill(network, {k: v for k, v in body.items() if k != "bn1.weight"}, config=config)
    with pytest.raises(BadInput, match="and extra unknown"):
        backbones.fill(network, {**body, "extra": torch.ones(1)}, config=config)
    with pytest.raises(BadInput, match=r"got others: size mismatch for conv1\.weight"):
        backbones.fill(network, {**body, "conv1.weight": torch.ones(1)}, config=config)
