"""An audit of a network, images and descriptions that lie in files, without a workspace.

found = audit(Files(subject, images, descriptions), ["text", "+sign"], How(), Watch())
found.write(Path("out"))            # curve.csv, units.csv, summary.json
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audits.ablation import files as audit_files
from audits.ablation.engine.hooks import check_units
from audits.ablation.engine.units import by_layer
from audits.ablation.measure import Measured, Sets, measure
from audits.ablation.open import means_of
from audits.ablation.plan import How
from audits.find import words
from audits.find.words import Spans
from audits.network import assignment
from audits.network.evaluation import Cache, Evaluator
from audits.network.images import BATCH_SIZE, Images, Network, open_images, open_network
from audits.network.labels import read_class_table
from db.errors import BadInput
from db.jobs import Watch
from db.unit_tables import UnitTable, UnitText
from db.units import Unit
from describer import english
from describer.images.probing import Skipped
from describer.subjects import definition


@dataclass(frozen=True)
class Files:
    """What is audited.

    Attributes:
        subject: a SUBJECT.toml.
        images: class/file, to report on; `validation` to order and count on.
        descriptions: what `db.unit_tables.read` gave; a unit may have several.
        class_index: the network's output for each image folder, as JSON.
    """

    subject: Path
    images: Path
    descriptions: UnitTable
    validation: Path | None = None
    class_index: Path | None = None
    batch_size: int = BATCH_SIZE


@dataclass(frozen=True)
class Audited:
    """What an audit found.

    Attributes:
        evaluator: the network as its units were ablated.
        test: the images that were reported on.
        matched: the units whose description holds the words, with it and where they stand in it.
        skipped: images that could not be read.
        provenance: what summary.json says beside the measurement.
    """

    network: Network
    evaluator: Evaluator
    test: Images
    matched: Mapping[Unit, tuple[str, Spans]]
    measured: Measured
    skipped: tuple[Skipped, ...]
    provenance: Mapping[str, Any]

    def write(self, folder: Path) -> None:
        """Write curve.csv, units.csv and summary.json."""
        audit_files.write(folder, self.measured, self.matched, provenance=self.provenance)


def audit(
    given: Files, keywords: Sequence[str], how: How, watch: Watch, *, device: str = "cpu"
) -> Audited:
    """Ablate the units whose descriptions hold keywords, beside their controls.

    Args:
        keywords: see `audits.find.words.query_of`.

    Raises:
        BadInput: a file that cannot be used, or no description with the words.
        Cancelled: the watch said so.
    """
    if given.batch_size < 1:
        raise BadInput(f"expected a batch size of at least 1, got {given.batch_size}")
    described = given.descriptions.rows
    matched, reader = _matching(described, keywords, given.descriptions.name)
    network = open_network(definition.read(given.subject), device=device)
    examined = sorted({one.place for one in described})
    check_units(by_layer(examined), network.sizes)
    table = read_class_table(given.class_index) if given.class_index else None
    skipped: list[Skipped] = []

    def opened(folder: Path, name: str) -> Images:
        return open_images(
            folder,
            network,
            name=name,
            table=table,
            batch_size=given.batch_size,
            skipped=skipped,
            watch=watch,
        )

    sets = Sets(
        opened(given.images, "test"),
        opened(given.validation, "validation") if given.validation else None,
    )
    means = means_of(network, how.rule, by_layer(examined), sets.ordered_on)
    evaluator = Evaluator(network.model, how.rule, means, Cache({}, network.identity))
    measured = measure(
        evaluator,
        sorted(matched),
        sets,
        sizes=network.sizes,
        examined=examined,
        how=how,
        watch=watch,
    )
    doubts = assignment.warnings(measured.before, sets.test)
    measured = replace(measured, warnings=(*measured.warnings, *doubts))
    notes = [*network.notes, *(note for _, images in sets.splits() for note in images.notes)]
    provenance = {
        "subject": network.subject.name,
        "weights": network.weights,
        "test": sets.test.digest,
        "validation": None if sets.validation is None else sets.validation.digest,
        "keywords": [each.strip() for each in keywords],
        "english": reader,
        "rule": how.rule,
        "seed": how.seed,
        "order": how.order,
        "examined": len(examined),
        "matched": len(matched),
        "skipped": [[one.path, one.reason] for one in skipped],
        "classes": assignment.as_json(sets.test.assigned),
        "notes": list(dict.fromkeys(notes)),
    }
    return Audited(network, evaluator, sets.test, matched, measured, tuple(skipped), provenance)


def _matching(
    described: Sequence[UnitText], keywords: Sequence[str], name: str
) -> tuple[dict[Unit, tuple[str, Spans]], str]:
    """The units whose description holds the words, and what read the sentences."""
    if not described:
        raise BadInput(f"expected at least one description in {name}, got none")
    query = words.query_of(keywords)
    nlp = english.load()
    found = words.find(
        words.analyse(nlp, [one.text for one in described]),
        query,
        forms=words.analyse(nlp, words.keywords_of(query)),
    )
    matched = audit_files.matching(described, found)
    if not matched:
        raise BadInput(
            f"expected a description with one of {', '.join(query.any + query.all)} in {name}, "
            f"got none among {len(described)}"
        )
    return matched, english.source(nlp)
