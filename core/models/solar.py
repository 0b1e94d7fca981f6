"""Solar power hour by hour: light on the array, DC, AC.

Sky (kept per place) → plane → light after horizon, row shade and reflection → cell temperature →
single diode → losses → inverter → clip. No step looks at another hour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from core.models.module import (
    SELF_CONSUMPTION,
    USUAL,
    Floats,
    Module,
    beam_transmitted,
    combined_losses_frac,
    diffuse_transmitted,
    inverter_output,
    linear_efficiency,
    module_named,
    relative_efficiency,
    warmth,
)
from core.models.sun import DEGREE, Sky, sky
from core.sections import Array

__all__ = [
    "Sky",
    "absorbed",
    "ac_kw",
    "cell_temperature",
    "clipped_kw",
    "combined_losses_frac",
    "dc_kw",
    "dc_per_kw",
    "inverter_kw",
    "poa_global",
    "sky",
]

ROOF_WARMER_C = 4.0  # installed NOCT on a roof over an open rack: 49 and 45 °C (Dobos 2014, PVWatts version 5)

# Rear light left after torque tubes, frames, mismatch and light that passes between modules, which rows without end do
# not know: the gain of SAM's PVWatts v8 over ours without it is 0.62 to 0.71 in six cases (rack and trackers, two albedos).
REAR_KEPT_FRAC = 0.67

Angle = Floats | float


@dataclass(frozen=True, eq=False)
class Plane:
    """How the modules stand: cosine of incidence (n,), negative on the back; cosine and sine of tilt, () or (n,)."""

    cos_aoi: Floats
    cos_tilt: Angle
    sin_tilt: Angle


@dataclass(frozen=True, eq=False)
class Light:
    """Irradiance on the modules [W/m²], shape (n,): beam, sky and ground on the front, all of it on the rear."""

    beam: Floats
    sky: Floats
    ground: Floats
    rear: Floats | float


def ac_kw(array: Array, sky: Sky, health_frac: float | Floats = 1.0) -> Floats:
    """AC power after clipping, hour by hour.

    min(inverter(dc · health), rating), so that an aged array clips less.

    health_frac: what ageing has left of the DC power [1]: a number → (8760,) [kW]; shape (years,) →
    (years, 8760) [kW], DC being worked out once.
    Source: Dobos 2014, NREL/TP-6A20-62641 (PVWatts version 5), clipping.
    """
    ac, _ = _inverted(array, _dc_per_kw(array, sky), health_frac)
    return sky.year(ac)


def clipped_kw(array: Array, sky: Sky, health_frac: float | Floats = 1.0) -> Floats:
    """AC power the inverter's rating takes away [kW].

    max(inverter(dc · health) − rating, 0).

    Shapes as in `ac_kw`. Source: Dobos 2014 (PVWatts version 5), clipping.
    """
    _, clipped = _inverted(array, _dc_per_kw(array, sky), health_frac)
    return sky.year(clipped)


def dc_kw(array: Array, sky: Sky) -> Floats:
    """DC power at the inverter, losses taken off, array new; (8760,) [kW]."""
    return sky.year(_dc_per_kw(array, sky) * array.dc_kw)


def inverter_kw(array: Array, dc_kw: Floats) -> tuple[Floats, Floats]:
    """AC power after clipping and the power clipped, of any DC power [kW], any shape.

    min(η (ζ − s) / (1 − s) · R / η, R), R = dc_kw / dc_ac_ratio, ζ = DC power · η / R.

    The inverter is rated dc_kw / dc_ac_ratio on its AC side and that over η on its DC side.
    An array of 0 kW gives zeros. Source: `inverter_output`; Dobos 2014 (PVWatts version 5).
    """
    if array.dc_kw == 0:
        return np.zeros_like(dc_kw), np.zeros_like(dc_kw)
    return _inverted(array, dc_kw / array.dc_kw, 1.0)


def inverter_line(array: Array) -> tuple[float, float, float]:
    """The straight line that `inverter_kw` follows: AC = slope · (DC − start) between 0 and the rating [1, kW, kW]."""
    ac_rating_kw = array.dc_kw / array.dc_ac_ratio
    slope = array.inverter_efficiency_frac / (1 - SELF_CONSUMPTION)
    return slope, SELF_CONSUMPTION * ac_rating_kw / array.inverter_efficiency_frac, ac_rating_kw


def poa_global(array: Array, sky: Sky) -> Floats:
    """Light a sensor in the plane of the array receives, (8760,) [W/m²].

    Behind the horizon, but above the rows: before row shade, soiling and reflection (IEC 61724-1).
    """
    light = _light(array, sky, _plane(array, sky))
    return sky.year(light.beam + light.sky + light.ground)


def absorbed(array: Array, sky: Sky) -> Floats:
    """Light that enters the modules, after row shade, reflection and soiling, rear side included, (8760,) [W/m²]."""
    return sky.year(_absorbed(array, sky))


def dc_per_kw(array: Array, light: Floats, temp_air: Floats, cooling: Floats) -> Floats:
    """DC power at the inverter per kW of nameplate [1], any shape, from light that is already in the modules.

    G/1000 · relative efficiency(G, T) · (1 − losses), at the cell temperature T.

    light: absorbed irradiance G [W/m²]; temp_air [°C]; cooling: the wind's share, see `Sky` [1].
    Source: De Soto, Klein & Beckman 2006, or Dobos 2014 (PVWatts version 5) where a temperature coefficient is given.
    """
    module = _module(array)
    temp_cell = cell_temperature(array, light, temp_air, cooling)
    if array.gamma_pdc_per_c is None:
        efficiency = relative_efficiency(module, light, temp_cell)
    else:
        efficiency = linear_efficiency(array.gamma_pdc_per_c, temp_cell)
    efficiency *= light
    efficiency *= (1 - array.losses_frac) / 1000
    return efficiency


def cell_temperature(array: Array, light: Floats, temp_air: Floats, cooling: Floats) -> Floats:
    """Temperature of the cells [°C].

    T_air + G · (T_NOCT − 20) / 800 · (1 − η / τα) · cooling.

    Arguments as in `dc_per_kw`. A roof is 4 °C hotter at NOCT. Source: Duffie & Beckman 2013, chapter 23.
    """
    module = _module(array)
    noct_c = module.T_NOCT + (ROOF_WARMER_C if array.mounting == "roof" else 0.0)
    temp_cell = light * warmth(noct_c, module.efficiency_frac)
    temp_cell *= cooling
    temp_cell += temp_air
    return temp_cell


def _dc_per_kw(array: Array, sky: Sky) -> Floats:
    """`dc_per_kw` in the daylight hours, (n,). The air mass counts only for a module with curves of its own."""
    light = _absorbed(array, sky)
    if array.gamma_pdc_per_c is None:
        light *= sky.spectral
    return dc_per_kw(array, light, sky.temp_air, sky.cooling)


def _module(array: Array) -> Module:
    return USUAL if array.gamma_pdc_per_c is not None else module_named(array.module)


def _inverted(array: Array, dc_per_kw: Floats, health_frac: float | Floats) -> tuple[Floats, Floats]:
    """AC after clipping and the part clipped [kW], (n,) or (years, n)."""
    ac_rating_kw = array.dc_kw / array.dc_ac_ratio
    dc_rating_kw = ac_rating_kw / array.inverter_efficiency_frac
    share = array.dc_ac_ratio * array.inverter_efficiency_frac  # kW of nameplate per kW of the inverter's DC rating
    output = inverter_output(
        np.multiply.outer(np.asarray(health_frac) * share, dc_per_kw), array.inverter_efficiency_frac
    )
    output *= dc_rating_kw
    clipped = np.maximum(output - ac_rating_kw, 0)
    output -= clipped
    return np.minimum(output, ac_rating_kw, out=output), clipped


# --- light ----------------------------------------------------------------------------------------


def _absorbed(array: Array, sky: Sky) -> Floats:
    """Light that enters the modules, after row shade, reflection and soiling [W/m²], (n,)."""
    plane = _plane(array, sky)
    light = _light(array, sky, plane, *_crowding(array))
    from_sky, from_ground = diffuse_transmitted(np.asarray(plane.cos_tilt))
    absorbed = light.beam * beam_transmitted(np.maximum(plane.cos_aoi, 0))
    absorbed += light.sky * from_sky
    absorbed += light.ground * from_ground
    if any(array.soiling_frac):
        absorbed *= (1 - np.array(array.soiling_frac))[sky.month]
    absorbed += light.rear * (array.bifaciality_frac * REAR_KEPT_FRAC)
    return absorbed


def _crowding(array: Array) -> tuple[float, float]:
    """Ground coverage as it shades other modules, and as it shades the land."""
    if array.mounting == "roof":
        return 0.0, 0.0
    return (0.0 if array.mounting == "two_axis" else array.gcr), array.gcr


def _light(array: Array, sky: Sky, plane: Plane, row_gcr: float = 0.0, land_gcr: float = 0.0) -> Light:
    """Light on rows that shade each other and the land; coverage 0: on modules that stand alone.

    Beam: a row catches no more than falls on its strip of land, dni · min(cos aoi, up / gcr).
    Sky: Perez 1990 times the part of it that the row in front leaves free.
    Ground: albedo · light that reaches the land (mean over its width) · share of the view that is land.
    Rear: the same sums from behind; a row's back sees as much land as its front sees sky. A roof has no rear.
    """
    sky = _past_horizon(array.horizon, sky)
    above, below = _view_factors(plane.cos_tilt, row_gcr)
    cosine, alone = np.maximum(plane.cos_aoi, 0), (1 + plane.cos_tilt) / 2
    diffuse = sky.circumsolar * cosine + sky.isotropic * alone + sky.brightening * plane.sin_tilt
    land = sky.dni * np.maximum(sky.up - land_gcr * np.abs(plane.cos_aoi), 0)
    land += sky.dhi * (1 - land_gcr * (above + below))
    rear: Floats | float = 0.0
    if array.bifaciality_frac > 0 and array.mounting != "roof":
        behind = sky.dni * _caught(np.maximum(-plane.cos_aoi, 0), sky.up, row_gcr)
        rear = behind + land * (array.albedo * above) + sky.dhi * below
    return Light(
        beam=sky.dni * _caught(cosine, sky.up, row_gcr),
        sky=np.maximum(diffuse, 0) * (above / alone),
        ground=land * (array.albedo * below),
        rear=rear,
    )


def _caught(cosine: Floats, up: Floats, gcr: float) -> Floats:
    """Cosine of incidence, cut to what the sun sends onto a row's own strip of land."""
    return cosine if gcr == 0 else np.minimum(cosine, up / gcr)


