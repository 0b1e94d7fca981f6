"""Tax in one click: settings a planner knows by name, put back as easily, and the write-off of each class of equipment."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.scenario import Scenario, leaves
from pages.ui import forms, session
from pages.ui.needs import matters
from pages.ui.sections import CLASSES

WRITE_OFF = "finance.depreciation."
SETTINGS = ("finance.tax", "finance.depreciation", "finance.credits")
BEFORE = "_tax_before"


def _written_off(**methods: str) -> dict[str, Any]:
    return {f"{WRITE_OFF}{name}.method": method for name, method in methods.items()}


US = {"finance.tax.federal_rate_frac": 0.21}
MACRS = _written_off(array="macrs_5", battery="macrs_5", site="macrs_15", machines="macrs_5")
ITC = {"finance.credits.array_itc_frac": 0.3, "finance.credits.battery_itc_frac": 0.3}
BONUS = {f"{WRITE_OFF}{name}.bonus_frac": 1.0 for name in CLASSES}
# what differs from no tax at all; states add their own rate
PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    "No tax": ("Neither tax nor credits: cash is before tax.", {}),
    "US corporation, 5-year MACRS, 30 % credit": (
        "21 % federal, losses carried forward; array, battery and machines over 5 years, site over 15, no bonus.",
        {**US, **MACRS, **ITC},
    ),
    "US corporation, full bonus, dates decide": (
        "As above with 100 % bonus; the bundled table of rules grants credit and bonus by the three days below Credits.",
        {**US, **MACRS, **ITC, **BONUS, "finance.credits.dates_decide": True},
    ),
    "US owner with other income": (
        "Losses and credits are used at once against other income, as SAM reckons; 5-year MACRS, 30 % credit.",
        {**US, **MACRS, **ITC, "finance.tax.losses": "absorbed"},
    ),
    "Profit tax 25 %, straight line": (
        "As many countries have it: array over 20 years, battery and site over 10, machines over 4; no credits.",
        {
            "finance.tax.federal_rate_frac": 0.25,
            **_written_off(**dict.fromkeys(CLASSES, "straight_line")),
            **{
                f"{WRITE_OFF}{name}.straight_line_years": years
                for name, years in zip(CLASSES, (20, 10, 10, 4), strict=True)
            },
        },
    ),
}


def settings_of(name: str) -> dict[str, Any]:
    """Every tax setting of a preset, by path; those it does not name as in a new scenario, the days as they are."""
    neutral = {p: value for p, _, value in leaves(Scenario()) if p.startswith(SETTINGS) and p not in forms.DAYS}
    return {**neutral, **PRESETS[name][1]}


def taken() -> str:
    """The preset the draft follows, empty where it follows none."""
    scenario = session.current()
    return next((name for name in PRESETS if all(scenario.at(p) == v for p, v in settings_of(name).items())), "")


def presets() -> None:
    """A button a preset; the one in force is marked, and what it replaced can be put back."""
    now = taken()
    with st.container(horizontal=True):
        for name, (meaning, _) in PRESETS.items():
            st.button(
                name,
                help=meaning,
                type="primary" if name == now else "secondary",
                on_click=take,
                args=(name,),
                key=f"tax {name}",
            )
        if now and st.session_state.get(BEFORE, ("",))[0] == now:
            st.button("Put back", icon=":material/undo:", on_click=put_back, help="The tax settings of before.")
    st.caption(
        session.literal(PRESETS[now][0])
        if now
        else "Settings of your own. A preset changes tax, write-off and credits together."
    )


def take(name: str) -> None:
    """Set a preset, and remember what it replaced."""
    wanted = settings_of(name)
    before = {path: session.current().at(path) for path in wanted}
    if before == wanted:
        return
    st.session_state[BEFORE] = (name, before)
    session.change(wanted)
    session.redraw()


def put_back() -> None:
    session.change(st.session_state.pop(BEFORE)[1])
    session.redraw()


def write_off() -> None:
    """Method, years and bonus of each class, a row each."""
    scenario = session.current()
    taxed = scenario.finance.tax.federal_rate_frac or scenario.finance.tax.state_rate_frac
    if not taxed:
        st.caption("No income tax is set: write-offs change nothing.")
        return
    for name in CLASSES:
        paths = [f"{WRITE_OFF}{name}.{field}" for field in ("method", "straight_line_years", "bonus_frac")]
        forms.fields(*(path for path in paths if matters(path, scenario)))
