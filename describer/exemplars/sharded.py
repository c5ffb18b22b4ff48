"""The pass spread over a Ray cluster: each worker studies a range of the images, states are merged.

    source = study(subject, probing_set, Path("out"), options=Options(layers=("layer4",)))

Parts are merged as workers finish; the result does not depend on their order. Every worker must see
the subject file and the images under the same paths.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from db.arrays import ImageStore
from db.errors import BadInput
from describer.exemplars import layout, one_pass, records
from describer.exemplars import run as passes
from describer.exemplars.run import Options
from describer.images.probing import ProbingSet, Skipped
from describer.subjects.definition import Subject

# Parts a worker: enough to see how far the run is and to even out slow workers.
PARTS = 4

Part = tuple[dict[str, dict[str, Any]], list[Skipped]]


def spans(images: int, shards: int, batch_size: int) -> list[range]:
    """Cut the images into ranges of whole batches, as equal as those allow.

    >>> spans(10, 3, 2)
    [range(0, 4), range(4, 6), range(6, 10)]
    """
    batches = -(-images // batch_size)
    edges = [round(batches * shard / shards) * batch_size for shard in range(shards + 1)]
    return [
        range(first, min(last, images))
        for first, last in itertools.pairwise(edges)
        if first < min(last, images)
    ]


def study_span(subject: Subject, probing_set: ProbingSet, span: range, *, options: Options) -> Part:
    """What a worker does: the states of a range of the images, as arrays that can travel."""
    prepared = passes.prepare(subject, probing_set, options)
    states, skipped = passes.run(
        prepared,
        None,
        batch_size=options.batch_size,
        device=options.device,
        images_of=span,
    )
    return {name: state.arrays() for name, state in states.items()}, skipped


def merged(
    prepared: passes.Prepared, parts: Iterable[Part]
) -> tuple[one_pass.States, list[Skipped]]:
    """The states of all parts together."""
    total: one_pass.States | None = None
    skipped: list[Skipped] = []
    for arrays, missed in parts:
        states = one_pass.new_states(
            prepared.layers, prepared.settings, images=len(prepared.probing_set)
        )
        for name, state in states.items():
            state.restore({key: np.asarray(value) for key, value in arrays[name].items()})
        if total is None:
            total = states
        else:
            one_pass.merge(total, states)
        skipped += missed
    assert total is not None, "there is at least one part"
    return total, skipped


def study(
    subject: Subject,
    probing_set: ProbingSet,
    folder: Path,
    *,
    options: Options | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> layout.ExemplarFolder:
    """Compute exemplars on the Ray cluster of the environment (or a local one) and write them.

    Args:
        progress: called with (images done, images, what is done) as parts come back.

    Raises:
        BadInput: Ray is not installed, or see `study.prepare`.
    """
    try:
        import ray
    except ImportError as error:
        raise BadInput(
            "expected Ray for --engine ray, it is not installed: pip install "
            '"milan-workbench[cluster]"'
        ) from error
    options = options or Options()
    prepared = passes.prepare(subject, probing_set, options)
    ray.init(ignore_reinit_error=True)
    gpus = 1 if str(options.device).startswith("cuda") else 0
    workers = max(1, int(ray.cluster_resources().get("GPU" if gpus else "CPU", 1)))
    worker = ray.remote(num_gpus=gpus, num_cpus=1)(study_span)
    waiting = {
        worker.remote(subject, probing_set, span, options=options): len(span)
        for span in spans(len(probing_set), workers * PARTS, options.batch_size)
    }

    def finished() -> Iterator[Part]:
        done = 0
        while waiting:
            (ready,), _ = ray.wait(list(waiting), num_returns=1)
            done += waiting.pop(ready)
            yield ray.get(ready)
            if progress is not None:
                progress(done, len(probing_set), "exemplars: images through the network")

    states, skipped = merged(prepared, finished())
    store = ImageStore(folder / records.IMAGES)
    source = passes.finish(prepared, states, skipped, folder, store=store)
    if options.publish:
        layout.publish(folder, source)
    return source
