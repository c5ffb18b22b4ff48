"""Quality flags over the answers of a campaign: signals for a reviewer, never a silent drop.

    found = flag(answers, gold={unit_id: ("dog",)})
    found[annotation_id]["too fast"]     # "1.2 s for 9 words"
    renew(db, campaign_id)               # store them anew, if something came since

    too fast          less time than reading and typing take
    pasted            most of the sentence came from the clipboard (length and time are known)
    boilerplate       the same words stand in a large part of the person's answers
    repeated          nearly the same sentence for many different units
    generic           it would fit any unit
    unknown words     no word of it is in the word list
    unlike the others shares no word with the other people's sentences, which agree
    failed check      a unit with known words, and none of them in the answer
    changed mind      a hidden repeat answered quite differently

Plain functions of answers, but for `refresh`, `renew` and `people`, which read and store.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from annotator.corpus import spelling
from annotator.corpus.cleaning import normalise
from annotator.texts import words
from annotator.work import hints
from db.annotate import annotations, campaigns, flags
from db.annotate.annotations import Annotation
from db.crowd import standings

Flags = dict[int, dict[str, str]]


@dataclass(frozen=True)
class Thresholds:
    """When something is odd enough to be shown.

    Attributes:
        base_seconds, seconds_a_word: the least time an honest answer takes, for looking at 15
            pictures and for typing (150 words a minute).
        pasted_characters, pasted_share: what counts as a pasted sentence.
        boilerplate_share, boilerplate_answers: an n-gram of 2 or more words in that share of a
            person's answers, and at least in so many.
        repeated_share: near-duplicates among a person's answers.
        similar: rapidfuzz ratio (0 to 100) from which sentences are near-duplicates.
    """

    base_seconds: float = 2.0
    seconds_a_word: float = 0.4
    pasted_characters: int = 20
    pasted_share: float = 0.5
    boilerplate_share: float = 0.25
    boilerplate_answers: int = 5
    repeated_share: float = 0.2
    repeated_answers: int = 4
    similar: float = 90.0
    agreeing: float = 60.0
    consistent: float = 40.0


@dataclass(frozen=True)
class Habits:
    """What one person's answers look like together."""

    annotator: str
    answers: int
    median_seconds: float | None
    boilerplate: tuple[tuple[str, int], ...]
    no_pattern_share: float
    generic_share: float
    flagged: int
    checks: int
    failed: int


def flag(
    answers: Sequence[Annotation],
    *,
    gold: Mapping[int, Sequence[str]] | None = None,
    thresholds: Thresholds | None = None,
    english: bool = True,
) -> Flags:
    """All flags of a campaign's answers, by answer.

    Args:
        answers: every answer of the campaign; withdrawn ones are left out.
        gold: unit to the words of which its answer must hold one.
        english: whether the sentences are; words are known of English alone.
    """
    limits = thresholds or Thresholds()
    usable = [answer for answer in answers if not answer.withdrawn]
    found: Flags = defaultdict(dict)
    for answer in usable:
        for kind, detail in _alone(answer, gold or {}, limits).items():
            if kind == "unknown words" and not english:
                continue
            found[answer.annotation_id][kind] = detail
    by_person: dict[str, list[Annotation]] = defaultdict(list)
    by_unit: dict[int, list[Annotation]] = defaultdict(list)
    for answer in usable:
        if answer.kind == "text":
            by_person[answer.annotator].append(answer)
            by_unit[answer.unit_id].append(answer)
    for own in by_person.values():
        _boilerplate(own, found, limits)
        _near_duplicates(own, found, limits)
        _inconsistent(own, found, limits)
    for together in by_unit.values():
        _outliers([answer for answer in together if answer.purpose == "collect"], found, limits)
    return dict(found)


def boilerplate(
    texts: Sequence[str], *, share: float = 0.25, least: int = 5
) -> list[tuple[str, int]]:
    """Word sequences that stand in a large part of the texts, longest first, with their counts.

    A sequence inside a longer one with the same count is left out, and so is one that holds no
    word of three letters.

    >>> boilerplate(["space around a dog", "space around cars"], share=0.5, least=2)
    [('space around', 2)]
    """
    counts: Counter[str] = Counter()
    for text in texts:
        words = re.findall(r"[\w'-]+", text.casefold())
        counts.update(
            {
                " ".join(words[start : start + length])
                for length in range(2, 6)
                for start in range(len(words) - length + 1)
            }
        )
    wanted = max(least, share * len(texts))
    common = [
        (gram, count)
        for gram, count in counts.items()
        if count >= wanted and any(len(word) >= 3 for word in gram.split())
    ]
    common.sort(key=lambda pair: (-len(pair[0].split()), -pair[1], pair[0]))
    kept: list[tuple[str, int]] = []
    for gram, count in common:
        if not any(f" {gram} " in f" {longer} " and count == more for longer, more in kept):
            kept.append((gram, count))
    return kept


