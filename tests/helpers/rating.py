"""A rating campaign over four methods, and people who answer it."""

from sqlite_utils import Database

from db.annotate import ratings, slots
from db.annotate.campaigns import Campaign, Settings
from db.annotate.claims import Claim
from helpers.annotating import add_people, add_units

METHODS = (("NetDissect", "dog"), ("MILAN", "animals"), ("CLIP", "Dog "), ("DnD", "dog faces"))


def begin(db: Database, units: int = 1) -> Campaign:
    """A rating of what the four methods said about some units; two of them said the same."""
    return ratings.add(
        db,
        "methods",
        dict.fromkeys(add_units(db, units), METHODS),
        settings=Settings("Does it describe most of the pictures?"),
        person="admin",
    )


def claim(db: Database, campaign: Campaign, name: str) -> Claim:
    """The unit that a person is given to rate."""
    add_people(db, name)
    found = slots.claim(db, campaign.campaign_id, name)
    assert isinstance(found, Claim)
    return found


def rated(db: Database) -> Campaign:
    """Two raters; one contradicts herself, the other's response is refused by a reviewer later."""
    campaign = begin(db, 2)
    for name in ("ada", "bo"):
        for _ in range(2):
            claimed = claim(db, campaign, name)
            labels = [label.label_id for label in ratings.offered(db, claimed)]
            marks = dict(zip(labels, (5, 3, 1), strict=True))
            best = labels[0] if name == "bo" else labels[2]
            ratings.submit(db, claimed.token, name, marks=marks, best=best)
    return campaign
