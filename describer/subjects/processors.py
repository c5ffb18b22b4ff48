"""How the images of a saved network are prepared, read from the folder that it was saved in.

    preparation(Path("vit-base"))       # {"image_size": 224, "mean": [0.5, …], …}

Hugging Face writes preprocessor_config.json beside the weights, timm a pretrained_cfg into
config.json. The result has the keys and values of a SUBJECT.toml, which go before it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from db import reading
from db.errors import BadInput

_FILTERS = {0: "nearest", 2: "bilinear", 3: "bicubic"}


def preparation(folder: Path) -> dict[str, Any]:
    """What a saved network's folder says of its images; empty where it says nothing.

    Raises:
        BadInput: it says it with values that cannot be used.
    """
    path = folder / "preprocessor_config.json"
    try:
        if processor := read_json(path):
            return _hugging_face(processor)
        path = folder / "config.json"
        config = read_json(path).get("pretrained_cfg")
        return timm_preparation(config) if isinstance(config, Mapping) else {}
    # Such files are written by programs, and have keys that nothing here knows.
    except (TypeError, ValueError, OverflowError, ZeroDivisionError, AttributeError) as error:
        raise BadInput(
            f"expected how images are prepared in {path}, got values of another kind ({error}); "
            "image_size, resize_size, mean and std in the subject file go before it only once it "
            "can be read"
        ) from error


def timm_preparation(config: Mapping[str, Any]) -> dict[str, Any]:
    """The same from timm's pretrained_cfg: the crop is a share of what is resized."""
    _, height, width = config.get("input_size") or (3, 224, 224)
    share = float(config.get("crop_pct") or 0.875)
    squashed = config.get("crop_mode") == "squash"
    whole = [int(height / share), int(width / share)]
    return {
        "image_size": height if height == width else [height, width],
        "resize_size": whole if squashed else min(whole),
        "mean": [float(part) for part in config.get("mean", ())],
        "std": [float(part) for part in config.get("std", ())],
        **_interpolation(str(config.get("interpolation", "bicubic"))),
    }


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is none."""
    try:
        found = reading.of_json_file(path, Any, "JSON")
    except BadInput:
        return {}
    return found if isinstance(found, dict) else {}


def _hugging_face(config: Mapping[str, Any]) -> dict[str, Any]:
    size, crop = _size(config.get("size")), _size(config.get("crop_size"))
    crops = bool(config.get("do_center_crop", "crop_size" in config)) and crop is not None
    image = crop if crops else size
    found: dict[str, Any] = {}
    if "crop_pct" in config and isinstance(size, int):
        # ConvNeXt: small images are a crop of larger ones, those of 384 are brought to the size.
        crops, share = size < 384, float(config["crop_pct"] or 1)
        size = int(size / share) if crops else size
    if image is not None:
        found["image_size"] = image
    # Without a crop both sides are brought to the size, whatever the picture's shape.
    if size is not None and config.get("do_resize", True):
        found["resize_size"] = size if crops or isinstance(size, list) else [size, size]
    if config.get("do_normalize", True):
        mean, std = config.get("image_mean"), config.get("image_std")
    else:
        mean, std = [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]
    if isinstance(mean, list) and isinstance(std, list):
        found |= {"mean": [float(part) for part in mean], "std": [float(part) for part in std]}
    return {**found, **_interpolation(_FILTERS.get(config.get("resample", 2), "bilinear"))}


def _interpolation(name: str) -> dict[str, str]:
    return {"interpolation": name} if name in ("bicubic", "nearest") else {}


def _size(found: Any) -> int | list[int] | None:
    """A side (the shorter one), or [height, width], of the ways in which a size is written."""
    if isinstance(found, int):
        return found
    if isinstance(found, Mapping):
        if "shortest_edge" in found:
            return int(found["shortest_edge"])
        if "height" in found and "width" in found:
            return [int(found["height"]), int(found["width"])]
    return None
