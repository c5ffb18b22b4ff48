"""What a reviewer asks of an ablation, checked and queued: which units, in which order, on what.

    plan = Plan("resnet18", "face", "val", "test", How(order="random"), source="list")
    enqueue(db, plan, listed="layer3-17 layer4-2", device="auto", person="ada")
    warnings(db, plan)                  # before anything is started

The units are settled when a plan is queued: what is confirmed later belongs to the next one.
Nothing here loads a network or an image.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database

from audits.find import verdicts
from audits.network import held_out, label_table, labels
from db import jobs
from db.describe import descriptions, exemplars, subjects
from db.errors import BadInput
from db.units import Unit
from describer.images import probing
from describer.subjects import definition as files

KIND = "ablate"
LEAST_CONTROLS = 1
NAMED = 5

Source = Literal["confirmed", "filter", "list"]
Order = Literal["likelihood", "accuracy", "importance", "score", "random"]
# What an order that is measured goes by; "importance" is what experiments once called accuracy.
MEASURED: Mapping[Order, Literal["likelihood", "accuracy"]] = {
    "likelihood": "likelihood",
    "accuracy": "accuracy",
    "importance": "accuracy",
}
ASKED: tuple[Order, ...] = ("likelihood", "accuracy", "score", "random")
_NAMES = ("subject", "concept", "validation", "test")


@dataclass(frozen=True)
class How:
    """How selected units are ordered, ablated, and held against controls.

    Attributes:
        rule: what ablated units become.
        controls: how many draws of random units, matched by layer.
        seed: of the draws, of a random order, and of the head's training.
        sort_all: also measure all examined units sorted by importance (slow).
        whole_layers: also measure every layer concerned without all of its units.
        order: least important first (Section 7), which is measured with each unit ablated alone:
            by the "likelihood" of the right class, in which nearly no units are equal, or by
            "accuracy" (Appendix E to the letter), with equal units in random order; "importance"
            is the latter with equal units by name, as experiments once were. Or an order that the
            units are given in: highest description "score" first, or "random". Controls and all
            examined units are ordered alike.
        max_units: the order is cut after so many units; None ablates all.
        tie_orders: by accuracy, over how many random orders of equal units the edit is averaged.
    """

    rule: Literal["zero", "mean"] = "zero"
    controls: int = 5
    seed: int = 0
    sort_all: bool = False
    whole_layers: bool = False
    order: Order = "likelihood"
    max_units: int | None = None
    tie_orders: int = 10


@dataclass(frozen=True)
class Plan:
    """One ablation job.

    Attributes:
        subject: name of the network.
        concept: what the units have in common, or the filter's name; with the source "confirmed"
            those that were confirmed for it are ablated.
        validation, test: names of image folders; units are ordered and their number is chosen on
            the first, the accuracy is reported on the second.
        how: see there; the units are cut by nothing but their choice.
        source: where the units come from: verdicts, a filter, or a list.
        validation_labels, test_labels: tables `path,class` as text, where folders are no labels.
        training: labelled images to train the head again on, others than the two above; "" leaves
            the head as it is.
    """

    subject: str
    concept: str
    validation: str
    test: str
    how: How = How()
    source: Source = "confirmed"
    validation_labels: str = ""
    test_labels: str = ""
    training: str = ""


@dataclass(frozen=True)
class Request:
    """A plan with the units that it came to, in order, and their ids as far as they are known."""

    plan: Plan
    units: tuple[Unit, ...]
    unit_ids: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As jobs and experiments are stored: flat, the units as `places`."""
        values = asdict(self.plan)
        how = {key: value for key, value in values.pop("how").items() if value is not None}
        if how["order"] != "accuracy":
            del how["tie_orders"]
        places = [list(unit) for unit in self.units]
        return {**values, **how, "places": places, "unit_ids": list(self.unit_ids)}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Request":
        """What `to_json` gave, also before plans had all of these keys."""

        def known(of: type) -> dict[str, Any]:
            return {each.name: values[each.name] for each in fields(of) if each.name in values}

        names = {name: str(values.get(name, "")) for name in _NAMES}
        how = {"order": "importance", **known(How)}
        return Request(
            Plan(**{**names, **known(Plan), "how": How(**how)}),
            tuple((str(layer), int(unit)) for layer, unit in values.get("places", ())),
            tuple(values.get("unit_ids", ())),
        )


