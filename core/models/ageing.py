"""How panels, battery and machines lose strength: with years, with cycles, and in the heat of an hour."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ValidationError

Floats: TypeAlias = NDArray[np.float64]
Broadcast: TypeAlias = Any  # a float for scalars, else an array of the arguments' broadcast shape


def panel_health_frac(years: int, first_year_degradation_frac: float, degradation_frac_per_year: float) -> Floats:
    """Output of the array in each year over its output when new.

    (1 − first) · (1 − d)^(n − 1) in year n = 1, 2, …

    years ≥ 1; both shares [1] in 0…1. Returns shape (years,).
    The first-year loss counts from the first hour: light-induced loss settles within weeks of sun. The yearly loss starts
    with year 2, as in SAM, so that without a first-year loss year 1 is the undegraded year that yield reports name.
    Source: SAM, lifetime and degradation; Jordan & Kurtz (2013), "Photovoltaic degradation rates".
    """
    first = _share("first_year_degradation_frac", first_year_degradation_frac)
    yearly = _share("degradation_frac_per_year", degradation_frac_per_year)
    return np.asarray((1.0 - first) * (1.0 - yearly) ** _whole_years(years))


def hashrate_health_frac(years: int, hashrate_degradation_frac_per_year: float) -> Floats:
    """Hash rate of the machines in each year over their hash rate when new, at the same power.

    (1 − d)^(n − 1) in year n = 1, 2, …

    years ≥ 1; hashrate_degradation_frac_per_year d [1/yr] in 0…1. Returns shape (years,); year 1 is that of the data sheet.
    Source: constant yearly decline, as for panels; no long record of machines is published.
    """
    yearly = _share("hashrate_degradation_frac_per_year", hashrate_degradation_frac_per_year)
    return np.asarray((1.0 - yearly) ** _whole_years(years))


def battery_health_after_year_frac(
    health_frac: ArrayLike,
    discharged_kwh: ArrayLike,
    energy_kwh: ArrayLike,
    calendar_fade_frac_per_year: ArrayLike,
    cycle_fade_frac_per_cycle: ArrayLike,
    health_floor_frac: ArrayLike,
) -> Broadcast:
    """Battery capacity at the end of a year over its capacity when new.

    max(floor, health − calendar fade − cycle fade · discharged / energy).

    health_frac [1] at the year's start; discharged_kwh [kWh] over the year, energy_kwh [kWh] nameplate when new, so their
    ratio counts equivalent full cycles; fades as shares of the original capacity; shapes broadcast. Without a battery
    there are no cycles. A battery already below the floor stays where it is.
    Source: the linear calendar and throughput terms of warranties and data sheets; real cells fade faster at first.
    """
    health = _share("health_frac", health_frac)
    discharged, energy = (
        _at_least_0(*pair) for pair in (("discharged_kwh", discharged_kwh), ("energy_kwh", energy_kwh))
    )
    worn = _at_least_0("cycle_fade_frac_per_cycle", cycle_fade_frac_per_cycle) * discharged
    fade = np.minimum(worn, energy) / np.where(energy > 0, energy, 1.0)  # all of it at most, however small the battery
    left = health - _at_least_0("calendar_fade_frac_per_year", calendar_fade_frac_per_year) - fade
    return np.minimum(health, np.maximum(left, _share("health_floor_frac", health_floor_frac)))[()]


def ambient_derate_frac(
    temp_air_c: ArrayLike, derate_above_c: float, derate_frac: float, shutdown_above_c: float
) -> Broadcast:
    """Share of hash rate and power that machines keep in the heat.

    1 up to derate_above_c, 1 − derate_frac above it, 0 above shutdown_above_c.

    temp_air_c [°C] outdoors, shape (hours,) or any; thresholds [°C], the hour at a threshold still counts as cooler;
    derate_frac [1] in 0…1. Source: field test of an Antminer S21 (clock 490 → 440 MHz above 40 °C, stop above 47 °C),
    reported by Hackernoon / BTCWire.
    """
    temp = _finite("temp_air_c", temp_air_c)
    warm, hot = _finite("derate_above_c", derate_above_c), _finite("shutdown_above_c", shutdown_above_c)
    if hot < warm:
        raise _refused("shutdown_above_c", shutdown_above_c, f"derate_above_c ({derate_above_c}) or more")
    kept = 1.0 - _share("derate_frac", derate_frac)
    return np.where(temp > hot, 0.0, np.where(temp > warm, kept, 1.0))[()]


def _whole_years(years: int) -> Floats:
    if isinstance(years, bool) or not isinstance(years, int | np.integer) or years < 1:
        raise _refused("years", years, "a whole number from 1")
    return np.arange(years, dtype=np.float64)


def _finite(name: str, value: ArrayLike) -> Any:
    figures = np.asarray(value, dtype=np.float64)
    if not np.isfinite(figures).all():
        raise _refused(name, float(figures[~np.isfinite(figures)].flat[0]), "a finite number")
    return figures


def _at_least_0(name: str, value: ArrayLike) -> Any:
    figures = _finite(name, value)
    if (figures < 0).any():
        raise _refused(name, float(figures[figures < 0].flat[0]), "0 or more")
    return figures


def _share(name: str, value: ArrayLike) -> Any:
    figures = _finite(name, value)
    wrong = (figures < 0) | (figures > 1)
    if wrong.any():
        raise _refused(name, float(figures[wrong].flat[0]), "a share from 0 to 1")
    return figures


def _refused(name: str, value: Any, expected: str) -> ValidationError:
    return ValidationError(f"{name}: expected {expected}, not {value}", field=name, value=value, expected=expected)
