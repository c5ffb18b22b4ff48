"""A measurement orders on validation, reports on test, and stands beside its controls."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from audits.ablation import curves, page
from audits.ablation import files as audit_files
from audits.ablation import summary as ablation_summary
from audits.ablation.engine.units import by_layer
from audits.ablation.measure import Line, Sets, measure
from audits.ablation.order.importance import importance
from audits.ablation.order.ties import spread
from audits.ablation.plan import How
from audits.network.evaluation import Cache, Evaluator
from audits.network.images import Images
from db.errors import BadInput
from helpers.networks import Residual, ready
from helpers.noise import SIZES, pictures

SELECTED = [("layer2", 3), ("conv1", 2), ("layer2", 7), ("layer1", 5)]


def other_pictures(count: int = 20) -> Images:
    images = torch.randn(count, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2
    labels = torch.arange(count).numpy() % 5
    return Images("other", "1", count, lambda: images.split(8), labels)


def measured(validation: Images | None = None, **options):
    sets = Sets(pictures(24), validation)
    options = {"how": How(sort_all=True), "sizes": SIZES[Residual], **options}
    return measure(Evaluator(ready(Residual())), SELECTED, sets, **options)


def test_units_are_ordered_on_validation_and_reported_on_both() -> None:
    validation = other_pictures()
    found = measured(validation=validation, how=How(controls=5, seed=1, sort_all=True))
    ranking = importance(
        Evaluator(ready(Residual())), validation, {"layer2": [3, 7], "conv1": [2], "layer1": [5]}
    )
    assert found.ranking == ranking.units
    kinds = [(line.condition, line.trial, line.split) for line in found.lines]
    assert kinds == [
        (condition, trial, split)
        for condition, trials in (("keyword", 1), ("sorted_all", 1), ("random", 5))
        for trial in range(trials)
        for split in ("validation", "test")
    ]
    assert all(line.curve.counts == (0, 1, 2, 3, 4) for line in found.lines)
    assert found.chosen is not None
    assert found.chosen.validation is not None
    assert found.chosen.validation >= found.start.validation
    assert found.best.test == max(
        next(line for line in found.lines if line.split == "test").curve.accuracies
    )
    assert found.after.accuracy == (found.chosen if found.chosen.n_ablated else found.end).test
    assert found.before.accuracy == found.start.test
    assert found.warnings == ()


def test_controls_are_recorded_and_match_layers_at_every_count() -> None:
    found = measured()
    draws = [line.curve.order for line in found.lines if line.condition == "random"]
    assert len({frozenset(draw) for draw in draws}) == 5
    for draw in draws:
        assert [layer for layer, _ in draw] == [layer for layer, _ in found.order]


@pytest.mark.parametrize("order", ["likelihood", "accuracy"])
def test_controls_are_ordered_as_the_selected_units_are(order: str) -> None:
    found = measured(validation=other_pictures(), how=How(seed=2, order=order))
    draws = [
        line.curve.order
        for line in found.lines
        if (line.condition, line.split) == ("random", "test")
    ]
    for draw in draws:
        alone = importance(
            Evaluator(ready(Residual())), other_pictures(), by_layer(draw), by=order, seed=2
        ).units
        worth = {
            one.place: one.log_likelihood if order == "likelihood" else one.accuracy
            for one in alone
        }
        two = [unit for unit in draw if unit[0] == "layer2"]
        assert worth[two[0]] >= worth[two[1]]


def test_by_accuracy_an_edit_is_averaged_over_orders_of_equal_units() -> None:
    how = How(order="accuracy", sort_all=True, tie_orders=4)
    found = measured(validation=other_pictures(), how=how)
    assert found.equal == 2, "twenty images tell few units apart"
    assert len(found.ties) == 4
    assert found.chosen is not None
    first = found.ties[0]
    assert (first.count, first.test) == (found.chosen.n_ablated, found.chosen.test)
    assert first.sorted_all == found.chosen.sorted_all
    assert found.chosen.random is not None
    assert first.random == pytest.approx(found.chosen.random.mean)
    told = dict(ablation_summary.summarised(found).rows)
    name = next(name for name in told if "random orders of equal units" in name)
    assert name.startswith("2 of 4 units are equal to others: over 4 random orders")
    one = spread([each.test for each in found.ties])
    assert told[name] == f"{one.mean:.2%} ({one.low:.2%} to {one.high:.2%})"
    assert not measured(validation=other_pictures()).ties, "likelihoods have none to draw"


def test_experiments_of_before_likelihoods_are_ordered_as_they_were() -> None:
    found = measured(validation=other_pictures(), how=How(order="importance"))
    ranking = importance(
        Evaluator(ready(Residual())), other_pictures(), by_layer(SELECTED), by="accuracy", seed=None
    )
    assert found.order == tuple(one.place for one in ranking.units)
    values = [(-one.accuracy, one.layer, one.unit) for one in ranking.units]
    assert values == sorted(values)
    assert not found.ties


def test_sort_all_takes_the_least_important_of_all_examined_units() -> None:
    examined = [("conv1", unit) for unit in range(8)]
    found = measured(examined=examined)
    order = next(line.curve.order for line in found.lines if line.condition == "sorted_all")
    units = importance(
        Evaluator(ready(Residual())),
        pictures(24),
        {"conv1": range(8), "layer2": [3, 7], "layer1": [5]},
    ).units
    assert order == tuple((one.layer, one.unit) for one in units[:4])


def test_without_validation_nothing_is_chosen_and_it_says_so() -> None:
    found = measured()
    assert found.chosen is None
    assert {line.split for line in found.lines} == {"test"}
    assert "ordered on the test images themselves" in found.warnings[0]
    assert found.after.accuracy == found.end.test


def test_the_same_images_for_both_are_warned_about() -> None:
    assert "are the same" in measured(validation=pictures(24)).warnings[0]


def test_a_limit_cuts_the_order_and_keeps_the_ranking() -> None:
    found = measured(how=How(max_units=2))
    assert len(found.order) == 2
    assert len(found.ranking) == 4
    assert found.end.n_ablated == 2


def test_a_second_measurement_costs_only_what_is_new() -> None:
    model, cache = ready(Residual()), Cache({}, "weights")
    calls: list[int] = []
    model.register_forward_hook(lambda *_: calls.append(1))
    network, sets = Evaluator(model, cache=cache), Sets(pictures(24))
    options = {"sizes": SIZES[Residual], "how": How(sort_all=True)}
    first = measure(network, SELECTED, sets, **options)
    calls.clear()
    again = measure(network, SELECTED, sets, **options)
    assert not calls
    assert again.lines == first.lines


def test_curves_are_handed_over_as_they_grow_and_end_as_without() -> None:
    seen: list[Line] = []
    found = measured(validation=other_pictures(), on_line=seen.append)
    assert found.lines == measured(validation=other_pictures()).lines
    assert [len(line.curve.counts) for line in seen] == [1, 3, 5] * len(found.lines)
    whole = {(line.condition, line.trial, line.split): line.curve for line in found.lines}
    for line in seen:
        whole_line, reached = whole[line.condition, line.trial, line.split], line.curve
        assert reached.accuracies == whole_line.accuracies[: len(reached.counts)]
        assert reached.order == whole_line.order


def test_a_measurement_that_was_stopped_in_a_curve_goes_on_there() -> None:
    model, cache = ready(Residual()), Cache({}, "weights")
    seen: list[Line] = []

    def stop_in_the_second(line: Line) -> None:
        seen.append(line)
        if len(seen) == 5:
            raise KeyboardInterrupt

    network, sets = Evaluator(model, cache=cache), Sets(pictures(24))
    options = {"sizes": SIZES[Residual], "how": How(sort_all=True)}
    with pytest.raises(KeyboardInterrupt):
        measure(network, SELECTED, sets, on_line=stop_in_the_second, **options)
    kept = len(cache.store)
    found = measure(network, SELECTED, sets, **options)
    assert found.lines == measured().lines
    assert kept < len(cache.store)


@pytest.mark.parametrize(
    ("controls", "told"), [(1, "1 random draw is fewer"), (4, "4 random draws are"), (5, None)]
)
def test_fewer_than_five_random_draws_are_warned_of(controls: int, told: str | None) -> None:
    warnings = measured(validation=other_pictures(), how=How(controls=controls)).warnings
    assert [text.startswith(str(told)) for text in warnings] == ([True] if told else [])


def test_accuracies_by_class_add_up_to_those_of_the_curve() -> None:
    found = measured(validation=other_pictures())
    curves = ablation_summary.class_curves(found.lines)
    assert curves.counts == (0, 1, 2, 3, 4)
    assert curves.left_out == 0
    sizes = found.before.images_by_class
    for split, line in (("validation", found.lines[0]), ("test", found.lines[1])):
        assert line.split == split
        images = dict.fromkeys(sizes, 4) if split == "validation" else sizes
        for place, accuracy in enumerate(line.curve.accuracies):
            right = sum(
                getattr(each, split)[place] * images[name] for name, each in curves.classes.items()
            )
            assert right / sum(images.values()) == pytest.approx(accuracy)
    draws = [line for line in found.lines if (line.condition, line.split) == ("random", "test")]
    for name, each in curves.classes.items():
        means = [sum(line.curve.by_class[name][n] for line in draws) / 5 for n in range(5)]
        assert each.random == pytest.approx(means)


def test_of_very_many_classes_those_that_change_most_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ablation_summary, "CLASSES", 2)
    found = measured()
    curves = ablation_summary.class_curves(found.lines)
    spread = {
        name: max(values) - min(values) for name, values in found.lines[0].curve.by_class.items()
    }
    assert curves.left_out == 3
    assert min(spread[name] for name in curves.classes) >= sorted(spread.values())[-2]


def test_a_selection_that_means_nothing_gains_nothing_over_its_controls() -> None:
    """Over many random selections, test accuracy leaves the controls' interval no more often
    than one more random draw would: 1 in 20."""
    model, test, sizes = ready(Residual()), pictures(30), {"layer2": 20}
    cache = Cache({}, "weights")
    outside = 0
    for seed in range(12):
        chosen = np.random.default_rng(1000 + seed).choice(20, 4, replace=False).tolist()
        found = measure(
            Evaluator(model, cache=cache),
            [("layer2", unit) for unit in chosen],
            Sets(test),
            sizes=sizes,
            how=How(seed=seed, sort_all=False),
        )
        assert found.end.random is not None
        outside += found.end.test > found.end.random.high
    assert outside <= 3


@pytest.mark.parametrize(
    ("selected", "options", "message"),
    [
        ([], {}, "expected at least one unit to ablate, got none"),
        ([("conv1", 8)], {}, "expected units 0 to 7 of layer 'conv1', got 8"),
        ([("conv9", 0)], {}, "expected a layer of the network, got 'conv9'; nearest: conv1"),
        ([("conv1", 0)], {"how": How(max_units=0)}, "got a limit of 0"),
        ([("conv1", 0)], {"how": How(controls=0)}, "at least one random control, got 0"),
    ],
)
def test_bad_selections_are_refused(selected, options, message) -> None:
    network = Evaluator(ready(Residual()))
    with pytest.raises(BadInput, match=message):
        measure(network, selected, Sets(pictures()), sizes=SIZES[Residual], **options)


def test_classes_are_shown_without_all_units_when_none_is_to_be_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(curves, "chosen_count", lambda validation: 0)
    found = measured(validation=other_pictures())
    assert found.chosen is not None
    assert found.after.accuracy == found.end.test
    summary = ablation_summary.summarised(found)
    assert summary.by_class_count == 4
    shown = page.numbers(summary)
    assert "without all 4 units, as 0 were chosen on validation" in shown
    assert "without 0 units</th>" not in shown


def test_random_units_are_said_with_the_range_of_their_draws() -> None:
    found = measured(validation=other_pictures())
    told = dict(ablation_summary.summarised(found).rows)
    draws = found.drawn(4)
    assert len(draws) == 5
    row = "… without as many random units of the same layers (4 units, all)"
    assert told[row] == (
        f"{sum(draws) / 5:.2%} (range of 5 draws: {min(draws):.2%} to {max(draws):.2%})"
    )


def test_files_hold_the_curve_the_units_and_the_summary(tmp_path: Path) -> None:
    found = measured(validation=other_pictures(), how=How(controls=2, sort_all=True, max_units=3))
    matched = {("conv1", 2): ("Bright text", ((7, 11),))}
    for name in ("once", "again"):
        audit_files.write(tmp_path / name, found, matched, provenance={"subject": "tiny"})
    for name in ("curve.csv", "units.csv", "summary.json"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    with (tmp_path / "once" / "curve.csv").open(newline="") as file:
        curve = list(csv.DictReader(file))
    assert list(curve[0]) == ["condition", "trial", "n_ablated", "split", "accuracy"]
    assert len(curve) == (1 + 1 + 2) * 2 * 4
    assert {row["condition"] for row in curve} == {"keyword", "random", "sorted_all"}
    with (tmp_path / "once" / "units.csv").open(newline="") as file:
        units = list(csv.DictReader(file))
    assert [(row["layer"], int(row["unit"])) for row in units] == [
        (one.layer, one.unit) for one in found.ranking
    ]
    assert [row["ablated"] for row in units] == ["yes", "yes", "yes", "no"]
    assert next(row["matched"] for row in units if row["layer"] == "conv1") == "text"
    summary = json.loads((tmp_path / "once" / "summary.json").read_text())
    assert summary["subject"] == "tiny"
    assert summary["chosen"]["n_ablated"] == found.chosen.n_ablated
    assert len(summary["controls"]) == 2
    assert set(summary["by_class"]) == {"0", "1", "2", "3", "4"}
