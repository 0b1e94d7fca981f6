"""Dispatch that knows what comes: the most any controller could earn, and what one earns with a forecast.

Perfect foresight of sun, prices and worth, with the charge at the end that there was at the start. The worth of stored
energy is a concave function of the charge; stepped back hour by hour by merging slopes (`foresight_twin`), it is exact:
no grid of charges, no tolerance. Machines are divisible here, as in a linear programme: `Hours.whole_kw` is not read. Mixed hours, in which import and
export or charging and discharging exclude each other by more than the prices (`foresight_curves`), are chosen for by
`foresight_mixed`; `Plan.bound_usd − Plan.earned_usd` is the most that this may have lost, 0 without mixed hours.

A rolling plan knows prices and worth of the hours ahead, but of the sun only a forecast. It is not followed blindly:
each hour takes what is best by the sun that shines and the planned worth of a kWh kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from core.models.dispatch import FLOWS, Array, Hours, Storage, step_flows
from core.models.foresight_curves import Curves, Mixture, Plant, curves, earned_at, flows, mixed, mixture, part
from core.models.foresight_engine import compile_kernel, drawn_kwh, follow, hulled, is_compiled, roll
from core.models.foresight_mixed import best_choice

__all__ = ["Plan", "bound_usd", "compile_kernel", "earned_usd", "is_compiled", "optimal", "rolling"]


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
    curve, mix = _curves(plant)
    if mix is None:
        soc = follow(curve, storage, compiled)
        flow = flows(plant, drawn_kwh(storage, soc), soc)
        return Plan(flow, usd := earned_usd(hours, flow), usd)
    choice, bound = best_choice(plant, curve, mix, compiled)
    flow = flows(plant, choice.drawn_kwh, choice.soc_kwh, mix, choice.allowed)
    return Plan(flow, earned_usd(hours, flow), bound)


def bound_usd(
    hours: Hours,
    storage: Storage,
    *,
    grid_charging: bool = False,
    end_kwh: float | None = None,
    compiled: bool = True,
) -> float:
    """What no plan can exceed [USD]: concave in limits, power and energy, and what `optimal` earns without mixed hours.

    end_kwh: charge at the end, None for that of the start.
    """
    curve, mix = _curves(Plant(hours, storage, grid_charging))
    curve = curve if mix is None else hulled(curve, mix, None, compiled)
    return float(earned_at(curve, drawn_kwh(storage, follow(curve, storage, compiled, end_kwh))).sum())


def rolling(
    hours: Hours,
    storage: Storage,
    forecast_pv_kw: Array,
    *,
    look_ahead_h: int = 48,
    every_h: int = 24,
    grid_charging: bool = False,
    compiled: bool = True,
) -> Array:
    """Flows (7, hours) of a controller that plans anew every `every_h` hours for the next `look_ahead_h`.

    forecast_pv_kw: (hours,) where the forecast of an hour is always the same, or (plans, look_ahead_h) from the hour of
    each plan; past the last hour of the year its first hours follow. What is left at the end of a plan counts for nothing,
    so look further ahead than to the next plan.
    """
    plant, total = Plant(hours, storage, grid_charging), hours.pv_kw.size
    ahead = (np.arange(0, total, every_h)[:, None] + np.arange(look_ahead_h)) % total
    sun = forecast_pv_kw[ahead] if forecast_pv_kw.ndim == 1 else forecast_pv_kw
    seen = plant._replace(hours=replace(part(hours, ahead.ravel()), pv_kw=np.ascontiguousarray(sun).ravel()))
    planned, of_plans = _curves(seen)
    planned = planned if of_plans is None else hulled(planned, of_plans, None, compiled)
    real, mix = _curves(plant)
    soc = roll(
        Curves(*(rows.reshape(*rows.shape[:-1], *ahead.shape) for rows in planned)),
        real,
        mix,
        storage,
        every_h,
        compiled,
    )
    return flows(plant, drawn_kwh(storage, soc), soc, mix)


def _curves(plant: Plant) -> tuple[Curves, Mixture | None]:
    """Curves of one list, and what the mixed hours are where there are any."""
    curve = curves(plant)
    which = mixed(plant, curve)
    return curve, mixture(plant, which) if which.any() else None


def earned_usd(hours: Hours, flow: Array) -> float:
    """What flows (7, hours) earn: mining at its worth and export, less import and battery wear [USD]."""
    by_name = dict(zip(FLOWS, flow, strict=True))
    mined = step_flows(by_name["mining_kw"], hours.step_kw)
    usd = (hours.worth_usd_per_kwh * mined).sum() + (hours.export_usd_per_kwh * by_name["export_kw"]).sum()
    bought = (hours.import_usd_per_kwh * by_name["import_kw"]).sum()
    return float(usd - bought - hours.wear_usd_per_kwh * by_name["discharge_kw"].sum())
