"""What an admin reads of campaigns: how far all of them are, and what one of them lacks.

overviews(db)                        # a line for every campaign
detail(db, campaign_id)              # one of them
write_uneven(db, campaign_id, path)  # the units that have too few sentences, as a table
"""

from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from annotator.agreement import job
from annotator.agreement.result import Measurement
from annotator.review import quality
from db import tables
from db.annotate import campaigns, progress, reviews, skips
from db.annotate.campaigns import Campaign
from db.annotate.progress import CampaignProgress, Uneven
from db.describe import exemplars
from db.jobs import Job

HELD = 10


@dataclass(frozen=True)
class Overview:
    """One campaign among all.

    Attributes:
        flagged: waiting answers with a flag; None for ratings, which have no queue: their tables
            count what is consistent.
        agreement: the newest measurement's mean and its chance level, if there is one.
    """

    campaign: Campaign
    progress: CampaignProgress
    flagged: int | None
    agreement: tuple[float, float] | None


@dataclass(frozen=True)
class Detail:
    """One campaign: progress, and units that need attention.

    Attributes:
        held: the names of the first units that are held because they were reported as broken.
        reported: the first of those that one person reported, which are still offered.
        uneven: the units without exactly as many sentences as people are asked.
    """

    campaign: Campaign
    progress: CampaignProgress
    held: tuple[str, ...]
    reported: tuple[str, ...]
    uneven: tuple[Uneven, ...]


def overviews(db: Database) -> list[Overview]:
    """All campaigns, newest first; flags are worked out anew where answers came since."""
    known = campaigns.every(db)
    for campaign in known:
        quality.renew(db, campaign.campaign_id)
    measured = job.measured(db)
    return [
        Overview(
            campaign,
            progress.of(db, campaign.campaign_id),
            _flagged(db, campaign),
            _agreement(measured.get(campaign.campaign_id)),
        )
        for campaign in known
    ]


def detail(db: Database, campaign_id: int) -> Detail:
    """One campaign.

    Raises:
        NotFound: there is none of that number.
    """
    held = campaigns.held(db, campaign_id)
    offered = [unit_id for unit_id, _ in skips.reported(db, campaign_id) if unit_id not in held]
    return Detail(
        campaigns.get(db, campaign_id),
        progress.of(db, campaign_id),
        tuple(exemplars.unit(db, unit_id).name for unit_id in held[:HELD]),
        tuple(exemplars.unit(db, unit_id).name for unit_id in offered[:HELD]),
        tuple(progress.uneven(db, campaign_id)),
    )


def write_uneven(db: Database, campaign_id: int, path: Path) -> int:
    """All uneven units of a campaign as a table; returns how many."""
    found = progress.uneven(db, campaign_id)
    columns = ("subject", "layer", "unit", "sentences", "no_pattern", "expected")
    tables.write(path, columns, ([getattr(unit, name) for name in columns] for unit in found))
    return len(found)


def _flagged(db: Database, campaign: Campaign) -> int | None:
    if campaign.kind == "rate":
        return None
    return reviews.counts(db, campaign.campaign_id)["flagged"]


def _agreement(measured: Job | None) -> tuple[float, float] | None:
    if measured is None:
        return None
    whole = Measurement.from_json(measured.result).parts[0].agreement
    return None if whole.mean is None or whole.chance is None else (whole.mean, whole.chance)
