"""The schema, as steps that are only ever appended.

    apply(db)

Each step runs in a transaction together with the note that it ran. The steps themselves are in
`db.schema`, `db.schema_annotate` and `db.schema_audit`.
"""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from db import schema, schema_audit
from db import schema_annotate as annotate

STEPS = (
    schema.m001_people,
    schema.m002_subjects,
    schema.m003_jobs,
    schema.m004_audit,
    annotate.m005_annotate,
    schema.m006_words,
    schema_audit.m007_reviewing,
    schema_audit.m008_faithfulness,
    annotate.m009_inspections,
    schema_audit.m010_code,
    annotate.m011_paste_times,
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
