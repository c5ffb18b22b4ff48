"""What is done in each step of an audit, counted over the whole workspace.

    steps.done(db)          # Done(described=1776, confirmed=12, ablations=1, exports=0)

A few counts over indexed tables: they are read whenever the tab or one of its items is opened.
"""

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True)
class Done:
    """How far the audits of a workspace are.

    Attributes:
        described: units that have a description, which is what can be found.
        confirmed: units whose verdicts come to "confirmed", for one concept or more.
        ablations: experiments that ran to their end.
        exports: edited networks that were written.
    """

    described: int
    confirmed: int
    ablations: int
    exports: int


def done(db: Database) -> Done:
    """Count what is done; what is under way, failed, withdrawn or disputed is not."""
    (row,) = db.query(
        """
        select
            (select count(distinct unit_id) from descriptions) as described,
            (
                select count(distinct unit_id) from decisions where decision = 'confirmed'
            ) as confirmed,
            (select count(*) from ablations where summary_json <> '{}') as ablations,
            (select count(*) from jobs where kind = 'export' and state = 'done') as exports
        """
    )
    return Done(**row)
