"""The best sizes of array, battery and fleet, each design judged as the causal rule will run it.

What is best is projected by itself, and so are the neighbours that say what one more of each is worth. With foresight of
the whole year the same plant could earn more: that is its bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import ValidationError
from core.inputs import CreditRule, Market, Reading, Weather
from core.models import dispatch, draws, finance, foresight, lanes, lookup, rates, sorted_hours, treasury
from core.scenario import Scenario
from core.sections import Unit
from core.studies import designs, operations
from core.studies.constraints import Constraints
from core.studies.designs import SIZES
from core.studies.fleet import unit_steps
from core.studies.progress import Tick
from core.studies.projection import project
from core.studies.run import run, used_readings
from core.studies.search import NAMES, Question, Search, label
from core.studies.variables import Variables
from core.vocabulary import METRICS

Floats: TypeAlias = NDArray[np.float64]
OBJECTIVES = ("npv_usd", "irr", "payback_years", "cost_usd_per_btc")
NEAR_FRAC = 0.02  # an alternative is worse than the best by no more than this share of its investment
ALTERNATIVES = 4
FINALISTS, APART = 16, 0.02  # projected by themselves where the search leaves something out


def compile_kernels(plan: Scenario, variables: Variables | None = None) -> None:
    """Make ready what a search of this plan runs: seconds the first time on a machine, then from disk.

    Plain engines answer otherwise, some forty times slower.
    """
    for model in (dispatch, rates, foresight, draws, lookup, sorted_hours, treasury):
        model.compile_kernel()
    own = [len(unit_steps(unit).power_w) for unit in plan.fleet.units]
    others = [len(unit_steps(unit).power_w) for unit in (variables or Variables()).units]
    for steps in {*own, *others, sum(own), 0}:  # paths run a fleet of several kinds as one; plans are held against none
        lanes.compile_kernel(steps)


class Marginal(NamedTuple):
    """What one more of each size adds to the NPV of the best design [USD]."""

    array_usd_per_kw: float
    battery_usd_per_kwh: float
    battery_usd_per_kw: float
    machine_usd: float


@dataclass(frozen=True, eq=False)
class Sizing:
    """The best design and what it was chosen from.

    `best`: the scenario with its sizes; `metrics` of its projection, or of nothing at all where nothing is best.
    `designs`: all that were judged, a row each with sizes, tilt, DC to AC ratio, machine, objectives, investment, served
    share and whether the constraints hold, the best first; `frontier`: those that no other beats at less investment;
    `alternatives`: nearly as good and different. `bound_usd`: NPV if the plant were run with foresight.
    `approximations`: what designs were judged by without, in words; empty where they are exact. `looked_at`: lowest and
    highest of each size by its path; `edges`: paths of sizes that are best at the highest. `kinds`: kinds of machines by their
    name in `designs`.
    """

    best: Scenario
    metrics: dict[str, float | None]
    objective: str
    designs: pd.DataFrame
    frontier: pd.DataFrame
    alternatives: pd.DataFrame
    marginal: Marginal
    bound_usd: float
    approximations: tuple[str, ...]
    constraints: Constraints
    looked_at: dict[str, tuple[float, float]]
    kinds: dict[str, Unit]

    @property
    def edges(self) -> tuple[str, ...]:
        return tuple(path for path, (low, most) in self.looked_at.items() if self.best.at(path) >= most > low)

    @property
    def gap_usd(self) -> float:
        """What foresight would add to the best design at most."""
        return self.bound_usd - float(self.metrics["npv_usd"] or 0.0)


def size(
    scenario: Scenario,
    weather: Weather,
    market: Market,
    objective: str = "npv_usd",
    constraints: Constraints | None = None,
    variables: Variables | None = None,
    *,
    rules: tuple[CreditRule, ...] = (),
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> Sizing:
    """The sizes of a scenario that serve an objective best within constraints.

    objective: npv_usd, irr, payback_years or cost_usd_per_btc. `tick` is told the share done, and may raise to stop.
    ValidationError for an objective, a constraint or a range that cannot be, and for fleets of several kinds where none
    are given to choose from. The same inputs give the same sizes.
    """
    _check_objective(objective)
    limits, sought = (constraints or Constraints()).checked(), (variables or Variables()).checked()
    readings = used_readings(scenario, market)
    search = Search(Question(scenario, weather, readings, rules, objective, limits, sought, compiled), tick)

    def metrics_of(plan: Scenario) -> dict[str, float | None]:
        return project(plan, weather, market, rules=rules, compiled=compiled).metrics

    search.run()
    left_out = designs.approximations(scenario)
    if left_out:
        search.settle(metrics_of, FINALISTS, APART)
    row = search.best()
    best, sizes, setting = search.plan(row), search.sizes[row], search.settings[search.of[row]]
    built = best if sizes.any() else _nothing(best)
    frame, ends = search.frame(), search.ends(setting)
    metrics, marginal = metrics_of(built), _marginal(best, sizes, weather, readings, rules, compiled)
    return Sizing(
        best,
        metrics,
        objective,
        frame,
        _frontier(frame, objective),
        _alternatives(frame, objective, ends[1] - ends[0]),
        marginal,
        _bound_usd(built, weather, readings, rules, compiled),
        left_out,
        limits,
        {path: (float(low), float(most)) for path, low, most in zip(SIZES, *ends, strict=True)},
        {label(unit): unit for unit in search.kinds},
    )


def _check_objective(objective: str) -> None:
    if objective not in OBJECTIVES:
        known = ", ".join(OBJECTIVES)
        raise ValidationError(f"objective: expected {known}", field="objective", value=objective, expected=known)


def _marginal(
    best: Scenario,
    sizes: Floats,
    weather: Weather,
    readings: tuple[Reading, ...],
    rules: tuple[CreditRule, ...],
    compiled: bool,
) -> Marginal:
    """One more of each size, the others as they are: the neighbours run by themselves."""
    rate = best.finance.discount_rate

    def npv_usd(at: Floats) -> float:
        ran = run(designs.sized(best, at), weather, readings, rules, compiled=compiled)
        return float(finance.npv_usd(rate, ran.cash_usd))

    own = npv_usd(sizes)
    return Marginal(*(npv_usd(sizes + one) - own for one in np.eye(4)))


def _nothing(plan: Scenario) -> Scenario:
    """A plan of no size that is not begun: no connection, no land, no fixed cost."""
    free = ("interconnection_usd", "other_usd", "fixed_usd_per_year", "owning.land_lease_usd_per_year")
    fixed = ("fixed_usd_per_month", *(f"tariff.{name}" for name in ("fixed_usd_per_month", "fixed_usd_per_day",
             "minimum_usd_per_month", "minimum_usd_per_year")))  # fmt: skip
    return plan.but({**{f"finance.{name}": 0.0 for name in free}, **{f"grid.{name}": 0.0 for name in fixed}})


# What is told


def _frontier(frame: pd.DataFrame, objective: str) -> pd.DataFrame:
    """Allowed designs that none beats at no more investment, cheapest first."""
    sign = 1.0 if METRICS[objective].good == "up" else -1.0
    able = frame[frame["allowed"] & np.isfinite(frame[objective])].copy()
    able["_good"] = sign * able[objective]
    able = able.sort_values(["capex_usd", "_good"], ascending=[True, False])
    leading = able["_good"] > able["_good"].cummax().shift(fill_value=-np.inf)
    told: pd.DataFrame = able[leading].drop(columns="_good").reset_index(drop=True)
    return told


def _alternatives(frame: pd.DataFrame, objective: str, span: Floats) -> pd.DataFrame:
    """Designs nearly as good as the best that are least like it and each other (near-optimal alternatives, as in MGA)."""
    able: pd.DataFrame = frame[frame["allowed"] & np.isfinite(frame[objective])]
    if able.empty:
        return able
    best = able.iloc[0]
    slack = NEAR_FRAC * max(abs(float(best["capex_usd"])), 1.0)
    if objective != "npv_usd":
        slack = NEAR_FRAC * abs(float(best[objective]))
    near = able[(able[objective] - best[objective]).abs() <= slack]
    apart = _unlike(near, 0, span)
    chosen: list[int] = []
    while len(chosen) < min(ALTERNATIVES, len(near)) and apart.max() > APART:
        chosen.append(int(np.argmax(apart)))
        apart = np.minimum(apart, _unlike(near, chosen[-1], span))
    told: pd.DataFrame = near.iloc[chosen].reset_index(drop=True)
    return told


def _unlike(frame: pd.DataFrame, row: int, span: Floats) -> Floats:
    """How unlike a design each is: the largest difference of a size by its range; another machine is a whole one, (n,) [1]."""
    scaled = frame[list(NAMES.values())].to_numpy() / np.maximum(span, 1e-9)
    other = (frame["model"] != frame["model"].iloc[row]).to_numpy(np.float64)
    apart: Floats = np.maximum(np.abs(scaled - scaled[row]).max(axis=1), other)
    return apart


def _bound_usd(
    plan: Scenario, weather: Weather, readings: tuple[Reading, ...], rules: tuple[CreditRule, ...], compiled: bool
) -> float:
    """NPV of a plan if each year were run with perfect foresight, tax on the gain left out [USD]."""
    base = run(plan, weather, readings, rules, compiled=compiled)
    gains = operations.foresight_by_year(base, weather, compiled=compiled)
    npv = finance.npv_usd(plan.finance.discount_rate, base.cash_usd)
    return float(npv + finance.npv_usd(plan.finance.discount_rate, np.append(0.0, gains)))
