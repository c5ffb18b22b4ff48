"""Cells of CSV files that no spreadsheet runs as a formula.

>>> neutral("=1+2"), restored("'=1+2")
("'=1+2", '=1+2')
"""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutral(cell: str) -> str:
    """The cell so that no spreadsheet runs it; `restored` undoes it exactly.

    >>> neutral("=1+2")
    "'=1+2"
    """
    guarded = cell.lstrip("'").startswith(_FORMULA)
    return "'" + cell if guarded else cell


def restored(cell: str) -> str:
    """The cell as it was before `neutral`.

    >>> restored(neutral("=1+2")), restored("'tis")
    ('=1+2', "'tis")
    """
    guarded = cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA)
    return cell[1:] if guarded else cell
