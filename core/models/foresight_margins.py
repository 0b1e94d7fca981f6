"""Shadow prices: what one unit more of battery or connection would add to a year with perfect foresight.

Found by solving the year anew with the unit more, which is exact for that unit: what the year earns is concave and
piecewise linear in each of them, so a dual value would only give the slope at a point, and none at a corner.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from core.models.dispatch import Array, Hours, Storage
from core.models.foresight import bound_usd


class Margins(NamedTuple):
    """USD a year for one unit more: usable energy [kWh] and power [kW] of the battery, import and export limit [kW]."""

    battery_usd_per_kwh: float
    battery_usd_per_kw: float
    import_usd_per_kw: float
    export_usd_per_kw: float


def margins(
    hours: Hours, storage: Storage, *, grid_charging: bool = False, unit: float = 1.0, compiled: bool = True
) -> Margins:
    """By the bound of the year, which mixed hours leave concave; `unit` [kWh or kW] more of one thing at a time.

    Hours in which the connection is dead stay dead, unless it is dead in all.
    """
    cases = (
        (hours, storage),
        (hours, storage._replace(highest_kwh=storage.highest_kwh + unit)),
        (hours, storage._replace(power_kw=storage.power_kw + unit)),
        (replace(hours, import_limit_kw=_wider(hours.import_limit_kw, unit)), storage),
        (replace(hours, export_limit_kw=_wider(hours.export_limit_kw, unit)), storage),
    )
    base, *more = (bound_usd(h, s, grid_charging=grid_charging, compiled=compiled) for h, s in cases)
    return Margins(*((usd - base) / unit for usd in more))


def _wider(limit_kw: Array, unit: float) -> Array:
    return np.where((limit_kw > 0) | ~(limit_kw > 0).any(), limit_kw + unit, limit_kw)
