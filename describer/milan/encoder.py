"""Images and masks to feature vectors: a pyramid of layers of a pretrained network, masked.

    encoder = PyramidEncoder("resnet101")                   # ImageNet weights from torch's cache
    encoder = PyramidEncoder("resnet18", network=mine)      # or a network of your own
    encoder.pool(images, masks)                             # (n, feature_size)

Each layer's maps are averaged over the positions that the mask covers, and the averages of all
layers concatenated (Hernandez et al. 2022, appendix B.1). Two points where the published
checkpoints' encoder differs from the paper, and is followed here: a downsampled mask is divided by
its sum (the paper sums without dividing), and one that is zero everywhere stays zero; and masks are
downsampled bilinearly without antialiasing, so that a small mask can fall between the positions of
a deep layer and leave its features zero. `downsampling="area"` averages over the area instead and
loses nothing, but its features are not those that published decoders were trained on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from db.errors import BadInput
from describer.milan import backbones
from describer.milan.backbones import EncoderConfig

BATCH_SIZE = 32

ArrayLike = Tensor | NDArray[np.generic]


@dataclass(frozen=True)
class Pooled:
    """Pooled features, and where a mask was lost on the way.

    Attributes:
        features: float32 (n, feature_size).
        vanished: bool (n, layers): the mask covers something, but nothing at this layer's size, so
            this layer's part of the features is zero.
    """

    features: Tensor
    vanished: Tensor


class PyramidEncoder:
    """A network, the layers of it that are pooled, and how images are prepared for it."""

    def __init__(
        self,
        name: str,
        *,
        network: nn.Module | None = None,
        layers: Sequence[str] | None = None,
        config: EncoderConfig | None = None,
        downsampling: str = "bilinear",
        device: str | torch.device = "cpu",
    ) -> None:
        """Take a network, or the pretrained torchvision network of that name.

        Args:
            name: a torchvision name; any name when `config` is given.
            network: used as it is, put into evaluation mode on `device`.
            layers: module paths; by default those of the published code.
            config: all of it, instead of name, layers and downsampling.
            downsampling: "bilinear" (published) or "area".
            device: where the network runs.

        Raises:
            BadInput: unknown network, missing weights, or a layer the network does not have.
        """
        chosen = config or backbones.config_of(name, layers=layers, downsampling=downsampling)
        if network is None:
            network = backbones.pretrained(chosen.name)
        modules = dict(network.named_modules())
        for layer in chosen.layers:
            if layer not in modules:
                raise BadInput(
                    f"expected a layer of encoder {chosen.name}, got {layer!r}, "
                    f"which is none of its {len(modules)} modules"
                )
        self.config = chosen
        self.device = torch.device(device)
        self.network = network.to(self.device).eval()

    def with_downsampling(self, downsampling: str) -> "PyramidEncoder":
        """The same encoder, with another way of downsampling masks."""
        config = replace(self.config, downsampling=downsampling)
        return PyramidEncoder(config.name, network=self.network, config=config, device=self.device)

    @torch.inference_mode()
    def feature_size(self, image_size: int = 64) -> int:
        """Length of a feature vector, found by encoding one black image."""
        images = torch.zeros(1, 3, image_size, image_size)
        return sum(level.shape[1] for level in self.levels(images))

    @torch.inference_mode()
    def levels(self, images: ArrayLike) -> list[Tensor]:
        """The maps of every layer: images (n, 3, H, W), uint8 or float in [0, 1] -> (n, C, h, w).

        Raises:
            BadInput: images of another shape or range, or that the network cannot read.
        """
        prepared = _prepare(images, self.config, self.device)
        with _outputs_of(self.network, self.config.layers) as outputs:
            try:
                self.network(prepared)
            except RuntimeError as error:
                reason = str(error).splitlines()[0]
                raise BadInput(
                    f"expected images that encoder {self.config.name} can read, got "
                    f"{tuple(prepared.shape)} ({reason})"
                ) from error
        levels = []
        for layer in self.config.layers:
            output = outputs.get(layer)
            if not isinstance(output, Tensor) or output.ndim != 4:
                got = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
                raise BadInput(
                    f"expected maps (n, channels, h, w) from layer {layer} of encoder "
                    f"{self.config.name}, got {got}"
                )
            levels.append(output.float())
        return levels

    @torch.inference_mode()
    def pool(
        self, images: ArrayLike, masks: ArrayLike | None = None, *, batch_size: int = BATCH_SIZE
    ) -> Tensor:
        """Feature vectors of masked images.

        Args:
            images: (n, 3, H, W), uint8, or float in [0, 1].
            masks: (n, 1, H, W), bool, uint8 or float, at least zero; without masks the whole image.
            batch_size: images encoded at once.

        Returns:
            float32 (n, feature_size).
        """
        pixels = _as_tensor(images)
        covers = torch.ones(len(pixels), 1, 1, 1) if masks is None else _as_tensor(masks)
        if covers.ndim != 4 or covers.shape[1] != 1 or len(covers) != len(pixels):
            raise BadInput(
                f"expected masks of shape ({len(pixels)}, 1, H, W), got {tuple(covers.shape)}"
            )
        if not len(pixels):
            return torch.zeros(0, self.feature_size(), device=self.device)
        parts = []
        for first in range(0, len(pixels), batch_size):
            levels = self.levels(pixels[first : first + batch_size])
            cover = covers[first : first + batch_size].to(self.device)
            # One mask an image: (n, 1, H, W) -> a batch of n images with one mask each.
            parts.append(pool_levels(levels, cover, downsampling=self.config.downsampling).features)
        return torch.cat(parts)


def pool_levels(levels: Sequence[Tensor], masks: Tensor, *, downsampling: str) -> Pooled:
    """Pool the maps of some images by several masks each.

    Args:
        levels: for each layer (images, C, h, w).
        masks: (images, masks, H, W), any type, at least zero, on the same device.
        downsampling: "bilinear" or "area".

    Returns:
        Features in rows of images * masks, image by image.
    """
    cover = masks.float()
    seen = cover.flatten(2).amax(dim=2) > 0  # (images, masks)
    features, vanished = [], []
    for level in levels:
        small = _downsample(cover, (level.shape[2], level.shape[3]), downsampling).flatten(2)
        total = small.sum(dim=2, keepdim=True)
        weights = torch.where(total > 0, small / total.clamp_min(1e-30), small)
        # (images, masks, h * w) @ (images, h * w, C)
        features.append(weights @ level.flatten(2).transpose(1, 2))
        vanished.append(seen & ~(total.squeeze(2) > 0))
    return Pooled(
        torch.cat(features, dim=2).flatten(0, 1), torch.stack(vanished, dim=2).flatten(0, 1)
    )


def _downsample(masks: Tensor, size: tuple[int, int], downsampling: str) -> Tensor:
    if downsampling == "area":
        return functional.adaptive_avg_pool2d(masks, size)
    return functional.interpolate(masks, size, mode="bilinear", align_corners=False)


def _as_tensor(array: ArrayLike) -> Tensor:
    return array if isinstance(array, Tensor) else torch.from_numpy(np.asarray(array))


def _prepare(images: ArrayLike, config: EncoderConfig, device: torch.device) -> Tensor:
    """Images as the network takes them."""
    pixels = _as_tensor(images).to(device)
    if pixels.ndim != 4 or pixels.shape[1] != 3:
        raise BadInput(f"expected images of shape (n, 3, H, W), got {tuple(pixels.shape)}")
    if pixels.dtype == torch.uint8:
        pixels = pixels.float() / 255
    elif not pixels.is_floating_point() or pixels.amin() < 0 or pixels.amax() > 1:
        raise BadInput(
            "expected images of type uint8 or float in [0, 1], got "
            f"{str(pixels.dtype).removeprefix('torch.')} in "
            f"[{float(pixels.amin()):g}, {float(pixels.amax()):g}]"
        )
    mean = torch.tensor(config.mean, device=device)[:, None, None]
    std = torch.tensor(config.std, device=device)[:, None, None]
    return (pixels.float() - mean) / std


@contextmanager
def _outputs_of(network: nn.Module, layers: Sequence[str]) -> Iterator[dict[str, object]]:
    """The outputs of some modules, filled in while the network runs inside the block."""
    outputs: dict[str, object] = {}

    def hook_for(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            outputs[name] = output

        return hook

    modules = dict(network.named_modules())
    handles = [modules[name].register_forward_hook(hook_for(name)) for name in layers]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()
