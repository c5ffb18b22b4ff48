"""The schema, as steps that are only ever appended.

    apply(db)

Each step runs in a transaction together with the note that it ran. The steps themselves are in
`db.schema.base`, `annotate`, `audit`, `describe` and `crowd`.
"""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from db.schema import annotate, audit, base, crowd, describe

STEPS = (
    base.m001_people,
    base.m002_subjects,
    base.m003_jobs,
    base.m004_audit,
    annotate.m005_annotate,
    base.m006_words,
    audit.m007_reviewing,
    audit.m008_faithfulness,
    annotate.m009_inspections,
    audit.m010_code,
    annotate.m011_paste_times,
    describe.m012_methods,
    describe.m013_concept_sets,
    crowd.m014_participants,
    describe.m015_trusted,
)
LATEST = len(STEPS)

_MIGRATIONS = Migrations("milan-workbench")
for _step in STEPS:
    _MIGRATIONS()(_step)


def version(db: Database) -> int:
    """How many steps this database has seen, without reading any table."""
    (number,) = db.execute("pragma user_version").fetchone()
    return int(number)


def apply(db: Database) -> None:
    """Apply the steps that are still to be applied. Safe when several processes start at once."""
    db.execute("begin immediate")
    try:
        _MIGRATIONS.apply(db)
        db.execute(f"pragma user_version = {LATEST}")
    except BaseException:
        db.rollback()
        raise
    db.commit()
