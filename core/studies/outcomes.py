"""What a sample of paths says: percentiles, tails and chances, each with how well so many paths tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.models import risk

Floats: TypeAlias = NDArray[np.float64]
PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
LEVELS = (0.90, 0.95, 0.99)
EXCEEDED = (0.5, 0.9, 0.99)
ONE_DEVIATION = 0.6826894921370859  # share of a normal within one standard deviation
WISHED_FRAC = 0.01  # of the investment, how well the median should be known
MOST_PATHS = 1_000_000


def measures(paths: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """Metrics by name and their standard errors, of a frame with a row for each path."""
    npv = paths["npv_usd"].to_numpy()
    told: dict[str, tuple[float, float]] = {"npv_mean_usd": (float(npv.mean()), float(risk.mean_error_usd(npv)))}
    for percent in PERCENTILES:
        told[f"npv_p{percent}_usd"] = percentile_told(npv, percent / 100.0)
    for level in LEVELS:
        percent = round(100 * level)
        told[f"var_{percent}_usd"] = (float(risk.var_usd(npv, level)), percentile_told(npv, 1.0 - level)[1])
        told[f"cvar_{percent}_usd"] = (float(risk.cvar_usd(npv, level)), float(risk.cvar_error_usd(npv, level)))
    safe = paths["npv_safe_usd"].to_numpy()  # at the risk-free rate: risk is in the paths alone
    for percent in (5, 50, 95):
        told[f"npv_safe_p{percent}_usd"] = percentile_told(safe, percent / 100.0)
    told["cvar_safe_95_usd"] = (float(risk.cvar_usd(safe, 0.95)), float(risk.cvar_error_usd(safe, 0.95)))
    told["loss_safe_probability_frac"] = chance_told(safe < 0)
    told["loss_probability_frac"] = chance_told(npv < 0)
    told["never_pays_back_probability_frac"] = chance_told(np.isinf(paths["payback_years"].to_numpy()))
    told["out_of_cash_probability_frac"] = chance_told(paths["lowest_cash_usd"].to_numpy() < 0)
    for name in ("mined_btc", "lowest_cash_usd", "drawdown_usd"):
        for percent in (5, 50, 95):
            told[_placed(name, f"p{percent}")] = percentile_told(paths[name].to_numpy(), percent / 100.0)
    for share in EXCEEDED:  # the solar trade's count: what a share of years reach or exceed
        for name, column in (("pv_kwh_year1", "pv_kwh_year1"), ("pv_kwh_ten_years", "pv_kwh_per_year")):
            values = paths[column].to_numpy()
            told[f"{name}_exceedance_p{round(100 * share)}"] = (
                float(risk.exceeded(values, share)),
                percentile_told(values, 1 - share)[1],
            )
    return {name: value for name, (value, _) in told.items()}, {name: error for name, (_, error) in told.items()}


def enough_paths(errors: Mapping[str, float], paths: int, invested_usd: float) -> str:
    """How well so many paths tell, in words, and how many it takes to know the median to a hundredth of what is invested.

    Errors fall with the square root of paths; they are one standard deviation, which holds in two samples of three.
    """
    points = 100.0 * errors["loss_probability_frac"]
    median = errors["npv_p50_usd"]
    if invested_usd <= 0:
        return f"{paths:,} lives tell the chance of a loss to ± {points:.2g} points."
    share = median / invested_usd
    told = f"{paths:,} lives tell the median to ± {100.0 * share:.2g} % of the investment and the chance of a loss to ± {points:.2g} points"
    if share <= WISHED_FRAC:
        return f"{told}."
    wanted = _rounded_up(paths * (share / WISHED_FRAC) ** 2)
    if wanted > MOST_PATHS:
        return f"{told}; ± {100.0 * WISHED_FRAC:g} % would take more than {MOST_PATHS:,}."
    return f"{told}; for ± {100.0 * WISHED_FRAC:g} % take {wanted:,}."


def _rounded_up(count: float) -> int:
    """To two digits, never fewer."""
    step = int(10 ** max(np.floor(np.log10(count)) - 1, 0))
    return int(np.ceil(round(count / step, 9))) * step


def _placed(name: str, percent: str) -> str:
    """`npv_usd` and p5 are npv_p5_usd: the unit stays last."""
    stem, _, unit = name.rpartition("_")
    return f"{stem}_{percent}_{unit}"


def percentile_told(values: Floats, share: float) -> tuple[float, float]:
    """A percentile of (paths,), with half the width of the interval that holds it in two samples of three."""
    low, high = risk.percentile_interval_usd(values, share, ONE_DEVIATION)
    return float(risk.percentile_usd(values, share)), float(high - low) / 2.0


def chance_told(happens: NDArray[np.bool_]) -> tuple[float, float]:
    """The share of paths (paths,) in which something happens, with half the width of the same interval."""
    low, high = risk.probability_interval_frac(happens, ONE_DEVIATION)
    return float(risk.probability_frac(happens)), float(high - low) / 2.0
