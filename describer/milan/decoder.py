"""p(description | exemplars): Show, Attend and Tell over the feature vectors of a unit's images.

    memory = decoder.remember(features)                 # once a unit: keys are projected here
    hidden, cell = decoder.begin(features)              # (units, hidden_size)
    attended, _ = decoder.look(memory, hidden[:, None])
    gates = decoder.gates(hidden, attended[:, 0])       # all of a step except the word it reads
    hidden, cell = decoder.advance(gates, cell, words)
    log_probabilities = decoder.predict(hidden)

A step is cut in parts because everything expensive in it (attention, and the projection of what was
attended) depends on the hidden state alone and not on the word read: in a beam search all the
children of one hypothesis share it. The architecture is that of the published checkpoints
(Hernandez et al. 2022, appendix B.1, after Xu et al. 2015): additive attention over image vectors,
and a sigmoid gate on the attended vector which the paper does not mention.

This module knows indices, not words, and does not search.
"""

from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Interval
from torch import Tensor, nn
from torch.nn import functional

from db.errors import BadInput
from db.reading import Share, Size


@dataclass(frozen=True)
class DecoderConfig:
    """Sizes of a decoder; the defaults are the paper's.

    Attributes:
        vocabulary_size: words and special symbols.
        feature_size: length of an image's feature vector.
        embedding_size: length of a word's vector.
        hidden_size: length of the LSTM's state.
        attention_size: length of keys and queries.
        dropout: applied to the hidden state before a word is predicted, in training only.
        steps: at most so many words are said.
    """

    vocabulary_size: Size
    feature_size: Size
    embedding_size: Size = 128
    hidden_size: Size = 512
    attention_size: Size = 512
    dropout: Share = 0.5
    steps: Annotated[int, Interval(ge=1, le=1000)] = 15


@dataclass(frozen=True)
class Memory:
    """A batch of units as attention sees them.

    Attributes:
        features: (units, images, feature_size).
        keys: (units, images, attention_size), the projected features.
    """

    features: Tensor
    keys: Tensor


class Decoder(nn.Module):
    """The attention LSTM. Calling it is teacher forcing; a search uses the parts of a step."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        hidden, feature = config.hidden_size, config.feature_size
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size)
        self.initial_hidden = nn.Linear(feature, hidden)
        self.initial_cell = nn.Linear(feature, hidden)
        self.query = nn.Linear(hidden, config.attention_size)
        self.key = nn.Linear(feature, config.attention_size)
        self.attention = nn.Linear(config.attention_size, 1)
        self.gate = nn.Linear(hidden, feature)
        self.lstm = nn.LSTMCell(config.embedding_size + feature, hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(hidden, config.vocabulary_size)

    def check(self, features: Tensor) -> None:
        """Refuse features that this decoder cannot read.

        Raises:
            BadInput: not (units, images, feature_size), no image, or values that are not finite.
        """
        shape = tuple(features.shape)
        if features.ndim != 3 or shape[2] != self.config.feature_size or shape[1] < 1:
            expected = f"(units, images, {self.config.feature_size})"
            raise BadInput(f"expected features of shape {expected}, got {shape}")
        broken = ~torch.isfinite(features).flatten(1).all(dim=1)
        if bool(broken.any()):
            row = int(broken.nonzero()[0])
            raise BadInput(f"expected finite features, got NaN or infinity in row {row}")

    def remember(self, features: Tensor) -> Memory:
        """Project the keys of some units; features is (units, images, feature_size)."""
        return Memory(features, self.key(features))

    def begin(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden and cell state before the first word, each (units, hidden_size)."""
        mean = features.mean(dim=1)
        return torch.tanh(self.initial_hidden(mean)), torch.tanh(self.initial_cell(mean))

    def look(self, memory: Memory, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Attend over the images of each unit from one or more states.

        Args:
            memory: of the units.
            hidden: (units, states, hidden_size).

        Returns:
            The attended features (units, states, feature_size), and the weights
            (units, states, images), which sum to 1 over the images.
        """
        # (units, states, 1, attention) + (units, 1, images, attention)
        energy = torch.tanh(self.query(hidden)[:, :, None] + memory.keys[:, None])
        weights = self.attention(energy).squeeze(-1).softmax(dim=-1)
        return weights @ memory.features, weights

    def gates(self, hidden: Tensor, attended: Tensor) -> Tensor:
        """The LSTM's gates without the word's part: (…, hidden), (…, features) -> (…, 4 hidden)."""
        gated = torch.sigmoid(self.gate(hidden)) * attended
        from_features = self.lstm.weight_ih[:, self.config.embedding_size :]
        gates = functional.linear(gated, from_features, self.lstm.bias_ih)
        return gates + functional.linear(hidden, self.lstm.weight_hh, self.lstm.bias_hh)

    def advance(self, gates: Tensor, cell: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        """Read words: (…, 4 hidden), (…, hidden), int64 (…) -> the new hidden and cell state."""
        from_words = self.lstm.weight_ih[:, : self.config.embedding_size]
        gates = gates + functional.linear(self.embedding(words), from_words)
        write, keep, candidate, show = gates.chunk(4, dim=-1)
        cell = torch.sigmoid(keep) * cell + torch.sigmoid(write) * torch.tanh(candidate)
        return torch.sigmoid(show) * torch.tanh(cell), cell

    def predict(self, hidden: Tensor) -> Tensor:
        """Log probabilities of the next word: (…, hidden_size) -> (…, vocabulary_size)."""
        logits: Tensor = self.output(self.dropout(hidden))
        return logits.log_softmax(dim=-1)

    def forward(self, features: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        """Read given words one after the other.

        Args:
            features: float32 (units, images, feature_size).
            words: int64 (units, length), the first of them the start symbol.

        Returns:
            Log probabilities of the next word after each, (units, length, vocabulary_size), and the
            attention weights of each step, (units, length, images).
        """
        memory = self.remember(features)
        hidden, cell = self.begin(features)
        states, attentions = [], []
        for step in range(words.shape[1]):
            attended, weights = self.look(memory, hidden[:, None])
            gates = self.gates(hidden, attended[:, 0])
            hidden, cell = self.advance(gates, cell, words[:, step])
            states.append(hidden)
            attentions.append(weights[:, 0])
        return self.predict(torch.stack(states, dim=1)), torch.stack(attentions, dim=1)
