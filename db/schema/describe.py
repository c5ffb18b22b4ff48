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


def m013_concept_sets(db: Database) -> None:
    """Sets of concepts with masks, for the methods that compare units with them."""
    db.executescript(
        """
        create table concept_sets (
            concept_set_id integer primary key,
            name text not null unique,
            format text not null,
            place text not null,
            names_file text not null default '',
            concepts integer not null check (concepts > 0),
            hash text not null,
            created_utc text not null
        ) strict;
        """
    )
