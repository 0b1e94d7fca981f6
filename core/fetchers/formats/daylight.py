"""Does the light in a file agree with the sun? Wrong signs, zones and time stamps show here and nowhere else.

Both checks warn and refuse nothing: sums may be right where the clock is not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.fetchers.formats.cells import Floats

NIGHT_DEG = -3.0  # below this no light worth counting is left; the formula is good to half a degree
NIGHT_SHARE = 0.02  # real files: under 0.1 %
SHIFTS = (-60, -30, 30, 60)  # minutes tried
MUCH_BETTER = 0.5  # share of the misfit left at another moment; real files fit several times worse there


def sun_height_deg(moments: pd.DatetimeIndex, latitude: float, longitude: float) -> Floats:
    """Height of the sun [°] to about half a degree, enough to tell day from night.

    sin h = sin φ sin δ + cos φ cos δ cos ω; declination δ and equation of time after Spencer (1971),
    "Fourier series representation of the position of the sun".
    """
    hour = (moments.hour + moments.minute / 60 + moments.second / 3600).to_numpy(dtype=np.float64)
    g = 2 * np.pi / 365 * (moments.day_of_year.to_numpy(dtype=np.float64) - 1 + (hour - 12) / 24)
    sine, cosine = np.sin, np.cos
    delta = 0.006918 - 0.399912 * cosine(g) + 0.070257 * sine(g) - 0.006758 * cosine(2 * g)
    delta = delta + 0.000907 * sine(2 * g) - 0.002697 * cosine(3 * g) + 0.00148 * sine(3 * g)
    equation = 0.000075 + 0.001868 * cosine(g) - 0.032077 * sine(g) - 0.014615 * cosine(2 * g) - 0.040849 * sine(2 * g)
    omega = np.radians(15 * (hour - 12) + longitude) + equation
    phi = np.radians(latitude)
    height = sine(phi) * sine(delta) + cosine(phi) * cosine(delta) * cosine(omega)
    return np.asarray(np.degrees(np.arcsin(np.clip(height, -1, 1))), dtype=np.float64)


def night_note(ghi: Floats, moments: pd.DatetimeIndex, latitude: float, longitude: float) -> tuple[str, ...]:
    """A warning when a file's light falls at night."""
    if not ghi.sum() > 0:
        return ("The file holds no light at all.",)
    share = float(ghi[sun_height_deg(moments, latitude, longitude) < NIGHT_DEG].sum() / ghi.sum())
    if share <= NIGHT_SHARE:
        return ()
    return (
        f"Check the file: {share:.0%} of its light falls while the sun is down at the place and clock it states. "
        "Longitude, time zone or their signs may be wrong.",
    )


def stamp_note(hourly: pd.DataFrame, moments: pd.DatetimeIndex, latitude: float, longitude: float) -> tuple[str, ...]:
    """A warning when ghi = dni · sin h + dhi holds far better with the sun of another half hour."""
    ghi, dni, dhi = (hourly[name].to_numpy() for name in ("ghi", "dni", "dhi"))

    def misfit(minutes: int) -> float:
        height = sun_height_deg(moments + pd.Timedelta(minutes=minutes), latitude, longitude)
        return float(np.sqrt(np.mean((dni * np.maximum(np.sin(np.radians(height)), 0) + dhi - ghi) ** 2)))

    best = min(SHIFTS, key=misfit)
    if misfit(best) >= MUCH_BETTER * misfit(0):
        return ()
    return (
        f"Check the time stamps: the parts of the light fit the sun of {abs(best)} minutes "
        f"{'later' if best > 0 else 'earlier'} much better. Half an hour moves east and west arrays by 2–5 %.",
    )
