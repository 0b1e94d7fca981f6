"""Classic mistakes in the plan in hand: what each is, what it is worth in dollars, and a press that sets it right."""

from __future__ import annotations

import secrets
from typing import Any

import streamlit as st

from core.errors import SolarMiningError
from core.studies.checks import CHECKS, checked, worth_usd
from core.studies.findings import Check, Known
from pages.ui import live, session, show, taking, work

PAGE, EFFECTS, OPEN = "_checks_page", "_checks_effects", "_checks_open"
KEPT = 64
PAUSE_S = 0.5  # so that what somebody is still typing is not worked out


def section() -> None:
    """How many there are; each of them where the list is open, and only then what it is worth."""
    try:
        question = work.question()
    except SolarMiningError:
        return
    found = checked(question[0], world(question))
    if not found:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f":material/task_alt: Looked for {len(CHECKS)} classic mistakes, from frozen difficulty to a missing pool fee: "
                "none found.",
                width="content",
            )
            taking.button("checks")
        return
    many = len(found) > 1
    label = f"{len(found)} classic mistake{'s' if many else ''} in this plan: see what {'they are' if many else 'it is'} worth"
    shown = st.expander(
        label,
        expanded=bool(st.session_state.get(OPEN)),  # another label is another list to Streamlit: it stays as it was
        icon=":material/fact_check:",
        on_change="rerun",
        key="checks",
    )
    st.session_state[OPEN] = shown.open
    if shown.open:
        with shown:
            listed(found, question)
    taking.button("checks")


def world(question: tuple[Any, ...]) -> Known:
    """What is known beside the plan."""
    from core.fetchers import equipment

    plan, weather, market, _ = question
    now = session.now()
    old = equipment.old_prices_days(plan, now.date(), session.own_machines())
    return Known(weather, market, now, old)


def listed(found: tuple[Check, ...], question: tuple[Any, ...]) -> None:
    told = effects(found, question)
    for check in found:
        with st.container(border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(
                f"**{check.title}.** {session.literal(check.words)}  \n{effect(told.get(check.name, ...), check)}"
            )
            st.button(
                "Set it so",
                key=f"set {check.name}",
                icon=":material/build:",
                on_click=taking.amend,
                args=(check.title, check.changes),
                help=session.literal(f"Changes the plan to {check.remedy}."),
                width="content",
            )


def effect(usd: Any, check: Check) -> str:
    """What the plan is worth more or less once it is set right."""
    remedy = session.literal(check.remedy)
    if usd is ...:
        return f"With {remedy}: :shimmer[working it out …]"
    if usd is None:
        return f"With {remedy} the plan cannot be worked out."
    amount = session.literal(show.money(abs(usd)))
    return f"With {remedy} the plan is worth **{amount} {'more' if usd >= 0 else 'less'}**."


def effects(found: tuple[Check, ...], question: tuple[Any, ...]) -> dict[str, float | None]:
    """By name, as far as they are known; what is not yet known is worked out beside the page."""
    plan, weather, market, rules = question
    key = (plan.digest, weather.digest, market)
    held: dict[Any, dict[str, float | None]] = st.session_state.setdefault(EFFECTS, {})
    told = held.setdefault(key, {})
    while len(held) > KEPT:
        held.pop(next(iter(held)))

    def work_out() -> None:
        import time

        time.sleep(PAUSE_S)
        usual = worth_usd(plan, weather, market, rules)
        for check in found:
            try:
                told[check.name] = worth_usd(check.amended(plan), weather, market, rules) - usual
            except SolarMiningError:
                told[check.name] = None

    if any(check.name not in told for check in found):
        page = st.session_state.setdefault(PAGE, secrets.token_hex(8))
        live.send(f"checks/{page}/{plan.digest}/{weather.digest}", work_out)
    return told
