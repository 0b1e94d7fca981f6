"""What the plan earns: the answer first, then where it comes from."""

import pandas as pd
import streamlit as st

from core import charts
from core.errors import SolarMiningError
from core.formulas import formula
from core.results import Projection
from core.shown import rests_in_words
from core.vocabulary import METRICS
from pages.ui import ahead, answer, check_list, flows, forms, reports, said, session, show, spread, years

QUICK = ("array.dc_kw", "fleet.units.0.count", "grid.import_usd_per_kwh", "outlook.price_usd", "finance.horizon_years")


def page() -> None:
    show.header("Projection")
    st.page_link("start.py", label="Start anew: a place, a budget, a power price", icon=":material/add_location_alt:")
    ahead.drawn(headline)
    projection = session.projection_or_error()
    if isinstance(projection, SolarMiningError):
        return
    check_list.section()
    dark = st.context.theme.type == "dark"
    money(projection, dark)
    energy(projection, dark)
    flows.sunlight_to_cash(projection, dark)
    coins(projection, dark)
    spread.section(projection, dark)
    years.section()
    reports.section(projection)
    tables(projection)
    grounds(projection)


def headline() -> None:
    """The answer and, beside it, the fields that most plans turn on; drawn first as it is waited for."""
    left, right = st.columns([3, 2])
    below = st.container()
    projection = session.projection_or_error()
    if isinstance(projection, SolarMiningError):
        with left:
            show.failure(projection)
    else:
        with left.container(border=True, height="stretch", gap="small"):
            answer.card(projection)
        with below:
            tiles(projection)
    units = session.current().fleet.units
    with right.container(border=True, height="stretch", gap="small"):
        forms.fields(*(path for path in QUICK if units or not path.startswith("fleet")), columns=2)


def tiles(projection: Projection) -> None:
    """Headline figures, each with the curve behind it."""
    yearly, monthly = projection.yearly, projection.monthly
    with st.grid(4, row_height=164, gap="small", min_column_width=215):
        show.tile(
            projection,
            "npv_usd",
            note=_rate(projection),
            chart=yearly["discounted_cash_usd"].cumsum().tolist(),
            kind="line",
        )
        show.tile(
            projection,
            "payback_years",
            note=_static(projection),
            chart=yearly["cumulative_cash_usd"].tolist(),
            kind="line",
        )
        show.tile(projection, "mined_btc", note=_hold(projection), chart=_yearly_sum(monthly["mined_btc"]), kind="bar")
        show.tile(projection, "cost_usd_per_btc", note=_price(projection), chart=_thin(monthly["price_usd"]))
        show.tile(
            projection, "pv_kwh_year1", note=_yield(projection), chart=monthly["pv_kwh"].head(12).tolist(), kind="bar"
        )
        show.tile(
            projection,
            "solar_share_frac",
            note="of the mining energy, year 1",
            chart=_solar_by_month(monthly),
            kind="bar",
        )
        show.tile(
            projection,
            "hashprice_usd_per_ph_day",
            note=_hashcost(projection),
            chart=_thin(monthly["hashprice_usd_per_ph_day"]),
        )
        show.tile(projection, "capex_usd", note=_irr(projection))


def _rate(projection: Projection) -> str:
    return f"at {projection.scenario.finance.discount_rate * 100:g} % a year"


def _irr(projection: Projection) -> str:
    remark = show.of_several(projection)
    return f"IRR: {show.metric_in_words(projection, 'irr')}{remark and f', {remark}'}"


def _static(projection: Projection) -> str:
    value = projection.metrics["static_payback_years"]
    return f"static: {said.number(value, 1)} years" if value is not None else "static: never"


def _hold(projection: Projection) -> str:
    value = projection.metrics["hold_btc"]
    return f"bought instead: {said.number(value, 2)} BTC" if value is not None else "expected, after pool fee"


def _price(projection: Projection) -> str:
    return f"price today {show.money(projection.monthly['price_usd'].iloc[0])}"


def _yield(projection: Projection) -> str:
    value = projection.metrics["specific_yield_kwh_per_kw"]
    return f"{said.number(value)} kWh per kW" if value is not None else "no array"


def _hashcost(projection: Projection) -> str:
    value = projection.metrics["hashcost_usd_per_ph_day"]
    return f"energy costs {show.money(value, cents=True)}" if value is not None else "no machines"


