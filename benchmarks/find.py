"""How long Find takes in a workspace of 50,000 described units, against reading every sentence.

    measure()

Sentences are words drawn as words of a language are: few often, most seldom. The baseline reads all
of them and compares word by word, as one would write it first; both find the same units. Time is
that of the processor, so that what else the machine does is left out.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from benchmarks.measurement import Measurement
from db.audit import finding, words
from db.audit.words import Word
from db.workspace import create, now, open_database

LAYERS = 10
WORDS = 3000
QUERIES = {"seldom": "w50", "often": "w2", "in most": "w0", "two": "+w1 -w0"}


def measure(*, units: int = 50_000, rounds: int = 5) -> list[Measurement]:
    """Time the first page of each query, with its counts by layer.

    Raises:
        AssertionError: the two found different numbers of units.
    """
    with (
        tempfile.TemporaryDirectory() as directory,
        open_database(create(Path(directory))) as db,
    ):
        _fill(db, units)
        return [_measured(db, kind, text, rounds) for kind, text in QUERIES.items()]


def _measured(db: Database, kind: str, text: str, rounds: int) -> Measurement:
    query = words.parse(text)
    ours, found = _timed(lambda: finding.find(db, query).units, rounds)
    baseline, expected = _timed(lambda: _read_all(db, query), rounds)
    assert found == expected, f"{text}: {found} units, {expected} by reading all"
    return Measurement(
        f"find, {kind}",
        ours,
        baseline,
        "s",
        baseline / ours,
        f"a page of units by the words {text}, {found:,} found, against reading every sentence; "
        f"processor time, median of {rounds}",
    )


def _timed(work: Callable[[], int], rounds: int) -> tuple[float, int]:
    times = []
    for _ in range(rounds):
        started = time.process_time()
        found = work()
        times.append(time.process_time() - started)
    return statistics.median(times), found


def _read_all(db: Database, query: words.Query) -> int:
    found = set()
    for unit_id, text in db.execute("select unit_id, text from descriptions"):
        said = set(text.split())
        if (
            (not query.any or said & set(query.any))
            and said >= set(query.all)
            and not said & set(query.none)
        ):
            found.add(unit_id)
    return len(found)


def _fill(db: Database, units: int) -> None:
    """A network of some layers, a sentence a unit, all analysed."""
    chance = random.Random(0)
    moment = now()
    with db.atomic():
        db["subjects"].insert(
            {
                "subject_id": 1,
                "name": "network",
                "source": "",
                "weights_hash": "",
                "layers_json": "[]",
                "created_utc": moment,
            }
        )
        for layer in range(1, LAYERS + 1):
            db.execute(
                "insert into exemplar_sets (exemplar_set_id, hash, subject_id, layer, units, k, "
                "folder, provenance_json, created_utc) values (?, ?, 1, ?, ?, 15, '', '{}', ?)",
                [layer, str(layer), f"layer{layer}", units // LAYERS, moment],
            )
        sentences = [_sentence(chance) for _ in range(units // LAYERS * LAYERS)]
        for number, sentence in enumerate(sentences):
            place = [number // (units // LAYERS) + 1, number % (units // LAYERS)]
            db.execute("insert into units values (?, ?, ?, 0)", [number + 1, *place])
            db.execute(
                "insert into descriptions (unit_id, method, model_hash, text, score, created_utc) "
                "values (?, 'milan', 'hash', ?, -1, ?)",
                [number + 1, sentence, moment],
            )
    words.add(db, "by spaces", {sentence: _words(sentence) for sentence in set(sentences)})


def _sentence(chance: random.Random) -> str:
    places = [min(int(chance.paretovariate(0.6)), WORDS) - 1 for _ in range(chance.randint(2, 8))]
    return " ".join(f"w{place}" for place in places)


def _words(sentence: str) -> list[Word]:
    found, start = [], 0
    for word in sentence.split():
        found.append(Word(start, start + len(word), word, word, "NOUN"))
        start += len(word) + 1
    return found
