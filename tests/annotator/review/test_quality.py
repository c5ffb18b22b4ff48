"""Flags: what is odd is named in words, and honest work is left alone."""

import dataclasses

from annotator.review import quality
from db.annotate.annotations import Annotation

BASE = Annotation(
    annotation_id=0,
    token="t",
    campaign_id=1,
    unit_id=0,
    annotator="ada",
    purpose="collect",
    exemplar_hash="h",
    claimed_utc=None,
    created_utc="2026-01-01T00:00:00.000Z",
    seconds=30.0,
    pasted_characters=0,
    unmasked_looks=0,
    origin="app",
    revision=1,
    kind="text",
    text="",
    withdrawn=False,
    revised_utc="2026-01-01T00:00:00.000Z",
    slot=1,
    status="waiting",
)
HONEST = (
    "striped fur",
    "wheels of cars and bicycles",
    "green grass under animals",
    "faces of people",
    "window frames",
    "round clocks",
    "water with boats",
    "letters on signs",
)


def answers(*texts: str, **fields: object) -> list[Annotation]:
    return [
        dataclasses.replace(BASE, annotation_id=number, unit_id=number, text=text, **fields)
        for number, text in enumerate(texts)
    ]


def test_honest_answers_have_no_flags() -> None:
    assert quality.flag(answers(*HONEST)) == {}


def test_an_answer_faster_than_typing_says_so() -> None:
    found = quality.flag(answers("the faces of many different small brown dogs", seconds=3.0))
    assert found[0]["too fast"] == "3.0 s for 8 words"


def test_a_pasted_sentence_is_flagged_by_its_length() -> None:
    found = quality.flag(answers("a long sentence from elsewhere", pasted_characters=30))
    assert found[0]["pasted"] == "30 of 30 characters were pasted"
    assert quality.flag(answers("a long sentence from elsewhere", pasted_characters=6)) == {}
    timed = answers("a long sentence from elsewhere", pasted_characters=30, pasted_after_ms=4321)
    assert quality.flag(timed)[0]["pasted"] == (
        "30 of 30 characters were pasted, 4 s after opening"
    )


def test_the_space_around_worker_is_found() -> None:
    found = quality.flag(answers(*(f"space around {text}" for text in HONEST)))
    assert len(found) == len(HONEST)
    assert "“space around” stands in 8 of this person's 8" in found[3]["boilerplate"]


def test_the_same_sentence_again_and_again_is_found() -> None:
    found = quality.flag(answers("many red objects", "many red object", *["many red objects"] * 3))
    assert "nearly the same" in found[1]["repeated"]


def test_generic_answers_are_found() -> None:
    assert "generic" in quality.flag(answers("Various objects."))[0]


def test_an_answer_unlike_two_that_agree_is_found() -> None:
    together = [
        dataclasses.replace(BASE, annotation_id=1, text="dog faces"),
        dataclasses.replace(BASE, annotation_id=2, text="the faces of dogs", annotator="bo"),
        dataclasses.replace(BASE, annotation_id=3, text="red buses", annotator="cy"),
    ]
    found = quality.flag(together)
    assert list(found) == [3]
    assert "unlike the others" in found[3]


def test_a_failed_check_and_a_changed_mind_are_found() -> None:
    answers = [
        dataclasses.replace(BASE, annotation_id=1, unit_id=5, purpose="gold", text="a cat"),
        dataclasses.replace(BASE, annotation_id=2, unit_id=6, text="wooden chairs"),
        dataclasses.replace(BASE, annotation_id=3, unit_id=6, purpose="repeat", text="blue sky"),
        dataclasses.replace(BASE, annotation_id=4, unit_id=7, purpose="gold", text="two dogs"),
    ]
    found = quality.flag(answers, gold={5: ("dog", "puppy"), 7: ("dog",)})
    assert found[1]["failed check"] == "expected one of: dog, puppy"
    assert found[2]["changed mind"] == found[3]["changed mind"]
    assert 4 not in found


def test_the_longest_common_words_are_named_once() -> None:
    texts = [f"the space around the {thing}" for thing in ("dog", "cat", "car", "tree", "cup")]
    assert quality.boilerplate(texts) == [("the space around the", 5)]


def test_habits_put_the_oddest_person_first() -> None:
    own = answers(*HONEST)
    other = answers(*(f"space around {text}" for text in HONEST), annotator="bo")
    both = own + [
        dataclasses.replace(answer, annotation_id=answer.annotation_id + 100, unit_id=99 + number)
        for number, answer in enumerate(other)
    ]
    first, second = quality.habits(both, quality.flag(both))
    assert (first.annotator, first.flagged) == ("bo", 8)
    assert (second.annotator, second.flagged) == ("ada", 0)
    assert first.boilerplate[0] == ("space around", 8)


def test_a_sentence_of_unknown_words_alone_is_flagged() -> None:
    found = quality.flag(answers("asdf qwer", "asdf of fur", "狗的脸"))
    assert {key: "unknown words" in odd for key, odd in found.items()} == {0: True}
