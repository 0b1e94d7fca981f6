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
from core.studies.run import Run

Floats: TypeAlias = NDArray[np.float64]
Worth: TypeAlias = Callable[[float], float]
DOUBLINGS, STEPS = 60, 200


def npv_zeros(base: Run) -> dict[str, float]:
    """First-month price and difficulty and first-year import price at which the NPV is 0; nan where there is none.

    Dispatch and loans stand as they are; letting dispatch adapt can only do better.
    """
    rate, usual, first = base.scenario.finance.discount_rate, operation_of(base.books), base.import_usd_per_kwh
    growth = np.append(1.0, cash.yearly(base.scenario.grid.price_growth_per_year, base.scenario))
    bought = base.books.yearly["import_kwh"] * growth

    def worth(operation: Operation) -> float:
        cash = base.account.under(operation).equity_usd
        return float(finance.npv_usd(rate, cash)) if np.isfinite(cash).all() else np.nan

    def at_share(share: float) -> float:
        return worth(scaled(usual, share))

    def at_price(usd_per_kwh: float) -> float:
        more = (usd_per_kwh - first) * bought
        return worth(
            replace(usual, opex_usd={**usual.opex_usd, "import_cost_usd": usual.opex_usd["import_cost_usd"] + more})
        )

    npv = float(finance.npv_usd(rate, base.cash_usd))
    mined, spent = (float(finance.npv_usd(rate, usd)) for usd in (_coin_cash_usd(base), bought))
    slack = np.inf if _linear(base) else 1e-10 * (abs(npv) + abs(mined) + abs(spent))
    share = root(at_share, (1.0, npv), 1.0 - npv / mined if mined else np.nan, slack, least=0.0)
    price = root(at_price, (first, npv), first + npv / spent if spent else np.nan, slack)
    exists = share > 0
    return {
        "npv_zero_price_usd": base.path.price_usd[0] * share if exists else np.nan,
        "npv_zero_difficulty": base.path.difficulty[0] / share if exists else np.nan,
        "npv_zero_import_usd_per_kwh": price,
    }


def _linear(base: Run) -> bool:
    """Whether the NPV goes straight with what coins bring and power costs, so that the first guess is the answer."""
    terms = base.scenario.finance
    taxed = terms.tax.federal_rate_frac or terms.tax.state_rate_frac
    return not (taxed or terms.debt.covenant_dscr or terms.debt.reserve_months or terms.debt.refresh_reserve)


def _coin_cash_usd(base: Run) -> Floats:
    """What coins bring in each year as they are sold, before tax, (years + 1,) [USD]."""
    usual = operation_of(base.books)
    return usual.revenue_usd["mining_revenue_usd"] - usual.kept_usd - usual.opex_usd["exchange_fee_usd"]


def root(worth: Worth, known: tuple[float, float], guess: float, slack: float, *, least: float = -np.inf) -> float:
    """Where a worth that only rises or only falls is 0, within `slack`; nan where it is nowhere.

    known: a place and the worth there. From the guess on the other side is sought by doubling, then regula falsi (Illinois).
    """
    if not np.isfinite(guess):
        return float("nan")
    near = max(guess, least)
    if np.isinf(slack):
        return near
    value, (at, worth_at) = worth(near), known
    if abs(value) <= slack or near == at:
        return near
    other, beyond = _across(worth, (near, value), (at, worth_at), least)
    if not value * beyond <= 0:
        return float("nan")
    for _ in range(STEPS):
        middle = other - beyond * (near - other) / (value - beyond)
        here = worth(middle)
        if not abs(here) > slack or abs(near - other) <= 1e-15 * abs(near):
            return middle
        if here * value < 0:
            other, beyond = near, value
        else:
            beyond /= 2.0
        near, value = middle, here
    return near


def _across(worth: Worth, near: tuple[float, float], known: tuple[float, float], least: float) -> tuple[float, float]:
    """A place, and its worth, on the other side of 0 from `near`, or the last that was looked at."""
    (x, value), (at, worth_at) = near, known
    if value * worth_at <= 0:
        return known
    slope, step = (value - worth_at) / (x - at), max(abs(x - at), 1e-3)
    found = near
    for _ in range(DOUBLINGS):
        place = max(x - float(np.copysign(step, value * slope)), least)
        found = (place, worth(place))
        if not value * found[1] > 0 or place == least:
            break
        step *= 2.0
    return found
