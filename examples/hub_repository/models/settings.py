"""How large the network is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Widths of the layers, and how many classes there are."""

    stem: int = 8
    block: int = 12
    classes: int = 10
