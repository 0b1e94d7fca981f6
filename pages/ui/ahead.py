"""The part of a page that a planner waits for: an edit in it draws it alone, then the page around it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from pages.ui import show

P = ParamSpec("P")
PAUSE_S = (
    0.05  # in which the browser shows the part, before all else comes in; the least is two flushes of Streamlit's queue
)


def drawn(part: Callable[[], None]) -> None:
    """Draw fields and the figures they move as one part of a page.

    What is changed in it is answered by this part alone, a tenth of the page. Then the whole page is drawn, as charts,
    tables and the marker of unsaved changes rest on the same draft; the answer is kept by then.
    """
    with_page = True

    @wraps(part)
    def alone() -> None:
        with show.mishaps():
            part()
        if not with_page:
            time.sleep(PAUSE_S)
            st.rerun()

    try:
        st.fragment(alone)()
    finally:
        with_page = False


def apart(part: Callable[P, None]) -> Callable[P, None]:
    """A part of a page that its own tabs and fields draw alone, and nothing else on the page hangs on."""

    @st.fragment
    @wraps(part)
    def alone(*args: P.args, **kwargs: P.kwargs) -> None:
        with show.mishaps():
            part(*args, **kwargs)

    return alone
