"""Where the sun stands and what the sky sends: everything that no array can change.

Computed once per place and kept: nine tenths of the cost of a solar year lie here, and a further
orientation of a known place reads nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.inputs import Weather
from core.units import HOURS

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]

DEGREE = math.pi / 180
HORIZON_UP = math.sin(
    -0.833 * DEGREE
)  # the sun's centre when its upper edge touches a flat horizon, refraction included
HALF_HOUR_S = 1800.0
STEEPEST_HALF_HOUR = 0.15  # the sine of elevation changes by at most sin 7.5° within half an hour
SOLAR_CONSTANT = 1367.0  # W/m², the figure of the years in which Perez's coefficients were fitted
LOWEST_CIRCUMSOLAR = math.cos(85 * DEGREE)
AIR_MASS_HIGHEST_ZENITH = 86.0  # °; the spectral polynomial was fitted up to an air mass of about ten
SPECTRAL = (0.918093, 0.086257, -0.024459, 0.002816, -0.000126)  # De Soto, Klein & Beckman 2006, crystalline silicon
WIND_AT_MODULE = 0.51  # share of the wind at 10 m that reaches modules near the ground (Gilman et al. 2018)

# Perez et al. 1990, table 6: upper edges of the clearness bins; F11 F12 F13 F21 F22 F23 of each bin.
CLEARNESS_EDGES = np.array([1.065, 1.23, 1.5, 1.95, 2.8, 4.5, 6.2])
BRIGHTNESS = np.array(
    [
        [-0.008, 0.588, -0.062, -0.060, 0.072, -0.022],
        [0.130, 0.683, -0.151, -0.019, 0.066, -0.029],
        [0.330, 0.487, -0.221, 0.055, -0.064, -0.026],
        [0.568, 0.187, -0.295, 0.109, -0.152, -0.014],
        [0.873, -0.392, -0.362, 0.226, -0.462, 0.001],
        [1.132, -1.237, -0.412, 0.288, -0.823, 0.056],
        [1.060, -1.600, -0.359, 0.264, -1.127, 0.131],
        [0.678, -0.327, -0.250, 0.156, -1.377, 0.251],
    ]
)


@dataclass(frozen=True, eq=False)
class Sky:
    """The light of one year at one place, daylight hours only; every array has shape (n,).

    `hour`: row of the year [0…8759]; `month`: 0…11 in local standard time; `east`, `north`, `up`: unit
    vector to the sun as it is seen; `dni`, `dhi` [W/m²]; `circumsolar`: diffuse light from around the sun,
    per cosine of incidence [W/m²]; `isotropic`: diffuse light from the whole vault [W/m²]; `brightening`:
    diffuse light from the horizon's band, may be negative [W/m²]; `spectral`: factor of the air mass on the
    output of silicon [1]; `temp_air` [°C]; `cooling`: how much warmer than at 1 m/s a module gets [1].
    """

    hour: Whole
    month: Whole
    east: Floats
    north: Floats
    up: Floats
    dni: Floats
    dhi: Floats
    circumsolar: Floats
    isotropic: Floats
    brightening: Floats
    spectral: Floats
    temp_air: Floats
    cooling: Floats

    def year(self, values: Floats) -> Floats:
        """Daylight values [any unit], shape (…, n), among the zeros of the night, shape (…, 8760)."""
        whole = np.zeros((*values.shape[:-1], HOURS))
        whole[..., self.hour] = values
        return whole


def sun_vector(unix_s: Floats, latitude: float, longitude: float) -> tuple[Floats, Floats, Floats]:
    """Unit vector to the sun's centre, without refraction.

    Ecliptic longitude λ and obliquity ε as short series in days since J2000; turned by sidereal time and
    latitude into east, north and up; parallax lowers the sun by 8.8″ · cos(elevation).

    unix_s: times [s since 1970, UTC], any shape; latitude, longitude [°], north and east positive.
    Within 0.01° of NREL's SPA for 2020–2050 when the sun is up, within 0.02° from 1980 on.
    Source: Blanco et al. 2020, "Updating the PSA sun position algorithm", Solar Energy 212, 339–341.
    """
    days = unix_s / 86400.0 - 10957.5
    node = 2.267127827 - 9.300339267e-4 * days
    mean_longitude = 4.895036035 + 1.720279602e-2 * days
    anomaly = _anomaly(days)
    ecliptic = mean_longitude + 3.338320972e-2 * np.sin(anomaly) + 3.497596876e-4 * np.sin(2 * anomaly)
    ecliptic += -1.544353226e-4 - 8.689729360e-6 * np.sin(node)
    obliquity = 4.090904909e-1 - 6.213605399e-9 * days + 4.418094944e-5 * np.cos(node)
    sine = np.sin(ecliptic)
    to_equinox, across, polar = np.cos(ecliptic), np.cos(obliquity) * sine, np.sin(obliquity) * sine
    sidereal_hours = 6.697096103 + 6.570984737e-2 * days + (unix_s % 86400.0) / 3600.0
    turn = (sidereal_hours * 15 + longitude) * DEGREE
    cos_turn, sin_turn = np.cos(turn), np.sin(turn)
    to_meridian, east = to_equinox * cos_turn + across * sin_turn, across * cos_turn - to_equinox * sin_turn
    s, c = math.sin(latitude * DEGREE), math.cos(latitude * DEGREE)
    up = c * to_meridian + s * polar
    return east, c * polar - s * to_meridian, up - 4.2635e-5 * np.sqrt(np.maximum(0.0, 1 - up * up))


def _anomaly(days: Floats) -> Floats:
    return 6.239468336 + 1.720200135e-2 * days


def apparent_elevation(up: Floats) -> Floats:
    """Elevation of the sun as it is seen [°], any shape.

    e + 1.02′ / tan(e + 10.3 / (e + 5.11)), e = asin(up) in degrees, at 1010 hPa and 10 °C.

    up: vertical part of the sun's unit vector [1]. Below −0.833° the geometric elevation is returned.
    Source: Reda & Andreas 2004, equation 42.
    """
    true = np.arcsin(np.clip(up, -1, 1)) / DEGREE
    seen = np.maximum(true, -0.833)
    lift = 1.02 / (60 * np.tan((seen + 10.3 / (seen + 5.11)) * DEGREE))
    return true + np.where(true >= -0.833, np.maximum(lift, 0), 0)


def sky(weather: Weather) -> Sky:
    """Everything a solar year owes to place and weather alone.

    Sun position → Perez's split of the diffuse light → air mass → wind. Hours in which the sun rises or
    sets take the sun at the middle of the part in which it is up, since their irradiance is a mean over
    the hour; where `sun_minute` is not 30 the values are readings of one moment and no hour is bent.

    weather: one year [8,760 h]. Polar night gives an empty sky. Rows in which the sun is down are dropped,
    whatever they hold.
    Source: Perez et al. 1990, Solar Energy 44, 271–289; Kasten & Young 1989 (air mass).
    """
    hourly = {
        name: weather.hourly[name].to_numpy(dtype=np.float64) for name in ("dni", "dhi", "temp_air", "wind_speed")
    }
    dni, dhi = np.maximum(hourly["dni"], 0), np.maximum(hourly["dhi"], 0)
    times = weather.sun_unix_s
    east, north, up = _sun_of_hours(weather, times)
    elevation = apparent_elevation(up)
    row = np.flatnonzero((elevation > 0) & (dni + dhi > 0))
    dni, dhi, elevation = dni[row], dhi[row], elevation[row]
    seen = np.sin(elevation * DEGREE)
    flat = np.sqrt(1 - seen * seen) / np.maximum(np.hypot(east[row], north[row]), 1e-12)
    circumsolar, isotropic, brightening = _perez(dni, dhi, elevation, times[row])
    return Sky(
        hour=row,
        month=_local_month(weather)[row],
        east=east[row] * flat,
        north=north[row] * flat,
        up=seen,
        dni=dni,
        dhi=dhi,
        circumsolar=circumsolar,
        isotropic=isotropic,
        brightening=brightening,
        spectral=_spectral(elevation, weather.elevation_m),
        temp_air=hourly["temp_air"][row],
        cooling=9.5 / (5.7 + 3.8 * WIND_AT_MODULE * np.maximum(hourly["wind_speed"][row], 0)),
    )


def _sun_of_hours(weather: Weather, times: Floats) -> tuple[Floats, Floats, Floats]:
    """The sun's vector per hour, moved into the sunlit part of the hours in which it rises or sets."""
    place = weather.latitude, weather.longitude
    vector = sun_vector(times, *place)
    if weather.sun_minute != 30.0:
        return vector
    low = np.flatnonzero(np.abs(vector[2] - HORIZON_UP) < STEEPEST_HALF_HOUR)
    before = sun_vector(times[low] - HALF_HOUR_S, *place)[2] - HORIZON_UP
    after = sun_vector(times[low] + HALF_HOUR_S, *place)[2] - HORIZON_UP
    turns = before * after < 0
    low, before, after = low[turns], before[turns], after[turns]
    crossing = before / (before - after)  # share of the hour gone when the sun crosses the horizon
    middle = np.where(before < 0, crossing, crossing - 1) * HALF_HOUR_S
    for component, moved in zip(vector, sun_vector(times[low] + middle, *place), strict=True):
        component[low] = moved
    return vector


