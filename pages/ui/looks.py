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
/* focus shows on what Streamlit leaves plain: the page itself, tabs, choices, tables, charts */
[data-testid="stMain"]:focus-visible, [data-testid="stTab"]:focus-visible, label:has(> input:focus-visible),
[data-testid="stDataFrame"]:has(:focus-visible), [data-testid="stVegaLiteChart"]:has(:focus-visible) {
  outline: 2px solid #B45309; outline-offset: -2px;
}
@media (max-width: 640px) {
  .st-key-actions, .st-key-actions > div { gap: 0.5rem; }
  .st-key-standing, .st-key-standing > div { gap: 0.25rem 0.4rem; }
  .st-key-actions button { padding: 0.25rem 0.65rem; }
}
/* no finger types Ctrl */
@media (max-width: 640px), (hover: none) { kbd[aria-label^="Shortcut"] { display: none; } }
</style>"""


def dress() -> None:
    """Add the style to the page; it takes no room."""
    st.html(STYLE.replace("{ink}", INK[session.dark()]))
