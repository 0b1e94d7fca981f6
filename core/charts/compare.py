"""Several plans side by side as charts, and the bridge from one plan's worth to another's.

Plans go by letter, in a colour and a dash of their own: names are the planner's and may be long; tooltips tell them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from string import ascii_uppercase
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.charts.base import HEIGHT, USD_TICKS, ZERO, Spec, filled, halving_marks, halving_year_marks, source, template
from core.charts.palette import SERIES, SERIES_DASHES, colour, palette
from core.charts.plan import halving_frame, halving_years, short_usd
from core.results import Projection

USES = ("Mined", "Exported", "Imported", "Curtailed")
ROW, AXIS = 30, 45  # height of a bar that lies, and of the axis below the bars [px]
LETTER_HIGH = 0.075  # share of a chart's height that a letter at the end of a line takes


class Step(NamedTuple):
    """A driver of a bridge: its name, and what it adds [USD]."""

    label: str
    usd: float


def letters(count: int) -> list[str]:
    """What plans go by."""
    return list(ascii_uppercase[:count])


def cash_lines(projections: Mapping[str, Projection], dark: bool = False) -> Spec:
    """Cumulated cash of several plans, years in which the subsidy halves for any of them marked [USD]."""
    lines = _long(projections, lambda p: p.yearly[["year", "cumulative_cash_usd"]].set_axis(["at", "value"], axis=1))
    halvings = pd.concat([halving_years(p) for p in projections.values()]).drop_duplicates()
    made = _cash_lines(len(projections), dark, not halvings.empty)
    return filled(made, lines=lines, ends=_ends(lines), zero=ZERO, halvings=halvings)


@cache
def _cash_lines(rows: int, dark: bool, halved: bool) -> Spec:
    import altair as alt

    x = alt.X(
        "at:Q",
        title="Year of operation",
        axis=alt.Axis(format="d", tickMinStep=1, grid=False),
        scale=alt.Scale(nice=False),
    )
    y = alt.Y("value:Q", title=None, axis=alt.Axis(labelExpr=USD_TICKS, tickCount=6))
    told = [alt.Tooltip("at:Q", title="Year"), alt.Tooltip("value:Q", title="Cumulated", format="$,.0f")]
    rule = source("zero").mark_rule(color=colour("Quiet", dark)).encode(y="y:Q")
    return template(*halving_year_marks(dark, halved, "year:Q"), rule, *_lines(x, y, told, rows, dark), height=HEIGHT)


def coin_lines(projections: Mapping[str, Projection], dark: bool = False) -> Spec:
    """Coins mined each month by several plans, halvings marked [BTC]."""
    lines = _long(projections, lambda p: p.monthly[["month", "mined_btc"]].set_axis(["at", "value"], axis=1))
    halvings = pd.concat([halving_frame(p) for p in projections.values()]).drop_duplicates()
    made = _coin_lines(len(projections), dark, not halvings.empty)
    return filled(made, lines=lines, ends=_ends(lines), halvings=halvings)


@cache
def _coin_lines(rows: int, dark: bool, halved: bool) -> Spec:
    import altair as alt

    y = alt.Y("value:Q", title="BTC a month", axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=True))
    told = [alt.Tooltip("at:T", title="Month", format="%b %Y"), alt.Tooltip("value:Q", title="BTC", format=",.5f")]
    return template(
        *halving_marks(dark, halved), *_lines(alt.X("at:T", title=None), y, told, rows, dark), height=HEIGHT
    )


def _lines(x: Any, y: Any, told: list[Any], plans: int, dark: bool) -> list[Any]:
    """A line for each plan, and its letter at the end of it."""
    import altair as alt

    names = letters(plans)
    inks = alt.Scale(domain=names, range=[colour(SERIES[i % len(SERIES)], dark) for i in range(plans)])
    dashes = alt.Scale(domain=names, range=[list(SERIES_DASHES[i % len(SERIES_DASHES)]) for i in range(plans)])
    line = source("lines").mark_line(strokeWidth=2.3)
    line = line.encode(
        x=x,
        y=y,
        color=alt.Color("letter:N", scale=inks, legend=None),
        strokeDash=alt.StrokeDash("letter:N", scale=dashes, legend=None),
        tooltip=[alt.Tooltip("plan:N", title="Plan"), *told],
    )
    end = source("ends").mark_text(align="left", dx=6, fontSize=13, fontWeight=700)
    end = end.encode(x=x, y="label_at:Q", text="letter:N", color=alt.Color("letter:N", scale=inks, legend=None))
    return [line, end]


def _long(projections: Mapping[str, Projection], frame_of: Callable[[Projection], pd.DataFrame]) -> pd.DataFrame:
    """Lines under each other: `at`, `value`, the plan's name and letter."""
    marked = zip(letters(len(projections)), projections.items(), strict=True)
    return pd.concat([frame_of(p).assign(plan=name, letter=letter) for letter, (name, p) in marked], ignore_index=True)


def _ends(lines: pd.DataFrame) -> pd.DataFrame:
    """The last point of each line, and where its letter stands so that no two lie on each other."""
    ends: pd.DataFrame = lines.groupby("letter", as_index=False).last().sort_values("value", ignore_index=True)
    span = float(lines["value"].max() - min(lines["value"].min(), 0.0)) or 1.0
    placed: list[float] = []
    for value in ends["value"]:
        placed.append(max(float(value), placed[-1] + LETTER_HIGH * span) if placed else float(value))
    return ends.assign(label_at=placed)


