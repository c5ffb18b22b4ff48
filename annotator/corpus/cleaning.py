"""Cleaning: from the sentence as typed to the sentence as trained on, by rules that can be read.

    clean("These are images of dogs.", DEFAULT)         # "dogs"
    for change in preview(sentences, rules): ...         # raw and cleaned side by side
    version, rules = in_force(db)                        # (0, DEFAULT) until an admin stores others

In the manner of the published cleaning (boilerplate at either end, joined and misspelt words,
replacements for single annotators), with rules of our own. Rules are data: versions of them are
kept by `db.annotate.cleanings`, raw text is never touched, and going back is a matter of the
version. A rule never empties a sentence: what would leave nothing is not applied.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from sqlite_utils import Database

from db import reading
from db.access import users
from db.annotate import cleanings
from db.errors import BadInput

Kind = Literal["prefix", "suffix", "replace", "spelling"]


@dataclass(frozen=True)
class Rule:
    """One step.

    Attributes:
        kind: `prefix` and `suffix` take `words` away at that end (again and again), `replace` puts
            `by` in its place anywhere, each at word boundaries and without regard to case;
            `spelling` puts in the one suggestion of the spelling list and needs no words.
        annotator: whose sentences it is for, by the name of the account; None for everybody's.
    """

    kind: Kind
    words: str = ""
    by: str = ""
    annotator: str | None = None


@dataclass(frozen=True)
class Change:
    """A sentence that the rules change."""

    annotator: str
    raw: str
    cleaned: str


_PREFIXES = (
    "the highlighted regions show",
    "the highlighted regions are",
    "the highlighted areas are",
    "the highlighted parts are",
    "the images show",
    "the regions show",
    "the pictures show",
    "these images show",
    "all of these are",
    "all of these images show",
    "they are all",
    "these are all",
    "these are",
    "they are",
    "this is",
    "there are",
    "there is",
    "i can see",
    "i see",
    "it is",
    "images of",
    "pictures of",
    "photos of",
    "close ups of",
    "regions of",
)
_SUFFIXES = (
    "are highlighted",
    "is highlighted",
    "in the highlighted regions",
    "in the highlighted areas",
    "in the images",
    "in these images",
    "in the pictures",
    "in each image",
)
_JOINED = {"alot of": "a lot of", "aswell": "as well", "infront": "in front", "atleast": "at least"}

# Without `spelling`: its list lacks names of breeds, plants and brands, so an admin adds a line
# `spelling` after a look at the preview.
DEFAULT: tuple[Rule, ...] = (
    *(Rule("prefix", words) for words in _PREFIXES),
    *(Rule("suffix", words) for words in _SUFFIXES),
    *(Rule("replace", wrong, right) for wrong, right in _JOINED.items()),
)

_LINE = re.compile(
    r'(?:@(?:"(?P<quoted>[^"]+)"|(?P<name>[^\s"]+))\s+)?'
    r"(?P<kind>prefix|suffix|replace|spelling)(?::\s*(?P<words>.*))?"
)


def normalise(text: str) -> str:
    """Lower case, single spaces, no punctuation at the ends: for comparing sentences.

    >>> normalise("  Many  Objects. ")
    'many objects'
    """
    return " ".join(text.casefold().split()).strip(" .,;:!?-\"'")


def clean(
    text: str,
    rules: Sequence[Rule] = DEFAULT,
    *,
    annotator: str | None = None,
    spelling: Callable[[str], Mapping[str, str]] | None = None,
) -> str:
    """The sentence after all rules for `annotator`; spaces single, no full stop at its end.

    >>> clean("These are images of  alot of dogs.")
    'a lot of dogs'
    >>> clean("There is")
    'There is'
    """
    result = _tidy(text) or text.strip()
    ends = [rule for rule in rules if rule.kind in ("prefix", "suffix") and _for(rule, annotator)]
    changed = True
    while changed:
        changed = False
        for rule in ends:
            shorter = _tidy(_end_pattern(rule).sub("", result, count=1))
            if shorter and shorter != result:
                result, changed = shorter, True
    for rule in rules:
        if not _for(rule, annotator) or rule.kind in ("prefix", "suffix"):
            continue
        if rule.kind == "replace":
            pattern = re.compile(rf"(?<!\w){re.escape(rule.words)}(?!\w)", re.IGNORECASE)
            result = _tidy(pattern.sub(lambda _, by=rule.by: by, result)) or result  # type: ignore[misc]
        elif spelling is not None:
            for wrong, right in spelling(result).items():
                result = re.sub(rf"\b{wrong}\b", right, result, flags=re.IGNORECASE)
    return result


def preview(
    sentences: Iterable[tuple[str, str]],
    rules: Sequence[Rule],
    *,
    spelling: Callable[[str], Mapping[str, str]] | None = None,
) -> list[Change]:
    """What the rules would change: (annotator, text) in, raw and cleaned out."""
    changes = []
    for annotator, raw in sentences:
        cleaned = clean(raw, rules, annotator=annotator, spelling=spelling)
        if cleaned != raw:
            changes.append(Change(annotator, raw, cleaned))
    return changes


def in_force(db: Database) -> tuple[int, tuple[Rule, ...]]:
    """The newest version and its rules; version 0 are the built-in ones."""
    versions = cleanings.every(db)
    if not versions:
        return 0, DEFAULT
    return versions[0].version, from_json(versions[0].rules_json)


def of_version(db: Database, version: int) -> tuple[Rule, ...]:
    """The rules of one version; 0 are the built-in ones.

    Raises:
        NotFound: there is no such version.
    """
    return from_json(cleanings.get(db, version).rules_json) if version else DEFAULT


def as_json(rules: Sequence[Rule]) -> str:
    """Rules as text, for keeping."""
    return json.dumps([asdict(rule) for rule in rules], ensure_ascii=False)


def from_json(text: str) -> tuple[Rule, ...]:
    """The rules that `as_json` wrote.

    Raises:
        BadInput: it is no list of rules.
    """
    rules: tuple[Rule, ...] = reading.of_json(text, tuple[Rule, ...], "cleaning rules", "a list")
    _check(rules)
    return rules


def parse(lines: str) -> tuple[Rule, ...]:
    """Rules as an admin writes them, one a line: `prefix: these are`, `replace: alot -> a lot`,
    `spelling`, each for one person with `@name` before it, or `@"name with spaces"`.

    >>> parse("@bo prefix: space around")
    (Rule(kind='prefix', words='space around', by='', annotator='bo'),)

    Raises:
        BadInput: a line is none of these.
    """
    rules = []
    for number, line in enumerate(lines.splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise BadInput(
                f"expected `prefix: words` or `replace: a -> b` in line {number}: {text}"
            )
        words, _, by = (match["words"] or "").partition("->")
        named = match["quoted"] or match["name"]
        who = None if named is None else users.normalise(named)
        rules.append(Rule(match["kind"], words.strip(), by.strip(), who))  # type: ignore[arg-type]
    _check(rules)
    return tuple(rules)


def as_lines(rules: Sequence[Rule]) -> str:
    """The rules as `parse` reads them."""
    lines = []
    for rule in rules:
        who = f"@{_quoted(rule.annotator)} " if rule.annotator else ""
        arrow = f" -> {rule.by}" if rule.kind == "replace" else ""
        lines.append(f"{who}{rule.kind}" + (f": {rule.words}{arrow}" if rule.words else ""))
    return "\n".join(lines)


def _quoted(name: str) -> str:
    return f'"{name}"' if re.search(r"\s", name) else name


def _check(rules: Sequence[Rule]) -> None:
    for rule in rules:
        if rule.kind not in get_args(Kind) or (rule.kind != "spelling" and not rule.words.strip()):
            raise BadInput(
                f"expected a rule of kind {', '.join(get_args(Kind))} with words, got {rule}"
            )


def _for(rule: Rule, annotator: str | None) -> bool:
    return rule.annotator is None or rule.annotator == annotator


def _end_pattern(rule: Rule) -> re.Pattern[str]:
    words = re.escape(rule.words)
    pattern = rf"^{words}(?!\w)" if rule.kind == "prefix" else rf"(?<!\w){words}$"
    return re.compile(pattern, re.IGNORECASE)


def _tidy(text: str) -> str:
    return " ".join(text.split()).strip(" .,;:")
