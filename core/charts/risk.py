"""Risk as charts: what may come month by month, what it may be worth, and what moves it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from core.charts.base import HEIGHT, USD_TICKS, ZERO, Spec, filled, halving_marks, months_axis, source, template
from core.charts.palette import colour

BINS = 60
SHOWN = (0.002, 0.998)  # share of the paths between which the histogram's axis ends
ROW, AXIS = 34, 50
HEADROOM = 1.35  # above the highest bar, for the names of the marks


def fan(
    percentiles: pd.DataFrame,
    title: str,
    *,
    log: bool = False,
    money: bool = False,
    dark: bool = False,
    halvings: pd.DataFrame | None = None,
    plan: pd.DataFrame | None = None,
) -> Spec:
    """Percentiles p5 … p95 by `month` as bands around the median, each named at its end.

    halvings: `halving_frame` of the plan. plan: its own path, a frame of month and value, drawn as a dashed line.
    """
    ends = _band_names(percentiles)
    marks = {"halvings": halvings} if halvings is not None and not halvings.empty else {}
    path = {"plan": plan, "plan_end": plan.tail(1).assign(name="plan")} if plan is not None else {}
    return filled(_fan(title, log, money, dark, bool(marks), bool(path)), fan=percentiles, ends=ends, **marks, **path)


def _band_names(percentiles: pd.DataFrame) -> pd.DataFrame:
    """P5, P50 and P95 beside the last month."""
    last = percentiles.tail(1)
    return pd.DataFrame(
        {"month": month, "name": name, "at": row[name.lower()]}
        for month, row in zip(last["month"], last.to_dict("records"), strict=True)
        for name in ("P95", "P50", "P5")
    )


@cache
def _fan(title: str, log: bool, money: bool, dark: bool, halved: bool, planned: bool) -> Spec:
    import altair as alt

    ink = colour("Mined", dark)
    scale = alt.Scale(type="log", nice=False) if log else alt.Scale(zero=not money)
    axis = (
        alt.Axis(labelExpr=USD_TICKS, tickCount=5, grid=not log)
        if money
        else alt.Axis(format="~s", tickCount=5, grid=not log)
    )
    hints = [alt.Tooltip("month:T", title="Month", format="%B %Y")]
    hints += [alt.Tooltip(f"p{p}:Q", title=f"P{p}", format=",.4~r") for p in (95, 75, 50, 25, 5)]
    base = source("fan").encode(x=months_axis(), tooltip=hints)
    bands = [
        base.mark_area(opacity=opacity, color=ink).encode(
            y=alt.Y(f"{low}:Q", title=title, scale=scale, axis=axis), y2=f"{high}:Q"
        )
        for low, high, opacity in (("p5", "p95", 0.18), ("p25", "p75", 0.3))
    ]
    line = base.mark_line(strokeWidth=2.5, color=ink).encode(y=alt.Y("p50:Q", scale=scale))
    words = source("ends").mark_text(align="left", dx=5, fontSize=11, color=colour("Quiet", dark))
    names = words.encode(x="month:T", y=alt.Y("at:Q", scale=scale), text="name:N")
    return template(*halving_marks(dark, halved), *bands, line, names, *_plan(scale, dark, planned), height=220)


def _plan(scale: Any, dark: bool, planned: bool) -> list[Any]:
    """The plan's own path among the lives."""
    import altair as alt

    if not planned:
        return []
    ink = colour("Ink", dark)
    line = source("plan").mark_line(strokeDash=[5, 4], strokeWidth=1.6, color=ink)
    word = source("plan_end").mark_text(align="right", dx=-4, dy=-8, fontSize=11, fontWeight=600, color=ink)
    y = alt.Y("value:Q", scale=scale)
    return [line.encode(x="month:T", y=y), word.encode(x="month:T", y=y, text="name:N")]


def npv_histogram(npv_usd: Any, marks: Mapping[str, float], dark: bool = False) -> Spec:
    """Share of the paths by NPV, losses apart from gains, with a line at each of some marks [USD]."""
    values = np.asarray(npv_usd, np.float64)
    low, high = np.quantile(values, SHOWN)
    edges = np.linspace(min(low, 0.0), max(high, 0.0, low + 1.0), BINS + 1)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    bars = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "share": counts / len(values)})
    bars["kind"] = np.where((bars["low"] + bars["high"]) / 2.0 < 0, "loss", "gain")
    lines = pd.DataFrame({"label": list(marks), "usd": np.clip(list(marks.values()), edges[0], edges[-1])})
    lines["row"] = np.argsort(np.argsort(lines["usd"])) * 14.0 + 4.0
    made = filled(_npv_histogram(dark), bars=bars, marks=lines, zero=ZERO.rename(columns={"y": "x"}))
    return _up_to(made, math.ceil(100.0 * HEADROOM * bars["share"].max()) / 100.0)


