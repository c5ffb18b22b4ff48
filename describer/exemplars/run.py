"""From a subject and a folder of images to a folder of exemplars, resumable at any point.

    source = study(subject, probing_set, Path("out"), options=Options(layers=("layer4",)))

A run keeps its state in `.resume` beside the results every half minute; the same call after a crash
goes on from there and ends with the same bytes. A folder that holds these exemplars already is only
opened. Several runs can each study a part of the images (`images_of`) and be merged.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from db.arrays import ImageStore, new_folder, read_arrays, write_arrays
from db.errors import BadInput, Cancelled
from db.jobs import Progress
from describer.exemplars import layout, one_pass, pooled, records
from describer.exemplars.records import LayerExemplars, Settings
from describer.images import latents, probing
from describer.images.probing import ProbingSet, Skipped
from describer.layers import catalogue as network_layers
from describer.layers.catalogue import Layer
from describer.subjects import definition, factory, steadiness
from describer.subjects.code import code_hash
from describer.subjects.definition import Subject
from describer.subjects.weights import weights_hash

RESUME = ".resume"
CHECKPOINT_S = 30.0
GENERATED_AT_ONCE = 16


@dataclass(frozen=True)
class Options:
    """How a network is studied.

    Attributes:
        layers: which layers; by default those of the subject file.
        settings: k, quantile, pooling.
        batch_size: images of one forward pass.
        device: where the network runs.
        publish: whether the published layout is written too.
        pooled: whether every image's pooled activations are kept; they change no hash.
    """

    layers: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    batch_size: int = 64
    device: str | torch.device = "cpu"
    publish: bool = False
    pooled: bool = False


@dataclass(frozen=True)
class Prepared:
    """A network ready for its pass, and what the pass will be known by.

    `notes` are sentences for whoever reads the result: they do not belong to its identity.
    """

    subject: Subject
    model: torch.nn.Module
    layers: tuple[Layer, ...]
    probing_set: ProbingSet
    settings: Settings
    provenance: dict[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def hashes(self) -> dict[str, str]:
        """The identity of each layer's exemplars: all that they depend on."""
        return {
            layer.name: _digest([self.provenance, layer.name, *layer.identity])
            for layer in self.layers
        }

    @property
    def hash(self) -> str:
        """The identity of the whole run: a name for its folder."""
        return _digest(self.hashes)


def prepare(subject: Subject, probing_set: ProbingSet, options: Options | None = None) -> Prepared:
    """Build the network, find its layers, and hash everything that the result depends on.

    Raises:
        BadInput: the network cannot be built, a layer does not exist, no layer was named, or k is
            larger than the probing set.
    """
    options = options or Options()
    latents.check(subject, probing_set)
    made = factory.make(subject, device=options.device)
    model = made.model
    names = options.layers or subject.layers
    if not names:
        raise BadInput(f"expected layers, got none: name some, or set `layers` in {subject.source}")
    traced = latents.trace(model, subject)
    chosen = tuple(network_layers.find(traced, names))
    one_pass.new_states(chosen, options.settings, images=len(probing_set))
    code = code_hash(subject, model)
    provenance = {
        "subject": subject.name,
        "factory": subject.factory,
        "weights": weights_hash(subject, model),
        **({"code": code} if code else {}),
        "images": probing.digest(probing_set),
        "image_count": len(probing_set),
        "image_size": subject.image_size,
        "resize_size": subject.resize_size,
        "mean": list(subject.mean),
        "std": list(subject.std),
        **({} if subject.latent_size is None else {"latent_size": subject.latent_size}),
        **definition.further(subject),
        **asdict(options.settings),
    }
    notes = (*made.notes, *probing_set.left_out)
    return Prepared(subject, model, chosen, probing_set, options.settings, provenance, notes)


