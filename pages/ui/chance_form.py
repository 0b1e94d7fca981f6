"""What is left to chance, asked on the Risk page: how price strays, what goes together, and what the past says of both."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from statistics import NormalDist
from typing import Any

import streamlit as st

from core.errors import ScenarioError
from core.scenario import Scenario
from core.sections import Risk
from core.studies.chances import FACTORS, correlation, price_sd
from core.studies.fit import Fit
from pages.ui import forms, said, session, show

WINDOWS = (24, 36, 48, 60, 84, 120, 132)
USUAL = (
    "paths",
    "price_volatility_per_year",
    "price_volatility_later_per_year",
    "yield_deviation",
    "overrun_deviation",
)
OF_THEIR_OWN = ("resampled_changes", "correlations")  # asked for otherwise
THINGS = {
    "price": "Price",
    "difficulty": "Difficulty, price apart",
    "fees": "Fees",
    "idle": "Idle machines",
    "power": "Power prices",
    "sun": "Sun years",
}
PAIRS = tuple(combinations(FACTORS, 2))


def asked(scenario: Scenario, begin: Callable[[], None]) -> None:
    """What is left to chance, and what it means for the price before anything is run."""
    others = (name for name in Risk.model_fields if name not in (*USUAL, *OF_THEIR_OWN))
    with st.container(border=True):
        forms.fields(*(f"risk.{name}" for name in USUAL), columns=5)
        show.folded(
            "All that is left to chance",
            ":material/tune:",
            lambda: forms.fields(*(f"risk.{name}" for name in others), columns=4),
        )
        show.folded("What goes together", ":material/join_inner:", lambda: goes_together(scenario))
        show.folded("As the past had it", ":material/history:", lambda: history_fit(scenario))
        st.caption(price_in_words(scenario))
        st.button(
            "Run", type="primary", shortcut="Ctrl+Enter", icon=":material/casino:", on_click=begin, key="run risk"
        )


# The past


def history_fit(scenario: Scenario) -> None:
    """A window of the past, what it says, and ways to take it over."""
    from core.answers import fitted

    months = st.select_slider("Window (months to the end of 2024)", WINDOWS, 84, key="window")
    found = fitted(months)
    seen, answer = found.moments, found.response
    st.caption(
        f"{found.first} to {found.last}. Price: {said.number(100 * seen.price_mean, 1)} % a month ± {said.number(100 * seen.price_deviation, 1)} %, a volatility of "
        f"{said.number(seen.price_volatility_per_year, 2)} a year. Difficulty: {said.number(100 * seen.difficulty_mean, 1)} % a month ± "
        f"{said.number(100 * seen.difficulty_deviation, 1)} %; with the price of the same month it goes by {said.number(seen.correlation[0], 2)}, with that of the "
        f"month before by {said.number(seen.correlation[1], 2)}."
    )
    st.caption(
        f"Difficulty closes {said.number(-100 * answer.pull, 1)} % (± {said.number(100 * answer.errors[1], 1)}) of its gap a month; in the long run it follows what a "
        f"block pays with an elasticity of {said.number(answer.elasticity, 2)}, and grows by {said.number(answer.trend_per_year, 2)} a year beside it. Short windows "
        "fit a trend and little else: the paths hold the elasticity at 1, and the share that closes is taken over where it is near that."
    )
    with st.container(horizontal=True):
        st.button("Take it over", icon=":material/check:", on_click=take_over, args=(found.changes,), key="take fit")
        st.button(
            "Draw price from these months",
            icon=":material/shuffle:",
            on_click=take_over,
            args=(drawn_from(found),),
            help="Pieces of the window in the order in which they came, their mean taken off: the plan stays the middle.",
        )
        if scenario.risk.price == "resampled":
            st.button(
                "By the figures again", icon=":material/undo:", on_click=take_over, args=({"risk.price": "strays"},)
            )


def drawn_from(found: Fit) -> dict[str, Any]:
    return {"risk.price": "resampled", "risk.resampled_changes": list(found.price_changes)}


def take_over(changes: dict[str, Any]) -> None:
    try:
        session.change(changes)
    except ScenarioError as error:
        session.note_problem("risk", error.message)
        return
    session.redraw()


def price_in_words(scenario: Scenario) -> str:
    """Where the price ends by the figures above."""
    from core.studies.run import network, used_readings

    risk, years = scenario.risk, scenario.finance.horizon_years
    end = network(scenario, used_readings(scenario, session.market())).price_usd[-1]
    sd = price_sd(risk, 12 * years)[-1]
    low, middle, high = (
        session.literal(show.money(end * math.exp(sd * NormalDist().inv_cdf(share)))) for share in (0.05, 0.5, 0.95)
    )
    made = (
        f" Price is made of {len(risk.resampled_changes)} months of the past, in pieces of {risk.block_months}."
        if risk.price == "resampled"
        else ""
    )
    return f"Bitcoin after {years} years: {low} (P5), {middle} (P50, the plan's), {high} (P95).{made}"


# What goes together


def goes_together(scenario: Scenario) -> None:
    """A correlation for each pair; what cannot all be is told."""
    asked_for = {frozenset((c.first, c.second)): c.coefficient for c in scenario.risk.correlations}
    with st.form("together", border=False):
        with st.grid(4, min_column_width=190, gap="small"):
            for first, second in PAIRS:
                st.number_input(
                    f"{THINGS[first]} · {THINGS[second].lower()}",
                    -1.0,
                    1.0,
                    asked_for.get(frozenset((first, second)), 0.0),
                    step=0.05,
                    key=session.widget_key(f"together {first} {second}"),
                )
        st.form_submit_button("Take these", icon=":material/check:", on_click=take_pairs)
    moved = correlation(scenario.risk).moved
    st.caption(
        "Months of the first four with each other, and a year of power and sun with the sum of its months."
        + (
            f" Not all of these can be: the nearest that can differ by up to {said.number(moved, 2)}."
            if moved > 0
            else ""
        )
    )


def take_pairs() -> None:
    figures = {pair: st.session_state[session.widget_key(f"together {pair[0]} {pair[1]}")] or 0.0 for pair in PAIRS}
    take_over(
        {
            "risk.correlations": [
                {"first": first, "second": second, "coefficient": value}
                for (first, second), value in figures.items()
                if value
            ]
        }
    )
