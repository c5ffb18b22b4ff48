"""Real architectures with random weights, taken the whole way: `python -m benchmarks.networks`.

For each: its layers are listed; a unit of the first convolution is wired by hand to red, and it is
measured where the mask of its strongest image lands; two units of a later layer are described with
the demo's MILAN; one is ablated and compared with a plain hook of this file that sets that channel
to zero at that call; the edit is exported and read back. The table goes to docs/NETWORKS.md.
Networks of timm and transformers are left out, and named, where those are not installed.
"""

import argparse
import importlib
import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from audits.ablation.engine.hooks import ablated
from audits.edit.export import export
from audits.network.images import open_images, open_network
from db.errors import BadInput
from describer import milan
from describer.exemplars import run
from describer.exemplars.records import Settings
from describer.images import probing
from describer.layers import catalogue
from describer.milan.describing import SearchOptions, describe_folder
from describer.subjects.definition import Subject

OUT = Path(__file__).resolve().parents[1] / "docs" / "NETWORKS.md"
IMAGES = 8
UNIT = 1


@dataclass(frozen=True)
class Case:
    """An architecture, and the layer that is edited: which call, and which axis it has.

    The axis is written down here by hand, from the architecture, and not asked of the layer list.
    """

    family: str
    name: str
    size: int
    layer: str
    axis: int
    call: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)


SMALL = {"hidden_size": 96, "num_hidden_layers": 3, "num_attention_heads": 3}
SMALL |= {"intermediate_size": 192}
CASES = [
    Case("torchvision", "resnet50", 224, "layer1.0.relu#3", 1, 3),
    Case("torchvision", "resnet50", 64, "layer1.0.relu#1", 1, 1),
    Case("torchvision", "resnet18", 64, "layer4", 1),
    Case("torchvision", "swin_t", 224, "features.1.0.norm1", 3),
    Case("torchvision", "swin_t", 384, "features.1.0.mlp", 3),
    Case("torchvision", "swin_v2_t", 64, "features.3.1", 3),
    Case("torchvision", "convnext_tiny", 224, "features.1.0.block.3", 3),
    Case("torchvision", "convnext_tiny", 384, "features.1.0.block.2", 3),
    Case("torchvision", "vit_b_16", 224, "encoder.layers.encoder_layer_1.self_attention", 2),
    Case("torchvision", "maxvit_t", 224, "blocks.1.layers.0", 1),
    Case("torchvision", "densenet121", 64, "features.denseblock2", 1),
    Case("torchvision", "vgg11_bn", 64, "features.14", 1),
    Case("torchvision", "alexnet", 96, "features.7", 1),
    Case("torchvision", "mobilenet_v3_small", 64, "features.4", 1),
    Case("torchvision", "efficientnet_b0", 64, "features.4.0", 1),
    Case("torchvision", "shufflenet_v2_x1_0", 64, "stage3.1", 1),
    Case("torchvision", "googlenet", 96, "inception4a", 1, options={"aux_logits": False}),
    Case("torchvision", "inception_v3", 192, "Mixed_5c", 1, options={"aux_logits": False}),
    Case("torchvision", "squeezenet1_1", 64, "features.7", 1),
    Case("torchvision", "regnet_y_400mf", 64, "trunk_output.block2", 1),
    Case("torchvision.segmentation", "lraspp_mobilenet_v3_large", 96, "backbone.6", 1),
    Case("torchvision.segmentation", "fcn_resnet50", 64, "backbone.layer2", 1),
    Case(
        "torchvision.detection",
        "fasterrcnn_mobilenet_v3_large_320_fpn",
        128,
        "rpn.head.conv#1",
        1,
        1,
        {"min_size": 128, "max_size": 128, "box_score_thresh": 0.0},
    ),
    Case("timm", "vit_tiny_patch16_224", 224, "blocks.3", 2),
    Case("timm", "deit_tiny_distilled_patch16_224", 224, "blocks.5.mlp", 2),
    Case("timm", "mixer_s32_224", 224, "blocks.2.mlp_channels.act", 2),
    Case("timm", "resnet26t", 64, "layer2.0.act3", 1),
    Case("timm", "swin_tiny_patch4_window7_224", 224, "layers.1.blocks.0", 3),
    Case("timm", "convnext_pico", 96, "stages.2.blocks.0.mlp.fc1", 1),
    Case("timm", "poolformer_s12", 64, "stages.1.blocks.0", 1),
    Case("timm", "levit_128s", 224, "stages.1.blocks.0", 2),
    Case("timm", "mobilevit_s", 256, "stages.2.0", 1),
    Case("timm", "cait_xxs24_224", 224, "blocks_token_only.0", 2),
    # Its tokens go unit by unit, not row by row.
    Case("timm", "hiera_tiny_224", 224, "blocks.2", 2),
    Case("transformers", "ViTForImageClassification", 64, "vit.layers.1", 2, options=SMALL),
    Case("transformers", "CLIPVisionModel", 64, "encoder.layers.1.mlp.fc1", 2, options=SMALL),
    Case("transformers", "DeiTForImageClassification", 64, "deit.layernorm", 2, options=SMALL),
    Case("transformers", "Dinov2ForImageClassification", 56, "dinov2.layernorm", 2, options=SMALL),
    Case("transformers", "ResNetForImageClassification", 64, "resnet.encoder.stages.1", 1),
    Case("transformers", "ConvNextForImageClassification", 64, "convnext.encoder.stages.1", 1),
    Case("transformers", "SwinForImageClassification", 224, "swin.layernorm", 2),
    Case("transformers", "SegformerForImageClassification", 64, "segformer.stages.1.layer_norm", 2),
]