def _up_to(histogram: Spec, roof: float) -> Spec:
    """The histogram with an axis of shares that ends there, the template left as it is."""
    bars, *others = histogram["layer"]
    share = {**bars["encoding"]["y"], "scale": {"domain": [0.0, roof]}}
    return {**histogram, "layer": [{**bars, "encoding": {**bars["encoding"], "y": share}}, *others]}


@cache
def _npv_histogram(dark: bool) -> Spec:
    import altair as alt

    scale = alt.Scale(domain=["loss", "gain"], range=[colour("Out", dark), colour("In", dark)])
    bars = source("bars").mark_bar(binSpacing=1, opacity=0.75)
    bars = bars.encode(
        x=alt.X("low:Q", title=None, axis=alt.Axis(labelExpr=USD_TICKS, tickCount=6)),
        x2="high:Q",
        y=alt.Y("share:Q", title="Share of paths", axis=alt.Axis(format=".0%", tickCount=4)),
        y2=alt.datum(0),
        color=alt.Color("kind:N", scale=scale, legend=None),
        tooltip=[
            alt.Tooltip("low:Q", title="From", format="$,.0f"),
            alt.Tooltip("high:Q", title="To", format="$,.0f"),
            alt.Tooltip("share:Q", title="Share of paths", format=".2%"),
        ],
    )
    zero = source("zero").mark_rule(color=colour("Quiet", dark)).encode(x="x:Q")
    rules = source("marks").mark_rule(strokeDash=[5, 4], strokeWidth=1.5, color=colour("Imported", dark))
    text = source("marks").mark_text(align="left", baseline="top", dx=4, fontSize=11, fontWeight=600)
    text = text.encode(
        x="usd:Q", y=alt.Y("row:Q", scale=None, axis=None), text="label:N", color=alt.value(colour("Imported", dark))
    )
    layers = template(bars, zero, rules.encode(x="usd:Q"), text, height=HEIGHT)
    layers["resolve"] = {"scale": {"y": "independent"}}
    return layers


def tornado(frame: pd.DataFrame, base_usd: float, dark: bool = False) -> Spec:
    """NPV with each `thing` at its 5th and 95th percentile, as bars from the plan's own [USD]."""
    ends = [
        frame[["thing"]].assign(end=end, start=base_usd, usd=frame[column], rank=range(len(frame)))
        for end, column in (("at its P5", "low_usd"), ("at its P95", "high_usd"))
    ]
    made = _tornado(len(frame), dark)
    return filled(made, bars=pd.concat(ends, ignore_index=True), base=pd.DataFrame({"x": [base_usd]}))