def _thin(values: pd.Series, most: int = 60) -> list[float]:
    return [float(v) for v in values.iloc[:: max(1, len(values) // most)]]


def _yearly_sum(values: pd.Series) -> list[float]:
    return [float(v) for v in values.to_numpy().reshape(-1, 12).sum(axis=1)]


def _solar_by_month(monthly: pd.DataFrame) -> list[float]:
    first = monthly.head(12)
    return (
        ((first["mined_kwh"] - first["import_kwh"]) / first["mined_kwh"].where(first["mined_kwh"] > 0))
        .fillna(0)
        .tolist()
    )


def money(projection: Projection, dark: bool) -> None:
    left, right = st.columns([3, 2])
    with left.container(border=True, height="stretch"):
        st.subheader("Cash, year by year", anchor=False)
        show.chart(
            spec=charts.cumulated_cash(projection, dark),
            alt="Net cash of each year as bars and its running sum as a line",
        )
        st.caption(
            "Bars: net cash of the year, in and out. Line: running sum since the first investment. One path: price and difficulty as planned."
        )
    with right.container(border=True, height="stretch"):
        st.subheader("Compared with what?", anchor=False)
        show.chart(spec=charts.compared_with_what(projection, dark), alt="Net present value beside three alternatives")
        st.caption(
            "Net present value. Sell the power: the same array without machines. Mine on the grid: the same machines without "
            "sun. Buy and hold: the same money on the same dates into coins."
        )


def energy(projection: Projection, dark: bool) -> None:
    flows.energy_flow(projection, dark)
    left, right = st.columns([3, 2])
    with left.container(border=True, height="stretch"):
        st.subheader("Energy by month, year 1", anchor=False)
        show.chart(spec=charts.energy_by_month(projection, dark), alt="Energy by month and use")
        st.caption("Mined: solar energy mined, by way of the battery too. Imported: grid energy mined.")
    with right.container(border=True, height="stretch"):
        st.subheader("Sun by hour and month", anchor=False)
        show.chart(
            spec=charts.hour_by_month(projection, "pv_kw", dark), alt="Heat map of solar power by local hour and month"
        )


def coins(projection: Projection, dark: bool) -> None:
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.subheader("Coins, month by month", anchor=False)
        show.chart(spec=charts.coins_by_month(projection, dark), alt="Coins mined by month, halvings marked")
    with right.container(border=True, height="stretch"):
        st.subheader("What a kilowatt-hour is worth", anchor=False)
        show.chart(
            spec=charts.worth_of_energy(projection, dark),
            alt="Worth of a kilowatt-hour mined, bought and sold, by month",
        )


@ahead.apart
def tables(projection: Projection) -> None:
    st.subheader("Figures", anchor=False)
    summary, yearly, monthly, hourly = st.tabs(
        ["Summary", "By year", "By month", "By hour, year 1"], on_change="rerun", key="tables"
    )
    if summary.open:
        with summary:
            show.table(summary_frame(projection), "Summary")
    if yearly.open:
        with yearly:
            show.table(projection.yearly, "Statement by year")
    if monthly.open:
        with monthly:
            show.table(projection.monthly, "Books by month")
    if hourly.open:
        with hourly:
            show.table(projection.hourly.rename_axis("hour_utc").reset_index(), "Hours of year 1", height=320)


def summary_frame(projection: Projection) -> pd.DataFrame:
    """Every metric with its unit, its meaning and, where it does not exist, the reason."""
    rows = [
        {
            "Figure": words.label,
            "Shown": show.metric_in_words(projection, name),
            "Value": projection.metrics[name],
            "Unit": words.unit,
            "Meaning": words.meaning,
            "Formula": formula(name),
            "Rests on": rests_in_words(name),
            "Why none": projection.reasons.get(name, ""),
        }
        for name, words in METRICS.items()
    ]
    return pd.DataFrame(rows)


def grounds(projection: Projection) -> None:
    """What the figures rest on."""
    with st.expander("What these figures rest on", icon=":material/fact_check:"):
        show.readings(projection.readings)
        weather = projection.weather
        st.markdown(
            f"**Weather** · {session.literal(weather.source)} · {weather.status}, {weather.kind} · "
            f"{said.number(weather.latitude, 2)}°, {said.number(weather.longitude, 2)}° · digest `{weather.digest}`"
        )
        for note in projection.notices:
            st.caption(session.literal(note))
        st.caption(
            f"Model {projection.model_version} · engine {projection.engine} · scenario digest {projection.scenario.digest}"
        )


page()
