"""What a network predicts, how often it is right, and how often an edited one agrees with it.

    images = Images("test", digest, batches, labels, classes)
    network = Evaluator(model, cache=Cache({}, weights))
    before = network.evaluate(images)
    after = network.evaluate(images, {"layer4": [427]})
    after.accuracy, after.by_class["tench"]

`Images` is a set of pictures as the network takes them, read again on each pass. Without labels
the "accuracy" is the share of images on which the edited network says what the unedited one says.
Predictions are kept by (weights, units, rule, data) where a cache is passed in. This module does
not know where images come from, nor in which order units are removed.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from sqlite_utils import Database
from torch import Tensor, nn

from audits.ablation.engine.hooks import Rule, Units, ablated, check_rule, find_modules
from audits.ablation.engine.units import Predictions
from audits.network.images import Images
from audits.network.labels import correct, distinct, has
from db.audit import ablations
from db.errors import BadInput
from db.jobs import Watch


@dataclass(frozen=True)
class Evaluation:
    """Predictions of one network over one set of images, and what they are worth.

    `predictions` int32 (count,); `accuracy` in [0, 1]; `measure` says whether that is accuracy
    against labels or agreement with the unedited network; `by_class` is the accuracy over the
    images of each class that has some, by the class's name (its number when it has no name, both
    where several have the same), and `images_by_class` how many those are. An image of several
    classes is right where the prediction is one of them.
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

    def get_likelihood(
        self, images: Images, units: Units, means: Mapping[str, Tensor] | None
    ) -> float | None:
        """The mean log-likelihood of the right output, where it is kept."""
        kept = self.store.get(self._key(images, units, means, truth=_truth(images)))
        return None if kept is None else float(np.ascontiguousarray(kept).view("<f8")[0])

    def put_likelihood(
        self, images: Images, units: Units, means: Mapping[str, Tensor] | None, mean: float
    ) -> None:
        """Keep it, its eight bytes as two whole numbers, which is what a store takes."""
        key = self._key(images, units, means, truth=_truth(images))
        self.store[key] = np.array([mean], "<f8").view("<i4")

    def _key(
        self,
        images: Images,
        units: Units,
        means: Mapping[str, Tensor] | None,
        *,
        truth: str | None = None,
    ) -> str:
        chosen = {layer: sorted(set(numbers)) for layer, numbers in units.items() if numbers}
        if means is None:
            rule: object = "zero"
        else:
            # the very values that the ablated units take are part of the question
            rule = {layer: means[layer][numbers].tolist() for layer, numbers in chosen.items()}
        asked = [self.weights, images.digest, chosen, rule]
        # a likelihood is another question, and one about labels
        asked += [] if truth is None else ["mean log-likelihood", truth]
        question = json.dumps(asked, sort_keys=True)
        return hashlib.sha256(question.encode()).hexdigest()


def _truth(images: Images) -> str:
    """What stands for the right outputs of a set of images."""
    if images.labels is None:
        return "the unedited network's choices"
    return hashlib.sha256(np.ascontiguousarray(images.labels, "<i8").tobytes()).hexdigest()


@dataclass(frozen=True)
class DatabaseStore:
    """Predictions kept in a workspace."""

    db: Database

    def get(self, key: str, /) -> Predictions | None:
        kept = ablations.cached(self.db, key)
        return None if kept is None else np.frombuffer(zlib.decompress(kept), dtype="<i4")

    def __setitem__(self, key: str, value: Predictions, /) -> None:
        ablations.cache(self.db, key, zlib.compress(value.astype("<i4").tobytes()))


@dataclass(frozen=True)
class Evaluator:
    """A network that is asked with units ablated: by which rule, and with what is known already.

    Attributes:
        model: in evaluation mode.
        rule: what ablated units become; "mean" needs `means`.
        means: float (C,) by layer.
        cache: where predictions are kept.
    """

    model: nn.Module
    rule: Rule = "zero"
    means: Mapping[str, Tensor] | None = None
    cache: Cache | None = None

    def check(self, units: Units) -> None:
        """Raise BadInput unless the layers exist and the rule has the means that they need."""
        find_modules(self.model, units)
        check_rule(self.rule, self.means, units)

    def known(self, images: Images, units: Units) -> Predictions | None:
        """What is kept of an edit, or None."""
        return None if self.cache is None else self.cache.get(images, units, self.means)

    def keep(self, images: Images, units: Units, predictions: Predictions) -> None:
        """Keep predictions for whoever asks again."""
        if self.cache is not None:
            self.cache.put(images, units, self.means, predictions)

    def known_likelihood(self, images: Images, units: Units) -> float | None:
        """The mean log-likelihood of the right output that is kept of an edit, or None."""
        return None if self.cache is None else self.cache.get_likelihood(images, units, self.means)

    def keep_likelihood(self, images: Images, units: Units, mean: float) -> None:
        """Keep it for whoever asks again."""
        if self.cache is not None:
            self.cache.put_likelihood(images, units, self.means, mean)

    def ablated(self, units: Units) -> AbstractContextManager[nn.Module]:
        """The network with units silent until the block ends."""
        return ablated(self.model, units, rule=self.rule, means=self.means)

    def predict(
        self, images: Images, units: Units | None = None, *, watch: Watch | None = None
    ) -> Predictions:
        """First choice for every image with the given units ablated: int32 (count,).

        Raises:
            BadInput: unknown layer or unit, or labels beyond the network's outputs.
            Cancelled: the watch said so between two batches.
        """
        units, watch = units or {}, watch or Watch()
        check_rule(self.rule, self.means, units)
        if (kept := self.known(images, units)) is not None:
            return kept
        predictions = np.empty(images.count, dtype=np.int32)
        done = 0
        with self.ablated(units), torch.no_grad():
            for batch in images.batches():
                watch.check(f"after {done} of {images.count} images")
                logits = self.model(batch)
                check_outputs(logits, images)
                predictions[done : done + len(batch)] = logits.argmax(dim=1).cpu().numpy()
                done += len(batch)
                watch.progress(done, images.count, f"images of {images.name}")
        self.keep(images, units, predictions)
        return predictions

    def evaluate(
        self, images: Images, units: Units | None = None, *, watch: Watch | None = None
    ) -> Evaluation:
        """`predict`, compared with the labels; without labels, with the unedited network."""
        predictions = self.predict(images, units, watch=watch)
        unedited = predictions
        if images.labels is None and any((units or {}).values()):
            unedited = self.predict(images, watch=watch)
        return judged(predictions, images, unedited=unedited)


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
    right = correct(predictions, truth)
    names = distinct(images.classes)
    there = {
        names[index] if names else str(index): has(truth, index)
        for index in np.unique(truth).tolist()
        if index >= 0
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
    if outputs < 2:
        raise BadInput(
            "expected at least two outputs to choose from, got one number for each image; let the "
            "factory return two columns, such as [1 - p, p]"
        )
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
