"""The tables of the workspace: people, networks and exemplars, jobs, audits, words.

Each function is one step of `db.schema.migrations`; what must not break stands in the schema
itself.
A step that has been released is never edited: another one is appended.
"""

from sqlite_utils import Database


def m001_people(db: Database) -> None:
    """Accounts, and the log of who did what, which nothing may change."""
    db.executescript(
        """
        create table users (
            name text primary key check (length(name) between 1 and 64),
            role text not null check (role in ('admin', 'reviewer', 'annotator')),
            kind text not null default 'human' check (kind in ('human', 'simulated')),
            password_hash text,
            created_utc text not null,
            removed_utc text
        ) strict;
        create table log (
            event_id integer primary key,
            at_utc text not null,
            person text not null,
            action text not null,
            target text not null,
            detail_json text not null default '{}'
        ) strict;
        create index log_by_target on log (target);
        create trigger log_is_append_only before update on log
            begin select raise(abort, 'the log is append-only'); end;
        create trigger log_is_kept before delete on log
            begin select raise(abort, 'the log is append-only'); end;
        """
    )


def m002_subjects(db: Database) -> None:
    """Networks, images, and the exemplars that tie them together."""
    db.executescript(
        """
        create table subjects (
            subject_id integer primary key,
            name text not null unique,
            source text not null,
            weights_hash text not null,
            layers_json text not null,
            origin text not null default 'user' check (origin in ('user', 'demo')),
            created_utc text not null
        ) strict;
        create table probing_sets (
            probing_set_id integer primary key,
            name text not null unique,
            root text not null,
            images integer not null,
            classes_json text not null default '[]',
            origin text not null default 'user' check (origin in ('user', 'demo')),
            created_utc text not null
        ) strict;
        create table exemplar_sets (
            exemplar_set_id integer primary key,
            hash text not null unique,
            subject_id integer not null references subjects,
            probing_set_id integer references probing_sets,
            layer text not null,
            units integer not null,
            k integer not null,
            folder text not null,
            provenance_json text not null,
            created_utc text not null
        ) strict;
        create index exemplar_sets_by_subject on exemplar_sets (subject_id, layer);
        create table units (
            unit_id integer primary key,
            exemplar_set_id integer not null references exemplar_sets,
            unit integer not null check (unit >= 0),
            dead integer not null default 0 check (dead in (0, 1)),
            unique (exemplar_set_id, unit)
        ) strict;
        create table checkpoints (
            checkpoint_id integer primary key,
            name text not null unique,
            source text not null,
            hash text not null,
            created_utc text not null
        ) strict;
        create table descriptions (
            description_id integer primary key,
            unit_id integer not null references units,
            method text not null,
            model_hash text not null,
            text text not null,
            score real,
            candidates_json text not null default '[]',
            created_utc text not null,
            unique (unit_id, method, model_hash)
        ) strict;
        """
    )


def m003_jobs(db: Database) -> None:
    """Long work; at most one running job a device."""
    db.executescript(
        """
        create table jobs (
            job_id integer primary key,
            kind text not null,
            title text not null,
            device text not null,
            args_json text not null,
            state text not null default 'queued' check (
                state in ('queued', 'running', 'done', 'failed', 'cancelled', 'interrupted')
            ),
            done integer not null default 0,
            total integer not null default 0,
            rate real,
            message text not null default '',
            result_json text not null default '{}',
            cancel integer not null default 0,
            person text not null,
            pid integer,
            heartbeat_utc text,
            created_utc text not null,
            started_utc text,
            ended_utc text
        ) strict;
        create unique index one_running_job_a_device on jobs (device) where state = 'running';
        """
    )


def m004_audit(db: Database) -> None:
    """Verdicts that are superseded and never edited, saved filters, ablations and their cache."""
    db.executescript(
        """
        create table filters (
            filter_id integer primary key,
            name text not null unique,
            query_json text not null,
            person text not null,
            created_utc text not null
        ) strict;
        create table signoffs (
            signoff_id integer primary key,
            unit_id integer not null references units,
            person text not null,
            verdict text not null check (verdict in ('confirmed', 'rejected', 'unsure')),
            concept text not null,
            tag text not null default '',
            note text not null default '',
            seen_json text not null,
            supersedes_id integer unique references signoffs,
            withdrawn integer not null default 0 check (withdrawn in (0, 1)),
            created_utc text not null
        ) strict;
        create index signoffs_by_unit on signoffs (unit_id, concept, person);
        create trigger signoffs_are_not_edited before update on signoffs
            begin select raise(abort, 'a sign-off is superseded, never edited'); end;
        create trigger signoffs_are_kept before delete on signoffs
            begin select raise(abort, 'a sign-off is superseded, never deleted'); end;
        create table ablations (
            ablation_id integer primary key,
            job_id integer references jobs,
            subject_id integer not null references subjects,
            request_json text not null,
            units_json text not null default '[]',
            summary_json text not null default '{}',
            person text not null,
            created_utc text not null
        ) strict;
        create table ablation_points (
            ablation_id integer not null references ablations,
            condition text not null,
            trial integer not null,
            n_ablated integer not null,
            split text not null,
            accuracy real not null,
            primary key (ablation_id, condition, trial, n_ablated, split)
        ) strict;
        create table evaluations (
            key text primary key,
            predictions blob not null,
            created_utc text not null
        ) strict;
        """
    )


def m006_words(db: Database) -> None:
    """The words of every sentence once, with their lemmas, so that filters stay in SQL."""
    db.executescript(
        """
        create table analysed (
            text text primary key,
            pipeline text not null
        ) strict, without rowid;
        create table words (
            text text not null references analysed on delete cascade,
            start integer not null,
            stop integer not null,
            word text not null,
            lemma text not null,
            tag text not null,
            primary key (text, start)
        ) strict, without rowid;
        create index words_by_lemma on words (lemma, text);
        create index words_by_word on words (word, text);
        create index descriptions_by_text on descriptions (text);
        """
    )
