"""p(description): a two-layer LSTM over words (Hernandez et al. 2022, appendix B.2).

    language = LanguageModel(LanguageConfig(vocabulary_size=763))
    language.score(words, start=759, stop=760)      # log p of each row, the stop symbol included

`score` walks the tree of prefixes: a prefix that several sentences share is read once, which in the
beams of a whole layer leaves a small part of the work.
"""

from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Interval
from torch import Tensor, nn

from db.reading import Share, Size

State = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class LanguageConfig:
    """Sizes of a language model; the defaults are the paper's.

    Attributes:
        vocabulary_size: words and special symbols.
        embedding_size: length of a word's vector.
        hidden_size: length of each layer's state.
        layers: stacked LSTM layers.
        dropout: between the layers, in training only.
    """

    vocabulary_size: Size
    embedding_size: Size = 128
    hidden_size: Size = 512
    layers: Annotated[int, Interval(ge=1, le=100)] = 2
    dropout: Share = 0.5


class LanguageModel(nn.Module):
    """The LSTM language model."""

    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size)
        self.lstm = nn.LSTM(
            config.embedding_size,
            config.hidden_size,
            num_layers=config.layers,
            dropout=config.dropout if config.layers > 1 else 0.0,
            batch_first=True,
        )
        self.output = nn.Linear(config.hidden_size, config.vocabulary_size)

    def begin(self, rows: int) -> State:
        """The state before the first word: two tensors (layers, rows, hidden_size)."""
        shape = (self.config.layers, rows, self.config.hidden_size)
        zeros = self.output.weight.new_zeros(shape)
        return zeros, zeros

    def step(self, words: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one word a row, int64 (rows,): log probabilities of the next, and the new state."""
        hidden, state = self.lstm(self.embedding(words)[:, None], state)
        return self.output(hidden[:, 0]).log_softmax(dim=-1), state

    def forward(self, words: Tensor) -> Tensor:
        """Log probabilities of the next word after each of the given ones.

        Args:
            words: int64 (rows, length), the first of them the start symbol.

        Returns:
            (rows, length, vocabulary_size).
        """
        hidden, _ = self.lstm(self.embedding(words))
        return self.output(hidden).log_softmax(dim=-1)  # type: ignore[no-any-return]

    def score(self, words: Tensor, *, start: int, stop: int) -> Tensor:
        """log p of sentences, up to and with their first stop symbol if they have one.

        Args:
            words: int64 (rows, length), without the start symbol; what follows a stop is not read.
            start: the start symbol.
            stop: the stop symbol.

        Returns:
            (rows,), float.
        """
        scores = self.output.weight.new_zeros(words.shape[0])
        rows = torch.arange(words.shape[0], device=words.device)
        prefix = torch.zeros_like(rows)  # which distinct prefix each live row has
        reading = torch.full((1,), start, dtype=torch.int64, device=words.device)
        state = self.begin(1)
        for step in range(words.shape[1]):
            log_probabilities, state = self.step(reading, state)
            said = words[rows, step]
            scores[rows] += log_probabilities[prefix, said]
            live = said != stop
            rows, prefix, said = rows[live], prefix[live], said[live]
            if not len(rows):
                break
            size = self.config.vocabulary_size
            distinct, prefix = torch.unique(prefix * size + said, return_inverse=True)
            parents, reading = distinct // size, distinct % size
            state = (state[0][:, parents], state[1][:, parents])
        return scores
