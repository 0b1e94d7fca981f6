"""What an hour earns by how much the battery takes or gives: the curves that dispatch with foresight merges.

Whatever is to be had in an hour, sun, discharge and the connection's whole import, goes down a list of uses from the
dearest to the cheapest: the steps of the fleet, export, *import not drawn* (worth the import price, as wide as the import
limit) and sun curtailed (worth nothing, as wide as the sun). One list gives all flows of the hour, and its prices read
from the left are the slopes of what the hour earns, so the curve is concave.

Two kinds of hours do not fit one list and are *mixed*:
- where import is cheaper than export and both limits are open, the list would draw to sell. Importing without exporting
  and exporting without importing are each one list; the hour earns the better of the two.
- where import is paid for and the battery may charge from the grid, losses would be earned by charging and discharging
  at once. Charging and discharging are then lists apart.
Each alternative of a mixed hour is concave; the upper hull of all that are allowed is an upper bound of the hour.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.models.dispatch import FLOWS, Array, Hours, Storage

Flags = NDArray[np.bool_]
ALTERNATIVES = 4  # importing and charging, importing and discharging, exporting and charging, exporting and discharging
ALL = (1 << ALTERNATIVES) - 1
NOTHING_KW = 1e-9  # a slice of power thinner than this is rounding


class Plant(NamedTuple):
    """Hours with a battery: one problem. `grid_charging`: whether the battery may take what the connection brings."""

    hours: Hours
    storage: Storage
    grid_charging: bool = False


class Curves(NamedTuple):
    """Earnings of each hour over the energy drawn from the store, from the strongest charge to the strongest discharge.

    `slope_usd_per_kwh`, `width_kwh` (pieces, hours): pieces in that order, energy counted in the store, half of them
    charging in curves of one list; `charge_kwh` (hours,): the strongest charge; `at_charge_usd` (hours,): earned there.
    """

    slope_usd_per_kwh: Array
    width_kwh: Array
    charge_kwh: Array
    at_charge_usd: Array


class _Uses(NamedTuple):
    """The list of each hour (uses, hours), dearest first; `start_kw`: how much of sun and discharge is gone before it."""

    order: NDArray[np.intp]
    usd_per_kwh: Array
    kw: Array
    start_kw: Array
    import_cap_kw: Array
    export_cap_kw: Array
    fleet_kw: Array


def part(hours: Hours, which: Any) -> Hours:
    """The hours chosen by a mask, slice or index, in that order."""
    series = {f.name: getattr(hours, f.name) for f in fields(hours)}
    chosen: dict[str, Any] = {k: v[..., which] for k, v in series.items() if isinstance(v, np.ndarray)}
    return replace(hours, **chosen)


def _uses(plant: Plant, imports: Flags | bool, exports: Flags | bool, spilled_kw: Array) -> _Uses:
    """imports, exports: whether the connection is open that way, (hours,) or for all; spilled_kw: most to curtail."""
    hours, power = plant.hours, plant.storage.power_kw
    pv, fleet = hours.pv_kw, hours.step_kw.sum(axis=0)
    taken = fleet + power if plant.grid_charging else fleet
    import_cap = np.where(imports, np.minimum(hours.import_limit_kw, taken), 0.0)
    export_cap = np.where(exports, np.minimum(hours.export_limit_kw, pv + power), 0.0)
    extra = (hours.import_usd_per_kwh, hours.export_usd_per_kwh, np.zeros(pv.size))
    usd = np.vstack([hours.worth_usd_per_kwh, *extra])
    kw = np.vstack([hours.step_kw, import_cap, export_cap, spilled_kw])
    order = np.argsort(-usd, axis=0, kind="stable")
    usd, kw = (np.take_along_axis(rows, order, axis=0) for rows in (usd, kw))
    start = np.cumsum(kw, axis=0) - kw - import_cap
    return _Uses(order, usd, kw, start, import_cap, export_cap, fleet)


def curves(plant: Plant, imports: Flags | bool = True, exports: Flags | bool = True) -> Curves:
    """The curve of each hour from its list of uses: rows 0 to uses − 1 charge, the others discharge."""
    storage, pv = plant.storage, plant.hours.pv_kw
    uses = _uses(plant, imports, exports, pv)
    way, end = storage.one_way_efficiency_frac, uses.start_kw + uses.kw
    least = pv - np.minimum(storage.power_kw, pv + uses.import_cap_kw if plant.grid_charging else pv)
    most = pv + np.minimum(storage.power_kw, uses.fleet_kw + uses.export_cap_kw)
    charging = _overlap(uses.start_kw, end, least, pv) * way
    discharging = _overlap(uses.start_kw, end, pv, most) / way
    sun_usd = uses.usd_per_kwh if plant.grid_charging else np.maximum(uses.usd_per_kwh, 0.0)  # sun need not be used
    charging_usd = sun_usd / way
    discharging_usd = (uses.usd_per_kwh - plant.hours.wear_usd_per_kwh) * way
    idle = (uses.usd_per_kwh * np.clip(pv - uses.start_kw, 0.0, uses.kw)).sum(axis=0)
    idle -= plant.hours.import_usd_per_kwh * uses.import_cap_kw
    return Curves(
        np.vstack([charging_usd, discharging_usd]),
        np.vstack([charging, discharging]),
        charging.sum(axis=0),
        idle - (charging_usd * charging).sum(axis=0),
    )


def _overlap(start: Array, end: Array, low: Array, high: Array) -> Array:
    """How much of the slices from start to end lies between low and high."""
    width: Array = np.minimum(end, high)
    width -= np.maximum(start, low)
    width[width <= NOTHING_KW] = 0.0
    return width


def earned_at(curve: Curves, drawn_kwh: Array) -> Array:
    """Earnings of each hour for energy drawn from the store (hours,) [USD]; −inf outside the curve."""
    filled = drawn_kwh + curve.charge_kwh
    before = np.cumsum(curve.width_kwh, axis=0) - curve.width_kwh
    within = np.clip(filled - before, 0.0, curve.width_kwh)
    usd: Array = curve.at_charge_usd + (curve.slope_usd_per_kwh * within).sum(axis=0)
    slack = NOTHING_KW * (1.0 + curve.width_kwh.sum(axis=0))
    outside = (filled < -slack) | (filled > curve.width_kwh.sum(axis=0) + slack)
    return np.where(outside, -np.inf, usd)


def mixed(plant: Plant, curve: Curves) -> Flags:
    """Hours (hours,) that one list of uses does not describe."""
    hours = plant.hours
    open_both_ways = (hours.import_limit_kw > 0) & (hours.export_limit_kw > 0)
    trades: Flags = open_both_ways & (hours.import_usd_per_kwh < hours.export_usd_per_kwh)
    return trades | _kinked(curve) if (hours.import_usd_per_kwh < 0).any() else trades


def _kinked(curve: Curves) -> Flags:
    """Hours whose slope rises from charging to discharging, as it does where power is worth less than nothing."""
    half, slope, is_there = len(curve.width_kwh) // 2, curve.slope_usd_per_kwh, curve.width_kwh > 0
    last_in = np.where(is_there[:half], slope[:half], np.inf).min(axis=0)
    first_out = np.where(is_there[half:], slope[half:], -np.inf).max(axis=0)
    return np.asarray(first_out > last_in)


class Mixture(NamedTuple):
    """The mixed hours of a year and what each can be: `which` (hours,) marks them, `alternatives` curves over them alone.

    `nodes_kwh`, `nodes_usd` (nodes, mixed): corners of all alternatives; `node_bits` (nodes,): of which alternatives a
    node is a corner; `kinked` (2, mixed): whether importing, exporting are each not concave where charge is nought.
    """

    which: Flags
    alternatives: tuple[Curves, ...]
    nodes_kwh: Array
    nodes_usd: Array
    node_bits: NDArray[np.int64]
    kinked: Flags


def mixture(plant: Plant, which: Flags) -> Mixture:
    few = plant._replace(hours=part(plant.hours, which))
    both = (curves(few, exports=False), curves(few, imports=False))
    corners = [_corners(curve) for curve in both]
    half = len(both[0].width_kwh) // 2
    bits = np.where(np.arange(2 * half + 1) <= half, 1, 0) | np.where(np.arange(2 * half + 1) >= half, 2, 0)
    return Mixture(
        which,
        tuple(side for curve in both for side in _sides(curve, half)),
        np.vstack([kwh for kwh, _ in corners]),
        np.vstack([usd for _, usd in corners]),
        np.concatenate([bits, bits << 2]),
        np.stack([_kinked(curve) for curve in both]),
    )


def _corners(curve: Curves) -> tuple[Array, Array]:
    """Corners (pieces + 1, hours) of a curve: energy drawn [kWh] and earnings [USD]."""
    zero = np.zeros((1, curve.charge_kwh.size))
    drawn = np.cumsum(np.vstack([zero, curve.width_kwh]), axis=0) - curve.charge_kwh
    drawn[len(curve.width_kwh) // 2] = 0.0
    usd = np.cumsum(np.vstack([zero, curve.slope_usd_per_kwh * curve.width_kwh]), axis=0) + curve.at_charge_usd
    return drawn, usd


def _sides(curve: Curves, half: int) -> tuple[Curves, Curves]:
    """A curve's charging side and its discharging side, each with all rows."""
    ins, outs = curve.width_kwh.copy(), curve.width_kwh.copy()
    ins[half:], outs[:half] = 0.0, 0.0
    idle_usd = curve.at_charge_usd + (curve.slope_usd_per_kwh * ins).sum(axis=0)
    return (
        curve._replace(width_kwh=ins),
        Curves(curve.slope_usd_per_kwh, outs, np.zeros(curve.charge_kwh.size), idle_usd),
    )


