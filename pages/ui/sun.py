"""The sun of the site: which weather the plan sees, the far horizon, and another model's opinion of the yield."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core import charts
from core.errors import SolarMiningError
from core.inputs import Weather
from pages.ui import library, live, said, session, show

if TYPE_CHECKING:
    from core.studies.gap import Gap

HORIZON_WISH, YIELD_WISH, FORECAST_WISH = "far horizon", "yield check", "coming days"
AGREE_FRAC = 0.05


def section() -> None:
    """Its sun, and what can be done about it."""
    with st.container(border=True):
        st.subheader("Its sun", anchor=False)
        try:
            year = session.weather()
        except SolarMiningError as error:
            show.failure(error)
        else:
            facts(year)
            second_opinions()
    with st.container(border=True):
        st.subheader("Another weather year", anchor=False)
        choice()
        upload()


def choice() -> None:
    """Which sun the plan sees: the best answer for the place, a bundled year, or an uploaded file."""
    from core.fetchers.weather import BUNDLED

    current = session.current().site.weather
    choices = {"auto": "Best for the place"} | {f"bundled:{key}": place.label for key, place in BUNDLED.items()}
    if current not in choices:
        choices[current] = "Uploaded or kept year"
    key = session.widget_key("site.weather")
    st.selectbox(
        "Weather year",
        list(choices),
        index=list(choices).index(current),
        format_func=choices.get,
        key=key,
        on_change=lambda: session.change({"site.weather": st.session_state[key]}),
    )


def upload() -> None:
    """A weather file of the planner's own."""
    file = st.file_uploader(
        "Or upload a weather file",
        help="EPW, TMY3, TM2, NSRDB or SAM csv, PVGIS csv or json; up to 5 MB. The file is recognised by its content.",
        key=session.widget_key("upload"),
        max_upload_size=5,
    )
    if file is None:
        return
    from core.fetchers.weather_files import read_weather

    try:
        year = read_weather(file.getvalue(), name=file.name)
    except SolarMiningError as error:
        show.failure(error)
        return
    session.keep_weather(year)
    st.rerun()


def facts(year: Weather) -> None:
    """What the weather in use says, where it is from and how old it is."""
    if live.waits_for_sun():
        st.caption(":shimmer[Asking for the weather of the place …]")
    left, right = st.columns([2, 3], gap="medium")
    sums = year.hourly[["ghi", "dni"]].sum() / 1000
    air = year.hourly["temp_air"]
    with left, st.grid(2, min_column_width=175):
        st.metric(
            "Horizontal light",
            f"{said.number(sums['ghi'])} kWh/m²",
            help="Global horizontal irradiation (GHI) of the year.",
        )
        st.metric(
            "Direct light", f"{said.number(sums['dni'])} kWh/m²", help="Direct normal irradiation (DNI) of the year."
        )
        st.metric("Mean temperature", said.measure(air.mean(), "°C", 1))
        st.metric("Hottest hour", said.measure(air.max(), "°C", 1), help="Machines clock down in the heat.")
    with right:
        show.chart(spec=charts.light_by_month(year, session.dark()), alt="Light on level ground by month")
    st.caption(
        f"{session.literal(year.source)} · {_standing(year)} · {said.number(year.latitude, 2)}°, {said.number(year.longitude, 2)}°"
    )
    for note in year.notes:
        st.caption(session.literal(note))
    _far_from_site(year)
    _wrong_way()


def _standing(year: Weather) -> str:
    kind = "typical year" if year.kind == "typical" else f"the year {year.year}"
    if year.status == "planner":
        return f"{kind}, uploaded"
    return f"{kind}, {show.STANDING[year.status].lower()}, {show.old_in_words((session.now() - year.observed_at).total_seconds())}"


def _far_from_site(year: Weather) -> None:
    site = session.current().site
    if abs(site.latitude - year.latitude) > 0.2 or abs(site.longitude - year.longitude) > 0.2:
        place = {"latitude": year.latitude, "longitude": year.longitude, "elevation_m": year.elevation_m}
        st.button(
            "Move the site to the weather's place",
            on_click=_change,
            args=({f"site.{name}": value for name, value in place.items()},),
        )


def _wrong_way() -> None:
    """A fixed array that looks away from the equator is most likely one that was moved across it."""
    scenario = session.current()
    array, south = scenario.array, scenario.site.latitude < 0
    away = 90 < array.surface_azimuth < 270 if south else not 90 <= array.surface_azimuth <= 270
    if away and array.surface_tilt >= 5 and array.mounting in ("fixed", "roof") and abs(scenario.site.latitude) > 5:
        words = "north (0°)" if south else "south (180°)"
        st.warning(f"The array looks away from the equator. Most arrays here face {words}.", icon=":material/explore:")
        st.button(
            f"Turn it to the {words}", on_click=_change, args=({"array.surface_azimuth": 0.0 if south else 180.0},)
        )


def _change(changes: dict[str, object]) -> None:
    session.change(changes)
    session.redraw()


# --- what others say of the place -----------------------------------------------------------------


