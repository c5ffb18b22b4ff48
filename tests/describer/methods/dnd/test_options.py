"""The options of Describe-and-Dissect, and its part of the command line."""

import argparse

import pytest

from db.errors import BadInput
from describer.methods.dnd.options import Options, add_options


def parsed(*arguments: str) -> Options:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return Options.from_options(parser.parse_args(arguments))


def test_what_is_not_said_is_as_in_the_paper() -> None:
    options = parsed("--captioner", "blip", "--likeness", "clip")
    assert options == Options(captioner="blip", likeness="clip")
    assert (options.exemplars, options.candidates, options.pictures) == (10, 5, 10)
    assert options.scoring == "topk-squared-image-products"
    assert (options.pooling, options.crops, options.summary, options.selection) == (
        "mean",
        True,
        True,
        True,
    )


def test_every_option_can_be_said() -> None:
    options = parsed(
        *("--captioner", "blip", "--writer", "endpoint:w", "--maker", "sd", "--likeness", "clip"),
        *("--scoring", "mean", "--dnd-exemplars", "4", "--candidates", "3", "--pictures", "2"),
        *("--labels", "2", "--steps", "9", "--dnd-seed", "7", "--dnd-pool", "max", "--no-crops"),
        *("--no-summary", "--no-simplify", "--no-selection", "--keep-pictures", "kept"),
        *("--caption-concepts", "words.txt"),
    )
    assert options == Options(
        captioner="blip",
        writer="endpoint:w",
        maker="sd",
        likeness="clip",
        concepts="words.txt",
        scoring="mean",
        exemplars=4,
        candidates=3,
        pictures=2,
        labels=2,
        pooling="max",
        crops=False,
        summary=False,
        simplify=False,
        selection=False,
        steps=9,
        seed=7,
        keep="kept",
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "expected a captioning model"),
        ({"captioner": "blip"}, "for the scoring topk-squared-image-products"),
        ({"captioner": "blip", "scoring": "mean"}, "for retrieving images by vectors"),
        ({"concepts": "words.txt"}, "for captions from a list"),
        ({"captioner": "blip", "selection": False, "labels": 2}, "telling several labels apart"),
        ({"captioner": "blip", "scoring": "best"}, "expected scoring"),
        ({"captioner": "blip", "pooling": "median"}, "expected pooling"),
        ({"captioner": "blip", "likeness": "clip", "candidates": 0}, "candidates of at least 1"),
        ({"concepts": "w", "likeness": "clip", "maker": "retrieve-captions"}, "captioning model"),
    ],
)
def test_what_does_not_go_together_is_named(given: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Options(**given)  # type: ignore[arg-type]
