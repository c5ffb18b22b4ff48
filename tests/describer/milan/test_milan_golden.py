"""The published decoder, language model, searches and encoder, number by number."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor, nn

from describer import milan
from describer.milan.model import Candidate

STRATEGIES: dict[str, dict[str, Any]] = {
    "greedy": {"strategy": "greedy"},
    "greedy_mi": {"strategy": "greedy_mi"},
    "beam": {"strategy": "beam"},
    "beam_mi": {"strategy": "beam_mi"},
    "rerank": {},
    "rerank_t1": {"beam_size": 20, "temperature": 1.0},
}


@pytest.fixture(scope="module")
def published(golden: Path) -> milan.Model:
    return milan.load(golden / "milan-published-format.pth")


@pytest.fixture(scope="module")
def features(golden: Path) -> Tensor:
    return torch.from_numpy(np.load(golden / "features.npz")["features"])


@pytest.fixture(scope="module")
def decoded(golden: Path) -> Any:
    return json.loads((golden / "decoded.json").read_text())


@pytest.mark.parametrize("name", STRATEGIES)
def test_captions_scores_and_beams_are_the_published_ones(
    published: milan.Model, features: Tensor, decoded: Any, name: str
) -> None:
    expected = decoded[name]
    described = published.describe_features(features, **STRATEGIES[name])
    assert [unit.text for unit in described] == expected["captions"]
    np.testing.assert_allclose([unit.score for unit in described], expected["scores"], atol=1e-3)
    for unit, texts, scores in zip(
        described,
        expected.get("beam_captions", []),
        expected.get("beam_scores", []),
        strict="beam_captions" in expected,
    ):
        searched = sorted(unit.candidates, key=lambda candidate: -searched_by(name, candidate))
        assert [candidate.text for candidate in searched] == texts
        np.testing.assert_allclose([searched_by(name, c) for c in searched], scores, atol=1e-3)


def searched_by(name: str, candidate: Candidate) -> float:
    """What the beam was ordered by before it was re-ranked."""
    return candidate.log_p_given_e - (0.2 * candidate.log_p if name == "beam_mi" else 0.0)


def test_given_sentences_score_as_published(
    published: milan.Model, features: Tensor, decoded: Any
) -> None:
    given = decoded["score_given"]
    row = features[given["features_row"]][None]
    texts = given["captions"]
    conditional = published.score_features(row.expand(len(texts), -1, -1), texts)
    np.testing.assert_allclose(conditional.numpy(), given["log_p_given_e"], atol=1e-3)
    np.testing.assert_allclose(published.log_prior(texts).numpy(), given["log_p"], atol=1e-3)


def test_a_prior_without_the_published_padding_does_not_depend_on_other_sentences(
    published: milan.Model, decoded: Any
) -> None:
    texts = decoded["score_given"]["captions"]
    together = published.log_prior(texts, as_published=False)
    alone = torch.cat([published.log_prior([text]) for text in texts])
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize("masked", [True, False])
def test_encoder_features_are_the_published_ones(golden: Path, masked: bool) -> None:
    arrays = np.load(golden / "encoder.npz")
    images = arrays["images"]
    masks = np.unpackbits(arrays["masks"], axis=1).reshape(len(images), 1, 96, 96)
    encoder = milan.PyramidEncoder("resnet18", network=formula_network())
    features = encoder.pool(images, masks if masked else None).numpy()
    expected = arrays["features" if masked else "features_unmasked"]
    assert features.shape == expected.shape
    difference = np.linalg.norm(features - expected, axis=1)
    assert (difference <= 1e-4 * np.linalg.norm(expected, axis=1)).all()
    if masked:
        assert not features[3].any()  # an empty mask


def formula_network() -> nn.Module:
    """ResNet-18 with the parameters that golden/README.md gives as a formula."""
    network = torchvision.models.resnet18()
    state = network.state_dict()
    for place, (key, old) in enumerate(state.items()):
        if not old.is_floating_point():
            continue
        values = np.sin(0.37 * np.arange(old.numel()) + 1.7 * place)
        if key.endswith("running_var"):
            values = 1 + 0.5 * values
        elif key.endswith("running_mean"):
            values = 0.1 * values
        elif old.ndim == 1 and key.endswith("weight"):
            values = 1 + 0.3 * values
        elif old.ndim > 1:
            values = values * np.sqrt(3 / old[0].numel())
        else:
            values = 0.05 * values
        state[key] = torch.tensor(values.reshape(old.shape), dtype=torch.float32)
    network.load_state_dict(state)
    return network
