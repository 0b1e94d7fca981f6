"""Designs as charts: the map of arrays and fleets, what more investment brings, and what a good mean costs in bad lives."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from core.charts.base import HEIGHT, USD_TICKS, Spec, filled, source, template, thinned
from core.charts.palette import HEAT, colour

MOST_POINTS = 2500


def design_map(designs: pd.DataFrame, best: pd.Series, now: pd.Series, dark: bool = False) -> Spec:
    """The best NPV found for each array and fleet, whatever the battery; the best design and the plan as it stands [USD].

    Columns dc_kw, machines, npv_usd and allowed; designs that break a constraint are drawn hollow.
    """
    told = designs.sort_values("npv_usd", ascending=False)
    grouped = told.assign(dc=told["dc_kw"].round(1)).drop_duplicates(["dc", "machines"]).head(MOST_POINTS)
    points = grouped[["dc_kw", "machines", "npv_usd", "allowed"]].assign(
        within=np.where(grouped["allowed"], "within the constraints", "beyond a constraint")
    )
    marks = pd.DataFrame(
        [
            {"dc_kw": best["dc_kw"], "machines": best["machines"], "what": "Best"},
            {"dc_kw": now["dc_kw"], "machines": now["machines"], "what": "The plan as it stands"},
        ]
    )
    return filled(_design_map(dark), designs=points.drop(columns="allowed"), marks=marks)


@cache
def _design_map(dark: bool) -> Spec:
    import altair as alt

    x = alt.X("dc_kw:Q", title="Array, kW DC")
    y = alt.Y("machines:Q", title="Machines")
    points = source("designs").mark_point(filled=True, opacity=0.85)
    points = points.encode(
        x=x,
        y=y,
        size=alt.Size(
            "within:N",
            scale=alt.Scale(domain=["within the constraints", "beyond a constraint"], range=[70, 12]),
            legend=None,
        ),
        color=alt.Color(
            "npv_usd:Q",
            scale=alt.Scale(range=HEAT[dark]),
            legend=alt.Legend(orient="top", title="NPV", labelExpr=USD_TICKS, gradientLength=220, gradientThickness=10),
        ),
        tooltip=[
            alt.Tooltip("dc_kw:Q", title="Array, kW", format=",.0f"),
            alt.Tooltip("machines:Q", title="Machines", format=",.0f"),
            alt.Tooltip("npv_usd:Q", title="NPV", format="$,.0f"),
            alt.Tooltip("within:N", title="It is"),
        ],
    )
    marks = source("marks").mark_point(
        shape="cross", size=220, strokeWidth=2.5, filled=False, color=colour("Imported", dark)
    )
    names = source("marks").mark_text(dy=-14, fontSize=12, fontWeight=600, color=colour("Imported", dark))
    return template(
        points,
        marks.encode(x="dc_kw:Q", y="machines:Q"),
        names.encode(x="dc_kw:Q", y="machines:Q", text="what:N"),
        height=HEIGHT + 60,
    )


def frontier(designs: pd.DataFrame, dark: bool = False) -> Spec:
    """The most that each investment brings: NPV of designs that none beats at less [USD]."""
    shown = designs[["capex_usd", "npv_usd", "dc_kw", "energy_kwh", "power_kw", "machines"]]
    return filled(_frontier(dark), designs=thinned(shown, "npv_usd"))


@cache
def _frontier(dark: bool) -> Spec:
    import altair as alt

    line = source("designs").mark_line(point=alt.OverlayMarkDef(size=40), strokeWidth=2.2, color=colour("Mined", dark))
    line = line.encode(
        x=alt.X("capex_usd:Q", title="First investment", axis=alt.Axis(labelExpr=USD_TICKS, tickCount=6)),
        y=alt.Y("npv_usd:Q", title="NPV", axis=alt.Axis(labelExpr=USD_TICKS, tickCount=5)),
        tooltip=[
            alt.Tooltip("capex_usd:Q", title="Investment", format="$,.0f"),
            alt.Tooltip("npv_usd:Q", title="NPV", format="$,.0f"),
            alt.Tooltip("dc_kw:Q", title="Array, kW", format=",.0f"),
            alt.Tooltip("energy_kwh:Q", title="Battery, kWh", format=",.0f"),
            alt.Tooltip("power_kw:Q", title="Battery, kW", format=",.0f"),
            alt.Tooltip("machines:Q", title="Machines", format=",.0f"),
        ],
    )
    return template(line, height=HEIGHT + 60)


def mean_and_tail(designs: pd.DataFrame, dark: bool = False) -> Spec:
    """Designs by mean NPV and by the mean of their worst lives, those that keep to the aim apart, the first the best [USD].

    Columns mean_usd, cvar_usd, loss_frac, meets and the sizes. Designs that lose more than the best gains are left out.
    """
    near = designs[designs["mean_usd"] >= -max(abs(float(designs["mean_usd"].iloc[0])), 1.0)].head(MOST_POINTS)
    points = near.assign(
        what=np.where(near["meets"], "keeps to the aim", "misses the aim"), loss_percent=100.0 * near["loss_frac"]
    )[["mean_usd", "cvar_usd", "loss_percent", "what", "dc_kw", "energy_kwh", "machines"]]
    return filled(_mean_and_tail(dark), designs=points, best=points.head(1).assign(name="Best"))


@cache
def _mean_and_tail(dark: bool) -> Spec:
    import altair as alt

    kinds = ["keeps to the aim", "misses the aim"]
    x = alt.X("cvar_usd:Q", title="Mean NPV of the worst lives (CVaR)", axis=alt.Axis(labelExpr=USD_TICKS, tickCount=6))
    y = alt.Y("mean_usd:Q", title="Mean NPV", axis=alt.Axis(labelExpr=USD_TICKS, tickCount=5))
    points = source("designs").mark_point(filled=True, size=60, opacity=0.8)
    points = points.encode(
        x=x,
        y=y,
        color=alt.Color(
            "what:N",
            scale=alt.Scale(domain=kinds, range=[colour("Mined", dark), colour("Curtailed", dark)]),
            legend=alt.Legend(orient="top", title=None),
        ),
        tooltip=[
            alt.Tooltip("mean_usd:Q", title="Mean NPV", format="$,.0f"),
            alt.Tooltip("cvar_usd:Q", title="Worst lives", format="$,.0f"),
            alt.Tooltip("loss_percent:Q", title="Lose, %", format=".1f"),
            alt.Tooltip("dc_kw:Q", title="Array, kW", format=",.0f"),
            alt.Tooltip("energy_kwh:Q", title="Battery, kWh", format=",.0f"),
            alt.Tooltip("machines:Q", title="Machines", format=",.0f"),
        ],
    )
    ink = colour("Imported", dark)
    mark = source("best").mark_point(shape="cross", size=220, strokeWidth=2.5, filled=False, color=ink)
    name = source("best").mark_text(dy=-14, fontSize=12, fontWeight=600, color=ink)
    return template(
        points,
        mark.encode(x="cvar_usd:Q", y="mean_usd:Q"),
        name.encode(x="cvar_usd:Q", y="mean_usd:Q", text="name:N"),
        height=HEIGHT + 60,
    )
