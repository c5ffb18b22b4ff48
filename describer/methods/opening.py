"""Methods from what was asked for: names become checkpoints, concept sets, models and words.

    method = open_method(asked, Places(workspace.models, "cpu", db))
    method.provenance(places.models).hash

Nothing is fetched. What names cannot be found is said before any work begins; models of Describe-
and-Dissect and of `vlm` are only loaded when there is a unit to describe.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from db.describe import concept_sets, subjects
from db.errors import BadInput
from describer.methods import vlm
from describer.methods.concepts import opening as concepts
from describer.methods.concepts.shape import ConceptSet, Together
from describer.methods.dnd import options as dnd
from describer.methods.options import (
    Asked,
    ClipDissectOptions,
    CompositionalOptions,
    MilanOptions,
    NetDissectOptions,
)
from describer.methods.study import Described

COMMONEST = 10_000


@dataclass(frozen=True)
class Places:
    """Where names are looked up: the models' folder, the workspace's rows; and where models run.

    names: of concepts of YOLO that the workspace does not know.
    """

    models: Path | None
    device: str
    db: Database | None = None
    names: str = ""


def open_method(asked: Asked, places: Places) -> Described:
    """The method with what it names.

    Raises:
        BadInput, NotFound: something that it names is not here, or is not what it was.
    """
    if isinstance(asked, MilanOptions):
        return _milan(asked, places)
    if isinstance(asked, NetDissectOptions):
        from describer.methods.overlap.netdissect import NetDissect

        found = open_concepts(asked.concepts, places.db, names=places.names)
        return NetDissect(found, asked.quantile, asked.whole, asked.seed)
    if isinstance(asked, CompositionalOptions):
        from describer.methods.overlap.compositional import Compositional, Search

        search = Search(asked.length, asked.beam)
        found = open_concepts(asked.concepts, places.db, names=places.names)
        return Compositional(found, asked.quantile, search, asked.seed)
    if isinstance(asked, ClipDissectOptions):
        return _clip_dissect(asked, places)
    if isinstance(asked, dnd.Options):
        from describer.methods.dnd.method import DescribeAndDissect

        return DescribeAndDissect(asked)
    return vlm.SeenAtOnce(asked)


def open_concepts(
    words: tuple[str, ...], db: Database | None = None, *, names: str = ""
) -> ConceptSet:
    """Concept sets as one: each a name of the workspace, `colours`, or FORMAT:PLACE.

    Raises:
        BadInput, NotFound: there is none of a name, or its labels are others than when it was
            entered.
    """
    found = tuple(_concept_set(word, db, names) for word in words)
    if not found:
        raise BadInput("expected at least one set of concepts, got none")
    return found[0] if len(found) == 1 else Together(found)


def _concept_set(word: str, db: Database | None, names: str) -> ConceptSet:
    form, colon, place = word.partition(":")
    known = {each.name for each in concept_sets.every(db)} if db is not None else set()
    if word not in known and (colon or form == "colours" or db is None):
        return concepts.open_set(form, place, names=names)
    assert db is not None, "a name that is known was read of it"
    row = concept_sets.get(db, word)
    opened = concepts.open_set(row.format, row.place, names=row.names_file)
    if opened.hash != row.hash:
        raise BadInput(
            f"expected the labels that the concepts {row.name} had when they were added, got "
            f"others in {row.place}; add them under another name"
        )
    return opened


def _milan(asked: MilanOptions, places: Places) -> Described:
    from describer import milan
    from describer.methods.milan import Milan
    from describer.milan.describing import SearchOptions

    assert places.db is not None, "checkpoints are known to a workspace"
    row = subjects.get_checkpoint(places.db, asked.checkpoint)
    search = SearchOptions(beam_size=asked.beam_size, temperature=asked.temperature)
    load = partial(milan.load, row.source, device=places.device)
    return Milan(row.hash, load, search, row.name)


def _clip_dissect(asked: ClipDissectOptions, places: Places) -> Described:
    from describer.methods import image_text, words
    from describer.methods.clip_dissect import ClipDissect
    from describer.methods.models import folder

    path = Path(asked.model).expanduser()
    if not path.is_dir():
        path = folder.locate(asked.model, places.models)
    model = image_text.load(str(path), device=places.device)
    chosen = asked.words or words.commonest(COMMONEST)
    return ClipDissect(model, chosen, asked.similarity, asked.pooling)
