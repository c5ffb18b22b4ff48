"""Reading treebanks and cutting phrases out of them."""

import gzip
from pathlib import Path

import pytest

from db.errors import BadInput
from describer.english.making import treebank


def test_contractions_are_split_and_written_together(treebank_file: Path) -> None:
    first, second = treebank.read(treebank_file)
    assert first.text == "The dogs don't chase red balls."
    assert first.words == ("The", "dogs", "do", "n't", "chase", "red", "balls", ".")
    assert second.text == "He sat on the edge of yellow leaves"


def test_heads_are_indices_and_the_roots_is_its_own(treebank_file: Path) -> None:
    first, second = treebank.read(treebank_file)
    assert first.heads == (1, 4, 4, 4, 4, 6, 4, 4)
    assert [first.relations[4], second.relations[1]] == ["ROOT", "ROOT"]
    assert second.heads == (1, 1, 4, 4, 1, 7, 7, 4)


def test_only_features_of_inflection_are_kept(treebank_file: Path) -> None:
    first, _ = treebank.read(treebank_file)
    assert first.features[:3] == ("", "Number=Plur", "Number=Plur|Tense=Pres|VerbForm=Fin")


def test_gzipped_files_and_files_without_a_last_empty_line_read_alike(
    treebank_file: Path, tmp_path: Path
) -> None:
    zipped = tmp_path / "zipped.conllu.gz"
    with gzip.open(zipped, "wt", encoding="utf-8") as file:
        file.write(treebank_file.read_text(encoding="utf-8").rstrip("\n"))
    assert list(treebank.read(zipped)) == list(treebank.read(treebank_file))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1\tdog\tdog", "expected 10 columns of CoNLL-U, got 3, in line 1 of"),
        ("1\tdog\tdog\tNOUN\tNN\t_\t7\troot\t_\t_", r"\(0 to 1\) as head of 'dog', got '7', in"),
        ("1\tdog\tdog\tNOUN\tNN\t_\t_\troot\t_\t_", r"\(0 to 1\) as head of 'dog', got '_', in"),
    ],
)
def test_broken_lines_are_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "broken.conllu"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        list(treebank.read(path))


def test_a_part_is_found_by_its_name(treebank_file: Path) -> None:
    assert treebank.find(treebank_file.parent, "train") == treebank_file
    with pytest.raises(BadInput, match=r"one file \*dev\.conllu .*, got none"):
        treebank.find(treebank_file.parent, "dev")
    (treebank_file.parent / "train.conllu.gz").touch()
    with pytest.raises(BadInput, match=r"got toy-train\.conllu, train\.conllu\.gz"):
        treebank.find(treebank_file.parent, "train")


def test_the_real_treebank_is_read_whole(shared: Path) -> None:
    folder = shared / "data" / "ud_english_ewt"
    path = treebank.find(folder, "test")
    sentences = list(treebank.read(path))
    assert len(sentences) == 2077
    assert sum(len(sentence.words) for sentence in sentences) == 25094
    with gzip.open(path, "rt", encoding="utf-8") as file:
        written = [line[9:].split() for line in file if line.startswith("# text = ")]
    assert [sentence.text.split() for sentence in sentences] == written
