"""The words of every stored sentence, with lemmas, and the query that looks for them.

    words.add(db, "en_core_web_sm 3.8", {"Dog faces": [Word(4, 9, "faces", "face", "NOUN"), …]})
    query = words.parse("face head +sign|poster -clock")

A word stands for itself and for its lemma, as a whole: `text` finds "texts" and never "texture".
The analysis is somebody else's (a spaCy pipeline); here it is only kept. `db.audit.finding` asks
it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlite_utils import Database

from db.errors import BadInput

PRESETS: Mapping[str, tuple[str, ...]] = {
    # Section 6 and Section 7 of MILAN.
    "face": ("face", "head", "nose", "eyes", "mouth"),
    "text": ("text", "word", "letter"),
}


@dataclass(frozen=True)
class Word:
    """One word of a sentence: where it stands, lower-cased, its lemma and its coarse tag."""

    start: int
    stop: int
    word: str
    lemma: str
    tag: str


Source = Literal["descriptions", "annotations", "both"]


@dataclass(frozen=True)
class Query:
    """Which sentences are looked for: any of `any`, all of `all`, none of `none`.

    Attributes:
        all: each of these must be there; `sign|poster` stands for either.
        lemmas: whether other forms of a word count too.
        methods: descriptions by these methods; all of them when empty.
        subjects: units of these networks; all of them when empty.
        layer: units of this layer, if one is given.
        verdict: units with this verdict on `concept`: "confirmed", "rejected", "unsure"; "none"
            for units without one, "conflict" for those whose reviewers disagree.
        concept: what verdicts are about.
        source: sentences of machines, of people (those that count), or both.
        reviewer: units that this person gave the verdict on, or any verdict.
        meaning: sentences that mean something like this, words or not.
        nearness: how like it they must be, as the cosine of the two sentences' vectors.
        faithful: descriptions with at least this AUPRC by any judge; 0 asks nothing.
    """

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    lemmas: bool = True
    methods: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    layer: str | None = None
    verdict: str | None = None
    concept: str = ""
    source: Source = "descriptions"
    reviewer: str | None = None
    meaning: str = ""
    nearness: float = 0.5
    faithful: float = 0.0


def parse(text: str) -> Query:
    """Read a query as it is typed: words, `+word` for must, `-word` for must not.

    >>> parse("+dog|cat -clock").all
    ('dog|cat',)

    Raises:
        BadInput: it holds no word to look for, or a `|` that joins nothing.
    """
    query = of_keywords(text.replace(",", " ").casefold().split())
    if not query.any and not query.all:
        raise BadInput("Type at least one word to look for, or pick a preset.")
    return query


def of_keywords(keywords: Iterable[str]) -> Query:
    """The query of keywords one by one, which may hold spaces; it asks nothing without any.

    >>> of_keywords(["traffic light", "-clock", " "])
    Query(any=('traffic light',), all=(), none=('clock',), lemmas=True, methods=(), subjects=(), \
layer=None, verdict=None, concept='', source='descriptions', reviewer=None, meaning='', \
nearness=0.5, faithful=0.0)

    Raises:
        BadInput: a `|` without a word on each side, or in a keyword that is no `+word`.
    """
    words = [keyword for keyword in map(str.strip, keywords) if keyword]
    for word in words:
        if "|" in word and (word[0] != "+" or not all(word[1:].split("|"))):
            raise BadInput(
                f"expected a word on each side of | and + before them, as +dog|cat, got {word!r}"
            )
    return Query(
        any=tuple(word for word in words if word[0] not in "+-"),
        all=tuple(word[1:] for word in words if word[0] == "+" and word[1:]),
        none=tuple(word[1:] for word in words if word[0] == "-" and word[1:]),
    )


def stored(values: Mapping[str, Any]) -> Query:
    """The query that was stored as JSON; keys that queries no longer have are passed over."""
    # JSON has no tuples; a query is hashable and has nothing else.
    known: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in values.items()
        if key in Query.__dataclass_fields__
    }
    return Query(**known)


def missing(db: Database) -> list[str]:
    """The stored sentences, of machines and of people, that no pipeline has analysed yet."""
    rows = db.query(
        """
        select text from descriptions where text not in (select text from analysed)
        union
        select text from answers
        where slot is not null and kind = 'text' and not withdrawn
            and text not in (select text from analysed)
        """
    )
    return [row["text"] for row in rows]


def add(db: Database, pipeline: str, sentences: Mapping[str, Sequence[Word]]) -> None:
    """Keep the words of sentences, in place of what another pipeline had said of them."""
    with db.atomic():
        db.conn.executemany("delete from analysed where text = ?", [(text,) for text in sentences])
        db.conn.executemany(
            "insert into analysed (text, pipeline) values (?, ?)",
            [(text, pipeline) for text in sentences],
        )
        db.conn.executemany(
            "insert into words values (?, ?, ?, ?, ?, ?)",
            [
                (text, word.start, word.stop, word.word, word.lemma, word.tag)
                for text, words in sentences.items()
                for word in words
            ],
        )


def of_text(db: Database, text: str) -> list[Word]:
    """The words of one analysed sentence, in order; none when it was not analysed."""
    rows = db.query(
        "select start, stop, word, lemma, tag from words where text = ? order by start", [text]
    )
    return [Word(**row) for row in rows]
