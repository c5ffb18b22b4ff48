"""Tokens: both themes name the same things, and text can be read on what it stands on."""

import inspect
import re
from pathlib import Path

import pytest

from db.design import tokens

PROJECT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("theme", [tokens.LIGHT, tokens.DARK], ids=["light", "dark"])
def test_text_can_be_read_on_what_it_stands_on(theme: dict[str, str]) -> None:
    for ink in ("ink", "soft", "accent", "good", "warn", "bad"):
        for ground in ("ground", "raise"):
            found = tokens.contrast(theme[ink], theme[ground])
            assert found >= 4.5, f"{ink} on {ground}: {found:.2f}"
    assert tokens.contrast(theme["on-fill"], theme["fill"]) >= 4.5
    assert tokens.contrast(theme["ink"], theme["mark"]) >= 4.5


def test_black_on_white_has_the_contrast_that_the_guideline_says() -> None:
    assert tokens.contrast("#000000", "#ffffff") == pytest.approx(21)
    # worked by other programs: https://webaim.org/resources/contrastchecker says 4.54
    assert tokens.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_both_themes_name_the_same_tokens() -> None:
    assert set(tokens.LIGHT) == set(tokens.DARK)
    light, dark = tokens.css().splitlines()
    assert light.startswith(":root {--mw-space-1: .25rem;")
    assert set(re.findall(r"--mw-line-\d", light)) == set(re.findall(r"--mw-line-\d", dark))


def test_style_sheets_use_only_tokens_that_there_are() -> None:
    known = set(re.findall(r"(--mw-[a-z0-9-]+):", tokens.css()))
    for path in [*PROJECT.glob("db/**/*.css"), *PROJECT.glob("[ad]*/**/*.css")]:
        used = set(re.findall(r"var\((--mw-[a-z0-9-]+)", path.read_text(encoding="utf-8")))
        assert used <= known, f"{path}: {used - known}"


def test_the_theme_sets_what_the_framework_knows_to_tokens_that_there_are() -> None:
    import gradio as gr

    assert set(tokens.THEME) <= set(inspect.signature(gr.themes.Base().set).parameters)
    used = set(re.findall(r"var\((--mw-[a-z0-9-]+)", " ".join(tokens.THEME.values())))
    assert used <= set(re.findall(r"(--mw-[a-z0-9-]+):", tokens.css()))
