"""The hours of the first year as charts: a week of dispatch, the battery, how often how much power flows."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from core.charts.base import HEIGHT, MONTHS, Spec, filled, source, template
from core.charts.flows import split_hours
from core.charts.palette import HEAT, colour, dashes, palette
from core.results import Projection

HOURS_A_WEEK, WEEKS = 168, 52
POINTS = 121  # of a duration curve
# what an hour's power does, from the ground up: all but the last comes from the sun or the battery
USES: dict[str, tuple[tuple[str, str], ...]] = {
    "Mined": (("Sun", "Machines"),),
    "Stored": (("Sun", "Battery"), ("Grid", "Battery"), ("Battery", "Machines"), ("Battery", "Sold")),
    "Exported": (("Sun", "Sold"), ("Grid", "Sold")),
    "Curtailed": (("Sun", "Nowhere"),),
    "Imported": (("Grid", "Machines"),),
}
FLOWS = {"Sun": "pv_kw", "Mined": "mining_kw", "Imported": "import_kw", "Exported": "export_kw"}


def local_hours(projection: Projection) -> pd.DataFrame:
    """The hours of the first year as a projection has them, labelled by the site's clock."""
    index = pd.DatetimeIndex(projection.hourly.index).tz_convert(projection.scenario.site.timezone)
    return projection.hourly.set_axis(index.tz_localize(None))


def weeks(hours: pd.DataFrame) -> list[str]:
    """What each whole week is called, by its first day: 4 Jan."""
    starts = pd.DatetimeIndex(hours.index)[: WEEKS * HOURS_A_WEEK : HOURS_A_WEEK]
    return [f"{start.day} {MONTHS[start.month - 1]}" for start in starts]


def _of_week(hours: pd.DataFrame, week: int) -> pd.DataFrame:
    return hours.iloc[week * HOURS_A_WEEK : (week + 1) * HOURS_A_WEEK]


def week_of_dispatch(hours: pd.DataFrame, week: int, dark: bool = False) -> Spec:
    """What the power of each hour of a week did, 0 the first, by where it came from [kW]; hours by local time.

    Mined: from the sun at once. Stored: into the battery, or out of it. Imported: mined from the grid.
    """
    frame = _of_week(hours, week)
    power = {name: sum(flows[way] for way in ways) for flows in (split_hours(frame),) for name, ways in USES.items()}
    used = _in_use(hours)
    stacked = pd.concat(
        pd.DataFrame({"hour": frame.index, "use": name, "rank": i, "kw": power[name]}) for i, name in enumerate(used)
    )
    return filled(_week_of_dispatch(used, dark), uses=stacked)


def _in_use(hours: pd.DataFrame) -> tuple[str, ...]:
    """The uses that the year knows: the same in each of its weeks."""
    columns = {"Mined": "mining_kw", "Stored": "charge_kw", "Exported": "export_kw", "Curtailed": "curtailed_kw"}
    known = {**columns, "Imported": "import_kw"}
    return tuple(name for name in USES if hours[known[name]].any()) or ("Mined",)


@cache
def _week_of_dispatch(names: tuple[str, ...], dark: bool) -> Spec:
    import altair as alt

    areas = source("uses").mark_area(interpolate="step-after", stroke=colour("Ground", dark), strokeWidth=0.5)
    areas = areas.encode(
        x=alt.X("hour:T", title=None, axis=_days()),
        y=alt.Y("kw:Q", title="kW", stack="zero", axis=alt.Axis(tickCount=5)),
        color=alt.Color("use:N", scale=palette(names, dark), legend=alt.Legend(orient="top", title=None, columns=3)),
        order=alt.Order("rank:Q"),
        tooltip=[
            alt.Tooltip("hour:T", title="Hour", format="%a %d %b, %H:%M"),
            alt.Tooltip("use:N", title="Use"),
            alt.Tooltip("kw:Q", title="kW", format=",.1f"),
        ],
    )
    return template(areas, height=HEIGHT)


def _days() -> Any:
    """An axis of days, each named after the midnight with which it begins."""
    import altair as alt

    return alt.Axis(
        format="%a %d %b", tickCount={"interval": "day", "step": 1}, labelAlign="left", labelOffset=4, labelBound=True
    )


def week_of_charge(hours: pd.DataFrame, week: int, dark: bool = False) -> Spec:
    """State of charge at the end of each hour of a week [kWh]; hours by local time."""
    frame = _of_week(hours, week)
    charge = pd.DataFrame({"hour": frame.index, "kwh": frame["soc_kwh"].to_numpy()})
    return filled(_week_of_charge(dark), charge=charge)


