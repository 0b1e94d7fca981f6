"""What lenders reckon with: a usual and a poor year of sun, each with mining revenue under stress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.sections import Debt, Finance
from core.studies.funding import LenderCase
from core.studies.levies import Asset
from core.studies.operation import Operation, flows_of

Floats: TypeAlias = NDArray[np.float64]
P99_SDS = NormalDist().inv_cdf(0.99)  # 2.3263 standard deviations below the mean


def p99_yield_frac(terms: Debt) -> float:
    """Solar energy that 99 years of 100 exceed, as a share of the mean; yields spread like a normal distribution."""
    return max(1.0 - P99_SDS * terms.yield_sd_frac, 0.0)


def lender_cases(
    finance: Finance, assets: Sequence[Asset], operation: Operation, sun_frac: Floats
) -> tuple[LenderCase, ...]:
    """Cash available for debt service before tax at P50 and P99, none where the loan is not sized.

    The plan's own operation is scaled, not run anew: mining revenue by the stress, and at P99 what is sold and the part
    `sun_frac` (years + 1,) of what is mined by the poorer sun; no power is bought in its place.
    """
    terms = finance.debt
    if not terms.target_dscr:
        return ()
    stressed, poor = 1.0 - terms.hashprice_stress_frac, p99_yield_frac(terms)
    usual = scaled(operation, stressed)
    cases = [LenderCase(flows_of(finance, assets, usual).operating, terms.target_dscr)]
    if terms.p99_dscr:
        lean = scaled(operation, stressed * (1.0 - sun_frac * (1.0 - poor)), poor)
        cases.append(LenderCase(flows_of(finance, assets, lean).operating, terms.p99_dscr))
    return tuple(cases)


def scaled(operation: Operation, mining: Any, sun: float = 1.0) -> Operation:
    """An operation whose mining brings `mining` times as much (a number, or by year) and whose array gives `sun` times."""
    times = {"mining_revenue_usd": mining, "export_revenue_usd": sun, "exchange_fee_usd": mining}
    revenue, opex = (
        {name: usd * times.get(name, 1.0) for name, usd in lines.items()}
        for lines in (operation.revenue_usd, operation.opex_usd)
    )
    return replace(
        operation,
        energy_kwh=operation.energy_kwh * sun,
        revenue_usd=revenue,
        opex_usd=opex,
        unsold_usd=operation.unsold_usd * mining,
        coin_gain_usd=operation.coin_gain_usd * mining,
    )
