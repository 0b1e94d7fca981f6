"""How much an array yields from one real year to the next, and what it yields in a poor one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from core.errors import ValidationError
from core.inputs import Weather
from core.sections import Array
from core.studies.energy import sunshine

FEWEST = 2


@dataclass(frozen=True)
class Spread:
    """Yields of real years [kWh per kW], in order of the years.

    `p50`: median. `p90`: yield that nine years of ten exceed, the 10th percentile of these years. `p99_normal`: yield
    that 99 years of 100 exceed if years are spread like a normal distribution: no record is long enough to show it.
    `sd`: standard deviation from year to year (n − 1).
    """

    years: tuple[int, ...]
    kwh_per_kw: tuple[float, ...]
    mean: float
    sd: float
    p50: float
    p90: float
    p90_normal: float
    p99_normal: float

    @property
    def sd_frac(self) -> float:
        """Standard deviation as a share of the mean, 0 where nothing is yielded."""
        return self.sd / self.mean if self.mean else 0.0


def spread(kwh_per_kw: Mapping[int, float]) -> Spread:
    """Mean, standard deviation and exceedance of yields by calendar year.

    kwh_per_kw: year → yield ≥ 0 [kWh per kW], two years or more. ValidationError otherwise. P50 and P90 are
    percentiles of the years themselves, linear between them; the normal ones are mean − z · sd.
    Source: solar trade's use of exceedance (P90 is the 10th percentile).
    """
    if len(kwh_per_kw) < FEWEST or not all(np.isfinite(value) and value >= 0 for value in kwh_per_kw.values()):
        expected = f"{FEWEST} years or more, finite and not below 0"
        raise ValidationError(
            "these years have no spread", field="kwh_per_kw", value=len(kwh_per_kw), expected=expected
        )
    years, values = zip(*sorted(kwh_per_kw.items()), strict=True)
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    p50, p90 = (float(p) for p in np.percentile(values, (50, 10)))
    return Spread(years, values, mean, sd, p50, p90, exceeded(mean, sd, 0.90), exceeded(mean, sd, 0.99))


def exceeded(mean: float, sd: float, share: float) -> float:
    """What a share of years exceeds if they are spread normally: mean − z(share) · sd, at least 0.

    mean, sd in one unit; share between 0 and 1. Source: inverse of the normal distribution.
    """
    return max(0.0, mean - NormalDist().inv_cdf(share) * sd)


def yield_kwh_per_kw(array: Array, weather: Weather) -> float:
    """What an array yields in its first year under a weather year, 0 without modules [kWh per kW]."""
    return float(sunshine(array, weather, 1).ac_kw[0].sum()) / array.dc_kw if array.dc_kw else 0.0