def _perez(dni: Floats, dhi: Floats, elevation: Floats, times: Floats) -> tuple[Floats, Floats, Floats]:
    """Diffuse light from around the sun, from the vault and from the horizon (Perez et al. 1990)."""
    zenith = (90 - elevation) * DEGREE
    up = np.sin(elevation * DEGREE)
    # Kasten 1966, the form in which Perez's brightness was fitted
    air_mass = 1 / (up + 0.15 * (3.9 + elevation) ** -1.253)
    distance = 1 - 0.01671 * np.cos(_anomaly(times / 86400.0 - 10957.5))  # of the sun, in astronomical units
    brightness = dhi * air_mass * distance**2 / SOLAR_CONSTANT
    cubed = 1.041 * zenith**3
    clearness = (1 + dni / np.maximum(dhi, 1e-9) + cubed) / (1 + cubed)
    f = BRIGHTNESS.T[:, np.searchsorted(CLEARNESS_EDGES, clearness, side="right")]
    around = np.maximum(0, f[0] + f[1] * brightness + f[2] * zenith)
    band = f[3] + f[4] * brightness + f[5] * zenith
    return dhi * around / np.maximum(up, LOWEST_CIRCUMSOLAR), dhi * (1 - around), dhi * band


def _spectral(elevation: Floats, elevation_m: float) -> Floats:
    """Output of crystalline silicon under this air mass over that under 1.5 (De Soto, Klein & Beckman 2006)."""
    zenith = np.minimum(90 - elevation, AIR_MASS_HIGHEST_ZENITH)
    air_mass = 1 / (np.cos(zenith * DEGREE) + 0.50572 * (96.07995 - zenith) ** -1.6364)
    pressed = air_mass * math.exp(-0.0001184 * elevation_m)
    a0, a1, a2, a3, a4 = SPECTRAL
    return np.maximum(0, a0 + pressed * (a1 + pressed * (a2 + pressed * (a3 + pressed * a4))))


def _local_month(weather: Weather) -> Whole:
    """Month 0…11 of each hour, in local standard time."""
    labels = weather.sun_unix_s + weather.utc_offset_hours * 3600
    return labels.astype("datetime64[s]").astype("datetime64[M]").astype(np.intp) % 12
