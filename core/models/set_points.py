"""How high a peak is worth paying for: a limit of import for each month, set before the month from a typical year.

A kW more of a month's peak costs its demand charge and serves every hour that still wants it. With margin_h for a kWh
served and unserved_h wanted of the grid, the limit c maximises Σ margin_h · min(unserved_h, c) − price · c, which
is concave and bends only where c meets some unserved_h: sorting finds the top. Where an hour has steps of falling margin,
each is wanted above those before it. With prices by period and a price for the
month's highest, C, each period's limit is its own best or C, whichever is lower, and C is where what the periods would
still gain by a kW more falls to its price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.models.clock import MONTHS, Clock, Floats, Whole
from core.sections import Grid
from core.sections.tariff import DemandPeriod


@dataclass(frozen=True, eq=False)
class DemandPrices:
    """Price of a kW of peak: at any hour of each month, (12,), and within a period, (periods, 12) [USD/kW].

    `period` (hours,): which period each hour is in. `free_kw` (12,): billed for the month whatever is drawn.
    """

    month_usd_per_kw: Floats
    timed_usd_per_kw: Floats
    period: Whole
    free_kw: Floats


def demand_usd_per_kw(
    grid: Grid, clock: Clock, month_kw: Floats | None = None, timed_kw: Floats | None = None
) -> DemandPrices:
    """The prices of the tariff, of the last blocks, or of those that typical peaks, (12,) and (periods, 12), reach.

    What a ratchet makes a peak cost in later months is not in them; its least demand is.
    """
    flat, timed, ratchet = grid.tariff.flat_demand, grid.tariff.timed_demand, grid.tariff.ratchet
    high = np.full(MONTHS, np.inf) if month_kw is None else month_kw
    season = np.asarray(flat.months or (0,) * MONTHS)[clock.months]
    month = (
        [_block(flat.periods[n], kw) for n, kw in zip(season, high, strict=True)] if flat.periods else [0.0] * MONTHS
    )
    highs = np.full((len(timed.periods), MONTHS), np.inf) if timed_kw is None else timed_kw
    by_period = [[_block(p, kw) for kw in row] for p, row in zip(timed.periods, highs, strict=True)]
    return DemandPrices(
        month_usd_per_kw=np.array(month),
        timed_usd_per_kw=np.array(by_period or [[0.0] * MONTHS]),
        period=clock.scheduled(timed.weekday, timed.weekend),
        free_kw=np.full(MONTHS, 0.0 if ratchet.on == "timed" else ratchet.least_kw),
    )


def _block(period: DemandPeriod, kw: float) -> float:
    """The price of a kW more at a level."""
    return next(tier.usd_per_kw for tier in period.tiers if tier.up_to_kw is None or kw < tier.up_to_kw)


def set_points(margin_usd_per_kwh: Floats, unserved_kw: Floats, clock: Clock, prices: DemandPrices) -> Floats:
    """The limit of import that pays best in each period and month of operation, (periods, 12) [kW].

    margin: what a kWh of import earns above its price; unserved [kW]: what would be imported without a limit; both (hours,),
    or (steps, hours) with margins that never rise along steps. Exact in hours that do not hang together, as with machines
    alone. inf where a peak costs nothing, or where a period does not occur; 0 where none pays.
    """
    caps = np.full(prices.timed_usd_per_kw.shape, np.inf)
    worth, wanted_kw = np.maximum(np.atleast_2d(margin_usd_per_kwh), 0.0), np.atleast_2d(unserved_kw)
    of_operation = clock.of_operation
    for month in range(MONTHS):
        hours = np.flatnonzero(of_operation == month)
        present = np.unique(prices.period[hours])
        parts = [hours[prices.period[hours] == p] for p in present]
        gains = [_Gain.of(worth[:, part], wanted_kw[:, part]) for part in parts]
        usd = prices.timed_usd_per_kw[present, month]
        highest = _shared(gains, usd, float(prices.month_usd_per_kw[month]))
        highest = max(highest, float(prices.free_kw[month]))
        caps[present, month] = [min(gain.best(price), highest) for gain, price in zip(gains, usd, strict=True)]
    return caps


def limits_kw(caps: Floats, clock: Clock, prices: DemandPrices) -> Floats:
    """The limit of each hour, (hours,) [kW], from those of periods and months."""
    return np.asarray(caps[prices.period, clock.of_operation])


@dataclass(frozen=True, eq=False)
class _Gain:
    """What a kW more earns in the hours of a period, at levels between which it does not change, falling."""

    levels_kw: Floats
    usd: Floats  # just below each level
    begun: tuple[Floats, Floats]  # where steps begin, sorted, and the worth of those that have begun
    ended: tuple[Floats, Floats]

    @classmethod
    def of(cls, worth: Floats, wanted_kw: Floats) -> _Gain:
        """worth and wanted (steps, hours)."""
        high = np.cumsum(wanted_kw, axis=0)
        begun, ended = _summed(high - wanted_kw, worth), _summed(high, worth)
        levels = np.unique(high)
        return cls(levels, _below(levels, begun) - _below(levels, ended), begun, ended)

    def at(self, kw: Floats) -> Floats:
        """What it earns just below some levels."""
        return _below(kw, self.begun) - _below(kw, self.ended)

    def best(self, price: float) -> float:
        """The highest level up to which a kW more earns above its price."""
        if price <= 0:
            return np.inf
        paying = np.flatnonzero(self.usd > price)
        return float(self.levels_kw[paying[-1]]) if paying.size else 0.0


def _summed(at_kw: Floats, worth: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(at_kw, axis=None, kind="stable")
    return at_kw.ravel()[order], np.append(0.0, np.cumsum(worth.ravel()[order]))


def _below(kw: Floats, edges: tuple[Floats, Floats]) -> Floats:
    """The worth of all edges below some levels."""
    return np.asarray(edges[1][np.searchsorted(edges[0], kw, side="left")])


def _shared(gains: list[_Gain], usd: Floats, price: float) -> float:
    """The highest peak of a month that pays its own price, each period paying its own before."""
    if price <= 0:
        return np.inf
    levels = np.unique(np.concatenate([gain.levels_kw for gain in gains]))
    earned = sum(np.maximum(gain.at(levels) - own, 0.0) for gain, own in zip(gains, usd, strict=True))
    paying = np.flatnonzero(earned > price)
    return float(levels[paying[-1]]) if paying.size else 0.0