def second_opinions() -> None:
    """The far horizon and the check of the yield: asked for by a button, told when they are here."""
    with st.container(horizontal=True):
        st.button(
            "Use the far horizon",
            icon=":material/landscape:",
            on_click=_wish_horizon,
            help="What hills around the place hide, from PVGIS's model of the ground.",
        )
        st.button(
            "Check the yield against PVGIS",
            icon=":material/balance:",
            on_click=_wish_yield,
            disabled=not session.current().array.dc_kw,
            help="What another model, on its own weather record, expects of this array.",
        )
        st.button(
            "The coming days",
            icon=":material/partly_cloudy_day:",
            on_click=_wish_forecast,
            help="Light of the next days beside a usual day of the month, from Open-Meteo's forecast.",
        )
        if session.current().array.horizon:
            st.button(
                "Flat horizon", icon=":material/horizontal_rule:", on_click=_change, args=({"array.horizon": ()},)
            )
    if heights := session.current().array.horizon:
        st.caption(
            f"The array has a far horizon of {len(heights)} directions, {said.number(max(heights), 1)}° at its highest."
        )
    _horizon_words()
    _yield_words()
    _forecast_words()


def _wish_forecast() -> None:
    from core.fetchers.forecast import FORECAST
    from core.fetchers.spots import Spot

    live.wish(FORECAST_WISH, FORECAST, Spot.of(session.current().site))


def _forecast_words() -> None:
    from core.fetchers.spots import Spot

    if live.wished(FORECAST_WISH) != Spot.of(session.current().site):
        return
    told = live.granted(FORECAST_WISH)
    if told is None:
        st.caption(":shimmer[Asking for the forecast …]")
    elif isinstance(told, SolarMiningError):
        nobody("the forecast", told)
    else:
        site = session.current().site
        spec = charts.light_by_day(told.value, session.weather(), site.timezone, session.dark())
        show.chart(spec=spec, alt="Light of the coming days beside a usual day of the month")
        st.caption(session.literal(f"{told.source}, from {told.observed_at:%Y-%m-%d %H:%M} UTC on. {told.notice}"))


def _wish_horizon() -> None:
    from core.fetchers.horizon import HORIZON
    from core.fetchers.spots import Spot

    live.wish(HORIZON_WISH, HORIZON, Spot.of(session.current().site))


def _horizon_words() -> None:
    asked = live.wished(HORIZON_WISH)
    if asked is None:
        return
    told = live.granted(HORIZON_WISH)
    if told is None:
        st.caption(":shimmer[Asking PVGIS for the far horizon …]")
    elif isinstance(told, SolarMiningError):
        nobody("the far horizon", told)


def take_horizon() -> None:
    """The far horizon goes onto the array once it is here, unless the site has moved on."""
    from core.fetchers.spots import Spot

    told = live.granted(HORIZON_WISH)
    if told is None or isinstance(told, SolarMiningError):
        return
    if live.wished(HORIZON_WISH) == Spot.of(session.current().site):
        session.change({"array.horizon": told.value.heights_deg})
        library.note(f"The far horizon is on the array, from {told.value.source}.", "success")
        session.redraw()
    live.forget(HORIZON_WISH)


def _wish_yield() -> None:
    from core.fetchers.yields import YIELD, ArrayAt

    scenario = session.current()
    live.wish(YIELD_WISH, YIELD, ArrayAt.of(scenario.site, scenario.array))


def _yield_words() -> None:
    from core.fetchers.yields import ArrayAt

    scenario, asked = session.current(), live.wished(YIELD_WISH)
    if asked is None:
        return
    told = live.granted(YIELD_WISH)
    if told is None:
        st.caption(":shimmer[Asking PVGIS what it expects of this array …]")
    elif isinstance(told, SolarMiningError):
        nobody("the yield", told)
    elif asked != ArrayAt.of(scenario.site, scenario.array):
        st.caption("Array or place have changed since the yield was checked: check it again.")
    else:
        _compared(told.value)


def _compared(theirs: object) -> None:
    from core.fetchers.yields import Yield
    from core.studies.gap import gap

    assert isinstance(theirs, Yield)
    told = gap(session.current().array, session.weather(), theirs.yearly_kwh_per_kw)
    with st.grid(3, min_column_width=150):
        st.metric("Ours, first year", f"{said.number(told.own)} kWh/kW", border=True)
        st.metric("PVGIS, mean year", f"{said.number(told.theirs)} kWh/kW", border=True, help=theirs.source)
        st.metric("Difference", show.signed(told.own / told.theirs - 1), border=True)
    for line in explained(told, theirs.sd_kwh_per_kw, session.weather().source, theirs.source):
        st.caption(session.literal(line))


def explained(told: Gap, sd_kwh_per_kw: float, own_source: str, their_source: str) -> list[str]:
    """What the difference is made of, one sentence a part."""
    lines = []
    if told.clipped > 0.5:
        lines.append(
            f"{show.signed(-told.frac(told.clipped))}: cut off by the inverter's limit, which PVGIS does not know."
        )
    if told.aged > 0.5:
        lines.append(
            f"{show.signed(-told.frac(told.aged))}: what new panels lose in the first year; PVGIS's do not age."
        )
    lines.append(
        f"{show.signed(told.frac(told.rest))}: another record and another model ({own_source} here, {their_source})."
    )
    year_to_year = sd_kwh_per_kw / told.theirs
    near = abs(told.frac(told.rest)) <= max(AGREE_FRAC, year_to_year)
    verdict = (
        "The two agree"
        if near
        else "That is more than two records of the same sky usually differ: look at weather, horizon and losses"
    )
    lines.append(
        f"{verdict}. From year to year PVGIS expects ±{said.number(100 * year_to_year, 1)} % (one standard deviation)."
    )
    return lines


def nobody(what: str, error: SolarMiningError) -> None:
    """Nobody could tell, and why."""
    st.warning(f"Nobody could tell {what}: {session.literal(error.message)}", icon=":material/cloud_off:")
