"""What the theme's settings cannot say: contrast of small parts, room on a phone. Selectors are Streamlit's test ids."""

from __future__ import annotations

import streamlit as st

STYLE = """<style>
/* keys on buttons, marked words and code in captions are read at 4.5 to 1 */
kbd[aria-label^="Shortcut"] { color: inherit !important; opacity: 1 !important; }
[data-testid="stCaptionContainer"] code { color: inherit; }
[data-testid="stSliderThumbValue"] p, [data-testid="stButtonGroup"] button[data-selected="true"] p { color: var(--st-text-color); }
/* no finger types Ctrl */
@media (max-width: 640px), (hover: none) { kbd[aria-label^="Shortcut"] { display: none; } }
</style>"""


def dress() -> None:
    """Add the style to the page; it takes no room."""
    st.html(STYLE)
