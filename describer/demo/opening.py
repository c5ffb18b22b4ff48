"""The demo world in a workspace: made once, at the first start, from the shipped weights.

    open_demo(workspace, settings=campaigns.Settings(instructions), progress=print_line)

Files come from `describer.demo.workspace`; here they become rows. A demo that was made before is
left as it is, and one that was interrupted is made again over what is there.
"""

import shutil
from typing import TYPE_CHECKING

from sqlite_utils import Database

from db import log
from db.access.permissions import LOCAL
from db.annotate import campaigns, simulated
from db.annotate.simulated import Sentence
from db.arrays import ImageStore
from db.describe import descriptions, exemplars, subjects
from db.describe.descriptions import NewDescription
from db.jobs import Progress
from db.workspace import Workspace, open_database

if TYPE_CHECKING:
    from describer.demo.sentences.shipped import DemoAnnotation, Sayings
    from describer.exemplars.layout import ExemplarFolder

Place = tuple[str, str, int]

CAMPAIGN = "Demo: describe the picture sets"
SIMULATED = "Demo: what simulated annotators wrote"
DONE = "demo:opened"


def is_open(db: Database) -> bool:
    """Whether the demo was made in this workspace."""
    return bool(log.of(db, DONE))


def open_demo(
    workspace: Workspace, *, settings: campaigns.Settings, progress: Progress | None = None
) -> bool:
    """Make the demo unless it is there; returns whether it was made now.

    Args:
        settings: of the campaign that people are asked in.
        progress: called with steps done, steps in all, and a message.

    Raises:
        BadInput: the shipped weights are missing.
    """
    with open_database(workspace) as db:
        if is_open(db):
            return False
    # Imported here: a start with a demo that is there has no use for them. None of them loads
    # torch, which only the processes that look for exemplars do.
    from describer import workspace_files
    from describer.demo import shipped
    from describer.demo.sentences import shipped as sentence_shipped
    from describer.demo.workspace import prepare
    from describer.exemplars import layout
    from describer.methods.options import MILAN

    store = ImageStore(workspace.images)
    content = prepare(
        workspace.path / "demo", store=store, said=sentence_shipped.read(), progress=progress
    )
    place_models(workspace)
    unit_ids: dict[Place, int] = {}
    hashes: dict[Place, str] = {}
    with open_database(workspace) as db:
        for images in content.images:
            workspace_files.enter_images(db, images.root, name=images.name, origin="demo")
        checkpoint = subjects.add_checkpoint(
            db, "demo", source="demo", hash=shipped.checkpoint_hash()
        )
        for network in content.subjects:
            row = workspace_files.enter_subject(db, network.surveyed, origin="demo")
            probe = subjects.get_probing_set(db, network.images)
            source = _placed(workspace, layout.ExemplarFolder(network.exemplars, store))
            for each in workspace_files.enter_exemplars(
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
                    MILAN,
                    checkpoint.hash,
                    each.text,
                    each.score,
                    each.candidates,
                )
                for each in content.said.descriptions
            ],
        )
        _enter_methods(db, content.said, unit_ids)
        known = {each.name for each in campaigns.every(db)}
        if SIMULATED not in known:
            written = [
                _sentence(each, unit_ids[place], hashes[place])
                for each in content.said.annotations
                for place in ((each.subject, each.layer, each.unit),)
            ]
            simulated.enter(db, SIMULATED, written, settings=settings, person=LOCAL)
        # After the other one: pages offer the newest campaign first.
        if CAMPAIGN not in known:
            asked = [unit_ids[place] for place in content.said.to_annotate]
            campaigns.add(db, CAMPAIGN, asked, settings=settings, person=LOCAL)
        log.add(db, LOCAL, "made the demo", DONE)
    return True


def _enter_methods(db: Database, said: "Sayings", unit_ids: dict[Place, int]) -> None:
    """The demo's truth as a concept set, and what the methods beside MILAN say."""
    from describer import workspace_files
    from describer.demo.sentences import methods
    from describer.demo.world import albums

    workspace_files.enter_concepts(db, albums.PROBE.name, form="demo", name=methods.CONCEPT_SET)
    methods.enter(db, said.made_of, said.sentences, unit_ids)


def place_models(workspace: Workspace) -> None:
    """Put the demo's own models where the workspace keeps its models, unless they are there."""
    from describer.demo import shipped

    for folder in shipped.own_models():
        target = workspace.models / folder.name
        if not target.exists():
            shutil.copytree(folder, target)


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


def _sentence(each: "DemoAnnotation", unit_id: int, exemplar_hash: str) -> Sentence:
    token = f"demo {each.subject} {each.layer} {each.unit} {each.annotator}"
    return Sentence(token, unit_id, exemplar_hash, each.annotator, each.sentence)
