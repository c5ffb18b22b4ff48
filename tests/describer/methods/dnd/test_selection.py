"""The choice among candidates by their pictures."""

import numpy as np

from describer.methods.dnd.options import Options
from describer.methods.dnd.selection import Gallery, choose, unlike
from describer.methods.dnd.strongest import Shown

OPTIONS = Options(captioner="c", scoring="topk-squared", maker="retrieve-captions")
SHOWN = Shown(np.zeros((1, 3, 4, 4), np.uint8), np.zeros(1, np.float32), ("a",), (0,))


class Vectors:
    """Vectors that are given."""

    def __init__(self, *rows: tuple[float, float]) -> None:
        self.rows = np.array(rows, np.float32)

    def of_texts(self, _texts: object) -> np.ndarray:
        return self.rows


def test_the_candidate_whose_pictures_activate_most_is_first() -> None:
    activations = np.array([[0.1, 0.2], [0.9, 0.8], [0.9, 0.0]], np.float32)
    gallery = Gallery(np.zeros((3, 2, 3, 4, 4), np.uint8), activations, (("x", "y"),) * 3)
    chosen = choose(gallery, SHOWN, None, OPTIONS)
    assert chosen.order[0] == 1
    assert chosen.scores[1] == max(chosen.scores)
    assert {*chosen.all_scores} == {"topk-squared", "mean"}


def test_of_equal_candidates_the_first_proposed_is_better() -> None:
    gallery = Gallery(np.zeros((3, 2, 3, 4, 4), np.uint8), np.ones((3, 2), np.float32), ())
    assert choose(gallery, SHOWN, None, OPTIONS).order == (0, 1, 2)


def test_labels_that_say_the_same_are_one() -> None:
    vectors = Vectors((1, 0), (0.9, 0.436), (0, 1))
    assert unlike(["a", "b", "c"], [0, 1, 2], vectors, 3) == [0, 2]  # type: ignore[arg-type]
    assert unlike(["a", "b", "c"], [1, 0, 2], vectors, 1) == [1]  # type: ignore[arg-type]