def _view_factors(cos_tilt: Angle, gcr: float) -> tuple[Angle, Angle]:
    """Share of the front's view that is sky above the next row, and ground before it.

    With R = 1 / gcr: (1 + R − √(R² ∓ 2 R cos β + 1)) / 2. gcr 0: (1 ± cos β) / 2.
    Source: crossed strings (Hottel & Sarofim 1967) between rows without end.
    """
    if gcr == 0:
        return (1 + cos_tilt) / 2, (1 - cos_tilt) / 2
    r = 1 / gcr
    cross = 2 * r * cos_tilt
    return (1 + r - np.sqrt(r * r + 1 - cross)) / 2, (1 + r - np.sqrt(r * r + 1 + cross)) / 2


def _past_horizon(heights: tuple[float, ...], sky: Sky) -> Sky:
    """The sky above a horizon: no beam and no light from around the sun in hours in which it stands behind.

    Heights [°] stand at equal steps from north clockwise, linear between them. Diffuse light is cut to the
    mean of cos² h, exact on level ground under an even sky. Empty or flat: the sky as it is.
    """
    if not any(heights):
        return sky
    h = np.array(heights)
    at = np.arctan2(sky.east, sky.north) / (2 * math.pi) * len(h) % len(h)
    height = np.interp(at, np.arange(len(h) + 1), np.append(h, h[0]))
    free = sky.up > np.sin(height * DEGREE)
    left = float(np.mean(np.cos(h * DEGREE) ** 2))
    return replace(
        sky,
        dni=sky.dni * free,
        circumsolar=sky.circumsolar * free,
        dhi=sky.dhi * left,
        isotropic=sky.isotropic * left,
        brightening=sky.brightening * left,
    )


