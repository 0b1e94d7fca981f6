"""The best sizes of array, battery and fleet, each design judged as the causal rule will run it.

A coarse grid over all sizes, nothing among them, then grids of half the spacing around the best few designs until the
spacing is small; counts are whole. No gradient is trusted: an NPV has kinks where a size begins to bind, and a battery of
no power is worth nothing at any energy. What is best is projected by itself, and so are the neighbours that say what one
more of each is worth. With foresight of the whole year the same plant could earn more: that is its bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import ValidationError
from core.inputs import CreditRule, Market, Weather
from core.models import finance
from core.results import Projection
from core.scenario import Scenario
from core.studies import designs, operations, sizes_tried
from core.studies.constraints import Constraints
from core.studies.designs import COUNT, DC, ENERGY, POWER, SIZES, Ground, Judged
from core.studies.projection import project
from core.studies.run import run, used_readings
from core.vocabulary import METRICS

Floats: TypeAlias = NDArray[np.float64]
Tick: TypeAlias = Callable[[float], object]
OBJECTIVES = ("npv_usd", "irr", "payback_years", "cost_usd_per_btc")
STARTS, WIDE, HALVINGS = 3, 3, 10  # the best few are followed while the grid is wide, then the best alone
NEAR_FRAC = 0.02  # an alternative is worse than the best by no more than this share of its investment
ALTERNATIVES = 4
FINALISTS, APART = 16, 0.02  # projected by themselves where the search leaves something out
NAMES = {DC: "dc_kw", ENERGY: "energy_kwh", POWER: "power_kw", COUNT: "machines"}
SMALLEST = 1e-3  # of a size's range: no grid is finer


class Marginal(NamedTuple):
    """What one more of each size adds to the NPV of the best design [USD]."""

    array_usd_per_kw: float
    battery_usd_per_kwh: float
    battery_usd_per_kw: float
    machine_usd: float


@dataclass(frozen=True, eq=False)
class Sizing:
    """The best design and what it was chosen from.

    `best`: the scenario with its sizes; `metrics` of its projection, or of nothing at all where nothing is best. `designs`: all that were judged, a row each with sizes,
    objectives, investment, served share and whether the constraints hold; `frontier`: those that no other beats at less
    investment; `alternatives`: nearly as good and different. `bound_usd`: NPV if the plant were run with foresight.
    `approximations`: what designs were judged by without, in words; empty where they are exact. `edges`: paths of sizes
    that are best at the largest looked at.
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
    edges: tuple[str, ...] = ()

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
    *,
    rules: tuple[CreditRule, ...] = (),
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> Sizing:
    """The sizes of a scenario that serve an objective best within constraints.

    objective: npv_usd, irr, payback_years or cost_usd_per_btc. `tick` is told the share done, and may raise to stop.
    ValidationError for an objective or a constraint that cannot be, and for fleets of several kinds. The same inputs
    give the same sizes.
    """
    if objective not in OBJECTIVES:
        raise ValidationError(
            f"objective: expected {', '.join(OBJECTIVES)}",
            field="objective",
            value=objective,
            expected=", ".join(OBJECTIVES),
        )
    readings = used_readings(scenario, market)
    on = designs.ground(scenario, weather, readings, rules)
    search = _Search(on, objective, (constraints or Constraints()).checked(), compiled)
    search.run(lambda done: tick(0.9 * done))
    left_out = designs.approximations(scenario)
    if left_out:
        search.settle(lambda plan: project(plan, weather, market, rules=rules, compiled=compiled))
    best = search.best()
    plan = designs.sized(scenario, best)
    built = plan if best.any() else _nothing(plan)
    with np.errstate(all="ignore"):
        bound = _bound_usd(built, weather, on, compiled)
    told = project(built, weather, market, rules=rules, compiled=compiled)
    tick(1.0)
    frame = search.frame()
    return Sizing(
        plan,
        told.metrics,
        objective,
        frame,
        _frontier(frame, objective),
        _alternatives(frame, objective, search.range),
        search.marginal(best),
        bound,
        left_out,
        tuple(path for path, got, most in zip(SIZES, best, search.range, strict=True) if got >= most > 0),
    )


