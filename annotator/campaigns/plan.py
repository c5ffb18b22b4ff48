"""What an admin asks of people: the units of a layer, in words, by which rules; checked, entered.

    started = start(db, Plan("spring", exemplar_set_id, "0-49", settings=…), person="ada")
    enlarge(db, campaign_id, exemplar_set_id, "50-99", person="ada")

Units that the campaign's own test shows are left out: who passed it has read what is said of them.
"""

import re
from dataclasses import dataclass

from sqlite_utils import Database

from annotator import choice
from annotator import units as campaign_units
from db.annotate import campaigns
from db.annotate.campaigns import Campaign, Settings
from db.describe import exemplars
from db.errors import BadInput

_WANTED = re.compile(r"wanted\s+(\d{1,9})")


@dataclass(frozen=True)
class Plan:
    """A campaign that is not there yet.

    Attributes:
        exemplar_set_id: the layer; None: none is chosen yet.
        units: which of its units, see `annotator.units.choose`; or `wanted 50`, see
            `annotator.choice`.
        gold: units of the same layer with known words, see `annotator.units.gold`.
    """

    name: str
    exemplar_set_id: int | None
    units: str
    settings: Settings
    gold: str = ""


@dataclass(frozen=True)
class Started:
    """A campaign that runs now. units: it asks about; left_out: of those named, by its test."""

    campaign: Campaign
    units: int
    left_out: int


@dataclass(frozen=True)
class Enlarged:
    """What came of further units: how many are new, and how many were in the campaign before."""

    added: int
    known: int


def start(db: Database, plan: Plan, *, person: str) -> Started:
    """Start the campaign.

    Raises:
        BadInput: no layer is chosen, a text names no units, there are gold units without an
            interval or an interval without them, or `campaigns.add` refuses.
    """
    named = chosen(db, plan.exemplar_set_id, plan.units)
    gold = _gold(db, plan.exemplar_set_id, plan.gold)
    if bool(gold) != bool(plan.settings.gold_every):
        raise BadInput("Give both the gold units and after how many answers one comes, or neither.")
    tested = campaigns.tested(db, plan.settings.qualification_id)
    asked = [unit_id for unit_id in named if unit_id not in gold and unit_id not in tested]
    campaign = campaigns.add(db, plan.name, asked, settings=plan.settings, person=person, gold=gold)
    return Started(campaign, len(asked), len(tested.intersection(named)))


def enlarge(
    db: Database, campaign_id: int, exemplar_set_id: int | None, units: str, *, person: str
) -> Enlarged:
    """Let more units enter a campaign that runs.

    Raises:
        BadInput: no layer is chosen, the text names no units, or people rate in the campaign.
    """
    rules = campaigns.get(db, campaign_id).settings
    tested = campaigns.tested(db, rules.qualification_id)
    named = chosen(db, exemplar_set_id, units)
    asked = [unit_id for unit_id in named if unit_id not in tested]
    added = campaigns.add_units(db, campaign_id, asked, person=person)
    return Enlarged(added, len(asked) - added)


def chosen(db: Database, exemplar_set_id: int | None, units: str) -> list[int]:
    """The ids of a layer's units that a text names.

    Raises:
        BadInput: no layer is chosen, or the text names no units.
    """
    if exemplar_set_id is None:
        raise BadInput("Choose a network and layer first; the Describe tab computes exemplars.")
    known = exemplars.units_of(db, exemplar_set_id)
    if wanted := _WANTED.fullmatch(units.strip().casefold()):
        places = choice.pick(db, exemplar_set_id, int(wanted[1]))
        return [known[place].unit_id for place in places]
    return [known[index].unit_id for index in campaign_units.choose(units, units=len(known))]


def _gold(db: Database, exemplar_set_id: int | None, text: str) -> dict[int, tuple[str, ...]]:
    """The layer's gold units by id, each with the words of which an answer needs one."""
    numbers = campaign_units.gold(text)
    units = exemplars.units_of(db, exemplar_set_id or 0)
    if missing := [number for number in numbers if number >= len(units)]:
        raise BadInput(f"expected gold units below {len(units)}, got {missing[0]}")
    return {units[number].unit_id: words for number, words in numbers.items()}