def make(*, family: str, name: str, size: int, options: Mapping[str, Any]) -> nn.Module:
    """An architecture with random weights and a wired unit, whose answer is a row of numbers."""
    model = _built(family, name, size, dict(options))
    model.eval()
    first = next(m for m in model.modules() if isinstance(m, nn.Conv2d) and m.in_channels == 3)
    with torch.no_grad():
        weight = torch.tensor([1.0, -0.5, -0.5])[:, None, None].expand_as(first.weight[0])
        first.weight[0] = weight / weight[0].numel()
        if first.bias is not None:
            first.bias[0] = 0.0
    model.register_forward_hook(lambda _model, _inputs, output: _answer(output))
    return model


def _built(family: str, name: str, size: int, options: dict[str, Any]) -> nn.Module:
    if family == "timm":
        network: nn.Module = importlib.import_module("timm").create_model(
            name, pretrained=False, **options
        )
        return network
    if family == "transformers":
        module = importlib.import_module("transformers")
        kind = getattr(module, name)
        config = kind.config_class(image_size=size, **options)
        if hasattr(config, "patch_size") and isinstance(config.patch_size, int) and size <= 64:
            config.patch_size = {"Swin": 4, "Dino": 14}.get(name[:4], 8)
        network = kind(config)
        return network
    fixed = {"image_size": size} if name.startswith("vit_") else {}
    fixed |= {"input_size": (size, size)} if name.startswith("maxvit") else {}
    where = importlib.import_module(family.replace("torchvision", "torchvision.models"))
    backbone = {} if family == "torchvision" else {"weights_backbone": None}
    if name in ("googlenet", "inception_v3"):
        fixed |= {"init_weights": False}
    network = getattr(where, name)(weights=None, **backbone, **fixed, **options)
    return network


def _answer(output: Any) -> Any:
    """A row of numbers an image, of logits, pooled features, pixels or scores of boxes."""
    if isinstance(output, list):  # a detection network: its five best scores
        rows = [torch.cat([each["scores"], each["scores"].new_zeros(5)])[:5] for each in output]
        return torch.stack(rows)
    for name in ("logits", "pooler_output", "out"):
        if not isinstance(output, Tensor) and name in output:
            output = output[name]
    return output.flatten(2).mean(2) if output.ndim > 2 else output


