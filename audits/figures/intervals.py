"""What the interval of some random draws can be taken for.

too_few(0.02, 1.0, 5)      " (5 draws are too few to say)"
"""

# Nearly all of [0, 1]: it leaves nothing out.
WIDE = 0.9


def too_few(low: float | None, high: float | None, draws: int) -> str:
    """The words behind an interval of shares in [0, 1] that says nothing; else none.

    >>> too_few(0.2, 0.4, 5)
    ''
    """
    if low is None or high is None or not high - low > WIDE:
        return ""
    return f" ({draws} draws are too few to say)"
