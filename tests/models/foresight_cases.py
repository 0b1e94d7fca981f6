"""Plants to dispatch, and the same plants as linear and mixed-integer programmes for HiGHS to solve."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from core.fetchers.weather import BUNDLED, bundled
from core.models.dispatch import FLOWS, Hours, Storage, dispatch
from core.scenario import Scenario
from core.studies.energy import sunshine


def sun_kw(place: str, peak_kw: float) -> np.ndarray:
    """AC power of a bundled place (8760,), scaled to a peak."""
    ac_kw = sunshine(Scenario().array, bundled(place), 1).ac_kw[0]
    return ac_kw * (peak_kw / ac_kw.max())


def flat(value: float, hours: int = 8760) -> np.ndarray:
    return np.full(hours, float(value))


class Case(NamedTuple):
    hours: Hours
    storage: Storage
    grid_charging: bool = False

    @property
    def gross_usd(self) -> float:
        """Worth of all that could be mined, and of all sun sold: a scale for gaps."""
        h = self.hours
        mined = (np.maximum(h.worth_usd_per_kwh, 0.0) * h.step_kw).sum()
        return float(mined + (np.maximum(h.export_usd_per_kwh, 0.0) * np.minimum(h.pv_kw, h.export_limit_kw)).sum())

    def cut(self, start: int, length: int) -> Case:
        """Some of the hours."""
        h, s = self.hours, slice(start, start + length)
        series = {k: np.ascontiguousarray(v[..., s]) for k, v in vars(h).items() if isinstance(v, np.ndarray)}
        return self._replace(hours=Hours(**series, wear_usd_per_kwh=h.wear_usd_per_kwh))


def prices(rng: np.random.Generator, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Import and export price (8760,): flat, by time of use, hourly, or hourly and now and then negative."""
    hour = np.arange(8760) % 24
    if kind == "flat":
        return flat(rng.uniform(0.04, 0.12)), flat(rng.uniform(0.01, 0.04))
    if kind == "periods":
        buy = np.where((hour >= 16) & (hour < 21), rng.uniform(0.12, 0.3), rng.uniform(0.03, 0.08))
        return buy, buy * rng.uniform(0.3, 1.0)
    market = 0.05 * np.exp(rng.normal(0.0, 0.5, 8760)) + 0.02 * np.cos((hour - 19) / 24 * 2 * np.pi)
    if kind == "negative":
        market = market - np.where((hour > 9) & (hour < 15), 0.06, 0.0)
    return market + 0.01, market


def scenario_year(seed: int) -> Case:
    """One of many plants: places, sizes, steps, tariffs and limits drawn by lot. Import is never cheaper than export."""
    rng = np.random.default_rng(seed)
    kind = ("flat", "periods", "hourly", "hourly", "negative")[seed % 5]
    steps = 1 + seed % 3
    buy, sell = prices(rng, kind)
    warm = 1.0 - 0.1 * rng.random(8760)
    worth = np.sort(rng.uniform(0.02, 0.14, (steps, 1)), axis=0)[::-1] * np.ones(8760)
    hours = Hours(
        pv_kw=sun_kw(sorted(BUNDLED)[seed % len(BUNDLED)], rng.uniform(200, 2000)),
        step_kw=rng.uniform(50, 400, (steps, 1)) * warm,
        worth_usd_per_kwh=np.ascontiguousarray(worth),
        import_usd_per_kwh=buy,
        export_usd_per_kwh=sell,
        import_limit_kw=flat(0.0 if seed % 4 == 1 else rng.uniform(50, 600)),
        export_limit_kw=flat(0.0 if seed % 4 in (1, 2) else rng.uniform(50, 1500)),
        wear_usd_per_kwh=float(rng.choice([0.0, 0.005, 0.02])),
    )
    low = rng.uniform(0, 100)
    way = np.sqrt(rng.uniform(0.75, 0.97))
    storage = Storage(low, low + rng.uniform(100, 4000), rng.uniform(50, 800), float(way), low)
    return Case(hours, storage, bool(seed % 6 == 5))


def cyclic_rule(case: Case) -> tuple[np.ndarray, Storage]:
    """The rule's year that ends with the charge it begins with, and that charge in the storage."""
    storage = case.storage
    for _ in range(20):
        flow = dispatch(case.hours, storage)
        end = float(flow[FLOWS.index("soc_kwh"), -1])
        if abs(end - storage.soc_kwh) < 1e-9:
            break
        storage = storage._replace(soc_kwh=end)
    return flow, storage


