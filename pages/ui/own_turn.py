"""A bad turn of the planner's own: a form, and what it takes from the plan that was run. Kept in the session."""

from __future__ import annotations

from typing import Any, NamedTuple

import streamlit as st

from core.errors import ValidationError
from core.inputs import CreditRule, Market, Weather
from core.scenario import Scenario
from core.studies.turns import LONGEST_NAME, MOST_FRAC, OwnTurn
from pages.ui import session, show

OWN, PROBLEM = "_own_turns", "own turn"
PERCENT = 100.0
FRACTIONS = {  # label, highest percent
    "price_frac": ("Bitcoin price (% of plan)", PERCENT * MOST_FRAC),
    "difficulty_frac": ("Difficulty (% of plan)", PERCENT * MOST_FRAC),
    "power_frac": ("Grid prices (% of plan)", PERCENT * MOST_FRAC),
    "sun_frac": ("Sun (% of plan)", PERCENT),
    "uptime_frac": ("Machines that run (% of plan)", PERCENT),
}
HELP = {
    "price_frac": "Reached evenly within the months below; difficulty answers as in the paths.",
    "difficulty_frac": "On top of what the price does to it.",
}


class Question(NamedTuple):
    """The plan that was run, and the world it was run in."""

    scenario: Scenario
    weather: Weather
    market: Market
    rules: tuple[CreditRule, ...]


def kept() -> list[OwnTurn]:
    turns: list[OwnTurn] = st.session_state.setdefault(OWN, [])
    return turns


def rows(asked: Question) -> Any:
    """The planner's own turns on the plan, as the house's are told."""
    from core.studies.drivers import own_turns

    return own_turns(asked.scenario, asked.weather, asked.market, kept(), rules=asked.rules)


def form(months: int) -> None:
    """Asks for a turn; its figures in percent of the plan's."""
    show.folded("Your own bad turn", ":material/add_alert:", lambda: _form(months))


def _form(months: int) -> None:
    with st.form("own turn", border=False):
        st.text_input("Name of the turn", key="own name", max_chars=LONGEST_NAME, placeholder="A year of drought")
        with st.grid(4, min_column_width=170, gap="small"):
            for name, (label, most) in FRACTIONS.items():
                st.number_input(label, 0.0, most, PERCENT, step=5.0, key=f"own {name}", help=HELP.get(name))
            st.number_input("Within (months)", 1, months, 1, key="own within_months")
            st.number_input("From month", 1, months, 1, key="own first_month", help="Of operation, the first is 1.")
            st.number_input("To month", 1, months, min(12, months), key="own last_month")
        st.form_submit_button("Add it", icon=":material/add:", on_click=_add)
    if problem := session.problem(PROBLEM):
        st.caption(f":red[{session.literal(problem)}]")
    if kept():
        st.button("Remove them", icon=":material/delete:", on_click=kept().clear, key="own remove")


def _add() -> None:
    """Keep the turn, instead of an earlier one of its name; or say what cannot be."""
    state = st.session_state
    figures = {name: (state[f"own {name}"] or 0.0) / PERCENT for name in FRACTIONS}
    months = {name: state[f"own {name}"] or 0 for name in ("within_months", "first_month", "last_month")}
    try:
        turn = OwnTurn(state["own name"].strip(), **figures, **months).checked()
    except ValidationError as error:
        session.note_problem(PROBLEM, said(error))
        return
    session.note_problem(PROBLEM, "")
    state[OWN] = [other for other in kept() if other.name != turn.name] + [turn]


def said(error: ValidationError) -> str:
    """The error in the words of the form."""
    name = error.field.rpartition(".")[2]
    words = {
        "name": "Name of the turn",
        "within_months": "Within",
        "first_month": "From month",
        "last_month": "To month",
    } | {key: label.partition(" (")[0] for key, (label, _) in FRACTIONS.items()}
    return f"{words[name]}: expected {error.expected}"
