"""The fleet as a whole: what its machines draw, hash and can take in each hour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.inputs import Weather
from core.models import ageing
from core.sections import Fleet

Floats = NDArray[np.float64]
W_PER_KW = 1000.0


def machine_kw(fleet: Fleet) -> float:
    """Draw of all machines together, cooling apart [kW]."""
    return sum((unit.power_w or 0.0) * unit.count for unit in fleet.units) / W_PER_KW


def fleet_hashrate_ths(fleet: Fleet) -> float:
    """Hash rate of all machines when new [TH/s]."""
    return sum((unit.hashrate_ths or 0.0) * unit.count for unit in fleet.units)


def efficiency_j_per_th(fleet: Fleet) -> float:
    """Energy per terahash of the fleet as a whole when new, cooling apart [J/TH]; nan without machines."""
    hashrate = fleet_hashrate_ths(fleet)
    return machine_kw(fleet) * W_PER_KW / hashrate if hashrate > 0 else float("nan")


def available_fleet_kw(fleet: Fleet, weather: Weather) -> Floats:
    """Largest site draw for mining in each hour of the weather year, (8760,) [kW]: uptime, heat and PUE in it."""
    kept = ageing.ambient_derate_frac(
        weather.hourly["temp_air"].to_numpy(), fleet.derate_above_c, fleet.derate_frac, fleet.shutdown_above_c
    )
    left: Floats = machine_kw(fleet) * fleet.pue * fleet.uptime_frac * kept
    return left
