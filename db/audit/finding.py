"""Finds units by the sentences about them, a page at a time, in SQL.

    found = finding.find(db, words.parse("face head -clock"), limit=50, offset=0)
    found.matches[0].spans                          # what to mark in the text

Every function asks the same few questions however many units there are. With `viewer` nothing
shows that this reviewer may not know yet: others' verdicts count once all have answered.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlite_utils import Database

from db.audit import meanings
from db.audit.words import Query
from db.describe.descriptions import TRUSTED

PEOPLE, SIMULATED = "people", "simulated"


@dataclass(frozen=True)
class Match:
    """A unit that a query found, with the spans of the text that made it match.

    Attributes:
        method: what described it; "people" for a person's sentence, "simulated" for a simulated
            annotator's.
        sentence_id: of the description, or of the person's answer.
    """

    unit_id: int
    subject: str
    layer: str
    unit: int
    method: str
    sentence_id: int
    text: str
    score: float | None
    spans: tuple[tuple[int, int], ...]

    @property
    def written(self) -> bool:
        """Whether an annotator's answer was found, not a machine's description."""
        return self.method in (PEOPLE, SIMULATED)


@dataclass(frozen=True)
class Found:
    """A page of matches; `units` in all, of `searched` that have a sentence, and how they spread.

    `layers` maps a layer to (matching units, all units of the layer), in the order of the network;
    the network's name stands before the layer's where there are several.
    """

    matches: list[Match]
    units: int
    searched: int
    layers: dict[str, tuple[int, int]]


def find(
    db: Database,
    query: Query,
    *,
    limit: int = 50,
    offset: int = 0,
    viewer: str | None = None,
    waiting_for: str | None = None,
) -> Found:
    """The units that a query finds, by network, layer and index; one matching sentence of each.

    Args:
        viewer: only what this reviewer may know of others' verdicts is used.
        waiting_for: only units that still need this person's verdict on the query's concept.

    Raises:
        BadInput: the query asks for a meaning that was never turned into a vector.
    """
    parameters = _parameters(db, query, viewer, waiting_for)
    hits = _hits(db, query, parameters)
    searched, counted = _per_layer(db, parameters, Counter(hit.exemplar_set_id for hit in hits))
    page = hits[offset : offset + limit]
    places = ", ".join(str(hit.place) for hit in page)
    rows = {
        row.pop("place"): row
        for row in db.query(
            f"""
            select unit_id, subject, layer, unit, method, sentence_id, text, score, place
            from ({_SENTENCES.format(matches="true")}) as sentences where place in ({places})
            """,
            {"source": query.source},
        )
    }
    spans = _spans(db, [row["text"] for row in rows.values()], query, parameters)
    matches = [Match(**row, spans=tuple(spans[row["text"]])) for row in _at(rows, page)]
    return Found(matches, len(hits), searched, counted)


def unit_ids(
    db: Database, query: Query, *, viewer: str | None = None, waiting_for: str | None = None
) -> list[int]:
    """All units that a query finds, in the order of `find`."""
    hits = _hits(db, query, _parameters(db, query, viewer, waiting_for))
    return [hit.unit_id for hit in hits]


def layers(db: Database) -> list[str]:
    """The layers that exemplars were computed of, in the order they were."""
    rows = db.query("select layer from exemplar_sets group by layer order by min(exemplar_set_id)")
    return [row["layer"] for row in rows]


# What is asked of the text stands inside, where an index can answer it.
_SENTENCES = f"""
    select sentence.*, subjects.name as subject, layer, unit, exemplar_set_id
    from (
        select unit_id, method, description_id as sentence_id, text, score,
            description_id as place
        from descriptions where :source <> 'annotations' and {{matches}}
        union all
        select answers.unit_id,
            case users.kind when 'simulated' then '{SIMULATED}' else '{PEOPLE}' end,
            annotation_id, text, null, 1000000000000 + annotation_id
        from answers join campaigns using (campaign_id) join users on users.name = annotator
        where :source <> 'descriptions' and slot is not null and answers.kind = 'text'
            and not withdrawn and status in ('waiting', 'approved')
            and campaigns.kind = 'describe' and {{matches}}
    ) as sentence
    join units using (unit_id)
    join exemplar_sets using (exemplar_set_id)
    join subjects using (subject_id)
