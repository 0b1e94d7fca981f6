"""The way in: a place, a budget and a power price make a first design; or one of the plans that come with the program."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from core.errors import SolarMiningError
from core.fetchers.presets import FIRST_MACHINES, about, costs_of, like, presets
from core.jobs import Tick
from core.scenario import Scenario
from core.sections import Unit
from core.studies.first_design import FirstDesign, Wish, begun, first_design
from core.studies.sizing import compile_kernels
from core.studies.variables import Variables
from core.vocabulary import word
from pages.ui import library, live, place, said, session, show, taking, work

MOST_S = 180.0  # on a computer that has much else to do; 2 to 4 s on one that has not
CENTS = 100.0


class Told(NamedTuple):
    """A first design, and what it was made from."""

    found: FirstDesign
    wish: Wish
    like: str


def page() -> None:
    show.header("Start")
    st.caption(
        "Three figures are enough for a first design. Everything else is taken from a plan like it, and can be refined."
    )
    place.picker()
    asked()
    told = work.result("start", "Trying designs")
    if told is not None:
        design(told)
    examples(back=told is None)


def asked() -> None:
    """The place as it is picked, and the other two figures."""
    site = session.current().site
    with st.container(border=True):
        st.markdown(f"**{session.literal(site.name)}** · {place.position(site.latitude, site.longitude)}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            place.coordinates()
            st.number_input(
                "Budget (USD)", 1.0, 1e10, 500_000.0, step=50_000.0, format="%.10g", key="start budget", width=190
            )
            st.number_input(
                "Power price (¢/kWh)",
                0.1,
                200.0,
                value=None,
                step=0.5,
                format="%.10g",
                placeholder="no grid",
                key="start price",
                width=190,
                help="All-in price of a kWh bought. Empty: there is no grid, and nothing can be sold either.",
            )
            st.button("Design it", type="primary", icon=":material/solar_power:", on_click=begin, key="design")
        far()
        if problem := session.problem("start"):
            st.caption(f":red[{session.literal(problem)}]")


def far() -> None:
    """Whose sun it is, where it is not that of the place."""
    from core.fetchers.spots import distance_km

    site, sun = session.current().site, session.weather()
    km = distance_km(place.site_of(site), (sun.latitude, sun.longitude))
    if site.uploaded is not None or km <= place.NAMED_KM:
        return
    if live.waits_for_sun():
        st.caption(":shimmer[Asking for the sun of this place …]")
    else:
        st.warning(
            f"The sun of this place is not known here: the nearest year that is, {said.number(km)} km away, stands in for it. With a "
            "network it is asked for by itself; a weather file can be given under Configuration.",
            icon=":material/wb_sunny:",
        )


def begin() -> None:
    """Hand the search to the pool; the page finds it again by its address, after a reload too."""
    from core.fetchers.equipment import resolved_units

    cents = st.session_state["start price"]
    try:
        plan, weather, market, rules = work.question()
        wish = Wish(plan.site, st.session_state["start budget"] or 0.0, cents / CENTS if cents else None).checked()
        key = like(wish.budget_usd, off_grid=wish.power_usd_per_kwh is None)
        base = costs_of(key, plan)
        kinds = resolved_units([Unit(model=model) for model in FIRST_MACHINES], base, session.own_machines())
    except SolarMiningError as error:
        session.note_problem("start", error.message)
        return
    session.note_problem("start", "")

    def search(tick: Tick) -> Told:
        found = first_design(base, wish, kinds, weather, market, rules=rules, tick=tick)
        return Told(found, wish, key)

    work.begin("start", search, lambda: compile_kernels(begun(base, wish, kinds), Variables(units=kinds)), MOST_S)


def design(told: Told) -> None:
    """The verdict, the sizes, what was taken for granted, and the press that takes it over."""
    found, plan, metrics = told.found, told.found.plan, told.found.metrics
    with st.container(border=True):
        st.subheader(verdict(found), anchor=False)
        st.markdown(session.literal(in_words(plan)))
        with st.grid(4, min_column_width=190, gap="small"):
            for name in ("npv_usd", "capex_usd", "payback_years", "npv_zero_price_usd"):
                st.metric(word(name).label, shown(name, metrics), border=True, help=word(name).meaning)
        if found.pays and not plan.array.dc_kw:
            st.markdown(
                "**Without panels.** At this power price the sun costs more than the grid; a lower cost of the array or a "
                "dearer grid turns that."
            )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Use this design",
                type="primary",
                icon=":material/check:",
                disabled=session.current() == plan,
                on_click=library.told,
                args=(lambda: taking.take(plan),),
                key="use design",
            )
            taking.button("design")
            st.page_link("projections.py", label="See the answer", icon=":material/arrow_forward:")
        granted(told)


def verdict(found: FirstDesign) -> str:
    """One sentence."""
    npv = session.literal(show.money(abs(found.metrics["npv_usd"] or 0.0)))
    rate, years = found.plan.finance.discount_rate * 100, found.plan.finance.horizon_years
    if found.pays:
        return f"Worth building: {npv} more than {rate:g} % a year would bring, over {years} years"
    return f"Nothing pays here as things stand; the design that loses least falls {npv} short of {rate:g} % a year"


def in_words(plan: Scenario) -> str:
    """A design by its sizes."""
    unit = plan.fleet.units[0]
    parts = (
        [f"{said.exact(plan.array.dc_kw)} kW of panels, tilted {plan.array.surface_tilt:g}°"]
        if plan.array.dc_kw
        else []
    )
    if plan.battery.energy_kwh:
        parts.append(
            f"a battery of {said.exact(plan.battery.energy_kwh)} kWh and {said.exact(plan.battery.power_kw)} kW"
        )
    if unit.count:
        parts.append(f"{said.number(unit.count)} × {unit.model} at {said.number(unit.price_usd or 0)} USD each")
    return f"{'; '.join(parts)}."


def shown(name: str, metrics: dict[str, float | None]) -> str:
    value = metrics[name]
    if value is not None:
        return show.figure(name, value)
    return "Never" if name == "payback_years" else "None"


def granted(told: Told) -> None:
    """What three figures do not say."""
    plan, wish = told.found.plan, told.wish
    lines = [
        f"Costs and habits as in the example “{presets()[told.like].name}”: {said.number(plan.finance.array_usd_per_kw)} USD per kW of "
        f"panels, {said.number(plan.finance.battery_usd_per_kwh)} USD per kWh of battery, {said.number(plan.finance.site_usd_per_kw)} USD per kW of site.",
        f"One of {len(FIRST_MACHINES)} machines: {', '.join(FIRST_MACHINES)}.",
        f"Budget {said.number(wish.budget_usd)} USD; the designs tried: {said.number(len(told.found.sizing.designs))}.",
    ]
    if wish.power_usd_per_kwh is not None:
        lines.append(
            f"Power is bought at {wish.power_usd_per_kwh * CENTS:.10g} ¢/kWh and sold at {plan.grid.export_usd_per_kwh * CENTS:.3g} ¢: "
            "half, and no more than markets pay at noon."
        )
    else:
        lines.append("No grid: what neither machines nor battery take is lost.")
    with st.expander("What was taken for granted", icon=":material/fact_check:"):
        st.markdown("\n".join(f"- {session.literal(line)}" for line in lines))
        st.caption("Use it, then change any of this on the page Configuration; the page Sizing searches further.")


def examples(*, back: bool) -> None:
    """Whole plans, each taken in one press."""
    st.subheader("Or begin with an example", anchor=False)
    if back:
        taking.button("examples")
    with st.grid(4, min_column_width=250, gap="small"):
        for key, plan in presets().items():
            with st.container(border=True, height="stretch", gap="small"):
                st.markdown(f"**{session.literal(plan.name)}**")
                st.caption(
                    session.literal(about()[key].words),
                    help="  \n".join(session.literal(s) for s in about()[key].sources),
                )
                st.button(
                    "Take it",
                    key=f"take {key}",
                    icon=":material/input:",
                    on_click=library.told,
                    args=(lambda plan=plan: taking.take(plan),),
                    disabled=session.current() == plan,
                )


page()
