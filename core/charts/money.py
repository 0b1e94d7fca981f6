"""The money of a plan as charts: where it comes from and goes, debt and its cover, tax, coins, what is renewed when."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from core.charts.base import (
    HEIGHT,
    USD_TICKS,
    ZERO,
    Spec,
    filled,
    halving_marks,
    halving_year_marks,
    months_axis,
    source,
    template,
    zero_line,
)
from core.charts.palette import MONEY, PARTS, colour
from core.charts.plan import cash_bars, halving_frame, short_usd
from core.results import Projection

NONE = pd.DataFrame({"year": [], "label": []})  # no halving
ROW, AXIS = 30, 45  # height of a bar that lies, and of the axis below the bars [px]


def life_waterfall(steps: Mapping[str, float], last: str, dark: bool = False) -> Spec:
    """How a plan's money adds up: each step where the one before ended, the sum as the last bar [USD]."""
    found = {label: usd for label, usd in steps.items() if round(usd, 2)}
    values = np.array(list(found.values()))
    ends = np.cumsum(values) if len(values) else np.zeros(0)
    total = float(ends[-1]) if len(ends) else 0.0
    frame = pd.DataFrame(
        {
            "rank": range(len(found) + 1),
            "text": [f"{label}  {short_usd(usd)}" for label, usd in {**found, last: total}.items()],
            "step": [*found, last],
            "usd": [*values, total],
            "start": [*(ends - values), 0.0],
            "end": [*ends, total],
            "kind": [*np.where(values >= 0, "in", "out"), "sum"],
        }
    )
    return filled(_life_waterfall(len(frame), dark), steps=frame, zero=ZERO)


@cache
def _life_waterfall(rows: int, dark: bool) -> Spec:
    import altair as alt

    inks = alt.Scale(domain=["in", "out", "sum"], range=[colour(name, dark) for name in MONEY])
    axis = alt.Axis(labelLimit=260, labelFontSize=13, ticks=False, domain=False)
    bars = source("steps").mark_bar(size=ROW - 10, cornerRadius=2)
    bars = bars.encode(
        y=alt.Y("text:N", sort=alt.EncodingSortField("rank", order="ascending"), title=None, axis=axis),
        x=alt.X("start:Q", title=None, axis=alt.Axis(labelExpr=USD_TICKS, tickCount=5)),
        x2="end:Q",
        color=alt.Color("kind:N", scale=inks, legend=None),
        tooltip=[alt.Tooltip("step:N", title="Over the whole life"), alt.Tooltip("usd:Q", title="USD", format="$,.2f")],
    )
    rule = source("zero").mark_rule(color=colour("Quiet", dark)).encode(x="y:Q")
    return template(bars, rule, height=ROW * rows + AXIS)


def cash_by_year(years: Any, cash_usd: Any, dark: bool = False, halvings: pd.DataFrame = NONE) -> Spec:
    """Cash of each year as bars, its running sum as a line [USD]. halvings: `halving_years` of the plan."""
    cash = np.asarray(cash_usd, dtype=np.float64)
    frame = pd.DataFrame({"year": np.asarray(years), "cash": cash, "sum": np.cumsum(cash)})
    return filled(_cash_by_year(dark, not halvings.empty), cash=frame, zero=ZERO, halvings=halvings)


@cache
def _cash_by_year(dark: bool, halved: bool) -> Spec:
    import altair as alt

    base = source("cash").encode(
        x=_years(),
        tooltip=[
            alt.Tooltip("year:O", title="Year"),
            alt.Tooltip("cash:Q", title="Cash", format="$,.2f"),
            alt.Tooltip("sum:Q", title="Cumulated", format="$,.2f"),
        ],
    )
    axis = alt.Axis(labelExpr=USD_TICKS, tickCount=5, labelOverlap=True)
    return template(*halving_year_marks(dark, halved), zero_line(dark), *cash_bars(base, "cash", "sum", axis, dark))


def _years() -> Any:
    import altair as alt

    return alt.X("year:O", title="Year of operation", axis=alt.Axis(labelAngle=0, labelOverlap=True))


def _usd(field: str) -> Any:
    import altair as alt

    return alt.Y(field, title=None, axis=alt.Axis(labelExpr=USD_TICKS, tickCount=5))


def stacked_by_year(
    years: Any,
    parts: Mapping[str, Any],
    line: tuple[str, Any] | None = None,
    dark: bool = False,
    halvings: pd.DataFrame = NONE,
) -> Spec:
    """Amounts of each year stacked by part, and one more as a line [USD]; parts of nothing are left out.

    halvings: `halving_years` of the plan.
    """
    found = {name: np.asarray(usd, dtype=np.float64) for name, usd in parts.items() if np.any(np.round(usd, 2))}
    long = pd.concat(
        [
            pd.DataFrame({"year": years, "part": name, "rank": i, "usd": usd})
            for i, (name, usd) in enumerate(found.items())
        ]
        or [pd.DataFrame({"year": [], "part": [], "rank": [], "usd": []})]
    )
    name, values = line or ("", np.zeros(len(years)))
    frame = pd.DataFrame({"year": years, "usd": np.asarray(values, dtype=np.float64)})
    made = _stacked_by_year(tuple(found), name, dark, not halvings.empty)
    return filled(made, parts=long, line=frame, halvings=halvings)


