"""Units as the engine takes them: in the order of layers, and what is predicted without them."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from db.units import Unit

# int32 (images,): the output that each image is given.
Predictions = NDArray[np.int32]


def by_layer(units: Sequence[Unit]) -> dict[str, list[int]]:
    """Units grouped as `ablated` takes them.

    >>> by_layer([("b", 2), ("a", 0), ("b", 1)])
    {'b': [2, 1], 'a': [0]}
    """
    grouped: dict[str, list[int]] = defaultdict(list)
    for layer, unit in units:
        grouped[layer].append(unit)
    return dict(grouped)
