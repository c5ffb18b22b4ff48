"""What the methods beside MILAN say of the demo's networks, found by the job that users start.

    said = say(workspace, ["signs"], METHODS, tell=print)       # the demo is open in the workspace
    enter(db, said, unit_ids)                                   # into another workspace

Sentences come with what they were made of, under the hash that the same question has in every
workspace: a job that asks it again finds it answered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlite_utils import Database

from db.describe import descriptions, provenances
from db.describe.descriptions import NewDescription
from db.jobs import Watch
from db.workspace import Workspace, open_database
from describer.demo import shipped
from describer.demo.sentences.shipped import DemoSentence, MadeOf
from describer.demo.training import recipes
from describer.demo.world import albums
from describer.demo.world.concepts import CONCEPTS
from describer.methods.dnd import options as dnd
from describer.methods.options import (
    Asked,
    ClipDissectOptions,
    CompositionalOptions,
    NetDissectOptions,
)

Place = tuple[str, str, int]

CONCEPT_SET = "demo"
WORDS = tuple(concept.phrases[0] for concept in CONCEPTS.values())
"""What CLIP-Dissect chooses among: the world's concepts, each in one wording."""


def asked_of(subject: str) -> tuple[Asked, ...]:
    """The methods that describe a network of the demo, with their options.

    A generator takes no pictures that were made elsewhere: for it they are retrieved.
    """
    draws = subject != "generator"
    return (
        NetDissectOptions((CONCEPT_SET,)),
        CompositionalOptions((CONCEPT_SET,)),
        ClipDissectOptions(shipped.IMAGE_TEXT, WORDS),
        dnd.Options(
            captioner=shipped.CAPTIONER,
            likeness=shipped.IMAGE_TEXT,
            maker=shipped.RENDERER if draws else dnd.BY_VECTORS,
            candidates=3,
            pictures=4,
        ),
    )


def say(
    workspace: Workspace,
    networks: Sequence[str],
    *,
    methods: Sequence[str] | None = None,
    tell: Callable[[str], None],
) -> tuple[tuple[MadeOf, ...], tuple[DemoSentence, ...]]:
    """Describe networks of a workspace in which the demo is open.

    Args:
        methods: names of those that are asked; all of `asked_of` by default.
    """
    from describer.describe import job
    from describer.describe.plan import Plan

    for name in networks:
        asked = [one for one in asked_of(name) if methods is None or one.method in methods]
        layers = recipes.subject(name).layers
        for one in asked:
            plan = Plan(name, albums.PROBE.name, layers, (one,))
            job.run_plan(workspace, plan, Watch(), device="cpu")
            tell(f"{name}: described by {one.method}")
    with open_database(workspace) as db:
        return collected(db)


def collected(db: Database) -> tuple[tuple[MadeOf, ...], tuple[DemoSentence, ...]]:
    """What a workspace holds of these methods, in a fixed order."""
    known = [
        MadeOf(method, model_hash, provenances.of(db, method, model_hash))
        for method, model_hash in db.execute(
            "select method, model_hash from provenances where method <> 'milan' "
            "order by method, model_hash"
        )
    ]
    places = {(one.method, one.hash): place for place, one in enumerate(known)}
    rows = []
    for each in descriptions.every(db):
        made_of = places.get((each.method, each.model_hash))
        if made_of is not None:
            whole = descriptions.of_unit(db, each.unit_id)
            detail = next(one for one in whole if one.description_id == each.description_id)
            rows.append(
                DemoSentence(
                    made_of,
                    each.subject,
                    each.layer,
                    each.unit,
                    each.text,
                    each.score,
                    tuple(each.candidates),
                    dict(detail.detail),
                )
            )
    return tuple(known), tuple(rows)


def enter(
    db: Database,
    made_of: Sequence[MadeOf],
    said: Iterable[DemoSentence],
    unit_ids: Mapping[Place, int],
) -> None:
    """Put sentences into a workspace, with what they were made of."""
    for one in made_of:
        provenances.add(db, one.method, one.hash, one.values)
    descriptions.add(
        db,
        [
            NewDescription(
                unit_ids[each.subject, each.layer, each.unit],
                made_of[each.made_of].method,
                made_of[each.made_of].hash,
                each.text,
                each.score,
                each.candidates,
                each.detail,
            )
            for each in said
        ],
    )