def pictures(folder: Path, size: int) -> list[tuple[int, int, int]]:
    """Grey noise with a red square in each; returns (top, left, side)."""
    generator = np.random.default_rng(3)
    places = []
    side = max(size // 4, 8)
    for index in range(IMAGES):
        pixels = generator.integers(0, 40, (size, size, 3)).astype(np.uint8)
        top, left = (int(place) for place in generator.integers(0, size - side + 1, 2))
        pixels[top : top + side, left : left + side] = 0
        # of many reds, as no mask exceeds the level of one alone
        reds = generator.integers(150, 256, (side, side))
        pixels[top : top + side, left : left + side, 0] = reds
        # Flat: random networks have no classes, and nothing here asks for labels.
        folder.mkdir(exist_ok=True, parents=True)
        Image.fromarray(pixels).save(folder / f"{index}.png")
        places.append((top, left, side))
    return places


@dataclass(frozen=True)
class Row:
    """What was measured of a case."""

    case: Case
    offered: str
    seconds: float
    edited: str
    landed: str
    difference: float
    moved: float
    described: int
    way: str


def measure(case: Case, speaker: milan.Model) -> Row:
    """Take one architecture the whole way."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        places = pictures(folder / "images", case.size)
        kwargs = {"family": case.family, "name": case.name, "size": case.size}
        subject = Subject(
            name=case.name,
            factory="benchmarks.networks:make",
            image_size=case.size,
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
            kwargs={**kwargs, "options": dict(case.options)},
            layers=(case.layer,),
            source=folder / "SUBJECT.toml",
        )
        network = open_network(subject)
        start = time.perf_counter()
        found = catalogue.trace(network.model, case.size)
        seconds = time.perf_counter() - start
        (layer,) = catalogue.find(found, [case.layer])
        wired = _wired(network.model, found)
        options = run.Options(
            layers=tuple(dict.fromkeys((*wired, case.layer))),
            settings=Settings(k=3),
            batch_size=IMAGES,
        )
        source = run.study(
            subject, probing.open_folder(folder / "images"), folder / "out", options=options
        )
        described, _ = describe_folder(
            source,
            speaker,
            folder / "said.csv",
            layers=[case.layer],
            units=[0, UNIT],
            options=SearchOptions("greedy"),
        )
        images = open_images(folder / "images", network, name="test", labels=None)
        difference, moved = _difference(network.model, case, next(iter(images.batches())))
        landed = "; ".join(_landed(source, found, name, places) for name in wired)
        written = export(folder / "edited", network, [(case.layer, UNIT)], images)
    return Row(
        case,
        f"{len(found)} of {len(found) + len(found.refused)}",
        seconds,
        f"{layer.kind}, {layer.units} units, axis {layer.unit_axis}",
        landed,
        difference,
        moved,
        described,
        written.way,
    )


def _wired(model: nn.Module, found: catalogue.Layers) -> list[str]:
    """The wired convolution, and the first tokens behind it."""
    first = next(
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d) and module.in_channels == 3
    )
    names = [layer.name for layer in found]
    behind = found[names.index(first) :]
    tokens = [layer.name for layer in behind if layer.kind == "tokens"][:1]
    return [first, *tokens]


def _landed(source: Any, found: catalogue.Layers, name: str, places: list[Any]) -> str:
    """How much of the strongest image's mask lies on the square, to one cell of the grid."""
    (layer,) = catalogue.find(found, [name])
    unit = source.unit(name, 0)
    top, left, side = places[int(unit.ids[0])]
    mask = unit.masks[0, 0]
    cells = [-(-length // cell) for length, cell in zip(mask.shape, layer.grid, strict=True)]
    near = mask[
        max(top - cells[0], 0) : top + side + cells[0],
        max(left - cells[1], 0) : left + side + cells[1],
    ]
    grid = f"({layer.grid[0]} x {layer.grid[1]})"
    if not mask.any():
        # Of few positions the 0.99 quantile is nearly the greatest, which no upsampled value is.
        return f"empty {grid}"
    return f"{near.sum() / mask.sum():.0%} {grid}"


def _difference(model: nn.Module, case: Case, batch: Tensor) -> tuple[float, float]:
    """The ablation against a plain hook, and that against no edit; of the largest output."""
    calls = 0

    def zeroed(output: Any) -> Any:
        if not isinstance(output, Tensor):
            return (zeroed(output[0]), *output[1:])
        return output.index_fill(case.axis, torch.tensor([UNIT]), 0.0)

    def hook(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        nonlocal calls
        calls += 1
        return zeroed(output) if calls == case.call else None

    path = case.layer.partition("#")[0]
    with torch.no_grad():
        plain = model(batch)
        handle = model.get_submodule(path).register_forward_hook(hook)
        expected = model(batch)
        handle.remove()
        with ablated(model, {case.layer: [UNIT]}):
            found = model(batch)
    largest = plain.abs().max().clamp(min=1e-30)
    return (
        float((found - expected).abs().max() / largest),
        float((expected - plain).abs().max() / largest),
    )


def table(rows: Sequence[Row], left_out: Sequence[str], seconds: float) -> str:
    """The document."""
    head = "| network | size | layers | list, s | edited | mask on the square | difference | edit |"
    lines = [
        f"| {row.case.family} {row.case.name} | {row.case.size} | {row.offered} | "
        f"{row.seconds:.2f} | `{row.case.layer}`: {row.edited} | {row.landed} | "
        f"{row.difference:.0e} of {row.moved:.0e} | {row.way} |"
        for row in sorted(rows, key=lambda row: CASES.index(row.case))
    ]
    sentences = sum(row.described for row in rows)
    return "\n".join(
        [
            "# Networks",
            "",
            (__doc__ or "").split("\n\n")[1].replace("\n", " "),
            "",
            f"{len(rows)} of {len(rows) + len(left_out)} runs ended with an edited network that, "
            f"read back, predicts as the live ablation on each of {IMAGES} images; {sentences} "
            f"units were described. {seconds:.0f} s on {torch.get_num_threads()} cores. `layers`: "
            "calls offered, of all modules and calls. `mask on the square`: how much of the mask "
            "of the wired unit's strongest image lies on the red square, to one cell of the grid "
            "in parentheses; first at the convolution, then at the first tokens. `difference`: "
            "ablation against a plain hook on that call and axis, of what that hook changes; both "
            "relative to the largest output. "
            "`edit`: whether weights alone express it.",
            "",
            head,
            "|" + "---|" * head.count(" |"),
            *lines,
            *(
                ["", "Did not end so:", "", *(f"- {reason}" for reason in left_out)]
                * bool(left_out)
            ),
            "",
            "Made by `python -m benchmarks.networks`.",
            "",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the networks, or those that are named, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="by default all, written to docs")
    options = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    speaker = milan.load("demo", device="cpu")
    rows: list[Row] = []
    left_out: list[str] = []
    start = time.perf_counter()
    for case in sorted(CASES, key=lambda case: case.size):
        if options.names and case.name not in options.names:
            continue
        try:
            rows.append(measure(case, speaker))
            row = rows[-1]
            print(case.name, case.size, case.layer, row.offered, f"{row.seconds:.2f}", end=" ")
            print(
                row.edited,
                row.landed,
                f"{row.difference:.1e} of {row.moved:.1e}",
                row.way,
                flush=True,
            )
        except (BadInput, ImportError, RuntimeError, StopIteration, ValueError) as error:
            left_out.append(f"{case.family} {case.name} at {case.size}: {error}")
            print(left_out[-1], flush=True)
        if not options.names:  # after each, so that what was measured is there when it is stopped
            OUT.write_text(table(rows, left_out, time.perf_counter() - start), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
