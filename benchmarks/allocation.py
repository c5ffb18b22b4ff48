"""What it brings that a process keeps freed memory: one pass, each side in its own process.

    measure()

The network is torchvision's MobileNetV2 with seeded weights over random images, on the processor.
The sides take turns, and each one's best time counts.
"""

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor

from benchmarks.measurement import Measurement


def measure(*, batch_size: int = 32, batches: int = 6, rounds: int = 3) -> list[Measurement]:
    """Time both sides in turns."""
    kept, usual = [], []
    for _ in range(rounds):
        kept.append(_in_process(True, batch_size, batches))
        usual.append(_in_process(False, batch_size, batches))
    (ours, peak), (baseline, bare_peak) = min(kept), min(usual)
    return [
        Measurement(
            name="allocation",
            ours=ours,
            baseline=baseline,
            unit="s",
            ratio=ours / baseline,
            what=f"MobileNetV2 over {batches} batches of {batch_size} images, keeping freed memory "
            f"against returning it; best of {rounds} turns; ratio is ours / baseline",
        ),
        Measurement(
            name="allocation, memory",
            ours=peak,
            baseline=bare_peak,
            unit="GB",
            ratio=peak / bare_peak,
            what="peak memory of those two processes; ratio is ours / baseline",
        ),
    ]


def _in_process(keep: bool, batch_size: int, batches: int) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(_measure, keep, batch_size, batches).result()


def _measure(keep: bool, batch_size: int, batches: int) -> tuple[float, float]:
    """Seconds, and peak memory in GB (Linux counts it in KiB)."""
    from describer.subjects.devices import keep_freed

    if keep:
        keep_freed()
    import torch
    from torchvision.models import mobilenet_v2

    torch.manual_seed(0)
    model = mobilenet_v2().eval()
    images = torch.rand(batch_size, 3, 224, 224)
    with torch.inference_mode():
        model(images)  # first calls allocate
        started = time.perf_counter()
        for _ in range(batches):
            model(images)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return time.perf_counter() - started, peak
