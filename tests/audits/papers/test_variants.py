"""Variants of Describe-and-Dissect: how they are spelled, and what stands beside."""

import numpy as np
import pytest

from audits.papers import variants
from audits.papers.measures import Measure
from db.errors import BadInput

SAME = Measure(
    "equal",
    "equal texts",
    lambda first, second: np.array([float(a == b) for a, b in zip(first, second, strict=True)]),
)


@pytest.mark.parametrize("text", ["no-captioner", "crops=yes", "candidates=few", "no", "a=b"])
def test_what_is_no_option_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        variants.variant(text)


def test_variants_stand_beside_the_full_method_and_class_names() -> None:
    units = [("fc", 0), ("fc", 1)]
    said = {
        variants.FULL: dict(zip(units, ("red", "blue"), strict=True)),
        "no-crops": dict(zip(units, ("red", "sky"), strict=True)),
    }
    ablations, classes = variants.compared("toy", said, [SAME], ("red", "blue"))
    (row,) = [row for row in ablations.rows if row[3] == "all"]
    assert row[0] == "no-crops"
    assert row[-1] == 0.5
    assert [row[2] for row in classes.rows][:2] == [variants.FULL, "no-crops"]