"""
# Others' verdicts are blind to a viewer until a unit has as many as it needs.
_VISIBLE = """
    select unit_id from standing_signoffs as given
    where concept = :concept
        and (:reviewer is null or person = :reviewer)
        and (:viewer is null or person = :viewer or exists (
            select 1 from decisions
            where decisions.unit_id = given.unit_id and decisions.concept = given.concept
                and decision <> 'waiting'
        ))
"""
_SCOPE = f"""
        (:methods = '[]' or method in ('{PEOPLE}', '{SIMULATED}')
            or method in (select value from json_each(:methods))
            or ('{TRUSTED}' in (select value from json_each(:methods)) and sentence_id in (
                select description_id from trusted
            )))
        and (:subjects = '[]' or subject in (select value from json_each(:subjects)))
        and (:layer is null or layer = :layer)
"""
_FACETS = f"""
        (:faithful = 0 or (method not in ('{PEOPLE}', '{SIMULATED}') and sentence_id in (
            select description_id from faithfulness where auprc >= :faithful
        )))
        and (:reviewer is null or unit_id in ({_VISIBLE}))
        and (
            :verdict is null
            or (:verdict = 'none' and unit_id not in ({_VISIBLE}))
            or (:verdict = 'conflict' and unit_id in (
                select unit_id from decisions
                where concept = :concept and decision = 'conflict'
            ))
            or unit_id in ({_VISIBLE} and verdict = :verdict)
        )
        and (
            :waiting_for is null
            or (
                unit_id not in (
                    select unit_id from standing_signoffs
                    where concept = :concept and person = :waiting_for
                )
                and unit_id not in (
                    select unit_id from decisions
                    where concept = :concept and decision not in ('waiting', 'conflict')
                )
            )
        )
"""
# A sentence that holds one of some words also holds a lemma of theirs, and `_with_lemmas` names
# these: so one column is enough, of words or of lemmas, and its index gives the sentences.
_TEXTS = "select text from words where {column} in (select value from json_each({words}))"
_ALL = """
    select text from (
        select distinct words.text, wanted.key from json_each(:all) as wanted, words
        where {column} in (select value from json_each(wanted.value))
    )
    group by text having count(*) = json_array_length(:all)
"""


class _Hit(NamedTuple):
    """A unit that was found, and the place of its first sentence that matches."""

    exemplar_set_id: int
    unit: int
    unit_id: int
    place: int


def _hits(db: Database, query: Query, parameters: Mapping[str, Any]) -> list[_Hit]:
    """The units that a query finds, by network, layer and index."""
    order = {
        row["exemplar_set_id"]: place
        for place, row in enumerate(
            db.query(
                "select exemplar_set_id from exemplar_sets join subjects using (subject_id) "
                "order by name, exemplar_set_id"
            )
        )
    }
    rows = db.execute(
        f"""
        select exemplar_set_id, unit, unit_id, min(place)
        from ({_SENTENCES.format(matches=_matches(query))}) as sentences
        where {_SCOPE} and {_FACETS}
        group by unit_id
        """,
        dict(parameters),
    )
    hits = [_Hit(*row) for row in rows]
    hits.sort(key=lambda hit: (order[hit.exemplar_set_id], hit.unit))
    return hits


def _at(rows: Mapping[int, dict[str, Any]], page: Sequence[_Hit]) -> list[dict[str, Any]]:
    """The rows of a page's sentences, in its order; one that has gone meanwhile is left out."""
    return [rows[hit.place] for hit in page if hit.place in rows]