@cache
def _stacked_by_year(names: tuple[str, ...], line: str, dark: bool, halved: bool) -> Spec:
    import altair as alt

    inks = [colour(PARTS[i % len(PARTS)], dark) for i in range(len(names))]
    ink = colour("Ink", dark)
    shown, shades = [*names, line] if line else list(names), [*inks, ink] if line else inks
    scale = alt.Scale(domain=shown, range=shades)
    legend = alt.Legend(orient="top", title=None, labelLimit=200, symbolType="square")
    bars = source("parts").mark_bar(size=18, stroke=colour("Ground", dark), strokeWidth=1)
    bars = bars.encode(
        x=_years(),
        y=_usd("usd:Q"),
        color=alt.Color("part:N", scale=scale, legend=legend),
        order=alt.Order("rank:Q"),
        tooltip=[
            alt.Tooltip("year:O", title="Year"),
            alt.Tooltip("part:N", title="Part"),
            alt.Tooltip("usd:Q", title="USD", format="$,.2f"),
        ],
    )
    if not line:
        return template(*halving_year_marks(dark, halved), bars)
    curve = source("line").mark_line(strokeWidth=2.2, color=ink, point=alt.OverlayMarkDef(size=30, color=ink))
    curve = curve.encode(
        x=_years(),
        y="usd:Q",
        tooltip=[alt.Tooltip("year:O", title="Year"), alt.Tooltip("usd:Q", title=line, format="$,.2f")],
    )
    return template(*halving_year_marks(dark, halved), bars, curve)


def cover(years: Any, dscr: Any, covenant: float, dark: bool = False, halvings: pd.DataFrame = NONE) -> Spec:
    """DSCR of the years that have debt service, with lines at 1 and at the covenant. halvings: `halving_years` of the plan."""
    frame = pd.DataFrame({"year": np.asarray(years), "dscr": np.asarray(dscr, dtype=np.float64)}).dropna()
    low = frame.assign(below=frame["dscr"] < max(covenant, 1.0))
    one = pd.DataFrame({"label": ["1: just covered"], "dscr": [1.0]})
    asked = pd.DataFrame({"label": [f"covenant {covenant:g}"], "dscr": [covenant]}).head(1 if covenant else 0)
    seen = halvings[halvings["year"].isin(low["year"])]
    return filled(_cover(dark, not seen.empty), cover=low, one=one, covenant=asked, halvings=seen)


@cache
def _cover(dark: bool, halved: bool) -> Spec:
    import altair as alt

    y = alt.Y("dscr:Q", title="DSCR", axis=alt.Axis(tickCount=5))
    inks = alt.Scale(domain=[False, True], range=[colour("In", dark), colour("Out", dark)])
    dots = source("cover").mark_point(size=110, filled=True, opacity=1)
    dots = dots.encode(
        x=_years(),
        y=y,
        color=alt.Color("below:N", scale=inks, legend=None),
        shape=alt.Shape(
            "below:N", scale=alt.Scale(domain=[False, True], range=["circle", "triangle-down"]), legend=None
        ),
        tooltip=[alt.Tooltip("year:O", title="Year"), alt.Tooltip("dscr:Q", title="DSCR", format=".2f")],
    )
    line = source("cover").mark_line(strokeWidth=1.5, color=colour("Quiet", dark)).encode(x=_years(), y=y)
    marks = [
        *_mark("one", "left", "top", colour("Quiet", dark)),
        *_mark("covenant", "right", "bottom", colour("Imported", dark)),
    ]
    return template(*halving_year_marks(dark, halved), line, *marks, dots, height=HEIGHT - 40)


def _mark(name: str, side: str, base: str, ink: str) -> list[Any]:
    """A dashed line across, named at one of its ends."""
    import altair as alt

    rule = source(name).mark_rule(strokeDash=[5, 4], color=ink).encode(y="dscr:Q")
    text = source(name).mark_text(
        align=side,
        baseline=base,
        dx=4 if side == "left" else -4,
        dy=-2 if base == "bottom" else 3,
        fontSize=11,
        fontWeight=600,
        color=ink,
    )
    x = alt.value(0) if side == "left" else alt.value("width")
    return [rule, text.encode(x=x, y="dscr:Q", text="label:N")]


