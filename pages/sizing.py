"""The best sizes of array, battery and fleet: asked for, watched, looked at, taken over and taken back."""

from __future__ import annotations

from typing import Any, TypeAlias

import pandas as pd
import streamlit as st

from core import charts
from core.errors import SolarMiningError
from core.jobs import Tick
from core.machine import Machine
from core.scenario import Scenario
from core.sections import Unit
from core.studies.constraints import Constraints, land_m2_per_kw
from core.studies.sizing import Sizing, compile_kernels, size
from core.studies.sizing_chances import ChanceSizing, size_under_chance
from core.studies.variables import MOST_UNITS, Variables
from pages.ui import chance_sizes, said, session, show, work

AIMS = {
    "npv_usd": "Highest net present value",
    "irr": "Highest return (IRR)",
    "payback_years": "Shortest payback",
    "cost_usd_per_btc": "Cheapest coins",
    **chance_sizes.AIMS,
}
Found: TypeAlias = Sizing | ChanceSizing
SIZES = {
    "array.dc_kw": ("dc_kw", "Array", "kW"),
    "battery.energy_kwh": ("energy_kwh", "Battery energy", "kWh"),
    "battery.power_kw": ("power_kw", "Battery power", "kW"),
    "fleet.units.0.count": ("machines", "Machines", ""),
}
SHAPES = (("tilt", "array.surface_tilt", (0.0, 60.0)), ("ratio", "array.dc_ac_ratio", (0.8, 2.5)))
TRACKING = ("one_axis", "one_axis_backtracked", "two_axis")
BEFORE = "_before_sizing"
CHANCE_S = 120.0  # for many lives of many designs: some ten seconds on a machine with nothing else to do


def page() -> None:
    show.header("Sizing")
    st.caption(
        "Thousands of arrays, batteries and fleets are run hour by hour over the whole horizon, each as the rule of "
        "dispatch would run it, in the books of this plan. Nothing at all is always among them."
    )
    asked()
    found = work.result("sizing", "Trying designs")
    if found is not None:
        told(found)


def asked() -> None:
    """What is wanted and what must be kept to."""
    scenario = session.current()
    with st.form("sizing", border=True):
        with st.grid(5, min_column_width=190):
            st.selectbox("Aim", list(AIMS), format_func=AIMS.get, key="aim")
            st.number_input("Budget (USD)", 0.0, value=None, placeholder="no limit", key="budget")
            st.number_input(
                "Land for the array (m²)",
                0.0,
                value=None,
                placeholder="no limit",
                key="land",
                help=f"A kW of this array takes about {said.measure(land_m2_per_kw(scenario.array), 'm²', 1)}, rows and gaps together.",
            )
            st.number_input(
                "Largest inverter (kW)",
                0.0,
                value=None,
                placeholder="no limit",
                key="feed",
                help="What the connection may have to carry away.",
            )
            st.number_input(
                "Machines run at least (%)",
                0.0,
                100.0,
                value=None,
                placeholder="no limit",
                key="served",
                help="Of the energy they could draw in the first year.",
            )
        shape_and_kinds(scenario)
        chance_sizes.asked()
        st.form_submit_button(
            "Find the best sizes",
            type="primary",
            shortcut="Ctrl+Enter",
            icon=":material/search:",
            on_click=begin,
            key="find",
        )


def shape_and_kinds(scenario: Scenario) -> None:
    """What else may change: tilt, DC to AC ratio, the machine."""
    with st.grid(3, min_column_width=240):
        st.checkbox(
            "Seek the best tilt",
            key="tilt",
            disabled=scenario.array.mounting in TRACKING,
            help="Between flat and 60°; a row that follows the sun has none.",
        )
        st.checkbox(
            "Seek the best DC to AC ratio",
            key="ratio",
            help="The array costs the same whatever its inverter, so it matters where connection or inverter is the limit.",
        )
        st.multiselect(
            "Machines to choose from",
            [machine.model for machine in priced_machines()],
            placeholder="the plan's own",
            max_selections=MOST_UNITS,
            key="kinds",
            help="Of those with a price. The best two on a thin grid are sized in full.",
        )


