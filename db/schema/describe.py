"""The tables of describing that came later: how a sentence came about, and by what.

Each function is one step of `db.schema.migrations`; what must not break stands in the schema
itself. A step that has been released is never edited: another one is appended.
"""

from sqlite_utils import Database


def m012_methods(db: Database) -> None:
    """How a sentence came about, and what its method was made of: models, prompts, seeds."""
    db.executescript(
        """
        alter table descriptions add column detail_json text not null default '{}';
        create table provenances (
            method text not null,
            model_hash text not null,
            provenance_json text not null,
            created_utc text not null,
            primary key (method, model_hash)
        ) strict, without rowid;
        """
    )
