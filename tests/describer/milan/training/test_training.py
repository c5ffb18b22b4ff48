"""Training: what stops it, which weights it leaves, and that it learns."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from db.errors import BadInput, Cancelled
from db.jobs import Watch
from describer.milan.encoder import PyramidEncoder
from describer.milan.training.bleu import corpus_bleu
from describer.milan.training.early_stopping import keep_best
from describer.milan.training.loop import Trained, TrainingConfig, train
from describer.milan.vocabulary import tokenize
from helpers.milan import ENCODER, FEATURES, two_layers

SMALL = TrainingConfig(
    embedding_size=8,
    hidden_size=32,
    attention_size=16,
    steps=6,
    max_epochs=6,
    batch_size=20,
    learning_rate=1e-2,
)
KINDS = ["dog faces", "red sky", "round things"]


def tiny_encoder() -> PyramidEncoder:
    return PyramidEncoder("tiny", network=two_layers(), config=ENCODER)


@pytest.fixture
def encoder() -> PyramidEncoder:
    return tiny_encoder()


def lessons(units: int = 60) -> tuple[Tensor, list[list[str]]]:
    """Units of three kinds, whose features tell the kind."""
    generator = torch.Generator().manual_seed(0)
    features = 0.3 * torch.randn(units, 4, FEATURES, generator=generator)
    for unit in range(units):
        features[unit, :, unit % 3] += 2
    texts = [[KINDS[unit % 3], f"{KINDS[unit % 3]} here"] for unit in range(units)]
    return features, texts


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(*lessons(), tiny_encoder(), config=SMALL)


class Counter(nn.Module):
    """Its only weight says how many epochs it was trained for."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs = nn.Parameter(torch.zeros(()))


def run(scores: list[float], **limits: float) -> tuple[float, int]:
    module, left = Counter(), iter(scores)

    def epoch() -> float:
        with torch.no_grad():
            module.epochs += 1  # in place, as optimizers do
        return 0.0

    epochs = keep_best(module, epoch, lambda: next(left), **limits)  # type: ignore[arg-type]
    return float(module.epochs.detach()), len(epochs)


@pytest.mark.parametrize(
    ("scores", "best", "ran"),
    [
        ([0.1, 0.3, 0.2, 0.2, 0.3, 0.1, 0.9], 2, 6),  # four epochs without a better one
        ([0.5, 0.4, 0.3, 0.2, 0.1, 0.9], 1, 5),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], 7, 7),  # the limit
        ([0.0, 0.0, 0.0, 0.0, 0.0, 0.9], 1, 5),
        ([float("nan"), 0.1, 0.2, 0.1, 0.1, 0.1, 0.1], 3, 7),
    ],
)
def test_the_weights_left_are_those_of_the_best_epoch(
    scores: list[float], best: int, ran: int
) -> None:
    assert run(scores, patience=4, max_epochs=7) == (best, ran)


def test_patience_starts_when_the_score_leaves_the_floor() -> None:
    scores = [0.0, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.9]
    assert run(scores, patience=2, max_epochs=9, floor=0.0) == (5, 7)
    assert run([0.0] * 4, patience=2, max_epochs=4, floor=0.0) == (1, 4)


def test_a_trained_model_says_what_its_units_show(trained: Trained) -> None:
    features, texts = lessons()
    held_out = list(trained.validation_units)
    assert len(held_out) == 6
    assert set(held_out).isdisjoint(trained.training_units)
    truths = [[tokenize(text) for text in texts[unit]] for unit in held_out]
    described = trained.model.describe_features(features[held_out], strategy="greedy")
    score = corpus_bleu([tokenize(unit.text) for unit in described], truths)
    assert score > 0.9
    # The weights are those of the epoch with the best score, which greedy decoding repeats.
    assert score == pytest.approx(max(epoch.score for epoch in trained.decoder_epochs))


def test_the_language_model_knows_which_sentences_are_common(trained: Trained) -> None:
    common, odd = trained.model.log_prior(["dog faces", "faces dog"])
    assert common > odd


def test_the_seed_decides_everything_and_nothing_else_does(encoder: PyramidEncoder) -> None:
    features, texts = lessons(20)
    config = replace(SMALL, max_epochs=2)
    torch.manual_seed(123)
    before = torch.random.get_rng_state()
    first = train(features, texts, encoder, config=config)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(456)
    second = train(features, texts, encoder, config=config)
    other = train(features, texts, encoder, config=replace(config, seed=1))
    same = second.model.decoder.state_dict()
    for key, value in first.model.decoder.state_dict().items():
        assert torch.equal(value, same[key])
    assert first.record() == second.record()
    assert first.validation_units == second.validation_units
    assert first.record() != other.record()


def test_words_of_held_out_units_are_not_in_the_vocabulary(encoder: PyramidEncoder) -> None:
    features, _ = lessons(20)
    texts = [[f"word{unit} things"] for unit in range(20)]
    trained = train(features, texts, encoder, config=replace(SMALL, max_epochs=1))
    words = set(trained.model.vocabulary.words)
    assert {f"word{unit}" for unit in trained.training_units} <= words
    assert words.isdisjoint({f"word{unit}" for unit in trained.validation_units})


def test_long_annotations_are_cut(encoder: PyramidEncoder) -> None:
    features, texts = lessons(10)
    texts[0] = ["dog " * 40]
    assert train(features, texts, encoder, config=replace(SMALL, max_epochs=1)).decoder_epochs


def test_the_record_is_json(encoder: PyramidEncoder) -> None:
    features, texts = lessons(10)
    record = train(features, texts, encoder, config=replace(SMALL, max_epochs=2)).record()
    assert json.loads(json.dumps(record))["config"]["max_epochs"] == 2


def test_training_reports_and_stops_when_asked(encoder: PyramidEncoder) -> None:
    features, texts = lessons(20)
    seen: list[tuple[int, int, str]] = []
    config = replace(SMALL, max_epochs=2)
    train(features, texts, encoder, config=config, watch=Watch(lambda *call: seen.append(call)))
    assert seen == [
        (1, 2, "training the decoder"),
        (2, 2, "training the decoder"),
        (1, 2, "training the language model"),
        (2, 2, "training the language model"),
    ]
    answers: Iterator[bool] = iter([False, False, True])
    with pytest.raises(Cancelled, match="training the decoder"):
        train(features, texts, encoder, config=config, watch=Watch(cancelled=lambda: next(answers)))


@pytest.mark.parametrize("texts", [[], [["dog"]], [["dog"], []], [["dog"], [" "]], [["a"]] * 3])
def test_too_little_to_learn_from_is_refused(
    encoder: PyramidEncoder, texts: list[list[str]]
) -> None:
    with pytest.raises(BadInput, match="at least two units with an annotation each"):
        train(torch.zeros(2, 4, FEATURES), texts, encoder, config=SMALL)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_epochs": 0}, "max_epochs of at least 1, got 0"),
        ({"patience": 0}, "patience of at least 1"),
        ({"validation": 1.0}, r"between 0 and 1, got 1\.0"),
    ],
)
def test_unusable_settings_are_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        TrainingConfig(**changes)  # type: ignore[arg-type]
