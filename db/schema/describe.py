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


def m015_trusted(db: Database) -> None:
    """Every measure of a sentence, the trusted sentence of a unit, and figures of units alone.

    A unit has one trusted sentence or a reason why it has none, never both and never neither.
    """
    db.executescript(
        """
        alter table faithfulness add column measures_json text not null default '{}';
        create table trusted (
            unit_id integer primary key references units,
            description_id integer references descriptions,
            candidate_id integer references descriptions,
            judge text not null,
            rule text not null,
            images text not null,
            measure text not null,
            seed integer not null,
            first real,
            value real,
            low real,
            high real,
            constant real,
            others real,
            reason text not null default '',
            created_utc text not null,
            check ((description_id is null) = (reason <> ''))
        ) strict;
        create index trusted_descriptions on trusted (description_id);
        create table unit_figures (
            unit_id integer primary key references units,
            images text not null,
            vectors text not null,
            clarity real,
            polysemanticity real,
            redundancy real,
            low real not null,
            high real not null,
            histogram_json text not null,
            created_utc text not null
        ) strict;
        create table sanity_tests (
            exemplar_set_id integer not null references exemplar_sets,
            judge text not null,
            images text not null,
            identity text not null,
            tests_json text not null,
            created_utc text not null,
            primary key (exemplar_set_id, judge, images)
        ) strict, without rowid;
        """
    )
