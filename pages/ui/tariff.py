"""What energy costs at the connection: flat, by time of use on a 12 × 24 grid, or by the hour from a file; and the bill."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import charts
from core.charts.base import MONTHS
from core.errors import ScenarioError, SolarMiningError
from core.scenario import Scenario
from core.vocabulary import BILL, word
from pages.ui import said, session, show
from pages.ui.rate_import import rate_file

KINDS = ("One price", "By time of use", "By the hour, from a file")
ENERGY, HOURLY = "grid.tariff.energy", ("grid.import_hourly_usd_per_kwh", "grid.export_hourly_usd_per_kwh")
NO_PERIODS: dict[str, Any] = {"periods": [], "weekday": [], "weekend": [], "adjustment_usd_per_kwh": []}
PEAK = range(14, 20)
DAYS = {"weekday": "Weekdays", "weekend": "Weekends"}
LINES = (*BILL, "import_cost_usd", "export_revenue_usd")


def editor() -> None:
    """How energy is priced, and what that comes to."""
    with st.container(border=True):
        st.markdown("**How energy is priced**")
        now = kind(session.current())
        key = session.widget_key("kind of tariff")
        st.segmented_control(
            "Energy is priced", KINDS, default=KINDS[now], required=True, key=key, on_change=_choose, args=(key,)
        )
        if problem := session.problem(ENERGY):
            st.caption(f":red[{session.literal(problem)}]")
        if now == 1:
            time_of_use()
        elif now == 2:
            price_file()
        else:
            st.caption("The import and export price beside hold in every hour.")
        peak_price()
        rate_file()
    bill()


def kind(scenario: Scenario) -> int:
    """Which of `KINDS` a plan has."""
    if scenario.grid.import_hourly_usd_per_kwh or scenario.grid.export_hourly_usd_per_kwh:
        return 2
    return 1 if scenario.grid.tariff.energy.periods else int(bool(st.session_state.get(_FILE))) * 2


_FILE = "_prices_from_file"


def _choose(key: str) -> None:
    """Change over to another kind; what belonged to the one before is cleared."""
    chosen = KINDS.index(st.session_state[key])
    price = session.current().grid.import_usd_per_kwh
    st.session_state[_FILE] = chosen == 2
    energy = NO_PERIODS
    if chosen == 1:
        row = [int(hour in PEAK) for hour in range(24)]
        tiers = [{"tiers": [{"usd_per_kwh": usd}]} for usd in (price, 2 * price)]
        energy = {**NO_PERIODS, "periods": tiers, "weekday": [row] * 12, "weekend": [[0] * 24] * 12}
    _take({ENERGY: energy, **{path: [] for path in HOURLY}})


def _take(changes: dict[str, Any]) -> None:
    try:
        session.change(changes)
    except ScenarioError as error:
        session.note_problem(ENERGY, error.message)
    else:
        session.redraw()


def _energy(**changed: Any) -> dict[str, Any]:
    """The energy charge as plain data, with some of it changed."""
    raw: dict[str, Any] = session.current().grid.tariff.energy.model_dump(mode="json")
    return {ENERGY: {**raw, **changed}}


# Time of use


def time_of_use() -> None:
    """Prices of the periods, which holds when, and how the year then looks."""
    left, right = st.columns([2, 3])
    with left:
        _periods()
        _fill()
    with right:
        show.chart(
            spec=charts.price_grid(session.current().grid.tariff.energy, session.dark()),
            alt="Price of energy on weekdays by month and hour",
        )
    for tab, (days, label) in zip(st.tabs(list(DAYS.values())), DAYS.items(), strict=True):
        with tab:
            _grid(days, label)


def _periods() -> None:
    import pandas as pd

    periods = session.current().grid.tariff.energy.periods
    frame = pd.DataFrame(
        {
            "Price (USD/kWh)": [period.tiers[0].usd_per_kwh for period in periods],
            "Feed-in (USD/kWh)": [period.sell_usd_per_kwh for period in periods],
        },
        index=pd.Index(range(1, len(periods) + 1), name="Period"),
    ).astype("float64")
    key = session.widget_key("tariff periods")
    st.data_editor(frame, key=key, on_change=_priced, args=(key,), alt="Prices of the periods, editable")
    with st.container(horizontal=True):
        st.button("Add a period", icon=":material/add:", on_click=_add_period)
        st.button("Remove the last", icon=":material/remove:", disabled=len(periods) < 2, on_click=_drop_period)
    if any(len(period.tiers) > 1 for period in periods):
        st.caption("This rate has tiers: the price of the first is shown here, all of them are billed.")


def _priced(key: str) -> None:
    raw = session.current().grid.tariff.energy.model_dump(mode="json")["periods"]
    for at, new in st.session_state[key]["edited_rows"].items():
        if "Price (USD/kWh)" in new:
            raw[int(at)]["tiers"][0]["usd_per_kwh"] = new["Price (USD/kWh)"]
        if "Feed-in (USD/kWh)" in new:
            raw[int(at)]["sell_usd_per_kwh"] = new["Feed-in (USD/kWh)"]
    _take(_energy(periods=raw))


def _add_period() -> None:
    periods = session.current().grid.tariff.energy.model_dump(mode="json")["periods"]
    _take(_energy(periods=[*periods, periods[-1]]))


def _drop_period() -> None:
    """Without the last period; its hours fall to the first."""
    raw = session.current().grid.tariff.energy.model_dump(mode="json")
    gone = len(raw["periods"]) - 1
    left = {days: [[0 if n == gone else n for n in row] for row in raw[days]] for days in DAYS}
    _take(_energy(periods=raw["periods"][:-1], **left))


def _fill() -> None:
    """Set a block of the grid at once."""
    with st.popover("Fill a block of hours", icon=":material/format_color_fill:"):
        days = st.segmented_control(
            "Days", list(DAYS.values()), default=list(DAYS.values()), selection_mode="multi", key="fill days"
        )
        months = st.select_slider("Months", MONTHS, value=(MONTHS[0], MONTHS[-1]), key="fill months")
        hours = st.slider("Hours", 0, 24, (14, 20), key="fill hours")
        count = len(session.current().grid.tariff.energy.periods)
        period = st.number_input("Period", 1, count, min(2, count), key="fill period")
        st.button("Fill", type="primary", on_click=_filled, args=(days, months, hours, period))


def _filled(days: list[str], months: tuple[str, str], hours: tuple[int, int], period: int) -> None:
    first, last = (MONTHS.index(month) for month in months)
    grids = {}
    for name, label in DAYS.items():
        grid = schedule(name)
        if label in days:
            for month in range(first, last + 1):
                grid[month][hours[0] : hours[1]] = [period - 1] * (hours[1] - hours[0])
        grids[name] = grid
    _take(_energy(**grids))


def schedule(days: str) -> list[list[int]]:
    """12 × 24 numbers of periods from 0, as they hold."""
    energy = session.current().grid.tariff.energy
    rows = getattr(energy, days) or (energy.weekday if days == "weekend" else ()) or ((0,) * 24,) * 12
    return [list(row) for row in rows]


def _grid(days: str, label: str) -> None:
    import pandas as pd

    numbers = [[n + 1 for n in row] for row in schedule(days)]
    frame = pd.DataFrame(numbers, index=pd.Index(MONTHS, name="Month"), columns=[str(hour) for hour in range(24)])
    key = session.widget_key(f"tariff {days}")
    st.data_editor(
        frame,
        key=key,
        column_config={str(hour): st.column_config.NumberColumn(width=38, min_value=1, step=1) for hour in range(24)},
        on_change=_ruled,
        args=(days, key),
        alt=f"Period by month and hour, {label.lower()}, editable",
    )


def _ruled(days: str, key: str) -> None:
    grid = schedule(days)
    for at, new in st.session_state[key]["edited_rows"].items():
        for hour, period in new.items():
            grid[int(at)][int(hour)] = int(period or 1) - 1
    _take(_energy(**{days: grid}))


# Prices by the hour


def price_file() -> None:
    """A file of hourly prices for what is bought, and one for what is sold."""
    for column, path, label in zip(st.columns(2), HOURLY, ("import", "export"), strict=True):
        with column:
            _upload(path, label)


def _upload(path: str, label: str) -> None:
    from core.fetchers.price_files import read_prices

    held: tuple[float, ...] = session.current().at(path)
    file = st.file_uploader(
        f"Hourly {label} prices",
        help="csv with a column of times and one of prices (USD/kWh, USD/MWh or ¢/kWh), or ERCOT settlement point prices; up to 5 MB.",
        key=session.widget_key(f"{label} prices"),
        max_upload_size=5,
    )
    if file is not None:
        try:
            year = read_prices(file.getvalue(), file.name)
            session.change({path: [round(float(usd), 6) for usd in year.usd_per_kwh]})
        except SolarMiningError as error:
            show.failure(error)
        else:
            st.session_state[f"_notes {path}"] = [year.source, *year.notes]
            session.redraw()
            st.rerun()
    if held:
        mean = sum(held) / len(held)
        st.markdown(
            f"**{said.number(mean * 100, 2)} ¢** on average, {said.number(min(held) * 100, 2)} to {said.number(max(held) * 100, 2)} ¢ per kWh"
        )
        for note in st.session_state.get(f"_notes {path}", ()):
            st.caption(session.literal(note))
        st.button(f"Remove the {label} prices", icon=":material/close:", on_click=_take, args=({path: []},))


# Peaks and the bill


def peak_price() -> None:
    """The simplest demand charge: one price of a month's highest hour."""
    periods = session.current().grid.tariff.flat_demand.periods
    simple = len(periods) <= 1 and (not periods or len(periods[0].tiers) == 1)
    if not simple:
        st.caption("This rate charges peaks by season or in blocks; they are billed as they are.")
        return
    key = session.widget_key("peak price")
    st.number_input(
        "Demand charge (USD/kW of a month's peak)",
        0.0,
        1000.0,
        periods[0].tiers[0].usd_per_kw if periods else 0.0,
        key=key,
        on_change=lambda: _charge(st.session_state[key]),
        width=340,
        help="Of the highest hour of import in each month; import is then held below what pays.",
    )


def _charge(usd_per_kw: float | None) -> None:
    tiers = [{"tiers": [{"usd_per_kw": usd_per_kw}]}] if usd_per_kw else []
    _take({"grid.tariff.flat_demand": {"periods": tiers, "months": []}})


def bill() -> None:
    """The first year's bills, month by month."""
    projection = session.projection_or_error()
    if isinstance(projection, SolarMiningError):
        return
    months = projection.monthly.head(12)
    lines = [name for name in LINES if months[name].any()]
    if not lines:
        return
    with st.expander("The first year's bills", icon=":material/receipt_long:"):
        frame = months[lines].set_axis([f"{at:%b %Y}" for at in months["month"]])
        frame.loc["Year"] = frame.sum()
        frame = frame.rename(columns={name: word(name).label for name in lines})
        st.dataframe(
            frame,
            column_config={name: st.column_config.NumberColumn(format="dollar") for name in frame.columns},
            alt="Table: Bills",
        )
