"""Income tax, losses, and credits for investment and production.

Years lie on the last axis, year 0 first, any leading axes. Tax and credits are counted positive; tax below 0 is money that
other income of the owner saves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import refused
from core.inputs import CreditRule

Floats: TypeAlias = NDArray[np.float64]

RECAPTURED_FRAC = (1.0, 0.8, 0.6, 0.4, 0.2)  # after 0, 1, … full years of service. Source: 26 USC 50(a)(1)(B)


class Levy(NamedTuple):
    """One government's income tax, each array (…, years + 1) [USD]; balances at the end of the year."""

    taxable_usd: Floats  # income after losses carried into the year
    tax_usd: Floats  # after credits
    credit_usd: Floats  # credits used
    loss_carried_usd: Floats
    credit_carried_usd: Floats


def income_tax(
    income_usd: ArrayLike,
    rate: float,
    credits_usd: ArrayLike = 0.0,
    *,
    absorbed: bool = False,
    loss_limit_frac: float = 0.8,
) -> Levy:
    """Tax on yearly income, with losses and credits.

    absorbed: tax = rate · income − credits, money back where that is below 0: the owner has other income to set it against.
    Otherwise losses are carried forward without end and cover at most loss_limit_frac of a later year's income, and credits
    pay tax until they are used up.

    income_usd [USD], shape (…, years + 1); rate [1] in 0…1; credits_usd [USD], broadcasting to income. A credit below 0 is a
    recapture and is owed at once. Source: SAM (absorbed); 26 USC 172(a)(2) (losses after 2017).
    """
    income = np.asarray(income_usd, dtype=np.float64)
    credit = np.broadcast_to(np.asarray(credits_usd, dtype=np.float64), income.shape)
    if not 0.0 <= rate < 1.0:
        raise refused("rate", rate, "a share from 0 to below 1")
    if absorbed:
        nothing = np.zeros_like(income)
        return Levy(income, rate * income - credit, credit, nothing, nothing)
    return _carried(income, rate, credit, loss_limit_frac)


def _carried(income: Floats, rate: float, credit: Floats, limit_frac: float) -> Levy:
    taxable, tax, used, losses, unused = (np.zeros_like(income) for _ in range(5))
    loss = left = np.zeros(income.shape[:-1]) if income.ndim > 1 else 0.0
    most, least, incomes, credits_by_year = _by_year(income, credit)
    for t, (earned, granted) in enumerate(zip(incomes, credits_by_year, strict=True)):
        profit = most(earned, 0.0)
        covered = least(loss, limit_frac * profit)
        loss = loss - covered + most(-earned, 0.0)
        owed = rate * (profit - covered)
        left = left + most(granted, 0.0)
        spent = least(left, owed)
        left = left - spent
        taxable[..., t], used[..., t] = profit - covered, spent
        tax[..., t] = owed - spent + most(-granted, 0.0)
        losses[..., t], unused[..., t] = loss, left
    return Levy(taxable, tax, used, losses, unused)


def _by_year(income: Floats, credit: Floats) -> tuple[Any, Any, Any, Any]:
    """max, min and the two by year: plain floats for one path, which are ten times as fast, arrays for many."""
    if income.ndim == 1:
        return max, min, income.tolist(), credit.tolist()
    return np.maximum, np.minimum, np.moveaxis(income, -1, 0), np.moveaxis(credit, -1, 0)


def ring_fenced_usd(gain_usd: ArrayLike) -> Floats:
    """Capital gains that are taxed: losses cover later gains alone, and never other income.

    max(0, gain_t − losses left), losses carried forward without end.

    gain_usd [USD], shape (…, years + 1). Returns the same shape, ≥ 0. Source: 26 USC 1211, 1212 (for a corporation five
    years of carrying and three back; without end here).
    """
    gain = np.asarray(gain_usd, dtype=np.float64)
    taxed, loss = np.zeros(gain.shape), np.zeros(gain.shape[:-1])
    if not gain.any():
        return taxed
    for t in range(gain.shape[-1]):
        left = gain[..., t] - loss
        taxed[..., t], loss = np.maximum(left, 0.0), np.maximum(-left, 0.0)
    return taxed


def effective_rate_frac(federal_rate: float, state_rate: float) -> float:
    """Tax on one more dollar of income where state tax is deducted from federal income.

    state + (1 − state) · federal. Source: SAM, effective tax rate.
    """
    return state_rate + (1.0 - state_rate) * federal_rate


def production_credit_usd(
    energy_kwh: ArrayLike, usd_per_kwh: float, years: int, growth_per_year: float = 0.0
) -> Floats:
    """Credit for energy of the first years.

    energy · rate · (1 + growth)^(t − 1) in years t = 1 … years, the rate rounded to a tenth of a cent, half up.

    energy_kwh [kWh], shape (…, horizon + 1), year 0 first; usd_per_kwh [USD/kWh]; growth_per_year [1/yr].
    Source: 26 USC 45(b)(2) and IRS Notice 2010-37 as SAM reads them.
    """
    energy = np.asarray(energy_kwh, dtype=np.float64)
    year = np.arange(energy.shape[-1])
    usd_per_mwh = np.floor(1000.0 * usd_per_kwh * (1.0 + growth_per_year) ** (year - 1.0) + 0.5)
    return np.where((year >= 1) & (year <= years), energy / 1000.0 * usd_per_mwh, 0.0)


def recaptured_frac(full_years_in_service: ArrayLike) -> Floats:
    """Share of an investment credit owed back on a sale.

    100, 80, 60, 40, 20 % within the first to fifth year, nothing after five full years.

    full_years_in_service [yr], whole numbers, any shape. Source: 26 USC 50(a)(1)(B).
    """
    full = np.asarray(full_years_in_service, dtype=np.intp)
    steps = np.array([*RECAPTURED_FRAC, 0.0])
    shares: Floats = steps[np.clip(full, 0, len(RECAPTURED_FRAC))]
    return shares


def share_by_date(
    rules: Iterable[CreditRule], technology: str, benefit: str, begun: str, in_service: str, acquired: str
) -> float:
    """Share of a benefit that the rules grant to property of these dates, the most generous rule that applies; 0: none does.

    technology: solar or storage; benefit: credit or bonus; days as YYYY-MM-DD. Source: the rules' own.
    """
    days = {"begun": _day("begun", begun), "in_service": _day("in_service", in_service)}
    days["acquired"] = _day("acquired", acquired)
    granted = (
        rule.share_frac
        for rule in rules
        if rule.technology in {technology, "any"} and rule.benefit == benefit and _meets(rule, days)
    )
    return max(granted, default=0.0)


def _meets(rule: CreditRule, days: dict[str, date]) -> bool:
    limits = (
        (not rule.begun_from or days["begun"] >= date.fromisoformat(rule.begun_from)),
        (not rule.begun_by or days["begun"] <= date.fromisoformat(rule.begun_by)),
        (not rule.in_service_by or days["in_service"] <= date.fromisoformat(rule.in_service_by)),
        (not rule.acquired_from or days["acquired"] >= date.fromisoformat(rule.acquired_from)),
    )
    return all(limits)


def _day(name: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise refused(name, value, "a day as YYYY-MM-DD") from None
