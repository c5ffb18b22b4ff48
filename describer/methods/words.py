"""Lists of words that a unit may be named by: from a file, from people's sentences, the commonest.

of_file(Path("words.txt")); of_sentences(["a dog's face", …]); commonest(20_000)
"""

from collections.abc import Sequence
from pathlib import Path

from sqlite_utils import Database

from db.errors import BadInput
from describer.methods.concepts.shape import lines


def of_file(path: Path) -> tuple[str, ...]:
    """A word or phrase a line; blank lines and repetitions are passed over.

    Raises:
        BadInput: no such file, or nothing in it.
    """
    words = tuple(dict.fromkeys(line for line in lines(path) if line))
    if not words:
        raise BadInput(f"expected a word a line in {path}, got none")
    return words


def of_sentences(sentences: Sequence[str]) -> tuple[str, ...]:
    """The nouns of sentences, in their basic form, by alphabet."""
    from describer import english

    nlp = english.load()
    nouns = {
        word.lemma
        for document in nlp.pipe(sentences)
        for word in english.words(document)
        if word.tag in ("NOUN", "PROPN") and word.lemma.isalpha()
    }
    return tuple(sorted(nouns))


def of_annotations(db: Database) -> tuple[str, ...]:
    """The nouns of a workspace's own annotations.

    Raises:
        BadInput: there is none.
    """
    from db.annotate import annotations

    found = of_sentences(annotations.sentences(db))
    if not found:
        raise BadInput("expected annotations in the workspace, found none with a noun")
    return found


def commonest(count: int) -> tuple[str, ...]:
    """The commonest English nouns, as the package `wordfreq` counts words.

    Raises:
        BadInput: the package is not installed.
    """
    try:
        from wordfreq import top_n_list
    except ImportError as error:
        raise BadInput(
            "expected a list of words (--words FILE), sentences of a workspace (--workspace DIR), "
            "or the package wordfreq for the commonest nouns, got none of them"
        ) from error
    from describer import english

    nlp = english.load()
    listed = [word for word in top_n_list("en", 4 * count) if word.isalpha()]
    nouns = (
        word.lemma
        for document in nlp.pipe(listed)
        for word in english.words(document)
        if word.tag == "NOUN"
    )
    return tuple(dict.fromkeys(nouns))[:count]
