"""What comes in while a page is open: the page looks now and then, and is drawn anew where the world has news."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.sections import Site
from pages.ui import session

if TYPE_CHECKING:
    from core.inputs import Weather

SUN = "_sun_asked"  # the errand this session waits for
SOON_S, LATER_S = 1.0, 10.0
YOUNG = ("live", "cached")


def ask_for_sun(site: Site, known: Weather) -> None:
    """Send for the weather of a place where what is known is not fresh; `watch` takes it in when it is here."""
    from core.fetchers.ask import ask
    from core.fetchers.spots import Spot
    from core.fetchers.weather import typical
    from core.outside import errands, outside

    if site.weather != "auto" or known.status in YOUNG or outside().offline:
        return
    spot = Spot.of(site)
    question = typical(spot)
    key = question.key(spot)
    if errands().send(key, lambda: ask(question, spot, outside())):
        st.session_state[SUN] = key


def waits_for_sun() -> bool:
    """Whether the weather of the place is being asked for now."""
    from core.outside import errands

    return errands().under_way(st.session_state.get(SUN, ""))


def watch() -> None:
    """Keep an eye on what this page rests on, for as long as it is open."""
    _look(waits_for_sun())


def _look(waiting: bool) -> None:
    # how often it looks is part of what a fragment is: one function for each pace
    st.fragment(_awaited if waiting else _glance, run_every=SOON_S if waiting else LATER_S)()


def _awaited() -> None:
    """Draws the page anew when the errand is back."""
    if not waits_for_sun():
        session.forget_weather()
        st.rerun()


def _glance() -> None:
    """Draws the page anew when the market has moved, or its reading has aged out of what it was called."""
    from core.fetchers.market import known_market
    from core.outside import outside

    now = known_market(outside())
    if now != session.market():
        st.rerun()
