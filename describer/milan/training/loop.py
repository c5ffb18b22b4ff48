"""Training MILAN on annotated exemplars (Hernandez et al. 2022, appendix B).

    trained = train(features, references, encoder, config=TrainingConfig(seed=0))
    checkpoints.save(trained.model, folder, training=trained.record())

The decoder learns to say every annotation of a unit from the unit's features, which are computed
once beforehand; training stops when BLEU on held-out units has not improved for `patience` epochs
(counted from the first epoch in which it is not zero, as small sets have short epochs).
The language model learns the same sentences without features and stops on its loss. Both end with
the weights of their best epoch. A tenth of the units is held out, with all their annotations; the
vocabulary comes from the others only.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from db.errors import BadInput
from db.jobs import Watch
from describer.milan import search
from describer.milan.decoder import Decoder, DecoderConfig
from describer.milan.encoder import PyramidEncoder
from describer.milan.language import LanguageConfig, LanguageModel
from describer.milan.model import Model
from describer.milan.search import Symbols
from describer.milan.training.bleu import corpus_bleu
from describer.milan.training.early_stopping import Epoch, keep_best
from describer.milan.vocabulary import Vocabulary, tokenize


@dataclass(frozen=True)
class TrainingConfig:
    """How MILAN is trained; the defaults are the paper's.

    Attributes:
        learning_rate: of AdamW.
        batch_size: sentences a step.
        regularization: weight of the doubly stochastic term of Xu et al. 2015, section 4.2.1: the
            mean over images of (1 - attention summed over the sentence)^2.
        dropout: of the decoder's hidden state and between the language model's layers.
        patience: epochs without improvement before training stops.
        max_epochs: at most so many epochs.
        validation: share of the units that is held out.
        embedding_size, hidden_size, attention_size, steps: see DecoderConfig.
        minimum_count: words that are rarer in the training sentences become the unknown symbol.
        seed: of the split, the initial weights, the order of sentences and dropout.

    Raises:
        BadInput: a count below 1, or a share outside (0, 1).
    """

    learning_rate: float = 1e-3
    batch_size: int = 64
    regularization: float = 1.0
    dropout: float = 0.5
    patience: int = 4
    max_epochs: int = 100
    validation: float = 0.1
    embedding_size: int = 128
    hidden_size: int = 512
    attention_size: int = 512
    steps: int = 15
    minimum_count: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("batch_size", "patience", "max_epochs", "steps"):
            if getattr(self, name) < 1:
                raise BadInput(f"expected {name} of at least 1, got {getattr(self, name)}")
        if not 0 < self.validation < 1:
            raise BadInput(
                f"expected a share of units to hold out between 0 and 1, got {self.validation}"
            )


@dataclass(frozen=True)
class Trained:
    """A trained model and how it came about.

    Attributes:
        model: in evaluation mode, with the weights of the best epochs.
        config: what was asked.
        training_units, validation_units: positions in the features that were given.
        decoder_epochs, language_epochs: in order.
    """

    model: Model
    config: TrainingConfig
    training_units: tuple[int, ...]
    validation_units: tuple[int, ...]
    decoder_epochs: tuple[Epoch, ...]
    language_epochs: tuple[Epoch, ...]

    def record(self) -> dict[str, Any]:
        """Provenance for a checkpoint, plain JSON values."""
        return {
            "config": asdict(self.config),
            "training_units": len(self.training_units),
            "validation_units": len(self.validation_units),
            "validation_bleu": max(epoch.score for epoch in self.decoder_epochs),
            "validation_language_loss": -max(epoch.score for epoch in self.language_epochs),
            "decoder_epochs": [asdict(epoch) for epoch in self.decoder_epochs],
            "language_epochs": [asdict(epoch) for epoch in self.language_epochs],
            "torch": torch.__version__,
        }


@dataclass(frozen=True)
class _Sentences:
    """Sentences as rows: words int64 (n, steps), padded; unit int64 (n,), whose features."""

    words: Tensor
    unit: Tensor


def train(
    features: Tensor,
    references: Sequence[Sequence[str]],
    encoder: PyramidEncoder,
    *,
    config: TrainingConfig | None = None,
    watch: Watch | None = None,
) -> Trained:
    """Train a decoder and a language model.

    Args:
        features: float32 (units, images, feature_size), of the encoder; training runs on the
            encoder's device, to which batches are moved.
        references: for each unit its annotations, at least one.
        encoder: becomes part of the model.
        config: by default the paper's.
        watch: told epochs done and at most; asked before every batch.

    Raises:
        BadInput: fewer than two units, a unit without annotations, or features of other units.
        Cancelled: the watch said so.
    """
    config = config or TrainingConfig()
    texts = [[text for text in unit if tokenize(text)] for unit in references]
    if len(texts) != len(features) or len(texts) < 2 or not all(texts):
        raise BadInput(
            f"expected at least two units with an annotation each, got {len(features)} units of "
            f"which {sum(map(bool, texts))} have one"
        )
    generator = torch.Generator().manual_seed(config.seed)
    training, validation = _split(len(texts), config.validation, generator)
    vocabulary = Vocabulary.from_texts(
        (text for unit in training for text in texts[unit]), minimum_count=config.minimum_count
    )
    seen = _encode(vocabulary, texts, training, config.steps)
    unseen = _encode(vocabulary, texts, validation, config.steps)
    device = encoder.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        decoder = _decoder(config, len(vocabulary), features.shape[2]).to(device)
        decoder.check(features)
        lesson = _Lesson(config, generator, watch or Watch())
        decoder_epochs = lesson.learn(
            decoder,
            seen,
            lambda words, unit: _decoder_loss(
                decoder, features[unit].to(device), words.to(device), vocabulary, config
            ),
            lambda: _validation_bleu(decoder, vocabulary, features, texts, validation),
            "training the decoder",
            floor=0.0,
        )
        language = LanguageModel(
            LanguageConfig(
                vocabulary_size=len(vocabulary),
                embedding_size=config.embedding_size,
                hidden_size=config.hidden_size,
                dropout=config.dropout,
            )
        ).to(device)
        language_epochs = lesson.learn(
            language,
            seen,
            lambda words, _unit: _language_loss(language, words.to(device), vocabulary),
            lambda: -_mean_language_loss(language, unseen, vocabulary, config.batch_size),
            "training the language model",
        )
    model = Model(
        decoder=decoder,
        language=language,
        vocabulary=vocabulary,
        encoder_config=encoder.config,
        network=encoder.network,
    )
    return Trained(
        model, config, tuple(training), tuple(validation), decoder_epochs, language_epochs
    )


@dataclass(frozen=True)
class _Lesson:
    """What both trainings share."""

    config: TrainingConfig
    generator: torch.Generator
    watch: Watch

    def learn(
        self,
        module: nn.Module,
        sentences: _Sentences,
        loss_of: Callable[[Tensor, Tensor], Tensor],
        score: Callable[[], float],
        message: str,
        *,
        floor: float = float("-inf"),
    ) -> tuple[Epoch, ...]:
        """Train a module until its score stops improving, and leave it with its best weights."""
        optimizer = torch.optim.AdamW(module.parameters(), lr=self.config.learning_rate)

        def epoch() -> float:
            losses = []
            module.train()
            for rows in self._batches(len(sentences.words)):
                self.watch.check(f"while {message}")
                loss = loss_of(sentences.words[rows], sentences.unit[rows])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                losses.append(float(loss.detach()))
            module.eval()
            return sum(losses) / len(losses)

        return keep_best(
            module,
            epoch,
            score,
            patience=self.config.patience,
            max_epochs=self.config.max_epochs,
            floor=floor,
            report=lambda done: self.watch.progress(done, self.config.max_epochs, message),
        )

    def _batches(self, rows: int) -> Iterator[Tensor]:
        order = torch.randperm(rows, generator=self.generator)
        yield from torch.split(order, self.config.batch_size)


def _split(count: int, share: float, generator: torch.Generator) -> tuple[list[int], list[int]]:
    """Units to train on, and those held out, each in order; at least one is held out."""
    order = torch.randperm(count, generator=generator).tolist()
    held_out = max(1, round(share * count))
    return sorted(order[held_out:]), sorted(order[:held_out])


def _decoder(config: TrainingConfig, words: int, feature_size: int) -> Decoder:
    return Decoder(
        DecoderConfig(
            vocabulary_size=words,
            feature_size=feature_size,
            embedding_size=config.embedding_size,
            hidden_size=config.hidden_size,
            attention_size=config.attention_size,
            dropout=config.dropout,
            steps=config.steps,
        )
    )


def _encode(
    vocabulary: Vocabulary, texts: Sequence[Sequence[str]], units: Sequence[int], steps: int
) -> _Sentences:
    """The annotations of some units; longer ones are cut after `steps` words."""
    rows = [(vocabulary.encode(text)[:steps], unit) for unit in units for text in texts[unit]]
    words = torch.full((len(rows), steps), vocabulary.padding)
    for row, (indices, _) in zip(words, rows, strict=True):
        row[: len(indices)] = torch.tensor(indices)
    return _Sentences(words, torch.tensor([unit for _, unit in rows]))


def _shifted(words: Tensor, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """What is read and what is to be said, cut to the longest sentence: both (n, length)."""
    length = int((words != vocabulary.padding).sum(dim=1).max())
    target = words[:, :length]
    start = torch.full_like(target[:, :1], vocabulary.start)
    return torch.cat([start, target[:, :-1]], dim=1), target


def _cross_entropy(log_probabilities: Tensor, target: Tensor, padding: int) -> Tensor:
    """Mean over all words that are not padding."""
    return functional.nll_loss(
        log_probabilities.flatten(0, 1), target.flatten(), ignore_index=padding
    )


def _decoder_loss(
    decoder: Decoder,
    features: Tensor,
    words: Tensor,
    vocabulary: Vocabulary,
    config: TrainingConfig,
) -> Tensor:
    read, target = _shifted(words, vocabulary)
    log_probabilities, attention = decoder(features, read)
    # Only the steps that say a word attend: (n, length, images) -> (n, images)
    said = (target != vocabulary.padding)[:, :, None]
    attended = (attention * said).sum(dim=1)
    evenness = (1 - attended).square().mean()
    loss: Tensor = config.regularization * evenness
    return loss + _cross_entropy(log_probabilities, target, vocabulary.padding)


def _language_loss(language: LanguageModel, words: Tensor, vocabulary: Vocabulary) -> Tensor:
    read, target = _shifted(words, vocabulary)
    return _cross_entropy(language(read), target, vocabulary.padding)


@torch.inference_mode()
def _mean_language_loss(
    language: LanguageModel, sentences: _Sentences, vocabulary: Vocabulary, batch_size: int
) -> float:
    """Mean loss a word over all sentences."""
    device = language.output.weight.device
    total, count = 0.0, 0
    for words in torch.split(sentences.words, batch_size):
        said = int((words != vocabulary.padding).sum())
        total += float(_language_loss(language, words.to(device), vocabulary)) * said
        count += said
    return total / count


def _validation_bleu(
    decoder: Decoder,
    vocabulary: Vocabulary,
    features: Tensor,
    texts: Sequence[Sequence[str]],
    units: Sequence[int],
) -> float:
    """BLEU of greedy descriptions of held-out units against all their annotations."""
    symbols = Symbols(vocabulary.start, vocabulary.stop)
    device = decoder.output.weight.device
    said: list[list[str]] = []
    for rows in torch.split(torch.tensor(units), 64):
        found = search.greedy_search(decoder, features[rows].to(device), symbols)
        said += [tokenize(vocabulary.decode(words)) for words in found.words.tolist()]
    return corpus_bleu(said, [[tokenize(text) for text in texts[unit]] for unit in units])
