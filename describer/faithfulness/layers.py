"""Layers of an opened study, scored by a judge who can be asked.

    found = scored(study, "layer4", said, judge, contents, options, watch)

What units did on every image was kept by the pass that found the exemplars: the network is not run.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from db.jobs import Watch
from describer.exemplars import pooled
from describer.faithfulness import scoring
from describer.faithfulness.halves import Split
from describer.faithfulness.judges.shape import Judge
from describer.faithfulness.scoring import Found, Options, Said
from describer.methods.study import Study


def activations(study: Study, layer: str, pooling: str) -> NDArray[np.float16]:
    """What every unit did on every image: float16 (images, units), NaN where unreadable.

    Raises:
        BadInput: the exemplars were computed without it.
    """
    found = pooled.read(study.source, layer, pooling)
    if found is None:
        raise BadInput(
            f"expected exemplars of {layer} with pooled activations (exemplars --pooled), got none"
        )
    return found


def scored(
    study: Study,
    layer: str,
    said: Said,
    judge: Judge,
    contents: Sequence[str],
    options: Options,
    watch: Watch,
) -> Found:
    """One layer's sentences.

    Args:
        contents: hashes of the images' contents, in the order of the probing set.

    Raises:
        BadInput: there are no pooled activations of the layer.
        Cancelled: the watch said so.
    """
    watch.check(f"before {layer}")
    strength = activations(study, layer, options.pooling)
    readable: NDArray[np.bool_] = np.all(np.isfinite(strength), axis=1)
    split = Split.of(contents, readable, seed=options.seed)
    held = judge.hold(scoring.texts_of(said), watch)
    ids = study.source.exemplars(layer).ids
    return scoring.score(scoring.Layer(layer, strength, ids, said), split, held, options)
