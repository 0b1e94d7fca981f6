"""Two plans lived under the same chances: how far they lie apart path by path, which is the better bet, and against what else.

Path 17 of the first plan has the price, network, power prices and sun of path 17 of the second, so that what chance does to both falls out
of their difference. Source: common random numbers, Glasserman & Yao (1992), Management Science 38:884.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.inputs import CreditRule, Market, Weather
from core.models import risk, tax
from core.models.dominance import Orders, dominance
from core.scenario import Scenario
from core.sections import Battery, Outlook, Risk
from core.studies.fleet import fleet_hashrate_ths
from core.studies.levies import taxes
from core.studies.outcomes import chance_told, percentile_told
from core.studies.progress import Tick, part
from core.studies.run import run, used_readings
from core.studies.simulation import approximations, simulate

Floats: TypeAlias = NDArray[np.float64]
Told: TypeAlias = dict[str, tuple[float, float]]  # by name a figure and its standard error
PERCENTILES = (5, 25, 50, 75, 95)
LEVEL = 0.95  # of the worst paths, those beyond it
SELL, GRID, HOLD = "Sell the power", "Mine on the grid", "Buy and hold"
# what of an outlook is the world's; fees, payouts and coins held are the plan's own
WORLD = (
    "price_usd",
    "difficulty",
    "fees_btc_per_block",
    "price_path",
    "price_growth_per_year",
    "power_law_exponent",
    "own_price_usd",
    "difficulty_path",
    "network_j_per_th",
    "network_usd_per_kwh",
    "difficulty_growth_per_year",
    "growth_fade_years",
    "grows_from",
    "hardware",
)
OF_NO_NPV = ("paths", "seed", "safe_rate_per_year", "liquidity_usd")  # of the risk section


class Plan(NamedTuple):
    """A scenario, and the weather and market it stands under."""

    scenario: Scenario
    weather: Weather
    market: Market


@dataclass(frozen=True, eq=False)
class Differences:
    """The second plan less the first, over the same paths.

    `scenarios`: as they were lived. `paths`, a row each: `first_npv_usd`, `second_npv_usd`, `difference_usd`. `metrics` by name, and `errors`:
    standard errors of those that have one. `variance_ratio`: variance of the difference over what it would be with chances of their own, nan where
    chance has no say. `orders`: which of the two dominates. `alternatives`: of each `plan`, itself and what else could be done, with
    percentiles of its NPV [USD] and in what share of the `paths` both lived the plan beats it, ± `error_frac`.
    """

    scenarios: tuple[Scenario, Scenario]
    paths: pd.DataFrame
    metrics: dict[str, float]
    errors: dict[str, float]
    orders: Orders
    alternatives: pd.DataFrame
    notices: tuple[str, ...]
    approximations: tuple[str, ...]


def differences(
    first: Plan,
    second: Plan,
    paths: int | None = None,
    seed: int | None = None,
    *,
    rules: tuple[CreditRule, ...] = (),
    tick: Tick = lambda share: None,
    enough: Callable[[], bool] = lambda: False,
    compiled: bool = True,
) -> Differences:
    """Live two plans, and what else could be done with the money of each, through the same paths.

    The world is the first plan's: its market, the outlook for bitcoin and what is left to chance; where the second has others, a notice
    says so. paths and seed None: from the first's risk section. `tick` and `enough` as for `simulate`; where time is up, plans are
    held against each other over the paths that both have lived.
    """
    count = first.scenario.risk.paths if paths is None else paths
    key = first.scenario.risk.seed if seed is None else seed
    plans = {"first": first, "second": Plan(in_world_of(first.scenario, second.scenario), second.weather, first.market)}
    others = {name: _alternatives(plan) for name, plan in plans.items()}
    asked = list(dict.fromkeys([*plans.values(), *others["first"].values(), *others["second"].values()]))
    lives: dict[Plan, pd.DataFrame] = {}
    for i, plan in enumerate(asked):
        told = simulate(
            *plan,
            count,
            key,
            rules=rules,
            tick=part(tick, i / len(asked), (i + 1) / len(asked)),
            enough=enough,
            compiled=compiled,
        )
        lives[plan] = told.paths[["npv_usd", "price_end_usd"]]
    npv = _side_by_side(*(lives[plan]["npv_usd"].to_numpy() for plan in plans.values()))
    figures = _figures(npv)
    rows = [row for name, plan in plans.items() for row in _rows(name, plan, others[name], lives, rules)]
    return Differences(
        (plans["first"].scenario, plans["second"].scenario),
        npv,
        {name: value for name, (value, _) in figures.items()},
        {name: error for name, (_, error) in figures.items() if not np.isnan(error)},
        dominance(npv["first_npv_usd"], npv["second_npv_usd"]),
        pd.DataFrame(rows),
        (*_cut_short(len(npv), count), *_notices(first, second)),
        tuple(dict.fromkeys(words for plan in plans.values() for words in approximations(plan.scenario))),
    )


def in_world_of(first: Scenario, other: Scenario) -> Scenario:
    """A plan in the world of the first."""
    world = {name: getattr(first.outlook, name) for name in WORLD}
    return other.model_copy(update={"outlook": other.outlook.model_copy(update=world), "risk": first.risk})


# What is told of both


def _side_by_side(first_usd: Floats, second_usd: Floats) -> pd.DataFrame:
    """NPVs of the paths that both have lived, and their difference."""
    both = min(len(first_usd), len(second_usd))
    first, second = first_usd[:both], second_usd[:both]
    return pd.DataFrame({"first_npv_usd": first, "second_npv_usd": second, "difference_usd": second - first})


def _figures(npv: pd.DataFrame) -> Told:
    first, second, apart = (npv[name].to_numpy() for name in ("first_npv_usd", "second_npv_usd", "difference_usd"))
    told: Told = {"difference_mean_usd": (float(apart.mean()), float(risk.mean_error_usd(apart)))}
    told |= {f"difference_p{p}_usd": percentile_told(apart, p / 100.0) for p in PERCENTILES}
    told["second_better_probability_frac"] = chance_told(apart > 0)
    told["first_better_probability_frac"] = chance_told(apart < 0)
    told["variance_ratio"] = (_variance_ratio(first, second), np.nan)
    for name, values in (("first", first), ("second", second)):
        told[f"{name}_npv_p50_usd"] = percentile_told(values, 0.5)
        told[f"{name}_cvar_95_usd"] = (
            float(risk.cvar_usd(values, LEVEL)),
            float(risk.cvar_error_usd(values, LEVEL)),
        )
    return told


def _variance_ratio(first: Floats, second: Floats) -> float:
    """Var(B − A) / (Var A + Var B), from 0 to 2: below 1, common chances have helped."""
    alone = _variance(first) + _variance(second)
    return _variance(second - first) / alone if alone > 0 else float("nan")


def _variance(values: Floats) -> float:
    """0 where nothing strays: the mean of equal floats may miss them by their last bit."""
    return float(values.var()) if np.ptp(values) > 0 else 0.0


# What else could be done


def _alternatives(plan: Plan) -> dict[str, Plan]:
    """The plan's site without its machines, and without its sun, where that earns anything, as beside the projection."""
    scenario = plan.scenario
    found: dict[str, dict[str, Any]] = {}
    if scenario.array.dc_kw > 0 and scenario.grid.export_limit_kw > 0:
        found[SELL] = {"fleet": scenario.fleet.model_copy(update={"units": ()})}
    if fleet_hashrate_ths(scenario.fleet) > 0 and scenario.grid.import_limit_kw > 0:
        found[GRID] = {"array": scenario.array.model_copy(update={"dc_kw": 0.0})}
    # one name for all, so that two plans that share an alternative live it once
    return {
        name: plan._replace(scenario=scenario.model_copy(update={"name": name, "battery": Battery(), **changes}))
        for name, changes in found.items()
    }


