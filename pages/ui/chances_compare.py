"""Part of the Compare page: two of the plans lived under the same chances, asked for, watched, read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import streamlit as st

from core import charts
from core.errors import NotFound, SolarMiningError
from core.inputs import Market, Weather
from core.jobs import Tick
from core.results import Projection
from pages.ui import library, said, session, show, work

if TYPE_CHECKING:
    from core.models.dominance import Dominance, Orders
    from core.studies.differences import Differences, Plan

KIND = "lives"
MOST_S = 14.0  # of living; what is lived by then is told, as the work of a page may take half a minute
CROSSINGS_TOLD = 3


class Told(NamedTuple):
    """The plans' names when they were asked for, and what came of them."""

    first: str
    second: str
    found: Differences


def section(pair: dict[str, Projection]) -> None:
    """Live two plans, and read how far they lie apart."""
    st.subheader("Under the same chances", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.caption(
            "Two plans are lived many times over, each life of one with the price, network, power prices and sun of the same life of the "
            "other: what chance does to both falls out of their difference."
        )
        st.button(
            "Compare lives",
            type="primary",
            shortcut="Ctrl+Enter",
            icon=":material/casino:",
            on_click=begin,
            args=(pair,),
            disabled=len(pair) < 2,
            key="compare lives",
        )
    told = work.result(KIND, "Living the plans")
    if told is not None:
        read(told)


def begin(pair: dict[str, Projection]) -> None:
    from core.fetchers.credits import credit_rules
    from core.studies.differences import differences
    from core.studies.sizing import compile_kernels

    try:
        (first, one), (second, other) = ((name, plan_of(projection)) for name, projection in pair.items())
    except SolarMiningError as error:
        session.note_problem(KIND, error.message)
        return
    rules = tuple(credit_rules())

    def ready() -> None:
        for plan in (one, other):
            compile_kernels(plan.scenario)

    def live(tick: Tick) -> Told:
        end = time.monotonic() + MOST_S
        found = differences(one, other, rules=rules, tick=tick, enough=lambda: time.monotonic() > end)
        return Told(first, second, found)

    work.begin(KIND, live, ready)


def plan_of(projection: Projection) -> Plan:
    """A projection's plan with the weather and the market it was made with; NotFound where that weather is not here."""
    from core.studies.differences import Plan

    readings = {r.name: r for r in projection.readings}
    market = Market(*(readings[name] for name in Market.__dataclass_fields__))
    return Plan(projection.scenario, sky_of(projection), market)


def sky_of(projection: Projection) -> Weather:
    digest, now = projection.weather.digest, session.weather()
    if now.digest == digest:
        return now
    if not library.stores():
        raise NotFound(
            f"the weather of “{projection.scenario.name}” is not here: open its scenario and keep it anew",
            field="site.weather",
            value=digest,
        )
    return library.load_weather(digest)


# --- what is told -------------------------------------------------------------------------------


def read(told: Told) -> None:
    found = told.found
    verdict(told)
    tiles(found)
    for notice in found.notices:
        st.warning(session.literal(notice), icon=":material/warning:")
    pictures(found)
    st.markdown(f"**Dominance.** {in_words(found.orders)}")
    st.caption(noise(found))
    instead(found.alternatives)
    for words in found.approximations:
        st.caption(f"In the paths, {words}.")


def verdict(told: Told) -> None:
    """One sentence."""
    metrics, errors = told.found.metrics, told.found.errors
    wins, median = "second_better_probability_frac", metrics["difference_p50_usd"]
    half = (
        f"by {_usd(median)} or more in half of all"
        if median > 0
        else f"short of it by {_usd(-median)} or more in half of all"
    )
    st.markdown(
        f"**The second plan, {_name(told.second)}, is worth more than the first, {_name(told.first)}, in {said.number(100 * metrics[wins], 1)} % of "
        f"{said.number(len(told.found.paths))} lives (± {100 * errors[wins]:.1g}), {half}.**"
    )


def tiles(found: Differences) -> None:
    metrics, errors = found.metrics, found.errors
    wins = "second_better_probability_frac"
    spread = (
        ("difference_p5_usd", "Difference, poor (P5)", "In one life of twenty the second plan is worth this above the first, or less."),
        ("difference_p50_usd", "Difference, middle (P50)", "In half of the lives it is less."),
        ("difference_p95_usd", "Difference, good (P95)", "In one life of twenty it is this or more."),
    )  # fmt: skip
    with st.grid(4, min_column_width=190, gap="small"):
        st.metric(
            "Second beats first",
            _share(metrics[wins], errors[wins]),
            help="Share of the lives in which the second plan is worth more.",
            border=True,
        )
        for name, label, meaning in spread:
            known = f"Known to ± {show.money(errors[name])} by this many lives."
            st.metric(label, show.money(metrics[name]), help=session.literal(f"{meaning} {known}"), border=True)


def pictures(found: Differences) -> None:
    metrics, paths = found.metrics, found.paths
    marks = {f"P{p}": metrics[f"difference_p{p}_usd"] for p in (5, 50, 95)}
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.subheader("Second less first", anchor=False)
        show.chart(
            spec=charts.difference_histogram(paths["difference_usd"], marks, session.dark()),
            alt="Share of lives by the net present value of the second plan less that of the first, with nothing marked",
        )
        st.caption(
            "NPV of the second plan less that of the first, life by life, in the colour of the plan that is worth more."
        )
    with right.container(border=True, height="stretch"):
        st.subheader("Each by itself", anchor=False)
        show.chart(
            spec=charts.npv_shares(paths["first_npv_usd"], paths["second_npv_usd"], session.dark()),
            alt="Share of lives of each plan that are worth no more than a net present value",
        )
        st.caption(
            "Share of the lives that are worth no more than so much: at every NPV the lower line is the better plan."
        )


def in_words(orders: Orders) -> str:
    """Which plan dominates, first order before second."""
    of_all, of_the_wary = orders
    if of_all.better == "alike":
        return "The lives of the two plans are worth the same, each as often."
    if of_all.better != "neither":
        return (
            f"The {of_all.better} plan dominates at first order, and so at second: whatever NPV one asks for, as many of its lives or more reach "
            "it. Whoever likes more to less prefers it."
        )
    crossed = f"Neither dominates at first order: the lines cross {_where(of_all)}."
    if of_the_wary.better != "neither":
        return f"{crossed} At second order the {of_the_wary.better} plan does: whoever shuns risk, however much, prefers it."
    return f"{crossed} Nor at second order: the area between them passes from one to the other {_where(of_the_wary)}, and it depends on how much risk one bears."


def _where(order: Dominance) -> str:
    """How often a lead passes on, and at which NPV."""
    places = [_usd(float(usd)) for usd in order.crossings]
    times = {1: "once", 2: "twice"}.get(len(places), f"{len(places)} times")
    more = len(places) - CROSSINGS_TOLD
    return f"{times}, at {', '.join(places[:CROSSINGS_TOLD])}" + (f" and {more} more" if more > 0 else "")


def noise(found: Differences) -> str:
    """How well the difference is known, what common chances did for it, and the bad end of each."""
    metrics, errors = found.metrics, found.errors
    ratio = metrics["variance_ratio"]
    spared = (
        f" With chances of their own it would take {said.number(1.0 / ratio)} times as many lives to know it as well."
        if 0 < ratio <= 0.5
        else ""
    )
    return (
        f"Mean difference {_usd(metrics['difference_mean_usd'])} ± {_usd(errors.get('difference_mean_usd', 0.0))}.{spared} Worst twentieth of "
        f"the lives (CVaR 95): {_usd(metrics['first_cvar_95_usd'])} of the first plan, {_usd(metrics['second_cvar_95_usd'])} of the second. "
        "Dominance is exact of these lives; where lines cross in the tails only, more of them may tell otherwise."
    )


def instead(rows: pd.DataFrame) -> None:
    """What else could be done, under the same chances."""
    st.subheader("What else could be done", anchor=False)
    told = [
        {
            "Plan": row["plan"].capitalize(),
            "Instead": row["alternative"],
            **{f"NPV, P{p}": show.money(row[f"p{p}_usd"]) for p in (5, 50, 95)},
            "Plan is better in": _share(row["plan_better_probability_frac"], row["error_frac"]),
        }
        for row in rows.to_dict("records")
    ]
    show.table(pd.DataFrame(told), "What else could be done")
    st.caption(
        "In the same lives: the site without its machines, the site without its sun, both without battery, and the owner's money of the first day "
        "put into coins that are sold at the horizon."
    )


def _share(frac: float, error: float) -> str:
    return "–" if pd.isna(frac) else f"{said.number(100 * frac, 1)} % ± {100 * error:.1g}"


def _name(name: str) -> str:
    return f"“{session.literal(name)}”"


def _usd(usd: float) -> str:
    return session.literal(show.money(usd))
