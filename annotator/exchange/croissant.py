"""The dataset's folder described for machines, in MLCommons Croissant 1.0.

    description(folder, title="Spring", licence="cc-by-4.0", summary="…")

The description names the files with their hashes and the columns of the answers; loaders and search
engines for datasets read it. It is written last, because it holds the hashes of the others.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

NAME = "croissant.json"
_ANSWERS = "answers.jsonl"
# What of an answer a loader wants as columns; the file holds more.
_FIELDS = {
    "subject": ("sc:Text", "The network."),
    "layer": ("sc:Text", "The layer of the unit."),
    "unit": ("sc:Integer", "The number of the unit in its layer."),
    "exemplar_hash": ("sc:Text", "The hash of the exemplars that were shown."),
    "annotator": ("sc:Text", "A pseudonym of who wrote it."),
    "kind": ("sc:Text", "text, or no_pattern where nothing was found in common."),
    "text": ("sc:Text", "The sentence that counts."),
    "created_utc": ("sc:Text", "When it was sent."),
    "seconds": ("sc:Float", "Working time."),
}
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def description(folder: Path, *, title: str, licence: str, summary: str) -> dict[str, Any]:
    """The description of a folder whose other files are there, as JSON-LD."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".jpg")
    images = any(folder.rglob("*.jpg"))
    distribution = [_file(folder, path) for path in files if path.name != NAME]
    if images:
        distribution.append(
            {
                "@type": "cr:FileSet",
                "@id": "pictures",
                "name": "pictures",
                "description": "Exemplars of a unit, dimmed where it is not active.",
                "encodingFormat": "image/jpeg",
                "includes": "units/*.jpg",
            }
        )
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": re.sub(r"[^\w-]+", "-", title).strip("-") or "dataset",
        "description": summary,
        "license": licence,
        "distribution": distribution,
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "answers",
                "name": "answers",
                "field": [_field(name, *about) for name, about in _FIELDS.items()],
            }
        ],
    }


def _file(folder: Path, path: Path) -> dict[str, Any]:
    kinds = {".jsonl": "application/jsonlines", ".md": "text/markdown", ".json": "application/json"}
    name = path.relative_to(folder).as_posix()
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "encodingFormat": kinds.get(path.suffix, "text/plain"),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "contentSize": f"{path.stat().st_size} B",
    }


def _field(name: str, kind: str, text: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"answers/{name}",
        "name": f"answers/{name}",
        "description": text,
        "dataType": kind,
        "source": {"fileObject": {"@id": _ANSWERS}, "extract": {"column": name}},
    }
