"""The words MILAN knows, and how sentences become numbers and numbers sentences.

    vocabulary = Vocabulary.from_texts(["Dog faces", "the tops of cupcakes"])
    vocabulary.encode("dog faces")              # (0, 3, 7): two words and the stop symbol
    vocabulary.decode((0, 3, 7))                # "Dog faces"

Words are what spaCy's blank English tokenizer makes of the lower-cased sentence. Four symbols
follow the words: start, stop, padding, unknown, in the order of the published checkpoints. Build a
vocabulary from training sentences only: words of the held-out ones would tell of them.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from db.errors import BadInput

SPECIAL_SYMBOLS = 4


@functools.cache
def _english_tokenizer() -> Callable[[str], Iterable[object]]:
    import spacy

    tokenizer: Callable[[str], Iterable[object]] = spacy.blank("en").tokenizer
    return tokenizer


def tokenize(text: str) -> list[str]:
    """Split a sentence into lower-case words and punctuation marks.

    >>> tokenize("A cat's face, or a dog-like one.")
    ['a', 'cat', "'s", 'face', ',', 'or', 'a', 'dog', '-', 'like', 'one', '.']
    """
    words = (str(token) for token in _english_tokenizer()(text.lower()))
    return [word for word in words if not word.isspace()]


@dataclass(frozen=True)
class Vocabulary:
    """The words of a model, in the order of their indices.

    Attributes:
        words: distinct, non-empty; index i is words[i], and the special symbols come after.

    Raises:
        BadInput: no words, an empty one, or one that is there twice.
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.words:
            raise BadInput("expected a vocabulary of at least one word, got none")
        if not all(isinstance(word, str) and word for word in self.words):
            raise BadInput("expected a vocabulary of non-empty words, got one without letters")
        if len(set(self.words)) != len(self.words):
            word, count = Counter(self.words).most_common(1)[0]
            raise BadInput(f"expected distinct words in the vocabulary, got {word!r} {count} times")

    @classmethod
    def from_texts(cls, texts: Iterable[str], *, minimum_count: int = 1) -> "Vocabulary":
        """The words of some sentences, most frequent first, then alphabetical.

        Args:
            texts: the training sentences, without the held-out ones.
            minimum_count: rarer words are left out and become the unknown symbol.

        Raises:
            BadInput: no word is left.
        """
        counts = Counter(word for text in texts for word in tokenize(text))
        kept = [word for word, count in counts.items() if count >= minimum_count]
        return cls(tuple(sorted(kept, key=lambda word: (-counts[word], word))))

    def __len__(self) -> int:
        """Words and special symbols: the number of classes a decoder chooses from."""
        return len(self.words) + SPECIAL_SYMBOLS

    @property
    def start(self) -> int:
        """What a decoder reads before the first word."""
        return len(self.words)

    @property
    def stop(self) -> int:
        """What a decoder says after the last word."""
        return len(self.words) + 1

    @property
    def padding(self) -> int:
        """What fills a short sentence beside a longer one."""
        return len(self.words) + 2

    @property
    def unknown(self) -> int:
        """What stands for any other word."""
        return len(self.words) + 3

    @functools.cached_property
    def _indices(self) -> dict[str, int]:
        return {word: index for index, word in enumerate(self.words)}

    def encode(self, text: str) -> tuple[int, ...]:
        """The indices of a sentence's words, unknown ones included, and the stop symbol."""
        known = self._indices
        return (*(known.get(word, self.unknown) for word in tokenize(text)), self.stop)

    def decode(self, indices: Sequence[int]) -> str:
        """The sentence that indices spell, up to the first stop symbol.

        Written as the published code writes it: a capital at the start of each sentence, commas,
        full stops and hyphens attached, a possessive "'s" apart; other symbols are left out.
        """
        words: list[str] = []
        for index in indices:
            if index == self.stop:
                break
            if index < len(self.words):
                words.append(self.words[index])
        text = re.sub(r" ?- ?", "-", " ".join(words).replace(" ,", ","))
        return ". ".join(part.strip().capitalize() for part in text.split(".")).strip()
