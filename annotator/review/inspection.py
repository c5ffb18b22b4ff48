"""Working the flags of a campaign out anew and storing them.

refresh(db, campaign_id)
renew(db, campaign_id)          # only if something came since
"""

from sqlite_utils import Database

from annotator.review import quality
from annotator.review.quality import Habits
from db.annotate import annotations, campaigns, flags


def refresh(db: Database, campaign_id: int) -> int:
    """Work out and store all flags of a campaign. Returns how many answers have one."""
    state = flags.state(db, campaign_id)
    answers = annotations.of_campaign(db, campaign_id)
    found = quality.flag(answers, gold=campaigns.gold_words(db, campaign_id))
    flags.replace(db, campaign_id, found, state=state)
    return len(found)


def renew(db: Database, campaign_id: int) -> None:
    """Let the stored flags be those of the answers that there are now."""
    if not flags.current(db, campaign_id):
        refresh(db, campaign_id)


def people(db: Database, campaign_id: int) -> list[Habits]:
    """What every person's answers look like together, by the flags that are stored."""
    answers = annotations.of_campaign(db, campaign_id)
    return quality.habits(answers, flags.of_campaign(db, campaign_id))
