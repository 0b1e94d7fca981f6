"""From the net present value of one plan to that of another, driver by driver, with nothing left over.

Inputs are grouped into drivers. What a driver is worth depends on what was changed before it, so each is given the mean of what it adds
over all orders in which the drivers can be changed one after another: the Shapley value, whose parts sum to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import factorial
from typing import Any, NamedTuple

import numpy as np

from core.inputs import CreditRule
from core.models import finance
from core.scenario import Scenario, leaves
from core.sections import Finance
from core.studies.differences import Plan
from core.studies.progress import Tick
from core.studies.run import run, used_readings

COSTS = (
    "inflation_per_year", "array_usd_per_kw", "battery_usd_per_kwh", "site_usd_per_kw", "interconnection_usd", "other_usd", "contingency_frac",
    "array_usd_per_kw_year", "battery_usd_per_kwh_year", "fleet_usd_per_kw_year", "fixed_usd_per_year", "variable_usd_per_kwh", "salvage_frac",
    "owning",
)  # fmt: skip
SKY, MARKET, COST, TERMS = "Site and weather", "Bitcoin", "Costs", "Horizon, debt and tax"
# which part of a scenario a driver is; weather goes with the site, the market's readings with the outlook
SECTIONS = {
    SKY: "site",
    "Array": "array",
    "Battery": "battery",
    "Machines": "fleet",
    "Grid and tariff": "grid",
    MARKET: "outlook",
    COST: "finance",
    TERMS: "finance",
}
DRIVERS = tuple(SECTIONS)
OF_NO_NPV = ("name", "site.name", "finance.currency", "risk")  # words, display, and chance


class Bar(NamedTuple):
    """What one driver adds [USD]: the mean over all orders, changed before all others, and after them; `inputs` of it differ."""

    driver: str
    usd: float
    first_usd: float
    last_usd: float
    inputs: int


@dataclass(frozen=True)
class Bridge:
    """From one NPV to the other [USD]: `start_usd` + Σ `bars` = `end_usd`. `runs`: plans that were worked through for it."""

    start_usd: float
    end_usd: float
    bars: tuple[Bar, ...]
    runs: int


def driver_of(path: str) -> str:
    """The driver that a dotted path belongs to; empty for what no NPV depends on."""
    section, _, rest = path.partition(".")
    if path in OF_NO_NPV or section in OF_NO_NPV:
        return ""
    if section == "finance":
        return COST if rest.partition(".")[0] in COSTS else TERMS
    return next(driver for driver, of in SECTIONS.items() if of == section)


def inputs_that_differ(first: Plan, second: Plan) -> dict[str, int]:
    """How many inputs of each driver differ, in the order of `DRIVERS`; drivers that are alike are left out.

    A weather year of other figures counts as an input, and so does each reading of the market that a plan stands on.
    """
    one, other = ({path: value for path, _, value in leaves(plan.scenario)} for plan in (first, second))
    paths = [path for path in {**one, **other} if one.get(path) != other.get(path)]
    found = [driver_of(path) for path in paths]
    if first.weather.digest != second.weather.digest:
        found.append(SKY)
    read = [_readings(plan) for plan in (first, second)]
    found += [MARKET for name, value in read[0].items() if read[1].get(name) != value]
    return {driver: found.count(driver) for driver in DRIVERS if driver in found}


def _readings(plan: Plan) -> Mapping[str, Any]:
    """Of the market: values, and when the height of the chain was read, from which halvings are counted."""
    readings = used_readings(plan.scenario, plan.market)
    return {r.name: (r.value, r.observed_at if r.name == "height" else None) for r in readings if r.status != "planner"}


def between(first: Plan, second: Plan, changed: frozenset[str]) -> Plan:
    """The first plan with some of its drivers as the second has them."""
    mixed = first.scenario.model_copy(update=_sections(first.scenario, second.scenario, changed))
    return Plan(
        mixed,
        second.weather if SKY in changed else first.weather,
        second.market if MARKET in changed else first.market,
    )


def _sections(first: Scenario, second: Scenario, changed: frozenset[str]) -> dict[str, Any]:
    own = {SECTIONS[driver]: getattr(second, SECTIONS[driver]) for driver in changed if driver not in (COST, TERMS)}
    cost, terms = (second.finance if driver in changed else first.finance for driver in (COST, TERMS))
    fields = {name: getattr(cost if name in COSTS else terms, name) for name in Finance.model_fields}
    return {**own, "finance": first.finance.model_copy(update=fields)}


def bridge(
    first: Plan, second: Plan, rules: tuple[CreditRule, ...] = (), tick: Tick = lambda share: None, *, compiled: bool = True
) -> Bridge:  # fmt: skip
    """What each driver in which two plans differ adds to the NPV, averaged over all orders.

    φ_i = Σ_{S ∌ i} |S|! (n − |S| − 1)! / n! · (NPV(S ∪ i) − NPV(S)), S: drivers already changed.

    n differing drivers take 2ⁿ runs, at most 256. `tick` is told the share done and may raise to stop.
    CalculationError where a plan between the two has no finite books.
    Source: Shapley (1953), "A value for n-person games"; exact by construction (efficiency).
    """
    inputs = inputs_that_differ(first, second)
    names = tuple(inputs)
    worth = np.zeros(1 << len(names))
    for chosen in range(len(worth)):
        changed = frozenset(name for i, name in enumerate(names) if chosen >> i & 1)
        worth[chosen] = _npv_usd(between(first, second, changed), rules, compiled)
        tick((chosen + 1) / len(worth))
    bars = (_bar(name, i, worth, inputs[name]) for i, name in enumerate(names))
    return Bridge(float(worth[0]), float(worth[-1]), tuple(bars), len(worth))


def _npv_usd(plan: Plan, rules: tuple[CreditRule, ...], compiled: bool) -> float:
    with np.errstate(all="ignore"):  # what is not finite is named by the run
        made = run(plan.scenario, plan.weather, used_readings(plan.scenario, plan.market), rules, compiled=compiled)
    return float(finance.npv_usd(plan.scenario.finance.discount_rate, made.cash_usd))


def _bar(name: str, i: int, worth: np.ndarray, inputs: int) -> Bar:
    """A driver's mean over orders; bit `i` of an index of `worth` tells whether it is changed."""
    without = [chosen for chosen in range(len(worth)) if not chosen >> i & 1]
    n = len(worth).bit_length() - 1
    adds = {chosen: float(worth[chosen | 1 << i] - worth[chosen]) for chosen in without}
    usd = sum(_weight(chosen.bit_count(), n) * added for chosen, added in adds.items())
    return Bar(name, usd, adds[0], adds[max(without)], inputs)


def _weight(before: int, n: int) -> float:
    """Share of the orders of n drivers in which a certain set of `before` comes just before a certain driver."""
    return factorial(before) * factorial(n - before - 1) / factorial(n)
