"""Parts of the Risk page: how well so many lives tell, what goes with a good one and a bad one, and what choices are worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.studies.drivers import Ranks
from core.studies.options import Options
from core.studies.outcomes import enough_paths
from core.studies.simulation import RiskAnalysis
from pages.ui import said, session, show


def enough(lives: RiskAnalysis) -> None:
    """Whether more lives would tell more."""
    st.caption(enough_paths(lives.errors, len(lives.paths), lives.base["capex_usd"]))


def signed(value: float) -> str:
    return said.number(value, 2, sign="+")


def ranks(found: Ranks, lives: RiskAnalysis) -> None:
    """How a life's place among the others follows what came to it."""
    told, explained = found
    if told.empty:
        return
    st.dataframe(
        pd.DataFrame({"In the lives": told["thing"], "Rank coefficient": told["coefficient"].map(signed)}),
        hide_index=True,
        alt="Table: Rank coefficients",
    )
    follows = (
        " Difficulty follows price: a high one at the end tells of dear bitcoin before."
        if lives.scenario.risk.difficulty == "follows"
        else ""
    )
    st.caption(
        f"How the rank of a life's NPV moves with the rank of each (SRRC), all else held; together they explain {said.number(100 * explained)} % "
        f"of it (R²).{follows}"
    )


def liquidity(lives: RiskAnalysis) -> None:
    """How deep what operation has earned falls, and when it first runs out."""
    middle, deep = (_usd(lives.metrics[f"drawdown_p{p}_usd"]) for p in (50, 95))
    when = lives.paths["first_month_short"].dropna()
    out = (
        f" In the lives that run out of cash it happens by month {int(when.quantile(0.5, 'lower'))} in half of them."
        if len(when)
        else ""
    )
    st.caption(
        f"What operation has earned by then falls from its highest by {middle} (P50), {deep} in one life of twenty (P95): machines, "
        f"cells and inverters bought anew, and bad months.{out}"
    )


def choices(found: Options) -> None:
    """What it is worth that not everything is decided today."""
    with st.container(border=True):
        st.subheader("What choices are worth", anchor=False)
        left, right = st.columns(2)
        with left:
            switching(found)
        with right:
            waiting(found)


def switching(found: Options) -> None:
    poor, good = (_usd(float(usd)) for usd in np.quantile(found.switch_usd, (0.05, 0.95)))
    st.metric("To switch off", show.money(float(found.switch_usd.mean())), border=True)
    st.caption(
        f"Mean NPV above that of the same lives with machines that run whenever connection and heat let them, pay or not; {poor} (P5) to "
        f"{good} (P95). It is part of all figures above: {said.number(100 * found.stood_frac)} % of the energy such machines would draw is left, "
        "saved or sold."
    )


def waiting(found: Options) -> None:
    if not found.later:
        st.caption("The horizon is too long to look at building later.")
        return
    best = max(found.later, key=lambda year: found.later[year].worth_usd)
    gain = found.later[best].worth_usd - found.now_usd
    st.metric(f"To wait {_years(best)}", show.money(gain), border=True)
    told = "; ".join(
        f"{_years(year)} later {_usd(choice.worth_usd)} ± {_usd(choice.error_usd)}, built in {said.number(100 * choice.chosen_frac)} % of the lives"
        for year, choice in found.later.items()
    )
    verdict = "Waiting does not pay." if gain <= 0 else "Waiting pays."
    st.caption(
        f"{verdict} Built now {_usd(found.now_usd)}, nothing where it would lose; {told}. Decided on hashprice and price of that "
        "day by a rule fitted to other lives, as Longstaff and Schwartz do, machines at the price the outlook then has for their class, "
        "all else as planned, at the plan's own discount rate."
    )


def _usd(usd: float) -> str:
    return session.literal(show.money(usd))


def _years(count: int) -> str:
    return "a year" if count == 1 else f"{count} years"
