"""What a module makes of light and warmth, and what an inverter makes of its power."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from core.models.library import USUAL_NAME, entry

Floats = npt.NDArray[np.float64]

KELVIN = 273.15
BOLTZMANN_EV = 8.617332478e-5  # eV/K
STANDARD_C, STANDARD_POA = 25.0, 1000.0  # standard test conditions
BAND_GAP_EV, BAND_GAP_PER_K = 1.121, -0.0002677  # silicon (De Soto 2006)
ABSORBED_FRAC = 0.9  # transmittance · absorptance of a module (Duffie & Beckman 2013, chapter 23)
NEWTON_STEPS = 30

GLASS, COATING = 1.526, 1.3  # refractive indices of cover glass and its anti-reflection coat (Dobos 2014)
EXTINCTION_M = 4.0 * 0.002  # glazing extinction 4/m times 2 mm of glass (De Soto 2006)
COSINE_STEPS = 1024

SQRT_POA_STEPS, SQRT_POA_TOP = 90, 45.0  # nodes in √(W/m²): up to 2025 W/m²
TEMP_C_LOW, TEMP_C_STEP, TEMP_C_STEPS = -60.0, 6.0, 32  # nodes up to 132 °C

# Median of the CEC library's 960 inverters above 10 kW, as pvlib ships it: DC power to start over DC rating.
SELF_CONSUMPTION = 0.004158


@dataclass(frozen=True)
class Module:
    """A module as the CEC library describes it.

    Single-diode parameters at standard conditions: `alpha_sc` [A/°C], `a_ref` [V], `I_L_ref` [A],
    `I_o_ref` [A], `R_sh_ref` [Ω], `R_s` [Ω], `Adjust` [%]; `T_NOCT` [°C]; `efficiency_frac` at standard conditions.
    """

    alpha_sc: float
    a_ref: float
    I_L_ref: float
    I_o_ref: float
    R_sh_ref: float
    R_s: float
    Adjust: float
    T_NOCT: float
    efficiency_frac: float


# One entry of the CEC library (SAM 2018.11.11 r2, as pvlib ships it), kept here so that the usual plan
# neither imports pvlib nor reads 21,535 modules; a test holds it to the library.
USUAL = Module(
    alpha_sc=0.005953,
    a_ref=1.626989,
    I_L_ref=9.515496,
    I_o_ref=2.609209e-11,
    R_sh_ref=523.197693,
    R_s=0.302368,
    Adjust=6.718885,
    T_NOCT=45.1,
    efficiency_frac=0.3204 / 1.63,
)


@lru_cache(maxsize=256)
def module_named(name: str) -> Module:
    """The CEC library's module of that name; ScenarioError naming `array.module` where there is none."""
    if name == USUAL_NAME:
        return USUAL
    found = entry(name)
    words = ("alpha_sc", "a_ref", "I_L_ref", "I_o_ref", "R_sh_ref", "R_s", "Adjust", "T_NOCT")
    return Module(**{word: float(found[word]) for word in words}, efficiency_frac=found["STC"] / 1000 / found["A_c"])


def max_power(module: Module, poa: Floats, temp_cell: Floats) -> Floats:
    """Power at the maximum power point, as a share of that at standard conditions.

    P = I · V with I = I_L − I_o (exp(v / a) − 1) − v / R_sh and V = v − I · R_s; the diode voltage v with
    dP/dv = 0 is found by Newton's method from the open-circuit side, where P is concave.

    poa: effective irradiance [W/m²], ≥ 0; temp_cell [°C]; both of one shape. Darkness gives 0.
    Source: De Soto, Klein & Beckman 2006 (parameters), Dobos 2012 (Adjust), Bishop 1988 (v as the variable).
    """
    standard = _watts(module, np.array([STANDARD_POA]), np.array([STANDARD_C]))
    return np.asarray(_watts(module, poa, temp_cell) / standard)