def enqueue(
    db: Database,
    plan: Plan,
    *,
    device: str,
    person: str,
    found: Sequence[int] = (),
    listed: str = "",
) -> int:
    """Queue a plan as a job of kind `ablate` and return the job's id.

    Args:
        found: ids of the units when they come from a filter; other networks' are passed over.
        listed: the units as they are typed when they come from a list.

    Raises:
        BadInput: something was not chosen or does not fit, or there is no unit to ablate.
        NotFound: a name is not one of this workspace.
    """
    for what, chosen in (
        ("what the units were confirmed for", plan.concept or plan.source != "confirmed"),
        ("a network", plan.subject),
        ("validation images", plan.validation),
        ("test images", plan.test),
    ):
        if not chosen:
            raise BadInput(f"Choose {what} first.")
    how = plan.how
    if how.controls < LEAST_CONTROLS:
        raise BadInput(f"expected at least {LEAST_CONTROLS} random control, got {how.controls}")
    if how.rule not in ("zero", "mean"):
        raise BadInput(f"expected the rule zero or mean, got {how.rule!r}")
    if how.order not in (*ASKED, "importance"):
        raise BadInput(f"expected the order {', '.join(ASKED)}, got {how.order!r}")
    _check_images(db, plan)
    if plan.source == "list":
        plan = replace(plan, concept="listed units")
    request = Request(plan, *units_of(db, plan, found, listed))
    title = f"Ablate {len(request.units)} units of {plan.subject}: {plan.concept}"
    return jobs.enqueue(db, KIND, request.to_json(), title=title, device=device, person=person)


def warnings(db: Database, plan: Plan) -> list[str]:
    """What makes a plan's numbers say less than they seem to, as far as names and folders tell."""
    found = []
    if plan.validation and plan.validation == plan.test:
        found.append(
            "Validation and test images are the same, so what was chosen on them is not tested."
        )
    for purpose, name in (("validation", plan.validation), ("test", plan.test)):
        if name and looked_at(db, plan.subject, subjects.get_probing_set(db, name).root):
            found.append(looked_at_warning(purpose, name))
    return found


def check_training(db: Database, plan: Plan, check: Callable[..., None]) -> None:
    """Check the images that the head is trained on against those of every other purpose.

    Args:
        check: of `audits.network.held_out`; names and folders are compared when a plan is queued,
            files, which all have to be read, when it is run.

    Raises:
        BadInput: they are not apart.
    """
    if not plan.training:
        return
    training = subjects.get_probing_set(db, plan.training).root
    for purpose, name in (("validation", plan.validation), ("test", plan.test)):
        check(training, subjects.get_probing_set(db, name).root, purpose=purpose)


def computed(db: Database, subject: str) -> dict[Unit, int]:
    """The ids of a network's units whose exemplars were computed; the newest of each count."""
    return {
        (each.layer, unit.unit): unit.unit_id
        for each in exemplars.sets(db, subject=subject)
        for unit in exemplars.units_of(db, each.exemplar_set_id)
    }


def looked_at(db: Database, subject: str, root: Path) -> bool:
    """Whether a folder shares images with what the network's exemplars were computed on."""
    names = {each.probing_set for each in exemplars.sets(db, subject=subject)} - {None}
    roots = [each.root for each in subjects.every_probing_set(db) if each.name in names]
    return any(root.is_relative_to(each) or each.is_relative_to(root) for each in roots)


def looked_at_warning(purpose: str, name: str) -> str:
    """The sentence for images that the units were described on."""
    return (
        f"The {purpose} images {name} are those that the exemplars come from: the units were "
        "chosen by looking at them, so what they show is not independent of the choice."
    )


