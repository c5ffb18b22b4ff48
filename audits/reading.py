"""Reads stored sentences with the English pipeline, so that filters can ask for their words.

    analyse_missing(db)

Only sentences that were not read yet cost anything; the first call of a process that finds one
also loads the pipeline (seconds).
"""

from sqlite_utils import Database

from db import words
from db.words import Word


def analyse_missing(db: Database) -> int:
    """Analyse every stored description that was not analysed yet; returns how many there were."""
    texts = words.missing(db)
    if not texts:
        return 0
    from describer import english

    nlp = english.load()
    docs = nlp.pipe(_lower(text) for text in texts)
    sentences = {
        text: [
            Word(word.start, word.stop, word.text.casefold(), word.lemma.casefold(), word.tag)
            for word in english.words(doc)
        ]
        for text, doc in zip(texts, docs, strict=True)
    }
    words.add(db, english.source(nlp), sentences)
    return len(texts)


def _lower(text: str) -> str:
    """Lower case, as descriptions are told apart; as it is where that would move the letters."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text