class _Search:
    """Designs judged so far, and the best of them."""

    def __init__(self, on: Ground, objective: str, constraints: Constraints, compiled: bool) -> None:
        self.on, self.objective, self.constraints, self.compiled = on, objective, constraints, compiled
        self.range = sizes_tried.reach(on.scenario, constraints)
        self.sizes, self.rows = np.zeros((0, 4)), np.zeros((0, len(COLUMNS)))
        self.known: set[bytes] = set()
        self.finalists: list[int] = []

    def run(self, tick: Tick) -> None:
        """The coarse grid, then finer ones around the best."""
        self._judge(sizes_tried.coarse(self.range))
        spacing = self.range / np.array([sizes_tried.LEVELS[n] - 1 for n in range(4)])
        for halving in range(HALVINGS):
            tick((1 + halving) / (HALVINGS + 1))
            spacing = np.maximum(spacing / 2.0, SMALLEST * self.range)
            spacing[COUNT] = max(spacing[COUNT], 1.0)
            near = sizes_tried.around if halving < WIDE else sizes_tried.planes
            starts = self._starts(STARTS if halving < WIDE else 1)
            self._judge(np.concatenate([near(start, spacing, self.range) for start in starts]))
        tick(1.0)

    def settle(self, projected: Callable[[Scenario], Projection]) -> None:
        """Project the best designs that differ, and nothing at all, by themselves: the best is then one of these."""
        chosen = self._apart(FINALISTS, APART)
        nothing = np.flatnonzero(~self.sizes.any(axis=1))
        for row in chosen:
            if self.sizes[row].any():
                metrics = projected(designs.sized(self.on.scenario, self.sizes[row])).metrics
                values = [metrics[TOLD_AS.get(name, name)] for name in COLUMNS]
                self.rows[row] = [np.nan if value is None else value for value in values]
        self.finalists = list(dict.fromkeys([*chosen, *nothing.tolist()]))

    def best(self) -> Floats:
        """Sizes of the best design, (4,); of equals the cheapest."""
        return np.asarray(self.sizes[self._order()[0]])

    def _order(self) -> NDArray[np.intp]:
        """Designs from the best on, finalists before all others."""
        other = np.full(len(self.rows), bool(self.finalists))
        other[self.finalists] = False
        return np.lexsort((self.rows[:, CAPEX], -self._goodness(), other))

    def _goodness(self) -> Floats:
        """The objective so that more is better; −∞ where there is none or a constraint is broken."""
        values = self.rows[:, COLUMNS.index(self.objective)]
        signed = values if METRICS[self.objective].good == "up" else -values
        good: Floats = np.where(np.isfinite(signed) & self._allowed(), signed, -np.inf)
        return good

    def _allowed(self) -> NDArray[np.bool_]:
        asked = self.constraints
        inside = np.ones(len(self.rows), np.bool_)
        if asked.budget_usd is not None:
            inside &= self.rows[:, CAPEX] <= asked.budget_usd * (1 + 1e-12)
        if asked.min_served_frac is not None:
            inside &= (self.rows[:, SERVED] >= asked.min_served_frac) | (self.sizes[:, COUNT] == 0)
        return inside

    def _starts(self, most: int) -> list[Floats]:
        """The best designs that are not beside a better one."""
        return [self.sizes[row] for row in self._apart(most, 0.2)]

    def _apart(self, most: int, share: float) -> list[int]:
        """The best designs of which no two are nearer in every size than a share of its range."""
        chosen: list[int] = []
        scaled = self.sizes / np.maximum(self.range, 1e-9)
        for row in self._order().tolist():
            if all(np.abs(scaled[row] - scaled[other]).max() > share for other in chosen):
                chosen.append(row)
            if len(chosen) == most:
                break
        return chosen

    def _judge(self, sizes: Floats) -> int:
        """Judge what is new of some designs within reach; how many there were."""
        tidy = sizes_tried.tidy(np.minimum(sizes, self.range))
        new = [row for row in dict.fromkeys(map(bytes, np.ascontiguousarray(tidy))) if row not in self.known]
        if not new:
            return 0
        self.known |= set(new)
        fresh = np.frombuffer(b"".join(new)).reshape(-1, 4)
        fresh = fresh[self._affordable(fresh)]
        if not len(fresh):
            return 0
        told = designs.judged(self.on, fresh, compiled=self.compiled)
        self.sizes = np.concatenate([self.sizes, fresh])
        self.rows = np.concatenate([self.rows, _figures(self.on, told)])
        return len(fresh)

    def _affordable(self, sizes: Floats) -> NDArray[np.bool_]:
        """Whether designs are within the budget, before they are run; nothing at all always is looked at."""
        if self.constraints.budget_usd is None:
            return np.ones(len(sizes), np.bool_)
        capex = designs.capex_usd(self.on, sizes)
        return (capex <= self.constraints.budget_usd * (1 + 1e-12)) | ~sizes.any(axis=1)

    def frame(self) -> pd.DataFrame:
        """All designs with their figures, best first."""
        order = self._order()
        sizes = pd.DataFrame(self.sizes[order], columns=[NAMES[n] for n in range(4)])
        figures = pd.DataFrame(self.rows[order], columns=list(COLUMNS))
        return sizes.join(figures).assign(allowed=self._allowed()[order])

    def marginal(self, best: Floats) -> Marginal:
        """One more of each size, the others as they are."""
        told = designs.judged(self.on, np.stack([best, *(best + np.eye(4))]), compiled=self.compiled)
        npv = np.asarray(told.account.metrics["npv_usd"])
        return Marginal(*(float(usd) for usd in npv[1:] - npv[0]))


