"""Set-points of import where a month's peak is charged for: an outer search around dispatch with foresight.

What the year earns less what its peaks cost is concave in the set-points. Each month is searched with its hours alone,
between the charges that the year's plan has at the month's two ends: months hang together through the battery only, and a
battery is small beside a month. The year is then solved with the set-points, which moves those charges, and searched once
more. With several prices within a month, its set-points are searched one after the other in turn; a joint move of two can be
missed, as with any search along the axes of a function with edges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.models.dispatch import FLOWS, Array, Hours, Storage
from core.models.foresight import Plan, bound_usd, optimal
from core.models.foresight_curves import part

IMPORT, SOC = FLOWS.index("import_kw"), FLOWS.index("soc_kwh")
GOLDEN = (5**0.5 - 1) / 2
STEPS = 26  # of golden section: 4e-6 of the range
TURNS = 3  # through the set-points of a month with several
YEARS = 3  # of searching all months


@dataclass(frozen=True, eq=False)
class Demand:
    """Price of a kW of peak [USD/kW]: at any hour of each month, (months,), and within a period, (periods, months).

    `month`, `period` (hours,): which each hour is in; months follow each other. `free_kw` (months,): billed whatever is
    drawn.
    """

    month: NDArray[np.intp]
    period: NDArray[np.intp]
    month_usd_per_kw: Array
    timed_usd_per_kw: Array
    free_kw: Array


class WithDemand(NamedTuple):
    """A plan under set-points: `month_kw` (months,) and `timed_kw` (periods, months), inf where none is; peaks' cost."""

    plan: Plan
    month_kw: Array
    timed_kw: Array
    demand_usd: float

    @property
    def earned_usd(self) -> float:
        return self.plan.earned_usd - self.demand_usd


def demand_usd(demand: Demand, import_kw: Array) -> float:
    """What the peaks of (hours,) cost over all months [USD]."""
    months, periods = demand.month_usd_per_kw.size, len(demand.timed_usd_per_kw)
    timed = np.zeros((periods, months))
    np.maximum.at(timed, (demand.period, demand.month), import_kw)
    billed = np.maximum(timed.max(axis=0), demand.free_kw)
    return float((billed * demand.month_usd_per_kw).sum() + (timed * demand.timed_usd_per_kw).sum())


def with_demand(
    hours: Hours, storage: Storage, demand: Demand, *, grid_charging: bool = False, compiled: bool = True
) -> WithDemand:
    """The set-points that pay best and the plan under them, with perfect foresight."""
    caps = _Caps.open(demand)
    best = _under(hours, storage, demand, caps, grid_charging, compiled)
    for _ in range(YEARS):
        soc = np.append(storage.soc_kwh, best.plan.flows[SOC])
        search = _Search(hours, storage, demand, soc, grid_charging, compiled)
        caps = caps.joined([search.month(n, caps.of(n)) for n in range(demand.month_usd_per_kw.size)])
        found = _under(hours, storage, demand, caps, grid_charging, compiled)
        gain, best = found.earned_usd - best.earned_usd, max(found, best, key=lambda way: way.earned_usd)
        if gain <= 1e-6 * abs(best.earned_usd):
            break
    return best


class _Caps(NamedTuple):
    """Set-points [kW]: (months,), and (periods, months)."""

    month_kw: Array
    timed_kw: Array

    @classmethod
    def open(cls, demand: Demand) -> _Caps:
        return cls(np.full(demand.month_usd_per_kw.shape, np.inf), np.full(demand.timed_usd_per_kw.shape, np.inf))

    def of(self, month: int) -> Array:
        """Those of one month: its own, then the periods'."""
        return np.append(self.month_kw[month], self.timed_kw[:, month])

    def joined(self, months: list[Array]) -> _Caps:
        rows = np.stack(months, axis=-1)
        return _Caps(rows[0], rows[1:])


