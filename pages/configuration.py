"""Every input of the plan, by section, with the headline figures beside it."""

import streamlit as st

from core.errors import SolarMiningError
from pages.ui import forms, library, modules, place, session, show, sun

HEADLINE = ("npv_usd", "payback_years", "mined_btc", "cost_usd_per_btc", "pv_kwh_year1", "capex_usd")

SECTIONS = {
    "Site and weather": (
        ("site.name", "site.latitude", "site.longitude", "site.elevation_m", "site.timezone"),
        (),
    ),
    "Array": (
        (
            "array.dc_kw",
            "array.mounting",
            "array.surface_tilt",
            "array.surface_azimuth",
            "array.dc_ac_ratio",
            "array.losses_frac",
        ),
        (
            "array.gcr",
            "array.rotation_limit",
            "array.inverter_efficiency_frac",
            "array.gamma_pdc_per_c",
            "array.bifaciality_frac",
            "array.albedo",
            "array.first_year_degradation_frac",
            "array.degradation_frac_per_year",
            "array.soiling_frac",
            "array.horizon",
        ),
    ),
    "Battery": (
        ("battery.energy_kwh", "battery.power_kw", "battery.round_trip_efficiency_frac"),
        (
            "battery.soc_min_frac",
            "battery.soc_max_frac",
            "battery.calendar_fade_frac_per_year",
            "battery.cycle_fade_frac_per_cycle",
            "battery.health_floor_frac",
        ),
    ),
    "Miners": (
        ("fleet.pue", "fleet.uptime_frac"),
        (
            "fleet.hashrate_degradation_frac_per_year",
            "fleet.derate_above_c",
            "fleet.derate_frac",
            "fleet.shutdown_above_c",
        ),
    ),
    "Grid": (
        (
            "grid.import_limit_kw",
            "grid.export_limit_kw",
            "grid.import_usd_per_kwh",
            "grid.export_usd_per_kwh",
            "grid.fixed_usd_per_month",
            "grid.price_growth_per_year",
        ),
        (),
    ),
    "Bitcoin": (
        (
            "outlook.start_month",
            "outlook.price_usd",
            "outlook.difficulty",
            "outlook.price_growth_per_year",
            "outlook.difficulty_growth_per_year",
            "outlook.growth_fade_years",
        ),
        ("outlook.fees_btc_per_block", "outlook.pool_fee_frac", "outlook.exchange_fee_frac"),
    ),
    "Money": (
        (
            "finance.horizon_years",
            "finance.discount_rate",
            "finance.inflation_per_year",
            "finance.array_usd_per_kw",
            "finance.battery_usd_per_kwh",
            "finance.site_usd_per_kw",
        ),
        (
            "finance.interconnection_usd",
            "finance.other_usd",
            "finance.contingency_frac",
            "finance.array_usd_per_kw_year",
            "finance.battery_usd_per_kwh_year",
            "finance.fleet_usd_per_kw_year",
            "finance.fixed_usd_per_year",
            "finance.variable_usd_per_kwh",
            "finance.salvage_frac",
        ),
    ),
}


def page() -> None:
    show.header("Configuration")
    headline()
    forms.fields("name", columns=1)
    names = list(SECTIONS)
    for tab, name in zip(st.tabs(names, on_change="rerun", key="section"), names, strict=True):
        if tab.open:
            with tab:
                section(name)


def headline() -> None:
    """The figures a change moves, always in sight."""
    projection = session.projection_or_error()
    if isinstance(projection, SolarMiningError):
        show.failure(projection)
        return
    with st.grid(6, min_column_width=165, gap="small"):
        for name in HEADLINE:
            show.tile(projection, name)


def section(name: str) -> None:
    """One section: what most plans change, then the rest."""
    usual, rare = SECTIONS[name]
    if name == "Site and weather":
        place.picker()
    if name == "Miners":
        forms.machines()
        catalogue()
    with st.container(border=True):
        forms.fields(*usual)
    if rare:
        with st.expander("More settings"):
            forms.fields(*rare)
            if name == "Array":
                modules.picker()
    if name == "Site and weather":
        sun.section()


def catalogue() -> None:
    """Machines that ship with the program and the planner's own, to add by name."""
    from core.fetchers import equipment
    from pages.ui import machines

    own = session.own_machines()
    with st.expander("Add from the catalogue", icon=":material/memory:"):
        names = list(dict.fromkeys(equipment.catalogue(own)["model"]))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox("Model", names, index=None, placeholder="Choose a machine", key="catalogue model")
            count = st.number_input("Count", 1, 1_000_000, 10, key="catalogue count", width=140)
            st.button(
                "Add",
                disabled=chosen is None,
                on_click=lambda: library.told(lambda: machines.use(equipment.named(chosen, own), count)),
                icon=":material/add:",
            )
        st.caption("All figures, and machines of your own, are on the Equipment page.")


page()