def _rows(
    name: str,
    plan: Plan,
    others: Mapping[str, Plan],
    lives: Mapping[Plan, pd.DataFrame],
    rules: tuple[CreditRule, ...],
) -> list[dict[str, Any]]:
    """The plan itself and each alternative to it."""
    npv, price_end = (lives[plan][column].to_numpy() for column in ("npv_usd", "price_end_usd"))
    values = {other: lives[its]["npv_usd"].to_numpy() for other, its in others.items()}
    base = run(plan.scenario, plan.weather, used_readings(plan.scenario, plan.market), rules)
    paid_usd, price_usd = -float(base.cash_usd[0]), float(base.path.price_usd[0])
    if paid_usd > 0 and price_usd > 0:
        values[HOLD] = held_npv_usd(plan.scenario, paid_usd, price_usd, price_end)
    itself = {"plan": name, "alternative": "This plan", **_reach(npv), "paths": len(npv)}
    return [itself, *(_row(name, other, npv, usd) for other, usd in values.items())]


def _row(name: str, other: str, npv: Floats, usd: Floats) -> dict[str, Any]:
    both = min(len(npv), len(usd))
    beats, error = chance_told(npv[:both] > usd[:both])
    return {"plan": name, "alternative": other, **_reach(usd), "plan_better_probability_frac": beats, "error_frac": error, "paths": both}  # fmt: skip


