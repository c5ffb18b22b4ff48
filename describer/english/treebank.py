"""Sentences of a Universal Dependencies treebank, and the phrases found in them.

    for sentence in read(Path("train.conllu.gz")):
        sentence.words, sentence.tags, sentence.heads

Descriptions of units are short noun phrases, mostly in lower case ("dog faces", "the top of
round objects"), and a web treebank has few of those as sentences of their own. `phrases` cuts them
out of longer sentences with their annotation, and `lower_cased` takes the capitals away, so that a
pipeline trained on the treebank also sees text of the kind that it will read.

It does not know enhanced dependencies or empty nodes (both are skipped), and keeps of the
morphological features only those that lemmas depend on.
"""

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from db.errors import BadInput

FEATURES = frozenset({"Number", "VerbForm", "Tense", "Degree"})
"""Morphological features that are kept: they tell inflected words from base forms."""

OUTSIDE = frozenset({"case", "cc", "mark", "punct", "cc:preconj"})
"""Relations of words that tie a noun phrase to its surroundings and are no part of it."""

CLAUSAL = frozenset({"cop", "nsubj", "nsubj:outer", "csubj", "aux", "expl", "parataxis"})
"""Relations that show that a noun is a predicate, so that its subtree is a clause."""

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


def phrases(sentences: Iterable[Sentence], *, longest: int = 12) -> Iterator[Sentence]:
    """The noun phrases (at most `longest` words) in the sentences, as sentences of their own.

    A phrase is the subtree of a common noun without what ties it to the rest (prepositions,
    conjunctions, punctuation at its edges); nouns that are predicates are left out.
    """
    for sentence in sentences:
        children: dict[int, list[int]] = {}
        for index, head in enumerate(sentence.heads):
            if head != index:
                children.setdefault(head, []).append(index)
        for index, tag in enumerate(sentence.tags):
            own = children.get(index, [])
            relations = {sentence.relations[child] for child in own}
            if tag != "NOUN" or relations & CLAUSAL:
                continue
            kept = [child for child in own if sentence.relations[child] not in OUTSIDE]
            members = sorted([index, *(m for child in kept for m in _subtree(child, children))])
            if len(members) <= longest and members[-1] - members[0] + 1 == len(members):
                yield _cut(sentence, members[0], members[-1] + 1, index)


def lower_cased(sentence: Sentence) -> Sentence:
    """The sentence without capitals; its annotation stays, but for the case of its lemmas."""
    return replace(
        sentence,
        words=tuple(word.lower() for word in sentence.words),
        lemmas=tuple(lemma.lower() for lemma in sentence.lemmas),
    )


def capitalized(sentence: Sentence) -> Sentence:
    """The sentence with a capital at its beginning; its annotation stays."""
    first, *others = sentence.words
    return replace(sentence, words=(first[:1].upper() + first[1:], *others))


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


def _subtree(index: int, children: dict[int, list[int]]) -> Iterator[int]:
    """The index and those of everything below it."""
    yield index
    for child in children.get(index, []):
        yield from _subtree(child, children)


def _cut(sentence: Sentence, start: int, stop: int, root: int) -> Sentence:
    """The words from `start` to before `stop`, with `root` as their root."""
    heads = list(sentence.heads)
    heads[root] = root
    relations = list(sentence.relations)
    relations[root] = "ROOT"
    return Sentence(
        words=sentence.words[start:stop],
        lemmas=sentence.lemmas[start:stop],
        tags=sentence.tags[start:stop],
        features=sentence.features[start:stop],
        heads=tuple(head - start for head in heads[start:stop]),
        relations=tuple(relations[start:stop]),
        spaces=sentence.spaces[start:stop],
    )
