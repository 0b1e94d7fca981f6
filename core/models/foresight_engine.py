"""The two engines that merge slopes, compiled and plain, behind one set of calls on curves."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models import foresight_twin as twin
from core.models.dispatch import Array, Storage
from core.models.foresight_curves import ALL, Curves, Mixture

Bits = NDArray[np.int64]


def follow(curve: Curves, storage: Storage, compiled: bool, end_kwh: float | None = None) -> Array:
    """State of charge at each hour's end (hours,) [kWh] of the best plan that ends with a charge, None: the first one."""
    slope, width = _turned(curve.slope_usd_per_kwh), _turned(curve.width_kwh)
    end = storage.soc_kwh if end_kwh is None else end_kwh
    window = (float(storage.lowest_kwh), float(storage.highest_kwh), float(storage.soc_kwh), float(end))
    soc: Array = _engine(compiled).follow(slope, width, curve.charge_kwh, *window)
    return soc


def roll(plans: Curves, real: Curves, mix: Mixture | None, storage: Storage, every_h: int, compiled: bool) -> Array:
    """State of charge (hours,) [kWh] of a controller with a new plan every few hours, by `foresight_twin.roll`.

    plans: curves as forecast, (pieces, plans, ahead) and (plans, ahead); real: curves as they come, with the mixture of
    their mixed hours. What is left in the store at the end of a plan counts for nothing.
    """
    curve, usd = _alternatives(real, mix)
    seen = (_turned(plans.slope_usd_per_kwh), _turned(plans.width_kwh), np.ascontiguousarray(plans.charge_kwh))
    window = np.array([storage.lowest_kwh, storage.highest_kwh, storage.soc_kwh], dtype=np.float64)
    soc: Array = _engine(compiled).roll(seen, curve, usd, window, every_h)
    return soc


def _turned(rows: Array) -> Array:
    """(…, pieces, …) from the front to the back, as the engines read them."""
    return np.ascontiguousarray(np.moveaxis(rows, 0, -1))


def _alternatives(real: Curves, mix: Mixture | None) -> tuple[tuple[Array, Array, Array], Array]:
    """Slope, width (alternatives, hours, pieces), charge and earnings there (alternatives, hours); NaN for none such."""
    count = 1 if mix is None else len(mix.alternatives)
    slope, width = (np.zeros((count, *rows.shape[::-1])) for rows in real[:2])
    charge, usd = np.full((count, real.charge_kwh.size), np.nan), np.zeros((count, real.charge_kwh.size))
    slope[0], width[0], charge[0], usd[0] = real[0].T, real[1].T, real[2], real[3]
    for a, curve in enumerate(mix.alternatives if mix else ()):
        assert mix is not None
        rows = len(curve.width_kwh)
        width[a, mix.which] = 0.0
        slope[a, mix.which, :rows], width[a, mix.which, :rows] = curve[0].T, curve[1].T
        charge[a, mix.which], usd[a, mix.which] = curve.charge_kwh, curve.at_charge_usd
    return (slope, width, charge), usd


def hulled(curve: Curves, mix: Mixture, allowed: Bits | None, compiled: bool) -> Curves:
    """Curves in which the mixed hours have the upper hull of their allowed alternatives; None allows all."""
    few, rows = mix.nodes_kwh.shape[1], len(mix.node_bits) - 1
    allowed = np.full(few, ALL) if allowed is None else allowed
    own = np.empty((rows, few)), np.empty((rows, few))
    ends = np.empty((2, few))
    _engine(compiled).hull(mix.nodes_kwh, mix.nodes_usd, mix.node_bits, allowed, *own, ends)
    slope, width = np.zeros((rows, mix.which.size)), np.zeros((rows, mix.which.size))
    for every, before, now in ((slope, curve.slope_usd_per_kwh, own[0]), (width, curve.width_kwh, own[1])):
        every[: len(before)] = before
        every[:, mix.which] = now
    charge, usd = curve.charge_kwh.copy(), curve.at_charge_usd.copy()
    charge[mix.which], usd[mix.which] = ends
    return Curves(slope, width, charge, usd)


def drawn_kwh(storage: Storage, soc_kwh: Array) -> Array:
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
