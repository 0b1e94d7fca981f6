"""The market through the years: one quantity a chart, halvings marked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import pandas as pd

from core.charts.base import Spec, filled, halving_marks, source, template, thinned
from core.charts.palette import colour
from core.world import Series

SIZES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
# axis labels: 1.2 T, 300 k, 5
SHORT = (
    "".join(f"abs(datum.value) >= {n:g} ? format(datum.value / {n:g}, ',~r') + ' {letter}' : " for n, letter in SIZES)
    + "format(datum.value, ',~r')"
)


def market_lines(
    series: Series,
    title: str,
    halvings: Sequence[datetime],
    dark: bool = False,
    *,
    log: bool = True,
    steps: bool = False,
) -> Spec:
    """A quantity by day on a logarithmic or plain axis, with the halvings of its time [unit of `title`]; no peak is lost."""
    days = pd.to_datetime(pd.Series(series.days))
    frame = pd.DataFrame({"day": days, "value": series.values})
    if log:
        frame = frame[frame["value"] > 0]
    frame = thinned(frame, "value")
    seen = [at for at in halvings if series.days[0] <= at.date() <= series.days[-1]]
    marks = pd.DataFrame(
        {"month": [pd.Timestamp(at).tz_localize(None) for at in seen], "label": ["halving"] * len(seen)}
    )
    return filled(_market_lines(title, dark, bool(seen), log, steps), market=frame, halvings=marks)


@cache
def _market_lines(title: str, dark: bool, halved: bool, log: bool, steps: bool) -> Spec:
    import altair as alt

    ink = colour("Sun", dark)
    line = source("market").mark_line(strokeWidth=1.8, color=ink, interpolate="step-after" if steps else "linear")
    scale = alt.Scale(type="log", nice=False) if log else alt.Scale(type="linear", zero=True)
    axis = alt.Axis(labelExpr=SHORT, tickCount=5)
    line = line.encode(
        x=alt.X("day:T", title=None),
        y=alt.Y("value:Q", title=title, scale=scale, axis=axis),
        tooltip=[
            alt.Tooltip("day:T", title="Day", format="%d %b %Y"),
            alt.Tooltip("value:Q", title=title, format=",.4~g"),
        ],
    )
    return template(*halving_marks(dark, halved), line, height=280)