# --- mounting -------------------------------------------------------------------------------------


def _plane(array: Array, sky: Sky) -> Plane:
    if array.mounting == "two_axis":
        return Plane(np.ones_like(sky.up), sky.up, np.sqrt(1 - sky.up**2))
    if array.mounting in ("one_axis", "one_axis_backtracked"):
        return _tracker(array, sky)
    tilt, azimuth = array.surface_tilt * DEGREE, array.surface_azimuth * DEGREE
    cosine, sine = math.cos(tilt), math.sin(tilt)
    cos_aoi = sky.east * (sine * math.sin(azimuth)) + sky.north * (sine * math.cos(azimuth)) + sky.up * cosine
    return Plane(cos_aoi, cosine, sine)


def _tracker(array: Array, sky: Sky) -> Plane:
    """A horizontal axis along `surface_azimuth` that turns toward the sun, within its limit.

    True tracking: tan ρ = across / up. Backtracking turns back by acos(cos ρ / gcr) once rows would
    shade each other, which is when cos ρ < gcr.
    Source: Lorenzo, Narvarte & Muñoz 2011; Anderson & Mikofski 2020, NREL/TP-5K00-76626.
    """
    azimuth, limit = array.surface_azimuth * DEGREE, array.rotation_limit * DEGREE
    across = sky.east * math.cos(azimuth) - sky.north * math.sin(azimuth)
    reach = 1 / np.sqrt(np.maximum(across * across + sky.up * sky.up, 1e-24))
    sine, cosine = np.abs(across) * reach, sky.up * reach
    if array.mounting == "one_axis_backtracked":
        back = np.minimum(cosine / array.gcr, 1)
        aside = np.sqrt(1 - back * back)
        sine, cosine = sine * back - cosine * aside, cosine * back + sine * aside
    turned = np.minimum(sine, math.sin(limit))
    cosine = np.maximum(cosine, math.cos(limit))
    return Plane(turned * np.abs(across) + cosine * sky.up, cosine, turned)
