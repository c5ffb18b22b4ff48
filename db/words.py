"""The words of every stored sentence, with lemmas, and the filter that finds units by them.

    words.add(db, "en_core_web_sm 3.8", {"Dog faces": [Word(4, 9, "faces", "face", "NOUN"), …]})
    found = words.find(db, words.parse("face head -clock"), limit=50, offset=0)
    found.units[0].spans                            # what to mark in the text

A word stands for itself and for its lemma, as a whole: `text` finds "texts" and never "texture".
The analysis is somebody else's (a spaCy pipeline); here it is only kept and asked.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class Query:
    """Which sentences are looked for: any of `any`, all of `all`, none of `none`.

    Attributes:
        lemmas: whether other forms of a word count too.
        methods: descriptions by these methods; all of them when empty.
        subjects: units of these networks; all of them when empty.
        layer: units of this layer, if one is given.
        verdict: units whose standing verdict on `concept` this is; "none" for units without one.
        concept: what verdicts are about.
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


@dataclass(frozen=True)
class Match:
    """A described unit that a query found, with the spans of the text that made it match."""

    unit_id: int
    subject: str
    layer: str
    unit: int
    method: str
    text: str
    score: float | None
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Found:
    """A page of matches; `units` in all, of `searched`, and how they spread over the layers.

    `layers` maps a layer to (matching units, units searched), in the order of the network.
    """

    matches: list[Match]
    units: int
    searched: int
    layers: dict[str, tuple[int, int]]


def parse(text: str) -> Query:
    """Read a query as it is typed: words, `+word` for must, `-word` for must not.

    Raises:
        BadInput: it holds no word to look for.
    """
    words = text.replace(",", " ").casefold().split()
    query = Query(
        any=tuple(word for word in words if word[0] not in "+-"),
        all=tuple(word[1:] for word in words if word[0] == "+" and word[1:]),
        none=tuple(word[1:] for word in words if word[0] == "-" and word[1:]),
    )
    if not query.any and not query.all:
        raise BadInput("Type at least one word to look for, or pick a preset.")
    return query


def missing(db: Database) -> list[str]:
    """The stored descriptions that no pipeline has analysed yet."""
    rows = db.query(
        "select distinct text from descriptions where text not in (select text from analysed)"
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


def find(db: Database, query: Query, *, limit: int = 50, offset: int = 0) -> Found:
    """The units that a query finds, by network, layer and index."""
    parameters = _parameters(db, query)
    searched = _per_layer(db, _SCOPE, parameters)
    matching = _per_layer(db, _SCOPE + _MATCHES, parameters)
    rows = db.query(
        f"""
        select unit_id, subject, layer, unit, method, text, score
        from ({_DESCRIBED}) as described
        {_SCOPE + _MATCHES}
        order by subject, exemplar_set_id, unit, description_id
        limit :limit offset :offset
        """,
        {**parameters, "limit": limit, "offset": offset},
    )
    matches = [Match(**row, spans=_spans(db, row["text"], parameters)) for row in rows]
    layers = {layer: (matching.get(layer, 0), count) for layer, count in searched.items()}
    return Found(matches, sum(matching.values()), sum(searched.values()), layers)


def unit_ids(db: Database, query: Query) -> list[int]:
    """All units that a query finds, in the order of `find`."""
    rows = db.query(
        f"""
        select distinct unit_id, subject, exemplar_set_id, unit
        from ({_DESCRIBED}) as described
        {_SCOPE + _MATCHES}
        order by subject, exemplar_set_id, unit
        """,
        _parameters(db, query),
    )
    return [int(row["unit_id"]) for row in rows]


def tags(db: Database, text: str) -> list[Word]:
    """The words of one analysed sentence, in order; none when it was not analysed."""
    rows = db.query(
        "select start, stop, word, lemma, tag from words where text = ? order by start", [text]
    )
    return [Word(**row) for row in rows]


_DESCRIBED = """
    select descriptions.*, subjects.name as subject, layer, unit, exemplar_set_id
    from descriptions
    join units using (unit_id)
    join exemplar_sets using (exemplar_set_id)
    join subjects using (subject_id)
"""
_STANDING = """
    select unit_id, verdict from signoffs
    where concept = :concept and not withdrawn and not exists (
        select 1 from signoffs as later where later.supersedes_id = signoffs.signoff_id
    )
"""
_SCOPE = f"""
    where (:methods = '[]' or method in (select value from json_each(:methods)))
        and (:subjects = '[]' or subject in (select value from json_each(:subjects)))
        and (:layer is null or layer = :layer)
        and (
            :verdict is null
            or (:verdict = 'none' and unit_id not in (select unit_id from ({_STANDING})))
            or unit_id in (select unit_id from ({_STANDING}) where verdict = :verdict)
        )
"""
_TEXTS = """
    select text from words
    where word in (select value from json_each({words}))
        or (:lemmas and lemma in (select value from json_each({words})))
"""
_MATCHES = f"""
        and (:any = '[]' or text in ({_TEXTS.format(words=":any")}))
        and (:none = '[]' or text not in ({_TEXTS.format(words=":none")}))
        and (:all = '[]' or text in (
            select text from (
                select words.text, wanted.key from json_each(:all) as wanted, words
                where word in (select value from json_each(wanted.value))
                union
                select words.text, wanted.key from json_each(:all) as wanted, words
                where :lemmas and lemma in (select value from json_each(wanted.value))
            )
            group by text having count(distinct key) = json_array_length(:all)
        ))
"""


def _parameters(db: Database, query: Query) -> dict[str, Any]:
    return {
        "any": json.dumps(_with_lemmas(db, query.any, query.lemmas)),
        "none": json.dumps(_with_lemmas(db, query.none, query.lemmas)),
        "all": json.dumps([_with_lemmas(db, [word], query.lemmas) for word in query.all]),
        "lemmas": int(query.lemmas),
        "methods": json.dumps(list(query.methods)),
        "subjects": json.dumps(list(query.subjects)),
        "layer": query.layer,
        "verdict": query.verdict,
        "concept": query.concept,
    }


def _with_lemmas(db: Database, words: Sequence[str], lemmas: bool) -> list[str]:
    """The words and, where they occur in a stored sentence as a form, what they are a form of."""
    words = [word.casefold() for word in words]
    if not lemmas:
        return words
    rows = db.query(
        "select distinct lemma from words where word in (select value from json_each(?))",
        [json.dumps(words)],
    )
    return sorted({*words, *(row["lemma"] for row in rows)})


def _per_layer(db: Database, where: str, parameters: Mapping[str, Any]) -> dict[str, int]:
    rows = db.query(
        f"""
        select layer, count(distinct unit_id) as units
        from ({_DESCRIBED}) as described {where}
        group by layer order by min(exemplar_set_id)
        """,
        dict(parameters),
    )
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row["layer"]] += row["units"]
    return dict(counts)


def _spans(db: Database, text: str, parameters: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    wanted = json.loads(parameters["any"])
    wanted += [word for words in json.loads(parameters["all"]) for word in words]
    rows = db.query(
        """
        select start, stop from words
        where text = :text and (
            word in (select value from json_each(:words))
            or (:lemmas and lemma in (select value from json_each(:words)))
        )
        order by start
        """,
        {"text": text, "words": json.dumps(wanted), "lemmas": parameters["lemmas"]},
    )
    return tuple((int(row["start"]), int(row["stop"])) for row in rows)
