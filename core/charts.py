"""Results as Altair charts: one idea each, labelled directly, points kept few.

Nothing here knows Streamlit; colours come in pairs, for light and dark ground.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.results import Projection

Spec = Any  # an Altair chart; its own unions of types say less
HEIGHT = 300
# one colour for each thing energy or money does, the same on every page: (light, dark)
COLOURS = {
    "Mined": ("#D97706", "#FBBF24"),
    "Exported": ("#0F766E", "#2DD4BF"),
    "Imported": ("#4338CA", "#A5B4FC"),
    "Battery": ("#65A30D", "#A3E635"),
    "Curtailed": ("#A8A29E", "#78716C"),
    "This plan": ("#D97706", "#FBBF24"),
    "Sell the power": ("#0F766E", "#2DD4BF"),
    "Mine on the grid": ("#4338CA", "#A5B4FC"),
    "Buy and hold": ("#BE123C", "#FB7185"),
    "Quiet": ("#78716C", "#A8A29E"),
}
HEAT = {
    False: ["#FFFBEB", "#FDE68A", "#FBBF24", "#D97706", "#92400E", "#5B2706"],
    True: ["#1C1608", "#5C430C", "#A3720D", "#EBA50E", "#FBBF24", "#FDE99B"],
}
# axis labels in dollars: $1.2 M, −$300 k, 0
USD_TICKS = (
    "datum.value == 0 ? '0' : (datum.value < 0 ? '−$' : '$') + (abs(datum.value) >= 1e6 ? "
    "format(abs(datum.value) / 1e6, ',~r') + ' M' : abs(datum.value) >= 1e3 ? format(abs(datum.value) / 1e3, ',~r') + ' k' "
    ": format(abs(datum.value), ',~r'))"
)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def colour(name: str, dark: bool) -> str:
    """The colour of a thing on light or dark ground."""
    return COLOURS[name][dark]


def _palette(names: list[str], dark: bool) -> Spec:
    import altair as alt

    return alt.Scale(domain=names, range=[colour(name, dark) for name in names])


def energy_by_month(projection: Projection, dark: bool = False) -> Spec:
    """Where the first year's energy came from (above zero) and went (below), month by month [MWh]."""
    import altair as alt

    frame = projection.monthly.head(12)
    own = frame["mined_kwh"] - frame["import_kwh"]
    uses = {
        "Mined": own,
        "Exported": frame["export_kwh"],
        "Imported": frame["import_kwh"],
        "Curtailed": frame["curtailed_kwh"],
    }
    names = [name for name, kwh in uses.items() if kwh.sum() > 0]
    order = pd.to_datetime(frame["month"]).dt.strftime("%b").tolist()
    long = pd.concat(
        pd.DataFrame({"month": order, "use": name, "rank": i, "mwh": uses[name].to_numpy() / 1000})
        for i, name in enumerate(names or ["Mined"])
    )
    return (
        alt.Chart(long)
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("month:N", sort=order, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("mwh:Q", title="MWh", axis=alt.Axis(tickCount=5)),
            color=alt.Color(
                "use:N", scale=_palette(names or ["Mined"], dark), legend=alt.Legend(orient="top", title=None)
            ),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("month:N", title="Month"),
                alt.Tooltip("use:N", title="Energy"),
                alt.Tooltip("mwh:Q", title="MWh", format=",.1f"),
            ],
        )
        .properties(height=HEIGHT)
    )


def cumulated_cash(projection: Projection, dark: bool = False) -> Spec:
    """Yearly net cash as bars and its running sum as a line, with the years of a halving marked [USD]."""
    import altair as alt

    frame = projection.yearly[["year", "net_cash_usd", "cumulative_cash_usd"]].copy()
    axis = alt.Axis(labelExpr=USD_TICKS, tickCount=6)
    tips = [
        alt.Tooltip("year:O", title="Year"),
        alt.Tooltip("net_cash_usd:Q", title="Net cash", format="$,.0f"),
        alt.Tooltip("cumulative_cash_usd:Q", title="Cumulated", format="$,.0f"),
    ]
    base = alt.Chart(frame).encode(
        x=alt.X("year:O", title="Year of operation", axis=alt.Axis(labelAngle=0)), tooltip=tips
    )
    bars = base.mark_bar(size=18, cornerRadius=2, opacity=0.45, color=colour("Exported", dark)).encode(
        y=alt.Y("net_cash_usd:Q", title=None, axis=axis)
    )
    line = base.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=36), color=colour("Mined", dark)).encode(
        y="cumulative_cash_usd:Q"
    )
    return alt.layer(_zero(dark), bars, line, *_halvings_by_year(projection, dark)).properties(height=HEIGHT)


