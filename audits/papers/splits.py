"""Does a MILAN generalise? Trained on some annotated units, tested on others (MILAN, Table 3).

    tables = generalise(networks, encoder, asked, folder, watch=watch)
    tables[0]                   # a row a split: BERTScore beside people and chance
    tables[1]                   # what its descriptions are like (Table 6)

Within a network nine tenths of its units teach and the rest is tested, with a patience of 10 epochs
as in Appendix C; across architectures, datasets and tasks all networks of one kind teach, and those
of another are tested. Every split is written as soon as it is done, with its sentences; the same
command goes on with the others, and a split of other units, settings or features is made anew.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import torch

from audits.papers import agreement
from audits.papers.annotated import ATTRIBUTES, LEAST, AnnotatedNetwork
from audits.papers.corpus import Corpus
from audits.papers.table import Cell, Table
from db.arrays import new_file
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit
from describer.milan.encoder import PyramidEncoder
from describer.milan.training import data, loop
from describer.milan.training.data import Lessons
from describer.milan.training.loop import TrainingConfig
from describer.similarity.bertscore import Scorer

WITHIN = "within"
WITHIN_PATIENCE = 10
TESTED = 0.1


@dataclass(frozen=True)
class Split:
    """One split: which networks teach and which are tested, and what it is called.

    `kind` is "within" or an attribute.
    """

    kind: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    train_name: str
    test_name: str


@dataclass(frozen=True)
class Asked:
    """What is asked of all splits. most: units tested of a network at most; None tests all."""

    config: TrainingConfig
    beam_size: int = 50
    most: int | None = None
    seed: int = 0


def splits_of(networks: Sequence[AnnotatedNetwork], kinds: Sequence[str]) -> list[Split]:
    """The splits that these networks allow.

    Args:
        kinds: "within" and attributes; of an attribute every kind teaches and every other one is
            tested, as far as at least two are there.

    Raises:
        BadInput: none is possible.
    """
    found: list[Split] = []
    for kind in kinds:
        if kind == WITHIN:
            found += [Split(WITHIN, (one.name,), (one.name,), one.name, "") for one in networks]
            continue
        groups: dict[str, list[str]] = {}
        for one in networks:
            if value := one.attributes.get(kind, ""):
                groups.setdefault(value, []).append(one.name)
        found += [
            Split(kind, tuple(groups[first]), tuple(groups[second]), first, second)
            for first, second in permutations(groups, 2)
        ]
    if not found:
        raise BadInput(
            f"expected networks that differ in {', '.join(kinds)}, got "
            f"{', '.join(f'{one.name} {dict(one.attributes)}' for one in networks)}"
        )
    return found


def generalise(
    networks: Sequence[AnnotatedNetwork],
    encoder: PyramidEncoder,
    scorer: Scorer,
    asked: Asked,
    folder: Path,
    *,
    kinds: Sequence[str] = (WITHIN, *ATTRIBUTES),
    watch: Watch | None = None,
) -> list[Table]:
    """Train and test every split, or take what `folder` has of it already.

    Raises:
        BadInput: no split is possible, or annotations do not fit their exemplars.
        Cancelled: the watch said so; splits that were finished are kept.
    """
    watch = watch or Watch()
    wanted = splits_of(networks, kinds)
    lessons = {}
    for one in networks:
        watch.progress(0, len(wanted), f"encoding the exemplars of {one.name}")
        lessons[one.name] = data.gather(one.parts, encoder, watch=Watch(cancelled=watch.cancelled))
    found = []
    for number, split in enumerate(wanted):
        watch.check(f"before split {number + 1}")

        def tell(done: int, total: int, message: str, number: int = number) -> None:
            about = f"split {number + 1} of {len(wanted)}, {message} {done} of {total}"
            watch.progress(number, len(wanted), about)

        found.append(_one(split, lessons, encoder, asked, folder, Watch(tell, watch.cancelled)))
    notes = [f"{one.name}: {_listed(one.attributes)}." for one in networks]
    if absent := [kind for kind in kinds if kind not in {split.kind for split in wanted}]:
        notes.append(f"These networks do not differ in {', '.join(absent)}.")
    simulated = [one.name for one in networks if one.simulated]
    if simulated:
        notes.append(f"Some “people” of {', '.join(simulated)} are simulated.")
    return [
        _scores(wanted, found, scorer, asked, notes),
        _words(wanted, found),
    ]


def _one(
    split: Split,
    lessons: Mapping[str, Lessons],
    encoder: PyramidEncoder,
    asked: Asked,
    folder: Path,
    watch: Watch,
) -> dict[str, Any]:
    """A split's tested units with their sentences, from its file where that is of the same."""
    train, test = _parts(split, lessons, asked)
    patience = max(asked.config.patience, WITHIN_PATIENCE) if split.kind == WITHIN else None
    config = replace(asked.config, patience=patience or asked.config.patience)
    key = _key(split, train, test, replace(asked, config=config))
    path = folder / "splits" / f"{_file(split)}.json"
    if path.is_file():
        kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if kept["key"] == key:
            return kept
    images = min(own.features.shape[1] for _, own in train)
    trained = loop.train(
        torch.cat([own.features[:, :images] for _, own in train]),
        [said for _, own in train for said in own.references],
        encoder,
        config=config,
        watch=watch,
    )
    tested = []
    for name, own in test:
        watch.check(f"before {name} is described")
        said = trained.model.describe_features(own.features, beam_size=asked.beam_size)
        tested += [
            {
                "network": name,
                "layer": layer,
                "unit": unit,
                "text": each.text,
                "people": references,
            }
            for (layer, unit), each, references in zip(own.units, said, own.references, strict=True)
        ]
    kept = {
        "key": key,
        "split": asdict(split),
        "training": {
            "units": sum(len(own.references) for _, own in train),
            "epochs": len(trained.decoder_epochs),
            "bleu": trained.record()["validation_bleu"],
            "config": asdict(config),
        },
        "tested": tested,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path) as temporary:
        temporary.write_text(json.dumps(kept, ensure_ascii=False) + "\n", encoding="utf-8")
    return kept


