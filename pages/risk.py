"""What can go wrong with the plan, and how likely: asked for, watched, read."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from core import charts
from core.errors import SolarMiningError
from core.jobs import Tick
from core.shown import of_lives
from core.studies.backtest import FIGURES, Backtest
from core.studies.drivers import Ranks, Sensitivity, ranked, sensitivity
from core.studies.options import Options, options
from core.studies.progress import part
from core.studies.run import network, used_readings
from core.studies.simulation import RiskAnalysis, simulate
from core.studies.sizing import compile_kernels
from core.vocabulary_lives import word
from pages.ui import chance_form, own_turn, reports, risk_parts, said, session, show, work

REASONS = "Finding what moves the plan"
MOST_S, DEADLINE_S = 60.0, 90.0  # of living paths, of which what is lived by then is told; of the whole
TILES = (
    "npv_p5_usd",
    "npv_p50_usd",
    "npv_p95_usd",
    "cvar_95_usd",
    "loss_probability_frac",
    "never_pays_back_probability_frac",
    "out_of_cash_probability_frac",
    "mined_p50_btc",
)


class Told(NamedTuple):
    """What a run of the page comes to: its lives first, why and what choices are worth when they are known."""

    lives: RiskAnalysis
    asked: own_turn.Question
    reasons: Reasons | None = None


class Reasons(NamedTuple):
    """What moves the plan, and what its choices are worth."""

    why: Sensitivity
    choices: Options
    ranks: Ranks


def page() -> None:
    show.header("Risk")
    st.caption(
        "The plan is lived many times over, each time with a price, a network, power prices, sun, idle machines and building cost "
        "of its own; every life goes through the hours, the tariff and the tax of this plan."
    )
    chance_form.asked(session.current(), begin)
    live = work.is_live("risk")
    with st.container():
        found = work.result("risk", "Living the plan")
    if found is not None:
        told(found, live=live)
    past()


def begin() -> None:
    try:
        scenario, weather, market, rules = work.question()
    except SolarMiningError as error:
        session.note_problem("risk", error.message)
        return

    def live(tick: Tick) -> Told:
        end = time.monotonic() + MOST_S

        def late() -> bool:
            return time.monotonic() > end

        lives = simulate(scenario, weather, market, rules=rules, tick=part(tick, 0.0, 0.6), enough=late)
        found = Told(lives, own_turn.Question(scenario, weather, market, rules))
        rest = work.patient(tick, REASONS, found)
        why = sensitivity(scenario, weather, market, rules=rules, tick=part(rest, 0.6, 0.7))
        choices = options(scenario, weather, market, rules=rules, tick=part(rest, 0.7, 1.0))
        return found._replace(reasons=Reasons(why, choices, ranked(lives.paths)))

    work.begin("risk", live, lambda: compile_kernels(scenario), DEADLINE_S)


def told(found: Told, *, live: bool) -> None:
    lives, question, reasons = found
    verdict(lives)
    tiles(lives)
    with st.container():  # what comes and goes has a place of its own: what follows would else be drawn anew
        if reasons is not None:
            reports.of_lives(reports.Risk(lives, reasons.why))
    risk_parts.enough(lives)
    for notice in lives.notices:
        st.warning(notice, icon=":material/warning:")
    distribution(lives)
    fans(lives, halvings(question))
    with st.container():
        if reasons is not None:
            drivers(reasons, lives)
            turns(reasons.why, question)
            risk_parts.choices(reasons.choices)
        elif live:
            work.progress("risk", REASONS, seen=True)
    footnotes(lives)


def verdict(lives: RiskAnalysis) -> None:
    """One sentence."""
    loss, error = lives.metrics["loss_probability_frac"], lives.errors["loss_probability_frac"]
    median, poor = (session.literal(show.money(lives.metrics[name])) for name in ("npv_p50_usd", "npv_p5_usd"))
    st.markdown(
        f"**In {said.number(100 * loss, 1)} % of {said.number(len(lives.paths))} lives (± {said.number(100 * error, 1)}) the plan earns less than its discount rate; "
        f"half of them are worth {median} or less, one in twenty {poor} or less.**"
    )


def tiles(lives: RiskAnalysis) -> None:
    with st.grid(4, min_column_width=190, gap="small"):
        for name in TILES:
            st.metric(
                word(name).label,
                of_lives(name, lives.metrics[name], said.marks()),
                help=meaning(name, lives.errors[name]),
                border=True,
            )


def meaning(name: str, error: float) -> str:
    return session.literal(f"{word(name).meaning} Known to ± {of_lives(name, error, said.marks())} by this many paths.")


def distribution(lives: RiskAnalysis) -> None:
    metrics = lives.metrics
    marks = {
        "CVaR 95": metrics["cvar_95_usd"],
        "VaR 95": metrics["var_95_usd"],
        "P50": metrics["npv_p50_usd"],
        "Plan": lives.base["npv_usd"],
    }
    with st.container(border=True):
        st.subheader("What it may be worth", anchor=False)
        show.chart(
            spec=charts.npv_histogram(lives.paths["npv_usd"], marks, session.dark()),
            alt="Share of paths by net present value, with value at risk, its tail mean, the median and the plan",
        )
        st.caption(
            "Net present value of each life. VaR 95 is the best of the worst twentieth, CVaR 95 their mean. The plan is not the "
            "middle: what miners earn is not a straight line in price, and machines can be switched off."
        )


def halvings(question: own_turn.Question) -> pd.DataFrame:
    """Where the subsidy halves in the plan that was lived: by height, so alike in every life."""
    path = network(question.scenario, used_readings(question.scenario, question.market))
    return charts.halvings_in(path.month[path.halves].astype("datetime64[s]"))


def fans(lives: RiskAnalysis, halvings: pd.DataFrame) -> None:
    """What may come, month by month."""
    titles = {
        "price_usd": ("Bitcoin price", "USD", True, True),
        "difficulty": ("Difficulty", "", True, False),
        "mined_btc": ("Coins mined so far", "BTC", False, False),
        "cash_usd": ("Cash so far", "USD", False, True),
    }
    with st.grid(2, min_column_width=340):
        for name, (title, unit, log, money) in titles.items():
            with st.container(border=True):
                st.subheader(title, anchor=False)
                show.chart(
                    spec=charts.fan(
                        lives.fans[name], unit, log=log, money=money, dark=session.dark(), halvings=halvings
                    ),
                    alt=f"{title} by month: 5th, 25th, 50th, 75th and 95th percentile, halvings marked",
                )
    st.caption("Line: half of the paths lie below. Dark band: the middle half of them. Light band: nine in ten.")


def drivers(found: Reasons, lives: RiskAnalysis) -> None:
    why = found.why
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.subheader("One thing at a time", anchor=False)
        show.chart(
            spec=charts.tornado(why.tornado, why.base_usd, session.dark()),
            alt="Net present value with each thing at its 5th and 95th percentile",
        )
        st.caption("All else stays as planned. The two sides need not be alike.")
    with right.container(border=True, height="stretch"):
        st.subheader("All together", anchor=False)
        if why.sobol.empty:
            st.caption("Nothing is left to chance.")
            return
        show.chart(spec=charts.sobol_bars(why.sobol, session.dark()), alt="Share of each thing in the variance of NPV")
        st.caption(
            "Sobol indices. Wide bar: what would be left if all else were known; narrow bar: what goes when this alone is known; "
            "line: 95 % interval."
        )
        risk_parts.ranks(found.ranks, lives)


def turns(why: Sensitivity, question: own_turn.Question) -> None:
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.subheader("Bad turns", anchor=False)
        told = pd.concat([why.stress, own_turn.rows(question)] if own_turn.kept() else [why.stress], ignore_index=True)
        table = pd.DataFrame(
            {
                "Turn": told["turn"],
                "NPV": [show.money(usd) for usd in told["npv_usd"]],
                "Against the plan": [show.money(usd) for usd in told["change_usd"]],
            }
        )
        st.dataframe(table, hide_index=True, alt="Table: Bad turns")
        show.downloads(told, "Bad turns")
        st.caption("Each on the plan as it is, with nothing else left to chance.")
        own_turn.form(12 * question.scenario.finance.horizon_years)
    with right.container(border=True, height="stretch"):
        st.subheader("Where it breaks even", anchor=False)
        show.chart(
            spec=charts.breakeven_surface(why.surface, session.dark()),
            alt="Net present value over percentiles of price and of difficulty",
        )
        st.caption("Between the colours the plan earns its discount rate and no more.")


def past() -> None:
    """The same chances held against what came."""
    with st.container(border=True):
        st.subheader("Would it have been right?", anchor=False)
        st.caption(
            "Stood at the end of each month from 2017 on, with volatility and growth as the months before it had them: what "
            "would have been seen of the next twelve months, and what came. What difficulty still owes to earlier prices is not seen."
        )
        st.button("Hold it against the past", icon=":material/history:", on_click=look_back, key="look back")
        found = work.result("backtest", "Going back")
        if found is not None:
            came(found)


def look_back() -> None:
    from core.answers import backtest

    scenario = session.current()
    work.begin("backtest", lambda tick: backtest(scenario))


def came(found: Backtest) -> None:
    columns = st.columns(len(FIGURES))
    for column, (name, title) in zip(columns, FIGURES.items(), strict=True):
        with column:
            told = found.coverage.set_index("figure").loc[name]
            rows = found.starts[found.starts["figure"] == name]
            show.chart(spec=charts.backtest(rows, title, session.dark()), alt=f"{title}: what was seen and what came")
            st.caption(
                f"{said.number(100 * told['within_frac'])} % of {len(rows)} starts lay between P5 and P95; 90 % should have. The years overlap: as "
                f"{said.number(told['years'])} independent ones they tell {said.number(100 * told['low_frac'])} to {said.number(100 * told['high_frac'])} %."
            )


def footnotes(lives: RiskAnalysis) -> None:
    """What is left out, the sun trade's own percentiles, and the paths themselves."""
    metrics = lives.metrics
    safe = [
        session.literal(show.money(metrics[name]))
        for name in ("npv_safe_p5_usd", "npv_safe_p50_usd", "cvar_safe_95_usd")
    ]
    st.caption(
        f"At the risk-free rate of {100 * lives.scenario.risk.safe_rate_per_year:g} % the NPV is {safe[0]} (P5), {safe[1]} (P50) and "
        f"{safe[2]} in the worst twentieth, and {said.number(100 * metrics['loss_safe_probability_frac'], 1)} % of the lives lose: a discount rate with a "
        "premium for risk and a tail of paths count risk twice."
    )
    risk_parts.liquidity(lives)
    for words in lives.approximations:
        st.caption(f"In the paths, {words}.")
    for name, years in (("pv_kwh_year1", "first year"), ("pv_kwh_ten_years", "mean year of the first ten")):
        p50, p90, p99 = (metrics[f"{name}_exceedance_p{p}"] / 1000.0 for p in (50, 90, 99))
        st.caption(
            f"Solar energy of the {years}: P50 {said.number(p50)} MWh, P90 (exceedance) {said.number(p90)} MWh, P99 (exceedance) {said.number(p99)} MWh."
        )
    show.folded("All figures", ":material/table:", lambda: all_figures(lives))


def all_figures(lives: RiskAnalysis) -> None:
    frame = figures(lives)
    st.dataframe(frame, hide_index=True, height=320, alt="Table: Risk figures")
    show.downloads(frame, "Risk figures")


def figures(lives: RiskAnalysis) -> pd.DataFrame:
    words = {name: word(name) for name in lives.metrics}
    rows: list[dict[str, Any]] = [
        {
            "figure": words[name].label,
            "value": value,
            "standard error": lives.errors[name],
            "unit": words[name].unit,
            "meaning": words[name].meaning,
            "name": name,
        }
        for name, value in lives.metrics.items()
    ]
    return pd.DataFrame(rows)


page()
