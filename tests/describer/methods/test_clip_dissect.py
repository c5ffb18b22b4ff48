"""CLIP-Dissect's scores against the published ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from db.errors import BadInput
from describer.methods import clip_dissect

SCORES: list[Callable[..., np.ndarray]] = [
    clip_dissect.soft_wpmi,
    clip_dissect.wpmi,
    clip_dissect.cos_similarity,
    clip_dissect.cos_similarity_cubed,
]


@pytest.fixture(scope="module")
def arrays(shared: Path) -> dict[str, np.ndarray]:
    return dict(np.load(shared / "golden" / "scores" / "clip_dissect.npz"))


@pytest.mark.parametrize("score", SCORES)
def test_scores_are_the_published_ones(
    arrays: dict[str, np.ndarray], score: Callable[..., np.ndarray]
) -> None:
    found = score(arrays["image_text_cosine"], arrays["activations"])
    assert found.shape == (11, 37)
    # The published sums over a hundred images are in single precision.
    np.testing.assert_allclose(found, arrays[score.__name__], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("score", SCORES)
def test_tensors_give_tensors(score: Callable[..., np.ndarray]) -> None:
    generator = np.random.default_rng(0)
    cosine = generator.random((9, 4), np.float32)
    activations = generator.random((9, 3), np.float32)
    found = score(torch.from_numpy(cosine), torch.from_numpy(activations))
    assert isinstance(found, torch.Tensor)
    np.testing.assert_array_equal(found.numpy(), score(cosine, activations))


def test_soft_wpmi_finds_the_text_of_the_images_a_unit_prefers() -> None:
    truth = np.arange(300) % 3
    cosine = 0.2 + 0.3 * np.eye(3, dtype=np.float32)[truth]
    activations = np.eye(3, dtype=np.float32)[truth][:, [2, 0, 1]]
    scores = clip_dissect.soft_wpmi(cosine, activations)
    assert scores.argmax(axis=1).tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("cosine", "activations", "message"),
    [
        (np.zeros((4, 2)), np.zeros((5, 2)), r"got \(4, 2\) and \(5, 2\)"),
        (np.zeros(4), np.zeros((4, 2)), r"got \(4,\)"),
        (np.zeros((0, 2)), np.zeros((0, 2)), r"got \(0, 2\)"),
        (np.full((4, 2), np.nan), np.zeros((4, 2)), "NaN"),
    ],
)
@pytest.mark.parametrize("score", SCORES)
def test_unusable_matrices_are_refused(
    score: Callable[..., np.ndarray], cosine: np.ndarray, activations: np.ndarray, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        score(cosine, activations)