def _matches(query: Query) -> str:
    """What a query asks of the text, in SQL."""
    texts = _TEXTS.format(column=_column(query), words="{words}")
    asked = [
        (query.any, f"text in ({texts.format(words=':any')})"),
        (query.all, f"text in ({_ALL.format(column=_column(query))})"),
        (query.none, f"text not in ({texts.format(words=':none')})"),
        (query.meaning, "text in (select value from json_each(:meant))"),
    ]
    return " and ".join(condition for wanted, condition in asked if wanted) or "true"


def _column(query: Query) -> str:
    return "lemma" if query.lemmas else "word"


def _parameters(
    db: Database, query: Query, viewer: str | None, waiting_for: str | None
) -> dict[str, Any]:
    meant = meanings.near(db, query.meaning, query.nearness) if query.meaning else None
    musts = [_with_lemmas(db, word.strip("|").split("|"), query.lemmas) for word in query.all]
    return {
        "any": json.dumps(_with_lemmas(db, query.any, query.lemmas)),
        "none": json.dumps(_with_lemmas(db, query.none, query.lemmas)),
        "all": json.dumps(musts),
        "methods": json.dumps(list(query.methods)),
        "subjects": json.dumps(list(query.subjects)),
        "layer": query.layer,
        "faithful": query.faithful,
        "verdict": query.verdict,
        "concept": query.concept,
        "source": query.source,
        "reviewer": query.reviewer,
        "meant": None if meant is None else json.dumps(meant),
        "viewer": viewer,
        "waiting_for": waiting_for,
    }


def _with_lemmas(db: Database, words: Sequence[str], lemmas: bool) -> list[str]:
    """The words and, where they occur in a stored sentence as a form, what they are a form of."""
    words = [word.casefold() for word in words]
    if not lemmas or not words:
        return words
    rows = db.query(
        "select distinct lemma from words where word in (select value from json_each(?))",
        [json.dumps(words)],
    )
    return sorted({*words, *(row["lemma"] for row in rows)})


def _per_layer(
    db: Database, parameters: Mapping[str, Any], hits: Mapping[int, int]
) -> tuple[int, dict[str, tuple[int, int]]]:
    """How many units have a sentence to search; and by layer the matching ones and the size.

    hits: matching units of each set of exemplars.
    """
    rows = list(
        db.query(
            f"""
            with counted as (
                select exemplar_set_id, count(distinct unit_id) as searched
                from ({_SENTENCES.format(matches="true")}) as sentences where {_SCOPE}
                group by exemplar_set_id
            ), found as (
                select cast(key as integer) as exemplar_set_id, value as hits from json_each(:hits)
            )
            select subjects.name as subject, layer, sum(units) as units,
                sum(coalesce(searched, 0)) as searched, sum(coalesce(hits, 0)) as hits
            from exemplar_sets join subjects using (subject_id)
            left join counted using (exemplar_set_id)
            left join found using (exemplar_set_id)
            where (:subjects = '[]' or name in (select value from json_each(:subjects)))
                and (:layer is null or layer = :layer)
            group by subject, layer order by min(exemplar_set_id)
            """,
            {**parameters, "hits": json.dumps(hits)},
        )
    )
    several = len({row["subject"] for row in rows}) > 1
    return sum(row["searched"] for row in rows), {
        f"{row['subject']} · {row['layer']}" if several else row["layer"]: (
            int(row["hits"]),
            int(row["units"]),
        )
        for row in rows
    }


def _spans(
    db: Database, texts: Sequence[str], query: Query, parameters: Mapping[str, Any]
) -> dict[str, list[tuple[int, int]]]:
    wanted = json.loads(parameters["any"])
    wanted += [word for words in json.loads(parameters["all"]) for word in words]
    rows = db.query(
        f"""
        select text, start, stop from words
        where text in (select value from json_each(:texts))
            and {_column(query)} in (select value from json_each(:words))
        order by text, start
        """,
        {"texts": json.dumps(texts), "words": json.dumps(wanted)},
    )
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        spans[row["text"]].append((int(row["start"]), int(row["stop"])))
    return spans
