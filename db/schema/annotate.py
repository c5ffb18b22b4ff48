"""The tables of annotating: campaigns, slots, claims, answers, reviews, ratings.

Each function is one step of `db.schema.migrations`; what must not break stands in the schema
itself.
A step that has been released is never edited: another one is appended.
"""

from sqlite_utils import Database


def m005_annotate(db: Database) -> None:
    """Campaigns, slots, what people wrote and what was said about it.

    Raw answers are rows that triggers keep as they are; withdrawal may empty a text and nothing
    else. Where an answer counts is the slot's business, so that it can change without touching it.
    """
    db.executescript(
        """
        create table qualifications (
            qualification_id integer primary key,
            name text not null,
            version integer not null check (version >= 1),
            pass_mark integer not null check (pass_mark >= 1),
            max_attempts integer not null check (max_attempts >= 1),
            cooling_minutes real not null check (cooling_minutes >= 0),
            person text not null,
            created_utc text not null,
            unique (name, version)
        ) strict;
        create table questions (
            question_id integer primary key,
            qualification_id integer not null references qualifications,
            position integer not null,
            unit_id integer not null references units,
            options_json text not null,
            answer integer not null,
            reason text not null default '',
            unique (qualification_id, position)
        ) strict;
        create table campaigns (
            campaign_id integer primary key,
            name text not null unique check (length(name) between 1 and 120),
            kind text not null default 'describe' check (kind in ('describe', 'rate')),
            state text not null default 'open' check (state in ('open', 'paused', 'closed')),
            instructions text not null,
            consent text not null default '',
            annotators_per_unit integer not null check (annotators_per_unit between 1 and 50),
            lease_minutes real not null check (lease_minutes > 0),
            cap integer check (cap >= 1),
            pay_per_unit real check (pay_per_unit >= 0),
            currency text not null default '',
            repeat_every integer not null default 0 check (repeat_every >= 0),
            gold_every integer not null default 0 check (gold_every >= 0),
            qualification_id integer references qualifications,
            person text not null,
            created_utc text not null
        ) strict;
        create table campaign_units (
            campaign_id integer not null references campaigns,
            unit_id integer not null references units,
            position integer not null,
            purpose text not null default 'collect' check (purpose in ('collect', 'gold')),
            gold_json text not null default '[]',
            missing integer not null default 0,
            held integer not null default 0 check (held in (0, 1)),
            primary key (campaign_id, unit_id)
        ) strict;
        create index campaign_units_nearest on campaign_units (campaign_id, missing, position)
            where missing > 0;
        create table claims (
            claim_id integer primary key,
            token text not null unique,
            campaign_id integer not null,
            unit_id integer not null,
            annotator text not null references users (name),
            purpose text not null check (purpose in ('collect', 'gold', 'repeat')),
            claimed_utc text not null,
            seen_utc text not null,
            active_seconds real not null default 0,
            outcome text check (outcome in ('answered', 'skipped', 'broken', 'expired')),
            ended_utc text,
            foreign key (campaign_id, unit_id) references campaign_units (campaign_id, unit_id)
        ) strict;
        create unique index one_open_claim on claims (campaign_id, annotator)
            where outcome is null;
        create index claims_by_unit on claims (campaign_id, unit_id, annotator);
        create table annotations (
            annotation_id integer primary key,
            token text not null unique,
            campaign_id integer not null references campaigns,
            unit_id integer not null references units,
            annotator text not null references users (name),
            purpose text not null check (purpose in ('collect', 'gold', 'repeat')),
            exemplar_hash text not null,
            claimed_utc text,
            created_utc text not null,
            seconds real,
            pasted_characters integer not null default 0,
            unmasked_looks integer not null default 0,
            origin text not null default 'app' check (origin in ('app', 'import')),
            unique (campaign_id, unit_id, annotator, purpose)
        ) strict;
        create index annotations_by_annotator on annotations (annotator, campaign_id);
        create index annotations_by_unit on annotations (unit_id);
        create trigger annotations_are_not_edited before update on annotations
            begin select raise(abort, 'an answer is never edited; revisions are added'); end;
        create trigger annotations_are_kept before delete on annotations
            begin select raise(abort, 'an answer is never deleted'); end;
        create table revisions (
            annotation_id integer not null references annotations,
            number integer not null check (number >= 1),
            kind text not null check (kind in ('text', 'no_pattern')),
            text text not null,
            created_utc text not null,
            withdrawn integer not null default 0 check (withdrawn in (0, 1)),
            primary key (annotation_id, number)
        ) strict, without rowid;
        create trigger revisions_are_not_edited before update on revisions
            when not (new.withdrawn = 1 and new.text = ''
                and new.annotation_id = old.annotation_id and new.number = old.number
                and new.kind = old.kind and new.created_utc = old.created_utc)
            begin select raise(abort, 'a revision is never edited; another one is added'); end;
        create trigger revisions_are_kept before delete on revisions
            begin select raise(abort, 'a revision is never deleted'); end;
        create table slots (
            slot_id integer primary key,
            campaign_id integer not null,
            unit_id integer not null,
            number integer not null check (number >= 1),
            annotator text references users (name),
            claim_id integer unique references claims,
            expires_utc text,
            annotation_id integer unique references annotations,
            unique (campaign_id, unit_id, number),
            unique (campaign_id, unit_id, annotator),
            check (annotation_id is null or annotator is not null),
            check (claim_id is null or (annotator is not null and expires_utc is not null)),
            foreign key (campaign_id, unit_id) references campaign_units (campaign_id, unit_id)
        ) strict;
        create trigger slot_added after insert on slots begin
            update campaign_units set missing = missing + (new.annotation_id is null)
            where campaign_id = new.campaign_id and unit_id = new.unit_id;
        end;
        create trigger slot_filled_or_freed after update of annotation_id on slots
            when (old.annotation_id is null) <> (new.annotation_id is null) begin
            update campaign_units
            set missing = missing + (new.annotation_id is null) - (old.annotation_id is null)
            where campaign_id = new.campaign_id and unit_id = new.unit_id;
        end;
        create trigger slots_are_kept before delete on slots
            begin select raise(abort, 'a slot is never deleted'); end;
        create table drafts (
            claim_id integer primary key references claims,
            text text not null,
            pasted_characters integer not null default 0,
            unmasked_looks integer not null default 0,
            saved_utc text not null
        ) strict;
        create table consents (
            campaign_id integer not null references campaigns,
            annotator text not null references users (name),
            text_hash text not null,
            created_utc text not null,
            primary key (campaign_id, annotator, text_hash)
        ) strict;
        create table attempts (
            attempt_id integer primary key,
            qualification_id integer not null references qualifications,
            annotator text not null references users (name),
            orders_json text not null,
            answers_json text,
            correct integer,
            passed integer check (passed in (0, 1)),
            started_utc text not null,
            ended_utc text
        ) strict;
        create index attempts_by_annotator on attempts (annotator, qualification_id);
        create table reviews (
            review_id integer primary key,
            annotation_id integer not null references annotations,
            person text not null,
            verdict text not null check (verdict in ('approved', 'rejected', 'requeued', 'undone')),
            reason text not null default '',
            undoes_id integer unique references reviews,
            created_utc text not null,
            check (verdict <> 'rejected' or length(trim(reason)) > 0),
            check ((verdict = 'undone') = (undoes_id is not null))
        ) strict;
        create index reviews_by_annotation on reviews (annotation_id, review_id);
        create trigger reviews_are_not_edited before update on reviews
            begin select raise(abort, 'a review is undone, never edited'); end;
        create trigger reviews_are_kept before delete on reviews
            begin select raise(abort, 'a review is undone, never deleted'); end;
        create table flags (
            annotation_id integer not null references annotations,
            kind text not null,
            detail text not null,
            created_utc text not null,
            primary key (annotation_id, kind)
        ) strict, without rowid;
        create table cleanings (
            version integer primary key check (version >= 1),
            rules_json text not null,
            note text not null default '',
            person text not null,
            created_utc text not null
        ) strict;
        create trigger cleanings_are_not_edited before update on cleanings
            begin select raise(abort, 'cleaning rules are replaced by a new version'); end;
        create table pseudonyms (
            annotator text primary key references users (name),
            pseudonym text not null unique
        ) strict;
        create table rating_labels (
            label_id integer primary key,
            campaign_id integer not null references campaigns,
            unit_id integer not null references units,
            text text not null,
            methods_json text not null,
            unique (campaign_id, unit_id, text)
        ) strict;
        create table rating_responses (
            annotation_id integer primary key references annotations,
            best_label_id integer not null references rating_labels (label_id),
            valid integer not null check (valid in (0, 1)),
            reason text not null default ''
        ) strict;
        create table ratings (
            annotation_id integer not null references rating_responses,
            label_id integer not null references rating_labels,
            shown integer not null,
            rating integer not null check (rating between 1 and 5),
            primary key (annotation_id, label_id)
        ) strict, without rowid;
        create trigger rating_responses_are_not_edited before update on rating_responses
            begin select raise(abort, 'a rating is never edited'); end;
        create trigger ratings_are_not_edited before update on ratings
            begin select raise(abort, 'a rating is never edited'); end;
        create view answers as
            select a.annotation_id, a.token, a.campaign_id, a.unit_id, a.annotator, a.purpose,
                a.exemplar_hash, a.claimed_utc, a.created_utc, a.seconds, a.pasted_characters,
                a.unmasked_looks, a.origin,
                r.number as revision, r.kind, r.text, r.withdrawn, r.created_utc as revised_utc,
                s.number as slot,
                coalesce((
                    select v.verdict from reviews v
                    where v.annotation_id = a.annotation_id and v.verdict <> 'undone'
                        and not exists (select 1 from reviews u where u.undoes_id = v.review_id)
                    order by v.review_id desc limit 1
                ), 'waiting') as status
            from annotations a
            join revisions r on r.annotation_id = a.annotation_id and r.number = (
                select max(number) from revisions where annotation_id = a.annotation_id
            )
            left join slots s on s.annotation_id = a.annotation_id;
        """
    )


