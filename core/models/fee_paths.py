"""Fees of blocks left to chance: how far ln of a month's fees strays from the plan's, and months in which blocks are crowded."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.figures import at_least_0, positive
from core.units import MONTHS_PER_YEAR

Floats: TypeAlias = NDArray[np.float64]
KEPT = 0.8  # of a month's deviation in the next


def deviation(normal: Floats, sd: float, kept: float = KEPT) -> Floats:
    """Deviation of ln fees from their median, (months, paths), as likely anywhere in its own spread in the first month.

    x_{k+1} = kept · x_k + sd · √(1 − kept²) · z_{k+1}, x_0 = sd · z_0.

    normal z (months, paths), used up; sd ≥ 0 [1]; 0 ≤ kept ≤ 1. Source: stationary autoregression of order one.
    """
    at_least_0("sd", sd)
    fresh = np.sqrt(1.0 - kept**2)
    for month in range(1, len(normal)):
        normal[month] = kept * normal[month - 1] + fresh * normal[month]
    normal *= sd
    return normal


def jumps(share: Floats, per_year: float, times: float) -> Floats:
    """What crowded blocks add to ln fees in the months in which they come, (months, paths), and nothing after.

    ln(times) where share < 1 − e^(−λ/12).

    share: even in 0…1, (months, paths); per_year λ ≥ 0 [1/yr]; times > 0: fees of such a month over those without.
    Nothing is taken off elsewhere: rare months leave the median where it is, and the mean lies above.
    Source: Poisson arrivals, as Merton (1976) has them.
    """
    chance = -np.expm1(-float(at_least_0("per_year", per_year)) / MONTHS_PER_YEAR)
    return np.where(share < chance, np.log(float(positive("times", times))), 0.0)
