"""How long a description takes: the search of describer/milan against a straightforward one.

    measure()

The baseline is what one writes first from the paper: a unit at a time, its features copied for
every hypothesis of the beam, keys projected at every step, all hypotheses advanced to the last
step, and the language model run over every candidate. Both use the same random weights at the
published size (vocabulary 3,118, hidden 512, features 15 x 3904, beam 50, 15 steps) and have to
find the same sentences.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.measurement import Measurement
from describer.milan import search
from describer.milan.decoder import Decoder, DecoderConfig
from describer.milan.language import LanguageConfig, LanguageModel
from describer.milan.search import Symbols

VOCABULARY = 3118
FEATURES = 3904
IMAGES = 15
BEAM = 50
WEIGHT = 0.2
SHARPNESS = 10.0  # random output weights are scaled so that words differ in probability


def measure(*, units: int = 16, baseline_units: int = 2) -> list[Measurement]:
    """Describe random features both ways.

    Args:
        units: described by ours, as one batch.
        baseline_units: of these, described by the baseline too.

    Raises:
        AssertionError: the two found different sentences.
    """
    torch.manual_seed(0)
    decoder = Decoder(DecoderConfig(VOCABULARY, FEATURES)).eval()
    language = LanguageModel(LanguageConfig(VOCABULARY)).eval()
    symbols = Symbols(start=VOCABULARY - 4, stop=VOCABULARY - 3)
    with torch.no_grad():
        decoder.output.weight *= SHARPNESS
    features = torch.rand(units, IMAGES, FEATURES)
    _ours(decoder, language, features[:1], symbols)  # first calls allocate
    ours, found = _timed(lambda: _ours(decoder, language, features, symbols))
    baseline, expected = _timed(
        lambda: torch.stack(
            [_baseline(decoder, language, row, symbols) for row in features[:baseline_units]]
        )
    )
    assert torch.equal(found[:baseline_units], expected), "the two searches differ"
    per_unit, baseline_per_unit = ours / units, baseline / baseline_units
    return [
        Measurement(
            name="describe",
            ours=per_unit,
            baseline=baseline_per_unit,
            unit="s/unit",
            ratio=baseline_per_unit / per_unit,
            what=(
                f"MILAN's decoder and re-ranking at the published size, {units} units as one batch "
                "against a straightforward search unit by unit, same sentences"
            ),
        )
    ]


def _timed(work: Callable[[], Tensor]) -> tuple[float, Tensor]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


@torch.inference_mode()
def _ours(decoder: Decoder, language: LanguageModel, features: Tensor, symbols: Symbols) -> Tensor:
    """The best sentence of each unit: int64 (units, steps)."""
    beams = search.beam_search(decoder, features, symbols, beam_size=BEAM)
    log_p = language.score(beams.words.flatten(0, 1), start=symbols.start, stop=symbols.stop)
    best = (beams.scores - WEIGHT * log_p.view_as(beams.scores)).argmax(dim=1)
    return beams.words[torch.arange(len(best)), best]


@torch.inference_mode()
def _baseline(
    decoder: Decoder, language: LanguageModel, features: Tensor, symbols: Symbols
) -> Tensor:
    """The same for one unit (images, feature_size): int64 (steps,)."""
    images = features.expand(BEAM, -1, -1).contiguous()
    hidden, cell = decoder.begin(images)
    words = torch.full((BEAM, 1), symbols.start)
    scores = torch.full((BEAM,), float("-inf"))
    scores[0] = 0.0  # the hypotheses are the same before the first word
    ended = torch.full((VOCABULARY,), float("-inf"))
    ended[symbols.stop] = 0.0
    for _ in range(decoder.config.steps):
        keys = decoder.key(images)
        energy = torch.tanh(decoder.query(hidden)[:, None] + keys)
        weights = decoder.attention(energy).softmax(dim=1)
        attended = (weights * images).sum(dim=1) * torch.sigmoid(decoder.gate(hidden))
        read = torch.cat([decoder.embedding(words[:, -1]), attended], dim=1)
        hidden, cell = decoder.lstm(read, (hidden, cell))
        likely = functional.log_softmax(decoder.output(hidden), dim=1)
        likely = torch.where((words[:, -1] == symbols.stop)[:, None], ended, likely)
        scores, choice = (scores[:, None] + likely).flatten().topk(BEAM)
        parent, said = choice // VOCABULARY, choice % VOCABULARY
        words = torch.cat([words[parent], said[:, None]], dim=1)
        hidden, cell = hidden[parent], cell[parent]
    log_p = language(words[:, :-1]).gather(2, words[:, 1:, None]).squeeze(2)
    after_stop = (words[:, 1:] == symbols.stop).cumsum(dim=1) - (
        words[:, 1:] == symbols.stop
    ).long()
    log_p = log_p.masked_fill(after_stop > 0, 0.0).sum(dim=1)
    return words[int((scores - WEIGHT * log_p).argmax()), 1:]