def m009_inspections(db: Database) -> None:
    """What was there when a campaign's flags were worked out last, so that they follow answers."""
    db.executescript(
        """
        create table inspections (
            campaign_id integer primary key references campaigns,
            state text not null,
            created_utc text not null
        ) strict;
        """
    )


def m011_paste_times(db: Database) -> None:
    """When something was pasted into the box: milliseconds since the picture was shown."""
    db.executescript(
        """
        alter table annotations add column pasted_after_ms integer check (pasted_after_ms >= 0);
        alter table drafts add column pasted_after_ms integer check (pasted_after_ms >= 0);
        drop view answers;
        create view answers as
            select a.annotation_id, a.token, a.campaign_id, a.unit_id, a.annotator, a.purpose,
                a.exemplar_hash, a.claimed_utc, a.created_utc, a.seconds, a.pasted_characters,
                a.pasted_after_ms, a.unmasked_looks, a.origin,
                r.number as revision, r.kind, r.text, r.withdrawn, r.created_utc as revised_utc,
                s.number as slot,
                coalesce((
                    select v.verdict from reviews v
                    where v.annotation_id = a.annotation_id and v.verdict <> 'undone'
                        and not exists (select 1 from reviews u where u.undoes_id = v.review_id)
                    order by v.review_id desc limit 1
                ), 'waiting') as status
            from annotations a
            join revisions r on r.annotation_id = a.annotation_id and r.number = (
                select max(number) from revisions where annotation_id = a.annotation_id
            )
            left join slots s on s.annotation_id = a.annotation_id;
        """
    )
