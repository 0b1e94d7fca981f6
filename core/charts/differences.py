"""Two plans under the same chances as charts: how far they lie apart, and how each is spread."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from core.charts.base import HEIGHT, USD_TICKS, ZERO, Spec, filled, source, template
from core.charts.palette import colour
from core.charts.risk import SHOWN, npv_histogram

STEPS = 200  # of a line from the worst path to the best
PLANS = ("First", "Second")  # names of plans are the planner's: a template is kept, and knows none


def difference_histogram(difference_usd: Any, marks: Mapping[str, float], dark: bool = False) -> Spec:
    """Share of the paths by what the second plan is worth above the first [USD], in the colour of the one that wins there."""
    made = npv_histogram(difference_usd, marks, dark)
    made["layer"][0]["encoding"]["color"]["scale"]["range"] = _colours(dark)
    return made


def npv_shares(first_usd: Any, second_usd: Any, dark: bool = False) -> Spec:
    """Share of the paths of each plan that are worth no more than so much [USD]: the lower line is the better plan."""
    values = [np.asarray(usd, np.float64) for usd in (first_usd, second_usd)]
    low, high = np.quantile(np.concatenate(values), SHOWN)
    lines = pd.concat([_line(name, usd) for name, usd in zip(PLANS, values, strict=True)], ignore_index=True)
    shown = lines[lines["usd"].between(low, high)]
    return filled(_npv_shares(dark), lines=shown, zero=ZERO.rename(columns={"y": "x"}))


def _colours(dark: bool) -> list[str]:
    return [colour("Mined", dark), colour("Imported", dark)]


def _line(plan: str, usd: np.ndarray) -> pd.DataFrame:
    shares = np.linspace(0.0, 1.0, STEPS + 1)
    return pd.DataFrame({"plan": plan, "usd": np.quantile(usd, shares), "share": shares})


@cache
def _npv_shares(dark: bool) -> Spec:
    import altair as alt

    scale = alt.Scale(domain=list(PLANS), range=_colours(dark))
    lines = source("lines").mark_line(strokeWidth=2.5)
    lines = lines.encode(
        x=alt.X("usd:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(labelExpr=USD_TICKS, tickCount=6)),
        y=alt.Y("share:Q", title="Share of paths", axis=alt.Axis(format=".0%", tickCount=4)),
        color=alt.Color("plan:N", scale=scale, legend=alt.Legend(orient="top", title=None)),
        order="share:Q",
        tooltip=[
            alt.Tooltip("plan:N", title="Plan"),
            alt.Tooltip("usd:Q", title="Worth no more than", format="$,.0f"),
            alt.Tooltip("share:Q", title="Share of paths", format=".1%"),
        ],
    )
    zero = source("zero").mark_rule(color=colour("Quiet", dark)).encode(x="x:Q")
    return template(zero, lines, height=HEIGHT)