def _zero(dark: bool) -> Spec:
    import altair as alt

    rule = alt.Chart(pd.DataFrame({"y": [0.0]})).mark_rule(strokeDash=[4, 4], color=colour("Quiet", dark))
    return rule.encode(y="y:Q")


def halving_months(projection: Projection) -> list[pd.Timestamp]:
    """First months whose mean subsidy is below the month before."""
    subsidy = projection.monthly["subsidy_btc"].to_numpy()
    era = np.round(np.log2(50.0 / np.maximum(subsidy, 1e-9)), 6)
    # a month within which the subsidy halves has a mean between two eras: mark the month the fall begins
    begins = np.flatnonzero((np.diff(era) > 1e-6) & (np.abs(era[:-1] - np.round(era[:-1])) < 1e-6)) + 1
    return [pd.Timestamp(m) for m in projection.monthly["month"].to_numpy()[begins]]


def _halvings_by_year(projection: Projection, dark: bool) -> list[Spec]:
    import altair as alt

    months = pd.to_datetime(projection.monthly["month"]).tolist()
    years = [months.index(m) // 12 + 1 for m in halving_months(projection)]
    if not years:
        return []
    text = alt.Chart(pd.DataFrame({"year": years, "label": "halving"})).mark_text(
        baseline="top", dy=2, fontSize=11, color=colour("Quiet", dark)
    )
    return [text.encode(x="year:O", y=alt.value(0), text="label:N")]


def _halvings_by_month(projection: Projection, dark: bool) -> list[Spec]:
    import altair as alt

    frame = pd.DataFrame({"month": halving_months(projection), "label": "halving"})
    if frame.empty:
        return []
    rules = alt.Chart(frame).mark_rule(strokeDash=[3, 4], color=colour("Quiet", dark)).encode(x="month:T")
    text = alt.Chart(frame).mark_text(align="left", baseline="top", dx=4, fontSize=11, color=colour("Quiet", dark))
    return [rules, text.encode(x="month:T", y=alt.value(0), text="label:N")]


def coins_by_month(projection: Projection, dark: bool = False) -> Spec:
    """Coins mined each month, halvings marked [BTC]."""
    import altair as alt

    frame = projection.monthly[["month", "mined_btc"]]
    area = (
        alt.Chart(frame)
        .mark_area(opacity=0.35, line={"color": colour("Mined", dark), "strokeWidth": 2}, color=colour("Mined", dark))
        .encode(
            x=alt.X("month:T", title=None),
            y=alt.Y("mined_btc:Q", title="BTC a month", axis=alt.Axis(tickCount=5)),
            tooltip=[
                alt.Tooltip("month:T", title="Month", format="%b %Y"),
                alt.Tooltip("mined_btc:Q", title="BTC", format=",.5f"),
            ],
        )
    )
    return alt.layer(area, *_halvings_by_month(projection, dark)).properties(height=HEIGHT)


def worth_of_energy(projection: Projection, dark: bool = False) -> Spec:
    """What a kWh earns when mined, against what it costs to buy and earns when sold [cents]."""
    import altair as alt

    grid, monthly = projection.scenario.grid, projection.monthly
    growth = (1 + grid.price_growth_per_year) ** (np.arange(len(monthly)) // 12)
    lines = {
        "Mined": monthly["mine_usd_per_kwh"].to_numpy(),
        "Imported": grid.import_usd_per_kwh * growth if grid.import_limit_kw else None,
        "Exported": grid.export_usd_per_kwh * growth if grid.export_limit_kw else None,
    }
    long = pd.concat(
        pd.DataFrame({"month": monthly["month"], "use": name, "cents": usd * 100})
        for name, usd in lines.items()
        if usd is not None
    )
    names = list(dict.fromkeys(long["use"]))
    chart = (
        alt.Chart(long)
        .mark_line(strokeWidth=2.2)
        .encode(
            x=alt.X("month:T", title=None),
            y=alt.Y("cents:Q", title="cents per kWh", axis=alt.Axis(tickCount=5)),
            color=alt.Color("use:N", scale=_palette(names, dark), legend=alt.Legend(orient="top", title=None)),
            tooltip=[
                alt.Tooltip("month:T", title="Month", format="%b %Y"),
                alt.Tooltip("use:N", title="kWh"),
                alt.Tooltip("cents:Q", title="cents", format=",.2f"),
            ],
        )
    )
    return alt.layer(chart, *_halvings_by_month(projection, dark)).properties(height=HEIGHT)


def compared_with_what(projection: Projection, dark: bool = False) -> Spec:
    """NPV of the plan beside the three other things the money or the site could do [USD]."""
    import altair as alt

    names = {
        "This plan": "npv_usd",
        "Sell the power": "sell_npv_usd",
        "Mine on the grid": "grid_npv_usd",
        "Buy and hold": "hold_npv_usd",
    }
    values = {label: projection.metrics[name] for label, name in names.items()}
    shown = {f"{label}  {_short_usd(npv)}": (label, npv) for label, npv in values.items() if npv is not None}
    frame = pd.DataFrame([(text, *pair) for text, pair in shown.items()], columns=["text", "what", "npv"])
    bars = (
        alt.Chart(frame)
        .mark_bar(size=26, cornerRadius=3)
        .encode(
            x=alt.X("npv:Q", title=None, axis=alt.Axis(labels=False, ticks=False, grid=False, domain=False)),
            y=alt.Y(
                "text:N",
                sort=list(shown),
                title=None,
                axis=alt.Axis(labelLimit=240, labelFontSize=13, labelFontWeight=600, ticks=False, domain=False),
            ),
            color=alt.Color("what:N", scale=_palette([label for label, _ in shown.values()], dark), legend=None),
            tooltip=[alt.Tooltip("what:N", title="Choice"), alt.Tooltip("npv:Q", title="NPV", format="$,.0f")],
        )
    )
    rule = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(color=colour("Quiet", dark)).encode(x="x:Q")
    return alt.layer(bars, rule).properties(height=HEIGHT - 60)


def _short_usd(value: float) -> str:
    size = abs(value)
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size >= limit:
            return f"{'−' if value < 0 else ''}${size / limit:.3g} {unit}"
    return f"{'−' if value < 0 else ''}${size:,.0f}"


def hour_by_month(projection: Projection, column: str, dark: bool = False) -> Spec:
    """Mean of an hourly column by local hour and month, first year [kW]."""
    import altair as alt

    frame = hour_month_means(projection, column)
    return (
        alt.Chart(frame)
        .mark_rect()
        .encode(
            x=alt.X("hour:O", title="Local hour", axis=alt.Axis(values=list(range(0, 24, 3)), labelAngle=0)),
            y=alt.Y("month:O", title=None, sort=MONTHS),
            color=alt.Color(
                "kw:Q",
                scale=alt.Scale(range=HEAT[dark]),
                legend=alt.Legend(orient="top", title="kW", gradientLength=200, gradientThickness=10),
            ),
            tooltip=[
                alt.Tooltip("month:O", title="Month"),
                alt.Tooltip("hour:O", title="Hour"),
                alt.Tooltip("kw:Q", title="kW", format=",.0f"),
            ],
        )
        .properties(height=HEIGHT + 20)
    )


def hour_month_means(projection: Projection, column: str) -> pd.DataFrame:
    """Mean of an hourly column by local hour and month: columns month, hour, kw."""
    local = pd.DatetimeIndex(projection.hourly.index).tz_convert(projection.scenario.site.timezone)
    means = projection.hourly[column].groupby([local.month, local.hour]).mean()
    months = [MONTHS[int(m) - 1] for m in means.index.get_level_values(0)]
    return pd.DataFrame({"month": months, "hour": means.index.get_level_values(1), "kw": means.to_numpy()})


def cash_lines(projections: dict[str, Projection], dark: bool = False) -> Spec:
    """Cumulated cash of several projections [USD]."""
    import altair as alt

    long = pd.concat(p.yearly[["year", "cumulative_cash_usd"]].assign(plan=name) for name, p in projections.items())
    chart = (
        alt.Chart(long)
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=30))
        .encode(
            x=alt.X("year:O", title="Year of operation", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("cumulative_cash_usd:Q", title=None, axis=alt.Axis(labelExpr=USD_TICKS)),
            color=alt.Color(
                "plan:N", sort=list(projections), legend=alt.Legend(orient="top", title=None, labelLimit=260)
            ),
            tooltip=[
                alt.Tooltip("plan:N", title="Plan"),
                alt.Tooltip("year:O", title="Year"),
                alt.Tooltip("cumulative_cash_usd:Q", title="Cumulated", format="$,.0f"),
            ],
        )
    )
    return alt.layer(_zero(dark), chart).properties(height=HEIGHT + 40)
