"""Which cleaning rules are in force, with the number of their version.

version, rules = in_force(db)        # (0, cleaning.DEFAULT) until an admin stores others
"""

from sqlite_utils import Database

from annotator.corpus import cleaning
from annotator.corpus.cleaning import Rule
from db.annotate import cleanings


def in_force(db: Database) -> tuple[int, tuple[Rule, ...]]:
    """The newest version and its rules; version 0 are the built-in ones."""
    versions = cleanings.every(db)
    if not versions:
        return 0, cleaning.DEFAULT
    return versions[0].version, cleaning.from_json(versions[0].rules_json)


def of(db: Database, version: int) -> tuple[Rule, ...]:
    """The rules of one version; 0 are the built-in ones.

    Raises:
        NotFound: there is no such version.
    """
    if version == 0:
        return cleaning.DEFAULT
    return cleaning.from_json(cleanings.get(db, version).rules_json)
