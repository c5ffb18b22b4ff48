"""Find sentences by words: whole words and their other forms.

    sentences = analyse(english.load(), ["Dog faces", "Surfaces"])
    find(sentences, query_of(["preset:face"]))          # {"Dog faces": ((4, 9),)}
    analyse_missing(db)                                 # a workspace keeps the words it has read

The same rules as in a workspace (db/audit/words.py): a word stands for itself and for its lemma,
as a whole; "text" finds "texts" and never "texture". Several words in one keyword ("traffic light")
are looked for side by side. What is found comes with the spans to mark.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlite_utils import Database

from db.audit import words as kept
from db.audit.words import PRESETS, Query, Word
from db.errors import BadInput
from describer import english

if TYPE_CHECKING:
    from spacy.language import Language

Spans = tuple[tuple[int, int], ...]

_PRESET = "preset:"


def query_of(keywords: Sequence[str], *, lemmas: bool = True) -> Query:
    """A query from keywords as the command line takes them: any `word`, each `+word`, no `-word`;
    `+sign|poster` must have either.

    `preset:face` stands for all words of that preset.

    >>> query_of(["preset:text", "-sign"])
    Query(any=('text', 'word', 'letter'), all=(), none=('sign',), lemmas=True, methods=(), \
subjects=(), layer=None, verdict=None, concept='', source='descriptions', reviewer=None, \
meaning='', nearness=0.5, faithful=0.0)

    Raises:
        BadInput: no keyword to look for, no such preset, or a `|` that joins nothing.
    """
    some: list[str] = []
    for keyword in keywords:
        name = keyword.removeprefix(_PRESET)
        if name == keyword:
            some.append(keyword)
        elif name in PRESETS:
            some += PRESETS[name]
        else:
            raise BadInput(f"expected a preset among {', '.join(PRESETS)}, got {name!r}")
    query = replace(kept.of_keywords(some), lemmas=lemmas)
    if not query.any and not query.all:
        raise BadInput("expected at least one keyword to look for, got none")
    return query


def analyse_missing(db: Database) -> int:
    """Read every stored sentence that was not read yet; returns how many there were.

    The first call of a process that finds one also loads the pipeline (seconds).
    """
    texts = kept.missing(db)
    if not texts:
        return 0
    nlp = english.load()
    kept.add(db, english.source(nlp), analyse(nlp, texts))
    return len(texts)


def analyse(nlp: "Language", texts: Iterable[str]) -> dict[str, tuple[Word, ...]]:
    """The words of each distinct text, with lemma and tag."""
    distinct = list(dict.fromkeys(texts))
    docs = nlp.pipe(_lower(text) for text in distinct)
    return {
        text: tuple(
            Word(word.start, word.stop, word.text.casefold(), word.lemma.casefold(), word.tag)
            for word in english.words(doc)
        )
        for text, doc in zip(distinct, docs, strict=True)
    }


def find(
    sentences: Mapping[str, Sequence[Word]],
    query: Query,
    *,
    forms: Mapping[str, Sequence[Word]] | None = None,
) -> dict[str, Spans]:
    """The sentences that a query finds, in their order, with the spans that made them match.

    Args:
        sentences: analysed texts.
        forms: the keywords themselves, analysed alike; their lemmas count as keywords too.
    """
    lemma_of = _lemmas(sentences, forms or {}) if query.lemmas else {}
    found = {}
    for text, words in sentences.items():
        some = [span for keyword in query.any for span in _spans(words, keyword, lemma_of)]
        each = [
            [span for keyword in must.split("|") for span in _spans(words, keyword, lemma_of)]
            for must in query.all
        ]
        hindered = any(_spans(words, keyword, lemma_of) for keyword in query.none)
        if hindered or not all(each) or (query.any and not some):
            continue
        found[text] = tuple(sorted({*some, *(span for spans in each for span in spans)}))
    return found


def keywords_of(query: Query) -> tuple[str, ...]:
    """All keywords of a query, to be analysed as `find` takes them."""
    return (*query.any, *(word for must in query.all for word in must.split("|")), *query.none)


def _lemmas(
    sentences: Mapping[str, Sequence[Word]], forms: Mapping[str, Sequence[Word]]
) -> dict[str, set[str]]:
    """What each word is a form of, wherever it occurs; every word is a form of itself."""
    found: dict[str, set[str]] = {}
    for words in (*sentences.values(), *forms.values()):
        for word in words:
            found.setdefault(word.word, {word.word}).add(word.lemma)
    return found


def _spans(
    words: Sequence[Word], keyword: str, lemma_of: Mapping[str, set[str]]
) -> list[tuple[int, int]]:
    parts = keyword.casefold().split()
    spans = []
    for start in range(len(words) - len(parts) + 1):
        side_by_side = words[start : start + len(parts)]
        if all(
            word.word == part or (bool(lemma_of) and word.lemma in lemma_of.get(part, {part}))
            for word, part in zip(side_by_side, parts, strict=True)
        ):
            spans.append((side_by_side[0].start, side_by_side[-1].stop))
    return spans


def _lower(text: str) -> str:
    """Lower case, as descriptions are told apart; as it is where that would move the letters."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text
