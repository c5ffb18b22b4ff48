"""A model that sees all exemplars at once."""

import argparse
import dataclasses
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from db.errors import BadInput
from db.jobs import Watch
from describer.methods.study import Sentence, Study
from describer.methods.vlm import Options, SeenAtOnce, add_options, dimmed, halves
from helpers.endpoints import said, serving

UNITS = {"early": [0, 1], "late": [2]}


def described(study: Study, options: Options, units: dict[str, list[int]]) -> list[Sentence]:
    return [each for batch in SeenAtOnce(options)(study, units, Watch()) for each in batch]


def test_an_endpoint_is_shown_one_picture_and_says_one_sentence(
    study: Study, tmp_path: Path
) -> None:
    answer = '"Red patches on noise." They are bright.'
    with serving(lambda _n, _body: said(answer)) as server:
        there = dataclasses.replace(study, models=server.settings(tmp_path, name="looker"))
        options = Options(model="endpoint:looker", exemplars=4)
        sentences = described(there, options, UNITS)
        provenance = SeenAtOnce(options).provenance(there.models)
    assert [each.text for each in sentences] == ["Red patches on noise"] * 3
    assert len(server.requests) == 3
    for sentence in sentences:
        assert len(sentence.detail["exemplars"]) == len(sentence.detail["quiet"]) == 4
        assert {*sentence.detail["exemplars"]}.isdisjoint(sentence.detail["quiet"])
    assert provenance.values["models"]["looker"]["model"] == "tiny"


def test_nonsense_leaves_no_sentence_and_says_why(study: Study, tmp_path: Path) -> None:
    with serving(lambda _n, _body: (200, {}, b"{}")) as server:
        there = dataclasses.replace(study, models=server.settings(tmp_path, name="looker"))
        (sentence,) = described(there, Options(model="endpoint:looker"), {"late": [2]})
    assert sentence.text == ""
    assert sentence.detail["reason"] == "the model gave no usable answer"


def test_a_model_of_this_machine_says_the_same_wherever_it_was_cut(study: Study) -> None:
    options = Options(model="looker", exemplars=2)
    whole = described(study, options, UNITS)
    again = described(study, options, {"late": [2]}) + described(study, options, {"early": [1, 0]})
    first, second = (
        json.dumps(sorted((each.layer, each.unit, asdict(each)) for each in run), sort_keys=True)
        for run in (whole, again)
    )
    assert first == second


def test_a_model_that_only_captions_is_refused(study: Study) -> None:
    with pytest.raises(BadInput, match="has no template for conversations"):
        described(study, Options(model="blip"), UNITS)
    with pytest.raises(BadInput, match="expected a model that sees"):
        Options()


def test_options_are_those_of_the_command_line() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    given = parser.parse_args(["--vlm", "looker", "--vlm-exemplars", "3", "--vlm-seed", "2"])
    assert Options.from_options(given) == Options("looker", 3, 2)


def test_the_picture_is_bright_inside_masks_and_has_two_halves() -> None:
    images = np.full((4, 3, 8, 8), 200, np.uint8)
    masks = np.zeros((4, 1, 8, 8), bool)
    masks[:, :, :4] = True
    left = dimmed(images, masks)
    assert (left[:, :, :4] == 200).all()
    assert (left[:, :, 4:] == 50).all()
    picture = halves(left, images[:2])
    assert picture.shape == (3, 22, 22 + 4 + 22)
    assert (picture[:, :, 22:26] == 255).all()
