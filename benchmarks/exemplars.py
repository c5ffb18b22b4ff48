"""What the exemplars of five layers cost beside a bare forward pass over the same images.

    measure()

The network is torchvision's ResNet-18 with seeded weights, its layers are conv1 and layer1 to
layer4 (1,024 units). The images, photographs where a folder of them is beside the project and
smooth noise otherwise, are decoded and held in memory as uint8 before either side is timed. Ours
finalises the state and stores it: arrays, tables and every exemplar image once. The two sides take
turns, and each one's best time counts, as other work on the machine only ever adds to it.
"""

import multiprocessing
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.measurement import Measurement
from db.arrays import ImageStore
from describer.exemplars import layout, one_pass, records
from describer.exemplars.records import Settings
from describer.images import probing
from describer.layers import catalogue as network_layers
from describer.layers.catalogue import Layer
from describer.subjects.definition import Subject

LAYERS = ("conv1", "layer1", "layer2", "layer3", "layer4")
PHOTOGRAPHS = Path(__file__).resolve().parents[2] / "shared" / "data" / "imagenet_sample"
SUBJECT = Subject(
    name="resnet18",
    factory="torchvision.models:resnet18",
    image_size=224,
    resize_size=256,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)

Images = NDArray[np.uint8]


def measure(*, images: int = 256, batch_size: int = 32, rounds: int = 5) -> list[Measurement]:
    """Time both sides, in a process of their own so that the peak of its memory is theirs.

    Args:
        images: how many images.
        batch_size: of one forward pass, on both sides.
        rounds: turns of both sides.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        bare, ours, bare_peak, peak = process.submit(_measure, images, batch_size, rounds).result()
    return [
        Measurement(
            name="exemplars",
            ours=ours,
            baseline=bare,
            unit="s",
            ratio=ours / bare,
            what=(
                f"exemplars of ResNet-18's {', '.join(LAYERS)} in one pass over {images} images of "
                f"224 pixels held in memory, stored, against the bare forward pass; best of "
                f"{rounds} turns; ratio is ours / baseline, at most 1.25 is wanted"
            ),
        ),
        Measurement(
            name="exemplars, memory",
            ours=peak,
            baseline=bare_peak,
            unit="GB",
            ratio=peak / bare_peak,
            what="peak memory of the same process after exemplars, and before, after bare passes; "
            "ratio is ours / baseline, less than 2 GB is wanted",
        ),
    ]


def _measure(images: int, batch_size: int, rounds: int) -> tuple[float, float, float, float]:
    """Seconds of the bare pass and of ours, peak memory in GB before and after ours."""
    from torchvision.models import resnet18

    torch.manual_seed(0)
    model = resnet18().eval()
    layers = network_layers.find(network_layers.trace(model, SUBJECT.image_size), LAYERS)
    pictures = _pictures(images)
    _bare(model, pictures[:batch_size], batch_size)  # first calls allocate
    bare = [_bare(model, pictures, batch_size)]
    before = _peak()
    ours = []
    for _ in range(rounds):
        ours.append(_ours(model, layers, pictures, batch_size))
        bare.append(_bare(model, pictures, batch_size))
    return min(bare), min(ours), before, _peak()


def _bare(model: nn.Module, pictures: Images, batch_size: int) -> float:
    started = time.perf_counter()
    with torch.inference_mode():
        for first in range(0, len(pictures), batch_size):
            model(probing.as_inputs(pictures[first : first + batch_size], SUBJECT))
    return time.perf_counter() - started


def _ours(model: nn.Module, layers: list[Layer], pictures: Images, batch_size: int) -> float:
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        started = time.perf_counter()
        states = one_pass.new_states(layers, Settings(), images=len(pictures))
        ids = np.arange(len(pictures))
        one_pass.run(
            model,
            states,
            (
                (some, probing.as_inputs(pictures[some[0] : some[-1] + 1], SUBJECT))
                for some in np.split(ids, range(batch_size, len(ids), batch_size))
            ),
        )
        exemplars = {name: state.exemplars() for name, state in states.items()}
        store = ImageStore(folder / records.IMAGES)
        kept = np.unique(np.concatenate([each.ids.reshape(-1) for each in exemplars.values()]))
        written = layout.Written(
            hashes=dict.fromkeys(exemplars, "0" * 40),
            provenance={},
            paths=[f"{image_id}.jpg" for image_id in ids],
            names={int(image_id): store.put(pictures[image_id]) for image_id in kept},
            size=(SUBJECT.image_size, SUBJECT.image_size),
            skipped=(),
        )
        layout.write(folder, exemplars, written)
        return time.perf_counter() - started


def _pictures(images: int) -> Images:
    """uint8 (images, 3, 224, 224)."""
    if PHOTOGRAPHS.is_dir():
        probing_set = probing.open_folder(PHOTOGRAPHS)
        batches = probing.batches(probing_set, SUBJECT, ids=range(min(images, len(probing_set))))
        photographs = np.concatenate([batch.images for batch in batches])
        return np.ascontiguousarray(np.resize(photographs, (images, *photographs.shape[1:])))
    noise = torch.rand(images, 3, 14, 14)
    size = (SUBJECT.image_size, SUBJECT.image_size)
    smooth = nn.functional.interpolate(noise, size, mode="bicubic").clamp(0, 1)
    return (smooth * 255).byte().numpy()


def _peak() -> float:
    """The largest memory that this process has had, in GB (Linux counts it in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
