"""Years with mixed hours (`foresight_curves`): a plan that excludes what excludes each other, and how far it may be off.

The upper hulls of the mixed hours give the bound. Where the best plan by them stands between two alternatives:
1. the hours between take the nearer alternative and the year is solved anew, until no hour stands between;
2. beside that, a controller that knows the bound's worth of stored energy goes through the year and takes the best real
   alternative each hour, which keeps its errors from adding up where many hours are alike;
3. the better of both is improved: with its choices fixed, the worth of stored energy is that of a real plan, and going
   through the year again with all alternatives open can only gain, but for the horizon.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.models.dispatch import Array
from core.models.foresight_curves import ALL, Curves, Flags, Mixture, Plant, earned_at, values
from core.models.foresight_engine import Bits, drawn_kwh, follow, hulled, roll

ROUNDS = 6  # of taking the nearer alternative
IMPROVEMENTS = 3
CLOSE = 1e-6  # of the bound: nothing to improve
EVERY_H, AHEAD_H = 24 * 7, 24 * 28  # a battery forgets within days


class Choice(NamedTuple):
    """The best plan by the hulls of what mixed hours are `allowed` to be.

    Energy drawn and charge at each hour's end (hours,) [kWh], earnings by the hulls [USD]; `between` (mixed,): hours in
    which the hull promises more than any one alternative earns.
    """

    hull: Curves
    allowed: Bits
    drawn_kwh: Array
    soc_kwh: Array
    usd: float
    between: Flags


def best_choice(plant: Plant, curve: Curves, mix: Mixture, compiled: bool) -> tuple[Choice, float]:
    """A plan for a year with mixed hours, none between alternatives, and what no plan can exceed [USD]."""
    every = np.full(mix.nodes_kwh.shape[1], ALL)
    bound = _solved(plant, curve, mix, every, compiled)
    best = _all_nearer(plant, curve, mix, bound, compiled)
    enough = bound.usd - CLOSE * abs(bound.usd)
    if best.usd < enough:
        best = max(best, _walked(plant, curve, mix, bound, compiled), key=lambda choice: choice.usd)
    for _ in range(IMPROVEMENTS):
        settled = _settled(plant, curve, mix, best, compiled)
        if best.usd >= enough or (again := _walked(plant, curve, mix, settled, compiled)).usd <= best.usd:
            break
        best = again
    return best, bound.usd


def _solved(plant: Plant, curve: Curves, mix: Mixture, allowed: Bits, compiled: bool) -> Choice:
    hull = hulled(curve, mix, allowed, compiled)
    soc = follow(hull, plant.storage, compiled)
    drawn = drawn_kwh(plant.storage, soc)
    usd = earned_at(hull, drawn)
    promised, real = usd[mix.which], values(mix, drawn[mix.which], allowed).max(axis=0)
    between = promised - real > 1e-9 * (1.0 + np.abs(promised))
    return Choice(hull, allowed, drawn, soc, float(usd.sum()), between)


def _all_nearer(plant: Plant, curve: Curves, mix: Mixture, choice: Choice, compiled: bool) -> Choice:
    """Hours between alternatives take the nearer, again and again; those left over the better one where they are."""
    for _ in range(ROUNDS):
        if not choice.between.any():
            return choice
        allowed = np.where(choice.between, _nearer(choice, mix), choice.allowed)
        choice = _solved(plant, curve, mix, allowed, compiled)
    return _settled(plant, curve, mix, choice, compiled) if choice.between.any() else choice


def _nearer(choice: Choice, mix: Mixture) -> Bits:
    """What each mixed hour may be at the nearer end of its piece of the hull."""
    width, charge = choice.hull.width_kwh[:, mix.which], choice.hull.charge_kwh[mix.which]
    corners = np.vstack([-charge, np.cumsum(width, axis=0) - charge])
    nearest = np.abs(corners - choice.drawn_kwh[mix.which]).argmin(axis=0)
    corner = np.take_along_axis(corners, nearest[None], axis=0)[0]
    return _bits(mix, values(mix, corner, choice.allowed), choice.drawn_kwh[mix.which])


def _settled(plant: Plant, curve: Curves, mix: Mixture, choice: Choice, compiled: bool) -> Choice:
    """The best plan where every mixed hour keeps to the alternative that it takes now."""
    drawn = choice.drawn_kwh[mix.which]
    return _solved(plant, curve, mix, _bits(mix, values(mix, drawn, choice.allowed), drawn), compiled)


def _bits(mix: Mixture, usd: Array, drawn_kwh: Array) -> Bits:
    """Importing or exporting, whichever earns more (alternatives, mixed); charging apart from discharging if kinked."""
    exporting = usd.argmax(axis=0) // 2
    kinked = np.take_along_axis(mix.kinked, exporting[None], axis=0)[0]
    return np.asarray(np.where(kinked, 1 << (2 * exporting + (drawn_kwh > 0)), 3 << (2 * exporting)))


def _walked(plant: Plant, curve: Curves, mix: Mixture, by: Choice, compiled: bool) -> Choice:
    """Go through the year with all alternatives open by the worth of stored energy in another plan, then settle."""
    hours = plant.hours.pv_kw.size
    ahead = (np.arange(0, hours, EVERY_H)[:, None] + np.arange(min(AHEAD_H, hours))) % hours
    plans = Curves(*(rows[..., ahead] for rows in by.hull))
    soc = roll(plans, curve, mix, plant.storage, EVERY_H, compiled)
    drawn = drawn_kwh(plant.storage, soc)
    walked = by._replace(drawn_kwh=drawn, allowed=np.full(by.allowed.size, ALL))
    return _settled(plant, curve, mix, walked, compiled)
