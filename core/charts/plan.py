"""A projection as charts: energy, cash, coins, and what else could be done with the money."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pandas as pd

from core.charts.base import (
    HEIGHT,
    NAME_APART,
    USD_TICKS,
    ZERO,
    Spec,
    at_ends,
    end_names,
    filled,
    halving_marks,
    halving_year_marks,
    months_axis,
    source,
    spread,
    template,
    zero_line,
)
from core.charts.palette import colour, dashes, palette
from core.results import Projection


def energy_by_month(projection: Projection, dark: bool = False) -> Spec:
    """Where the first year's energy went and what was bought for it, month by month [MWh]."""
    frame = projection.monthly.head(12)
    own = frame["mined_kwh"] - frame["import_kwh"]
    uses = {
        "Mined": own,
        "Exported": frame["export_kwh"],
        "Imported": frame["import_kwh"],
        "Curtailed": frame["curtailed_kwh"],
    }
    names = tuple(name for name, kwh in uses.items() if kwh.sum() > 0) or ("Mined",)
    months = pd.to_datetime(frame["month"]).dt.strftime("%b").tolist()
    long = pd.concat(
        pd.DataFrame({"month": months, "use": name, "rank": i, "mwh": uses[name].to_numpy() / 1000})
        for i, name in enumerate(names)
    )
    return filled(_energy_by_month(tuple(months), names, dark), energy=long, ends=_beside_stack(long, months[-1]))


def _beside_stack(stacked: pd.DataFrame, last: str) -> pd.DataFrame:
    """The names of a stack's parts, beside the middles of those of its last bar."""
    bar = stacked[stacked["month"] == last].sort_values("rank")
    middles = (bar["mwh"].cumsum() - bar["mwh"] / 2.0).to_numpy()
    highest = stacked.groupby("month")["mwh"].sum().max() or 1.0
    return pd.DataFrame({"use": bar["use"], "at": spread(middles, NAME_APART * highest)})


@cache
def _energy_by_month(months: tuple[str, ...], names: tuple[str, ...], dark: bool) -> Spec:
    import altair as alt

    bars = source("energy").mark_bar(stroke=colour("Ground", dark), strokeWidth=1)  # parts stay apart in grey print
    return template(
        bars.encode(
            x=alt.X("month:N", sort=list(months), title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("mwh:Q", title="MWh", axis=alt.Axis(tickCount=5)),
            color=alt.Color("use:N", scale=palette(names, dark), legend=None),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("month:N", title="Month"),
                alt.Tooltip("use:N", title="Energy"),
                alt.Tooltip("mwh:Q", title="MWh", format=",.1f"),
            ],
        ),
        end_names(alt.value("width"), "use", names, dark),
    )


def cumulated_cash(projection: Projection, dark: bool = False) -> Spec:
    """Yearly net cash as bars and its running sum as a line, with the years of a halving marked [USD]."""
    cash = projection.yearly[["year", "net_cash_usd", "cumulative_cash_usd"]]
    halvings = halving_years(projection)
    return filled(_cumulated_cash(dark, not halvings.empty), cash=cash, halvings=halvings, zero=ZERO)


@cache
def _cumulated_cash(dark: bool, halved: bool) -> Spec:
    import altair as alt

    base = source("cash").encode(
        x=alt.X("year:O", title="Year of operation", axis=alt.Axis(labelAngle=0)),
        tooltip=[
            alt.Tooltip("year:O", title="Year"),
            alt.Tooltip("net_cash_usd:Q", title="Net cash", format="$,.0f"),
            alt.Tooltip("cumulative_cash_usd:Q", title="Cumulated", format="$,.0f"),
        ],
    )
    axis = alt.Axis(labelExpr=USD_TICKS, tickCount=5, labelOverlap=True)
    marks = halving_year_marks(dark, halved)
    return template(*marks, zero_line(dark), *cash_bars(base, "net_cash_usd", "cumulative_cash_usd", axis, dark))


def cash_bars(base: Any, cash: str, cumulated: str, axis: Any, dark: bool) -> list[Any]:
    """Cash as bars, what comes in apart from what goes out, and its running sum as a line."""
    import altair as alt

    ink = alt.when(alt.datum[cash] >= 0).then(alt.value(colour("In", dark))).otherwise(alt.value(colour("Out", dark)))
    bars = base.mark_bar(size=18, cornerRadius=2, opacity=0.55).encode(
        y=alt.Y(f"{cash}:Q", title=None, axis=axis), color=ink
    )
    point = alt.OverlayMarkDef(size=36, color=colour("Left", dark))
    line = base.mark_line(strokeWidth=2.5, point=point, color=colour("Left", dark))
    return [bars, line.encode(y=f"{cumulated}:Q")]


def halving_months(projection: Projection) -> list[pd.Timestamp]:
    """Months in which the subsidy halves."""
    return [pd.Timestamp(m) for m in projection.monthly["month"][projection.monthly["halvings"] > 0]]


def halving_years(projection: Projection) -> pd.DataFrame:
    """The years of operation with a halving, as the frame of `halving_year_marks`."""
    years = projection.monthly.index[projection.monthly["halvings"] > 0].to_numpy() // 12 + 1
    return pd.DataFrame({"year": years, "label": ["halving"] * len(years)})


