"""What a planner reads of a plan, wherever it stands: pages run as a browser would run them, files, and texts with figures in them."""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import Any, NamedTuple

import pandas as pd
from streamlit.testing.v1 import AppTest

from core.results import Projection
from core.scenario import Scenario
from tests.plans import EVERYTHING
from tests.report.papers import COMPLICATED

OFF_GRID = "off_grid_container"
PLANS: dict[str, dict[str, Any]] = {  # changes of the example, or of the preset that is named
    "example": {},
    "off the grid": {"preset": OFF_GRID, "finance.horizon_years": 6},
    "loans, taxes, heat and a tariff": {**COMPLICATED, "site.weather": "bundled:greensboro"},
    "dollars in euros": {**EVERYTHING, "finance.currency": "EUR"},
    "nothing to mine with": {"fleet.units": [], "finance.horizon_years": 5},
}
PAGES = ("projections", "money", "dispatch", "configuration", "compare", "market")
RAN: dict[str, Any] = {}  # what long work came to, by the kind a page asks for
HIDDEN = str.maketrans("", "", "\\\u200b")  # what escapes a text from Markdown


def plan_of(changes: dict[str, Any]) -> Scenario:
    """The plan that such changes make."""
    from core.fetchers.presets import presets

    rest = {path: value for path, value in changes.items() if path != "preset"}
    return (presets()[changes["preset"]] if "preset" in changes else Scenario()).but(rest)


class Tile(NamedTuple):
    """A headline figure as it is shown: its label, the figure, the remark below, and what the mark beside it says."""

    label: str
    value: str
    note: str
    help: str


class Page(NamedTuple):
    """What is read on a page: the projection that it shows, tiles, tables and texts."""

    answer: Projection
    state: dict[str, Any]
    tiles: tuple[Tile, ...]
    tables: tuple[pd.DataFrame, ...]
    texts: tuple[str, ...]

    def table(self, *columns: str) -> pd.DataFrame:
        """The table with these columns."""
        return next(frame for frame in self.tables if set(columns) <= set(frame.columns))


def drawn(name: str, changes: dict[str, object], state: dict[str, object]) -> None:
    """A page of the dashboard with a plan in hand, as Streamlit runs it: a script of its own."""
    import runpy
    from pathlib import Path
    from unittest.mock import patch

    import streamlit as st

    from pages.ui import session, work
    from tests.figures_shown import RAN, plan_of

    session.start()
    if "begun" not in st.session_state:
        st.session_state.update(state)
        st.session_state["begun"] = True
        session.adopt(plan_of(changes))
    ran = {"result": lambda kind, words: RAN.get(kind), "is_live": lambda kind: False}
    with patch.object(st, "page_link"), patch.multiple(work, **ran):  # a link knows no page outside the navigation
        runpy.run_path(str(Path("pages", f"{name}.py")))
    st.session_state["the answer"] = session.projection()
    if name == "dispatch":
        st.session_state["the operations"] = session.operations()


def page(name: str, plan: str, state: tuple[tuple[str, str | bool], ...] = ()) -> Page:
    """A page with one of the plans in hand; `state`: what was pressed on it before, by the key of a widget."""
    return _page(name, plan, state)


@cache
def _page(name: str, plan: str, state: tuple[tuple[str, str | bool], ...]) -> Page:
    return read(AppTest.from_function(drawn, args=(name, PLANS[plan], dict(state)), default_timeout=300))


def read(script: AppTest) -> Page:
    """Run a script as a page, and read what it shows."""
    main = sys.modules["__main__"]
    try:
        run = script.run()
    finally:
        sys.modules["__main__"] = main  # a page that is run makes itself that
    assert not run.exception, run.exception
    state = {key: run.session_state[key] for key in ("the answer", "the operations") if key in run.session_state}
    tiles = tuple(Tile(m.label, m.value, m.delta, m.proto.help) for m in run.metric)
    tables = tuple(frame.value for frame in run.dataframe)
    texts = [element.value for kind in ("markdown", "caption", "subheader") for element in run.get(kind)]
    words = tuple(text.translate(HIDDEN) for text in texts)
    return Page(state.get("the answer"), state, tiles, tables, words)  # type: ignore[arg-type]


# Figures in texts

UNITS = {  # as written: which kind of figure it is, and how many of it are one of what is kept
    "$": ("usd", 1.0), "BTC": ("btc", 1.0), "%": ("share", 100.0), "¢": ("usd per kWh", 100.0), "years": ("years", 1.0),
    "kW": ("kW", 1.0), "kWh": ("kWh", 1.0), "MWh": ("kWh", 1e-3), "GWh": ("kWh", 1e-6), "EUR": ("eur", 1.0),
}  # fmt: skip
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
FIGURE = re.compile(
    rf"(?<![\w.,])(?P<dollar>\$)?(?P<number>{NUMBER})(?P<million>\s?M\b)?"
    r"(?:[\s\u00a0]?(?P<unit>BTC|%|¢|years|kWh|MWh|GWh|kW|EUR)(?![\w²]))?(?P<age> old)?"
)


class Written(NamedTuple):
    """A figure in a text: its kind, size without sign in the units of what is kept, half of its last digit, the words around it."""

    kind: str
    size: float
    half: float
    text: str

    def is_of(self, value: float) -> bool:
        """Whether it is this value, rounded as it is written."""
        return abs(abs(value) - self.size) <= self.half * (1.0 + 1e-6)


def written(text: str) -> list[Written]:
    """The figures of a text that have a unit; ages are told with the readings."""
    return [_written(match, text) for match in FIGURE.finditer(text) if _unit(match) and not match["age"]]


def _unit(match: re.Match[str]) -> str:
    return "$" if match["dollar"] else match["unit"] or ""


def _written(match: re.Match[str], text: str) -> Written:
    kind, times = UNITS[_unit(match)]
    scale = (1e6 if match["million"] else 1.0) / times
    number = match["number"].replace(",", "")
    half = 0.5 * 10.0 ** -len(number.partition(".")[2])
    return Written(kind, float(number) * scale, half * scale, text[max(0, match.start() - 60) : match.end() + 20])
