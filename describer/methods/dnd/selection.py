"""The third step: which candidate's pictures activate the unit (3.3, A.1.4).

    gallery = generated(texts, maker, responses, options, "layer4", 427)
    chosen = choose(texts, gallery, shown, likeness, options)
    chosen.order[0], chosen.scores

Pictures are shown to the network at its own input size, are ranked together by the unit's
activation, and score their candidates; all scores are turned so that higher is better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from db.arrays import new_file
from db.errors import BadInput
from describer.images import probing
from describer.methods.dnd import prompts, scoring
from describer.methods.dnd.options import NEED_LIKENESS, Options
from describer.methods.dnd.retrieval import Album
from describer.methods.dnd.strongest import Shown
from describer.methods.models.likeness import Likeness
from describer.methods.responses import Floats, Images, Responses, paths
from describer.methods.study import seed_of

if TYPE_CHECKING:
    from describer.demo.world.renderer import Renderer
    from describer.methods.models.pictures import Maker

TILE, GAP = 96, 4
UNLIKE = 0.81
"""Labels whose texts are more alike than this say the same (A.7)."""


@dataclass(frozen=True)
class Gallery:
    """Pictures of candidates.

    Attributes:
        images: uint8 (candidates, pictures, 3, S, S).
        activations: float32 (candidates, pictures), the unit's on them.
        names: their files: (candidates, pictures).
    """

    images: Images
    activations: Floats
    names: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Chosen:
    """Candidates in order.

    Attributes:
        order: places of the candidates, best first.
        scores: of the scoring that was asked for, by candidate, higher is better.
        all_scores: of every scoring that could be computed.
    """

    order: tuple[int, ...]
    scores: tuple[float, ...]
    all_scores: dict[str, tuple[float, ...]]


def generated(
    texts: Sequence[str],
    maker: "Maker | Renderer",
    responses: Responses,
    options: Options,
    layer: str,
    unit: int,
) -> Gallery:
    """Q pictures of each candidate; a picture's seed is the unit's, the candidate's and its own."""
    rows, names = [], []
    for candidate, text in enumerate(texts):
        seeds = [
            seed_of(options.seed, f"{layer}/{unit}/{candidate}", number)
            for number in range(options.pictures)
        ]
        made = maker.make(prompts.PICTURE.format(text), seeds)
        files = [f"{layer}-{unit}-{candidate}-{number}.png" for number in range(len(made))]
        if options.keep:
            for file, picture in zip(files, made, strict=True):
                _write(Path(options.keep) / file, picture)
        subject = responses.subject
        rows.append(np.stack([probing.prepare(as_picture(picture), subject) for picture in made]))
        names.append(tuple(files))
    images = np.stack(rows)  # (candidates, pictures, 3, S, S)
    maps = responses.maps(images.reshape(-1, *images.shape[2:]), layer, unit)
    return Gallery(images, responses.pooled(maps).reshape(images.shape[:2]), tuple(names))


def retrieved(
    texts: Sequence[str],
    album: Album,
    responses: Responses,
    options: Options,
    shown: Shown,
    where: tuple[str, int],
) -> Gallery:
    """The Q probing images nearest to each candidate, but none of the unit's own.

    Raises:
        BadInput: the probing set has no others.
    """
    ids = [album.nearest(text, options.pictures, without=shown.ids) for text in texts]
    if not ids[0]:
        raise BadInput("expected probing images beside the unit's own to retrieve, got none")
    flat = [image_id for row in ids for image_id in row]
    layer, unit = where
    images = responses.images(flat)
    shape = (len(texts), len(ids[0]))
    activations = responses.pooled(responses.maps_of(flat, layer, [unit])[:, 0]).reshape(shape)
    names = tuple(tuple(paths(responses.probing_set, row)) for row in ids)
    return Gallery(images.reshape(*shape, *images.shape[1:]), activations, names)


def choose(gallery: Gallery, shown: Shown, likeness: Likeness | None, options: Options) -> Chosen:
    """Score candidates; of equal ones the first that was proposed is better."""
    ranks = scoring.ranks_of(gallery.activations)
    squared = scoring.topk_squared(ranks)
    found = {
        "topk-squared": [-score for score in squared],
        "mean": [-score for score in scoring.mean_rank(ranks)],
    }
    if likeness is not None and options.scoring in NEED_LIKENESS:
        flat = gallery.images.reshape(-1, *gallery.images.shape[2:])
        vectors = likeness.of_images(list(flat))
        products = scoring.image_products(
            gallery.activations,
            vectors.reshape(*gallery.activations.shape, -1),
            likeness.of_images(list(shown.images)),
        )
        found["image-products"] = products
        found["topk-squared-image-products"] = scoring.topk_squared_image_products(ranks, products)
    scores = found[options.scoring]
    order = sorted(range(len(scores)), key=lambda place: (-scores[place], squared[place], place))
    return Chosen(tuple(order), tuple(scores), {name: tuple(row) for name, row in found.items()})


def unlike(
    texts: Sequence[str], order: Sequence[int], likeness: Likeness | None, most: int
) -> list[int]:
    """Places of the best candidates that say different things, at most so many (A.7)."""
    if most == 1 or likeness is None:
        return list(order[:1])
    vectors = likeness.of_texts(texts)
    kept: list[int] = []
    for place in order:
        if all(float(vectors[place] @ vectors[other]) <= UNLIKE for other in kept):
            kept.append(place)
        if len(kept) == most:
            break
    return kept


def as_picture(image: NDArray[np.uint8]) -> Image.Image:
    """An image, uint8 (3, H, W), as Pillow has it."""
    return Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))


def _write(path: Path, picture: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path) as temporary:
        as_picture(picture).save(temporary, "PNG")


def write_sheet(path: Path, images: NDArray[np.uint8], columns: int) -> None:
    """Write images, uint8 (n, 3, S, S), in rows of so many as one JPEG of small tiles."""
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * (TILE + GAP) - GAP, rows * (TILE + GAP) - GAP), "white")
    for place, image in enumerate(images):
        tile = as_picture(image).resize((TILE, TILE), Image.Resampling.BILINEAR)
        sheet.paste(tile, (place % columns * (TILE + GAP), place // columns * (TILE + GAP)))
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path) as temporary:
        sheet.save(temporary, "JPEG", quality=85)
