"""The networks that MILAN looks at images with, and where their weights come from.

    config = config_of("resnet101")                     # a torchvision network, layers as published
    network = pretrained(config.name)                   # its ImageNet weights, from torch's cache
    config, network = from_subject(Path("net.toml"))    # any network that can be a subject
    network = build(config)                             # without weights, for those of a checkpoint

A checkpoint names its encoder by a factory. `build` calls only factories that are part of this
program (torchvision's classification networks and the demo's): another one would be somebody's code
run by loading a file, so it has to be given as a network by the person who loads the checkpoint.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn

from db.errors import BadInput

TORCHVISION = "torchvision.models"
TRUSTED_MODULES = (TORCHVISION, "describer.demo.networks")

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_ALEXNET = ("features.0", "features.3", "features.6", "features.8", "features.10")
_RESNET = ("conv1", "layer1", "layer2", "layer3", "layer4")

# The pyramids of the published code, and the ResNets between them. Features are read after the
# forward pass, so in-place activations that follow one of AlexNet's convolutions have been applied.
PYRAMIDS: Mapping[str, tuple[str, ...]] = {
    "alexnet": _ALEXNET,
    "resnet18": _RESNET,
    "resnet34": _RESNET,
    "resnet50": _RESNET,
    "resnet101": _RESNET,
    "resnet152": _RESNET,
}

Setting = bool | int | float | Sequence[int | float]


@dataclass(frozen=True)
class EncoderConfig:
    """Which network encodes images, and how.

    Attributes:
        name: a torchvision name, or the name of a subject.
        factory: "module:callable" that builds the network.
        layers: module paths whose outputs are pooled and concatenated, in this order.
        kwargs: arguments of the factory: numbers, truth values and lists of numbers.
        mean: subtracted from each colour channel of images in [0, 1].
        std: what is left is divided by it.
        downsampling: how masks are brought to the size of a layer, "bilinear" (published) or
            "area"; see encoder.py.
    """

    name: str
    factory: str
    layers: tuple[str, ...]
    kwargs: Mapping[str, Setting] = field(default_factory=dict)
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    downsampling: str = "bilinear"

    def __post_init__(self) -> None:
        if not self.layers:
            raise BadInput(
                f"expected the layers of encoder {self.name!r}, got none; layers are known for "
                f"{', '.join(PYRAMIDS)}"
            )
        if len(self.mean) != 3 or len(self.std) != 3 or not all(value > 0 for value in self.std):
            raise BadInput(
                f"expected three means and three positive deviations for encoder {self.name!r}, "
                f"got {self.mean} and {self.std}"
            )
        if self.downsampling not in ("bilinear", "area"):
            raise BadInput(
                f"expected downsampling bilinear or area for encoder {self.name!r}, "
                f"got {self.downsampling!r}"
            )


def config_of(
    name: str, *, layers: Sequence[str] | None = None, downsampling: str = "bilinear"
) -> EncoderConfig:
    """The encoder made of a torchvision network.

    Args:
        name: such as "resnet101".
        layers: module paths; by default those of the published code, where it has the network.
        downsampling: "bilinear" or "area".

    Raises:
        BadInput: no layers are known for the network and none were given.
    """
    chosen = tuple(layers) if layers is not None else PYRAMIDS.get(name, ())
    return EncoderConfig(name, f"{TORCHVISION}:{name}", chosen, downsampling=downsampling)


def build(config: EncoderConfig) -> nn.Module:
    """A network with arbitrary weights, in evaluation mode.

    Raises:
        BadInput: the factory is not part of this program, is unknown, or refuses its arguments.
    """
    module, _, name = config.factory.partition(":")
    if module not in TRUSTED_MODULES:
        raise BadInput(
            f"expected an encoder built by {' or '.join(TRUSTED_MODULES)}, got "
            f"{config.factory!r}, code that a checkpoint may not run; give the encoder as a "
            "SUBJECT.toml (--encoder) or as a network (network=…)"
        )
    if not all(_is_plain(value) for value in config.kwargs.values()):
        raise BadInput(
            f"expected numbers, truth values and lists of numbers as arguments of "
            f"{config.factory}, got {dict(config.kwargs)}"
        )
    try:
        if module == TORCHVISION:
            _torchvision_weights(name)
            network = torchvision.models.get_model(name, weights=None, **config.kwargs)
        else:
            network = _own_factory(module, name)(**config.kwargs)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"expected arguments that {config.factory} takes, got {dict(config.kwargs)} ({error})"
        ) from error
    assert isinstance(network, nn.Module)
    return network.eval()


def fill(network: nn.Module, state: Mapping[str, Tensor], *, config: EncoderConfig) -> None:
    """Give a network the weights of a checkpoint, in place.

    Weights of the head may be missing: of what comes after the last pooled layer.

    Raises:
        BadInput: other weights are missing, unknown ones are there, or their shapes differ.
    """
    order = [name for name, _ in network.named_children()]
    used = [order.index(top) for layer in config.layers if (top := layer.split(".")[0]) in order]
    head = set(order[max(used, default=len(order)) + 1 :])
    try:
        keys = network.load_state_dict(dict(state), strict=False)
    except RuntimeError as error:
        lines = str(error).splitlines()
        raise BadInput(
            f"expected weights of encoder {config.name} ({config.factory}), got others: "
            f"{lines[-1].strip()}"
        ) from error
    missing = [key for key in keys.missing_keys if key.split(".")[0] not in head]
    if missing or keys.unexpected_keys:
        raise BadInput(
            f"expected weights of encoder {config.name} ({config.factory}), got weights with "
            f"{_some(missing)} missing and {_some(keys.unexpected_keys)} unknown"
        )


def pretrained(name: str) -> nn.Module:
    """A torchvision network with its ImageNet weights, in evaluation mode, without a download.

    Raises:
        BadInput: torchvision has no such network, or its weights are not in torch's cache (the
            message holds the command that gets them).
    """
    weights = _torchvision_weights(name)
    path = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rsplit("/", 1)[-1]
    if not path.is_file():
        raise BadInput(
            f"expected the ImageNet weights of {name} at {path}, got no such file; where there is "
            f'internet, get them with: python -c "from torchvision.models import get_model; '
            f"get_model('{name}', weights='{weights.name}')\"; without it, give another encoder "
            "as a SUBJECT.toml (--encoder) or as a network (network=…)"
        )
    network: nn.Module = torchvision.models.get_model(name, weights=None)
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()


def from_subject(path: Path, *, downsampling: str = "bilinear") -> tuple[EncoderConfig, nn.Module]:
    """The encoder that a subject file describes: its network, layers, mean and deviation.

    Raises:
        BadInput: what `subjects.read` and `subjects.build` refuse.
    """
    from describer.subjects import definition, factory

    subject = definition.read(path)
    config = EncoderConfig(
        name=subject.name,
        factory=subject.factory,
        layers=tuple(subject.layers),
        kwargs=dict(subject.kwargs),
        mean=tuple(subject.mean),
        std=tuple(subject.std),
        downsampling=downsampling,
    )
    return config, factory.build(subject, device="cpu")


def choose(
    encoder: str, *, layers: Sequence[str] | None = None, downsampling: str = "bilinear"
) -> tuple[EncoderConfig, nn.Module]:
    """The encoder that a person named: a torchvision network, or the path of a SUBJECT.toml.

    Raises:
        BadInput: the weights are not there, or the file cannot be used.
    """
    if encoder.endswith(".toml"):
        return from_subject(Path(encoder), downsampling=downsampling)
    network = pretrained(encoder)
    return config_of(encoder, layers=layers, downsampling=downsampling), network


def _some(names: Sequence[str]) -> str:
    """Names for a sentence: the first three and how many more."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (", ".join(names[:3]) or "none") + more


def _torchvision_weights(name: str) -> "torchvision.models.WeightsEnum":
    """The ImageNet weights of a classification network: the first version, as MILAN was trained."""
    if name not in torchvision.models.list_models(module=torchvision.models):
        raise BadInput(
            f"expected the name of a torchvision classification network such as resnet101, or the "
            f"path of a SUBJECT.toml, got {name!r}"
        )
    return next(iter(torchvision.models.get_model_weights(name)))


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(isinstance(entry, int | float) for entry in value)
    return isinstance(value, int | float)


def _own_factory(module: str, name: str) -> Callable[..., nn.Module]:
    factory: Callable[..., nn.Module] | None = getattr(importlib.import_module(module), name, None)
    if factory is None or name.startswith("_") or getattr(factory, "__module__", None) != module:
        raise BadInput(f"expected a network of {module}, got {name!r}")
    return factory
