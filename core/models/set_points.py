"""How high a peak is worth paying for: a limit of import for each month, set before the month from a typical year.

A kW more of a month's peak costs its demand charge and serves every hour that still wants it. With margin_h for a kWh
served and unserved_h wanted of the grid, the limit c maximises Σ margin_h · min(unserved_h, c) − price · c, which
is concave and bends only where c meets some unserved_h: sorting finds the top. Where an hour has steps of falling margin,
each is wanted above those before it. With prices by period and a price for the
month's highest, C, each period's limit is its own best or C, whichever is lower, and C is where what the periods would
still gain by a kW more falls to its price.

A ratchet bills each month a share of the year's highest peak P: up to that a month draws at no further cost, and P is where
what it lets the dearest months gain falls to what it costs all others. It is taken to look back on the whole of a
year like this one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.models.clock import MONTHS, Clock, Flags, Floats, Whole
from core.sections import Grid
from core.sections.tariff import DemandPeriod


@dataclass(frozen=True, eq=False)
class DemandPrices:
    """Price of a kW of peak: at any hour of each month, (12,), and within a period, (periods, 12) [USD/kW].

    `period` (hours,): which period each hour is in. `free_kw` (12,): billed for the month whatever is drawn.
    `ratchet_frac` (12,): share of the year's peak that a month is billed at least; `looked_at` (12,): whether the month's
    own peak is one of them.
    """

    month_usd_per_kw: Floats
    timed_usd_per_kw: Floats
    period: Whole
    free_kw: Floats
    ratchet_frac: Floats = field(default_factory=lambda: np.zeros(MONTHS))
    looked_at: Flags = field(default_factory=lambda: np.ones(MONTHS, dtype=np.bool_))


def demand_usd_per_kw(
    grid: Grid, clock: Clock, month_kw: Floats | None = None, timed_kw: Floats | None = None
) -> DemandPrices:
    """The prices of the tariff, of the last blocks, or of those that typical peaks, (12,) and (periods, 12), reach.

    The ratchet is that of the month's peak; one on timed demand is not in them.
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
        ratchet_frac=np.zeros(MONTHS)
        if ratchet.on == "timed"
        else np.resize(ratchet.shares_frac or 0.0, MONTHS)[clock.months],
        looked_at=np.isin(clock.months + 1, ratchet.peak_months or np.arange(1, MONTHS + 1)),
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
    months = [_Month.of(worth, wanted_kw, clock, prices, month) for month in range(MONTHS)]
    peak_kw = _ratcheted(months) if prices.ratchet_frac.any() and prices.month_usd_per_kw.any() else np.inf
    for number, month in enumerate(months):
        highest = month.limit(peak_kw)
        caps[month.present, number] = [
            min(gain.best(p), highest) for gain, p in zip(month.gains, month.own, strict=True)
        ]
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


@dataclass(frozen=True, eq=False)
class _Month:
    """What a month would gain by a higher peak, and what that costs.

    `present`: its periods; `gains` and `own` prices of these; `best_kw`: the highest peak that pays its price.
    """

    present: Whole
    gains: list[_Gain]
    own: Floats
    usd_per_kw: float
    free_kw: float
    best_kw: float
    share: float
    looked_at: bool

    @classmethod
    def of(cls, worth: Floats, wanted_kw: Floats, clock: Clock, prices: DemandPrices, month: int) -> _Month:
        hours = np.flatnonzero(clock.of_operation == month)
        present = np.unique(prices.period[hours])
        parts = [hours[prices.period[hours] == p] for p in present]
        gains = [_Gain.of(worth[:, part], wanted_kw[:, part]) for part in parts]
        own, price = prices.timed_usd_per_kw[present, month], float(prices.month_usd_per_kw[month])
        free, share = float(prices.free_kw[month]), float(prices.ratchet_frac[month])
        best = max(_best(gains, own, price), free)
        return cls(present, gains, own, price, free, best, share, bool(prices.looked_at[month]))

    def limit(self, peak_kw: float) -> float:
        """The highest peak that pays where the year's is `peak_kw`; inf where there is no ratchet and no price."""
        if np.isinf(peak_kw):
            return self.best_kw if self.usd_per_kw > 0 else np.inf
        return min(peak_kw if self.looked_at else np.inf, max(self.best_kw, self.share * peak_kw))

    def slope(self, peak_kw: float) -> float:
        """What the month gains where the year's peak rises by a kW [USD]."""
        if self.looked_at and peak_kw < self.best_kw:
            return self._gain(peak_kw) - (self.usd_per_kw if peak_kw > self.free_kw else 0.0)
        billed = self.share * peak_kw
        return self.share * (self._gain(billed) - self.usd_per_kw) if billed > self.best_kw else 0.0

    def _gain(self, kw: float) -> float:
        return float(_earned(self.gains, self.own, np.array([kw]))[0])


def _earned(gains: list[_Gain], own: Floats, kw: Floats) -> Floats:
    """What the periods of a month gain by a kW more, each its own price paid, just below some levels."""
    return np.asarray(sum(np.maximum(gain.at(kw) - price, 0.0) for gain, price in zip(gains, own, strict=True)))


def _best(gains: list[_Gain], own: Floats, price: float) -> float:
    """The highest peak of a month that pays its own price, each period paying its own before."""
    levels = np.unique(np.concatenate([gain.levels_kw for gain in gains]))
    paying = np.flatnonzero(_earned(gains, own, levels) > max(price, 0.0))
    return float(levels[paying[-1]]) if paying.size else 0.0


def _ratcheted(months: list[_Month]) -> float:
    """The peak of the year that pays best: where the sum of all months' slopes turns, found by halving."""
    levels = np.unique(np.concatenate([gain.levels_kw for month in months for gain in month.gains]))
    own = np.array([kw for month in months for kw in (month.best_kw, month.free_kw)])
    shares = {month.share for month in months if month.share > 0}
    edges = np.unique(np.concatenate([[0.0], levels, own, *(np.append(levels, own) / share for share in shares)]))
    low, high = 0, len(edges) - 1  # the sum rises up to edges[low], and falls from edges[high] on
    while low < high:
        middle = (low + high) // 2
        between = (edges[middle] + edges[middle + 1]) / 2
        if sum(month.slope(between) for month in months) > 0:
            low = middle + 1
        else:
            high = middle
    return float(edges[low])
