"""What a study of descriptions works on: a network, its sentences, its images; and its table.

study = open_study(handle)                  # as the job's plan says
study.units()                               # of every sentence, (layer, unit)
write(handle, rows)                         # the table to take away
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from audits.find.words import analyse, analyse_missing
from audits.network.activity import activations
from audits.network.images import BATCH_SIZE, Images, Network, open_entered, open_images
from audits.studies import clusters
from audits.studies import plan as studies_plan
from audits.studies.plan import Plan
from db.audit import words
from db.audit.words import Word
from db.csv_cells import neutral
from db.describe import subjects
from db.describe.descriptions import Description
from db.errors import BadInput
from db.jobs import Handle
from db.units import Unit
from db.workspace import open_database
from describer import english, milan
from describer.images import probing
from describer.methods.models import folder as model_folder
from describer.methods.options import checkpoint_of
from describer.milan.model import Model
from describer.similarity import vectors
from describer.similarity.vectors import Encoder
from describer.subjects import devices

Row = tuple[object, ...]


@dataclass(frozen=True)
class Study:
    """A network, its sentences, and the images of a plan, where they are the network's classes."""

    plan: Plan
    network: Network
    said: list[Description]
    evaluated: Images | None

    @property
    def images(self) -> Images:
        """The labelled images that the network is evaluated on."""
        assert self.evaluated is not None, "faithfulness only looks at its images"
        return self.evaluated

    def units(self, places: Iterable[int] | None = None) -> list[Unit]:
        """Layer and number of every sentence's unit, or of those at some places."""
        rows = range(len(self.said)) if places is None else places
        return [(self.said[row].layer, self.said[row].unit) for row in rows]


@dataclass(frozen=True)
class Read:
    """Phrases with their words, and as vectors of length 1 (or 0) from `source`."""

    words: list[tuple[Word, ...]]
    vectors: NDArray[np.floating]
    source: str


def open_study(handle: Handle) -> Study:
    """Load what the plan of a job names.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the job was asked to stop.
    """
    plan = studies_plan.plan_of(handle.job.args)
    with open_database(handle.workspace) as db:
        row = subjects.get(db, plan.subject)
        folder = subjects.get_probing_set(db, plan.images)
        said = studies_plan.said(db, plan.subject, plan.method, layer=plan.layer)
        analyse_missing(db)
    handle.watch.progress(0, 0, "loading the network")
    network = open_entered(row, device=devices.choose(handle.job.device))
    images = None
    if plan.kind != "faithfulness":
        # Faithfulness asks nothing of the network's output: any classes will do, see `look`.
        images = open_images(
            folder.root,
            network,
            name=folder.name,
            watch=handle.watch,
        )
    return Study(plan, network, said, images)


@dataclass(frozen=True)
class Seen:
    """Labelled images, and how active the described units are on each of them.

    paths: of the images that could be read. active: float32 (images, sentences).
    """

    paths: tuple[str, ...]
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    active: NDArray[np.float32]


def look(
    handle: Handle, study: Study, name: str, *, pooling: Literal["mean", "max"] = "mean"
) -> Seen:
    """Let the network see a labelled image folder of the workspace."""
    with open_database(handle.workspace) as db:
        folder = probing.open_folder(subjects.get_probing_set(db, name).root)
    if folder.labels is None:
        raise BadInput(f"expected labelled images, got {name}, which has no sub-folders")
    subject, ids = study.network.subject, list[int]()

    def batches() -> Iterable[Tensor]:
        for batch in probing.batches(folder, subject, batch_size=BATCH_SIZE):
            ids.extend(batch.ids.tolist())
            handle.watch.progress(len(ids), len(folder), f"looking at {name}")
            yield probing.as_inputs(batch.images, subject, device=study.network.device)

    wanted: dict[str, list[int]] = {}
    for layer, unit in study.units():
        wanted.setdefault(layer, []).append(unit)
    found = activations(
        study.network.model,
        batches(),
        wanted,
        image_size=subject.image_size,
        pooling=pooling,
        watch=handle.watch,
    )
    # Sentences are ordered by layer and unit, and so are the columns.
    active = np.concatenate([found[layer] for layer in wanted], axis=1)
    paths = tuple(folder.paths[index] for index in ids)
    return Seen(paths, tuple(folder.classes), np.asarray(folder.labels)[ids], active)


def read(handle: Handle, phrases: Sequence[str]) -> Read:
    """Read phrases with the language model when there is one, else by their content words."""
    known: dict[str, tuple[Word, ...]] = {}
    with open_database(handle.workspace) as db:
        for phrase in dict.fromkeys(phrases):
            known[phrase] = tuple(words.of_text(db, phrase))
    known.update(analyse(english.load(), [phrase for phrase in known if not known[phrase]]))
    tagged = [known[phrase] for phrase in phrases]
    handle.watch.progress(0, 0, "reading sentences")
    if (encoder := _encoder(handle)) is not None:
        return Read(tagged, encoder.of(phrases), _source(encoder))
    return Read(tagged, clusters.lemma_vectors(tagged), _source(None))


def source_of_vectors(handle: Handle) -> str:
    """What phrases are compared by here."""
    return _source(_encoder(handle))


def _source(encoder: Encoder | None) -> str:
    if encoder is not None:
        return f"the language model {encoder.name}"
    return f"shared content words (lemmas), as there is no language model: {vectors.GET}"


def _encoder(handle: Handle) -> Encoder | None:
    """The text encoder of the workspace's CLIP, as in the paper; else MiniLM; else None."""
    known = sorted(path.parent for path in handle.workspace.models.glob("*/config.json"))
    for path in known:
        if model_folder.kind(path) == "likeness":
            return vectors.find(path.name, handle.workspace.models)
    return vectors.find() if vectors.missing() is None else None


def model_of(handle: Handle, said: Sequence[Description]) -> Model:
    """The checkpoint that described, or the demo's where the sentences came from elsewhere."""
    with open_database(handle.workspace) as db:
        known = {each.hash: each.source for each in subjects.every_checkpoint(db)}
    return milan.load(known.get(checkpoint_of(said[0].model_hash), milan.DEMO))


def write(handle: Handle, rows: Sequence[Row]) -> str:
    """Write the table to take away; returns its name among the reports."""
    name = studies_plan.file_name(handle.job.job_id, handle.job.kind)
    with (handle.workspace.reports / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in rows:
            writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])
    return name
