"""What people and methods said about the units of a network: of files, or of a workspace.

    corpus = of_files(Path("annotations.csv"), {"MILAN": [Path("milan.csv")]})
    corpora = of_workspace(db, ["signs"])
    corpus.people["layer4", 3]              # ("dog faces", "heads of dogs")
    corpus.methods["MILAN"]["layer4", 3]    # "faces of dogs"
    corpus.common()                         # units that people and every method described

The first label counts where a method gives several. Which sentences are right is not known here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlite_utils import Database

from db import unit_tables
from db.annotate import annotations
from db.describe import descriptions, exemplars, subjects
from db.errors import BadInput
from db.units import Unit

Said = Mapping[Unit, str]


@dataclass(frozen=True)
class Corpus:
    """One network: people's sentences by unit, and each method's.

    Attributes:
        classes: names of its outputs, where known. layers: in the network's order.
        simulated: whether some of "people" are simulated annotators.
        left_out: methods with too few units in common with the rest, and why.
        understood: how files were read, where they are not spelled as ours are.
    """

    network: str
    people: Mapping[Unit, tuple[str, ...]]
    methods: Mapping[str, Said]
    classes: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    simulated: bool = False
    understood: tuple[str, ...] = field(default=())

    def common(self, *, least: int = 2) -> list[Unit]:
        """Units that at least so many people and every method described, in order.

        Raises:
            BadInput: there are fewer than two.
        """
        wanted = {unit for unit, said in self.people.items() if len(said) >= least}
        for said in self.methods.values():
            wanted &= set(said)
        if len(wanted) < 2:
            counts = ", ".join(f"{name} {len(said)}" for name, said in self.methods.items())
            raise BadInput(
                f"expected at least two units of {self.network} that {least} people and every "
                f"method described, got {len(wanted)} (people {len(self.people)}, {counts})"
            )
        place = {layer: number for number, layer in enumerate(self.layers)}
        return sorted(wanted, key=lambda unit: (place.get(unit[0], len(place)), unit))

    def only(self, methods: Sequence[str]) -> "Corpus":
        """The same with some of the methods, in the order named.

        Raises:
            BadInput: one of them said nothing.
        """
        if absent := [name for name in methods if name not in self.methods]:
            raise BadInput(
                f"expected methods that described {self.network} "
                f"({', '.join(self.methods) or 'none did'}), got {absent[0]!r}"
            )
        chosen = {name: self.methods[name] for name in methods or self.methods}
        return Corpus(
            self.network,
            self.people,
            chosen,
            self.classes,
            self.layers,
            self.simulated,
            self.understood,
        )


def of_files(
    people: Path | None,
    said: Mapping[str, Sequence[Path]],
    *,
    network: str = "",
    layers: Sequence[str] = (),
    classes: Sequence[str] = (),
) -> Corpus:
    """Read tables of annotations and of methods' descriptions.

    Args:
        people: `layer,unit,summary`, a row a sentence; None without.
        said: by method its tables, each of one layer or of several.
        layers: names to look for in the names of tables without a column `layer`.

    Raises:
        BadInput: a table cannot be read.
    """
    notes: list[str] = []
    written: dict[Unit, list[str]] = {}
    if people is not None:
        table = unit_tables.read(people, prefer=unit_tables.SUMMARY, several=True)
        notes.append(table.understood)
        for row in table.rows:
            if row.text.strip():
                written.setdefault(row.place, []).append(row.text.strip())
    known = [*dict.fromkeys([*(layer for layer, _ in written), *layers])]
    methods: dict[str, dict[Unit, str]] = {}
    for name, paths in said.items():
        own = methods.setdefault(name, {})
        for path in paths:
            table = unit_tables.read(path, layers=known, several=True)
            notes.append(table.understood)
            for row in table.rows:
                if row.text.strip():
                    own.setdefault(row.place, row.text.strip())
    return Corpus(
        network or (people.stem if people is not None else "network"),
        {unit: tuple(texts) for unit, texts in written.items()},
        methods,
        tuple(classes),
        tuple(sorted(known)),
        understood=tuple(dict.fromkeys(note for note in notes if note)),
    )


def of_workspace(db: Database, names: Sequence[str] = ()) -> list[Corpus]:
    """Every network of a workspace with what people and methods said of it.

    Sentences that count are those that fill a slot of a describing campaign; a method's newest one
    of each unit.

    Args:
        names: of networks; all that are described, without.

    Raises:
        NotFound: a name is none.
    """
    known = {row.name: row for row in subjects.every(db)}
    for name in names:
        known.setdefault(name, subjects.get(db, name))
    return [_of_network(db, name, known[name].source) for name in names or known]


def class_names(path: Path) -> tuple[str, ...]:
    """Names of classes: a JSON object from names to numbers, a JSON list, or a line each.

    Folders of ImageNet's are named by number and name; the number is left out, and `_` is a blank.

    Raises:
        BadInput: the file is none of these, or its numbers do not count from 0.
    """
    import json

    text = path.read_text("utf-8")
    if path.suffix == ".json":
        values = json.loads(text)
        if isinstance(values, dict):
            numbers = {int(number): str(name) for name, number in values.items()}
            if sorted(numbers) != list(range(len(numbers))):
                raise BadInput(f"expected classes numbered from 0 in {path}, got others")
            values = [numbers[number] for number in range(len(numbers))]
        if not isinstance(values, list):
            raise BadInput(f"expected names of classes in {path}, got {type(values).__name__}")
        lines = [str(value) for value in values]
    else:
        lines = [line for line in text.splitlines() if line.strip()]
    return tuple(worded(line) for line in lines)


def worded(name: str) -> str:
    """A class's name in words.

    >>> worded("n01440764_tench"), worded("great_white_shark")
    ('tench', 'great white shark')
    """
    first, _, rest = name.strip().partition("_")
    if len(first) == 9 and first[0] == "n" and first[1:].isdigit() and rest:
        name = rest
    return " ".join(name.replace("_", " ").split())


def _of_network(db: Database, name: str, source: object) -> Corpus:
    from describer.subjects import definition as files

    people: dict[Unit, tuple[str, ...]] = {}
    simulated = False
    places: dict[str, None] = {}
    for kept in exemplars.sets(db, subject=name):
        places[kept.layer] = None
        for unit in exemplars.units_of(db, kept.exemplar_set_id):
            said = annotations.accepted(db, unit.unit_id)
            if said:
                people[unit.layer, unit.unit] = tuple(each.text for each in said)
                simulated |= any(each.simulated for each in said)
    methods: dict[str, dict[Unit, str]] = {}
    for method in descriptions.methods(db):
        # The oldest come first, so that the newest of a unit stays.
        own = {
            (each.layer, each.unit): each.text
            for each in descriptions.of_subject(db, name, method=method)
            if each.text.strip()
        }
        if own:
            methods[method] = own
    classes = files.read(subjects.get(db, name).source).classes
    return Corpus(
        name, people, methods, tuple(map(worded, classes)), tuple(places), simulated=simulated
    )
