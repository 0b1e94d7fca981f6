"""What the theme's settings cannot say: contrast of small parts, room on a phone. Selectors are Streamlit's test ids."""

from __future__ import annotations

import streamlit as st

from pages.ui import session

INK = ("#1C1917", "#F5F1E8")  # the theme's text colours
STYLE = """<style>
/* keys on buttons, marked words and code in captions are read at 4.5 to 1 */
kbd[aria-label^="Shortcut"] { color: inherit !important; opacity: 1 !important; }
[data-testid="stCaptionContainer"] code { color: inherit; background: none; }
[data-testid="stSliderThumbValue"] p, [data-selected="true"] p { color: {ink} !important; }
/* no finger types Ctrl */
@media (max-width: 640px), (hover: none) { kbd[aria-label^="Shortcut"] { display: none; } }
</style>"""


def dress() -> None:
    """Add the style to the page; it takes no room."""
    st.html(STYLE.replace("{ink}", INK[session.dark()]))