def priced_machines() -> list[Machine]:
    """Machines whose price is known, the planner's own first; without one a machine would be the cheapest of all."""
    from core.fetchers.equipment import bundled_machines

    listed = {machine.model: machine for machine in (*session.own_machines(), *bundled_machines())}
    return [machine for machine in listed.values() if machine.price_usd is not None]


def variables(scenario: Scenario) -> Variables:
    """What the form lets the search change."""
    from core.fetchers.equipment import resolved_units

    within = {path: ends for key, path, ends in SHAPES if st.session_state[key]}
    own = {machine.model for machine in priced_machines()}
    kinds = [Unit(model=model, count=1) for model in st.session_state["kinds"] if model in own]
    return Variables(within, resolved_units(kinds, scenario, session.own_machines()) if kinds else ())


def begin() -> None:
    """Hand the search to the pool; the page finds it again by its address, after a reload too."""
    state = st.session_state
    wanted = Constraints(
        budget_usd=state["budget"] or None,
        land_m2=state["land"] or None,
        connection_kw=state["feed"] or None,
        min_served_frac=state["served"] / 100.0 if state["served"] else None,
    )
    try:
        scenario, weather, market, rules = work.question()
        aim, sought = state["aim"], variables(scenario)
        under_chance = chance_sizes.aim(aim) if aim in chance_sizes.AIMS else None
    except SolarMiningError as error:
        session.note_problem("sizing", error.message)
        return

    def search(tick: Tick) -> Found:
        if under_chance is not None:
            return size_under_chance(scenario, weather, market, under_chance, wanted, sought, rules=rules, tick=tick)
        return size(scenario, weather, market, aim, wanted, sought, rules=rules, tick=tick)

    most_s = CHANCE_S if under_chance is not None else None
    work.begin("sizing", search, lambda: compile_kernels(scenario, sought), most_s)


def told(found: Found) -> None:
    """The best design, and what it was chosen from."""
    if isinstance(found, Sizing):
        told_without_chance(found)
        return
    verdict(found)
    chance_sizes.tiles(found)
    taking(found)
    chance_sizes.picture(found)
    chance_sizes.footnotes(found)


def told_without_chance(found: Sizing) -> None:
    """With what one more of each would add."""
    best = found.designs.iloc[0]
    verdict(found)
    tiles(found)
    taking(found)
    left, right = st.columns(2)
    dark = session.dark()
    with left.container(border=True, height="stretch"):
        st.subheader("The map of designs", anchor=False)
        now = pd.Series({name: session.current().at(path) for path, (name, _, _) in SIZES.items() if there(path)})
        show.chart(
            spec=charts.design_map(found.designs, best, now if len(now) == len(SIZES) else best, dark),
            alt="Net present value of each array and fleet, best battery chosen",
        )
        st.caption(
            "Each point: an array and a fleet with the battery that suits them best. Small points break a constraint."
        )
    with right.container(border=True, height="stretch"):
        st.subheader("What more money brings", anchor=False)
        show.chart(spec=charts.frontier(found.frontier, dark), alt="Highest NPV for each first investment")
        st.caption("Designs that none beats at less investment.")
    others(found)
    footnotes(found)


def there(path: str) -> bool:
    return not path.startswith("fleet.units") or bool(session.current().fleet.units)


def verdict(found: Found) -> None:
    """One sentence."""
    best = found.designs.iloc[0]
    if not best[["dc_kw", "machines", "energy_kwh"]].any():
        st.markdown("**Nothing is best.** No size of this plan earns what it costs: not to build it is worth more.")
        return
    st.markdown(f"**Best: {session.literal(in_words(found, best))}.**")


def in_words(found: Found, row: pd.Series) -> str:
    """A design by its sizes, and by shape and machine where these were sought."""
    parts = [f"{said.number(row[name])} {unit} {label.lower()}" for name, label, unit in SIZES.values() if row[name]]
    if found.designs["surface_tilt"].nunique() > 1 and row["dc_kw"]:
        parts.append(f"tilted {said.number(row['surface_tilt'], 1)}°")
    if found.designs["dc_ac_ratio"].nunique() > 1 and row["dc_kw"]:
        parts.append(f"DC to AC {said.number(row['dc_ac_ratio'], 2)}")
    if len(found.kinds) > 1 and row["machines"]:
        parts.append(row["model"])
    return ", ".join(parts).replace("  ", " ")