def study(
    subject: Subject,
    probing_set: ProbingSet,
    folder: Path,
    *,
    options: Options | None = None,
    store: ImageStore | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> layout.ExemplarFolder:
    """Compute the exemplars of a network's layers in one pass and write them.

    Args:
        folder: where they are written; one that holds them already is only opened.
        store: where images are kept; by default in the folder.
        progress: called with images done, images in all, and a message.
        cancelled: asked before every batch; what was done is kept for the next run.

    Raises:
        BadInput: see `prepare`; or no image could be read.
        Cancelled: `cancelled` said so.
    """
    options = options or Options()
    return study_prepared(
        prepare(subject, probing_set, options),
        folder,
        options=options,
        store=store,
        progress=progress,
        cancelled=cancelled,
    )


def study_prepared(
    prepared: Prepared,
    folder: Path,
    *,
    options: Options,
    store: ImageStore | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> layout.ExemplarFolder:
    """The same, of a network that is built already."""
    store = store or ImageStore(folder / records.IMAGES)
    names = [layer.name for layer in prepared.layers]
    done = _finished(folder, prepared.hashes, store)
    if done is not None and (not options.pooled or pooled.there(folder, names)):
        return done
    exemplars, skipped = run(
        prepared,
        folder / RESUME,
        batch_size=options.batch_size,
        device=options.device,
        keep=folder if options.pooled else None,
        progress=progress,
        cancelled=cancelled,
    )
    source = finish(prepared, exemplars, skipped, folder, store=store)
    if options.pooled:
        beside = pooled.Pooled(
            folder, prepared.layers, images=len(prepared.probing_set), anew=False
        )
        beside.finish(folder)
    if options.publish:
        layout.publish(folder, source)
    shutil.rmtree(folder / RESUME, ignore_errors=True)
    return source


def run(
    prepared: Prepared,
    resume: Path | None,
    *,
    batch_size: int,
    device: str | torch.device,
    images_of: range | None = None,
    keep: Path | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[one_pass.States, list[Skipped]]:
    """The pass itself, over all images or a part of them, going on from what `resume` holds.

    Without a folder to resume from, nothing is kept on the way. `keep` is the folder of exemplars
    that pooled activations are kept for, if they are.
    """
    span = images_of or range(len(prepared.probing_set))
    states = one_pass.new_states(
        prepared.layers, prepared.settings, images=len(prepared.probing_set)
    )
    kept = ["pooled"] if keep else []
    identity = _digest([prepared.hashes, span.start, span.stop, batch_size, *kept])
    start, skipped = _restore(resume, identity, states, span.start)
    takers: dict[str, one_pass.Receiver] = dict(states)
    if keep:
        images, anew = len(prepared.probing_set), start == span.start
        beside = pooled.Pooled(keep, prepared.layers, images=images, anew=anew)
        takers = {name: beside.beside(state) for name, state in states.items()}
    done, written = start, time.monotonic()

    def batches() -> Iterator[tuple[NDArray[np.int64], torch.Tensor]]:
        nonlocal done, written
        # Whole batches of the same images, also after a crash: the same numbers to the bit.
        for first in range(start, span.stop, batch_size):
            if cancelled is not None and cancelled():
                _keep(resume, identity, states, first, skipped)
                raise Cancelled(f"stopped after {first - span.start} of {len(span)} images")
            if time.monotonic() - written > CHECKPOINT_S:
                _keep(resume, identity, states, first, skipped)
                written = time.monotonic()
            if prepared.probing_set.seeds:
                seeds = np.arange(first, min(first + batch_size, span.stop))
                yield seeds, latents.inputs(seeds, prepared.subject, device=device)
            elif (batch := pending.get(first)) is not None:
                yield batch.ids, probing.as_inputs(batch.values, prepared.subject, device=device)
            done = min(first + batch_size, span.stop)
            if progress is not None:
                progress(done - span.start, len(span), "exemplars: images through the network")

    pending = _Ahead(prepared, range(start, span.stop), batch_size, skipped)
    one_pass.run(prepared.model, takers, batches())
    return states, skipped


def finish(
    prepared: Prepared,
    states: one_pass.States,
    skipped: Sequence[Skipped],
    folder: Path,
    *,
    store: ImageStore,
) -> layout.ExemplarFolder:
    """Store the images that are exemplars, and write the folder.

    Raises:
        BadInput: no image of the probing set could be read.
    """
    exemplars = {name: state.exemplars() for name, state in states.items()}
    if not any((each.ids >= 0).any() for each in exemplars.values()):
        reason = f"{skipped[0].path} {skipped[0].reason}" if skipped else "there are none"
        raise BadInput(f"expected images that can be read in {prepared.probing_set.root}: {reason}")
    layout.write(
        folder,
        exemplars,
        layout.Written(
            hashes=prepared.hashes,
            provenance=prepared.provenance,
            paths=prepared.probing_set.paths,
            names=_store_images(prepared, exemplars, store),
            size=prepared.subject.size,
            # Reading ahead may have named an image before and after an interruption.
            skipped=sorted(set(skipped), key=lambda each: each.path),
            notes=(
                *prepared.notes,
                *probing.conversions(prepared.probing_set, prepared.subject),
                *steadiness.warnings(prepared.model, prepared.subject),
            ),
        ),
    )
    return layout.ExemplarFolder(folder, store)


class _Ahead:
    """Batches by the place of their first image, read in threads before they are asked for."""

    def __init__(
        self, prepared: Prepared, span: range, batch_size: int, skipped: list[Skipped]
    ) -> None:
        self._batches = probing.batches(
            prepared.probing_set,
            prepared.subject,
            batch_size=batch_size,
            ids=span,
            skipped=skipped,
        )
        self._size = batch_size
        self._next: probing.Batch | None = None

    def get(self, first: int) -> probing.Batch | None:
        """The batch that begins at an image; None when none of its images could be read."""
        if self._next is None:
            self._next = next(self._batches, None)
        if self._next is None or int(self._next.ids[0]) >= first + self._size:
            return None
        batch, self._next = self._next, None
        return batch


def _store_images(
    prepared: Prepared, exemplars: Mapping[str, LayerExemplars], store: ImageStore
) -> dict[int, str]:
    ids = np.unique(np.concatenate([each.ids.reshape(-1) for each in exemplars.values()]))
    wanted = ids[ids >= 0].tolist()
    names: dict[int, str] = {}
    for batch in _pictures(prepared, wanted):
        for image_id, image in zip(batch.ids.tolist(), batch.images, strict=True):
            names[image_id] = store.put(image)
    return names


def _pictures(prepared: Prepared, wanted: Sequence[int]) -> Iterator[probing.Batch]:
    """Images of the probing set once more: read again, or generated again."""
    subject, model = prepared.subject, prepared.model
    if not prepared.probing_set.seeds:
        yield from probing.batches(prepared.probing_set, subject, ids=wanted)
        return
    device = next((each.device for each in model.parameters()), "cpu")
    for first in range(0, len(wanted), GENERATED_AT_ONCE):
        ids = np.array(wanted[first : first + GENERATED_AT_ONCE], dtype=np.int64)
        yield probing.Batch(ids, latents.pictures(model, ids, subject, device=device))


def _finished(
    folder: Path, hashes: Mapping[str, str], store: ImageStore
) -> layout.ExemplarFolder | None:
    """The folder, when it holds exactly these exemplars.

    Raises:
        BadInput: it holds others, which would be overwritten.
    """
    if not (folder / layout.DESCRIPTION).is_file():
        return None
    there = layout.ExemplarFolder(folder, store)
    if {name: there.hash(name) for name in there.layers} == dict(hashes):
        return there
    raise BadInput(
        f"expected a new folder for these exemplars, got {folder}, which holds those of other "
        "weights, images or settings"
    )


def _keep(
    resume: Path | None,
    identity: str,
    states: one_pass.States,
    following: int,
    skipped: list[Skipped],
) -> None:
    """Write the state as of the image `following`, whole or not at all."""
    if resume is None:
        return
    with new_folder(resume) as temporary:
        for name, state in states.items():
            write_arrays(temporary / name, state.arrays())
        values = {
            "identity": identity,
            "next": following,
            "skipped": [[each.path, each.reason] for each in skipped],
        }
        (temporary / "state.json").write_text(json.dumps(values), "utf-8")


def _restore(
    resume: Path | None, identity: str, states: one_pass.States, start: int
) -> tuple[int, list[Skipped]]:
    """Where to go on; from the start when what was kept belongs to another run."""
    if resume is None or not (path := resume / "state.json").is_file():
        return start, []
    values = json.loads(path.read_text("utf-8"))
    if values["identity"] != identity:
        return start, []
    for name, state in states.items():
        state.restore(read_arrays(resume / name))
    return int(values["next"]), [Skipped(path, reason) for path, reason in values["skipped"]]


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
