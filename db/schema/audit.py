"""The tables of the audit that came later: several reviewers, presets, meanings, evidence.

Steps of `db.schema.migrations`, like `db.schema.base`.
"""

from sqlite_utils import Database


def m007_reviewing(db: Database) -> None:
    """How many reviewers a unit needs, and what their verdicts come to.

    A unit's decision is `waiting` until so many people answered; then what they agree on; else
    `conflict` until one more person has decided. Verdicts count in the order they were given.
    """
    db.executescript(
        """
        create table audit_settings (
            setting_id integer primary key,
            reviewers integer not null check (reviewers between 1 and 5),
            person text not null,
            created_utc text not null
        ) strict;
        create trigger audit_settings_are_not_edited before update on audit_settings
            begin select raise(abort, 'a setting is followed by another, never edited'); end;
        create trigger audit_settings_are_kept before delete on audit_settings
            begin select raise(abort, 'a setting is followed by another, never deleted'); end;
        create view reviewers_needed as
            select coalesce((
                select reviewers from audit_settings order by setting_id desc limit 1
            ), 1) as needed;
        create view standing_signoffs as
            select *, row_number() over (
                partition by unit_id, concept order by signoff_id
            ) as place
            from signoffs
            where not withdrawn and not exists (
                select 1 from signoffs as later where later.supersedes_id = signoffs.signoff_id
            );
        create view decisions as
            select unit_id, concept, given,
                case
                    when given < needed then 'waiting'
                    when least = most then least
                    else coalesce(last, 'conflict')
                end as decision
            from (
                select unit_id, concept, needed, count(*) as given,
                    min(verdict) filter (where place <= max(needed, 2)) as least,
                    max(verdict) filter (where place <= max(needed, 2)) as most,
                    max(verdict) filter (where place = max(needed, 2) + 1) as last
                from standing_signoffs, reviewers_needed
                group by unit_id, concept
            );
        create table presets (
            name text primary key check (length(name) between 1 and 64),
            words_json text not null,
            person text not null,
            created_utc text not null
        ) strict;
        create table last_queries (
            person text primary key,
            query_json text not null
        ) strict, without rowid;
        create table meanings (
            text text not null,
            model text not null,
            vector blob not null,
            primary key (text, model)
        ) strict, without rowid;
        create table evidence (
            unit_id integer not null references units,
            detector text not null,
            found integer not null,
            regions integer not null,
            created_utc text not null,
            primary key (unit_id, detector)
        ) strict, without rowid;
        create trigger words_of_the_withdrawn_go after update on revisions when new.withdrawn
            begin
                delete from words where text = old.text
                    and text not in (select text from descriptions);
                delete from analysed where text = old.text
                    and text not in (select text from descriptions);
                delete from meanings where text = old.text
                    and text not in (select text from descriptions);
            end;
        """
    )


def m008_faithfulness(db: Database) -> None:
    """Scores of descriptions against what their units do, by judge and images."""
    db.executescript(
        """
        create table faithfulness (
            description_id integer not null references descriptions,
            judge text not null,
            images text not null,
            auprc real not null,
            auroc real not null,
            correlation real not null,
            constant real not null,
            shuffled real not null,
            created_utc text not null,
            primary key (description_id, judge, images)
        ) strict, without rowid;
        """
    )


def m010_code(db: Database) -> None:
    """The user's code behind a network; empty where there is none, or none was known of."""
    db.execute("alter table subjects add column code_hash text not null default ''")
