"""Reads stored sentences with the English pipeline, so that filters can ask for their words.

    analyse_missing(db)

Only sentences that were not read yet cost anything; the first call of a process that finds one
also loads the pipeline (seconds).
"""

from sqlite_utils import Database

from audits.find.words import analyse
from db.audit import words


def analyse_missing(db: Database) -> int:
    """Analyse every stored description that was not analysed yet; returns how many there were."""
    texts = words.missing(db)
    if not texts:
        return 0
    from describer import english

    nlp = english.load()
    words.add(db, english.source(nlp), analyse(nlp, texts))
    return len(texts)
