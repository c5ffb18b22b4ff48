"""What each method needs here: ready, or what is missing and how to get it.

    for need in needs(db, workspace.models):
        need.ready, need.missing, need.commands

What is asked of a folder of models is told by the files in it; nothing is loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from db.describe import concept_sets, subjects
from describer.describe.plan import COLOURS
from describer.methods.models import inventory
from describer.methods.options import (
    CLIP_DISSECT,
    COMPOSITIONAL,
    DND,
    MILAN,
    NETDISSECT,
    TITLES,
    VLM,
)

ENDPOINTS = (
    "or an address that speaks the OpenAI protocol, in models/endpoints.toml of the workspace"
)


@dataclass(frozen=True)
class Need:
    """What a method has, and what it lacks.

    Attributes:
        has: what it would use.
        missing: what it cannot do without; none when it is ready.
        commands: what gets that, on a machine with internet.
    """

    method: str
    has: tuple[str, ...]
    missing: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The method's name as papers have it."""
        return TITLES[self.method]

    @property
    def ready(self) -> bool:
        """Whether it can be started."""
        return not self.missing


@dataclass(frozen=True)
class Choices:
    """What can be named in the form: checkpoints, concept sets, and models by what they do."""

    checkpoints: tuple[str, ...]
    concepts: tuple[str, ...]
    captioners: tuple[str, ...]
    likenesses: tuple[str, ...]
    writers: tuple[str, ...]
    makers: tuple[str, ...]
    lookers: tuple[str, ...]


def choices(db: Database, models: Path) -> Choices:
    """What a workspace offers to its methods."""
    return Choices(
        tuple(each.name for each in subjects.every_checkpoint(db)),
        (*(each.name for each in concept_sets.every(db)), COLOURS),
        *(
            tuple(inventory.usable(models, kind))
            for kind in ("captioner", "likeness", "writer", "maker", inventory.LOOKER)
        ),
    )


def needs(offered: Choices, models: Path) -> list[Need]:
    """Of every method what it needs, in the order of the form."""

    def lacking(*kinds: tuple[Sequence[str], str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        gone = [kind for found, kind in kinds if not found]
        return (
            tuple(inventory.what(kind) for kind in gone),
            tuple(inventory.command(kind, models) for kind in gone),
        )

    sets = (f"concepts: {', '.join(offered.concepts)}",)
    milan: tuple[str, ...] = () if offered.checkpoints else ("a MILAN checkpoint: New, Add…",)
    drawn = ", ".join(offered.makers) or "probing images in place of generated ones"
    written = ", ".join(offered.writers) or "common phrases of the captions"
    return [
        Need(MILAN, tuple(offered.checkpoints[:3]), milan),
        Need(NETDISSECT, sets),
        Need(COMPOSITIONAL, sets),
        Need(CLIP_DISSECT, offered.likenesses, *lacking((offered.likenesses, "likeness"))),
        Need(
            DND,
            (*offered.captioners, *offered.likenesses, drawn, written),
            *lacking((offered.captioners, "captioner"), (offered.likenesses, "likeness")),
        ),
        Need(
            VLM,
            offered.lookers,
            () if offered.lookers else (f"a model that converses about pictures, {ENDPOINTS}",),
            () if offered.lookers else (inventory.command(inventory.LOOKER, models),),
        ),
    ]
