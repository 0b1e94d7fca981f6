"""What comes in while a page is open: errands are sent, the page looks now and then, and is drawn anew where there is news."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.errors import SolarMiningError
from core.sections import Site
from pages.ui import session

if TYPE_CHECKING:
    from core.fetchers.ask import Answer, Question
    from core.inputs import Weather

AWAITED = "_awaited"  # keys of the errands this session waits for
TROUBLES = "_troubles"  # what came of them in vain, by key
WISHES = "_wishes"  # what the planner asked for by a button: name → question and what it is about
TROUBLES_KEPT = 32
SOON_S, LATER_S = 1.0, 10.0
YOUNG = ("live", "cached")
SUN_KEY = "weather/"


def send(key: str, work: Callable[[], object], *, again: bool = False) -> None:
    """Have work done in the background, once for all who want it; the page is drawn anew when it is done."""
    from core.outside import errands

    troubles: dict[str, SolarMiningError] = st.session_state.setdefault(TROUBLES, {})

    def noted() -> None:
        troubles.pop(key, None)
        try:
            work()
        except SolarMiningError as error:
            troubles[key] = error
            raise

    sent = errands().send(key, noted, again=again)
    if sent or errands().under_way(key):
        st.session_state.setdefault(AWAITED, set()).add(key)
    while len(troubles) > TROUBLES_KEPT:
        troubles.pop(next(iter(troubles)))


def ask_for(question: Question[Any, Any], asked: Any, *, again: bool = False) -> None:
    """Ask the world in the background; `again`: by the planner's own wish, so even if nobody answered a moment ago."""
    from core.fetchers.ask import ask
    from core.outside import outside

    soft_s = 0.0 if again and trouble(question.key(asked)) else None
    send(question.key(asked), lambda: ask(question, asked, outside(), soft_s=soft_s), again=again)


def waits(key: str) -> bool:
    """Whether this errand is under way."""
    from core.outside import errands

    return errands().under_way(key)


def trouble(key: str) -> SolarMiningError | None:
    """Why an errand of this session brought nothing, None where it did not fail."""
    found: SolarMiningError | None = st.session_state.get(TROUBLES, {}).get(key)
    return found


def wish(name: str, question: Question[Any, Any], asked: Any) -> None:
    """Ask by the planner's wish; `granted` tells what came of it."""
    st.session_state.setdefault(WISHES, {})[name] = (question, asked)
    ask_for(question, asked, again=True)


def wished(name: str) -> Any:
    """What the last wish of that name is about, None where there is none."""
    return st.session_state.get(WISHES, {}).get(name, (None, None))[1]


def forget(name: str) -> None:
    """The wish is fulfilled, or no longer wanted."""
    st.session_state.get(WISHES, {}).pop(name, None)


def granted(name: str) -> Answer[Any] | SolarMiningError | None:
    """The answer to a wish, or why there is none; None while it is being asked for, or was never wished."""
    from core.fetchers.ask import known
    from core.outside import outside

    question, asked = st.session_state.get(WISHES, {}).get(name, (None, None))
    if question is None or waits(question.key(asked)):
        return None
    try:
        return known(question, asked, outside())
    except SolarMiningError as error:
        return trouble(question.key(asked)) or error


def ask_for_sun(site: Site, known: Weather) -> None:
    """Send for the weather of a place where what is known is not fresh."""
    from core.fetchers.spots import Spot
    from core.fetchers.weather import typical
    from core.outside import outside

    if site.weather != "auto" or known.status in YOUNG or outside().offline:
        return
    spot = Spot.of(site)
    ask_for(typical(spot), spot)


def waits_for_sun() -> bool:
    """Whether the weather of the place is being asked for now."""
    return any(key.startswith(SUN_KEY) and waits(key) for key in st.session_state.get(AWAITED, ()))


def watch() -> None:
    """Keep an eye on what this page rests on, for as long as it is open."""
    # how often it looks is part of what a fragment is: one function for each pace
    st.fragment(_soon if st.session_state.get(AWAITED) else _later, run_every=_pace())()


def _pace() -> float:
    return SOON_S if st.session_state.get(AWAITED) else LATER_S


def _soon() -> None:
    _look()


def _later() -> None:
    _look()


def _look() -> None:
    """Draws the page anew when an errand is back, the market has moved, or a reading has aged out of what it was called."""
    from core.fetchers.market import known_market
    from core.outside import outside

    awaited: set[str] = st.session_state.get(AWAITED, set())
    if back := {key for key in awaited if not waits(key)}:
        awaited -= back
        if any(key.startswith(SUN_KEY) for key in back):
            session.forget_weather()
        st.rerun()
    if known_market(outside()) != session.market():
        st.rerun()
    waited = bool(awaited)
    session.ask_again_for_sun()
    if st.session_state.get(AWAITED) and not waited:
        st.rerun()  # to look at the faster pace
