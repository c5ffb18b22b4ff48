"""A folder that Hugging Face `datasets` loads by its path: pictures with sentences, and a card.

    write(folder, records, pictures, title="Spring", licence="cc-by-4.0")

    units/00000.jpg, units/metadata.jsonl     a masked picture a unit, with what people wrote of it
    answers.jsonl                             every answer that counts, whole
    decisions.jsonl                           where reviewers decided between sentences
    croissant.json                            the same described for machines (MLCommons Croissant)
    README.md                                 the card

`datasets.load_dataset(folder)` gives a row a unit: the picture, `sentences` and who wrote them.
Without pictures it gives the answers.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from annotator.exchange import croissant, exports
from annotator.exchange.about import About
from annotator.exchange.exports import Pictures
from db.annotate import transfers
from db.annotate.transfers import Record
from db.describe import pictures as drawing
from db.errors import BadInput, NotFound

ANSWERS, UNITS, DECISIONS = "answers.jsonl", "units", "decisions.jsonl"
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")

_Place = tuple[str, str, int, str]


def write(
    folder: Path,
    records: Sequence[Record],
    pictures: Pictures | None = None,
    *,
    title: str,
    licence: str = "unknown",
    about: About | None = None,
) -> None:
    """Write the folder.

    Args:
        about: how the sentences were collected, for the card; None: it is not known.
        pictures: reads images and masks of a unit; units that it does not know have no picture.
        licence: an identifier of the hub, such as `cc-by-4.0`.

    Raises:
        BadInput: the licence is no such word, or nothing counts.
    """
    check_licence(licence)
    kept = exports.counting(records)
    if not kept:
        raise BadInput("expected sentences that count for the export, got none")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ANSWERS).open("w", encoding="utf-8", newline="\n") as file:
        for record in kept:
            file.write(json.dumps(_row(record), ensure_ascii=False) + "\n")
    places: dict[_Place, list[Record]] = {}
    for record in kept:
        place = record.subject, record.layer, record.unit, record.exemplar_hash
        places.setdefault(place, []).append(record)
    drawn = 0 if pictures is None else _write_units(folder / UNITS, places, pictures)
    if about is not None and about.decisions:
        with (folder / DECISIONS).open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(json.dumps(d, ensure_ascii=False) + "\n" for d in about.decisions)
    card = _card(kept, title=title, licence=licence, units=len(places), drawn=drawn, about=about)
    (folder / "README.md").write_text(card, encoding="utf-8")
    described = croissant.description(
        folder, title=title, licence=licence, summary=_summary(kept, len(places))
    )
    text = json.dumps(described, ensure_ascii=False, indent=1)
    (folder / croissant.NAME).write_text(text + "\n", encoding="utf-8")


def check_licence(licence: str) -> None:
    """Refuse what is not an identifier of a licence.

    Raises:
        BadInput: it is not.
    """
    if not _LICENCE.fullmatch(licence):
        raise BadInput(f"expected a licence such as cc-by-4.0 or unknown, got {licence!r}")


def _row(record: Record) -> dict[str, object]:
    values = transfers.as_json(record)
    del values["rating"]
    # Columns must be the same in every row.
    values["flags"] = [{"kind": kind, "detail": detail} for kind, detail in record.flags.items()]
    return values


def _write_units(folder: Path, places: dict[_Place, list[Record]], pictures: Pictures) -> int:
    """Write the pictures and the table that `datasets` reads with them; returns how many."""
    lines: list[str] = []
    for (subject, layer, unit, hash_), group in places.items():
        try:
            images, masks = pictures(subject, layer, unit, hash_)
        except (BadInput, NotFound):
            continue
        # Numbers are names on every file system; layers may not be.
        name = f"{len(lines):05d}.jpg"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(drawing.rendered(images, masks, "grid"))
        values = {
            "file_name": name,
            "subject": subject,
            "layer": layer,
            "unit": unit,
            "exemplar_hash": hash_,
            "sentences": [record.text for record in group],
            "annotators": [record.annotator for record in group],
        }
        lines.append(json.dumps(values, ensure_ascii=False) + "\n")
    if lines:
        with (folder / "metadata.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
    return len(lines)


def _summary(kept: Sequence[Record], units: int) -> str:
    people = len({record.annotator for record in kept})
    return (
        f"{len(kept)} sentences by {people} people about {units} units of vision networks: what "
        "the highlighted regions of a unit's exemplars have in common."
    )


def _card(
    kept: Sequence[Record],
    *,
    title: str,
    licence: str,
    units: int,
    drawn: int,
    about: About | None,
) -> str:
    simulated = sum(record.annotator_kind == "simulated" for record in kept)
    versions = sorted({record.rules for record in kept if record.rules is not None})
    cleaned = ", ".join("built-in" if version == 0 else str(version) for version in versions)
    loaded = (
        f"A row is a unit: `image` shows its exemplars, dimmed where the unit is not active, and "
        f"`sentences` what the people in `annotators` wrote of it. {units - drawn} of the units "
        f"have no picture and stand in `{ANSWERS}` alone, which holds every answer with its times "
        f'and revisions: `load_dataset("json", data_files="{ANSWERS}")`.'
        if drawn
        else "A row is an answer; `text` is the wording that counts and `revisions` holds all."
    )
    lines = [
        "---",
        f"pretty_name: {json.dumps(title, ensure_ascii=False)}",
        f"license: {licence}",
        f"language: [{'en' if about is None else about.language}]",
        "task_categories: [image-to-text]",
        "configs:",
        "- config_name: default",
        f'  data_files: "{f"{UNITS}/**" if drawn else ANSWERS}"',
        "---",
        "",
        f"# {' '.join(title.split())}",
        "",
        _summary(kept, units),
        f"{simulated} of the sentences were made by simulated annotators." if simulated else "",
        f"`text` was cleaned (version of the rules: {cleaned}); `raw` is as typed."
        if versions
        else "",
        "",
        loaded,
        "",
        "`subject`, `layer`, `unit` and `exemplar_hash` name what a sentence is about; people are "
        "pseudonyms.",
        "",
        *([] if about is None else about.lines()),
    ]
    return "\n".join(lines)
