"""The applications on the demo world run from end to end, on a small untrained network."""

import numpy as np
import pytest
import torch

from audits.ablation.curves import chosen_count
from audits.ablation.engine.units import by_layer
from audits.demo import editing, importance
from audits.studies import criteria
from describer.demo.checks.case import Case
from describer.demo.training import curriculum, recipes
from describer.demo.world.truth import Profile
from describer.milan.backbones import EncoderConfig
from describer.milan.decoder import Decoder, DecoderConfig
from describer.milan.model import Model
from describer.milan.vocabulary import Vocabulary

SENTENCES = ("words on signs", "red roofs of houses", "letters", "wheels")


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setattr(editing, "VALIDATION", ("validation", 20, "spurious"))
    monkeypatch.setattr(editing, "CLEAN", ("test", 20, "plain"))
    monkeypatch.setattr(editing, "TIE_ORDERS", 3)
    monkeypatch.setattr(editing, "ADVERSARIAL", ("test", 30, "adversarial"))
    monkeypatch.setattr(importance, "IMPORTANCE_IMAGES", ("test", 20, "people"))
    recipe = recipes.subject("signs")
    units = tuple(("layer4", unit) for unit in range(8))
    profile = Profile(None, (), None, False, np.zeros(1), 1)
    return Case(
        recipe,
        curriculum.build(recipe).eval(),
        units,
        (profile,) * len(units),
        (("x", "y", "z"),) * len(units),
        {"MILAN": tuple(SENTENCES[unit % 4] for unit in range(8))},
        np.zeros((1, len(units))),
    )


@pytest.fixture
def model() -> Model:
    words = ("words", "on", "signs", "red", "roofs", "of", "houses", "letters", "wheels")
    torch.manual_seed(0)
    decoder = Decoder(DecoderConfig(len(words) + 4, 3, 4, 8, 8)).eval()
    encoder = EncoderConfig("none", "torchvision.models:resnet18", ("conv1",))
    return Model(decoder, None, Vocabulary(words), encoder)


def test_text_units_are_those_whose_description_says_text(case: Case) -> None:
    assert editing.text_units(case) == [("layer4", unit) for unit in (0, 2, 4, 6)]


def test_editing_ablates_the_text_units_and_matches_its_controls(case: Case) -> None:
    found = editing.edit(case)
    assert set(found.adversarial.order) == set(editing.text_units(case))
    assert found.adversarial.counts == found.validation.counts == (0, 1, 2, 3, 4)
    assert len(found.controls) == editing.CONTROLS
    assert len(found.ties) == 3
    for control in found.controls:
        assert set(by_layer(control.order)) == {"layer4"}
        assert control.at(0) == found.adversarial.at(0)
    assert 0 <= chosen_count(found.validation) <= 4


def test_the_editing_tables_have_controls_and_validation_beside_every_number(case: Case) -> None:
    found = editing.edit(case)
    summary, orders, course = editing.sections(found, units=len(case.units))
    assert [row[0] for row in orders.rows] == [
        f"{which} units, by {how}"
        for how in ("likelihood", "accuracy")
        for which in ("text", "random", "all")
    ]
    gains = [one.test - found.adversarial.at(0) for one in found.ties]
    assert orders.rows[3][2] == f"{100 * sum(gains) / 3:+.1f} points"
    assert orders.rows[3][4] == f"{100 * min(gains):+.1f} to {100 * max(gains):+.1f}"
    conditions = [row[0] for row in summary.rows]
    for label in ("chosen on validation", "best on test"):
        assert f"text units, {label}" in conditions
        assert f"random units, {label}" in conditions
        assert f"all units sorted, {label}" in conditions
    assert all("[" in row[2] for row in summary.rows)
    assert all(("[" in row[4]) == ("text units" in row[0]) for row in summary.rows[2:-1])
    assert "layer4-" in summary.note or "none" in summary.note
    counts = [int(row[0]) for row in course.rows]
    assert counts == sorted(counts)
    assert {0, 4, chosen_count(found.validation)} <= set(counts)
    for row in course.rows:
        assert row[1] == f"{found.adversarial.at(int(row[0])):.3f}"
        assert row[2] == f"{found.validation.at(int(row[0])):.3f}"
    (marked,) = [row for row in course.rows if "chosen" in row[4]]
    assert int(marked[0]) == chosen_count(found.validation)


def test_importance_has_a_row_for_each_criterion_and_for_random_orders(
    case: Case,
) -> None:
    names = [*criteria.TAGS, "length", "parse depth", "max word difference"]
    values = {name: np.arange(8.0) for name in names}
    scored = criteria.Scored(values, "a tagger", "some vectors")
    section = importance.feature_importance(case, scored)
    assert [row[0] for row in section.rows] == ["random", *names]
    assert "a tagger" in section.note
    assert "some vectors" in section.note
    assert section.rows[1][-1] == "layer4 3.50 (1.75-5.25)"


def test_the_checkpoints_words_lend_their_vectors(model: Model) -> None:
    known = criteria.words_of(model)
    assert known.lookup("roofs") is not None
    assert known.lookup("unknown") is None
    assert "checkpoint" in known.source