def parse_units(text: str, layers: Sequence[subjects.LayerRow], *, network: str = "") -> list[Unit]:
    """Read `layer3-17 layer4-2`, also as Find shows units: `resnet18/layer3/17`.

    Raises:
        BadInput: no unit, or units that the network does not have, each named.
    """
    sizes = {layer.name: layer.units for layer in layers}
    typed = [part for part in re.split(r"[\s,;]+", text) if part]
    found: dict[Unit, None] = {}
    wrong: list[str] = []
    for part in typed:
        own = part.removeprefix(f"{network}/")
        match = re.fullmatch(r"(?P<layer>.+)[-/:](?P<unit>\d{1,9})", own)
        if own in sizes:
            raise BadInput(
                f"expected a unit's number after its layer, as {own}-0 to {own}-{sizes[own] - 1}, "
                f"got {part}"
            )
        place = (match["layer"], int(match["unit"])) if match else ("", 0)
        other, _, layer = place[0].rpartition("/")
        if place[0] not in sizes and layer in sizes:
            raise BadInput(f"expected units of {network}, the chosen network, got {part} ({other})")
        if place[0] in sizes and place[1] < sizes[place[0]]:
            found[place] = None
        else:
            wrong.append(part)
    if wrong:
        more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        layer = re.sub(r"[-/:]\d*$", "", wrong[0])
        near = get_close_matches(layer, sizes, n=NAMED, cutoff=0.0)
        raise BadInput(
            f"expected units that exist, as layer-number, got {', '.join(wrong[:NAMED])}{more}; "
            f"layers: {', '.join(f'{name} (0 to {sizes[name] - 1})' for name in near)}"
        )
    if not found:
        raise BadInput("Type the units to ablate first, for instance layer3-17 layer4-2.")
    return list(found)


def _check_images(db: Database, plan: Plan) -> None:
    """Raise BadInput unless the network takes images and the labels are its classes."""
    row = subjects.get(db, plan.subject)
    subject = files.read(row.source)
    if subject.input != "image":
        raise BadInput(
            f"expected a network that classifies images, got {row.name}, which makes them: it has "
            "no accuracy that ablation could change"
        )
    check_training(db, plan, held_out.check_folders)
    for purpose, name, table in (
        ("validation", plan.validation, plan.validation_labels),
        ("test", plan.test, plan.test_labels),
        ("training", plan.training, ""),
    ):
        if not name:
            continue
        folder = probing.open_folder(subjects.get_probing_set(db, name).root)
        given = label_table.read_labels(table) if table.strip() else None
        known = labels.labels_of(folder, classes=subject.classes, labels=given)
        if known is None and plan.training:
            raise BadInput(f"expected labelled images to train a head, got none in {name}")
        if plan.training:
            labels.one_each(known, purpose=f"of {name} to train a head")
        if known is None and purpose == "validation" and plan.test_labels.strip():
            raise BadInput(f"expected labels of {name} as well, or of neither set of images")


def units_of(
    db: Database, plan: Plan, found: Sequence[int], listed: str
) -> tuple[tuple[Unit, ...], tuple[int, ...]]:
    """The units to ablate, in order where the plan gives one, and their ids as far as known.

    Raises:
        BadInput: there is none, or one that the network does not have.
    """
    known = computed(db, plan.subject)
    if plan.source == "list":
        places = parse_units(listed, subjects.get(db, plan.subject).layers, network=plan.subject)
    elif plan.source == "filter":
        every = [exemplars.unit(db, each) for each in found]
        places = [(unit.layer, unit.unit) for unit in every if unit.subject == plan.subject]
    else:
        units = verdicts.confirmed(db, plan.subject, plan.concept)
        places = [(unit.layer, unit.unit) for unit in units]
        known.update({(unit.layer, unit.unit): unit.unit_id for unit in units})
    places = list(dict.fromkeys(places))
    if not places:
        what = "that the filter finds" if plan.source == "filter" else f"for {plan.concept!r}"
        raise BadInput(
            f"expected confirmed units of {plan.subject} {what}, got none: confirm some first"
            if plan.source == "confirmed"
            else f"expected units of {plan.subject} {what}, got none: change the filter"
        )
    if plan.how.order == "score":
        places = _by_score(db, places, known)
    elif plan.how.order == "random":
        places = sorted(places)
        random.Random(plan.how.seed).shuffle(places)
    return tuple(places), tuple(known[place] for place in places if place in known)


def _by_score(db: Database, places: Sequence[Unit], known: dict[Unit, int]) -> list[Unit]:
    """Units by falling score of their newest description that has one."""
    scores: dict[Unit, float] = {}
    for place in places:
        said = descriptions.of_unit(db, known[place]) if place in known else []
        scored = [each.score for each in said if each.score is not None]
        if not scored:
            raise BadInput(
                f"expected a description with a score for every unit, got none for "
                f"{place[0]}-{place[1]}; choose another order"
            )
        scores[place] = scored[0]
    return sorted(places, key=lambda place: (-scores[place], place))
