"""A published study rebuilt from our own models: a wind farm that may mine instead of selling at the spot price (V27).

Bastian-Pinto, Araujo, Brandão & Gomes (2021), "Hedging renewable energy investments with Bitcoin mining", RSER 138:110520, and
the notebooks that its authors published. Where the paper leaves a choice, this is how the notebooks read:

* The spot price (PLD, in dollars) is capped as a state, not on its way out: what lies above the
  cap is lost to the months after. ln PLD is pulled toward ln 86.30 − σ²/2η.
* The worth of a mined kWh is price over the energy of a coin. It starts, spread as a triangle, in month 22, when rigs are
  ordered, and sells from the third month on; the second pair of years starts anew from the same draw of the triangle.
* Farm and rigs sell from month 25, a January, to month 72. What rigs do not take is sold at the spot price. Variable cost is
  a share of what the spot market would have paid, mining or not.
* Rigs are paid in months 22 and 46, that cost at 8 % and all else at 5 % a year.
* Rigs' kW are held against the plant's MWh of a month: a slip, mended by a cap of 730.5 hours in a month.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.models import draws, finance, mining
from core.models.price_paths import Volatility, deviation, step_deviation

Floats: TypeAlias = NDArray[np.float64]

PATHS, BATCH, SEED = 200_000, 50_000, 1
SPOT, START, FIRST, SECOND = range(4)  # streams
MONTHS, OPENED, ORDERED, MINED = 72, 25, (22, 46), 24
WIND_M_S = (2.3, 2.6, 2.4, 2.1, 2.1, 2.95, 3.5, 3.6, 3.8, 3.1, 3.0, 2.5)
MWH_PER_M_S = 1871.208247
SPOT_START, SPOT_MEAN, SPOT_CAP, SPOT_PULL, SPOT_SIGMA = 75.0, 86.30, 150.0, 0.08038, 0.557  # a month
MU, SIGMA = -0.0366, 0.2228  # of the worth of a mined kWh, a month
RIGS, RIG_THS, RIG_W, RIG_USD = 1750, 56.0, 2212.0, 1900.0
DIFFICULTY, REWARD_BTC, PRICE_USD = 12_720_005_267_390.5, 12.5, (5000.0, 7000.0, 9000.0)
COOLED, VARIABLE, FIXED, CAPEX = 0.85, 0.14, 52_757 / 4, 9_379_943 / 4
TAX, RATE, RIG_RATE = 0.25 * 0.08 + 0.09 * 0.12, 0.05, 0.08
SQRT_YEAR = np.sqrt(12.0)
SPOT_HOW = Volatility(SPOT_SIGMA * SQRT_YEAR, SPOT_SIGMA * SQRT_YEAR, pull_per_year=12.0 * SPOT_PULL)
WORTH_HOW = Volatility(SIGMA * SQRT_YEAR, SIGMA * SQRT_YEAR)


class Npvs(NamedTuple):
    """NPV of each path [USD]: sell only, mine for two years, and for two and two."""

    base: Floats
    two: Floats
    four: Floats


def spot(normal: Floats, cap: float = SPOT_CAP) -> Floats:
    """Spot price in the months 0 to 72, (73, paths)."""
    mean, kept = np.log(SPOT_MEAN) - SPOT_SIGMA**2 / (2.0 * SPOT_PULL), np.exp(-SPOT_PULL)
    ln = np.full((len(normal) + 1, normal.shape[1]), np.log(SPOT_START))
    for month, moved in enumerate(step_deviation(SPOT_HOW, len(normal))[:, None] * normal):
        ln[month + 1] = np.minimum(mean + kept * (ln[month] - mean) + moved, np.log(cap))
    return np.asarray(np.exp(ln))


def worth(start: Floats, normal: Floats) -> Floats:
    """Worth of a mined kWh in the two years of selling, (24, paths) [USD/kWh]; rigs are ordered three months before."""
    month = np.arange(len(normal) + 1)[:, None]
    strayed = deviation(WORTH_HOW, normal) + (MU - SIGMA**2 / 2.0) * month
    return start * np.exp(strayed[-MINED:])


def triangle(share: Floats) -> Floats:
    """Price at a share of its distribution [USD]; Source: the inverse of the triangle's, in closed form."""
    low, mode, high = PRICE_USD
    left = (mode - low) / (high - low)
    rising = low + np.sqrt(share * (high - low) * (mode - low))
    return np.where(share < left, rising, high - np.sqrt((1.0 - share) * (high - low) * (high - mode)))


def npvs(first: int, count: int, cap_mwh: float, rigs: int = RIGS) -> Npvs:
    """A batch of paths."""
    kwh_per_btc = mining.cost_usd_per_btc(RIG_W / RIG_THS, 1.0, DIFFICULTY, REWARD_BTC)
    price = spot(draws.normals(SEED, SPOT, first, count, MONTHS))[OPENED:]
    start = triangle(draws.uniforms(SEED, START, first, count, 1)[0]) / kwh_per_btc
    steps = MINED + OPENED - ORDERED[0] - 1
    worths = [worth(start, draws.normals(SEED, stream, first, count, steps)) for stream in (FIRST, SECOND)]
    mwh = np.tile(np.multiply(WIND_M_S, MWH_PER_M_S), 4)[:, None]
    taken = np.minimum(mwh, cap_mwh)
    sold = price * mwh
    mined = np.concatenate(worths) * taken * COOLED * 1000.0 + price * (mwh - taken)
    selling = sold * (1.0 - TAX) - sold * VARIABLE - FIXED
    better = np.maximum(selling, mined * (1.0 - TAX) - sold * VARIABLE - FIXED)
    two = np.concatenate([better[:MINED], selling[MINED:]])
    return Npvs(npv(selling, 0, rigs), npv(two, 1, rigs), npv(better, 2, rigs))


def npv(earned: Floats, orders: int, rigs: int) -> Floats:
    """At 5 %, with what is built in month 0 and the rigs ordered."""
    cash = np.zeros((earned.shape[1], MONTHS + 1))
    cash[:, OPENED:] = earned.T
    cash[:, 0] -= CAPEX
    for month in ORDERED[:orders]:
        cash[:, month] -= rigs * RIG_USD * ((1.0 + RATE) / (1.0 + RIG_RATE)) ** (month / 12.0)
    return np.asarray(finance.npv_usd((1.0 + RATE) ** (1.0 / 12.0) - 1.0, cash))


def all_paths(cap_mwh: float) -> Npvs:
    """All paths; a second or two."""
    batches = [npvs(first, BATCH, cap_mwh) for first in range(0, PATHS, BATCH)]
    return Npvs(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))


AS_PUBLISHED = RIGS * RIG_W / 1000.0 / COOLED  # kW, held against MWh
MENDED = AS_PUBLISHED * 730.5 / 1000.0  # MWh of a month
