"""How long the importance of every unit takes, against one whole pass for every unit.

    measure()

The network is torchvision's ResNet-18 with seeded weights, its layers are conv1 and layer1 to
layer4 (1,024 units), the images are noise at 224 pixels, held in memory. The baseline, a whole
evaluation pass a unit, is timed for a sample of units of each layer and scaled up; its
predictions have to equal ours, every one.
"""

import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from audits.ablation.engine.hooks import ablated
from audits.ablation.order.importance import single_predictions
from audits.network.evaluation import Evaluator
from audits.network.images import Images
from benchmarks.measurement import Measurement

LAYERS = {"conv1": 64, "layer1": 64, "layer2": 128, "layer3": 256, "layer4": 512}
LAST = "layer4"


def measure(
    *, images: int = 8, batch_size: int = 4, size: int = 224, sampled: int = 2
) -> list[Measurement]:
    """Time all layers together, and the last layer alone.

    Args:
        images: how many images.
        size: their side.
        sampled: units of each layer that the baseline is run for.

    Raises:
        AssertionError: a prediction differs from the baseline's.
    """
    from torchvision.models import resnet18

    torch.manual_seed(0)
    model = _spread(resnet18().eval(), size)
    pictures = torch.randn(images, 3, size, size)
    data = Images("noise", "noise", images, lambda: list(torch.split(pictures, batch_size)))
    _naive(model, data, "conv1", 0)  # first calls allocate

    generator = np.random.default_rng(0)
    picks = {
        layer: generator.choice(units, sampled, replace=False).tolist()
        for layer, units in LAYERS.items()
    }
    started = time.perf_counter()
    expected = {
        layer: [_naive(model, data, layer, unit) for unit in units]
        for layer, units in picks.items()
    }
    per_unit = (time.perf_counter() - started) / (sampled * len(LAYERS))

    found = []
    for name, layers in (("ablation", list(LAYERS)), ("ablation, last layer", [LAST])):
        started = time.perf_counter()
        units = {layer: range(LAYERS[layer]) for layer in layers}
        _, ours = single_predictions(Evaluator(model), data, units)
        seconds = time.perf_counter() - started
        for layer in layers:
            for unit, row in zip(picks[layer], expected[layer], strict=True):
                assert np.array_equal(ours[layer][unit], row), f"{layer}-{unit} differs"
        count = sum(LAYERS[layer] for layer in layers)
        found.append(
            Measurement(
                name,
                seconds / count,
                per_unit,
                "s/unit",
                per_unit / (seconds / count),
                f"importance of all {count} units of ResNet-18's {', '.join(layers)} on {images} "
                f"images of {size} pixels, against a whole pass for every unit (sampled: "
                f"{sampled} a layer, same predictions); ours / baseline is "
                f"{seconds / count / per_unit:.4f}",
            )
        )
    return found


def _naive(model: nn.Module, data: Images, layer: str, unit: int) -> NDArray[np.int64]:
    """The definition: a whole pass with one unit ablated."""
    with ablated(model, {layer: [unit]}), torch.no_grad():
        predictions: NDArray[np.int64] = torch.cat(
            [model(batch).argmax(dim=1) for batch in data.batches()]
        ).numpy()
    return predictions


def _spread(model: nn.Module, size: int) -> nn.Module:
    """Take the mean logits away, so that an untrained network predicts more than one class."""
    last = model.get_submodule("fc")
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        logits = model(torch.randn(8, 3, size, size))
        last.bias.sub_(logits.mean(dim=0))
    return model