def _watts(module: Module, poa: Floats, temp_cell: Floats) -> Floats:
    suns, kelvin = poa / STANDARD_POA, temp_cell + KELVIN
    warmer = temp_cell - STANDARD_C
    hotter = kelvin / (STANDARD_C + KELVIN)
    gap = BAND_GAP_EV * (1 + BAND_GAP_PER_K * warmer)
    saturation = module.I_o_ref * hotter**3
    saturation = saturation * np.exp((BAND_GAP_EV / (STANDARD_C + KELVIN) - gap / kelvin) / BOLTZMANN_EV)
    light = suns * (module.I_L_ref + module.alpha_sc * (1 - module.Adjust / 100) * warmer)
    a, shunt, r = module.a_ref * hotter, suns / module.R_sh_ref, module.R_s
    v = a * np.log1p(light / saturation)
    for _ in range(NEWTON_STEPS):
        grown = saturation * np.exp(v / a)
        i, di, ddi = light - grown + saturation - v * shunt, -grown / a - shunt, -grown / a**2
        dv = 1 - r * di
        slope = di * (v - i * r) + i * dv
        bend = ddi * (v - i * r) + 2 * di * dv - i * r * ddi
        v = np.maximum(v - slope / bend, 0.0)
    i = light - saturation * np.expm1(v / a) - v * shunt
    watts: Floats = np.maximum(i * (v - i * r), 0.0)
    return watts


@lru_cache(maxsize=32)
def efficiency_table(module: Module) -> Floats:
    """Power per light, relative to standard conditions, on nodes of √irradiance × cell temperature.

    P(G, T) / G ÷ (P(1000 W/m², 25 °C) / 1000 W/m²).

    Shape (SQRT_POA_STEPS + 1, TEMP_C_STEPS + 1); between nodes linear (error below 0.05 % from 20 W/m² up).
    Source: `max_power`, tabulated.
    """
    root = np.linspace(0, SQRT_POA_TOP, SQRT_POA_STEPS + 1)
    root[0] = root[1] / 5  # stands for darkness, where the ratio has no value
    temp_cell = TEMP_C_LOW + TEMP_C_STEP * np.arange(TEMP_C_STEPS + 1)
    poa, temp_cell = np.meshgrid(root**2, temp_cell, indexing="ij")
    table: Floats = max_power(module, poa, temp_cell) / (poa / STANDARD_POA)
    table.setflags(write=False)
    return table


def relative_efficiency(module: Module, poa: Floats, temp_cell: Floats) -> Floats:
    """Power per light relative to standard conditions, from the table; beyond its edges the edge's slope.

    poa: effective irradiance [W/m²]; temp_cell [°C]; both shape (n,).
    """
    table, row = efficiency_table(module).ravel(), TEMP_C_STEPS + 1
    x = np.sqrt(poa) * (SQRT_POA_STEPS / SQRT_POA_TOP)
    y = (temp_cell - TEMP_C_LOW) / TEMP_C_STEP
    i = np.minimum(x.astype(np.intp), SQRT_POA_STEPS - 1)
    j = np.clip(y.astype(np.intp), 0, TEMP_C_STEPS - 1)
    x -= i
    y -= j
    k = i * row + j
    low = table[k]
    low += y * (table[k + 1] - low)
    k += row
    high = table[k]
    high += y * (table[k + 1] - high)
    return low + x * (high - low)


def linear_efficiency(gamma_pdc_per_c: float, temp_cell: Floats) -> Floats:
    """Power per light relative to standard conditions, never below 0.

    1 + γ (T − 25).

    gamma_pdc_per_c [1/°C]; temp_cell [°C], any shape. Source: Dobos 2014, NREL/TP-6A20-62641 (PVWatts version 5).
    """
    efficiency: Floats = np.maximum(1 + gamma_pdc_per_c * (temp_cell - STANDARD_C), 0.0)
    return efficiency


def transmitted(cos_aoi: Floats) -> Floats:
    """Light through coated cover glass, relative to that at normal incidence (IAM).

    Fresnel's reflection at air–coat and coat–glass, back and forth within the coat, both polarisations, and
    absorption in the glass.
    cos_aoi: cosine of incidence [1], any shape; 0 and less give 0.
    Source: De Soto, Klein & Beckman 2006, with the coat of Dobos 2014.
    """
    cosine = np.append(np.clip(cos_aoi, 0, 1).ravel(), 1.0)
    front, in_coat = _reflected(cosine, 1.0, COATING)
    back, in_glass = _reflected(in_coat, COATING, GLASS)
    passed = np.mean((1 - front) * (1 - back) / (1 - front * back), axis=0) * np.exp(-EXTINCTION_M / in_glass)
    return np.asarray(passed[:-1] / passed[-1]).reshape(np.shape(cos_aoi))