def halving_frame(projection: Projection) -> pd.DataFrame:
    """Those months as the frame of `halving_marks`."""
    return halvings_in(halving_months(projection))


def halvings_in(months: Sequence[Any]) -> pd.DataFrame:
    """Months of halvings as the frame of `halving_marks`."""
    return pd.DataFrame({"month": pd.to_datetime(months), "label": ["halving"] * len(months)})


def coins_by_month(projection: Projection, dark: bool = False) -> Spec:
    """Coins mined each month, halvings marked [BTC]."""
    halvings = halving_frame(projection)
    made = _coins_by_month(dark, not halvings.empty)
    return filled(made, coins=projection.monthly[["month", "mined_btc"]], halvings=halvings)


@cache
def _coins_by_month(dark: bool, halved: bool) -> Spec:
    import altair as alt

    ink = colour("Mined", dark)
    area = source("coins").mark_area(opacity=0.35, line={"color": ink, "strokeWidth": 2}, color=ink)
    area = area.encode(
        x=months_axis(),
        y=alt.Y("mined_btc:Q", title="BTC a month", axis=alt.Axis(tickCount=5)),
        tooltip=[
            alt.Tooltip("month:T", title="Month", format="%b %Y"),
            alt.Tooltip("mined_btc:Q", title="BTC", format=",.5f"),
        ],
    )
    return template(*halving_marks(dark, halved), area)


def worth_of_energy(projection: Projection, dark: bool = False) -> Spec:
    """What a kWh earns when mined, against what it costs to buy and earns when sold [cents]."""
    grid, monthly = projection.scenario.grid, projection.monthly
    lines = {"Mined": monthly["mine_usd_per_kwh"].to_numpy()}
    if grid.import_limit_kw:
        lines["Imported"] = monthly["import_usd_per_kwh"].to_numpy()
    if grid.export_limit_kw:
        lines["Exported"] = monthly["export_usd_per_kwh"].to_numpy()
    long = pd.concat(
        pd.DataFrame({"month": monthly["month"], "use": use, "cents": usd * 100}) for use, usd in lines.items()
    )
    halvings = halving_frame(projection)
    made = _worth_of_energy(tuple(lines), dark, not halvings.empty)
    return filled(made, worth=long, halvings=halvings, ends=at_ends(long, "month", "cents", "use"))


@cache
def _worth_of_energy(names: tuple[str, ...], dark: bool, halved: bool) -> Spec:
    import altair as alt

    lines = source("worth").mark_line(strokeWidth=2.4)
    lines = lines.encode(
        x=months_axis(),
        y=alt.Y("cents:Q", title="cents per kWh", axis=alt.Axis(tickCount=5)),
        color=alt.Color("use:N", scale=palette(names, dark), legend=None),
        strokeDash=alt.StrokeDash("use:N", scale=dashes(names), legend=None),
        tooltip=[
            alt.Tooltip("month:T", title="Month", format="%b %Y"),
            alt.Tooltip("use:N", title="kWh"),
            alt.Tooltip("cents:Q", title="cents", format=",.2f"),
        ],
    )
    return template(*halving_marks(dark, halved), lines, end_names("month:T", "use", names, dark))


def compared_with_what(projection: Projection, dark: bool = False) -> Spec:
    """NPV of the plan beside the three other things the money or the site could do [USD]."""
    names = {
        "This plan": "npv_usd",
        "Sell the power": "sell_npv_usd",
        "Mine on the grid": "grid_npv_usd",
        "Buy and hold": "hold_npv_usd",
    }
    found = {label: npv for label, name in names.items() if (npv := projection.metrics[name]) is not None}
    frame = pd.DataFrame(
        {
            "rank": range(len(found)),
            "what": list(found),
            "npv": list(found.values()),
            "text": [f"{label}  {short_usd(npv)}" for label, npv in found.items()],
        }
    )
    return filled(_compared_with_what(tuple(found), dark), choices=frame, zero=ZERO)


@cache
def _compared_with_what(names: tuple[str, ...], dark: bool) -> Spec:
    import altair as alt

    axis = alt.Axis(labelLimit=240, labelFontSize=13, labelFontWeight=600, ticks=False, domain=False)
    bars = source("choices").mark_bar(size=26, cornerRadius=3)
    bars = bars.encode(
        x=alt.X("npv:Q", title=None, axis=alt.Axis(labels=False, ticks=False, grid=False, domain=False)),
        y=alt.Y("text:N", sort=alt.EncodingSortField("rank", order="ascending"), title=None, axis=axis),
        color=alt.Color("what:N", scale=palette(names, dark), legend=None),
        tooltip=[alt.Tooltip("what:N", title="Choice"), alt.Tooltip("npv:Q", title="NPV", format="$,.0f")],
    )
    rule = source("zero").mark_rule(color=colour("Quiet", dark)).encode(x="y:Q")
    return template(bars, rule, height=HEIGHT - 60)


def short_usd(value: float) -> str:
    """Dollars in three digits: $1.23 M, −$300 k."""
    size = abs(value)
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size >= limit:
            return f"{'−' if value < 0 else ''}${size / limit:.3g} {unit}"
    return f"{'−' if value < 0 else ''}${size:,.0f}"