COLUMNS = ("npv_usd", "irr", "payback_years", "cost_usd_per_btc", "capex_usd", "mined_btc", "served_frac")
TOLD_AS = {"served_frac": "fleet_utilisation_frac"}  # in the metrics of a projection
NOTHING = (0.0, np.nan, np.inf, np.nan, 0.0, 0.0, 0.0)
CAPEX, SERVED = COLUMNS.index("capex_usd"), COLUMNS.index("served_frac")


def _figures(on: Ground, told: Judged) -> Floats:
    """Figures of designs in the order of `COLUMNS`, (n, 7); nan or inf where one does not exist."""
    equity, rate = told.account.equity_usd, on.scenario.finance.discount_rate
    with np.errstate(all="ignore"):
        values = {
            "npv_usd": finance.npv_usd(rate, equity),
            "irr": finance.irr(equity),
            "payback_years": finance.payback_years(equity),
            "cost_usd_per_btc": designs.cost_usd_per_btc(on, told),
            "capex_usd": told.capex_usd,
            "mined_btc": told.mined_btc.sum(axis=-1),
            "served_frac": told.served_frac,
        }
    rows = np.stack([np.broadcast_to(values[name], (len(told.sizes),)) for name in COLUMNS], axis=-1)
    rows[~told.sizes.any(axis=1)] = NOTHING  # what is not begun costs nothing, not even its connection
    return rows


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


def _alternatives(frame: pd.DataFrame, objective: str, most: Floats) -> pd.DataFrame:
    """Designs nearly as good as the best that are least like it and each other (near-optimal alternatives, as in MGA)."""
    able: pd.DataFrame = frame[frame["allowed"] & np.isfinite(frame[objective])]
    if able.empty:
        return able
    best = able.iloc[0]
    slack = NEAR_FRAC * max(abs(float(best["capex_usd"])), 1.0)
    if objective != "npv_usd":
        slack = NEAR_FRAC * abs(float(best[objective]))
    near = able[(able[objective] - best[objective]).abs() <= slack]
    scaled = near[[NAMES[n] for n in range(4)]].to_numpy() / np.maximum(most, 1e-9)
    apart = np.abs(scaled - scaled[0]).max(axis=1)
    chosen: list[int] = []
    while len(chosen) < min(ALTERNATIVES, len(near)) and apart.max() > 0.02:
        chosen.append(int(np.argmax(apart)))
        apart = np.minimum(apart, np.abs(scaled - scaled[chosen[-1]]).max(axis=1))
    told: pd.DataFrame = near.iloc[chosen].reset_index(drop=True)
    return told


def _bound_usd(plan: Scenario, weather: Weather, on: Ground, compiled: bool) -> float:
    """NPV of a plan if each year were run with perfect foresight, tax on the gain left out [USD]."""
    base = run(plan, weather, on.readings, on.rules, compiled=compiled)
    gains = operations.foresight_by_year(base, weather, compiled=compiled)
    npv = finance.npv_usd(plan.finance.discount_rate, base.cash_usd)
    return float(npv + finance.npv_usd(plan.finance.discount_rate, np.append(0.0, gains)))
