"""What the admin reads about files that leave and come in, as HTML."""

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from annotator import html
from annotator.exchange.arrivals import Seen
from annotator.exchange.job import Packed
from annotator.exchange.published import Layer
from db import templates

SHOWN = 30
_PARTS = templates.beside(__file__)


def pseudonyms() -> Markup:
    """What an export calls people."""
    return _PARTS("pseudonyms")


def packed(found: Packed, ended_utc: str, *, there: bool) -> Markup:
    """A link to the file, unless it was deleted because somebody withdrew."""
    if not there:
        return html.note("The last file was deleted when somebody's text was removed.")
    return _PARTS("packed", found=found, megabytes=found.bytes / 1e6, ended_utc=ended_utc)


def foreseen_lines(layers: Sequence[Layer], sentences: int) -> list[str]:
    """What of a published folder somebody should know before it is written."""
    lines = []
    for layer in layers:
        name = f"{layer.subject} {layer.layer}"
        if layer.short:
            units = ", ".join(f"{unit} ({count})" for unit, count in layer.short[:SHOWN])
            more = len(layer.short) - SHOWN
            units += f" and {more} more" if more > 0 else ""
            lines.append(
                f"{name}: {len(layer.short)} units have fewer than {sentences} sentences and are "
                f"left out where annotation_count={sentences}: {units}"
            )
        if layer.empty:
            lines.append(
                f"{name}: {len(layer.empty)} of {layer.units} rows are empty (black, in empty.csv)"
            )
        if layer.named_by_digits:
            lines.append(f"{name}: a layer named by digits is found with an annotation_count alone")
    return lines


def foreseen(layers: Sequence[Layer], sentences: int) -> Markup:
    """The same as HTML, or that nothing is missing."""
    if not layers:
        return html.note("No answer yet.")
    lines = foreseen_lines(layers, sentences)
    if not lines:
        return html.note(f"Every unit of every layer has {sentences} sentences or more.")
    return _PARTS("foreseen", lines=lines)


def choose() -> Markup:
    """The box in which the browser lets a file be chosen."""
    return _PARTS("choose")


def limits(most: int) -> Markup:
    """How large a file may be here, in MB, and how larger ones come in."""
    return _PARTS("limits", most=most)


def seen(found: Seen) -> Markup:
    """Counts of a file, or why it is refused."""
    if found.problem is not None:
        return html.problem(f"Refused, all of it: {found.problem}")
    records = found.records
    layers = Counter(f"{record.subject} {record.layer}" for record in records)
    status = Counter(record.status for record in records)
    kinds = Counter("rating" if record.rating else record.kind for record in records)
    lines = {
        "becomes the campaign": found.name,
        "read as": found.understood or "it is spelled as our own tables are",
        "answers": ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in kinds.items()),
        "left out, without a sentence": str(found.empty),
        "by": f"{len({record.annotator for record in records})} people",
        "about": "; ".join(f"{layer}: {count}" for layer, count in layers.items()),
        "state": ", ".join(f"{count} {state}" for state, count in status.items()),
        "sentences a unit": ", ".join(f"{units} units have {n}" for n, units in found.sentences),
        "units without pictures here": str(found.unknown),
    }
    published = {
        record.subject for record in records if record.exemplar_hash.startswith("as published:")
    }
    if published:
        networks = ", ".join(sorted(published))
        lines["comes in"] = f"as published units of {networks}, not the workspace's own"
    return _PARTS("seen", lines=lines)
