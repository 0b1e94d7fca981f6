"""The sun from year to year: what the array would have yielded in each real year, and in a poor one."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import charts
from core.fetchers.providers import pvgis
from core.studies.years import FEWEST, Spread, spread
from pages.ui import live, said, session, show

TOLD, ABOUT = "_years_told", "_years_about"
FIRST, LAST = pvgis.FIRST_YEAR, pvgis.LAST_YEAR


def section() -> None:
    """Asked for by a button, as it takes some twenty calls; then drawn, with its percentiles."""
    from core.outside import outside

    scenario = session.current()
    with st.container(border=True):
        st.subheader("Sun from year to year", anchor=False)
        st.caption(
            f"A typical year hides how much years differ. This asks for the real years {FIRST} to {LAST} at the site and "
            "runs the array through each."
        )
        key = _key()
        told: dict[int, tuple[float | str, str]] = st.session_state.get(TOLD, {})
        st.button(
            "Ask for the real years",
            icon=":material/calendar_month:",
            on_click=_ask,
            disabled=live.waits(key) or outside().offline or not scenario.array.dc_kw,
        )
        if outside().offline:
            st.caption("Offline nobody can be asked, and no real year ships with the program.")
        if live.waits(key):
            st.fragment(_progress, run_every=live.SOON_S)()
        elif told and st.session_state.get(ABOUT) != key:
            st.caption("Array or place have changed since: ask again.")
        elif told:
            answer(told)


def _key() -> str:
    """What the years hang on: place and array."""
    scenario = session.current()
    return f"years/{scenario.site.latitude}/{scenario.site.longitude}/{hash(scenario.array)}"


def _ask() -> None:
    from core.answers import yields_of_years
    from core.fetchers.spots import Spot

    told: dict[int, tuple[float | str, str]] = {}
    scenario = session.current()
    st.session_state[TOLD], st.session_state[ABOUT] = told, _key()

    def note(year: int, what: float | str, source: str) -> None:
        told[year] = (what, source)

    live.send(
        _key(),
        lambda: yields_of_years(scenario.array, Spot.of(scenario.site), range(FIRST, LAST + 1), note),
        again=True,
    )


def _progress() -> None:
    done, wanted = len(st.session_state.get(TOLD, {})), LAST - FIRST + 1
    st.progress(min(1.0, done / wanted), f"Asking … {done} of {wanted} years")


def answer(told: dict[int, tuple[Any, str]]) -> None:
    """Bars, percentiles, source, and the years that could not be had."""
    yields = {year: float(what) for year, (what, _) in sorted(told.items()) if isinstance(what, float)}
    missing = {year: str(what) for year, (what, _) in sorted(told.items()) if isinstance(what, str)}
    if len(yields) >= FEWEST:
        found = spread(yields)
        figures(found)
        marks = {"P50": found.p50, "P90 (exceedance)": found.p90}
        show.chart(
            spec=charts.yields_by_year(yields, marks, session.dark()),
            alt="Yield of the array in each real year, with P50 and P90",
        )
        st.caption(session.literal("; ".join(sorted({source for _, source in told.values() if source}))))
        chances(found)
    else:
        st.warning("Nobody could tell enough real years of this place.", icon=":material/cloud_off:")
    for why in sorted(set(missing.values())):
        years = ", ".join(str(year) for year, reason in missing.items() if reason == why)
        st.caption(f"Could not be had: {years}. {session.literal(why)}")


def chances(found: Spread) -> None:
    """Let the paths of the risk analysis draw these years, or no longer."""
    if not found.mean:
        return
    drawn = session.current().risk.sun_years_frac
    of_mean = [round(kwh / found.mean, 6) for kwh in found.kwh_per_kw]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Let chance draw these years",
            icon=":material/shuffle:",
            on_click=_take,
            args=(of_mean,),
            disabled=list(drawn) == of_mean,
            help="Each year of a life on the Risk page is then one of these, scaled to their mean.",
        )
        if drawn:
            st.button("By the spread again", icon=":material/undo:", on_click=_take, args=([],))


def _take(of_mean: list[float]) -> None:
    session.change({"risk.sun_years_frac": of_mean})
    session.redraw()


def figures(found: Spread) -> None:
    """The middle, the poor tail, and how far years lie apart."""
    below = 1 - found.p90 / found.p50 if found.p50 else 0.0
    with st.grid(4, min_column_width=170):
        st.metric(
            "P50", f"{said.number(found.p50)} kWh/kW", border=True, help="Half of the years yield more: the median."
        )
        st.metric(
            "P90 (exceedance)",
            f"{said.number(found.p90)} kWh/kW",
            delta=f"{said.number(100 * below, 1)} % below P50",
            delta_color="off",
            delta_arrow="off",
            border=True,
            help=f"Nine years of ten yield more: the 10th percentile of {len(found.years)} years. "
            f"Spread normally it would be {said.number(found.p90_normal)}.",
        )
        st.metric(
            "P99 (exceedance)",
            f"{said.number(found.p99_normal)} kWh/kW",
            border=True,
            help="99 years of 100 yield more, if years are spread normally: no record is long enough to show it.",
        )
        st.metric(
            "From year to year",
            f"±{said.number(100 * found.sd_frac, 1)} %",
            border=True,
            help="One standard deviation of the years.",
        )
