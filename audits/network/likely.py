"""Which entered images fit a network best: what a form is filled with at first."""

import re
from collections.abc import Sequence

from sqlite_utils import Database

from audits.network import labels
from db.describe import subjects
from describer.subjects import definition as files


def likely(names: Sequence[str], purpose: str, subject: str = "") -> str | None:
    """The image folder that is probably meant for a purpose: the one that is called most like it.

    >>> likely(["cats-test", "dogs-test", "dogs-validation"], "validation", "dogs-blurred")
    'dogs-validation'
    """

    def alike(name: str) -> tuple[bool, int]:
        parts = {*re.split(r"\W+", name.casefold())}
        return (
            any(part.startswith(purpose[:3]) for part in parts),
            len(parts & {*re.split(r"\W+", subject.casefold())}),
        )

    return max(names, key=alike, default=None)


def likely_images(db: Database, subject: str, purpose: str) -> str | None:
    """The labelled image folder that is probably meant for a network and a purpose.

    Folders whose classes the network has go before all others, whatever they are called.
    """
    labelled = [each for each in subjects.every_probing_set(db) if each.classes]
    known: set[str] = set()
    for row in subjects.every(db):
        # Imported sentences may name a network of which there is no file.
        if row.name == subject and row.source.is_file():
            known = {*labels.distinct(files.read(row.source).classes)}
    fitting = [each for each in labelled if known.issuperset(each.classes)]
    return likely([each.name for each in fitting or labelled], purpose, subject)
