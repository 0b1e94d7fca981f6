"""Dispatch that knows the year ahead: the most that any controller could earn, and what a kWh or kW more would add.

Perfect foresight of sun, prices and worth, with the charge at the end that there was at the start. The worth of stored
energy is a concave function of the charge; stepped back hour by hour by merging slopes (`foresight_twin`), it is exact,
no grid of charges and no tolerance. Machines are divisible here, as in a linear programme.

Mixed hours (`foresight_curves`) are first given their upper hull, which makes the year's earnings an upper bound. Where
the best plan then stands between two alternatives that exclude each other, the hour takes the nearer and the year is
solved anew, until no hour stands between. `Plan.bound_usd − Plan.earned_usd` is the most that this may have lost.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from core.models import foresight_twin as twin
from core.models.dispatch import FLOWS, Array, Hours, Storage
from core.models.foresight_curves import (
    ALL,
    Curves,
    Mixture,
    Plant,
    curves,
    earned_at,
    flows,
    mixed,
    mixture,
    values,
)

SOC = FLOWS.index("soc_kwh")
ROUNDS = 8  # of choosing for mixed hours; those still between alternatives then take the better one where they are


class Plan(NamedTuple):
    """Flows (7, hours) in the order of `dispatch.FLOWS`, what they earn [USD] and what no plan can exceed [USD]."""

    flows: Array
    earned_usd: float
    bound_usd: float


def optimal(hours: Hours, storage: Storage, *, grid_charging: bool = False, compiled: bool = True) -> Plan:
    """The plan that earns most, knowing all hours, and ends with the charge it starts with.

    The battery takes what sun there is, and with `grid_charging` also what the connection brings.
    """
    plant = Plant(hours, storage, grid_charging)
    curve = curves(plant)
    which = mixed(plant, curve)
    if which.any():
        return _mixed_plan(plant, curve, mixture(plant, which), _engine(compiled))
    soc = _follow(curve, storage, _engine(compiled))
    out = flows(plant, _drawn(storage, soc), soc)
    usd = earned_usd(hours, out)
    return Plan(out, usd, usd)


def bound_usd(hours: Hours, storage: Storage, *, grid_charging: bool = False, compiled: bool = True) -> float:
    """What no plan can exceed [USD]: concave in limits, power and energy, and what `optimal` earns without mixed hours."""
    plant, engine = Plant(hours, storage, grid_charging), _engine(compiled)
    curve = curves(plant)
    which = mixed(plant, curve)
    if which.any():
        mix = mixture(plant, which)
        curve = _hulled(curve, mix, np.full(mix.nodes_kwh.shape[1], ALL), engine)
    drawn = _drawn(storage, _follow(curve, storage, engine))
    return float(earned_at(curve, drawn).sum())


def earned_usd(hours: Hours, flow: Array) -> float:
    """What flows (7, hours) earn: mining at its worth and export, less import and battery wear [USD]."""
    by_name = dict(zip(FLOWS, flow, strict=True))
    before = np.cumsum(hours.step_kw, axis=0) - hours.step_kw
    mined = np.clip(by_name["mining_kw"] - before, 0.0, hours.step_kw)
    usd = (hours.worth_usd_per_kwh * mined).sum() + (hours.export_usd_per_kwh * by_name["export_kw"]).sum()
    bought = (hours.import_usd_per_kwh * by_name["import_kw"]).sum()
    return float(usd - bought - hours.wear_usd_per_kwh * by_name["discharge_kw"].sum())


def _mixed_plan(plant: Plant, curve: Curves, mix: Mixture, engine: Any) -> Plan:
    allowed, bound = np.full(mix.nodes_kwh.shape[1], ALL), np.inf
    for _ in range(ROUNDS):
        hulled = _hulled(curve, mix, allowed, engine)
        soc = _follow(hulled, plant.storage, engine)
        drawn = _drawn(plant.storage, soc)
        bound = min(bound, float(earned_at(hulled, drawn).sum()))
        between = _between(hulled, mix, drawn, allowed)
        if not between.any():
            break
        allowed[between] = _nearer(hulled, mix, drawn, allowed)[between]
    out = flows(plant, drawn, soc, mix, allowed)
    return Plan(out, earned_usd(plant.hours, out), bound)


def _between(hulled: Curves, mix: Mixture, drawn_kwh: Array, allowed: Any) -> Any:
    """Mixed hours in which the hull promises more than any one alternative earns."""
    promised, real = earned_at(hulled, drawn_kwh)[mix.which], values(mix, drawn_kwh[mix.which], allowed).max(axis=0)
    return promised - real > 1e-9 * (1.0 + np.abs(promised))


def _nearer(hulled: Curves, mix: Mixture, drawn_kwh: Array, allowed: Any) -> Any:
    """Bits of the alternatives that each mixed hour keeps: those at the nearer end of its piece of the hull."""
    drawn, width = drawn_kwh[mix.which], hulled.width_kwh[:, mix.which]
    ends = np.cumsum(width, axis=0) - hulled.charge_kwh[mix.which]
    corners = np.vstack([-hulled.charge_kwh[mix.which], ends])
    corner = np.take_along_axis(corners, np.abs(corners - drawn).argmin(axis=0)[None], axis=0)[0]
    exporting = values(mix, corner, allowed).argmax(axis=0) // 2
    kinked = np.take_along_axis(mix.kinked, exporting[None], axis=0)[0]
    return np.where(kinked, 1 << (2 * exporting + (drawn > 0)), 3 << (2 * exporting))


def _hulled(curve: Curves, mix: Mixture, allowed: Any, engine: Any) -> Curves:
    """Curves in which the mixed hours have the upper hull of their allowed alternatives."""
    few, rows = mix.nodes_kwh.shape[1], len(mix.node_bits) - 1
    slope, width, ends = np.empty((rows, few)), np.empty((rows, few)), np.empty((2, few))
    engine.hull(mix.nodes_kwh, mix.nodes_usd, mix.node_bits, allowed, slope, width, ends)
    wide = [np.zeros((rows, mix.which.size)), np.zeros((rows, mix.which.size))]
    for all_hours, own, mixed_hours in zip(wide, curve[:2], (slope, width), strict=True):
        all_hours[: len(own)] = own
        all_hours[:, mix.which] = mixed_hours
    charge, usd = curve.charge_kwh.copy(), curve.at_charge_usd.copy()
    charge[mix.which], usd[mix.which] = ends
    return Curves(wide[0], wide[1], charge, usd)


def turned(rows: Array) -> Array:
    """Pieces last, as the engines read them."""
    return np.ascontiguousarray(np.moveaxis(rows, -2, -1))


def _follow(curve: Curves, storage: Storage, engine: Any) -> Array:
    slope, width = turned(curve.slope_usd_per_kwh), turned(curve.width_kwh)
    soc: Array = engine.follow(
        slope, width, curve.charge_kwh, storage.lowest_kwh, storage.highest_kwh, storage.soc_kwh
    )
    return soc


def _drawn(storage: Storage, soc_kwh: Array) -> Array:
    """Energy drawn from the store in each hour, (hours,) [kWh], negative while charging."""
    return -np.diff(soc_kwh, prepend=storage.soc_kwh)


def _engine(compiled: bool) -> Any:
    return _kernel() if compiled and is_compiled() else twin


@cache
def _kernel() -> Any:
    """The compiled engine: seconds the first time on a machine, then from numba's cache on disk."""
    from core.models import foresight_kernel

    return foresight_kernel


def compile_kernel() -> None:
    """Make the kernel ready; call it in a background thread at start, the twin answers meanwhile."""
    _kernel()


def is_compiled() -> bool:
    return _kernel.cache_info().currsize > 0
