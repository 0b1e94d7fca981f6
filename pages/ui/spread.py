"""How sure a forecast is: the bands of a risk run of this very plan, or the word that one line is one path."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core import charts
from core.errors import SolarMiningError
from core.results import Projection
from core.studies.simulation import RiskAnalysis
from pages.ui import said, show, work

CARDS = {"cash_usd": ("Cash so far", "USD"), "mined_btc": ("Coins so far", "BTC")}


def lives(projection: Projection) -> RiskAnalysis | None:
    """The newest risk run of this session, where it was of this plan, its weather and this market."""
    told = work.newest("risk")
    if told is None:
        return None
    try:
        scenario, weather, *_ = work.question()
    except SolarMiningError:
        return None
    found: Any = getattr(told, "lives", None)
    asked: Any = getattr(told, "asked", None)
    if not isinstance(found, RiskAnalysis) or found.scenario != scenario or found.readings != projection.readings:
        return None
    return found if asked is None or asked.weather.digest == weather.digest else None


def section(projection: Projection, dark: bool) -> None:
    """What may come, month by month, with the plan's own path among it."""
    found = lives(projection)
    if found is None:
        st.caption(
            "Each line above is one path: price and difficulty just as the plan has them. The page Risk lives the plan thousands "
            "of times; the spread of a run of this plan is then drawn here.",
        )
        return
    halvings = charts.halving_frame(projection)
    for column, (name, (title, unit)) in zip(st.columns(len(CARDS)), CARDS.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.subheader(title, anchor=False)
            show.chart(
                spec=charts.fan(
                    found.fans[name],
                    unit,
                    money=unit == "USD",
                    dark=dark,
                    halvings=halvings,
                    plan=_plan(projection, name),
                ),
                alt=f"{title} by month: 5th to 95th percentile of {said.number(len(found.paths))} lives, and the plan",
            )
    st.caption(
        f"Bands: {said.number(len(found.paths))} lives of this plan; the middle half of them dark, nine in ten light. Cash is the owner's, "
        "from what is invested first; tax, debt and the rest of a year's statement fall in its last month."
    )


def _plan(projection: Projection, name: str) -> pd.DataFrame:
    """The plan's own path, summed up as the lives' are."""
    monthly = projection.monthly
    if name == "mined_btc":
        values = monthly["mined_btc"].cumsum()
    else:
        equity, values = projection.statement["equity_cash_usd"].to_numpy(), monthly["net_cash_usd"].to_numpy().copy()
        values[11::12] += equity[1:] - values.reshape(-1, 12).sum(axis=1)
        values = values.cumsum() + equity[0]
    return pd.DataFrame({"month": monthly["month"], "value": values})
