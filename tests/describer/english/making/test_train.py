"""Measuring and training pipelines, in small, and what the shipped one reaches."""

import re
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc

from describer import english
from describer.english.making import train, treebank
from describer.english.making.measurement import measure
from describer.english.making.treebank import Sentence


class Echo:
    """A pipeline that annotates as a sentence says, with mistakes at the given words.

    Its own words are those that `split` makes.
    """

    def __init__(self, sentence: Sentence, *, wrong: set[int], split: list[str]) -> None:
        self.vocab = spacy.blank("en").vocab
        self.sentence, self.wrong, self.split = sentence, wrong, split

    def pipe(self, inputs: Any) -> Any:
        for given in inputs:
            sentence = self.sentence
            if isinstance(given, str):
                yield Doc(self.vocab, words=self.split, spaces=[False] * len(self.split))
                continue
            tags = ["X" if n in self.wrong else tag for n, tag in enumerate(sentence.tags)]
            yield Doc(
                self.vocab,
                words=[token.text for token in given],
                spaces=[bool(token.whitespace_) for token in given],
                pos=tags,
                lemmas=list(sentence.lemmas),
                heads=[0 if n in self.wrong else head for n, head in enumerate(sentence.heads)],
                deps=list(sentence.relations),
            )


def test_mistakes_are_counted(treebank_file: Path) -> None:
    first, _ = treebank.read(treebank_file)
    perfect = measure(Echo(first, wrong=set(), split=[]), [first])
    assert {*vars(perfect).values()} == {1.0}
    score = measure(Echo(first, wrong={6, 7}, split=[]), [first])
    assert (score.words, score.tags, score.lemmas) == (1.0, 0.75, 1.0)
    assert (score.heads, score.labelled_heads) == (0.75, 0.75)


def test_words_of_the_pipelines_own_count_as_f1() -> None:
    sentence = Sentence(
        words=("can", "not"),
        lemmas=("can", "not"),
        tags=("AUX", "PART"),
        features=("", ""),
        heads=(0, 0),
        relations=("ROOT", "advmod"),
        spaces=(False, False),
    )
    assert (
        measure(Echo(sentence, wrong=set(), split=["cannot"]), [sentence], own_tokens=True).words
        == 0
    )
    half = measure(
        Echo(sentence, wrong=set(), split=["can", "n", "ot"]), [sentence], own_tokens=True
    )
    assert half.words == pytest.approx(2 * 1 / 5)


def toy_treebank(folder: Path, source: Path) -> Path:
    """A folder with three parts that are all the same few sentences."""
    folder.mkdir()
    for part in ("train", "dev", "test"):
        (folder / f"{part}.conllu").write_text(source.read_text() * 10)
    return folder


def test_the_command_makes_a_pipeline_with_card_and_licence(
    treebank_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = toy_treebank(tmp_path / "toy", treebank_file)
    train.main([str(folder), "--out", str(tmp_path / "made"), "--steps", "20"])
    printed = capsys.readouterr().out
    assert re.search(r"the treebank's words +words 100\.00%  UPOS \d+\.\d\d%", printed)
    card = (tmp_path / "made" / "README.md").read_text()
    assert "| sentences, the treebank's words | 100.0% |" in card
    assert (tmp_path / "made" / "LICENSE").read_text() == (english.PIPELINE / "LICENSE").read_text()
    learned = spacy.load(tmp_path / "made")
    assert english.tags(learned, "The dogs chase red balls") == (
        "DET",
        "NOUN",
        "VERB",
        "ADJ",
        "NOUN",
    )


def test_the_same_seed_gives_the_same_pipeline(treebank_file: Path) -> None:
    # spaCy's parser leaves out relations that it sees less than 30 times.
    sentences = list(treebank.read(treebank_file)) * 30
    options = train.Options(steps=2, words_a_batch=80)
    once, again = (train.train(sentences, sentences, options=options) for _ in range(2))
    for name in ("tok2vec", "morphologizer", "parser"):
        assert once.get_pipe(name).model.to_bytes() == again.get_pipe(name).model.to_bytes()


def test_a_folder_without_a_treebank_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        train.main([str(tmp_path), "--out", str(tmp_path / "made")])
    assert stopped.value.code == 2
    assert "expected one file *train.conllu or .conllu.gz" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_the_shipped_pipeline_is_as_good_as_its_card_says(shared: Path, builtin: Any) -> None:
    folder = shared / "data" / "ud_english_ewt"
    score = measure(builtin, list(treebank.read(treebank.find(folder, "test"))))
    assert score.tags >= 0.92
    assert score.heads >= 0.81
    row = f"| sentences, the treebank's words | 100.0% | {score.tags:.1%} | {score.lemmas:.1%} "
    assert row + f"| {score.heads:.1%} |" in (english.PIPELINE / "README.md").read_text()
