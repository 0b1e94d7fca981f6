"""Sizes for one who minds the bad lives: what is asked on the Sizing page, and what was found."""

from __future__ import annotations

import streamlit as st

from core import charts
from core.studies.sizing_chances import Aim, ChanceSizing, Lived
from pages.ui import said, session, show

AIMS = {
    "tail_held": "Highest mean NPV, bad lives held",
    "tail_weighed": "Mean NPV plus bad lives, weighed",
    "loss_capped": "Highest mean NPV, losses capped",
}
PERCENT = 100.0
COLUMNS = {
    "dc_kw": "Array (kW)",
    "energy_kwh": "Battery energy (kWh)",
    "power_kw": "Battery power (kW)",
    "machines": "Machines",
    "capex_usd": "First investment (USD)",
    "paths": "Lives",
    "mean_usd": "Mean NPV (USD)",
    "mean_error_usd": "± (USD)",
    "p5_usd": "NPV, P5 (USD)",
    "cvar_usd": "CVaR (USD)",
    "cvar_error_usd": "± CVaR (USD)",
    "loss_frac": "Chance of a loss",
    "loss_error_frac": "± chance",
    "meets": "Keeps to the aim",
}


def asked() -> None:
    """What the aims under chance need to know."""
    with (
        st.expander("What the aims with bad lives ask for", icon=":material/casino:"),
        st.grid(4, min_column_width=190),
    ):
        st.number_input(
            "CVaR at least (USD)",
            value=0.0,
            step=10_000.0,
            key="aim floor",
            help="Bad lives held: the mean NPV of the worst lives must not be below this.",
        )
        st.number_input(
            "Weight of the bad lives", 0.0, 100.0, 1.0, step=0.25, key="aim weight", help="Mean + weight · CVaR."
        )
        st.number_input(
            "Chance of a loss at most (%)",
            0.0,
            100.0,
            10.0,
            step=1.0,
            key="aim loss",
            help="Losses capped: NPV below 0.",
        )
        st.number_input(
            "Bad lives are the worst (%)", 0.1, 100.0, 5.0, step=1.0, key="aim tail", help="5 %: CVaR at 95 %."
        )


def aim(kind: str) -> Aim:
    """What the form asks for."""
    state = st.session_state
    return Aim(
        kind,
        state["aim floor"] or 0.0,
        state["aim weight"] or 0.0,
        (state["aim loss"] or 0.0) / PERCENT,
        1.0 - (state["aim tail"] or 5.0) / PERCENT,
    ).checked()


def tiles(found: ChanceSizing) -> None:
    """The design on paths that had no say in choosing it."""
    fresh = found.fresh
    with st.grid(4, min_column_width=190, gap="small"):
        for label, value, error in (
            ("Mean NPV", fresh.mean_usd, fresh.mean_error_usd),
            ("NPV, bad lives", fresh.cvar_usd, fresh.cvar_error_usd),
        ):
            known = f"On {said.number(fresh.paths)} fresh lives, ± {session.literal(show.money(error))}."
            st.metric(label, show.money(value), help=known, border=True)
        st.metric(
            "Chance of a loss",
            f"{said.number(PERCENT * fresh.loss_frac, 1)} %",
            help=f"± {said.number(PERCENT * fresh.loss_error_frac, 1)} points.",
            border=True,
        )
        st.metric(
            "Price of choosing",
            show.money(found.curse_usd),
            help="What the design promised on the lives it was chosen on, less what it does on fresh ones.",
            border=True,
        )


def picture(found: ChanceSizing) -> None:
    with st.container(border=True):
        st.subheader("What a good mean costs in bad lives", anchor=False)
        show.chart(
            spec=charts.mean_and_tail(found.designs, session.dark()),
            alt="Mean NPV of each design against the mean NPV of its worst lives",
        )
        st.caption(
            "Each point: a design, lived. Up is a better mean, right are better bad lives; no design is better than those on the edge."
        )


def footnotes(found: ChanceSizing) -> None:
    """How it was chosen, and all designs that were lived."""
    for notice in found.notices:
        st.warning(session.literal(notice), icon=":material/warning:")
    st.caption(
        session.literal(
            f"{said.number(found.looked_at)} designs were run without chance, {said.number(len(found.designs))} of them lived, the last few on {said.number(found.chosen.paths)} lives: "
            f"there {_said(found.chosen)}; on fresh ones {_said(found.fresh)}. At the risk-free rate the bad lives average "
            f"{show.money(found.safe_cvar_usd)}: a discount rate with a premium and a tail count risk twice. The best without chance has an NPV of "
            f"{show.money(found.plan_npv_usd)} as planned."
        )
    )
    shown = found.designs[list(COLUMNS)].rename(columns=COLUMNS)
    with st.expander(f"All {said.number(len(shown))} designs that were lived", icon=":material/table:"):
        st.dataframe(shown, hide_index=True, height=320, alt="Table: Designs lived")
        show.downloads(shown, "Designs lived")


def _said(told: Lived) -> str:
    return f"mean {show.money(told.mean_usd)}, bad lives {show.money(told.cvar_usd)}, {said.number(PERCENT * told.loss_frac, 1)} % lose"
