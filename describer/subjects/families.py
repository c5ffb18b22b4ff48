"""SUBJECT.toml files for those who name a network by its family and have its weights.

    write("timm/resnet50.a1_in1k", Path("subjects"), weights=Path("model.safetensors"))

Families: `torchvision/NAME` (or NAME.WEIGHTS, such as resnet50.IMAGENET1K_V2), `timm/NAME`,
`open_clip/NAME`, and `transformers/CLASS` (AutoModelForImageClassification, CLIPVisionModel, …)
with the folder that `save_pretrained` wrote. How images are prepared is read from the packages and
folders themselves; nothing is fetched.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

from db.errors import BadInput
from describer.subjects import importing, offline, processors, writing

FAMILIES = ("torchvision", "timm", "transformers", "open_clip")


def is_family(name: str) -> bool:
    """Whether a name is one of a family's, such as "timm/resnet18", rather than a path."""
    return name.partition("/")[0] in FAMILIES and "/" in name


def write(name: str, folder: Path, *, weights: Path | None = None) -> Path:
    """Write the subject file of a network into a new folder under `folder`; returns its path.

    Raises:
        BadInput: the family's package is not installed or has no such network, or the weights are
            not there.
    """
    family, _, network = name.partition("/")
    if family not in FAMILIES or not network:
        raise BadInput(f"expected FAMILY/NAME with {', '.join(FAMILIES)}, got {name!r}")
    if weights is not None:
        weights = weights.expanduser().resolve()
        if not weights.exists():
            raise BadInput(f"expected the weights of {name} at {weights}, found none")
    try:
        with offline.refused():
            values = _VALUES[family](network, weights)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"expected {family} for {name}, {error.name} is not installed: pip install "
            f"{family.replace('_', '-')}{'-torch' if family == 'open_clip' else ''}"
        ) from error
    except BadInput:
        raise
    # What the packages raise over names that they do not know.
    except Exception as error:
        raise BadInput(
            f"expected a network of {family}, got {network!r}: {importing.blamed(error)}"
        ) from error
    values = {"name": _called(network, weights), **values}
    if weights is not None:
        values["weights"] = str(weights)
    target = folder / str(values["name"]) / "SUBJECT.toml"
    if target.exists():
        raise BadInput(f"expected a new subject file, {target} is there already")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(writing.text(values), encoding="utf-8")
    return target


def _torchvision(name: str, weights: Path | None) -> dict[str, Any]:
    from torchvision import models

    network, _, chosen = name.partition(".")
    known = models.get_model_weights(network)
    entry = known[chosen] if chosen else known.DEFAULT
    made = {
        "factory": f"{_module_of(models.get_model_builder(network))}:{network}",
        "classes": list(entry.meta.get("categories", ())),
    }
    preset = entry.transforms()
    size = _first(getattr(preset, "crop_size", None)) or 520
    resized = _first(getattr(preset, "resize_size", None))
    return {
        **made,
        "image_size": size,
        "resize_size": resized if resized and resized >= size else None,
        "mean": list(getattr(preset, "mean", (0.0, 0.0, 0.0))),
        "std": list(getattr(preset, "std", (1.0, 1.0, 1.0))),
        **_interpolation(preset),
    }


def _timm(name: str, weights: Path | None) -> dict[str, Any]:
    import timm
    from timm.data import ImageNetInfo, infer_imagenet_subset

    if name.partition(".")[0] not in timm.list_models():
        near = ", ".join(timm.list_models(f"*{name.partition('.')[0][:6]}*")[:3])
        raise BadInput(f"expected a network of timm, got {name!r}; nearest: {near or 'none'}")
    found = timm.get_pretrained_cfg(name, allow_unregistered=False)
    if found is None:
        raise BadInput(f"expected a network of timm, got {name!r}")
    config = found.to_dict()
    network = timm.create_model(name, pretrained=False)
    classes: list[str] = []
    if subset := infer_imagenet_subset(network):
        info = ImageNetInfo(subset)
        classes = [info.index_to_description(index) for index in range(info.num_classes())]
    return {
        "factory": "timm:create_model",
        "kwargs": {"model_name": name},
        **processors.timm_preparation(config),
        "classes": classes,
    }


def _open_clip(name: str, weights: Path | None) -> dict[str, Any]:
    import open_clip

    config = open_clip.get_model_config(name)
    if config is None:
        raise BadInput(f"expected a network of open_clip, got {name!r}")
    side = _first(config["vision_cfg"].get("image_size")) or 224
    return {
        "factory": "open_clip:create_model",
        "kwargs": {"model_name": name},
        "image_size": side,
        "resize_size": side,
        "interpolation": "bicubic",
        "mean": list(open_clip.OPENAI_DATASET_MEAN),
        "std": list(open_clip.OPENAI_DATASET_STD),
    }


def _transformers(name: str, weights: Path | None) -> dict[str, Any]:
    import transformers

    if not hasattr(transformers, name):
        raise BadInput(f"expected a class of transformers (AutoModel…), got {name!r}")
    if weights is None or not weights.is_dir():
        raise BadInput(
            f"expected --weights with the folder that save_pretrained wrote for {name}, got "
            f"{weights or 'none'}"
        )
    labels = processors.read_json(weights / "config.json").get("id2label", {})
    classes = [str(labels[key]) for key in sorted(labels, key=int)]
    generic = [f"LABEL_{index}" for index in range(len(classes))]
    return {
        "factory": f"transformers:{name}",
        **processors.preparation(weights),
        "classes": classes if classes != generic and "Classification" in name else [],
    }


_VALUES = {
    "torchvision": _torchvision,
    "timm": _timm,
    "open_clip": _open_clip,
    "transformers": _transformers,
}


def _module_of(builder: Any) -> str:
    """The shortest public module that has a builder of torchvision."""
    for where in (
        "torchvision.models",
        "torchvision.models.segmentation",
        "torchvision.models.detection",
        "torchvision.models.video",
    ):
        if hasattr(importlib.import_module(where), builder.__name__):
            return where
    module: str = builder.__module__
    return module


def _interpolation(preset: Any) -> dict[str, str]:
    mode = getattr(getattr(preset, "interpolation", None), "value", "bilinear")
    return {"interpolation": mode} if mode in ("bicubic", "nearest") else {}


def _first(value: Any) -> int | None:
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    return None if value is None else int(value)


def _called(network: str, weights: Path | None) -> str:
    name = weights.name if weights is not None and weights.is_dir() else network
    return re.sub(r"[^\w.-]+", "-", name)
