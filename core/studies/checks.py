"""Classic mistakes of a plan, most of which make it look better than it is: in words, and the plan without them.

Each check is a function of the plan and of what is known of its world, and names the fields that would set it right. What a
mistake is worth is the difference of two runs in the books of the house.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from core.inputs import CreditRule, Market, Weather
from core.models import finance
from core.results import Projection
from core.scenario import Scenario
from core.studies import checks_of_mining as mining
from core.studies import checks_of_power as power
from core.studies.findings import Check, Finding, Known
from core.studies.run import run, used_readings

CHECKS: tuple[Callable[[Scenario, Known], Finding], ...] = (
    mining.flat_through_a_halving,
    mining.frozen_difficulty,
    mining.price_outruns_difficulty,
    mining.hopeful_price,
    mining.stops_before_a_halving,
    mining.old_market_reading,
    mining.old_machine_price,
    mining.free_machines,
    mining.machines_outlive_themselves,
    mining.no_cooling,
    mining.always_up,
    mining.no_pool_fee,
    mining.machines_never_age,
    power.export_at_retail,
    power.power_never_dearer,
    power.money_costs_nothing,
    power.no_upkeep,
    power.panels_never_age,
    power.loss_free_array,
    power.loss_free_inverter,
    power.inverter_for_ever,
    power.turned_from_the_sun,
    power.loss_free_battery,
    power.battery_never_ages,
)


def checked(plan: Scenario, known: Known) -> tuple[Check, ...]:
    """The mistakes of a plan whose machines have their figures, in the order in which they are usually largest."""
    return tuple(found for look in CHECKS if (found := look(plan, known)) is not None)


def worth_usd(
    plan: Scenario, weather: Weather, market: Market, rules: Iterable[CreditRule] = (), *, compiled: bool = True
) -> float:
    """The NPV that `project` tells, without its other figures [USD]."""
    with np.errstate(all="ignore"):
        ran = run(plan, weather, used_readings(plan, market), tuple(rules), compiled=compiled)
    return float(finance.npv_usd(plan.finance.discount_rate, ran.cash_usd))


def shortcut_npv_usd(projection: Projection) -> float | None:
    """What the plan would be worth if each year brought what the first does at today's price, difficulty and subsidy [USD].

    −investment + investment / static payback · annuity; None where the first year earns nothing. It is what a calculator
    promises that freezes both and forgets halvings.
    """
    terms, years = projection.scenario.finance, projection.metrics["static_payback_years"]
    spent = projection.metrics["capex_usd"]
    if years is None or spent is None or years <= 0:
        return None
    flow = np.full(terms.horizon_years + 1, spent / years)
    flow[0] = -spent
    return float(finance.npv_usd(terms.discount_rate, flow))