def _capped(hours: Hours, demand: Demand, caps: _Caps) -> Hours:
    cap = np.minimum(caps.month_kw[demand.month], caps.timed_kw[demand.period, demand.month])
    return replace(hours, import_limit_kw=np.minimum(hours.import_limit_kw, cap))


def _under(
    hours: Hours, storage: Storage, demand: Demand, caps: _Caps, grid_charging: bool, compiled: bool
) -> WithDemand:
    plan = optimal(_capped(hours, demand, caps), storage, grid_charging=grid_charging, compiled=compiled)
    return WithDemand(plan, *caps, demand_usd(demand, plan.flows[IMPORT]))


class _Search(NamedTuple):
    """One search through the year: `soc_kwh` (hours + 1,) fixes the charge at the ends of each month."""

    hours: Hours
    storage: Storage
    demand: Demand
    soc_kwh: Array
    grid_charging: bool
    compiled: bool

    def month(self, month: int, caps: Array) -> Array:
        """The best set-points of a month (1 + periods,), its own first, each in turn."""
        usd = np.append(self.demand.month_usd_per_kw[month], self.demand.timed_usd_per_kw[:, month])
        inside = np.flatnonzero(self.demand.month == month)
        if not usd.any() or not inside.size:
            return caps
        within = slice(inside[0], inside[-1] + 1)
        hours, period = part(self.hours, within), self.demand.period[within]
        most = np.append(0.0, np.zeros(len(usd) - 1))
        np.maximum.at(most, period + 1, np.minimum(hours.import_limit_kw, self._useful_kw(hours)))
        most[0] = most.max()
        best, charged = np.minimum(caps, most), np.flatnonzero(usd > 0)
        for _ in range(TURNS if charged.size > 1 else 1):
            before = best.copy()
            for k in charged:
                best[k] = self._golden(month, within, period, usd, best, int(k), most[k])
            if np.allclose(best, before, rtol=1e-4, atol=1e-6):
                break
        return np.where(usd > 0, best, np.inf)

    def _useful_kw(self, hours: Hours) -> Array:
        fleet: Array = hours.step_kw.sum(axis=0)
        return fleet + (self.storage.power_kw if self.grid_charging else 0.0)

    def _golden(
        self, month: int, within: slice, period: NDArray[np.intp], usd: Array, caps: Array, which: int, most: float
    ) -> float:
        """The best value of one set-point, the others as they are."""

        def earned(kw: float) -> float:
            return self._earned(month, within, period, usd, np.where(np.arange(caps.size) == which, kw, caps))

        low, high = 0.0, most
        left, right = high - GOLDEN * high, GOLDEN * high
        at_left, at_right = earned(left), earned(right)
        for _ in range(STEPS):
            if at_left >= at_right:
                high, right, at_right = right, left, at_left
                left = high - GOLDEN * (high - low)
                at_left = earned(left)
            else:
                low, left, at_left = left, right, at_right
                right = low + GOLDEN * (high - low)
                at_right = earned(right)
        return max((0.0, low, high, most), key=earned)

    def _earned(self, month: int, within: slice, period: NDArray[np.intp], usd: Array, caps: Array) -> float:
        """What a month earns under set-points less what peaks as high as these cost [USD]."""
        limit = np.minimum(np.minimum(self.hours.import_limit_kw[within], caps[0]), caps[1:][period])
        hours = replace(part(self.hours, within), import_limit_kw=limit)
        ends = self.soc_kwh[[within.start, within.stop]]
        kwargs = {"grid_charging": self.grid_charging, "compiled": self.compiled}
        value = bound_usd(hours, self.storage._replace(soc_kwh=float(ends[0])), end_kwh=float(ends[1]), **kwargs)
        highest = max(min(caps[0], caps[1:].max()), self.demand.free_kw[month])
        return float(value - usd[0] * highest - (usd[1:] * np.minimum(caps[1:], caps[0])).sum())
