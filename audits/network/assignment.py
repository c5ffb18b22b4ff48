"""Which output each class of images was taken for, and whether that can be right.

    rows = assigned(probing_set, labels, classes=("cat", "dog"))
    for line in table(rows): print(line)        # class, folder, images, output: before any number
    warnings(before, images)                    # an unedited network at or below chance, and why

Accuracies are only as good as this table, so it is shown before the first and kept with them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.network.evaluation import Evaluation
from audits.network.images import Images
from audits.network.labels import Assigned

SHOWN = 30
NAMED = 4
# Another order of the outputs has to be better by this much before it is spoken of.
BETTER = 0.2


def table(rows: Sequence[Assigned]) -> list[str]:
    """The table as lines of text of equal columns, the first rows where there are many.

    >>> table([Assigned("cat", 4, 0, "cat")])
    ['folder  images  output  class', 'cat          4       0  cat']
    """
    cells = [("folder", "images", "output", "class")]
    cells += [
        (row.folder, str(row.images), "-" if row.output is None else str(row.output), row.name)
        for row in rows[:SHOWN]
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    lines = [
        f"{folder:<{widths[0]}}  {images:>{widths[1]}}  {output:>{widths[2]}}  {name}".rstrip()
        for folder, images, output, name in cells
    ]
    return [*lines, *([f"and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else [])]


def as_json(rows: Sequence[Assigned]) -> list[dict[str, Any]]:
    """The table as JSON can hold it, all of it."""
    return [asdict(row) for row in rows]


def warnings(before: Evaluation, images: Images) -> list[str]:
    """Sentences about an unedited network that does not fit its images' labels; none if it does."""
    if before.measure != "accuracy" or images.labels is None or not len(before.predictions):
        return []
    truth = images.labels
    present = np.unique(truth[truth >= 0])
    names = {row.output: row.folder for row in images.assigned}
    alone = truth.ndim == 1
    if alone and (better := _reordered(before.predictions, truth, present)) is not None:
        mapping, accuracy = better
        if accuracy >= before.accuracy + BETTER:
            moved = [
                f"{names.get(output, output)} is output {output}, answered {mapping[output]}"
                for output in present.tolist()
                if mapping[output] != output
            ]
            return [
                f"The unedited network is right on {before.accuracy:.1%} of {images.name}, and "
                f"would be on {accuracy:.1%} if classes were other outputs ({_some(moved)}): the "
                "order of the classes is probably not the network's. Name them in `classes` of the "
                "subject file, or give --class-index."
            ]
    # Of answers drawn from the classes that are there.
    chance = float((truth >= 0).sum() / len(truth) / len(present))
    if len(present) < 2 or before.accuracy > chance:
        return []
    answers = Counter(before.predictions.tolist()).most_common(1)[0]
    one = (
        f" It answers {answers[0]} on {answers[1]} of {len(truth)} images."
        if answers[1] > 0.9 * len(truth)
        else ""
    )
    return [
        f"The unedited network is right on {before.accuracy:.1%} of {images.name}, which is chance "
        f"({chance:.1%} for {len(present)} classes) or less.{one} The likeliest reasons: classes "
        "in another order than the network's outputs (see the table of classes), weights that are "
        "not the trained ones, or another mean, std or image_size than it was trained with."
    ]


def _reordered(
    predictions: NDArray[np.int32], truth: NDArray[np.int64], present: NDArray[np.int64]
) -> tuple[Mapping[int, int], float] | None:
    """The answer that images of each class mostly get, when no two classes get the same."""
    mapping, right = {}, 0
    for output in present.tolist():
        answer, count = Counter(predictions[truth == output].tolist()).most_common(1)[0]
        mapping[output] = answer
        right += count
    if len(present) < 2 or len(set(mapping.values())) < len(mapping):
        return None
    return mapping, right / len(truth)


def _some(words: Sequence[str]) -> str:
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return f"{'; '.join(words[:NAMED])}{more}"
