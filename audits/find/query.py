"""A reviewer's work as values: the query, the sign-off, and the units that stand confirmed.

query = query_of(Fields("head nose", "face"), presets.every(db))
sign_off(db, match, query, person="ada", verdict="confirmed")
confirmed(db, "resnet18", query.concept)           # what may be ablated: see `audits.ablation.plan`
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from sqlite_utils import Database

from audits.find.words import check
from audits.network import labels
from db.audit import decisions, signoffs
from db.audit.finding import Match
from db.audit.words import Query, Source, parse
from db.describe import exemplars, subjects
from db.errors import BadInput
from describer.subjects import definition as files


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
    check(words.replace(",", " ").split())
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


def likely(names: Sequence[str], purpose: str, subject: str = "") -> str | None:
    """The image folder that is probably meant for a purpose: the one that is called most like it.

    >>> likely(["cats-test", "dogs-test", "dogs-validation"], "validation", "dogs-blurred")
    'dogs-validation'
    """

    def alike(name: str) -> tuple[bool, int]:
        parts = {*re.split(r"\W+", name.casefold())}
        return (
            any(part.startswith(purpose[:3]) for part in parts),
            len(parts & {*re.split(r"\W+", subject.casefold())}),
        )

    return max(names, key=alike, default=None)


def likely_images(db: Database, subject: str, purpose: str) -> str | None:
    """The labelled image folder that is probably meant for a network and a purpose.

    Folders whose classes the network has go before all others, whatever they are called.
    """
    labelled = [each for each in subjects.every_probing_set(db) if each.classes]
    known: set[str] = set()
    for row in subjects.every(db):
        # Imported sentences may name a network of which there is no file.
        if row.name == subject and row.source.is_file():
            known = {*labels.distinct(files.read(row.source).classes)}
    fitting = [each for each in labelled if known.issuperset(each.classes)]
    return likely([each.name for each in fitting or labelled], purpose, subject)


def sign_off(
    db: Database,
    match: Match,
    query: Query,
    *,
    person: str,
    verdict: signoffs.Verdict,
    tag: str = "",
    note: str = "",
) -> int:
    """Store a verdict together with what was seen when it was given; returns its id.

    A person's sentence may be withdrawn later, so its number and hash are frozen, not its text.
    """
    answer = f"a person's sentence, answer {match.sentence_id}"
    seen = {
        "exemplars": exemplars.unit(db, match.unit_id).hash,
        "method": match.method,
        "description": answer if match.written else match.text,
        "sha256": hashlib.sha256(match.text.encode()).hexdigest(),
        "filter": asdict(query),
        "reviewers": decisions.needed(db),
    }
    return signoffs.add(
        db,
        match.unit_id,
        person=person,
        verdict=verdict,
        concept=query.concept,
        seen=seen,
        tag=tag,
        note=note,
    )


def confirmed(db: Database, subject: str, concept: str) -> list[exemplars.Unit]:
    """The units of a network that its reviewers' verdicts confirm for a concept."""
    units = [exemplars.unit(db, unit_id) for unit_id in decisions.confirmed(db, concept)]
    return [unit for unit in units if unit.subject == subject]


def most_confirmed(db: Database, concept: str) -> str | None:
    """The network that the most units are confirmed of for a concept; None when there is none."""
    units = [exemplars.unit(db, unit_id) for unit_id in decisions.confirmed(db, concept)]
    counts = Counter(name for name, *_ in {(each.subject, each.layer, each.unit) for each in units})
    return max(sorted(counts), key=lambda name: counts[name], default=None)
