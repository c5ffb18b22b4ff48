"""The tables of a crowdsourcing run: participants, invitations, standings, alerts, decisions.

Each function is one step of `db.schema.migrations`; a step that has been released is never edited.
"""

from sqlite_utils import Database


def m014_participants(db: Database) -> None:
    """Who comes by a link, how far they came, and what an admin or a reviewer decided.

    The ids that a platform gave stand in `participant_ids` and `invitations` alone: nothing that
    leaves a workspace but the payment table reads those.
    """
    db.executescript(
        """
        create table recruitments (
            campaign_id integer primary key references campaigns,
            nonce text,
            closes_utc text,
            places integer check (places >= 1),
            minutes real check (minutes > 0),
            reward real not null default 0 check (reward >= 0),
            screened_reward real not null default 0 check (screened_reward >= 0),
            completed text not null default '',
            screened text not null default '',
            full text not null default '',
            gold_limit integer check (gold_limit >= 1),
            language text not null default 'en',
            contact text not null default '',
            drafts integer not null default 0 check (drafts in (0, 1)),
            webhook text not null default ''
        ) strict;
        create table invitations (
            invitation_id integer primary key,
            campaign_id integer not null references campaigns,
            label text not null,
            expires_utc text not null,
            revoked_utc text,
            person text not null,
            created_utc text not null,
            unique (campaign_id, label)
        ) strict;
        create table participants (
            annotator text primary key references users (name),
            campaign_id integer not null references campaigns,
            platform text not null
                check (platform in ('prolific', 'mturk', 'free', 'invitation')),
            arrived_utc text not null,
            outcome text
                check (outcome in ('completed', 'screened_out', 'quota_full', 'returned')),
            ended_utc text
        ) strict;
        create index participants_by_campaign on participants (campaign_id);
        create table participant_ids (
            annotator text primary key references participants,
            campaign_id integer not null references campaigns,
            platform text not null,
            pid text not null,
            study text not null default '',
            session text not null default '',
            unique (campaign_id, platform, pid)
        ) strict;
        create table standings (
            standing_id integer primary key,
            campaign_id integer not null references campaigns,
            annotator text not null references users (name),
            verdict text not null
                check (verdict in ('approved', 'excluded', 'reopened', 'paused', 'readmitted')),
            reason text not null default '',
            person text not null,
            created_utc text not null
        ) strict;
        create index standings_by_annotator on standings (annotator, campaign_id);
        create view barred as
            select campaign_id, annotator, verdict, reason from standings s
            where verdict in ('excluded', 'reopened', 'paused') and not exists (
                select 1 from standings n
                where n.campaign_id = s.campaign_id and n.annotator = s.annotator
                    and n.standing_id > s.standing_id and n.verdict <> 'approved'
            );
        create view uncounted as
            select campaign_id, annotator from participants where outcome = 'returned'
            union select campaign_id, annotator from barred where verdict = 'reopened';
        create trigger standings_are_not_edited before update on standings
            begin select raise(abort, 'a standing is followed by another, never edited'); end;
        create trigger standings_are_kept before delete on standings
            begin select raise(abort, 'a standing is followed by another, never deleted'); end;
        create table alerts (
            alert_id integer primary key,
            campaign_id integer not null references campaigns,
            kind text not null,
            key text not null,
            text text not null,
            created_utc text not null,
            seen_utc text,
            sent_utc text,
            tries integer not null default 0,
            error text not null default '',
            unique (campaign_id, kind, key)
        ) strict;
        create table adjudications (
            adjudication_id integer primary key,
            campaign_id integer not null,
            unit_id integer not null,
            verdict text not null check (verdict in ('keep', 'merge', 'ask')),
            annotation_id integer references annotations,
            text text not null default '',
            person text not null,
            created_utc text not null,
            check ((verdict = 'keep') = (annotation_id is not null)),
            check ((verdict = 'merge') = (length(trim(text)) > 0)),
            foreign key (campaign_id, unit_id) references campaign_units (campaign_id, unit_id)
        ) strict;
        create index adjudications_by_unit on adjudications (campaign_id, unit_id);
        create trigger adjudications_are_not_edited before update on adjudications
            begin select raise(abort, 'a decision is followed by another, never edited'); end;
        create trigger adjudications_are_kept before delete on adjudications
            begin select raise(abort, 'a decision is followed by another, never deleted'); end;
        create table assistance (
            claim_id integer primary key references claims,
            shown integer not null check (shown in (0, 1)),
            text text not null,
            method text not null
        ) strict;
        """
    )
