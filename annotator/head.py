"""Style and script of the Annotate tab, put into the page's head.

The script only presses buttons and fills boxes that are on the page anyway: Ctrl+Enter, the draft
that is kept a second after the last keystroke, holding M, enlarging a tile, reviewing by single
keys. It never acts on plain letters while somebody types; Alt+N, Alt+S and Alt+B work in the box.
"""

from pathlib import Path

_FOLDER = Path(__file__).parent

HEAD = (
    f"<style>{(_FOLDER / 'page.css').read_text(encoding='utf-8')}</style>"
    f"<script>{(_FOLDER / 'page.js').read_text(encoding='utf-8')}</script>"
)
