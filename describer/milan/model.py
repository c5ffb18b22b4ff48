"""A MILAN model: the encoder, the decoder and the language model of one checkpoint, together.

model = load("milan-base.pth")                          # published, ours, or "demo"
descriptions = model.describe_features(features)        # (units, images, feature_size)
descriptions[0].text, descriptions[0].candidates[0].log_p
rerank(descriptions[0].candidates, 0.3)                 # another weight of p(d), without a model
features = model.encoder().pool(images, masks)          # (images, feature_size) of one unit
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from db.errors import BadInput
from describer.milan import backbones, search
from describer.milan.backbones import EncoderConfig
from describer.milan.decoder import Decoder
from describer.milan.encoder import PyramidEncoder
from describer.milan.language import LanguageModel
from describer.milan.search import Symbols
from describer.milan.vocabulary import Vocabulary

STRATEGIES = ("rerank", "beam", "greedy", "beam_mi", "greedy_mi")
NEED_LANGUAGE = ("rerank", "beam_mi", "greedy_mi")
BATCH_UNITS = 16


class Candidate(NamedTuple):
    """A sentence that was considered.

    Attributes:
        text: the sentence.
        log_p_given_e: log p(text | exemplars), the stop symbol included.
        log_p: log p(text); NaN when the checkpoint has no language model.
    """

    text: str
    log_p_given_e: float
    log_p: float


@dataclass(frozen=True)
class Description:
    """The description of a unit.

    Attributes:
        text: the sentence.
        score: what the search maximised.
        candidates: all that were considered, best first by the same measure; at least one.
    """

    text: str
    score: float
    candidates: list[Candidate]


def weighted_pmi(candidate: Candidate, temperature: float) -> float:
    """log p(d | E) - temperature * log p(d) (Hernandez et al. 2022, equation 3).

    >>> weighted_pmi(Candidate("dog faces", -3.0, -10.0), 0.2)
    -1.0
    """
    if temperature == 0 or math.isnan(candidate.log_p):
        return candidate.log_p_given_e
    return candidate.log_p_given_e - temperature * candidate.log_p


def rerank(candidates: Iterable[Candidate], temperature: float) -> list[Candidate]:
    """Candidates by falling weighted PMI; equal ones stay in their order."""
    return sorted(candidates, key=lambda candidate: -weighted_pmi(candidate, temperature))


@dataclass(frozen=True)
class Model:
    """What a checkpoint describes units with.

    Attributes:
        decoder: p(d | E), in evaluation mode.
        language: p(d), in evaluation mode; None when the checkpoint has none.
        vocabulary: their words.
        encoder_config: the network that makes features.
        encoder_state: its weights; None when the checkpoint leaves them out.
        network: an encoder network given by the caller, instead of config and state.
        as_published: sums are taken where the published code takes them: the score of a greedy
            search goes on after the stop symbol, and log_prior counts one padding symbol after
            sentences that are shorter than the longest of the call. Off for checkpoints of ours.
        name: of the file or folder it was loaded from.
        hash: of that file's contents.
    """

    decoder: Decoder
    language: LanguageModel | None
    vocabulary: Vocabulary
    encoder_config: EncoderConfig
    encoder_state: Mapping[str, Tensor] | None = None
    network: nn.Module | None = None
    as_published: bool = False
    name: str = ""
    hash: str = ""

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        return self.decoder.output.weight.device

    def to(self, device: str | torch.device) -> "Model":
        """The same model on another device; its modules are moved."""
        language = self.language.to(device) if self.language else None
        return replace(self, decoder=self.decoder.to(device), language=language)

    def with_encoder(self, config: EncoderConfig, network: nn.Module) -> "Model":
        """The same model looking at images with another network."""
        return replace(self, encoder_config=config, network=network, encoder_state=None)

    def encoder(self, *, downsampling: str | None = None) -> PyramidEncoder:
        """The encoder that this checkpoint's features come from.

        Args:
            downsampling: of masks; by default as the checkpoint was trained.

        Raises:
            BadInput: its weights are neither in the checkpoint nor in torch's cache, or it is built
                by code that a checkpoint may not run.
        """
        config = self.encoder_config
        network = self.network
        if network is None and self.encoder_state is not None:
            network = backbones.build(config)
            backbones.fill(network, self.encoder_state, config=config)
        elif network is None:
            network = backbones.pretrained(config.name)
        if downsampling is not None:
            config = replace(config, downsampling=downsampling)
        encoder = PyramidEncoder(config.name, network=network, config=config, device=self.device)
        size, expected = encoder.feature_size(), self.decoder.config.feature_size
        if size != expected:
            raise BadInput(
                f"expected an encoder with {expected} features an image, got {config.name} with "
                f"{size} (layers {', '.join(config.layers)})"
            )
        return encoder

    @torch.inference_mode()
    def describe_features(
        self,
        features: Tensor,
        *,
        strategy: str = "rerank",
        beam_size: int = 50,
        temperature: float = 0.2,
        batch_size: int = BATCH_UNITS,
    ) -> list[Description]:
        """Describe units from the features of their exemplars.

        Args:
            features: float (units, images, feature_size).
            strategy: "rerank" (beam search by p(d | E), then the best log p(d | E) - temperature *
                log p(d)), "beam" (without the second half), "greedy", or "beam_mi" and "greedy_mi"
                (the difference is taken at every word).
            beam_size: hypotheses a unit; greedy strategies have one.
            temperature: weight of log p(d), the paper's lambda.
            batch_size: units searched at once.

        Returns:
            A description a unit, with the whole beam as candidates.

        Raises:
            BadInput: features of another size, an unknown strategy, a beam below 1, or a strategy
                that needs a language model where there is none.
        """
        if strategy not in STRATEGIES:
            raise BadInput(f"expected a strategy of {', '.join(STRATEGIES)}, got {strategy!r}")
        if beam_size < 1:
            raise BadInput(f"expected a beam size of at least 1, got {beam_size}")
        if strategy in NEED_LANGUAGE and self.language is None:
            raise BadInput(
                f"expected a checkpoint with a language model for strategy {strategy}, got one "
                "without; use strategy beam or greedy"
            )
        features = features.to(self.device, torch.float32)
        self.decoder.check(features)
        described: list[Description] = []
        for batch in torch.split(features, batch_size):
            if strategy.startswith("greedy"):
                weight = temperature if strategy == "greedy_mi" else 0.0
                described += self._greedy(batch, weight)
            else:
                described += self._beam(batch, strategy, beam_size, temperature)
        return described

    @torch.inference_mode()
    def score_features(self, features: Tensor, texts: Sequence[str]) -> Tensor:
        """log p(texts[i] | features[i]), the stop symbol included.

        Args:
            features: float (len(texts), images, feature_size), or one row for all texts.
            texts: sentences; words out of the vocabulary count as the unknown symbol.

        Returns:
            float32 (len(texts),).
        """
        features = features.to(self.device, torch.float32)
        self.decoder.check(features)
        if len(features) not in (1, len(texts)):
            raise BadInput(
                f"expected a row of features for each of {len(texts)} texts, got {len(features)}"
            )
        if not texts:
            return torch.zeros(0, device=self.device)
        words, counted = self._encode(texts)
        scores = []
        for first in range(0, len(texts), BATCH_UNITS * 4):
            rows = slice(first, first + BATCH_UNITS * 4)
            units = (
                features[rows] if len(features) > 1 else features.expand(len(words[rows]), -1, -1)
            )
            scores.append(self._log_p_given_e(units, words[rows], counted[rows]))
        return torch.cat(scores)

    @torch.inference_mode()
    def log_prior(self, texts: Sequence[str], *, as_published: bool | None = None) -> Tensor:
        """log p(text), the stop symbol included.

        Args:
            texts: sentences; words out of the vocabulary count as the unknown symbol.
            as_published: also count one padding symbol after every sentence that is shorter than
                the longest of this call, as the published scorer does (so that the value depends on
                the other sentences of the call); by default for published checkpoints only.

        Returns:
            float32 (len(texts),).

        Raises:
            BadInput: the checkpoint has no language model.
        """
        if self.language is None:
            raise BadInput("expected a checkpoint with a language model, got one without")
        if not texts:
            return torch.zeros(0, device=self.device)
        words, counted = self._encode(texts)
        if self.as_published if as_published is None else as_published:
            counted = counted.roll(1, dims=1)
            counted[:, 0] = True
        start = torch.full_like(words[:, :1], self.vocabulary.start)
        # (texts, length, vocabulary) -> the word that was said at each place
        said = self.language(torch.cat([start, words[:, :-1]], dim=1)).gather(2, words[:, :, None])
        scores: Tensor = said.squeeze(2).where(counted, said.new_zeros(())).sum(dim=1)
        return scores

    @property
    def _symbols(self) -> Symbols:
        return Symbols(self.vocabulary.start, self.vocabulary.stop)

    def _encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Words int64 (texts, length), padded, and which of them count: bool, stop included."""
        rows = [self.vocabulary.encode(text) for text in texts]
        length = max(map(len, rows))
        words = torch.full((len(rows), length), self.vocabulary.padding)
        for row, indices in zip(words, rows, strict=True):
            row[: len(indices)] = torch.tensor(indices)
        words = words.to(self.device)
        return words, words != self.vocabulary.padding

    def _log_p_given_e(self, features: Tensor, words: Tensor, counted: Tensor) -> Tensor:
        start = torch.full_like(words[:, :1], self.vocabulary.start)
        log_probabilities, _ = self.decoder(features, torch.cat([start, words[:, :-1]], dim=1))
        said = log_probabilities.gather(2, words[:, :, None]).squeeze(2)
        return said.where(counted, said.new_zeros(())).sum(dim=1)  # type: ignore[no-any-return]

    def _log_p(self, words: Tensor) -> Tensor:
        """log p of sentences as indices: (rows, length) -> (rows,); NaN without language model."""
        if self.language is None:
            return torch.full((len(words),), float("nan"), device=words.device)
        symbols = self._symbols
        return self.language.score(words, start=symbols.start, stop=symbols.stop)

    def _greedy(self, features: Tensor, pmi_weight: float) -> list[Description]:
        found = search.greedy_search(
            self.decoder,
            features,
            self._symbols,
            prior=self.language if pmi_weight else None,
            pmi_weight=pmi_weight,
        )
        # Counted: everything up to and with the first stop symbol.
        stops = found.words == self.vocabulary.stop
        counted = (stops.cumsum(dim=1) - stops.long()) == 0
        log_p_given_e = self._log_p_given_e(features, found.words, counted)
        log_p = self._log_p(found.words)
        summed = torch.ones_like(counted) if self.as_published else counted
        scores = found.scores.where(summed, found.scores.new_zeros(())).sum(dim=1)
        return [
            Description(text, score, [Candidate(text, given, prior)])
            for text, score, given, prior in zip(
                [self.vocabulary.decode(words) for words in found.words.tolist()],
                scores.tolist(),
                log_p_given_e.tolist(),
                log_p.tolist(),
                strict=True,
            )
        ]

    def _beam(
        self, features: Tensor, strategy: str, beam_size: int, temperature: float
    ) -> list[Description]:
        pmi_weight = temperature if strategy == "beam_mi" else 0.0
        beams = search.beam_search(
            self.decoder,
            features,
            self._symbols,
            beam_size=beam_size,
            prior=self.language if pmi_weight else None,
            pmi_weight=pmi_weight,
        )
        log_p = self._log_p(beams.words.flatten(0, 1)).view_as(beams.scores)
        described = []
        for words, scores, given, prior in zip(
            beams.words.tolist(),
            beams.scores.tolist(),
            beams.log_p_given_e.tolist(),
            log_p.tolist(),
            strict=True,
        ):
            candidates = [
                Candidate(self.vocabulary.decode(sentence), log_p_e, log_prior)
                for sentence, score, log_p_e, log_prior in zip(
                    words, scores, given, prior, strict=True
                )
                if score != float("-inf")
            ]
            if strategy == "rerank":
                candidates = rerank(candidates, temperature)
            score = weighted_pmi(candidates[0], temperature) if strategy == "rerank" else scores[0]
            described.append(Description(candidates[0].text, score, candidates))
        return described