def _reach(usd: Floats) -> dict[str, float]:
    return {f"p{p}_usd": float(risk.percentile_usd(usd, p / 100.0)) for p in (5, 50, 95)}


def held_npv_usd(scenario: Scenario, paid_usd: float, price_usd: float, price_end_usd: Floats) -> Floats:
    """NPV of coins bought on the first day and sold in the last month, by path.

    NPV = −I + (S − tax(S − I)) / (1 + r)^N, S = I · (1 − fee)² · end price / first price; a business is taxed on the gain as on the
    mine's coins, a loss saves nothing. Of `buy_and_hold` the case of one payment: what the plan puts in later is not put into coins.

    paid_usd I: the owner's money of the first day, as planned [USD]; price_usd [USD/BTC]; price_end_usd (paths,).
    """
    terms, kept = scenario.finance, 1.0 - scenario.outlook.exchange_fee_frac
    brought = paid_usd * kept * (price_end_usd / price_usd) * kept
    if terms.tax.taxpayer == "business":
        gain = np.stack([np.zeros(brought.shape), brought - paid_usd], axis=-1)
        brought = brought - taxes(terms, tax.ring_fenced_usd(gain), np.zeros(gain.shape)).tax_usd[:, -1]
    worth: Floats = brought / (1.0 + terms.discount_rate) ** terms.horizon_years - paid_usd
    return worth


# What a reader should know first


def _cut_short(lived: int, asked: int) -> tuple[str, ...]:
    if lived >= asked:
        return ()
    return (f"Time was up after {lived:,} of the {asked:,} lives asked for: the figures are of these.",)


def _notices(first: Plan, second: Plan) -> tuple[str, ...]:
    one, other = first.scenario, second.scenario
    found = []
    if foreign := _other_world(first, second):
        found.append(f"The second plan is lived in the world of the first. Its own is left out: {', '.join(foreign)}.")
    if first.weather.digest != second.weather.digest:
        found.append(
            "The plans have different weather years; what chance does to the sun of one it does to the other's."
        )
    if one.outlook.start_month != other.outlook.start_month:
        found.append("The plans begin in different months: they share chances by month of operation, not by date.")
    if one.finance.horizon_years != other.finance.horizon_years:
        found.append("The plans run for different times: price and network of a life are not the same in both, and their difference is wider for it.")  # fmt: skip
    if one.finance.discount_rate != other.finance.discount_rate:
        found.append("Each plan is discounted at its own rate.")
    return tuple(found)


def _other_world(first: Plan, second: Plan) -> list[str]:
    """In what the second plan's own world differs, by its words in a form."""
    seen = [{r.name: r.value for r in used_readings(plan.scenario, plan.market)} for plan in (first, second)]
    one, other = first.scenario, second.scenario
    read = [name for name in WORLD if name in seen[0] and seen[0][name] != seen[1][name]]
    told = [
        name for name in WORLD if name not in seen[0] and getattr(one.outlook, name) != getattr(other.outlook, name)
    ]
    chance = [
        name
        for name in Risk.model_fields
        if name not in OF_NO_NPV and getattr(one.risk, name) != getattr(other.risk, name)
    ]
    titles = [Outlook.model_fields[name].title or name.capitalize() for name in (*read, *told)]
    return list(dict.fromkeys([*titles, *(Risk.model_fields[name].title or name for name in chance)]))
