"""MILAN behind the shape of all methods: the same sentences as its own function, unit by unit."""

from pathlib import Path

import pytest

from db.jobs import Watch
from describer import milan
from describer.exemplars import run
from describer.exemplars.records import Settings
from describer.images import probing
from describer.methods.milan import Milan
from describer.methods.study import Study
from describer.milan.describing import SearchOptions
from describer.subjects import definition
from helpers import worlds


def test_it_says_what_milan_says(tmp_path: Path) -> None:
    subject = definition.read(worlds.two_layer_subject(tmp_path / "subject"))
    images = probing.open_folder(worlds.coloured_images(tmp_path / "images", count=6))
    options = run.Options(settings=Settings(k=4))
    source = run.study(subject, images, tmp_path / "exemplars", options=options)
    model = milan.load(str(worlds.tiny_milan(tmp_path / "milan")))
    method = Milan.of(model, SearchOptions(beam_size=4))
    units = {"early": [3, 0], "late": [1]}
    said = [one for batch in method(Study(source), units, Watch()) for one in batch]
    expected = [
        each
        for batch in milan.describe(source, model, units=units, options=method.search)
        for each in batch
        if (each.layer == "late" and each.unit == 1) or each.layer == "early"
    ]
    assert [(one.layer, one.unit) for one in said] == [("early", 3), ("early", 0), ("late", 1)]
    for one, each in zip(said, expected, strict=True):
        assert one.text == each.description.text
        assert one.score == pytest.approx(each.description.score)
        assert tuple(one.candidates) == tuple(each.description.candidates)
    assert method.provenance().values["beam_size"] == 4
    assert method.provenance().hash == f"{model.hash}+beam 4, lambda 0.2"
    assert Milan.of(model).provenance().hash == model.hash, "as sentences were always known"