def energy_bars(projections: Mapping[str, Projection], dark: bool = False) -> Spec:
    """Where the energy of each plan's first year went, and what was bought for it [MWh]."""
    marked = zip(letters(len(projections)), projections.items(), strict=True)
    long = pd.concat([_uses(p).assign(plan=name, letter=letter) for letter, (name, p) in marked], ignore_index=True)
    shown = tuple(use for use in USES if long.loc[long["use"] == use, "mwh"].sum() > 0) or USES[:1]
    return filled(_energy_bars(len(projections), shown, dark), energy=long[long["use"].isin(shown)])


def _uses(projection: Projection) -> pd.DataFrame:
    year = projection.monthly.head(12).sum(numeric_only=True) / 1000.0
    mwh = [year["mined_kwh"] - year["import_kwh"], year["export_kwh"], year["import_kwh"], year["curtailed_kwh"]]
    return pd.DataFrame({"use": USES, "rank": range(len(USES)), "mwh": mwh})


@cache
def _energy_bars(rows: int, names: tuple[str, ...], dark: bool) -> Spec:
    import altair as alt

    bars = source("energy").mark_bar(size=ROW - 8, cornerRadius=2)
    bars = bars.encode(
        y=alt.Y(
            "letter:N", title=None, axis=alt.Axis(labelFontSize=13, labelFontWeight=700, ticks=False, domain=False)
        ),
        x=alt.X("mwh:Q", title="MWh in the first year", axis=alt.Axis(tickCount=5)),
        color=alt.Color("use:N", scale=palette(names, dark), legend=alt.Legend(orient="top", title=None, columns=3)),
        order=alt.Order("rank:Q"),
        tooltip=[
            alt.Tooltip("plan:N", title="Plan"),
            alt.Tooltip("use:N", title="Energy"),
            alt.Tooltip("mwh:Q", title="MWh", format=",.1f"),
        ],
    )
    return template(bars, height=(ROW + 14) * rows + 2 * AXIS)


def bridge(first: Step, steps: Sequence[Step], last: Step, dark: bool = False) -> Spec:
    """From one plan's worth to another's: a tick at each end, a bar for what each driver adds between them [USD].

    The axis does not begin at zero: what is told is the way from one to the other.
    """
    adds = np.array([0.0, *(step.usd for step in steps), 0.0])
    ends = first.usd + np.cumsum(adds)
    ends[-1] = last.usd
    rows = [first, *steps, last]
    edge = [True, *(False for _ in steps), True]
    frame = pd.DataFrame(
        {
            "rank": range(len(rows)),
            "text": [_told(step, at_edge) for step, at_edge in zip(rows, edge, strict=True)],
            "step": [step.label for step in rows],
            "usd": [step.usd for step in rows],
            "start": ends - adds,
            "end": ends,
            "kind": [
                "plan" if at_edge else "up" if step.usd >= 0 else "down"
                for step, at_edge in zip(rows, edge, strict=True)
            ],
        }
    )
    links = pd.DataFrame({"text": frame["text"][:-1], "to": frame["text"].to_numpy()[1:], "end": ends[:-1]})
    return filled(_bridge(len(rows), dark), steps=frame, links=links)


def _told(step: Step, at_edge: bool) -> str:
    """An axis label: amounts of drivers carry their sign, so that colour is not needed."""
    sign = "" if at_edge or step.usd < 0 else "+"
    return f"{step.label}  {sign}{short_usd(step.usd)}"


@cache
def _bridge(rows: int, dark: bool) -> Spec:
    import altair as alt

    kinds = alt.Scale(domain=["up", "down"], range=[colour(name, dark) for name in ("Exported", "Buy and hold")])
    axis = alt.Axis(labelLimit=250, labelFontSize=13, labelOverlap=False, ticks=False, domain=False)
    y = alt.Y("text:N", sort=alt.EncodingSortField("rank", order="ascending"), title=None, axis=axis)
    x = alt.X("start:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(labelExpr=USD_TICKS, tickCount=5))
    told = [alt.Tooltip("step:N", title="Driver"), alt.Tooltip("usd:Q", title="USD", format="+$,.0f")]
    of_drivers = "datum.kind != 'plan'"
    bars = source("steps").mark_bar(size=ROW - 10, cornerRadius=2).transform_filter(of_drivers)
    bars = bars.encode(y=y, x=x, x2="end:Q", color=alt.Color("kind:N", scale=kinds, legend=None), tooltip=told)
    ink = colour("Mined", dark)
    ticks = source("steps").mark_tick(size=ROW - 4, thickness=5, color=ink).transform_filter("datum.kind == 'plan'")
    ticks = ticks.encode(y=y, x="end:Q", tooltip=[told[0], alt.Tooltip("usd:Q", title="USD", format="$,.0f")])
    links = source("links").mark_rule(strokeDash=[2, 3], color=colour("Quiet", dark))
    links = links.encode(y=y, y2="to:N", x="end:Q")
    return template(links, bars, ticks, height=ROW * rows + AXIS)
