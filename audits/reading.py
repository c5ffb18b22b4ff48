"""Reads stored sentences with the English pipeline, so that filters can ask for their words.

    analyse_missing(db)

Only sentences that this pipeline has not read yet cost anything.
"""

from sqlite_utils import Database

from db import words
from db.words import Word


def analyse_missing(db: Database) -> int:
    """Analyse every stored description that the installed pipeline has not; returns how many."""
    from describer import english

    pipeline = english.source()
    texts = words.missing(db, pipeline)
    if not texts:
        return 0
    nlp = english.load()
    sentences = {
        text: [
            Word(
                token.idx,
                token.idx + len(token.text),
                token.text.casefold(),
                token.lemma_.casefold(),
                token.pos_,
            )
            for token in doc
            if not token.is_space
        ]
        for text, doc in zip(texts, nlp.pipe(text.lower() for text in texts), strict=True)
    }
    words.add(db, pipeline, sentences)
    return len(texts)
