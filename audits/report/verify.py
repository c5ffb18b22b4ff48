"""A report checked by somebody who has nothing but it, and its numbers measured again.

    found = verify(Path("report.json"))
    found.sentences                         # what holds, and what does not
    measured = again(found, Path("SUBJECT.toml"), {"test": folder, "val": folder}, Watch())

The signature and the bytes need the file alone. The numbers of an ablation are measured again from
the network and the images that the report names by their hashes: others are refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audits.report import signing
from db.errors import BadInput
from db.jobs import Watch

KEPT = 20


@dataclass(frozen=True)
class Verified:
    """A report that was checked.

    Attributes:
        path: the file.
        public_key: of the workspace that signed it.
        changed: sentences about what is not as it was signed.
        values: what the report says, of a JSON file; None of a page.
    """

    path: Path
    public_key: str
    changed: tuple[str, ...]
    values: Mapping[str, Any] | None


@dataclass(frozen=True)
class Again:
    """An ablation that was measured again.

    Attributes:
        number: of the ablation in its report.
        points: accuracies that were compared.
        differences: sentences about those that are others now.
        left_out: why some or all were not measured again; "" when all were.
    """

    number: int
    points: int
    differences: tuple[str, ...] = ()
    left_out: str = ""


def verify(path: Path, *, public_key: str = "") -> Verified:
    """Check a report's signature and bytes.

    Args:
        public_key: of whom it should be, as it was handed over by another way.

    Raises:
        BadInput: it has no signature, a wrong one, or that of another key.
    """
    found = signing.read(path)
    if public_key and public_key.strip().lower() != found.public_key:
        raise BadInput(
            f"expected {path} signed with the key {public_key.strip()}, got one of "
            f"{found.public_key}"
        )
    is_json = found.text.startswith("{")
    # A changed digit leaves JSON; a changed bracket need not.
    try:
        values = json.loads(found.text) if is_json else None
    except (ValueError, RecursionError):
        values = None
    return Verified(path, found.public_key, found.changed, values)


def again(
    report: Verified,
    network: Path,
    images: Mapping[str, Path],
    watch: Watch,
    *,
    device: str = "cpu",
) -> list[Again]:
    """Measure every ablation of a network once more and compare the accuracies.

    Args:
        network: its SUBJECT.toml.
        images: folders by the names that the report calls them.

    Raises:
        BadInput: the report is a page, knows no ablation of this network, or the network or images
            are others than it names.
    """
    from audits.ablation.plan import Request
    from audits.network.images import open_network
    from describer.subjects import definition

    if report.values is None:
        raise BadInput(
            f"expected the JSON of a report, whose numbers are values, got {report.path}"
        )
    opened = open_network(definition.read(network), device=device)
    own = [
        each
        for each in report.values.get("experiments", [])
        if each["summary"].get("weights") == opened.weights
    ]
    if not own:
        known = [str(each["summary"].get("weights"))[:12] for each in report.values["experiments"]]
        raise BadInput(
            f"expected a network whose ablations {report.path} has (weights {', '.join(known)}), "
            f"got {network} (weights {opened.weights[:12]})"
        )
    return [
        _measured(each, Request.from_json(each["request"]), opened, images, watch) for each in own
    ]


def _measured(
    experiment: Mapping[str, Any],
    request: Any,
    network: Any,
    images: Mapping[str, Path],
    watch: Watch,
) -> Again:
    """One ablation measured again."""
    from dataclasses import replace

    from audits.ablation.engine.units import by_layer
    from audits.ablation.measure import Line, Sets, measure
    from audits.ablation.open import means_of
    from audits.network.evaluation import Cache, Evaluator
    from audits.network.images import open_images

    number, plan = experiment["number"], request.plan
    if any(f"{split}_labels_hash" in experiment["request"] for split in ("validation", "test")):
        return Again(number, 0, left_out="its labels were a table that the report does not hold")
    sets = {}
    for name in (plan.validation, plan.test):
        if name not in images:
            raise BadInput(f"expected the images {name!r}, got none (--images {name}=FOLDER)")
        sets[name] = open_images(images[name], network, name=name, watch=watch)
        said = experiment["summary"]["data"].get(name, {}).get("digest")
        if sets[name].digest != said:
            raise BadInput(
                f"expected the images {name!r} with the hash {said}, got those of {images[name]} "
                f"with {sets[name].digest}"
            )
    how = replace(plan.how, sort_all=False)
    means = means_of(network, how.rule, by_layer(sorted(request.units)), sets[plan.validation])
    found: dict[tuple[str, int, int, str], float] = {}

    def keep(line: Line) -> None:
        for count, accuracy in zip(line.curve.counts, line.curve.accuracies, strict=True):
            found[line.condition, line.trial, count, line.split] = accuracy

    measure(
        Evaluator(network.model, how.rule, means, Cache({}, network.identity)),
        request.units,
        Sets(sets[plan.test], sets[plan.validation]),
        sizes=network.sizes,
        examined=None,
        how=how,
        on_line=keep,
        watch=watch,
    )
    return _compared(number, experiment["points"], found, plan.how.sort_all)


def _compared(
    number: int,
    points: list[Mapping[str, Any]],
    found: Mapping[tuple[str, int, int, str], float],
    sorted_all: bool,
) -> Again:
    """The points of a report beside those that were measured again."""
    differences = []
    compared = 0
    for point in points:
        key = point["condition"], point["trial"], point["n_ablated"], point["split"]
        if point["condition"] == "sorted_all":
            continue
        compared += 1
        now = found.get(key)
        if now is None or abs(now - point["accuracy"]) > 1e-9:
            shown = "nothing" if now is None else f"{now:.6f}"
            differences.append(
                f"{key[0]} {key[1]}, {key[3]} images, {key[2]} units ablated: the report says "
                f"{point['accuracy']:.6f}, measured again {shown}"
            )
    left = "units of all examined ones were not sorted again" if sorted_all else ""
    return Again(number, compared, tuple(differences), left)