def tiles(found: Sizing) -> None:
    """The best design's figures, and what one more of each size adds to its NPV."""
    metrics = found.metrics
    with st.grid(4, min_column_width=190, gap="small"):
        for label, value in (
            ("Net present value", metrics["npv_usd"]),
            ("First investment", metrics["capex_usd"]),
            ("Foresight would add", found.gap_usd),
        ):
            st.metric(label, show.money(value or 0.0), border=True)
        years = metrics["payback_years"]
        built = found.designs.iloc[0]["capex_usd"] > 0
        back = f"{said.number(years, 1)} years" if years is not None else "never"
        st.metric("Payback", back if built else "—", border=True)
        marginal = found.marginal
        for label, value in (
            ("+1 kW of array", marginal.array_usd_per_kw),
            ("+1 kWh of battery", marginal.battery_usd_per_kwh),
            ("+1 kW of battery", marginal.battery_usd_per_kw),
            ("+1 machine", marginal.machine_usd),
        ):
            st.metric(
                label, show.money(value, cents=True), help="What it adds to the NPV of the best design.", border=True
            )


def taking(found: Found) -> None:
    """Take the best design over, and back again."""
    changes = changes_of(found, found.designs.iloc[0])
    with st.container(horizontal=True):
        st.button(
            "Apply this design",
            icon=":material/check:",
            type="primary",
            disabled=session.current().but(changes) == session.current(),
            on_click=apply,
            args=(changes,),
        )
        if BEFORE in st.session_state:
            st.button("Take it back", icon=":material/undo:", on_click=take_back)


def changes_of(found: Found, row: pd.Series) -> dict[str, Any]:
    """A design as changes of the plan: the machine itself only where it is another one."""
    from core.fetchers import equipment

    kind, count = found.kinds[row["model"]], round(row["machines"])
    changes = {path: float(row[name]) for path, (name, _, _) in SIZES.items() if not path.startswith("fleet")}
    changes |= {path: float(row[path.split(".")[1]]) for _, path, _ in SHAPES}
    units = equipment.resolved(session.current(), session.own_machines()).fleet.units
    if len(units) == 1 and units[0].model_copy(update={"count": kind.count}) == kind:
        return {**changes, "fleet.units.0.count": count}
    return {**changes, "fleet.units": [{**kind.model_dump(mode="json"), "count": count}]}


def apply(changes: dict[str, Any]) -> None:
    plan = session.current()
    raw = plan.model_dump(mode="json")
    st.session_state[BEFORE] = {
        path: raw["fleet"]["units"] if path == "fleet.units" else plan.at(path) for path in changes
    }
    session.change(changes)
    session.redraw()


def take_back() -> None:
    session.change(st.session_state.pop(BEFORE))
    session.redraw()


def others(found: Sizing) -> None:
    """Designs nearly as good that are not alike, each to be taken over."""
    if found.alternatives.empty:
        return
    with st.container(border=True):
        st.subheader("Nearly as good, and different", anchor=False)
        for i, row in found.alternatives.iterrows():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(
                    f"{session.literal(in_words(found, row))} · NPV **{session.literal(show.money(row['npv_usd']))}**"
                )
                st.button("Apply", key=f"alternative {i}", on_click=apply, args=(changes_of(found, row),))


def footnotes(found: Sizing) -> None:
    """What the figures leave out, where they do."""
    for words in found.approximations:
        st.caption(f"While searching, {words}; the best design is projected by itself.")
    for path in found.edges:
        st.caption(
            f"{SIZES[path][1]} is best at the largest that was looked at: the plan's own sizes and limits set that range."
        )
    shown = found.designs.rename(
        columns={name: f"{label} ({unit})" if unit else label for name, label, unit in SIZES.values()}
    )
    with st.expander(f"All {said.number(len(shown))} designs", icon=":material/table:"):
        st.dataframe(shown, hide_index=True, height=320, alt="Table: Designs")
        show.downloads(shown, "Designs")


page()
