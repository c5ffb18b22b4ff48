"""A reviewer's work as values: the query, the sign-off, and the units that stand confirmed.

query = query_of(Fields("head nose", "face"), presets.every(db))
sign_off(db, match, query, person="ada", verdict="confirmed")
confirmed(db, "resnet18", query.concept)           # what may be ablated: see `audits.ablation.plan`
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from db.audit.words import Query, Source, parse
from db.errors import BadInput


@dataclass(frozen=True)
class Fields:
    """What the tab's fields say; empty ones ask nothing."""

    typed: str = ""
    preset: str = ""
    lemmas: bool = True
    source: Source = "descriptions"
    subjects: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    layer: str = ""
    verdict: str = ""
    reviewer: str = ""
    meaning: str = ""
    nearness: float = 0.5
    faithful: float = 0.0


def query_of(fields: Fields, presets: Mapping[str, Sequence[str]]) -> Query:
    """Read the fields; the preset's words join the typed ones.

    >>> query_of(Fields("-clock", "face"), {"face": ("face", "head")}).concept
    'face -clock'

    Raises:
        BadInput: there is nothing to look for, no such preset, or a `|` that joins nothing.
    """
    if fields.preset and fields.preset not in presets:
        raise BadInput(f"expected a preset among {', '.join(presets)}, got {fields.preset!r}")
    meaning = " ".join(fields.meaning.split())
    listed = tuple(presets.get(fields.preset, ()))
    words = " ".join([*listed, fields.typed]).strip()
    query = Query() if meaning and not words else parse(words)
    query = replace(query, meaning=meaning)
    return replace(
        query,
        lemmas=fields.lemmas,
        source=fields.source,
        subjects=fields.subjects,
        methods=fields.methods,
        layer=fields.layer or None,
        verdict=fields.verdict or None,
        reviewer=fields.reviewer or None,
        concept=_concept(query, fields.preset, listed),
        nearness=fields.nearness,
        faithful=fields.faithful,
    )


def fields_of(query: Query, presets: Mapping[str, Sequence[str]]) -> Fields:
    """The fields that a query was read from.

    >>> lists, fields = {"text": ("text", "word")}, Fields("sign -clock", "text")
    >>> fields_of(query_of(fields, lists), lists) == fields
    True
    >>> fields_of(query_of(Fields("text word"), lists), lists).preset
    ''
    """
    for preset, words in presets.items():
        listed = query.any[: len(words)] == tuple(words)
        # Typed words may begin like a preset; what verdicts are about must not change by that.
        if listed and query.concept == _concept(query, preset, tuple(words)):
            break
    else:
        preset, words = "", ()
    return Fields(
        " ".join(_typed(query, tuple(words))),
        preset,
        lemmas=query.lemmas,
        source=query.source,
        subjects=query.subjects,
        methods=query.methods,
        layer=query.layer or "",
        verdict=query.verdict or "",
        reviewer=query.reviewer or "",
        meaning=query.meaning,
        nearness=query.nearness,
        faithful=query.faithful,
    )


def _concept(query: Query, preset: str, listed: tuple[str, ...]) -> str:
    """What verdicts are about, in words."""
    like = f"like “{query.meaning}”" if query.meaning else ""
    return " ".join(filter(None, [preset, *_typed(query, listed), like]))


def _typed(query: Query, listed: tuple[str, ...]) -> list[str]:
    """The words of a query as they are typed, without those of a preset."""
    musts, nots = (f"+{word}" for word in query.all), (f"-{word}" for word in query.none)
    return [*query.any[len(listed) :], *musts, *nots]
