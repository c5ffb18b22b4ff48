"""Vectors of sentences, kept once a text and model, and the sentences that mean about the same.

    meanings.add(db, "all-MiniLM-L6-v2", {"Dog faces": vector, …})
    meanings.near(db, "animals", 0.5)               # texts, the nearest first

Vectors come from elsewhere (`audits.find.meaning`); they are float32 of length 1.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sqlite_utils import Database

from db.errors import BadInput


def missing(db: Database, model: str, phrases: Sequence[str] = ()) -> list[str]:
    """The stored sentences and the given phrases that this model made no vector of yet."""
    rows = db.query("select text from analysed")
    known = {row["text"] for row in db.query("select text from meanings where model = ?", [model])}
    wanted = dict.fromkeys([*(row["text"] for row in rows), *phrases])
    return [text for text in wanted if text not in known]


def add(db: Database, model: str, vectors: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Keep vectors (size,) of texts; one that is there already stays."""
    with db.atomic():
        db.conn.executemany(
            "insert or ignore into meanings (text, model, vector) values (?, ?, ?)",
            [
                (text, model, np.asarray(vector, dtype="<f4").tobytes())
                for text, vector in vectors.items()
            ],
        )


def near(db: Database, phrase: str, nearness: float) -> list[str]:
    """The stored sentences whose cosine with the phrase is at least `nearness`, nearest first.

    The model is the one that made the phrase's newest vector.

    Raises:
        BadInput: no model has read the phrase.
    """
    found = list(db.query("select model, vector from meanings where text = ?", [phrase]))
    if not found:
        raise BadInput(f"No model has read {phrase!r} yet: press Find to search by meaning.")
    rows = list(
        db.query(
            """
            select text, vector from meanings
            where model = ? and text in (select text from analysed)
            """,
            [found[-1]["model"]],
        )
    )
    if not rows:
        return []
    matrix = np.stack([np.frombuffer(row["vector"], dtype="<f4") for row in rows])
    likeness = matrix @ np.frombuffer(found[-1]["vector"], dtype="<f4")  # (texts,)
    order = np.argsort(-likeness, kind="stable")
    return [rows[place]["text"] for place in order.tolist() if likeness[place] >= nearness]
