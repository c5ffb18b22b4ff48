"""Beam search against a search written plainly, and what batching must not change."""

import numpy as np
import pytest
import torch
from torch import Tensor

from describer.milan import search
from describer.milan.decoder import Decoder
from describer.milan.language import LanguageModel
from describer.milan.model import Model
from describer.milan.search import Symbols
from helpers.milan import FEATURES, make_model


def symbols_of(model: Model) -> Symbols:
    return Symbols(model.vocabulary.start, model.vocabulary.stop)


def random_features(units: int, images: int = 4) -> Tensor:
    return torch.randn(units, images, FEATURES, generator=torch.Generator().manual_seed(3))


def plain_beam(
    decoder: Decoder,
    features: Tensor,
    symbols: Symbols,
    beam_size: int,
    prior: LanguageModel | None,
    weight: float,
) -> list[tuple[tuple[int, ...], float]]:
    """Hypotheses of one unit (images, features), each scored from its first word at every step."""
    beam: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    for _ in range(decoder.config.steps):
        extended = [each for each in beam if each[0] and each[0][-1] == symbols.stop]
        alive = [each for each in beam if each not in extended]
        if alive:
            read = torch.tensor([[symbols.start, *words] for words, _ in alive])
            worth = decoder(features.expand(len(read), -1, -1), read)[0][:, -1]
            if prior is not None:
                worth = worth - weight * prior(read)[:, -1]
            for (words, score), gains in zip(alive, worth.tolist(), strict=True):
                extended += [((*words, word), score + gain) for word, gain in enumerate(gains)]
        beam = sorted(extended, key=lambda hypothesis: -hypothesis[1])[:beam_size]
    return beam


@pytest.mark.parametrize("weight", [0.0, 0.4])
@pytest.mark.parametrize("beam_size", [1, 3, 20])
@torch.inference_mode()
def test_beams_are_those_of_a_plain_search(model: Model, weight: float, beam_size: int) -> None:
    features = random_features(5)
    prior = model.language if weight else None
    beams = search.beam_search(
        model.decoder,
        features,
        symbols_of(model),
        beam_size=beam_size,
        prior=prior,
        pmi_weight=weight,
    )
    for unit in range(5):
        expected = plain_beam(
            model.decoder, features[unit], symbols_of(model), beam_size, prior, weight
        )
        steps = model.decoder.config.steps
        words = [
            (*said, *[model.vocabulary.stop] * (steps - len(said))) for said, _score in expected
        ]
        assert [tuple(row) for row in beams.words[unit].tolist()] == words
        np.testing.assert_allclose(beams.scores[unit], [score for _, score in expected], rtol=1e-4)


def test_log_p_given_e_is_kept_apart_from_what_a_pmi_search_maximises(model: Model) -> None:
    described = model.describe_features(random_features(3), strategy="beam_mi", temperature=0.4)
    for unit in described:
        first = unit.candidates[0]
        assert unit.score == pytest.approx(first.log_p_given_e - 0.4 * first.log_p, abs=1e-4)


def test_units_do_not_change_each_other(model: Model) -> None:
    features = random_features(7)
    together = model.describe_features(features, batch_size=7)
    alone = [model.describe_features(row[None])[0] for row in features]
    assert [unit.text for unit in together] == [unit.text for unit in alone]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(
            [c.log_p_given_e for c in one.candidates],
            [c.log_p_given_e for c in other.candidates],
            rtol=1e-4,
        )


def test_a_beam_wider_than_all_sentences_has_each_of_them_once() -> None:
    model = make_model(words=("dog",), steps=2)
    beams = search.beam_search(model.decoder, random_features(1), symbols_of(model), beam_size=1000)
    kept = beams.words[0][beams.scores[0].isfinite()].tolist()
    # Five symbols: "stop", and each of the other four followed by any of five.
    assert len(kept) == len({tuple(words) for words in kept}) == 21
    assert float(beams.scores[0].exp().sum()) == pytest.approx(1.0, abs=1e-4)


def test_greedy_is_a_beam_of_one(model: Model) -> None:
    features = random_features(6)
    greedy = model.describe_features(features, strategy="greedy")
    beam = model.describe_features(features, strategy="beam", beam_size=1)
    assert [unit.text for unit in greedy] == [unit.text for unit in beam]
    assert [unit.score for unit in greedy] == pytest.approx([unit.score for unit in beam], rel=1e-4)
