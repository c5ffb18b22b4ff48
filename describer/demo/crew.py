"""Processes side by side, one a processor core and with one thread each.

    with crew() as pool:
        pool.submit(task, argument)

The demo's networks are small: two cores wait for each other less this way than as two threads of
one computation, and what comes out does not depend on how many cores there are.
"""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager


@contextmanager
def crew(cores: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes; what was submitted is finished at the end."""
    # Spawned, not forked: torch's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        cores or os.cpu_count(), mp_context=context, initializer=_one_thread
    ) as pool:
        yield pool


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
