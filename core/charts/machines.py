"""Machines on sale, as a chart."""

from __future__ import annotations

from functools import cache

import pandas as pd

from core.charts.base import HEIGHT, Spec, filled, source, template
from core.charts.palette import COOLINGS, colour, palette

MOST = 3000  # machines drawn: more than any market has
AGES = ("price up to 180 days old", "older")


def price_by_efficiency(machines: pd.DataFrame, dark: bool = False) -> Spec:
    """What hash rate costs [USD/TH/s] by efficiency [J/TH], for each machine that has a price.

    machines: columns model, origin, cooling, efficiency_j_per_th, price_usd_per_th, price_date and `age`, one of `AGES`.
    """
    names = ["model", "origin", "cooling", "efficiency_j_per_th", "price_usd_per_th", "price_date", "age"]
    priced = machines.loc[machines["price_usd_per_th"].notna(), names].head(MOST)
    return filled(_price_by_efficiency(dark), machines=priced, own=priced[priced["origin"] == "own"])


@cache
def _price_by_efficiency(dark: bool) -> Spec:
    import altair as alt

    words = {
        "model": alt.Tooltip("model:N", title="Machine"),
        "efficiency": alt.Tooltip("efficiency_j_per_th:Q", title="J/TH", format=",.1f"),
        "price": alt.Tooltip("price_usd_per_th:Q", title="USD/TH/s", format=",.2f"),
        "date": alt.Tooltip("price_date:N", title="Price of"),
    }
    x = alt.X(
        "efficiency_j_per_th:Q",
        title="J/TH (less is better)",
        scale=alt.Scale(zero=False, padding=12),
        axis=alt.Axis(format="~g", tickCount=8),
    )
    y = alt.Y("price_usd_per_th:Q", title="USD per TH/s", axis=alt.Axis(tickCount=6))
    legend = alt.Legend(orient="top", title=None)
    ages = alt.Scale(domain=list(AGES), range=[0.9, 0.3])
    dots = source("machines").mark_point(filled=True, size=90, strokeWidth=0)
    dots = dots.encode(
        x=x,
        y=y,
        color=alt.Color("cooling:N", scale=palette(COOLINGS, dark), legend=legend),
        shape=alt.Shape(
            "cooling:N",
            scale=alt.Scale(domain=list(COOLINGS), range=["circle", "square", "triangle-up"]),
            legend=legend,
        ),
        opacity=alt.Opacity("age:N", scale=ages, legend=None),
        tooltip=list(words.values()),
    )
    ink = colour("Ink", dark)
    rings = source("own").mark_point(size=190, strokeWidth=2, color=ink, filled=False)
    text = source("own").mark_text(align="left", dx=11, fontSize=12, fontWeight=600, color=ink, limit=180)
    return template(dots, rings.encode(x=x, y=y), text.encode(x=x, y=y, text="model:N"), height=HEIGHT + 20)
