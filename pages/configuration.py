"""Every input of the plan, by section, with the headline figures beside it."""

import streamlit as st

from core.errors import SolarMiningError
from pages.ui import forms, library, modes, modules, place, session, show, sun, tariff, taxes
from pages.ui.needs import matters
from pages.ui.sections import SECTIONS, Group

FEW = 2  # groups that stand below each other
NOTES = {
    "Debt": "A loan on the plant and one on the machines; a share of 0 is no loan.",
    "Credits": "Investment credits on array and battery, or a production credit for the array's energy; 0 is none.",
    "Building": "Months before the first month of operation, in which interest runs; 0 is all paid on the first day.",
    "Owning": "What owning costs each year, beside the upkeep under Costs.",
    "Renewal": "Renewed machines are those then on sale, at the same power: price and J/TH follow Bitcoin, Hardware curve.",
    "Failures": "Idle days and repair bills beside those of uptime; no long record of failures is published.",
    "Resale": "What machines bring when they are renewed, retired or left at the end.",
    "Treasury": "What becomes of mined coins. What is still held is sold in the last month.",
    "Payout": "All schemes pay the same mean; what differs is luck.",
    "Hardware curve": "Machines that will be on sale: one curve for renewal and resale.",
}
HEADLINE = ("npv_usd", "payback_years", "mined_btc", "cost_usd_per_btc", "pv_kwh_year1", "capex_usd")


def page() -> None:
    above = st.container()
    headline()  # drawn first, as it is waited for
    with above:
        show.header("Configuration")
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
    """One section: what most plans change, then the rest; many groups of fields get tabs of their own."""
    groups = SECTIONS[name]
    if name == "Site and weather":
        place.picker()
    if len(groups) <= FEW:
        for group in groups:
            asked(group, titled=group is not groups[0])
    else:
        titles = [group.title for group in groups]
        for tab, group in zip(st.tabs(titles, on_change="rerun", key=f"{name} group"), groups, strict=True):
            if tab.open:
                with tab:
                    asked(group)
    if name == "Site and weather":
        sun.section()


def asked(group: Group, *, titled: bool = False) -> None:
    """The fields of a group, and what belongs beside them."""
    if group.title == "Machines":
        forms.machines()
        modes.editor()
        catalogue()
    if group.title == "Tariff":
        tariff.editor()
    if group.title == "Tax and write-off":
        taxes.presets()
    with st.container(border=True):
        if titled:
            st.markdown(f"**{group.title}**")
        note(group.title)
        usual = [path for path in group.usual if not path.startswith(taxes.WRITE_OFF)]
        forms.fields(*usual, columns=4 if len(usual) == 4 else 3)
        if group.title == "Tax and write-off":
            taxes.write_off()
    rare = [path for path in group.rare if matters(path, session.current())]
    if rare:
        with st.expander("More settings"):
            forms.fields(*rare)
            if group.title == "Array":
                modules.picker()


def note(title: str) -> None:
    """One sentence where a group as it stands changes nothing, or where a word needs it."""
    scenario = session.current()
    if title in NOTES:
        st.caption(NOTES[title])
    if title == "Hardware curve" and scenario.fleet.refresh.rule == "never" and not scenario.fleet.resale.realised_frac:
        st.caption("As the plan stands no machine is renewed or resold, so that nothing here changes it.")


def catalogue() -> None:
    """Machines that ship with the program and the planner's own, to add by name."""
    from core.fetchers import equipment
    from pages.ui import machines

    own = session.own_machines()
    with st.expander("Add from the catalogue", icon=":material/memory:"):
        names = list(dict.fromkeys(equipment.catalogue(own)["model"]))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox("Model", names, index=None, placeholder="Choose a machine", key="catalogue model")
            st.number_input("Count", 1, 1_000_000, 10, key="catalogue count", width=140)
            st.button(
                "Add",
                disabled=chosen is None,
                on_click=lambda: library.told(
                    lambda: machines.use(equipment.named(chosen, own), st.session_state["catalogue count"])
                ),
                icon=":material/add:",
            )
        st.caption("All figures, and machines of your own, are on the Equipment page.")


page()
