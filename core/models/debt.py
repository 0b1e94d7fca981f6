"""Loans and what their lenders ask for: schedules, cover ratios, sizing, reserves, lock-up, interest while building.

Years lie on the last axis, year 0 the day the loan is drawn, any leading axes. Money is counted positive.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import refused

Floats: TypeAlias = NDArray[np.float64]
Broadcast: TypeAlias = Any  # a float for one case, else an array of the leading axes' shape


class Loan(NamedTuple):
    """A loan year by year, each array (…, years + 1) [USD]; `balance_usd` at the end of the year, in year 0 the principal."""

    interest_usd: Floats
    repaid_usd: Floats
    balance_usd: Floats

    @property
    def service_usd(self) -> Floats:
        """Interest and repayment together."""
        return self.interest_usd + self.repaid_usd


def level_payment_usd(principal_usd: ArrayLike, rate: float, periods: int) -> Broadcast:
    """The equal payment at the end of each period that repays a loan.

    principal · rate / (1 − (1 + rate)^−periods); principal / periods at rate 0.

    principal_usd [USD], any shape; rate [1/period] ≥ 0; periods ≥ 1.
    Source: Brealey, Myers & Allen (2020), Principles of Corporate Finance; SAM, mortgage or standard loan.
    """
    factor = rate / -np.expm1(-periods * np.log1p(rate)) if rate else 1.0 / periods
    return np.asarray(principal_usd, dtype=np.float64) * factor


def loan(
    principal_usd: ArrayLike,
    rate: float,
    term_years: int,
    years: int,
    interest_only_months: int = 0,
    payments_per_year: int = 1,
) -> Loan:
    """A loan with level payments at the end of each period, after a stretch of interest alone.

    interest = rate / payments_per_year · balance; the last payment, or the end of the horizon, repays all that is owed.

    principal_usd [USD] ≥ 0, shape (…); rate [1/yr] ≥ 0; term_years, years ≥ 1 [yr]; interest_only_months within the term, a
    whole number of periods; payments_per_year divides 12. Returns arrays (…, years + 1).
    With yearly payments it is SAM's loan, but for a term beyond the horizon: SAM leaves that balance unpaid.
    Source: SAM, mortgage or standard loan; Brealey, Myers & Allen (2020), Principles of Corporate Finance.
    """
    idle, periods = _periods(term_years, interest_only_months, payments_per_year)
    rate_of_period = rate / payments_per_year
    owed = np.asarray(principal_usd, dtype=np.float64)
    _check_amounts("principal_usd", owed)
    if not owed.any():
        return Loan(*(np.zeros((*owed.shape, years + 1)) for _ in range(3)))
    payment = level_payment_usd(owed, rate_of_period, periods - idle)
    last = min(periods, years * payments_per_year)
    interest, repaid = (np.zeros((*owed.shape, years * payments_per_year)) for _ in range(2))
    for n in range(last):
        interest[..., n] = rate_of_period * owed
        due = owed if n == last - 1 else payment - interest[..., n] if n >= idle else 0.0
        repaid[..., n] = due
        owed = owed - due
    by_year = (*owed.shape, years, payments_per_year)
    return _scheduled(principal_usd, interest.reshape(by_year).sum(axis=-1), repaid.reshape(by_year).sum(axis=-1))


def sculpted_loan(service_usd: ArrayLike, rate: float) -> Loan:
    """A loan whose payments follow the cash: as much is borrowed as the payments can repay.

    principal = Σ service_t / (1 + rate)^t.

    service_usd [USD] ≥ 0, shape (…, years + 1), year 0 is 0: cash available for debt service over the target cover, 0 beyond
    the term; rate [1/yr] ≥ 0. A year whose payment is less than its interest adds the difference to the balance.
    Source: Yescombe (2014), Principles of Project Finance, annuity and sculpted repayment.
    """
    service = np.asarray(service_usd, dtype=np.float64)
    _check_amounts("service_usd", service)
    years = service.shape[-1] - 1
    balance = np.zeros(service.shape)
    for t in range(years, 0, -1):
        balance[..., t - 1] = (balance[..., t] + service[..., t]) / (1.0 + rate)
    interest = np.zeros(service.shape)
    interest[..., 1:] = rate * balance[..., :-1]
    repaid = service - interest
    repaid[..., 0] = 0.0
    return Loan(interest, repaid, balance)


def scaled(unit: Loan, principal_usd: ArrayLike) -> Loan:
    """A loan on the schedule of one dollar; principal_usd [USD], shape (…)."""
    owed = np.asarray(principal_usd, dtype=np.float64)[..., None]
    return Loan(*(owed * rows for rows in unit))


def together(loans: list[Loan]) -> Loan:
    """Several loans as one."""
    return Loan(*(sum(rows[1:], start=rows[0]) for rows in zip(*loans, strict=True)))


def dscr(cfads_usd: ArrayLike, service_usd: ArrayLike) -> Floats:
    """Debt service cover ratio of each year.

    cash available for debt service / debt service.

    cfads_usd, service_usd [USD], shape (…, years + 1). nan in years without service.
    Source: Yescombe (2014), Principles of Project Finance.
    """
    return _ratio(cfads_usd, service_usd)


def lowest(ratio: ArrayLike) -> Broadcast:
    """The least of a ratio over the years (…,), nan where it exists in none."""
    ratios = np.asarray(ratio, dtype=np.float64)
    least = np.where(np.isnan(ratios), np.inf, ratios).min(axis=-1)
    return np.where(np.isinf(least), np.nan, least)[()]


def llcr(cfads_usd: ArrayLike, loan: Loan, rate: float) -> Floats:
    """Loan life cover ratio at the start of each year, seen from the end of the year before.

    present worth of the cash available until the loan is repaid / balance, at the loan's rate.

    cfads_usd [USD], shape (…, years + 1); rate [1/yr] ≥ 0. Returns (…, years + 1): at the end of year 0, 1, …; nan where
    nothing is owed. Source: Yescombe (2014), Principles of Project Finance.
    """
    cfads, served = np.broadcast_arrays(np.asarray(cfads_usd, dtype=np.float64), loan.balance_usd)
    worth = np.zeros(served.shape)
    for t in range(served.shape[-1] - 1, 0, -1):
        owed = served[..., t - 1] > 0
        worth[..., t - 1] = np.where(owed, (worth[..., t] + cfads[..., t]) / (1.0 + rate), 0.0)
    return _ratio(worth, served)


def sized_principal_usd(cfads_usd: ArrayLike, target_dscr: float, unit: Loan) -> Broadcast:
    """The largest loan whose service is covered in every year.

    min_t CFADS_t / (target · service_t of a loan of one dollar), never below 0.

    cfads_usd [USD], shape (…, years + 1); target_dscr > 0; unit: the schedule of one dollar, arrays (years + 1,).
    Source: Yescombe (2014), Principles of Project Finance, debt sizing by cover ratio.
    """
    if not target_dscr > 0:
        raise refused("target_dscr", target_dscr, "above 0")
    cover = lowest(_ratio(cfads_usd, target_dscr * unit.service_usd))
    return np.maximum(cover, 0.0)


# Accounts


def service_reserve_usd(service_usd: ArrayLike, months: int) -> Floats:
    """What the debt service reserve account must hold at the end of each year.

    next year's service · months / 12, and the one after for months beyond 12.

    service_usd [USD], shape (…, years + 1); months ≥ 0. Returns the same shape; 0 when nothing follows.
    Source: Yescombe (2014), Principles of Project Finance, debt service reserve account.
    """
    service = np.asarray(service_usd, dtype=np.float64)
    held = np.zeros(service.shape)
    if not months:
        return held
    for ahead in range(1, service.shape[-1]):
        share = min(max(months - 12 * (ahead - 1), 0), 12) / 12.0
        held[..., :-ahead] += share * service[..., ahead:]
    return held


def refresh_reserve_usd(cost_usd: ArrayLike) -> Floats:
    """What must be put aside by the end of each year so that the next replacement is paid when it comes.

    cost · years since the last one / years between them; spent in the year it comes.

    cost_usd [USD] ≥ 0, shape (…, years + 1), year 0 is no replacement. Returns the balance, same shape.
    Source: Yescombe (2014), Principles of Project Finance, maintenance reserve account.
    """
    cost = np.asarray(cost_usd, dtype=np.float64).copy()
    cost[..., 0] = 0.0
    year = np.arange(cost.shape[-1])
    before = np.maximum.accumulate(np.where(cost > 0, year, 0), axis=-1)  # the last replacement up to each year
    ahead = np.where(cost > 0, year, cost.shape[-1])
    following = np.minimum.accumulate(ahead[..., ::-1], axis=-1)[..., ::-1]
    following = np.concatenate([following[..., 1:], np.full((*cost.shape[:-1], 1), cost.shape[-1])], axis=-1)
    comes = following < cost.shape[-1]
    price = np.take_along_axis(cost, np.where(comes, following, 0), axis=-1)
    return np.where(comes, price * (year - before) / np.maximum(following - before, 1), 0.0)


class Waterfall(NamedTuple):
    """Where cash after debt service goes, each array (…, years + 1) [USD]; balances at the end of the year."""

    paid_usd: Floats  # to the owner; negative: called from the owner
    reserve_usd: Floats
    locked_usd: Floats


def waterfall(cash_usd: ArrayLike, reserve_target_usd: ArrayLike, locked_up: ArrayLike = False) -> Waterfall:
    """Cash to reserve, lock-up and owner, in that order; a shortfall is met from lock-up, reserve and owner, in that order.

    paid = cash − what the accounts take + what they give back; Σ paid = Σ cash.

    cash_usd [USD], shape (…, years + 1), after debt service, year 0 is paid in full by the owner together with the reserve's
    first target; reserve_target_usd [USD] ≥ 0, balance wanted at the end of each year; locked_up: years in which the owner
    gets nothing. Both broadcast to cash. In the last year every account is emptied.
    Source: Yescombe (2014), Principles of Project Finance, cash-flow cascade.
    """
    cash = np.asarray(cash_usd, dtype=np.float64)
    target, shut = np.broadcast_to(reserve_target_usd, cash.shape), np.broadcast_to(locked_up, cash.shape)
    paid, reserve, locked = (np.zeros_like(cash) for _ in range(3))
    if not (target.any() or shut.any()):
        return Waterfall(cash.copy("K"), reserve, locked)
    end = cash.shape[-1] - 1
    reserve[..., 0] = target[..., 0] if end else 0.0
    paid[..., 0] = cash[..., 0] - reserve[..., 0]
    for t in range(1, end + 1):
        have = cash[..., t] + reserve[..., t - 1] + locked[..., t - 1]
        if t < end:
            reserve[..., t] = np.clip(have, 0.0, target[..., t])
            free = have - reserve[..., t]
            locked[..., t] = np.where(shut[..., t], np.maximum(free, 0.0), 0.0)
        paid[..., t] = have - reserve[..., t] - locked[..., t]
    return Waterfall(paid, reserve, locked)


# Building


class Building(NamedTuple):
    """Money while building, by month (…, months) [USD]; `interest_usd` is added to the loan."""

    equity_usd: Floats
    drawn_usd: Floats
    interest_usd: Floats

    @property
    def capitalised_usd(self) -> Broadcast:
        """Interest during construction in all, (…,)."""
        return self.interest_usd.sum(axis=-1)


def spending_fractions(months: int, curve: str = "even", delay_months: int = 0) -> Floats:
    """Share of the cost paid in each month of building, then idle months.

    even: 1 / months; s_curve: (1 − cos(π·m / months)) / 2 paid by the end of month m.

    months ≥ 1, delay_months ≥ 0. Returns (months + delay_months,), sum 1.
    Source: definition; the raised cosine stands for the usual S of construction spending.
    """
    if months < 1:
        raise refused("months", months, "1 or more")
    if curve not in {"even", "s_curve"}:
        raise refused("curve", curve, "even or s_curve")
    done = np.arange(months + 1) / months
    paid = done if curve == "even" else (1.0 - np.cos(np.pi * done)) / 2.0
    return np.concatenate([np.diff(paid), np.zeros(delay_months)])


def building(
    cost_usd: ArrayLike, principal_usd: ArrayLike, rate: float, fractions: ArrayLike, *, equity_first: bool = False
) -> Building:
    """Draws and interest while building.

    interest of a month = (balance at its start + half its draw) · rate / 12, added to the balance at its end.

    cost_usd, principal_usd [USD], shapes (…), the principal no more than the cost; rate [1/yr] ≥ 0; fractions [1], shape
    (months,). Draws follow the spending in proportion, or start when the owner's share is spent (equity_first).
    Source: Short, Packey & Holt (1995), NREL/TP-462-5173, construction financing; draws at mid-month.
    """
    cost, principal = (np.asarray(a, dtype=np.float64)[..., None] for a in (cost_usd, principal_usd))
    if (principal > cost * (1 + 1e-12)).any():
        raise refused("principal_usd", float(principal.max()), "no more than the cost")
    spent = np.cumsum(cost * np.asarray(fractions, dtype=np.float64), axis=-1)
    share = np.divide(principal, cost, out=np.zeros(np.broadcast_shapes(cost.shape, principal.shape)), where=cost > 0)
    lent = np.clip(spent - (cost - principal), 0.0, principal) if equity_first else spent * share
    drawn = np.diff(lent, axis=-1, prepend=0.0)
    interest, owed = np.zeros(drawn.shape), np.zeros(drawn.shape[:-1])
    for m in range(drawn.shape[-1]):
        interest[..., m] = (owed + drawn[..., m] / 2.0) * rate / 12.0
        owed = owed + drawn[..., m] + interest[..., m]
    return Building(np.diff(spent - lent, axis=-1, prepend=0.0), drawn, interest)


def _scheduled(principal: ArrayLike, interest: Floats, repaid: Floats) -> Loan:
    owed = np.asarray(principal, dtype=np.float64)[..., None]
    nothing = np.zeros((*interest.shape[:-1], 1))
    balance = np.concatenate([owed + nothing, owed - np.cumsum(repaid, axis=-1)], axis=-1)
    balance[np.abs(balance) <= 1e-12 * owed] = 0.0  # the sum's own rounding
    return Loan(np.concatenate([nothing, interest], axis=-1), np.concatenate([nothing, repaid], axis=-1), balance)


def _periods(term_years: int, interest_only_months: int, payments_per_year: int) -> tuple[int, int]:
    """Periods of interest alone, and periods of the whole term."""
    if payments_per_year < 1 or 12 % payments_per_year:
        raise refused("payments_per_year", payments_per_year, "a divisor of 12")
    if interest_only_months % (12 // payments_per_year) or not 0 <= interest_only_months < 12 * term_years:
        raise refused("interest_only_months", interest_only_months, "whole periods, less than the term")
    return interest_only_months * payments_per_year // 12, term_years * payments_per_year


def _check_amounts(name: str, values: Floats) -> None:
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        raise refused(name, float(values[wrong].flat[0]), "finite, 0 or more")


def _ratio(value: ArrayLike, by: ArrayLike) -> Floats:
    over, under = np.broadcast_arrays(np.asarray(value, dtype=np.float64), np.asarray(by, dtype=np.float64))
    with np.errstate(over="ignore"):  # next to no debt is covered without end
        ratio: Floats = np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)
    return ratio
