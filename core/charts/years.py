"""What an array yields in each real year, against the years' middle and their poor tail."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd

from core.charts.base import Spec, filled, source, template
from core.charts.palette import colour


def yields_by_year(kwh_per_kw: Mapping[int, float], marks: Mapping[str, float], dark: bool = False) -> Spec:
    """Yield of each year as dots, with a line at each of some marks, named at its end [kWh per kW]."""
    dots = pd.DataFrame({"year": list(kwh_per_kw), "kwh": list(kwh_per_kw.values())})
    lines = pd.DataFrame({"label": list(marks), "kwh": list(marks.values())})
    return filled(_yields_by_year(dark), yields=dots, marks=lines)


@cache
def _yields_by_year(dark: bool) -> Spec:
    import altair as alt

    y = alt.Y("kwh:Q", title="kWh per kW", scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(tickCount=5))
    dots = source("yields").mark_circle(size=90, opacity=1, color=colour("Sun", dark))
    dots = dots.encode(
        x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=y,
        tooltip=[alt.Tooltip("year:O", title="Year"), alt.Tooltip("kwh:Q", title="kWh per kW", format=",.0f")],
    )
    line = source("yields").mark_line(strokeWidth=1, opacity=0.5, color=colour("Sun", dark)).encode(x="year:O", y=y)
    rules = source("marks").mark_rule(strokeDash=[5, 4], strokeWidth=1.5, color=colour("Imported", dark))
    text = source("marks").mark_text(align="left", baseline="bottom", dx=4, dy=-2, fontSize=11, fontWeight=600)
    text = text.encode(x=alt.value(0), y="kwh:Q", text="label:N", color=alt.value(colour("Imported", dark)))
    return template(line, rules.encode(y="kwh:Q"), dots, text, height=260)
