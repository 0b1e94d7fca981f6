"""The frame around every page: navigation, page defaults, the last word on errors."""

import sys
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # Streamlit puts only this folder on the path
    sys.path.insert(0, str(HERE.parent))

from core import telemetry  # noqa: E402
from pages.ui import account, damage, drafts, live, looks, people, place, runs, session, shared, sun  # noqa: E402  needs the path
from pages.ui import show as say  # noqa: E402

# An image cannot use the page's typeface: the length is given, so that the name fits in whatever the computer has.
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 248 32"><circle cx="16" cy="16" r="8" fill="#F59E0B"/>'
    '<g stroke="#F59E0B" stroke-width="2.6" stroke-linecap="round"><path d="M16 2v3M16 27v3M2 16h3M27 16h3M6 6l2 2'
    'M24 24l2 2M6 26l2-2M24 8l2-2"/></g><text x="38" y="22" font-family="Inter,sans-serif" font-weight="700" '
    'font-size="17" textLength="206" lengthAdjust="spacingAndGlyphs" fill="{ink}">Solar Mining Calculator</text></svg>'
)


def pages() -> list[st.Page]:
    """Every page, in the order a planner reads them; the last one is the first under its own name.

    Without icons, so that all titles stand beside each other on a laptop.
    """

    def page(name: str, title: str, *, at: str = "", **kwargs: Any) -> st.Page:
        return st.Page(HERE / f"{name}.py", title=title, url_path=at or name, **kwargs)

    return [
        page("projections", "Projection", at="first", default=True),  # served at / and nowhere else
        page("money", "Money"),
        page("dispatch", "Dispatch"),
        page("risk", "Risk"),
        page("sizing", "Sizing"),
        page("configuration", "Configuration"),
        page("equipment", "Equipment"),
        page("market", "Market"),
        page("compare", "Compare"),
        page("method", "Method"),
        page("status", "Status"),
        page("start", "Start", visibility="hidden"),  # the first page leads there: one more title would not fit
        page("projections", "Projection", visibility="hidden"),
    ]


def show() -> None:
    """Draw the page that the address names; whatever this logs carries one id."""
    with telemetry.request(runs.new_id()):
        _show()


def _show() -> None:
    st.set_page_config(page_title="Solar Mining Calculator", page_icon=str(HERE / "static/icon.png"), layout="wide")
    st.logo(LOGO.replace("{ink}", "#F5F1E8" if session.dark() else "#1C1917"), size="large")
    looks.dress()
    if _closed():
        return
    session.start()
    with st.container():
        damage.notice()
    known = pages()
    chosen = st.navigation(known, position="top")
    account.left_for(chosen.url_path)
    if chosen is known[-1]:
        st.switch_page(known[0])
    with say.mishaps(), runs.measured(chosen.url_path or "first"):
        place.take_height()
        sun.take_horizon()
        chosen.run()
        drafts.keep()
    live.watch()


def _closed() -> bool:
    """Whether there is one page alone: what a link shows, or, on a server, the way in."""
    with say.mishaps():
        only = shared.page if shared.asked() else people.sign_in_page if people.must_sign_in() else None
        if only is None:
            return False
        st.navigation([st.Page(only, title="Solar Mining Calculator", default=True)], position="hidden").run()
    return True


if __name__ == "__main__":
    show()