def _parts(
    split: Split, lessons: Mapping[str, Lessons], asked: Asked
) -> tuple[list[tuple[str, Lessons]], list[tuple[str, Lessons]]]:
    """What teaches and what is tested, by network."""
    generator = np.random.default_rng(asked.seed)
    if split.kind != WITHIN:
        test = []
        for name in split.test:
            rows = generator.permutation(len(lessons[name].references))[: asked.most]
            test.append((name, _some(lessons[name], rows)))
        return [(name, lessons[name]) for name in split.train], test
    (name,) = split.train
    own = lessons[name]
    if len(own.references) < LEAST:
        raise BadInput(
            f"expected at least {LEAST} annotated units of {name} with exemplars, got "
            f"{len(own.references)}"
        )
    order = generator.permutation(len(own.references))
    cut = max(2, round(TESTED * len(order)))
    return [(name, _some(own, order[cut:]))], [(name, _some(own, order[:cut]))]


def _some(lessons: Lessons, rows: "np.ndarray[Any, np.dtype[np.int64]]") -> Lessons:
    chosen = sorted(rows.tolist())
    return Lessons(
        lessons.features[chosen],
        [lessons.references[row] for row in chosen],
        0,
        tuple(lessons.units[row] for row in chosen),
    )


def _key(
    split: Split,
    train: Sequence[tuple[str, Lessons]],
    test: Sequence[tuple[str, Lessons]],
    asked: Asked,
) -> str:
    """What a split's sentences depend on."""
    digest = hashlib.sha256()
    values = [asdict(split), asdict(asked.config), asked.beam_size]
    digest.update(json.dumps(values, sort_keys=True).encode())
    for name, own in (*train, *test):
        digest.update(json.dumps([name, own.units, own.references]).encode())
        digest.update(own.features.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _listed(attributes: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(attributes.items()) if value)


def _file(split: Split) -> str:
    """A name for a split's file that no other has."""
    words = "-".join(part for part in (split.kind, split.train_name, split.test_name) if part)
    plain = "".join(letter if letter.isalnum() else "-" for letter in words)[:60]
    return f"{plain}-{hashlib.sha256(words.encode()).hexdigest()[:6]}"


def _scores(
    splits: Sequence[Split],
    found: Sequence[Mapping[str, Any]],
    scorer: Scorer,
    asked: Asked,
    further: Sequence[str],
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for split, one in zip(splits, found, strict=True):
        corpus = _corpus(one["tested"])
        units = corpus.common()
        measured = agreement.measure(corpus, units, scorer, seed=asked.seed)
        every = np.ones(len(units), bool)
        mine = agreement.cells(measured["MILAN"], every)
        people = agreement.cells(measured[agreement.PEOPLE], every)
        rows.append(
            (
                f"{split.kind} network" if split.kind == WITHIN else f"across {split.kind}",
                split.train_name,
                split.test_name or "the units held out",
                one["training"]["units"],
                len(units),
                one["training"]["epochs"],
                mine[0],
                mine[1],
                people[1],
                mine[2],
                mine[3],
            )
        )
    notes = (
        "MILAN, Table 3: each row is a MILAN of its own. Within a network nine tenths of the units "
        f"teach, with a patience of at least {WITHIN_PATIENCE} epochs; across, of "
        f"{asked.config.patience}; at most {asked.config.max_epochs}. Intervals: 95 %, over units.",
        f"{scorer.name} ({scorer.hash}); nearest of all references, and with one person left out "
        "in turn, as people are measured. Chance: another unit's references.",
        *further,
    )
    return Table(
        "splits",
        "Descriptions of units that no training saw",
        notes,
        (
            "generalization",
            "train",
            "test",
            "units learned",
            "units tested",
            "epochs",
            "BERTScore, all references",
            "BERTScore, one left out",
            "people, one left out",
            "chance, one left out",
            "BLEU",
        ),
        tuple(rows),
    )


def _corpus(tested: Sequence[Mapping[str, Any]]) -> Corpus:
    """The tested units of all networks; layers are named by network, so that none share a name."""
    people: dict[Unit, tuple[str, ...]] = {}
    said: dict[Unit, str] = {}
    for each in tested:
        unit = (f"{each['network']}/{each['layer']}", int(each["unit"]))
        people[unit], said[unit] = tuple(each["people"]), each["text"]
    return Corpus("all", people, {"MILAN": said})


def _words(splits: Sequence[Split], found: Sequence[Mapping[str, Any]]) -> Table:
    """Table 6: what the descriptions of each split are like."""
    from describer import english

    nlp = english.load()
    rows: list[tuple[Cell, ...]] = []
    names: list[tuple[str, str, str]] = [
        (one.kind, one.train_name, one.test_name) for one in splits
    ]
    texts = [[each["text"] for each in one["tested"]] for one in found]
    for name, own in (
        *zip(names, texts, strict=True),
        (("total", "", ""), [text for part in texts for text in part]),
    ):
        read = [english.words(doc) for doc in nlp.pipe(own)]
        tags = [word.tag for words in read for word in words]
        count = max(1, len(tags))
        rows.append(
            (
                *name,
                len(own),
                len({word.lemma for words in read for word in words}),
                len(tags) / max(1, len(own)),
                *(tags.count(tag) / count for tag in ("NOUN", "ADJ", "ADP")),
            )
        )
    return Table(
        "splits-words",
        "What these descriptions are like",
        (
            "MILAN, Table 6: units, distinct lemmas, mean words, shares of nouns, adjectives and "
            f"prepositions. Parts of speech by {english.source(nlp)}.",
        ),
        ("generalization", "train", "test", "units", "words", "length", "noun", "adj", "prep"),
        tuple(rows),
    )
