"""Sentences of a Universal Dependencies treebank.

    for sentence in read(Path("train.conllu.gz")):
        sentence.words, sentence.tags, sentence.heads

It does not know enhanced dependencies or empty nodes (both are skipped), and keeps of the
morphological features only those that lemmas depend on.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from db.errors import BadInput

FEATURES = frozenset({"Number", "VerbForm", "Tense", "Degree"})
"""Morphological features that are kept: they tell inflected words from base forms."""

FIELDS = 10  # columns of CoNLL-U


@dataclass(frozen=True)
class Sentence:
    """One sentence; all tuples have one entry a word.

    `tags` are universal part-of-speech tags, `features` as "Number=Plur|Tense=Past" (may be
    empty), `heads` indices of words (the root's is its own), `relations` "ROOT" for the root,
    `spaces` whether a space follows.
    """

    words: tuple[str, ...]
    lemmas: tuple[str, ...]
    tags: tuple[str, ...]
    features: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    spaces: tuple[bool, ...]

    @property
    def text(self) -> str:
        """The sentence as it was written."""
        pairs = zip(self.words, self.spaces, strict=True)
        return "".join(word + " " * space for word, space in pairs).rstrip()


def read(path: Path) -> Iterator[Sentence]:
    """The sentences of a CoNLL-U file, plain or gzipped.

    Raises:
        BadInput: a line has not ten columns, or a head that is no number.
    """
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        rows: list[list[str]] = []
        for number, line in enumerate(file, start=1):
            line = line.rstrip("\n")
            if line.startswith("#"):
                continue
            if line:
                row = line.split("\t")
                if len(row) != FIELDS:
                    raise BadInput(
                        f"expected {FIELDS} columns of CoNLL-U, got {len(row)}, "
                        f"in line {number} of {path}"
                    )
                rows.append(row)
            elif rows:
                yield _sentence(rows, path)
                rows = []
        if rows:
            yield _sentence(rows, path)


def find(folder: Path, part: str) -> Path:
    """The file of a treebank's part ("train", "dev", "test") in a folder.

    Accepts `train.conllu`, `train.conllu.gz` and the names of the releases
    (`en_ewt-ud-train.conllu`).

    Raises:
        BadInput: there is none, or more than one.
    """
    found = sorted(
        path
        for path in folder.glob(f"*{part}.conllu*")
        if path.name.endswith((".conllu", ".conllu.gz"))
    )
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise BadInput(f"expected one file *{part}.conllu or .conllu.gz in {folder}, got {names}")
    return found[0]


def _sentence(rows: list[list[str]], path: Path) -> Sentence:
    """One sentence from its rows."""
    # A range ("2-3  don't") says what was written for words 2 and 3: no space between them, and
    # what follows the range follows the last of them.
    joined: set[int] = set()
    after: dict[int, bool] = {}
    words = []
    for row in rows:
        if "-" in row[0]:
            first, last = (int(part) for part in row[0].split("-"))
            joined.update(range(first, last))
            after[last] = "SpaceAfter=No" not in row[9]
        elif "." not in row[0]:
            words.append(row)
    spaces = [
        int(row[0]) not in joined and after.get(int(row[0]), "SpaceAfter=No" not in row[9])
        for row in words
    ]
    heads = []
    for index, row in enumerate(words):
        if not row[6].isdigit() or int(row[6]) > len(words):
            raise BadInput(
                f"expected the number of a word (0 to {len(words)}) as head of {row[1]!r}, "
                f"got {row[6]!r}, in {path}"
            )
        heads.append(int(row[6]) - 1 if row[6] != "0" else index)
    return Sentence(
        words=tuple(row[1] for row in words),
        lemmas=tuple(row[2] if row[2] != "_" or row[1] == "_" else row[1] for row in words),
        tags=tuple(row[3] for row in words),
        features=tuple(_kept_features(row[5]) for row in words),
        heads=tuple(heads),
        relations=tuple("ROOT" if row[6] == "0" else row[7] for row in words),
        spaces=tuple(spaces),
    )


def _kept_features(features: str) -> str:
    return "|".join(pair for pair in features.split("|") if pair.split("=")[0] in FEATURES)