@cache
def _tornado(rows: int, dark: bool) -> Spec:
    import altair as alt

    scale = alt.Scale(domain=["at its P5", "at its P95"], range=[colour("Imported", dark), colour("Mined", dark)])
    bars = source("bars").mark_bar(height=18, cornerRadius=2, opacity=0.85)
    bars = bars.encode(
        y=alt.Y("thing:N", title=None, sort=alt.EncodingSortField("rank"), axis=alt.Axis(labelLimit=190)),
        x=alt.X("start:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(labelExpr=USD_TICKS, tickCount=5)),
        x2="usd:Q",
        color=alt.Color("end:N", scale=scale, legend=alt.Legend(orient="top", title=None)),
        tooltip=[
            alt.Tooltip("thing:N", title="Moved"),
            alt.Tooltip("end:N", title="To"),
            alt.Tooltip("usd:Q", title="NPV", format="$,.0f"),
        ],
    )
    rule = source("base").mark_rule(color=colour("Quiet", dark)).encode(x=alt.X("x:Q", scale=alt.Scale(zero=False)))
    return template(bars, rule, height=ROW * rows + AXIS)


def sobol_bars(frame: pd.DataFrame, dark: bool = False) -> Spec:
    """Total share of each `thing` in the variance, with its 95 % interval, and the part it has alone."""
    shown = frame.assign(rank=range(len(frame)), alone=frame["first"].clip(0.0, 1.0))
    return filled(_sobol_bars(len(frame), dark), bars=shown)


@cache
def _sobol_bars(rows: int, dark: bool) -> Spec:
    import altair as alt

    y = alt.Y("thing:N", title=None, sort=alt.EncodingSortField("rank"), axis=alt.Axis(labelLimit=190))
    axis = alt.Axis(format=".0%", tickCount=5)
    base = source("bars").encode(
        y=y,
        tooltip=[
            alt.Tooltip("thing:N", title="Left to chance"),
            alt.Tooltip("total:Q", title="Share in all", format=".1%"),
            alt.Tooltip("first:Q", title="Share alone", format=".1%"),
        ],
    )
    total = base.mark_bar(height=18, cornerRadius=2, opacity=0.35, color=colour("Mined", dark))
    alone = base.mark_bar(height=8, cornerRadius=2, color=colour("Mined", dark))
    reach = base.mark_rule(strokeWidth=1.5, color=colour("Quiet", dark))
    x = alt.X("total:Q", title="Share of the variance of NPV", axis=axis)
    return template(
        total.encode(x=x),
        alone.encode(x=alt.X("alone:Q", axis=axis)),
        reach.encode(x=alt.X("total_low:Q", axis=axis), x2="total_high:Q"),
        height=ROW * rows + AXIS,
    )


def breakeven_surface(frame: pd.DataFrame, dark: bool = False) -> Spec:
    """NPV over percentiles of price and difficulty, losses and gains on either side of white [USD]."""
    shown = frame.assign(price=(frame["price_share"] * 100).round().map("P{:.0f}".format))
    shown["hashing"] = (frame["difficulty_share"] * 100).round().map("P{:.0f}".format)
    reach = float(np.abs(frame["npv_usd"]).max()) or 1.0
    made = _breakeven_surface(dark)
    made = {**made, "encoding": {**made["encoding"]}}
    colours = {**made["encoding"]["color"]}
    colours["scale"] = {**colours["scale"], "domain": [-reach, 0.0, reach]}
    made["encoding"]["color"] = colours
    return filled(made, cells=shown)


@cache
def _breakeven_surface(dark: bool) -> Spec:
    import altair as alt

    ends = [colour("Out", dark), "#292524" if dark else "#FAFAF9", colour("In", dark)]
    cells = source("cells").mark_rect()
    cells = cells.encode(
        x=alt.X(
            "price:O", title="Bitcoin price, percentile", sort=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)
        ),
        y=alt.Y(
            "hashing:O",
            title="Difficulty, percentile",
            sort=None,
            scale=alt.Scale(reverse=True),
            axis=alt.Axis(labelOverlap=True),
        ),
        color=alt.Color(
            "npv_usd:Q",
            title="NPV",
            scale=alt.Scale(domain=[-1.0, 0.0, 1.0], range=ends),
            legend=alt.Legend(labelExpr=USD_TICKS, tickCount=5),
        ),
        tooltip=[
            alt.Tooltip("price_usd:Q", title="Price half way", format="$,.0f"),
            alt.Tooltip("difficulty:Q", title="Difficulty half way", format=".3~s"),
            alt.Tooltip("npv_usd:Q", title="NPV", format="$,.0f"),
        ],
    )
    return template(cells, height=HEIGHT)


def backtest(frame: pd.DataFrame, title: str, dark: bool = False) -> Spec:
    """What was seen from each `start`, P5 to P95 as a line with its median, and what came as a dot."""
    return filled(_backtest(title, dark), starts=frame.assign(month=pd.to_datetime(frame["start"])))


@cache
def _backtest(title: str, dark: bool) -> Spec:
    import altair as alt

    y = alt.Y(
        "p5:Q",
        title=title,
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(tickCount=5, grid=False, format="~s"),
    )
    hints = [alt.Tooltip("start:N", title="Stood at")]
    hints += [alt.Tooltip(f"{name}:Q", format=",.4~r") for name in ("p5", "p50", "p95", "actual")]
    base = source("starts").encode(x=months_axis(), tooltip=hints)
    reach = base.mark_rule(strokeWidth=3, opacity=0.35, color=colour("Imported", dark)).encode(y=y, y2="p95:Q")
    middle = base.mark_tick(thickness=2, size=5, color=colour("Imported", dark)).encode(y=alt.Y("p50:Q"))
    scale = alt.Scale(domain=[True, False], range=[colour("In", dark), colour("Out", dark)])
    shapes = alt.Scale(domain=[True, False], range=["circle", "triangle-up"])
    came = base.mark_point(size=34, filled=True, opacity=1).encode(
        y=alt.Y("actual:Q"),
        color=alt.Color("within:N", scale=scale, legend=None),
        shape=alt.Shape("within:N", scale=shapes, legend=None),
    )
    return template(reach, middle, came, height=240)
