"""English: parts of speech, lemmas and parse trees of descriptions, by spaCy.

    nlp = load()
    source(nlp)                                # "en_core_web_sm 3.8.0", or the built-in pipeline
    [word.lemma for word in words(nlp("dog faces"))]                       # ["dog", "face"]
    lemmas(nlp, "dog faces"), tags(nlp, "dog faces"), depth(nlp("dog faces"))

The largest installed `en_core_web_*` is used; without one, a small pipeline that comes with the
workbench (`pipeline/README.md` says how it was made and how good it is, `train.py` makes it).
Whoever reports numbers that depend on tags, lemmas or parses names `source(nlp)` beside them: the
two families use the same universal tags, but `en_core_web_*` has parse trees of another scheme,
in which a preposition stands above its noun instead of below it.

It does not know word vectors (`distance.py`), and the built-in pipeline reads a text as one
sentence. spaCy is imported when it is needed, never with this module.
"""

import functools
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

PACKAGES = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm")
"""spaCy's English pipelines that have tags, lemmas and parses, best first."""

PIPELINE = Path(__file__).with_name("pipeline")
"""The folder of the pipeline that comes with the workbench."""


@dataclass(frozen=True)
class Word:
    """A word of a text: not punctuation, not white space.

    `lemma` is in lower case, `tag` a universal part of speech ("NOUN", "ADJ", "ADP", …), and
    `text[start:stop]` of the whole text is the word as it was written.
    """

    text: str
    lemma: str
    tag: str
    start: int
    stop: int


@functools.cache
def load(packages: Sequence[str] = PACKAGES) -> "Language":
    """The first installed of the packages, else the built-in pipeline; loaded once a process."""
    import spacy

    for package in packages:
        if importlib.util.find_spec(package) is not None:
            return spacy.load(package)
    return spacy.load(PIPELINE)


def source(nlp: "Language") -> str:
    """Name and version of a pipeline, for whoever reads numbers made with it."""
    name = f"{nlp.meta['lang']}_{nlp.meta['name']}"
    if name == "en_milan_workbench":
        return f"built-in English pipeline {nlp.meta['version']} (UD English EWT)"
    return f"{name} {nlp.meta['version']}"


def words(doc: "Doc") -> tuple[Word, ...]:
    """The words of a parsed text, in order."""
    return tuple(
        Word(
            text=token.text,
            lemma=token.lemma_.lower(),
            tag=token.pos_,
            start=token.idx,
            stop=token.idx + len(token),
        )
        for token in doc
        if not token.is_punct and not token.is_space
    )


def lemmas(nlp: "Language", text: str) -> tuple[str, ...]:
    """The lemma of each word, in lower case."""
    return tuple(word.lemma for word in words(nlp(text)))


def tags(nlp: "Language", text: str) -> tuple[str, ...]:
    """The universal part of speech of each word."""
    return tuple(word.tag for word in words(nlp(text)))


def depth(doc: "Doc") -> int:
    """Depth of the parse tree (MILAN section 5): edges from the root to the deepest token.

    One word has depth 0, as an empty text; of several sentences the deepest counts. Counted in
    edges like the published code.
    """
    return max((_edges_above(token) for token in doc), default=0)


def _edges_above(token: "Token") -> int:
    return sum(1 for _ in token.ancestors)
