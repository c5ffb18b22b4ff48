"""Vectors of sentences by a small language model, so that filters find what means about the same.

    embed_missing(db, ["animals"])                  # then `db.audit.meanings.near` knows the phrase

The model is all-MiniLM-L6-v2 as the `offline` extra brings it, read by
`describer.similarity.vectors`. Texts are read once.
"""

from collections.abc import Sequence

from sqlite_utils import Database

from db.audit import meanings
from db.errors import BadInput
from describer.similarity import vectors

_BATCH = 512


def embed_missing(db: Database, phrases: Sequence[str]) -> int:
    """Read the phrases and every stored sentence that was not read yet; returns how many.

    Raises:
        BadInput: there is no model.
    """
    absent = vectors.missing()
    if absent is not None:
        raise BadInput(f"Searching by meaning {absent}.")
    texts = meanings.missing(db, vectors.SMALL, phrases)
    texts.sort(key=len)
    encoder = vectors.find()
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        meanings.add(db, vectors.SMALL, dict(zip(batch, encoder.of(batch), strict=True)))
    return len(texts)
