"""A subject file that is written again reads as the same subject, whatever it says."""

from dataclasses import MISSING, fields, replace
from pathlib import Path

import pytest

from db.errors import BadInput
from describer.subjects import writing
from describer.subjects.definition import Subject, read

EVERY_KEY = """
name = "every key"
factory = "net.py:make"
kwargs = { text = 'a "quoted" \\ ümlaut', deep = { x = [1, 2.5, true] } }
weights = "w.pt"
layers = ["conv", "block.relu#2"]
image_size = [16, 24]
resize_size = [20, 30]
mean = [0.1, 0.2, 0.3, 0.4, 0.5]
std = [1, 2, 3, 4, 5.5]
classes = ["cat", 'dog "1"']
interpolation = "bicubic"
background = [1, 2, 3]
white = 4095
loader = "load.py:bands"
shown = [4, 2, 0]
weights_entry = "ema"
weights_prefix = "backbone."
answer = "logits"
axis = { "" = -1, "block.norm" = 2 }
prefix_tokens = 0
"""
LATENT = """
name = "g"
factory = "g:g"
image_size = 8
mean = [0.5]
std = [0.5]
input = "latent"
latent_size = 16
axis = -1
resize_size = 9
background = "black"
"""


def again(subject: Subject, folder: Path) -> Subject:
    """The subject as it is read from what was written of it, in the same folder."""
    path = folder / "again.toml"
    path.write_text(writing.text(writing.values(subject)), encoding="utf-8")
    return replace(read(path), source=subject.source)


@pytest.mark.parametrize("text", [EVERY_KEY, LATENT])
def test_what_is_written_reads_as_the_same_subject(tmp_path: Path, text: str) -> None:
    (tmp_path / "S.toml").write_text(text, encoding="utf-8")
    subject = read(tmp_path / "S.toml")
    assert again(subject, tmp_path) == subject


def test_no_key_is_left_out_of_that_test(tmp_path: Path) -> None:
    said = set()
    for text in (EVERY_KEY, LATENT):
        (tmp_path / "S.toml").write_text(text, encoding="utf-8")
        subject = read(tmp_path / "S.toml")
        for key in fields(Subject):
            default = {} if key.default is MISSING else key.default
            said |= {key.name} if getattr(subject, key.name) != default else set()
    assert said == {key.name for key in fields(Subject)}


def test_what_goes_before_the_folder_of_the_weights_still_does(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "preprocessor_config.json").write_text(
        '{"size": {"height": 32, "width": 32}, "image_mean": [0.5], "image_std": [0.5], '
        '"resample": 3}'
    )
    (tmp_path / "S.toml").write_text(
        'name = "n"\nfactory = "n:n"\nweights = "saved"\ninterpolation = "bilinear"\n'
    )
    subject = read(tmp_path / "S.toml")
    assert (subject.interpolation, subject.image_size) == ("bilinear", 32)
    assert again(subject, tmp_path) == subject


def test_arguments_that_toml_does_not_have_are_refused() -> None:
    with pytest.raises(BadInput, match="expected arguments that a subject file can hold, got"):
        writing.text({"name": "n", "kwargs": {"made": object()}})
