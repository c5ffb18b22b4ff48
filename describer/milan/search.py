"""Looking for descriptions: greedy and beam search over many units as one batch.

    beams = beam_search(decoder, features, symbols, beam_size=50)
    beams.words[unit, 0], beams.log_p_given_e[unit, 0]      # best first

A beam search here is that of the published checkpoints: every hypothesis is extended, those that
have said the stop symbol stay as they are, the best `beam_size` go on, for the decoder's number of
steps, without length normalisation. With `pmi_weight` it maximises log p(word | E) - weight *
log p(word) at every step (the published "mi" strategies) instead of re-ranking whole sentences.

The cost is kept down by three things: keys are projected once a unit; attention and its projection
are computed once for each hypothesis that has children, not for each child; finished hypotheses are
not advanced.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from describer.milan.decoder import Decoder, Memory
from describer.milan.language import LanguageModel


@dataclass(frozen=True)
class Symbols:
    """The indices of the two special symbols that a search needs."""

    start: int
    stop: int


@dataclass(frozen=True)
class Greedy:
    """One sentence a unit, the best word at each step.

    Attributes:
        words: int64 (units, steps); the search goes on after a stop symbol, as the published does.
        scores: (units, steps), what was maximised at each step.
    """

    words: Tensor
    scores: Tensor


@dataclass(frozen=True)
class Beams:
    """The hypotheses of each unit, best first.

    Attributes:
        words: int64 (units, beam, steps), filled up with the stop symbol.
        scores: (units, beam), what was maximised; -inf where a unit has fewer hypotheses.
        log_p_given_e: (units, beam), log p(d | E); the same as scores without pmi_weight.
    """

    words: Tensor
    scores: Tensor
    log_p_given_e: Tensor


@torch.inference_mode()
def greedy_search(
    decoder: Decoder,
    features: Tensor,
    symbols: Symbols,
    *,
    prior: LanguageModel | None = None,
    pmi_weight: float = 0.0,
) -> Greedy:
    """Take the best word at each step.

    Args:
        decoder: in evaluation mode.
        features: float32 (units, images, feature_size).
        symbols: of the decoder's vocabulary.
        prior: the language model, when it takes part.
        pmi_weight: how much of its log p(word) is taken off at each step.
    """
    units = features.shape[0]
    memory = decoder.remember(features)
    hidden, cell = decoder.begin(features)
    words = torch.full((units,), symbols.start, dtype=torch.int64, device=features.device)
    state = prior.begin(units) if prior else None
    said, scores = [], []
    for _ in range(decoder.config.steps):
        attended, _ = decoder.look(memory, hidden[:, None])
        hidden, cell = decoder.advance(decoder.gates(hidden, attended[:, 0]), cell, words)
        worth = decoder.predict(hidden)
        if prior and state:
            commonness, state = prior.step(words, state)
            worth = worth - pmi_weight * commonness
        best, words = worth.max(dim=-1)
        said.append(words)
        scores.append(best)
    return Greedy(torch.stack(said, dim=1), torch.stack(scores, dim=1))


@torch.inference_mode()
def beam_search(
    decoder: Decoder,
    features: Tensor,
    symbols: Symbols,
    *,
    beam_size: int = 50,
    prior: LanguageModel | None = None,
    pmi_weight: float = 0.0,
) -> Beams:
    """Keep the best `beam_size` hypotheses of every unit at each step.

    States are kept in rows, one for each hypothesis that was alive in the last step, of all units
    together; `row` says which of them a hypothesis continues.

    Args:
        decoder: in evaluation mode.
        features: float32 (units, images, feature_size).
        symbols: of the decoder's vocabulary.
        beam_size: hypotheses a unit.
        prior: the language model, when it takes part.
        pmi_weight: how much of its log p(word) is taken off at each step.
    """
    units, device = features.shape[0], features.device
    memory = decoder.remember(features)
    hidden, cell = decoder.begin(features)
    state = prior.begin(units) if prior else None
    unit_of_row = torch.arange(units, device=device)
    row = unit_of_row[:, None]  # (units, 1): before the first word there is one hypothesis
    words = torch.full((units, 1, 1), symbols.start, dtype=torch.int64, device=device)
    scores = features.new_zeros(units, 1)
    log_p_given_e = scores
    for _ in range(decoder.config.steps):
        alive = words[:, :, -1] != symbols.stop
        if not bool(alive.any()):
            break
        continued, read = row[alive], words[:, :, -1][alive]
        gates = _gates_of(decoder, memory, hidden, unit_of_row, continued)
        hidden, cell = decoder.advance(gates, cell[continued], read)  # (rows, hidden_size)
        unit_of_row = alive.nonzero()[:, 0]
        likely = decoder.predict(hidden)
        worth = likely
        if prior and state:
            commonness, state = prior.step(read, (state[0][:, continued], state[1][:, continued]))
            worth = likely - pmi_weight * commonness
        scores, parent, said = _best(scores, worth, alive, symbols.stop, beam_size)
        row = (alive.flatten().cumsum(0) - 1).view_as(alive).gather(1, parent)
        gained = likely[row.clamp_min(0), said].where(alive.gather(1, parent), scores.new_zeros(()))
        log_p_given_e = log_p_given_e.gather(1, parent) + gained
        history = words.gather(1, parent[:, :, None].expand(-1, -1, words.shape[2]))
        words = torch.cat([history, said[:, :, None]], dim=2)
    missing = decoder.config.steps + 1 - words.shape[2]
    words = functional.pad(words, (0, missing), value=symbols.stop)
    return Beams(words[:, :, 1:], scores, log_p_given_e)


def _gates_of(
    decoder: Decoder, memory: Memory, hidden: Tensor, unit_of_row: Tensor, continued: Tensor
) -> Tensor:
    """The gates of the step that continues some rows, each distinct row computed once.

    Args:
        decoder: the decoder.
        memory: of the units.
        hidden: (rows, hidden_size), rows sorted by unit.
        unit_of_row: int64 (rows,).
        continued: int64 (hypotheses,), the row of each hypothesis, sorted by unit.

    Returns:
        (hypotheses, 4 * hidden_size).
    """
    distinct, which = torch.unique(continued, return_inverse=True)
    unit = unit_of_row[distinct]
    # Attention works on (units, states): the states of a unit are counted from its first one.
    counts = torch.bincount(unit, minlength=memory.keys.shape[0])
    position = torch.arange(len(distinct), device=unit.device) - (counts.cumsum(0) - counts)[unit]
    states = hidden.new_zeros(len(counts), int(counts.max()), hidden.shape[1])
    states[unit, position] = hidden[distinct]
    attended, _ = decoder.look(memory, states)
    return decoder.gates(hidden[distinct], attended[unit, position])[which]


def _best(
    scores: Tensor, worth: Tensor, alive: Tensor, stop: int, beam_size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Choose the best extensions of a beam.

    Args:
        scores: (units, beam), of the hypotheses.
        worth: (rows, vocabulary), what each word adds to each hypothesis that is alive.
        alive: bool (units, beam), `rows` of them; the others may only stay as they are.
        stop: the symbol that finished hypotheses repeat.
        beam_size: how many to keep.

    Returns:
        Scores, parents (positions in the old beam) and words, each (units, new beam).
    """
    vocabulary = worth.shape[1]
    totals = worth.new_full((*alive.shape, vocabulary), float("-inf"))
    totals[alive] = worth + scores[alive][:, None]
    totals[:, :, stop] = totals[:, :, stop].where(alive, scores)
    best, choice = totals.flatten(1).topk(min(beam_size, alive.shape[1] * vocabulary), dim=1)
    return best, choice // vocabulary, choice % vocabulary
