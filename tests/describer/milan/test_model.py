"""Describing and scoring features, and what is refused."""

import itertools

import pytest
import torch

from db.errors import BadInput
from describer import milan
from describer.milan.model import Candidate, Model, rerank
from helpers.milan import FEATURES, make_model


def features(units: int = 3) -> torch.Tensor:
    return torch.randn(units, 4, FEATURES, generator=torch.Generator().manual_seed(3))


def test_candidates_hold_both_log_probabilities_of_their_sentence(model: Model) -> None:
    for row, unit in zip(features(), model.describe_features(features()), strict=True):
        assert unit.text == unit.candidates[0].text
        best = unit.candidates[0]
        assert unit.score == pytest.approx(best.log_p_given_e - 0.2 * best.log_p)
        known = [c for c in unit.candidates if c.text and len(c.text.split()) < 4][:5]
        for candidate in known:
            # A sentence may have been said in several ways that are written alike.
            alike = [c.log_p for c in unit.candidates if c.text == candidate.text]
            log_p = float(model.log_prior([candidate.text])[0])
            assert any(abs(log_p - other) < 1e-3 for other in alike) or "," in candidate.text
        scored = model.score_features(row[None], [best.text])
        assert torch.isfinite(scored).all()


def test_probabilities_of_all_sentences_sum_to_one() -> None:
    model = make_model(words=("dog",), sharp=1)
    # All sentences of up to 12 words over the one word, said exactly.
    texts = [" ".join(["dog"] * count) for count in range(13)]
    row = features(1)
    shares = model.score_features(row, texts).exp()
    assert 0 < float(shares.sum()) < 1
    assert (model.log_prior(texts)[:-1] > model.log_prior(texts)[1:]).all()


def test_rerank_moves_with_the_weight_without_a_model() -> None:
    common, rare = Candidate("Things", -2.0, -3.0), Candidate("Dog faces", -3.0, -12.0)
    assert rerank([common, rare], 0.0) == [common, rare]
    assert rerank([common, rare], 0.2) == [rare, common]


def test_a_checkpoint_without_language_model_searches_but_does_not_rerank() -> None:
    model = make_model(language=False)
    described = model.describe_features(features(), strategy="beam", beam_size=4)
    assert all(candidate.log_p != candidate.log_p for candidate in described[0].candidates)
    with pytest.raises(BadInput, match="language model for strategy rerank"):
        model.describe_features(features())
    with pytest.raises(BadInput, match="language model"):
        model.log_prior(["dog"])


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (torch.zeros(2, 4, FEATURES + 1), {}, r"\(units, images, 10\), got \(2, 4, 11\)"),
        (torch.zeros(4, FEATURES), {}, r"got \(4, 10\)"),
        (torch.zeros(2, 0, FEATURES), {}, r"got \(2, 0, 10\)"),
        (torch.full((2, 4, FEATURES), float("nan")), {}, "NaN or infinity in row 0"),
        (torch.zeros(2, 4, FEATURES), {"strategy": "best"}, "rerank, beam, greedy"),
        (torch.zeros(2, 4, FEATURES), {"beam_size": 0}, "at least 1, got 0"),
    ],
)
def test_unusable_requests_are_refused(
    model: Model, given: torch.Tensor, options: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        model.describe_features(given, **options)  # type: ignore[arg-type]


def test_nothing_described_is_nothing(model: Model) -> None:
    assert model.describe_features(torch.zeros(0, 4, FEATURES)) == []
    assert len(model.score_features(torch.zeros(1, 4, FEATURES), [])) == 0
    assert len(model.log_prior([])) == 0


def test_texts_and_features_have_to_be_as_many(model: Model) -> None:
    with pytest.raises(BadInput, match="each of 2 texts, got 3"):
        model.score_features(features(3), ["dog", "faces"])
    one = model.score_features(features(1), ["dog", "faces"])
    torch.testing.assert_close(
        one, model.score_features(features(1).expand(2, -1, -1), ["dog", "faces"])
    )


def test_half_precision_features_are_read(model: Model) -> None:
    assert len(model.describe_features(features().half(), strategy="greedy")) == 3


@pytest.mark.parametrize("name", ["nowhere.pth", "nowhere/"])
def test_missing_checkpoints_are_named(name: str, tmp_path: object) -> None:
    with pytest.raises(BadInput, match="which is not there"):
        milan.load(f"{tmp_path}/{name}")


def test_the_language_model_scores_prefixes_once_and_right(model: Model) -> None:
    assert model.language is not None
    size, stop = len(model.vocabulary), model.vocabulary.stop
    words = torch.tensor(list(itertools.product(range(0, size, 3), [stop, 1], [2, stop])))
    scores = model.language.score(words, start=model.vocabulary.start, stop=stop)
    for row, score in zip(words, scores, strict=True):
        read = torch.cat([torch.tensor([model.vocabulary.start]), row[:-1]])
        log_probabilities = model.language(read[None])[0]
        expected = 0.0
        for step, word in enumerate(row.tolist()):
            expected += float(log_probabilities[step, word].detach())
            if word == stop:
                break
        assert float(score.detach()) == pytest.approx(expected, rel=1e-4)
