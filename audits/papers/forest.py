"""A classifier refitted after pruning, on a network that need not have one of its own.

    table = prune(network, training, test, alone, Asked(), folder, watch=watch)
    alone = unlike_any_other(said, encoder, threshold=0.8)      # by layer

Describe-and-Dissect's Section 5.2 and A.5: what the network says of an image (Tile2Vec's embedding;
here whatever the network answers with, or one layer's units) is given to a random forest, which
tells classes apart. Units whose description no other is like are pruned layer by layer, and the
forest is fitted again (Table 7) or stays as it was (Table 13); beside as many random units of the
same layer, no pruning, and all units pruned. What was measured is kept, so that the same command
goes on.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audits.ablation.curves import matched_draws
from audits.ablation.engine.hooks import ablated
from audits.ablation.engine.units import by_layer
from audits.network import activity
from audits.network.images import Images, Network, open_images
from audits.papers.table import Cell, Table
from audits.studies import clusters
from db.arrays import new_file
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit
from describer.demo.checks.scores import Estimate, interval
from describer.similarity.vectors import Encoder

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """How it is measured.

    Attributes:
        layer: whose units are given to the forest; "" takes what the network answers with.
        trees: of a forest. forests: fitted with seeds of their own; their mean counts.
        controls: random draws for each layer.
    """

    layer: str = ""
    trees: int = 100
    forests: int = 3
    controls: int = 5
    seed: int = 0


@dataclass(frozen=True)
class Labelled:
    """Images as the network takes them with the number of their class, int64 (images,)."""

    images: Images
    labels: NDArray[np.int64]
    classes: tuple[str, ...]


def labelled(folder: Path, network: Network, *, name: str, watch: Watch | None = None) -> Labelled:
    """Open a folder of classes, whatever the network's own are.

    Raises:
        BadInput: it has no sub-folders with images.
    """
    from describer.images import probing

    plain = replace(network, subject=replace(network.subject, classes=()), outputs=None)
    images = open_images(folder, plain, name=name, watch=watch)
    classes = probing.open_folder(folder).classes
    if images.labels is None or len(classes) < 2:
        raise BadInput(f"expected images of at least two classes in {folder}, got {len(classes)}")
    return Labelled(images, images.labels, classes)


def unlike_any_other(
    said: Mapping[Unit, str], encoder: Encoder, *, threshold: float = 0.8
) -> dict[str, list[int]]:
    """By layer the units whose description none of the others is like (Section 5.1).

    Args:
        threshold: the least cosine of two descriptions that are alike; the paper's, of CLIP.
    """
    units = list(said)
    vectors = encoder.of([said[unit] for unit in units])
    alone = clusters.loners(clusters.cluster(vectors, threshold=threshold))
    return by_layer([units[place] for place in alone])


def prune(
    network: Network,
    training: Labelled,
    test: Labelled | None,
    alone: Mapping[str, Sequence[int]],
    described: Sequence[Unit],
    asked: Asked,
    folder: Path,
    *,
    watch: Watch | None = None,
) -> Table:
    """Measure a forest without the lone units of each layer, beside random ones, none and all.

    Args:
        test: images to test on; without, half of each class of `training` is held back.
        alone: by layer. described: all units that take part; "all" prunes these.

    Raises:
        BadInput: the two folders have other classes, or nothing is alone.
        Cancelled: the watch said so; what was measured is kept.
    """
    if test is not None and test.classes != training.classes:
        odd = sorted(set(test.classes) ^ set(training.classes))
        raise BadInput(f"expected the same classes in both folders, they differ in {odd[0]!r}")
    if not any(alone.values()):
        raise BadInput("expected units whose description no other is like, got none")
    bench = _Bench(network, training, test, asked, folder, watch or Watch())
    whole = bench.measure(())
    rows: list[tuple[Cell, ...]] = []

    def row(
        name: str, units: Sequence[Unit], share: float, draws: Sequence[Sequence[Unit]]
    ) -> None:
        own = bench.measure(units)
        random = [bench.measure(draw) for draw in draws]
        rows.append(
            (
                name,
                len(units),
                share,
                *(
                    cell
                    for which in (0, 1)
                    for cell in (
                        _mean(own[which]),
                        _mean(np.mean([each[which] for each in random], axis=0))
                        if random
                        else None,
                        _mean(own[which] - whole[which]) if units else None,
                    )
                ),
            )
        )

    row("no pruning", (), 0.0, ())
    row("all pruned", described, 1.0, ())
    for layer, numbers in alone.items():
        units = [(layer, number) for number in numbers]
        draws = matched_draws(units, network.sizes, trials=asked.controls, seed=asked.seed)
        row(layer, units, len(units) / network.sizes[layer], draws)
    return _table(network, bench, asked, rows)


def _table(
    network: Network, bench: "_Bench", asked: Asked, rows: Sequence[tuple[Cell, ...]]
) -> Table:
    return Table(
        "forest",
        "A random forest after units that no other is like were pruned",
        (
            "Describe-and-Dissect, Table 7 (refitted on the pruned network) and Table 13 (fitted "
            "before, and kept). Accuracy on test images, with 95 % intervals over them. Random: "
            f"mean of {asked.controls} draws of as many units of the layer. Less: the same images "
            "without pruning. Layers behind what the forest reads change nothing.",
            f"{network.subject.name}: {bench.what}; {asked.forests} forests of {asked.trees} trees "
            f"(scikit-learn), {bench.counts}.",
            f"The commonest class is {bench.commonest():.3f} of the test images.",
        ),
        (
            "pruned",
            "units",
            "share of the layer",
            "refitted",
            "refitted, random units",
            "refitted, less no pruning",
            "kept",
            "kept, random units",
            "kept, less no pruning",
        ),
        tuple(rows),
    )


@dataclass(frozen=True)
class _Bench:
    """What every row shares."""

    network: Network
    training: Labelled
    test: Labelled | None
    asked: Asked
    folder: Path
    watch: Watch

    @cached_property
    def _whole(self) -> tuple[Floats, Floats]:
        return self._both(())

    @property
    def what(self) -> str:
        """What the forest is given."""
        if self.asked.layer:
            return f"the mean activation of each unit of {self.asked.layer}"
        return "what the network answers with"

    @property
    def counts(self) -> str:
        """How many images teach and are tested."""
        teach, tested = self.halves()
        where = "" if self.test is not None else " held back from the same folder"
        return f"{len(teach)} images to learn from and {len(tested)}{where} to test on"

    def halves(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows to learn from and to test on: of two folders all, of one half of each class."""
        labels = self.training.labels
        if self.test is not None:
            return np.arange(len(labels)), np.arange(len(self.test.labels))
        from sklearn.model_selection import train_test_split

        try:
            teach, tested = train_test_split(
                np.arange(len(labels)),
                test_size=0.5,
                random_state=self.asked.seed,
                stratify=labels,
            )
        except ValueError as error:
            raise BadInput(
                f"expected at least two images of each class in {self.training.images.name}, or a "
                "folder to test on (--test-images)"
            ) from error
        return np.sort(teach), np.sort(tested)

    def labels(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Classes of both."""
        teach, tested = self.halves()
        behind = self.training if self.test is None else self.test
        return self.training.labels[teach], behind.labels[tested]

    def commonest(self) -> float:
        """The share of the test images that are of the class commonest in training."""
        teach, tested = self.labels()
        return float((tested == np.bincount(teach).argmax()).mean())

    def measure(self, units: Sequence[Unit]) -> tuple[Floats, Floats]:
        """How often each test image is told right without some units: refitted, and kept."""
        self.watch.check("before a pruned network is measured")
        path = self.folder / "forest" / f"{self._key(units)}.json"
        if path.is_file():
            kept = json.loads(path.read_text("utf-8"))
            return np.array(kept["refitted"]), np.array(kept["kept"])
        self.watch.progress(0, 0, f"measuring without {len(units)} units")
        own = self._both(units)
        refitted = self._right(own, own)
        kept = self._right(self._whole, own) if units else refitted
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(path) as temporary:
            values = {"refitted": refitted.tolist(), "kept": kept.tolist()}
            temporary.write_text(json.dumps(values) + "\n", encoding="utf-8")
        return refitted, kept

    def _key(self, units: Sequence[Unit]) -> str:
        values = [
            self.network.identity,
            self.training.images.digest,
            self.test.images.digest if self.test is not None else "",
            asdict(self.asked),
            sorted(units),
        ]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]

    def _both(self, units: Sequence[Unit]) -> tuple[Floats, Floats]:
        """What the network says of the images to learn from and to test on."""
        teach, tested = self.halves()
        said = self._said(self.training.images, units)
        behind = said if self.test is None else self._said(self.test.images, units)
        return said[teach], behind[tested]

    def _said(self, images: Images, units: Sequence[Unit]) -> Floats:
        """float (images, dimensions), with some units silent."""
        with ablated(self.network.model, by_layer(units)):
            if self.asked.layer:
                layer = self.asked.layer
                if layer not in self.network.sizes:
                    raise BadInput(f"expected a layer of the network, got {layer!r}")
                found = activity.activations(
                    self.network.model,
                    self._watched(images),
                    {layer: range(self.network.sizes[layer])},
                    image_size=self.network.subject.image_size,
                )
                return found[layer].astype(np.float64)
            with torch.inference_mode():
                parts = [self._answer(batch) for batch in self._watched(images)]
        return np.concatenate(parts)

    def _answer(self, batch: Tensor) -> Floats:
        answer = self.network.model(batch)
        if not isinstance(answer, Tensor):
            raise BadInput(
                "expected a network that answers with a tensor, got "
                f"{type(answer).__name__}; name a layer with --layer"
            )
        values: Floats = answer.flatten(1).double().cpu().numpy()
        return values

    def _watched(self, images: Images) -> Iterator[Tensor]:
        for batch in images.batches():
            self.watch.check("while a network looks at images")
            yield batch

    def _right(self, learned: tuple[Floats, Floats], seen: tuple[Floats, Floats]) -> Floats:
        """The share of forests, fitted on what was learned, that tell each test image right."""
        from sklearn.ensemble import RandomForestClassifier

        teach, tested = self.labels()
        right = []
        for number in range(self.asked.forests):
            forest = RandomForestClassifier(
                n_estimators=self.asked.trees, random_state=self.asked.seed + number
            )
            forest.fit(learned[0], teach)
            right.append(forest.predict(seen[1]) == tested)
        found: Floats = np.mean(right, axis=0)
        return found


def _mean(values: Floats) -> Estimate:
    return interval(len(values), lambda rows: float(values[rows].mean()))
