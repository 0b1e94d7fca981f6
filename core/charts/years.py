"""What an array yields in each real year, against the years' middle and their poor tail."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd

from core.charts.base import Spec, colour, filled, source, template


def yields_by_year(kwh_per_kw: Mapping[int, float], marks: Mapping[str, float], dark: bool = False) -> Spec:
    """Yield of each year as bars, with a line at each of some marks, named at its end [kWh per kW]."""
    bars = pd.DataFrame({"year": list(kwh_per_kw), "kwh": list(kwh_per_kw.values())})
    lines = pd.DataFrame({"label": list(marks), "kwh": list(marks.values()), "year": [max(kwh_per_kw)] * len(marks)})
    return filled(_yields_by_year(dark), yields=bars, marks=lines)


@cache
def _yields_by_year(dark: bool) -> Spec:
    import altair as alt

    bars = source("yields").mark_bar(cornerRadius=2, opacity=0.55, color=colour("Sun", dark))
    bars = bars.encode(
        x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("kwh:Q", title="kWh per kW", axis=alt.Axis(tickCount=5)),
        tooltip=[alt.Tooltip("year:O", title="Year"), alt.Tooltip("kwh:Q", title="kWh per kW", format=",.0f")],
    )
    rules = source("marks").mark_rule(strokeDash=[5, 4], strokeWidth=1.5, color=colour("Imported", dark))
    text = source("marks").mark_text(align="right", baseline="bottom", dy=-2, fontSize=11, fontWeight=600)
    text = text.encode(x=alt.value("width"), y="kwh:Q", text="label:N", color=alt.value(colour("Imported", dark)))
    return template(bars, rules.encode(y="kwh:Q"), text, height=260)
