"""Labels as judges: a set of concepts with masks, or the truth about the demo's drawn world.

    with labelled(images, subject, concepts, "the concepts of coco128", watch) as judge:
        judge.hold(["dogs on grass"], watch)

The images are gone through once, and what the set says of them is kept in a temporary file, so that
memory does not grow with images. A sentence names concepts by their names, in any form of the
words; the demo's concepts have further phrases. What a sentence claims, and where that holds, is
`claims`'.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from db.jobs import Watch
from describer.faithfulness.judges import claims
from describer.faithfulness.judges.shape import Bools, Held
from describer.images import probing
from describer.methods.concepts.demo import Demo
from describer.methods.concepts.shape import ConceptSet, Shown, Together
from describer.methods.concepts.shape import Labels as Found
from describer.methods.overlap import looking
from describer.methods.overlap.sightings import Kept, Sighting
from describer.subjects.definition import Subject

TRUTH = "the demo world's truth"
RULE = f"where it holds on at least {claims.LEAST:.1%} of the image"

NamesIn = Callable[[str], frozenset[str]]


@dataclass(frozen=True)
class Labels:
    """A judge by labels that were looked at.

    Attributes:
        names: of the concepts.
        kept: what the set says of each image it knows, in their order.
        known: bool (images,), which images those are.
    """

    name: str
    names: tuple[str, ...]
    names_in: NamesIn
    kept: Kept
    known: Bools

    @property
    def rule(self) -> str:
        """When a sentence counts as holding."""
        return RULE

    def hold(self, texts: Sequence[str], watch: Watch) -> Held:
        """The share of each image on which a text holds."""
        numbers: dict[str, int] = {}
        for place, name in enumerate(self.names):
            numbers.setdefault(name, place)
        read = [claims.read(text, self.names_in, numbers) for text in texts]

        def look(concepts: Sequence[int]) -> Iterator[Bools]:
            for done, sighting in enumerate(self.kept):
                watch.check("while asking where sentences hold")
                watch.progress(done, self.kept.count, "asking where sentences hold")
                yield _rows(sighting, concepts)

        degree = np.zeros((len(self.known), len(texts)), dtype=np.float32)
        degree[self.known] = claims.shares(read, look)
        names = np.array([claim.known for claim in read], dtype=np.bool_)
        return Held(degree, degree > 0, names, self.known)


@dataclass(frozen=True)
class WithColours:
    """A set of concepts, and colours of the images that it knows: colours know every image."""

    concepts: ConceptSet
    colours: ConceptSet

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the set, then the colours."""
        return (*self.concepts.names, *self.colours.names)

    @property
    def categories(self) -> tuple[str, ...]:
        """Of each concept."""
        return (*self.concepts.categories, *self.colours.categories)

    @property
    def hash(self) -> str:
        """Identity of both."""
        return Together((self.concepts, self.colours)).hash

    def labels(self, shown: Shown) -> Found | None:
        """What both say of an image that the set knows."""
        if self.concepts.labels(shown) is None:
            return None
        return Together((self.concepts, self.colours)).labels(shown)


@contextmanager
def labelled(
    images: probing.ProbingSet, subject: Subject, concepts: ConceptSet, name: str, watch: Watch
) -> Iterator[Labels]:
    """Look at all images with a set of concepts; the judge can be asked while the block runs.

    Raises:
        BadInput: the set knows none of the images.
        Cancelled: the watch said so.
    """
    with tempfile.TemporaryDirectory(prefix="labels-") as folder:
        kept = Kept(Path(folder) / "labels")
        known = np.zeros(len(images), dtype=np.bool_)
        for batch in probing.batches(images, subject, batch_size=looking.BATCH):
            watch.check(f"before image {batch.ids[0]} of {images.root}")
            watch.progress(int(batch.ids[0]), len(images), "reading labels")
            for image_id, picture in zip(batch.ids.tolist(), batch.images, strict=True):
                found = concepts.labels(looking.shown(images, subject, image_id, picture))
                if found is None:
                    continue
                rows, columns = (looking.sampled(side) for side in picture.shape[1:])
                masks = found.masks[:, rows, columns].reshape(len(found.masks), -1)
                if not len(masks):
                    masks = np.zeros((0, picture[0, rows, columns].size), dtype=np.bool_)
                kept.add(Sighting.of(masks[:0], found.present, masks))
                known[image_id] = True
        if not kept.count:
            raise BadInput(
                f"expected {name} to know images of {images.root}, got none that it does"
            )
        yield Labels(name, concepts.names, finder(concepts), kept, known)


def finder(concepts: ConceptSet) -> NamesIn:
    """What finds the names of concepts in a phrase."""
    if isinstance(concepts, Demo):
        from describer.demo.world.concepts import concepts_in

        return concepts_in
    return named(concepts.names)


def named(names: Sequence[str]) -> NamesIn:
    """Finds names in phrases, in any form of their words, longer ones before those inside them.

    >>> sorted(named(["dog", "hot dog", "tree"])("two hot dogs under trees"))
    ['hot dog', 'tree']
    """
    from describer import english

    nlp = english.load()

    def forms(text: str) -> tuple[str, ...]:
        return tuple(word.lemma.lower() for word in english.words(nlp(text.lower())))

    known: dict[tuple[str, ...], str] = {}
    for name in names:
        plain = name.replace("_", " ").replace("-", " ")
        known.setdefault(forms(plain), name)
        known.setdefault(tuple(plain.lower().split()), name)
    longest = max((len(each) for each in known), default=0)

    def names_in(phrase: str) -> frozenset[str]:
        if phrase in names:
            return frozenset([phrase])
        found, words, place = set(), forms(phrase), 0
        while place < len(words):
            for length in range(min(longest, len(words) - place), 0, -1):
                if name := known.get(words[place : place + length]):
                    found.add(name)
                    place += length - 1
                    break
            place += 1
        return frozenset(found)

    return names_in


def _rows(sighting: Sighting, concepts: Sequence[int]) -> Bools:
    """bool (concepts, pixels): where those concepts are in an image."""
    place = {int(concept): row for row, concept in enumerate(sighting.present)}
    masks: NDArray[np.bool_] = np.zeros((len(concepts), sighting.masks.shape[1]), dtype=np.bool_)
    for row, concept in enumerate(concepts):
        if concept in place:
            masks[row] = sighting.masks[place[concept]]
    return masks
