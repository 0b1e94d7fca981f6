"""The answer in words: what was asked, the verdict, how sure it is, and what it is to be compared with."""

from __future__ import annotations

import streamlit as st

from core.results import Projection
from core.studies.checks import shortcut_npv_usd
from core.studies.fleet import machine_kw
from core.vocabulary_lives import word
from pages.ui import said, session, show, work

OTHERS = {
    "do nothing": "",
    "sell the power": "sell_npv_usd",
    "mine on the grid alone": "grid_npv_usd",
    "buy coins and hold them": "hold_npv_usd",
}
# what a projection kept by an older version may lack
NEEDED = {
    "npv_usd",
    "payback_years",
    "static_payback_years",
    "npv_zero_price_usd",
    "npv_zero_difficulty",
}


def card(projection: Projection, sure: str = "") -> None:
    """All of it, the verdict largest; `sure`: how sure it is, where that is not to be looked for in this session."""
    st.markdown(  # one element: the browser draws it anew with every change
        "\n\n".join(
            (
                f":small[{session.literal(question(projection))}]",
                f"## {session.literal(verdict(projection))}",
                payback(projection),
                f"**How sure?** {sure or how_sure(projection)}",
                compared(projection),
            )
        )
    )


def question(projection: Projection) -> str:
    """What is asked, with the sizes that it is about."""
    plan = projection.scenario
    machines, parts = sum(unit.count for unit in plan.fleet.units), []
    if plan.array.dc_kw:
        parts.append(f"{said.exact(plan.array.dc_kw)} kW of panels")
    if plan.battery.energy_kwh:
        parts.append(f"a battery of {said.exact(plan.battery.energy_kwh)} kWh")
    if machines:
        parts.append(
            f"{said.number(machines)} machine{'s' if machines > 1 else ''} ({said.number(machine_kw(plan.fleet))} kW)"
        )
    if not parts:
        return "Nothing is planned yet: there is neither array nor machine."
    grid = "off the grid" if not (plan.grid.import_limit_kw or plan.grid.export_limit_kw) else "on the grid"
    years = plan.finance.horizon_years
    what = " and ".join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else parts[0]
    return f"Is it worth building? {what}, {grid}, at {plan.site.name}, for {years} year{'s' if years > 1 else ''}."


def verdict(projection: Projection) -> str:
    """Yes or no, and by how much."""
    npv, rate = projection.metrics["npv_usd"] or 0.0, projection.scenario.finance.discount_rate * 100
    if npv >= 0:
        return f"Yes: {show.money(npv)} more than {said.exact(rate)} % a year would bring."
    return f"No: {show.money(-npv)} short of earning {said.exact(rate)} % a year."


def payback(projection: Projection) -> str:
    """When the money is back, and the shortcut that this replaces, with what it would promise."""
    metrics, years = projection.metrics, projection.scenario.finance.horizon_years
    real, static = metrics["payback_years"], metrics["static_payback_years"]
    told = (
        f"It **pays back in {said.number(real, 1)} years**"
        if real is not None
        else f"It **never pays back within {years} years**"
    )
    promised = shortcut_npv_usd(projection)
    if static is None or promised is None:
        return f"{told}; not even today's price and difficulty, frozen, would pay it back."
    off = promised - (metrics["npv_usd"] or 0.0)
    return (
        f"{told}. A calculator that freezes price and difficulty and forgets halvings would say {said.number(static, 1)} years, and promise "
        f"{_usd(abs(off))} too {'much' if off >= 0 else 'little'}."
    )


def how_sure(projection: Projection) -> str:
    """By chance where the plan was lived on the Risk page, else by how far bitcoin may move until it turns."""
    found = work.newest("risk")
    if found is not None and found.asked.scenario == projection.scenario:
        lives = found.lives
        loss, poor = lives.metrics["loss_probability_frac"], lives.metrics["npv_p5_usd"]
        return (
            f"In {said.percent(loss, 0)} of {said.number(len(lives.paths))} lives it falls short; one in twenty is worth {_usd(poor)} or less "
            f"({word('npv_p5_usd').label})."
        )
    decided = None not in (projection.metrics["npv_zero_price_usd"], projection.metrics["npv_zero_difficulty"])
    return f"{turning_point(projection)}{' How likely that is: page Risk.' if decided else ''}"


def turning_point(projection: Projection) -> str:
    """How far bitcoin may move until the verdict turns."""
    metrics, monthly = projection.metrics, projection.monthly
    price, difficulty = metrics["npv_zero_price_usd"], metrics["npv_zero_difficulty"]
    if price is None or difficulty is None:
        return f"No bitcoin price decides it: {projection.reasons.get('npv_zero_price_usd', 'nothing is mined')}."
    times = price / float(monthly["price_usd"].iloc[0])
    other = difficulty / float(monthly["difficulty"].iloc[0]) - 1
    # dispatch as it is, so that it turns no later: machines that stand still now would run at another price
    far = (
        f"{said.exact(times, 2)} times"
        if times >= 2
        else f"{said.percent(abs(times - 1), 0)} {'above' if times >= 1 else 'below'}"
    )
    turns = "It stays so down to" if (metrics["npv_usd"] or 0.0) >= 0 else "It would break even, run as now, at"
    return (
        f"{turns} a bitcoin price of **{_usd(price)}** at the start, {far} what the plan begins with, or a "
        f"difficulty {said.percent(abs(other), 0)} {'higher' if other >= 0 else 'lower'}."
    )


def compared(projection: Projection) -> str:
    """What else the money could do, the best first."""
    plan = projection.metrics["npv_usd"] or 0.0
    worth = {words: projection.metrics.get(name) if name else 0.0 for words, name in OTHERS.items()}
    known = sorted(((value, words) for words, value in worth.items() if value is not None), reverse=True)
    listed = ", ".join(f"{words} {_usd(value)}" for value, words in known)
    best, words = known[0]
    lead = f"Best of all would be to **{words}**" if best > plan else "**Nothing else here does better**"
    return f"**Compared with what?** {lead}. In today's money: {listed}; this plan {_usd(plan)}."


def _usd(value: float) -> str:
    return session.literal(show.money(value))