def flows(plant: Plant, drawn_kwh: Array, soc_kwh: Array, mix: Mixture | None = None, allowed: Any = ALL) -> Array:
    """Flows (7, hours) of the best use of what is drawn from the store in each hour, (hours,) [kWh].

    allowed: bits of the alternatives that mixed hours may take, (mixed,) or for all.
    """
    hours, way = plant.hours, plant.storage.one_way_efficiency_frac
    charge, discharge = np.maximum(-drawn_kwh, 0.0) / way, np.maximum(drawn_kwh, 0.0) * way
    sun_left = hours.pv_kw if plant.grid_charging else np.maximum(hours.pv_kw - charge, 0.0)
    uses = _uses(plant, *_open(plant, drawn_kwh, mix, allowed), sun_left)
    had = hours.pv_kw - charge + discharge
    filled = np.empty(uses.kw.shape)
    np.put_along_axis(filled, uses.order, np.clip(had - uses.start_kw, 0.0, uses.kw), axis=0)
    held, sold, spilled = filled[-3:]
    out = np.empty((len(FLOWS), hours.pv_kw.size))
    out[:] = (filled[:-3].sum(axis=0), charge, discharge, soc_kwh, uses.import_cap_kw - held, sold, spilled)
    return out


def _open(plant: Plant, drawn_kwh: Array, mix: Mixture | None, allowed: Any) -> tuple[Flags, Flags]:
    """Which hours may import and which may export."""
    imports = np.ones(plant.hours.pv_kw.size, dtype=bool)
    exports = imports.copy()
    if mix is not None:
        importing = np.argmax(values(mix, drawn_kwh[mix.which], allowed), axis=0) < 2
        imports[mix.which], exports[mix.which] = importing, ~importing
    return imports, exports


def values(mix: Mixture, drawn_kwh: Array, allowed: Any) -> Array:
    """What each alternative earns in the mixed hours (alternatives, mixed) [USD]; −inf where it is not allowed."""
    usd = np.stack([earned_at(curve, drawn_kwh) for curve in mix.alternatives])
    bit = (1 << np.arange(ALTERNATIVES))[:, None]
    return np.where(np.bitwise_and(allowed, bit) > 0, usd, -np.inf)
