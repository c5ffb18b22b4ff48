"""The demo world in a workspace: made once, at the first start, from the shipped weights.

    open_demo(workspace, settings=campaigns.Settings(instructions), progress=print_line)

Files come from `describer.demo.workspace`; here they become rows. A demo that was made before is
left as it is, and one that was interrupted is made again over what is there.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlite_utils import Database

from db import campaigns, descriptions, exemplars, log, subjects, transfers
from db.annotations import Revision
from db.arrays import ImageStore
from db.descriptions import NewDescription
from db.doors import LOCAL
from db.transfers import Record
from db.workspace import Workspace, now, open_database

if TYPE_CHECKING:
    from describer.demo.sayings import DemoAnnotation
    from describer.exemplars.layout import ExemplarFolder

Place = tuple[str, str, int]

CAMPAIGN = "Demo: describe the picture sets"
DONE = "demo:opened"

Progress = Callable[[int, int, str], None]


def is_open(db: Database) -> bool:
    """Whether the demo was made in this workspace."""
    return bool(log.of(db, DONE))


def open_demo(
    workspace: Workspace, *, settings: campaigns.Settings, progress: Progress | None = None
) -> bool:
    """Make the demo unless it is there; returns whether it was made now.

    Args:
        settings: of the demo's campaign.
        progress: called with steps done, steps in all, and a message.

    Raises:
        BadInput: the shipped weights are missing.
    """
    with open_database(workspace) as db:
        if is_open(db):
            return False
    # Imported here: a start with a demo that is there has no use for them. None of them loads
    # torch, which only the processes that look for exemplars do.
    from describer import shelf
    from describer.demo import sayings, shipped
    from describer.demo.workspace import prepare
    from describer.exemplars import layout
    from describer.plans import METHOD

    store = ImageStore(workspace.images)
    content = prepare(workspace.path / "demo", store=store, said=sayings.read(), progress=progress)
    unit_ids: dict[Place, int] = {}
    hashes: dict[Place, str] = {}
    with open_database(workspace) as db:
        for images in content.images:
            shelf.enter_images(db, images.root, name=images.name, origin="demo")
        checkpoint = subjects.add_checkpoint(
            db, "demo", source="demo", hash=shipped.checkpoint_hash()
        )
        for network in content.subjects:
            row = shelf.enter_subject(db, network.surveyed, origin="demo")
            probe = subjects.get_probing_set(db, network.images)
            source = _placed(workspace, layout.ExemplarFolder(network.exemplars, store))
            for each in shelf.enter_exemplars(
                db,
                source,
                subject_id=row.subject_id,
                probing_set_id=probe.probing_set_id,
            ):
                for unit in exemplars.units_of(db, each.exemplar_set_id):
                    place = (network.name, unit.layer, unit.unit)
                    unit_ids[place], hashes[place] = unit.unit_id, unit.hash
        descriptions.add(
            db,
            [
                NewDescription(
                    unit_ids[each.subject, each.layer, each.unit],
                    METHOD,
                    checkpoint.hash,
                    each.text,
                    each.score,
                    each.candidates,
                )
                for each in content.said.descriptions
            ],
        )
        if all(each.name != CAMPAIGN for each in campaigns.every(db)):
            answered = [
                _record(each, slot, hashes[each.subject, each.layer, each.unit])
                for each, slot in _slots(content.said.annotations)
            ]
            made = transfers.enter(db, CAMPAIGN, answered, person=LOCAL, settings=settings)
            left = [unit_ids[place] for place in content.said.to_annotate]
            campaigns.add_units(db, made.campaign_id, left, person=LOCAL)
            campaigns.set_state(db, made.campaign_id, "open", person=LOCAL)
        log.add(db, LOCAL, "made the demo", DONE)
    return True


def _placed(workspace: Workspace, source: "ExemplarFolder") -> "ExemplarFolder":
    """Move a folder of exemplars to where the workspace keeps them, under its content's name."""
    from describer.exemplars.layout import ExemplarFolder

    name = "demo-" + "-".join(source.hash(layer)[:12] for layer in source.layers[:2])
    target = workspace.exemplars / name
    if target.exists():
        shutil.rmtree(source.folder)
    else:
        source.folder.rename(target)
    return ExemplarFolder(target, source.store)


def _slots(answers: Sequence["DemoAnnotation"]) -> list[tuple["DemoAnnotation", int]]:
    """Each answer with the number of its slot: the first of its unit, the second, …"""
    seen: Counter[Place] = Counter()
    numbered = []
    for each in answers:
        place = (each.subject, each.layer, each.unit)
        seen[place] += 1
        numbered.append((each, seen[place]))
    return numbered


def _record(each: "DemoAnnotation", slot: int, hash: str) -> Record:
    moment = now()
    return Record(
        id=f"demo {each.subject} {each.layer} {each.unit} {each.annotator}",
        subject=each.subject,
        layer=each.layer,
        unit=each.unit,
        exemplar_hash=hash,
        annotator=each.annotator,
        annotator_kind="simulated",
        purpose="collect",
        slot=slot,
        status="waiting",
        kind="text",
        text=each.sentence,
        withdrawn=False,
        claimed_utc=None,
        created_utc=moment,
        revised_utc=moment,
        seconds=None,
        pasted_characters=0,
        unmasked_looks=0,
        flags={},
        revisions=(Revision(1, "text", each.sentence, moment, False),),
        reviews=(),
    )