def _reflected(cosine: Floats, outside: float, inside: float) -> tuple[Floats, Floats]:
    """Share of each polarisation that a surface throws back, shape (2, n), and the cosine beyond it."""
    beyond = np.sqrt(1 - (outside / inside) ** 2 * (1 - cosine**2))
    parallel = (inside * cosine - outside * beyond) / (inside * cosine + outside * beyond)
    crosswise = (outside * cosine - inside * beyond) / (outside * cosine + inside * beyond)
    return np.stack([parallel, crosswise]) ** 2, beyond


def beam_transmitted(cos_aoi: Floats) -> Floats:
    """`transmitted` from a table. cos_aoi [1], shape (n,), within 0…1."""
    return _looked_up(_cover_tables()[0], cos_aoi)


def diffuse_transmitted(cos_tilt: Floats) -> tuple[Floats, Floats]:
    """Light of the sky, and of the ground, through the cover, relative to normal incidence.

    At the angle of incidence that stands for the whole: 59.7 − 0.1388 β + 0.001497 β² for the sky,
    90 − 0.5788 β + 0.002693 β² for the ground. cos_tilt: cosine of β, within 0…1, any shape.
    Source: Brandemuehl & Beckman 1980, in Duffie & Beckman 2013, chapter 5.
    """
    _, sky, ground = _cover_tables()
    return _looked_up(sky, cos_tilt), _looked_up(ground, cos_tilt)


def _looked_up(table: tuple[Floats, Floats], cosine: Floats) -> Floats:
    nodes, rises = table
    x = cosine * COSINE_STEPS
    i = x.astype(np.intp)
    return nodes[i] + (x - i) * rises[i]


@cache
def _cover_tables() -> tuple[tuple[Floats, Floats], ...]:
    """Light let through from the beam by the cosine of incidence, from sky and ground by that of tilt.

    Each at equal steps of the cosine, with the rise to the next step.
    """
    cosine = np.linspace(0, 1, COSINE_STEPS + 1)
    tilt = np.degrees(np.arccos(cosine))
    sky = np.cos(np.radians(59.7 - 0.1388 * tilt + 0.001497 * tilt**2))
    ground = np.cos(np.radians(90 - 0.5788 * tilt + 0.002693 * tilt**2))
    nodes = [transmitted(c) for c in (cosine, sky, ground)]
    return tuple((n, np.append(np.diff(n), 0.0)) for n in nodes)


def warmth(noct_c: float, efficiency_frac: float) -> float:
    """Kelvin above the air per W/m² of absorbed light, before the wind's share.

    (T_NOCT − 20) / 800 · (1 − η / τα). Source: Duffie & Beckman 2013, chapter 23.
    """
    return (noct_c - 20) / 800 * (1 - efficiency_frac / ABSORBED_FRAC)


def inverter_output(dc_share: Floats, efficiency_frac: float) -> Floats:
    """AC power before clipping, as a share of the inverter's DC rating.

    η (ζ − s) / (1 − s), never below 0: nominal at rated power, less at part load by what it draws itself.

    dc_share: DC power over the DC rating ζ [1], any shape; efficiency_frac: nominal η [1].
    Source: King et al. 2007, SAND2007-5036, equation 1 without its voltage and curvature terms (C0…C3 = 0).
    """
    slope = efficiency_frac / (1 - SELF_CONSUMPTION)
    power = dc_share * slope
    power -= slope * SELF_CONSUMPTION
    return np.maximum(power, 0, out=power)


def combined_losses_frac(parts_frac: tuple[float, ...] | list[float]) -> float:
    """Losses one after another as one.

    1 − ∏ (1 − part).

    parts [1], each 0…1. Source: Dobos 2014 (PVWatts version 5).
    """
    return 1 - math.prod(1 - part for part in parts_frac)
