"""The texts of the annotator's page, one file a language; a campaign says in which it is.

    say = words.of("de")
    say("bar.set", number=3, total=60)          # "Bildersatz 3 von deinen 60"
    say.many("done.answers", 1)                 # by the count: `done.answers_one`, `_other`

A file of another language with the same keys, put beside these, is a further language. Where a text
leads to other parts of the page it is plain text: templates escape it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from db.crowd import recruitment
from db.errors import BadInput

_FOLDER = Path(__file__).parent
DEFAULT = "en"


@dataclass(frozen=True)
class Words:
    """The texts of one language.

    Attributes:
        language: as HTML names it.
        name: as its speakers call it.
        direction: `ltr` or `rtl`.
    """

    language: str
    name: str
    direction: str
    texts: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    examples: Mapping[str, Mapping[str, str]]

    def __call__(self, key: str, **values: object) -> str:
        """A text with its values put in; a key that no file has is a defect.

        Between letters that run from the right, each value keeps a direction of its own.
        """
        if self.direction == "rtl":
            values = {name: f"\u2068{value}\u2069" for name, value in values.items()}
        return self.texts[key].format(**values)

    def many(self, key: str, number: int, **values: object) -> str:
        """A text that depends on a number, which is put in as `n`."""
        return self(f"{key}_{'one' if number == 1 else 'other'}", n=number, **values)

    @property
    def english(self) -> bool:
        """Whether answers are checked against what is known of English."""
        return self.language == DEFAULT


def languages() -> dict[str, str]:
    """The languages that there are: key to their own name, English first."""
    keys = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    keys.sort(key=lambda key: key != DEFAULT)
    return {key: of(key).name for key in keys}


@cache
def of(language: str) -> Words:
    """The texts of a language.

    Raises:
        BadInput: there is no file of it.
    """
    path = _FOLDER / f"{language}.toml"
    if not language.isalpha() or not path.is_file():
        raise BadInput(f"expected a language that has a file of texts, got {language!r}")
    with path.open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)
    head = found.pop("language")
    examples = found.pop("examples")
    texts: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    for section, entries in found.items():
        for key, value in entries.items():
            if isinstance(value, list):
                lists[f"{section}.{key}"] = tuple(value)
            else:
                texts[f"{section}.{key}"] = " ".join(value.split())
    return Words(language, head["name"], head["direction"], texts, lists, examples)


def of_campaign(db: Database, campaign_id: int) -> Words:
    """The texts in the language of a campaign."""
    return of(recruitment.of(db, campaign_id).language)
