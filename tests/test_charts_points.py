"""No chart sends more than 10,000 points: each with the most it can be given, and each page as it is drawn."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from core import bank_statement as bank
from core import charts
from core.charts.base import POINTS_A_LINE, spread, thinned
from core.fetchers.equipment import catalogue
from core.inputs import Market, Weather
from core.results import Projection
from core.studies.projection import project
from core.studies.sunlight import light_steps
from core.world import Series
from tests.plans import PLANS

MOST_POINTS = 10_000
LONGEST_YEARS = 40
MONTHS = pd.date_range("2027-01-01", periods=12 * LONGEST_YEARS, freq="MS")
FAN = pd.DataFrame({"month": MONTHS, **{f"p{p}": np.linspace(1.0, p, len(MONTHS)) for p in (5, 25, 50, 75, 95)}})
DESIGNS = pd.DataFrame(
    np.random.default_rng(1).normal(size=(50_000, 9)),
    columns=[
        "dc_kw",
        "machines",
        "npv_usd",
        "capex_usd",
        "energy_kwh",
        "power_kw",
        "mean_usd",
        "cvar_usd",
        "loss_frac",
    ],
).assign(allowed=True, meets=True)
LIVES = np.random.default_rng(2).normal(size=200_000)
DAYS = tuple(date(2009, 1, 3) + timedelta(days=i) for i in range(25 * 365))
THINGS = [f"thing {i}" for i in range(40)]
CELLS = pd.DataFrame(
    [(p, d, 1.0, 1.0, p - d) for p in np.linspace(0, 1, 41) for d in np.linspace(0, 1, 41)],
    columns=["price_share", "difficulty_share", "price_usd", "difficulty", "npv_usd"],
)
MANY: dict[str, Callable[[], Any]] = {
    "fan": lambda: charts.fan(FAN, "USD", plan=FAN[["month"]].assign(value=1.0)),
    "histogram": lambda: charts.npv_histogram(LIVES, {"P50": 0.0}),
    "difference": lambda: charts.difference_histogram(LIVES, {"P50": 0.0}),
    "shares of paths": lambda: charts.npv_shares(LIVES, LIVES + 1.0),
    "tornado": lambda: charts.tornado(pd.DataFrame({"thing": THINGS, "low_usd": -1.0, "high_usd": 1.0}), 0.0),
    "surface": lambda: charts.breakeven_surface(CELLS),
    "designs": lambda: charts.design_map(DESIGNS, DESIGNS.iloc[0], DESIGNS.iloc[1]),
    "frontier": lambda: charts.frontier(DESIGNS),
    "mean and tail": lambda: charts.mean_and_tail(DESIGNS.sort_values("mean_usd", ascending=False)),
    "market": lambda: charts.market_lines(
        Series(DAYS, tuple(np.exp(np.linspace(0.0, 10.0, len(DAYS))))), "USD", [datetime(2012, 11, 28, tzinfo=UTC)]
    ),
    "machines": lambda: charts.price_by_efficiency(
        pd.concat([catalogue([])] * 500, ignore_index=True).assign(age=charts.AGES[0])
    ),
    "bridge": lambda: charts.bridge(
        charts.Step("A", 1.0), [charts.Step(name, 1.0) for name in THINGS], charts.Step("B", 41.0)
    ),
    "years": lambda: charts.yields_by_year({year: 1.0 + year for year in range(1950, 2050)}, {"P50": 3.0}),
}
OF_A_PLAN: dict[str, Callable[[Projection], Any]] = {
    "flow": lambda p: charts.energy_flow(charts.year_flows(p.hourly, 1e5)),
    "week": lambda p: charts.week_of_dispatch(charts.local_hours(p), 0),
    "charge": lambda p: charts.week_of_charge(charts.local_hours(p), 0),
    "heat": lambda p: charts.hour_by_month(p, "pv_kw"),
    "duration": lambda p: charts.duration_curves(charts.local_hours(p)),
    "energy": charts.energy_by_month,
    "cumulated": charts.cumulated_cash,
    "coins": charts.coins_by_month,
    "worth": charts.worth_of_energy,
    "lines": lambda p: charts.cash_lines({str(i): p for i in range(6)}),
    "coins of plans": lambda p: charts.coin_lines({str(i): p for i in range(6)}),
    "energy of plans": lambda p: charts.energy_bars({str(i): p for i in range(6)}),
    "waterfall": lambda p: charts.life_waterfall(bank.life_steps(p), "Left"),
    "cash": lambda p: charts.cash_by_year(p.statement["year"], p.statement["equity_cash_usd"]),
    "held": charts.coins_held,
    "renewals": charts.renewal_timeline,
    "stacked": lambda p: charts.stacked_by_year(p.statement["year"], {str(i): p.statement["tax_usd"] + i for i in range(7)}),
}  # fmt: skip


def points(spec: Any) -> int:
    return sum(len(frame) for frame in spec["datasets"].values())


@pytest.mark.parametrize("name", MANY)
def test_a_chart_of_the_most_there_can_be_is_small(name: str) -> None:
    spec = MANY[name]()
    assert 0 < points(spec) <= MOST_POINTS
    json.dumps({key: part for key, part in spec.items() if key != "datasets"}, allow_nan=False)


@pytest.fixture(scope="module")
def longest(greensboro: Weather, market: Market) -> Projection:
    return project(PLANS["everything"].but({"finance.horizon_years": LONGEST_YEARS}), greensboro, market)


@pytest.mark.parametrize("name", OF_A_PLAN)
def test_a_chart_of_the_longest_plan_is_small(name: str, longest: Projection) -> None:
    assert 0 < points(OF_A_PLAN[name](longest)) <= MOST_POINTS


def test_the_chain_of_the_longest_plan_is_small(longest: Projection, greensboro: Weather) -> None:
    steps = charts.sun_chain(light_steps(longest.scenario.array, greensboro), longest)
    assert points(charts.energy_chain(steps)) <= 20


def test_every_chart_is_among_these_or_draws_what_is_few_by_itself() -> None:
    """A chart that is added has to be given the most it may get, here."""
    few = {  # rows by month of a year, by price period, by part or by day of a forecast; the map's ground is a picture
        "compared_with_what", "light_by_month", "light_by_day", "price_grid", "shares", "sobol_bars", "cover", "site_map",
        "backtest", "heat_map", "energy_chain",
        "dressed",  # a chart that was made before, in other clothes
    }  # fmt: skip
    drawn = {
        name for name in charts.__all__
        if isinstance(made := getattr(charts, name), FunctionType) and made.__annotations__.get("return") == "Spec"
    }  # fmt: skip
    code = " ".join(
        name for draw in (*MANY.values(), *OF_A_PLAN.values()) for name in (*draw.__code__.co_names, draw.__name__)
    ).split()
    assert drawn - few <= set(code), drawn - few - set(code)


def test_a_line_made_thin_keeps_its_ends_and_every_peak() -> None:
    count = 8 * 8_760
    values = np.sin(np.arange(count) / 500.0)
    values[[40_000, 60_001]] = 50.0, -50.0
    frame = pd.DataFrame({"at": np.arange(count), "y": values})
    thin = thinned(frame, "y")
    assert len(thin) <= POINTS_A_LINE
    assert {0, count - 1, 40_000, 60_001} <= set(thin["at"])
    assert thin["at"].is_monotonic_increasing
    assert thinned(frame.head(POINTS_A_LINE), "y")["at"].tolist() == list(range(POINTS_A_LINE))


@pytest.mark.parametrize("count", [2001, 2002, 2003, 5800])
def test_a_line_just_too_long_is_made_thin_too(count: int) -> None:
    thin = thinned(pd.DataFrame({"y": np.arange(count) % 7}), "y")
    assert len(thin) <= POINTS_A_LINE
    assert (thin.index[0], thin.index[-1]) == (0, count - 1)


def test_names_at_the_ends_of_lines_stand_apart_and_in_order() -> None:
    values = np.array([5.0, 1.0, 1.1, 1.2])
    placed = spread(values, 1.0)
    assert np.diff(np.sort(placed)).min() >= 1.0 - 1e-12
    assert (np.argsort(placed) == np.argsort(values)).all()
    assert spread(np.array([0.0, 10.0]), 1.0).tolist() == [0.0, 10.0]


# --- pages ----------------------------------------------------------------------------------------

PAGES = ("projections", "money", "dispatch", "market", "equipment", "compare")


def drawn_page(name: str) -> None:
    import runpy
    from pathlib import Path
    from unittest.mock import patch

    import streamlit as st

    from core.fetchers.presets import presets
    from pages.ui import session

    session.start()
    if "begun" not in st.session_state:
        st.session_state["begun"] = True
        session.adopt(presets()["off_grid_container"].but({"finance.horizon_years": 8}))
    with patch.object(st, "page_link"):  # knows no page outside the navigation
        runpy.run_path(str(Path("pages", f"{name}.py")))


@pytest.fixture
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is run makes itself `__main__`, which processes that later tests begin would run anew."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.mark.usefixtures("own_main")
@pytest.mark.parametrize("name", PAGES)
def test_no_chart_of_a_page_sends_more(name: str) -> None:
    """As the page hands it to the browser: the frames beside the specification, and what stands in it."""
    page = AppTest.from_function(drawn_page, args=(name,), default_timeout=120).run()
    assert not page.exception
    sent = [element.proto for element in page.get("vega_lite_chart")]
    assert sent, "no chart was found: the test sees nothing"
    for chart in sent:
        assert rows(chart) <= MOST_POINTS
        assert len(chart.spec) < 100_000


def rows(chart: Any) -> int:
    """Rows that travel with a chart."""
    frames = [chart.data.data, *(each.data.data for each in chart.datasets)]
    return sum(pa.ipc.open_stream(frame).read_all().num_rows for frame in frames if frame)


@pytest.mark.usefixtures("own_main")
def test_the_pages_do_send_something() -> None:
    page = AppTest.from_function(drawn_page, args=("projections",), default_timeout=120).run()
    assert sum(rows(element.proto) for element in page.get("vega_lite_chart")) > 500
