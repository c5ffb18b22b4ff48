"""The named sizes and colours that every page is made of, and Gradio's theme made of the same.

    css()                       # `:root {--mw-space-3: .75rem; …} .dark {--mw-ground: …}`
    THEME                       # for `gr.themes.Base().set(**THEME)`

A page says `var(--mw-ink)`, never a colour. Every colour of text on a ground of its theme has a
contrast of at least 4.5 : 1 (`contrast` measures it, a test holds it).
"""

from collections.abc import Mapping

# Space between things, in steps; type; and the roundness of corners.
SIZES: Mapping[str, str] = {
    "space-1": ".25rem",
    "space-2": ".5rem",
    "space-3": ".75rem",
    "space-4": "1rem",
    "space-5": "1.5rem",
    "space-6": "2.5rem",
    "type-small": ".8125rem",
    "type": ".9375rem",
    "type-lead": "1.125rem",
    "type-head": "1.375rem",
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif",
    "round": ".375rem",
}
# ground: the page; raise: what lies on it; line: what parts them; ink, soft: text; accent: the one
# colour of what is chosen or pressed, fill and on-fill the same as an area; good, warn, bad:
# states, which are told by a word or a sign as well.
LIGHT: Mapping[str, str] = {
    "ground": "#ffffff",
    "raise": "#f6f6f4",
    "line": "#dededa",
    "ink": "#1c1c1a",
    "soft": "#5c5c57",
    "accent": "#c2410c",
    "fill": "#c2410c",
    "fill-hover": "#9a3412",
    "on-fill": "#ffffff",
    "good": "#1a6b35",
    "warn": "#8a5200",
    "bad": "#b3261e",
    "mark": "#ffe08a",
    "shade": "#0000001f",
}
DARK: Mapping[str, str] = {
    "ground": "#121211",
    "raise": "#1d1d1b",
    "line": "#383835",
    "ink": "#ededea",
    "soft": "#a9a9a2",
    "accent": "#ff9d70",
    "fill": "#c2410c",
    "fill-hover": "#9a3412",
    "on-fill": "#ffffff",
    "good": "#7fd39a",
    "warn": "#f0b35a",
    "bad": "#ff9a92",
    "mark": "#6b4e00",
    "shade": "#000000a6",
}
# What of a drawing stands for what, in the order in which lines are drawn. Okabe and Ito's colours,
# made lighter in the dark; lines differ in their dashes as well.
LIGHT_LINES: Mapping[str, str] = {
    "line-1": "#0065a0",
    "line-2": "#9a6c00",
    "line-3": "#7b4fa3",
    "line-4": "#b34700",
    "line-5": "#00785a",
    "line-6": "#a8487f",
    "line-7": "#5c5c57",
}
DARK_LINES: Mapping[str, str] = {
    "line-1": "#62b6ea",
    "line-2": "#e6b04a",
    "line-3": "#bb94de",
    "line-4": "#f08a4b",
    "line-5": "#4fc7a0",
    "line-6": "#e39ac4",
    "line-7": "#a9a9a2",
}


def css() -> str:
    """The tokens as custom properties, those of the dark theme under `.dark`."""
    light, dark = {**SIZES, **LIGHT, **LIGHT_LINES}, {**DARK, **DARK_LINES}
    return f":root {{{_properties(light)}}}\n.dark {{{_properties(dark)}}}\n"


def contrast(ink: str, ground: str) -> float:
    """The contrast of two colours `#rrggbb`, 1 to 21 (WCAG 2.2, 1.4.3).

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    dim, bright = sorted((_luminance(ink), _luminance(ground)))
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _properties(values: Mapping[str, str]) -> str:
    return " ".join(f"--mw-{name}: {value};" for name, value in values.items())


_GROUNDS = {
    "body_background_fill": "ground",
    "background_fill_primary": "ground",
    "background_fill_secondary": "raise",
    "block_background_fill": "ground",
    "block_label_background_fill": "ground",
    "block_title_background_fill": "ground",
    "panel_background_fill": "ground",
    "input_background_fill": "ground",
    "input_background_fill_focus": "ground",
    "input_background_fill_hover": "ground",
    "checkbox_background_color": "ground",
    "checkbox_background_color_selected": "fill",
    "checkbox_border_color": "soft",
    "checkbox_border_color_selected": "fill",
    "checkbox_border_color_focus": "accent",
    "checkbox_label_background_fill": "ground",
    "checkbox_label_background_fill_hover": "raise",
    "checkbox_label_background_fill_selected": "raise",
    "checkbox_label_text_color": "ink",
    "checkbox_label_text_color_selected": "ink",
    "checkbox_label_border_color": "line",
    "button_primary_background_fill": "fill",
    "button_primary_background_fill_hover": "fill-hover",
    "button_primary_text_color": "on-fill",
    "button_primary_border_color": "fill",
    "button_primary_border_color_hover": "fill-hover",
    "button_secondary_background_fill": "raise",
    "button_secondary_background_fill_hover": "line",
    "button_secondary_text_color": "ink",
    "button_secondary_border_color": "line",
    "border_color_primary": "line",
    "border_color_accent": "accent",
    "block_border_color": "line",
    "input_border_color": "line",
    "input_border_color_focus": "accent",
    "body_text_color": "ink",
    "body_text_color_subdued": "soft",
    "block_title_text_color": "soft",
    "block_label_text_color": "soft",
    "block_info_text_color": "soft",
    "accordion_text_color": "ink",
    "input_placeholder_color": "soft",
    "link_text_color": "accent",
    "link_text_color_hover": "accent",
    "link_text_color_active": "accent",
    "link_text_color_visited": "accent",
    "slider_color": "fill",
    "loader_color": "accent",
}
_PLAIN = {
    "block_border_width": "0px",
    "block_shadow": "none",
    "block_padding": "var(--mw-space-2)",
    "block_radius": "var(--mw-round)",
    "input_border_width": "1px",
    "input_shadow": "none",
    "input_radius": "var(--mw-round)",
    "checkbox_label_border_width": "1px",
    "checkbox_label_padding": "var(--mw-space-1) var(--mw-space-3)",
    "checkbox_label_shadow": "none",
    "button_large_padding": "var(--mw-space-2) var(--mw-space-4)",
    "button_large_radius": "var(--mw-round)",
    "button_large_text_size": "var(--mw-type)",
    "button_large_text_weight": "600",
    "button_primary_shadow": "none",
    "button_secondary_shadow": "none",
    "button_border_width": "1px",
    "layout_gap": "var(--mw-space-3)",
    "form_gap_width": "0px",
    "body_text_size": "var(--mw-type)",
    "color_accent": "var(--mw-accent)",
}
# A property is resolved where it is declared, so that the dark theme declares each again.
THEME: Mapping[str, str] = {
    **{name: f"var(--mw-{token})" for name, token in _GROUNDS.items()},
    **{f"{name}_dark": f"var(--mw-{token})" for name, token in _GROUNDS.items()},
    **_PLAIN,
}
