"""Where a plan is worth nothing: the price, difficulty or power price at which the owner's NPV is 0, operation unchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.models import finance
from core.studies import cash
from core.studies.account import operation_of
from core.studies.lenders import scaled
from core.studies.operation import Operation
from core.studies.proforma import proforma
from core.studies.run import Run

Floats: TypeAlias = NDArray[np.float64]
Worth: TypeAlias = Callable[[float], float]
DOUBLINGS, STEPS = 60, 200


def npv_zeros(base: Run) -> dict[str, float]:
    """First-month price and difficulty and first-year import price at which the NPV is 0; nan where there is none.

    Dispatch and loans stand as they are; letting dispatch adapt can only do better. Without tax and accounts the NPV is linear
    in each, and the first guess is the answer.
    """
    rate, grid, usual = base.scenario.finance.discount_rate, base.scenario.grid, operation_of(base.books)
    growth = np.append(1.0, cash.yearly(grid.price_growth_per_year, base.scenario))
    bought = base.books.yearly["import_kwh"] * growth

    def worth(operation: Operation) -> float:
        told = proforma(base.scenario.finance, base.assets, operation, money=base.account.funding)
        return float(finance.npv_usd(rate, told.equity_usd))

    def at_share(share: float) -> float:
        return worth(scaled(usual, share))

    def at_price(usd_per_kwh: float) -> float:
        more = (usd_per_kwh - grid.import_usd_per_kwh) * bought
        return worth(
            replace(usual, opex_usd={**usual.opex_usd, "import_cost_usd": usual.opex_usd["import_cost_usd"] + more})
        )

    npv = float(finance.npv_usd(rate, base.cash_usd))
    mined, spent = (float(finance.npv_usd(rate, usd)) for usd in (_coin_cash_usd(base), bought))
    share = root(at_share, 1.0, npv, 1.0 - npv / mined if mined else np.nan, least=0.0)
    price = root(at_price, grid.import_usd_per_kwh, npv, grid.import_usd_per_kwh + npv / spent if spent else np.nan)
    exists = share > 0
    return {
        "npv_zero_price_usd": base.path.price_usd[0] * share if exists else np.nan,
        "npv_zero_difficulty": base.path.difficulty[0] / share if exists else np.nan,
        "npv_zero_import_usd_per_kwh": price,
    }


def _coin_cash_usd(base: Run) -> Floats:
    """What coins bring in each year as they are sold, before tax, (years + 1,) [USD]."""
    usual = operation_of(base.books)
    return usual.revenue_usd["mining_revenue_usd"] - usual.kept_usd - usual.opex_usd["exchange_fee_usd"]


def root(worth: Worth, at: float, worth_at: float, guess: float, least: float = -np.inf) -> float:
    """Where a worth that only rises or only falls is 0, from its value at one place and a guess; nan where it is nowhere.

    Regula falsi by Illinois between two places that bracket it, widened from the guess by doubling.
    """
    if not np.isfinite(guess):
        return float("nan")
    near, scale = max(guess, least), abs(worth_at)
    value = worth(near)
    if abs(value) <= 1e-12 * scale or near == at:
        return near
    slope = (value - worth_at) / (near - at)
    other, beyond, step = at, worth_at, max(abs(near - at), 1e-3)
    for _ in range(DOUBLINGS if value * beyond > 0 else 0):
        other = max(near - np.copysign(step, value * slope), least)
        beyond = worth(other)
        if value * beyond <= 0 or other == least:
            break
        step *= 2.0
    if value * beyond > 0:
        return float("nan")
    for _ in range(STEPS):
        middle = other - beyond * (near - other) / (value - beyond) if value != beyond else other
        here = worth(middle)
        if abs(here) <= 1e-12 * scale or abs(near - other) <= 1e-15 * abs(near):
            return middle
        if here * value < 0:
            other, beyond = near, value
        else:
            beyond /= 2.0
        near, value = middle, here
    return near
