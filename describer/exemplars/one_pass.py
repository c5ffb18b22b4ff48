"""The one pass: a network is run over images once, and every chosen layer is studied as it runs.

    states = new_states(layers, settings, images=len(probing_set))
    run(model, states, batches)             # batches of (ids, network inputs)
    exemplars = {name: state.exemplars() for name, state in states.items()}

Outputs are scanned inside a forward hook: later modules may change them in place (ReLUs do), and a
batch's outputs need never be in memory together. Once the last chosen layer has run, the rest of
the network is skipped. This module does not know files, folders or preprocessing.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from db.errors import BadInput
from describer.exemplars.records import Settings
from describer.exemplars.state import LayerState
from describer.layers.catalogue import Layer
from describer.layers.taps import tapped

States = dict[str, LayerState]


class Receiver(Protocol):
    """Who takes what a layer gives, as `LayerState` does."""

    layer: Layer

    def add(
        self, ids: NDArray[np.int64], output: torch.Tensor, *, pool: ThreadPoolExecutor | None
    ) -> None:
        """Take the layer's output on some images; it may be changed after this."""


# More threads than this wait for memory, not for the processor.
MOST_THREADS = 8


def new_states(layers: Sequence[Layer], settings: Settings, *, images: int) -> States:
    """Empty states of those layers, by name.

    Args:
        layers: as `describer.layers.catalogue.find` gives them.
        settings: k, quantile, pooling.
        images: how many images the whole probing set has, in all states that will be merged.

    Raises:
        BadInput: k is larger than the probing set, or there is no layer.
    """
    if not layers:
        raise BadInput("expected at least one layer to compute exemplars of, got none")
    if settings.k > images:
        raise BadInput(
            f"expected k of at most the number of images, {images}, got k = {settings.k}"
        )
    return {layer.name: LayerState(layer, settings, images=images) for layer in layers}


def run(
    model: nn.Module,
    states: Mapping[str, Receiver],
    batches: Iterable[tuple[NDArray[np.int64], torch.Tensor]],
    *,
    after_batch: Callable[[], None] | None = None,
) -> None:
    """Run a network, in evaluation mode, over batches and take what its layers give into states.

    Args:
        model: the network; neither its parameters nor its mode are changed.
        states: who takes each layer's outputs: what `new_states` made, or others.
        batches: ids int64 (n,) and inputs (n, …) on the network's device.
        after_batch: called when a batch is in all states.

    Raises:
        BadInput: a layer did not run, or gave another shape than when it was traced.
    """
    threads = min(torch.get_num_threads(), os.cpu_count() or 1, MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool, torch.inference_mode():
        for ids, inputs in batches:
            if len(ids):
                _run_batch(model, states, ids, inputs, pool)
            if after_batch:
                after_batch()


def merge(states: States, others: States) -> None:
    """Take the states of other images of the same probing set into `states`, layer by layer."""
    if states.keys() != others.keys():
        raise ValueError(f"expected states of {list(states)}, got {list(others)}")
    for name, state in states.items():
        state.merge(others[name])


class _AllSeen(Exception):
    """The last chosen layer has run."""


def _run_batch(
    model: nn.Module,
    states: Mapping[str, Receiver],
    ids: NDArray[np.int64],
    inputs: torch.Tensor,
    pool: ThreadPoolExecutor | None,
) -> None:
    waiting = dict.fromkeys(states)

    def receive(output: torch.Tensor, layer: Layer) -> None:
        states[layer.name].add(ids, output, pool=pool)
        del waiting[layer.name]
        if not waiting:
            raise _AllSeen

    try:
        layers = {name: state.layer for name, state in states.items()}
        with tapped(model, dict.fromkeys(states, receive), traced=layers):
            model(inputs)
    except _AllSeen:
        return
    raise BadInput(f"expected layer {next(iter(waiting))} to run in every pass, it did not")
