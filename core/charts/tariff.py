"""A tariff as a chart: what a kWh costs by month and hour of the day."""

from __future__ import annotations

from functools import cache

import pandas as pd

from core.charts.base import HEIGHT, MONTHS, Spec, filled, source, template
from core.charts.palette import HEAT
from core.sections.tariff import EnergyCharge


def price_grid(energy: EnergyCharge, dark: bool = False) -> Spec:
    """Price of energy on weekdays by month and local hour, in the first tier [cents/kWh]."""
    rows = energy.weekday or ((0,) * 24,) * 12
    more = energy.adjustment_usd_per_kwh or (0.0,) * 12
    cells = [
        {"month": MONTHS[m], "hour": h, "cents": (energy.periods[n].tiers[0].usd_per_kwh + more[m]) * 100}
        for m, row in enumerate(rows)
        for h, n in enumerate(row)
    ]
    return filled(_price_grid(dark), prices=pd.DataFrame(cells))


@cache
def _price_grid(dark: bool) -> Spec:
    import altair as alt

    legend = alt.Legend(orient="top", title="cents per kWh, weekdays", gradientLength=200, gradientThickness=10)
    cells = source("prices").mark_rect()
    cells = cells.encode(
        x=alt.X("hour:O", title="Local hour", axis=alt.Axis(values=list(range(0, 24, 3)), labelAngle=0)),
        y=alt.Y("month:O", title=None, sort=MONTHS),
        color=alt.Color("cents:Q", scale=alt.Scale(range=HEAT[dark]), legend=legend),
        tooltip=[
            alt.Tooltip("month:O", title="Month"),
            alt.Tooltip("hour:O", title="Hour"),
            alt.Tooltip("cents:Q", title="cents", format=",.2f"),
        ],
    )
    return template(cells, height=HEIGHT)
