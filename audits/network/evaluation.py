"""What a network predicts, how often it is right, and how often an edited one agrees with it.

    images = Images("test", digest, batches, labels, classes)
    before = evaluate(model, images)
    after = evaluate(model, images, units={"layer4": [427]}, cache=Cache({}, weights))
    after.accuracy, after.by_class["tench"]

`Images` is a set of pictures as the network takes them, read again on each pass. Without labels
the "accuracy" is the share of images on which the edited network says what the unedited one says.
Predictions are kept by (weights, units, rule, data) where a cache is passed in. This module does
not know where images come from, nor in which order units are removed.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from sqlite_utils import Database
from torch import Tensor, nn

from audits.ablation.engine.hooks import Rule, Units, ablated, check_rule
from audits.ablation.engine.units import Predictions
from audits.network.images import Images
from audits.network.labels import distinct
from db.audit import ablations
from db.errors import BadInput, Cancelled
from db.jobs import Progress


@dataclass(frozen=True)
class Evaluation:
    """Predictions of one network over one set of images, and what they are worth.

    `predictions` int32 (count,); `accuracy` in [0, 1]; `measure` says whether that is accuracy
    against labels or agreement with the unedited network; `by_class` is the accuracy over the
    images of each class that has some, by the class's name (its number when it has no name, both
    where several have the same), and `images_by_class` how many those are.
    """

    predictions: Predictions
    measure: Literal["accuracy", "agreement"]
    accuracy: float
    by_class: Mapping[str, float]
    images_by_class: Mapping[str, int]


class Store(Protocol):
    """Where predictions are kept by key; a dict will do."""

    def get(self, key: str, /) -> Predictions | None: ...

    def __setitem__(self, key: str, value: Predictions, /) -> None: ...


@dataclass(frozen=True)
class Cache:
    """Predictions of one network that need not be computed again.

    `weights` is what it is known by: the hash of its weights, and of its code where that is the
    user's (`audits.network.images.Network.identity`).
    """

    store: Store
    weights: str

    def get(
        self, images: Images, units: Units, means: Mapping[str, Tensor] | None
    ) -> Predictions | None:
        return self.store.get(self._key(images, units, means))

    def put(
        self,
        images: Images,
        units: Units,
        means: Mapping[str, Tensor] | None,
        predictions: Predictions,
    ) -> None:
        self.store[self._key(images, units, means)] = predictions

    def _key(self, images: Images, units: Units, means: Mapping[str, Tensor] | None) -> str:
        chosen = {layer: sorted(set(numbers)) for layer, numbers in units.items() if numbers}
        if means is None:
            rule: object = "zero"
        else:
            # the very values that the ablated units take are part of the question
            rule = {layer: means[layer][numbers].tolist() for layer, numbers in chosen.items()}
        question = json.dumps([self.weights, images.digest, chosen, rule], sort_keys=True)
        return hashlib.sha256(question.encode()).hexdigest()


@dataclass(frozen=True)
class DatabaseStore:
    """Predictions kept in a workspace."""

    db: Database

    def get(self, key: str, /) -> Predictions | None:
        kept = ablations.cached(self.db, key)
        return None if kept is None else np.frombuffer(zlib.decompress(kept), dtype="<i4")

    def __setitem__(self, key: str, value: Predictions, /) -> None:
        ablations.cache(self.db, key, zlib.compress(value.astype("<i4").tobytes()))


def evaluate(
    model: nn.Module,
    images: Images,
    *,
    units: Units | None = None,
    rule: Rule = "zero",
    means: Mapping[str, Tensor] | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Evaluation:
    """Predict every image with the given units ablated, and compare with the labels.

    Raises:
        BadInput: unknown layer or unit, or labels beyond the network's outputs.
        Cancelled: `cancelled()` said so between two batches.
    """
    units = units or {}
    predictions = predict(
        model,
        images,
        units=units,
        rule=rule,
        means=means,
        cache=cache,
        progress=progress,
        cancelled=cancelled,
    )
    if images.labels is not None:
        return judged(predictions, images)
    unedited = predictions
    if any(units.values()):
        unedited = predict(model, images, cache=cache, cancelled=cancelled)
    return judged(predictions, images, unedited=unedited)


def predict(
    model: nn.Module,
    images: Images,
    *,
    units: Units | None = None,
    rule: Rule = "zero",
    means: Mapping[str, Tensor] | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Predictions:
    """The network's first choice for every image, int32 (count,), with the given units ablated."""
    units = units or {}
    check_rule(rule, means, units)
    if cache is not None and (kept := cache.get(images, units, means)) is not None:
        return kept
    predictions = np.empty(images.count, dtype=np.int32)
    done = 0
    with ablated(model, units, rule=rule, means=means), torch.no_grad():
        for batch in images.batches():
            if cancelled is not None and cancelled():
                raise Cancelled(f"stopped after {done} of {images.count} images")
            logits = model(batch)
            check_outputs(logits, images)
            predictions[done : done + len(batch)] = logits.argmax(dim=1).cpu().numpy()
            done += len(batch)
            if progress is not None:
                progress(done, images.count, f"images of {images.name}")
    if cache is not None:
        cache.put(images, units, means, predictions)
    return predictions


def judged(
    predictions: Predictions, images: Images, *, unedited: Predictions | None = None
) -> Evaluation:
    """Turn predictions into an evaluation against the labels, else against `unedited`.

    Raises:
        BadInput: there are neither labels nor predictions of the unedited network.
    """
    truth = images.labels if images.labels is not None else unedited
    if truth is None:
        raise BadInput(f"expected labels for {images.name}, or the unedited network's predictions")
    right = predictions == truth
    names = distinct(images.classes)
    there = {
        names[index] if names else str(index): truth == index for index in np.unique(truth).tolist()
    }
    by_class = {name: float(right[those].mean()) for name, those in there.items()}
    counts = {name: int(those.sum()) for name, those in there.items()}
    measure: Literal["accuracy", "agreement"] = (
        "accuracy" if images.labels is not None else "agreement"
    )
    return Evaluation(predictions, measure, float(right.mean()), by_class, counts)


def check_outputs(logits: Tensor, images: Images) -> None:
    """Raise BadInput unless logits are (n, outputs) and the labels and classes fit them."""
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise BadInput(f"expected logits (images, classes) from the network, got {got}")
    outputs = logits.shape[1]
    if images.classes and len(images.classes) != outputs:
        raise BadInput(
            f"expected one class name for each of the network's {outputs} outputs, "
            f"got {len(images.classes)} for {images.name}"
        )
    if images.labels is not None and images.labels.max() >= outputs:
        raise BadInput(
            f"expected labels 0 to {outputs - 1} as the network has {outputs} outputs, "
            f"got {images.labels.max()} in {images.name}"
        )