def shares(*groups: Mapping[str, float], dark: bool = False) -> Spec:
    """Amounts as bars that lie, each named with its amount, a colour a group [USD]; parts of nothing are left out."""
    found = [(k, part, usd) for k, group in enumerate(groups) for part, usd in group.items() if round(usd, 2)]
    frame = pd.DataFrame(
        {
            "group": [str(k) for k, _, _ in found],
            "order": range(len(found)),
            "part": [f"{part}  {short_usd(usd)}" for _, part, usd in found],
            "usd": [usd for _, _, usd in found],
        }
    )
    return filled(_bars(len(found), dark), bars=frame)


@cache
def _bars(rows: int, dark: bool) -> Spec:
    import altair as alt

    axis = alt.Axis(labelLimit=260, labelFontSize=13, labelOverlap=False, ticks=False, domain=False)
    inks = alt.Scale(domain=["0", "1"], range=[colour(name, dark) for name in ("Quiet", "Left")])
    bars = source("bars").mark_bar(size=ROW - 10, cornerRadius=2)
    bars = bars.encode(
        x=alt.X("usd:Q", title=None, axis=alt.Axis(labelExpr=USD_TICKS, tickCount=5)),
        y=alt.Y("part:N", sort=alt.EncodingSortField("order", order="ascending"), title=None, axis=axis),
        color=alt.Color("group:N", scale=inks, legend=None),
        tooltip=[alt.Tooltip("part:N", title="Part"), alt.Tooltip("usd:Q", title="USD", format="$,.2f")],
    )
    return template(bars, height=ROW * max(rows, 1) + AXIS)


RENEWALS = {
    "Machines": "machines_renewed",
    "Battery": "battery_renewal_usd",
    "Inverters": "inverter_renewal_usd",
    "Halvings": "halvings",
}


def renewal_timeline(projection: Projection, dark: bool = False) -> Spec:
    """When machines, battery and inverters are renewed, and when the subsidy halves, on one axis of months."""
    monthly = projection.monthly
    paid = {"machines_renewed": "refresh_usd"}
    rows = []
    for label, name in RENEWALS.items():
        due = monthly[monthly[name] > 0]
        usd = due[paid.get(name, name)] if label != "Halvings" else due[name] * 0.0
        rows.append(pd.DataFrame({"month": due["month"], "what": label, "usd": usd}))
    span = pd.DataFrame({"month": [monthly["month"].iloc[0], monthly["month"].iloc[-1]], "what": [None, None]})
    return filled(_renewal_timeline(dark), events=pd.concat(rows), span=span)


@cache
def _renewal_timeline(dark: bool) -> Spec:
    import altair as alt

    names = list(RENEWALS)
    inks = alt.Scale(domain=names, range=[colour(n, dark) for n in ("Mined", "Exported", "Imported", "Quiet")])
    y = alt.Y(
        "what:N",
        sort=names,
        title=None,
        scale=alt.Scale(domain=names),
        axis=alt.Axis(labelFontSize=13, ticks=False, grid=True),
    )
    dots = source("events").mark_circle(size=130, opacity=0.9)
    dots = dots.encode(
        x=months_axis(),
        y=y,
        color=alt.Color("what:N", scale=inks, legend=None),
        tooltip=[
            alt.Tooltip("month:T", title="Month", format="%b %Y"),
            alt.Tooltip("what:N", title="What"),
            alt.Tooltip("usd:Q", title="Paid", format="$,.0f"),
        ],
    )
    ends = source("span").mark_rule(opacity=0).encode(x="month:T")
    return template(ends, dots, height=170)


def coins_held(projection: Projection, dark: bool = False) -> Spec:
    """Coins held at the end of each month, and sold in it, halvings marked [BTC]."""
    halvings = halving_frame(projection)
    coins = projection.monthly[["month", "held_btc", "sold_btc"]]
    return filled(_coins_held(dark, not halvings.empty), coins=coins, halvings=halvings)


@cache
def _coins_held(dark: bool, halved: bool) -> Spec:
    import altair as alt

    held, sold = colour("Mined", dark), colour("Imported", dark)
    base = source("coins").encode(
        x=months_axis(),
        tooltip=[
            alt.Tooltip("month:T", title="Month", format="%b %Y"),
            alt.Tooltip("held_btc:Q", title="Held (BTC)", format=",.4f"),
            alt.Tooltip("sold_btc:Q", title="Sold (BTC)", format=",.4f"),
        ],
    )
    area = base.mark_area(opacity=0.3, line={"color": held, "strokeWidth": 2}, color=held)
    line = base.mark_line(strokeWidth=1.6, color=sold, interpolate="step-after")
    return template(
        area.encode(y=alt.Y("held_btc:Q", title="BTC", axis=alt.Axis(tickCount=5))),
        line.encode(y="sold_btc:Q"),
        *halving_marks(dark, halved),
    )