class Programme(NamedTuple):
    """Flows as variables: steps, import, export, charge, discharge, soc, curtailed; then what a test adds."""

    cost: np.ndarray
    equal: Any
    equal_to: np.ndarray
    below: Any
    below_of: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def programme(case: Case, *, any_start: bool = False) -> Programme:
    """Power balance, state of charge in a circle, nothing dumped but sun, and no sun used twice."""
    h, (low, high, power, way, start) = case.hours, case.storage
    steps, hours = h.step_kw.shape
    one, none = sp.identity(hours, format="csc"), sp.csc_matrix((hours, hours))
    before = sp.diags([1.0, -1.0], [0, -1], shape=(hours, hours)).tolil()
    before[0, hours - 1] = -1.0
    balance = sp.hstack([one] * steps + [-one, one, one, -one, none, one])
    soc = sp.hstack([none] * (steps + 2) + [-way * one, one / way, before.tocsc(), none])
    sun = sp.hstack([none] * (steps + 2) + [none if case.grid_charging else one, none, none, one])
    zero, strong = np.zeros(hours), np.full(hours, power)
    usd = [
        *h.worth_usd_per_kwh,
        -h.import_usd_per_kwh,
        h.export_usd_per_kwh,
        zero,
        zero - h.wear_usd_per_kwh,
        zero,
        zero,
    ]
    upper = [*h.step_kw, h.import_limit_kw, h.export_limit_kw, strong, strong, zero + high, h.pv_kw]
    lower = [zero] * (steps + 4) + [zero + low, zero]
    if not any_start:
        lower[-2], upper[-2] = lower[-2].copy(), upper[-2].copy()
        lower[-2][-1] = upper[-2][-1] = start
    return Programme(
        -np.concatenate(usd), sp.vstack([balance, soc]).tocsr(), np.concatenate([h.pv_kw, zero]), sun.tocsr(),
        h.pv_kw, np.concatenate(lower), np.concatenate(upper),
    )  # fmt: skip


def solve(p: Programme) -> Any:
    """HiGHS's answer; `fun` is minus what is earned."""
    bounds = np.column_stack([p.lower, p.upper])
    found = linprog(p.cost, p.below, p.below_of, p.equal, p.equal_to, bounds, method="highs")
    assert found.status == 0, found.message
    return found


def lp_usd(case: Case, *, any_start: bool = False) -> float:
    return -float(solve(programme(case, any_start=any_start)).fun)


def with_peaks(case: Case, groups: list[np.ndarray], usd_per_kw: list[float]) -> float:
    """The programme with a price on the highest import of each group of hours [USD]."""
    p, (steps, hours) = programme(case), case.hours.step_kw.shape
    rows = np.concatenate(groups)
    which = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
    count = np.arange(rows.size)
    drawn = sp.csr_matrix((np.ones(rows.size), (count, steps * hours + rows)), (rows.size, p.cost.size))
    peaks = sp.csr_matrix((-np.ones(rows.size), (count, which)), (rows.size, len(groups)))
    below = sp.vstack([sp.hstack([p.below, sp.csr_matrix((hours, len(groups)))]), sp.hstack([drawn, peaks])]).tocsr()
    free = np.full(len(groups), np.inf)
    wide = Programme(
        np.concatenate([p.cost, usd_per_kw]), sp.hstack([p.equal, sp.csr_matrix((2 * hours, len(groups)))]).tocsr(),
        p.equal_to, below, np.concatenate([p.below_of, np.zeros(rows.size)]),
        np.concatenate([p.lower, np.zeros(len(groups))]), np.concatenate([p.upper, free]),
    )  # fmt: skip
    return -float(solve(wide).fun)


def milp_usd(case: Case, machine_kw: list[float] | None = None) -> float:
    """With importing or exporting, charging or discharging as either-or, and where given, machines as wholes [USD]."""
    p, (steps, hours) = programme(case), case.hours.step_kw.shape
    h, power = case.hours, case.storage.power_kw
    most_in = np.minimum(h.import_limit_kw, h.step_kw.sum(axis=0) + power)
    most_out = np.minimum(h.export_limit_kw, h.pv_kw + power)
    one, none = sp.identity(hours, format="csc"), sp.csc_matrix((hours, hours))
    extra = 2 + (steps if machine_kw else 0)

    def row(places: dict[int, Any]) -> Any:
        return sp.hstack([places.get(k, none) for k in range(steps + 6 + extra)])

    either = [
        row({steps: one, steps + 6: -sp.diags(most_in)}),
        row({steps + 1: one, steps + 6: sp.diags(most_out)}),
        row({steps + 2: one, steps + 7: -power * one}),
        row({steps + 3: one, steps + 7: power * one}),
    ]
    zero = np.zeros(hours)
    either_of = [zero, most_out, zero, zero + power]
    whole = [row({s: one, steps + 8 + s: -kw * one}) for s, kw in enumerate(machine_kw or [])]
    count = [np.floor(h.step_kw[s] / kw + 1e-9) for s, kw in enumerate(machine_kw or [])]

    def wider(matrix: Any) -> Any:
        return sp.hstack([matrix, sp.csr_matrix((matrix.shape[0], extra * hours))])

    equal, equal_to = sp.vstack([wider(p.equal), *whole]).tocsr(), np.concatenate([p.equal_to, *[zero for _ in whole]])
    below, below_of = sp.vstack([wider(p.below), *either]).tocsr(), np.concatenate([p.below_of, *either_of])
    found = milp(
        np.concatenate([p.cost, np.zeros(extra * hours)]),
        constraints=[LinearConstraint(equal, equal_to, equal_to), LinearConstraint(below, -np.inf, below_of)],
        bounds=Bounds(
            np.concatenate([p.lower, np.zeros(extra * hours)]),
            np.concatenate([p.upper, np.ones(2 * hours), *count]),
        ),
        integrality=np.concatenate([np.zeros(p.cost.size), np.ones(extra * hours)]),
        options={"mip_rel_gap": 1e-7, "time_limit": 60},
    )
    assert found.status == 0, found.message
    return -float(found.fun)