@cache
def _week_of_charge(dark: bool) -> Spec:
    import altair as alt

    ink = colour("Stored", dark)
    area = source("charge").mark_area(opacity=0.3, line={"color": ink, "strokeWidth": 2}, color=ink)
    area = area.encode(
        x=alt.X("hour:T", title=None, axis=_days()),
        y=alt.Y("kwh:Q", title="kWh stored", axis=alt.Axis(tickCount=4)),
        tooltip=[
            alt.Tooltip("hour:T", title="Hour", format="%a %d %b, %H:%M"),
            alt.Tooltip("kwh:Q", title="kWh", format=",.0f"),
        ],
    )
    return template(area, height=HEIGHT // 2)


def duration_curves(hours: pd.DataFrame, dark: bool = False) -> Spec:
    """For each flow, the power that is reached or passed in a share of the hours [kW]."""
    shares = np.linspace(0.0, 1.0, POINTS)
    names = tuple(name for name, column in FLOWS.items() if hours[column].any()) or ("Mined",)
    long = pd.concat(
        pd.DataFrame(
            {
                "share": shares * 100,
                "flow": name,
                "kw": np.quantile(hours[FLOWS[name]].to_numpy(), 1.0 - shares),
            }
        )
        for name in names
    )
    return filled(_duration_curves(names, dark), curves=long)


@cache
def _duration_curves(names: tuple[str, ...], dark: bool) -> Spec:
    import altair as alt

    lines = source("curves").mark_line(strokeWidth=2.4)
    lines = lines.encode(
        x=alt.X("share:Q", title="Share of the year's hours, %", scale=alt.Scale(domain=[0, 100])),
        y=alt.Y("kw:Q", title="kW", axis=alt.Axis(tickCount=5)),
        color=alt.Color("flow:N", scale=palette(names, dark), legend=alt.Legend(orient="top", title=None, columns=3)),
        strokeDash=alt.StrokeDash("flow:N", scale=dashes(names)),
        tooltip=[
            alt.Tooltip("flow:N", title="Flow"),
            alt.Tooltip("share:Q", title="% of hours", format=".0f"),
            alt.Tooltip("kw:Q", title="kW or more", format=",.0f"),
        ],
    )
    return template(lines)


def hour_by_month(projection: Projection, column: str, dark: bool = False) -> Spec:
    """Mean of an hourly column by local hour and month, first year [kW]."""
    return heat_map(local_hours(projection), column, dark)


def heat_map(hours: pd.DataFrame, column: str, dark: bool = False) -> Spec:
    """Mean of a column by hour and month of hours labelled by the site's clock [kW]."""
    return filled(_hour_by_month(dark), hours=_means(hours, column))


@cache
def _hour_by_month(dark: bool) -> Spec:
    import altair as alt

    legend = alt.Legend(
        orient="top",
        title="mean kW",
        titleOrient="left",
        titleAnchor="middle",
        gradientLength=160,
        gradientThickness=10,
        tickCount=4,
    )
    cells = source("hours").mark_rect(stroke=None)
    cells = cells.encode(
        x=alt.X("hour:O", title="Local hour", axis=alt.Axis(values=list(range(0, 24, 3)), labelAngle=0)),
        y=alt.Y("month:O", title=None, sort=MONTHS, axis=alt.Axis(labelOverlap=False)),
        color=alt.Color("kw:Q", scale=alt.Scale(range=HEAT[dark], domainMin=0), legend=legend),
        tooltip=[
            alt.Tooltip("month:O", title="Month"),
            alt.Tooltip("hour:O", title="Hour"),
            alt.Tooltip("kw:Q", title="kW", format=",.0f"),
        ],
    )
    return template(cells, height=HEIGHT + 20)


def hour_month_means(projection: Projection, column: str) -> pd.DataFrame:
    """Mean of an hourly column by local hour and month: columns month, hour, kw."""
    return _means(local_hours(projection), column)


def _means(hours: pd.DataFrame, column: str) -> pd.DataFrame:
    local = pd.DatetimeIndex(hours.index)
    means = hours[column].groupby([local.month, local.hour]).mean()
    months = [MONTHS[int(m) - 1] for m in means.index.get_level_values(0)]
    return pd.DataFrame({"month": months, "hour": means.index.get_level_values(1), "kw": means.to_numpy()})
