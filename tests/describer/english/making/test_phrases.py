"""Phrases made of a treebank's sentences."""

from pathlib import Path

from describer.english.making import phrases, treebank


def found_in(path: Path) -> list[treebank.Sentence]:
    return list(phrases.phrases(treebank.read(path)))


def test_phrases_are_cut_without_what_ties_them_to_the_sentence(treebank_file: Path) -> None:
    found = found_in(treebank_file)
    assert [phrase.text for phrase in found] == [
        "The dogs",
        "red balls",
        "the edge of yellow leaves",
        "yellow leaves",
    ]
    edge = found[2]
    assert edge.heads == (1, 1, 4, 4, 1)
    assert edge.relations == ("det", "ROOT", "case", "amod", "nmod")
    short = list(phrases.phrases(treebank.read(treebank_file), longest=2))
    assert short == [found[0], found[1], found[3]]


def test_case_changes_words_and_not_annotation(treebank_file: Path) -> None:
    first, _ = treebank.read(treebank_file)
    lower = phrases.lower_cased(first)
    assert lower.words[:2] == ("the", "dogs")
    assert (lower.tags, lower.heads) == (first.tags, first.heads)
    assert phrases.capitalized(lower) == first