def habits(answers: Sequence[Annotation], found: Flags) -> list[Habits]:
    """One line for every person, those with most flags first."""
    by_person: dict[str, list[Annotation]] = defaultdict(list)
    for answer in answers:
        if not answer.withdrawn:
            by_person[answer.annotator].append(answer)
    lines = []
    for person, own in by_person.items():
        texts = [answer.text for answer in own if answer.kind == "text"]
        seconds = sorted(answer.seconds for answer in own if answer.seconds is not None)
        lines.append(
            Habits(
                annotator=person,
                answers=len(own),
                median_seconds=seconds[len(seconds) // 2] if seconds else None,
                boilerplate=tuple(boilerplate(texts)[:3]),
                no_pattern_share=1 - len(texts) / len(own),
                generic_share=sum(hints.is_generic(text) for text in texts) / len(own),
                flagged=sum(answer.annotation_id in found for answer in own),
                checks=sum(answer.purpose == "gold" for answer in own),
                failed=sum("failed check" in found.get(answer.annotation_id, {}) for answer in own),
            )
        )
    return sorted(lines, key=lambda line: (-line.flagged / line.answers, line.annotator))


def refresh(db: Database, campaign_id: int) -> int:
    """Work out and store all flags of a campaign. Returns how many answers have one."""
    state = flags.state(db, campaign_id)
    answers = annotations.of_campaign(db, campaign_id)
    english = words.of_campaign(db, campaign_id).english
    found = flag(answers, gold=campaigns.gold_words(db, campaign_id), english=english)
    flags.replace(db, campaign_id, found, state=state)
    return len(found)


def renew(db: Database, campaign_id: int) -> None:
    """Let the stored flags be those of the answers that there are now."""
    if not flags.current(db, campaign_id):
        refresh(db, campaign_id)


def people(db: Database, campaign_id: int) -> list[Habits]:
    """What every person's answers look like together, by the flags that are stored."""
    answers = annotations.of_campaign(db, campaign_id)
    return habits(answers, flags.of_campaign(db, campaign_id))


def _alone(
    answer: Annotation, gold: Mapping[int, Sequence[str]], limits: Thresholds
) -> dict[str, str]:
    """Flags that the answer shows by itself."""
    words = len(answer.text.split())
    odd: dict[str, str] = {}
    least = limits.base_seconds + limits.seconds_a_word * words
    if answer.seconds is not None and answer.seconds < least:
        odd["too fast"] = f"{answer.seconds:.1f} s for {words} words"
    if answer.pasted_characters >= max(
        limits.pasted_characters, limits.pasted_share * len(answer.text)
    ):
        odd["pasted"] = f"{answer.pasted_characters} of {len(answer.text)} characters were pasted"
        if answer.pasted_after_ms is not None:
            odd["pasted"] += f", {answer.pasted_after_ms / 1000:.0f} s after opening"
    if answer.kind == "text" and hints.is_generic(answer.text):
        odd["generic"] = "would fit any unit"
    if answer.kind == "text" and spelling.unknown(answer.text):
        odd["unknown words"] = "no word of it is in the word list"
    if answer.purpose == "gold":
        wanted = gold.get(answer.unit_id, ())
        if not standings.holds(answer.text, wanted):
            odd["failed check"] = f"expected one of: {', '.join(wanted)}"
    return odd


def _boilerplate(own: list[Annotation], found: Flags, limits: Thresholds) -> None:
    common = boilerplate(
        [answer.text for answer in own],
        share=limits.boilerplate_share,
        least=limits.boilerplate_answers,
    )
    for answer in own:
        plain = " ".join(re.findall(r"[\w'-]+", answer.text.casefold()))
        for gram, count in common:
            if f" {gram} " in f" {plain} ":
                found[answer.annotation_id]["boilerplate"] = (
                    f"“{gram}” stands in {count} of this person's {len(own)} answers"
                )
                break


def _near_duplicates(own: list[Annotation], found: Flags, limits: Thresholds) -> None:
    from rapidfuzz import fuzz, process

    collected = [answer for answer in own if answer.purpose == "collect"]
    texts = [normalise(answer.text) for answer in collected]
    if len(texts) < limits.repeated_answers:
        return
    distinct = sorted(set(texts))
    copies = Counter(texts)
    wanted = max(limits.repeated_answers, limits.repeated_share * len(texts))
    # in blocks, so that a person with thousands of different sentences needs little memory
    alike: dict[str, int] = {}
    for start in range(0, len(distinct), 256):
        block = distinct[start : start + 256]
        scores = process.cdist(block, distinct, scorer=fuzz.ratio, score_cutoff=limits.similar)
        for text, row in zip(block, scores, strict=True):
            alike[text] = sum(copies[distinct[index]] for index in row.nonzero()[0])
    for answer, text in zip(collected, texts, strict=True):
        if alike[text] >= wanted:
            found[answer.annotation_id]["repeated"] = (
                f"{alike[text]} of this person's {len(texts)} answers, hidden checks aside, are "
                "nearly the same"
            )


def _inconsistent(own: list[Annotation], found: Flags, limits: Thresholds) -> None:
    from rapidfuzz import fuzz

    first = {answer.unit_id: answer for answer in own if answer.purpose == "collect"}
    for again in own:
        before = first.get(again.unit_id)
        if again.purpose != "repeat" or before is None:
            continue
        score = fuzz.token_set_ratio(before.text.casefold(), again.text.casefold())
        if score < limits.consistent:
            detail = f"said “{before.text}” before and “{again.text}” the second time"
            found[before.annotation_id]["changed mind"] = detail
            found[again.annotation_id]["changed mind"] = detail


def _outliers(together: list[Annotation], found: Flags, limits: Thresholds) -> None:
    from rapidfuzz import fuzz

    if len(together) < 3:
        return
    for index, answer in enumerate(together):
        others = together[:index] + together[index + 1 :]
        others_agree = min(
            fuzz.token_set_ratio(one.text.casefold(), two.text.casefold())
            for one in others
            for two in others
        )
        own_words = _content(answer.text)
        if others_agree >= limits.agreeing and not any(
            own_words & _content(other.text) for other in others
        ):
            found[answer.annotation_id]["unlike the others"] = (
                "shares no word with the other sentences, which are alike"
            )


def _content(text: str) -> set[str]:
    """The stems of longer words, crudely, for asking whether two sentences share anything."""
    return {word[:5] for word in re.findall(r"[a-z]{3,}", text.casefold())} - {
        "the",
        "and",
        "with",
        "from",
        "that",
        "other",
    }
