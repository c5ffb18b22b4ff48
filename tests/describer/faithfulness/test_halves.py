"""Images that gave exemplars judge nothing, and halves follow from seed and content."""

import numpy as np

from describer.faithfulness.halves import Split

CONTENTS = [f"content {number}" for number in range(400)]
READABLE = np.ones(400, dtype=bool)


def test_exemplars_and_their_copies_are_left_out_for_their_unit_alone() -> None:
    contents = [*CONTENTS[:6], CONTENTS[2]]
    readable = np.array([True, True, True, True, True, False, True])
    split = Split.of(contents, readable, seed=0)
    seen = split.unseen(np.array([[2, 0], [1, -1]]))
    assert seen[:, 0].tolist() == [False, True, False, True, True, False, False]
    assert seen[:, 1].tolist() == [True, False, True, True, True, False, True]


def test_an_image_is_in_the_same_half_whatever_lies_beside_it() -> None:
    whole = Split.of(CONTENTS, READABLE, seed=3)
    some = Split.of(CONTENTS[100:50:-1], READABLE[:50], seed=3)
    assert some.first.tolist() == whole.first[100:50:-1].tolist()
    assert (Split.of(CONTENTS, READABLE, seed=4).first != whole.first).any()
    assert 160 <= whole.first.sum() <= 240


def test_equal_images_are_in_one_half() -> None:
    twice = Split.of([*CONTENTS, *CONTENTS], np.ones(800, dtype=bool), seed=0)
    assert (twice.first[:400] == twice.first[400:]).all()
