"""Cells of CSV files: none that a spreadsheet runs as a formula, and numbers as people spell them.

>>> neutral("=1+2"), restored("'=1+2")
("'=1+2", '=1+2')
>>> number("12.0"), number(" 7 "), number("0,3", decimal_comma=True), whole("12.0")
(12.0, 7.0, 0.3, 12)
"""

import json
import re

# Spreadsheets for Chinese and Japanese take the wide forms for the narrow ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# Ways in which programs write that there is nothing; `none` and `-` may be what somebody says.
_NO_TEXT = frozenset({"nan", "<na>", "#n/a"})
_NO_NUMBER = _NO_TEXT | {"", "na", "n/a", "null", "none", "-"}
# So many digits fit into every column that takes the number of a unit.
_WHOLE = re.compile(r"([0-9]{1,9})(?:[.,]0+)?")


def neutral(cell: str) -> str:
    """The cell so that no spreadsheet runs it; `restored` undoes it exactly.

    Texts that readers of tables take for no text or for a list are guarded as well.

    >>> neutral("=1+2"), neutral("nan"), neutral("dogs")
    ("'=1+2", "'nan", 'dogs')
    """
    return "'" + cell if _guarded(cell) else cell


def restored(cell: str) -> str:
    """The cell as it was before `neutral`.

    >>> restored(neutral("=1+2")), restored("'tis")
    ('=1+2', "'tis")
    """
    return cell[1:] if cell.startswith("'") and _guarded(cell) else cell


def _guarded(cell: str) -> bool:
    plain = cell.lstrip("'")
    odd = plain.strip()
    listed = odd.startswith("[") and odd.endswith("]")
    return plain.startswith(_FORMULA) or listed or odd.casefold() in _NO_TEXT


def cell(value: object) -> object:
    """A value as it is written into a table; lists and dicts as JSON, None as an empty cell.

    >>> cell(None), cell(True), cell(["a"]), cell("=1"), cell(0.5)
    ('', 'true', '["a"]', "'=1", 0.5)
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return neutral(value) if isinstance(value, str) else value


def whole(cell: str) -> int | None:
    """A number from 0 without a fraction, `12.0` as 12; None when it is not one.

    >>> whole("12"), whole("12.0"), whole("12.5"), whole("-1"), whole("")
    (12, 12, None, None, None)
    """
    found = _WHOLE.fullmatch(cell.strip())
    return int(found[1]) if found else None


def number(cell: str, *, decimal_comma: bool = False) -> float | None:
    """A number; None where the cell says that there is none.

    Raises:
        ValueError: it is something else.
    """
    plain = cell.strip()
    if plain.casefold() in _NO_NUMBER:
        return None
    return float(plain.replace(",", ".") if decimal_comma else plain)


def says_nothing(cell: str) -> bool:
    """Whether a cell is empty, or spells out that it is (`nan`).

    >>> says_nothing(" "), says_nothing("NaN"), says_nothing("none")
    (True, True, False)
    """
    plain = cell.strip()
    return not plain or plain.casefold() in _NO_TEXT
