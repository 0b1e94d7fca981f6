"""How machines run hour by hour: which mode pays first, what heat leaves of them, what cooling adds, what starting costs."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import at_least_0, finite, positive, refused, share

Floats: TypeAlias = NDArray[np.float64]
Broadcast: TypeAlias = Any  # a float for scalars, else an array of the arguments' broadcast shape
MINUTES_PER_HOUR = 60.0
METRES_PER_KM = 1000.0


class Steps(NamedTuple):
    """A machine loaded bit by bit, the bit that hashes most per watt first: power [W] and hash rate [TH/s] of each bit."""

    power_w: Floats
    hashrate_ths: Floats


def steps(power_w: ArrayLike, hashrate_ths: ArrayLike) -> Steps:
    """The bits in which a fleet of machines with these modes is best loaded.

    Upper concave hull of (0, 0) and the modes, from off to the mode that hashes most: its edges, steepest first.

    power_w [W] and hashrate_ths [TH/s], shape (modes,), positive. Between two corners some machines run in the one mode
    and some in the other, so a mode below the hull is never worth running. Modes of equal power: the one that hashes more.
    Source: incremental cost loading of power plants; Wood & Wollenberg (2013), Power Generation, Operation, and Control.
    """
    power, hashing = positive("power_w", power_w), positive("hashrate_ths", hashrate_ths)
    if power.shape != hashing.shape or power.ndim != 1:
        raise refused("hashrate_ths", hashing.shape, f"as many as power_w, {power.shape}")
    corners = [(0.0, 0.0)]
    for watts, rate in sorted(zip(power.tolist(), hashing.tolist(), strict=True), key=lambda mode: (mode[0], -mode[1])):
        if rate <= corners[-1][1]:
            continue
        while len(corners) > 1 and _slope(corners[-1], (watts, rate)) >= _slope(corners[-2], corners[-1]):
            corners.pop()
        corners.append((watts, rate))
    watts_of, rates_of = np.array(corners).T
    return Steps(np.diff(watts_of), np.diff(rates_of))


def _slope(first: tuple[float, float], second: tuple[float, float]) -> float:
    return (second[1] - first[1]) / (second[0] - first[0]) if second[0] > first[0] else np.inf


# Heat


def ambient_derate_frac(
    temp_air_c: ArrayLike, derate_above_c: float, derate_frac: float, shutdown_above_c: float
) -> Broadcast:
    """Share of hash rate and power that machines keep in the heat.

    1 up to derate_above_c, 1 − derate_frac above it, 0 above shutdown_above_c.

    temp_air_c [°C] outdoors, shape (hours,) or any; thresholds [°C], the hour at a threshold still counts as cooler;
    derate_frac [1] in 0…1. Source: field test of an Antminer S21 (clock 490 → 440 MHz above 40 °C, stop above 47 °C),
    reported by Hackernoon / BTCWire.
    """
    temp = finite("temp_air_c", temp_air_c)
    warm, hot = finite("derate_above_c", derate_above_c), finite("shutdown_above_c", shutdown_above_c)
    if hot < warm:
        raise refused("shutdown_above_c", shutdown_above_c, f"derate_above_c ({derate_above_c}) or more")
    kept = 1.0 - share("derate_frac", derate_frac)
    return np.where(temp > hot, 0.0, np.where(temp > warm, kept, 1.0))[()]


def thin_air_c(elevation_m: float, above_m: float, c_per_km: float) -> float:
    """By how much the heat limits of air-cooled machines fall in thin air [°C].

    max(0, elevation − above) · fall.

    elevation_m, above_m [m]; c_per_km [°C/km] ≥ 0.
    Source: data sheets of air-cooled Antminers, 1 °C for each 300 m from 900 m on; ASHRAE TC 9.9 has the same slope for class A1.
    """
    height = max(0.0, float(finite("elevation_m", elevation_m)) - float(finite("above_m", above_m)))
    return height / METRES_PER_KM * float(at_least_0("c_per_km", c_per_km))


def pue_by_temperature(temp_air_c: ArrayLike, pue: float, rise_per_c: float, above_c: float) -> Broadcast:
    """Site draw over machine draw in each hour.

    pue + rise · max(0, temp − above).

    temp_air_c [°C] outdoors, any shape; pue ≥ 1; rise_per_c [1/°C] ≥ 0.
    Source: straight line through two measured points; a T21 drew 7.3 % more in the heat of its day at equal settings.
    """
    warmer = np.maximum(finite("temp_air_c", temp_air_c) - finite("above_c", above_c), 0.0)
    return (finite("pue", pue) + at_least_0("rise_per_c", rise_per_c) * warmer)[()]


# Starting


def restart_loss_kwh(machine_kw: ArrayLike, restart_minutes: float) -> Broadcast:
    """Energy that machines draw in each hour without hashing, as they have just been started [kWh].

    max(0, P_h − P_(h−1)) · minutes / 60: what runs now and did not an hour ago was started once.

    machine_kw P [kW] mean draw, shape (…, hours); the hour before the first is the last: the year is a circle.
    restart_minutes [min] in 0…60. Source: owners report minutes to half an hour from start to full hash rate.
    """
    running = at_least_0("machine_kw", machine_kw)
    minutes = float(at_least_0("restart_minutes", restart_minutes))
    if minutes > MINUTES_PER_HOUR:
        raise refused("restart_minutes", restart_minutes, "0 to 60")
    started = np.maximum(running - np.roll(running, 1, axis=-1), 0.0)
    return started * (minutes / MINUTES_PER_HOUR)
