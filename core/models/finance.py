"""Time and money: present worth, returns, paybacks, cost of energy, storage and coins.

Cash is in +, out −, one figure a year on the last axis, year 0 first and undiscounted; any leading axes. Results have the
leading axes' shape. "No IRR exists" is nan and "never pays back" is inf. Missing or infinite cash is refused.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import refused
from core.models.depreciation import macrs_fractions
from core.models.rates import checked_rows, irr, irr_and_count, irr_count

__all__ = [
    "discounted_payback_years", "fcr_lcoe_usd_per_kwh", "irr", "irr_and_count", "irr_count", "lcoe_real_usd_per_kwh", "lcoe_usd_per_kwh",
    "lcos_usd_per_kwh", "levelised_usd_per_btc", "macrs_fractions", "mirr", "npv_usd", "payback_years",
    "present_worth_of_depreciation", "profitability_index",
]  # fmt: skip

Floats: TypeAlias = NDArray[np.float64]
Broadcast: TypeAlias = Any  # a float for one row of cash, else an array of the leading axes' shape


# Present worth


def npv_usd(rate: ArrayLike, cash_usd: ArrayLike) -> Broadcast:
    """Net present value.

    Σ cash_t / (1 + rate)^t, t = 0, 1, …

    rate [1/yr] > −1, scalar or broadcasting with the leading axes; cash_usd [USD], shape (…, years).
    Source: Brealey, Myers & Allen (2020), Principles of Corporate Finance; SAM, cash flow metrics.
    """
    return np.sum(_discounted(rate, checked_rows("cash_usd", cash_usd)), axis=-1)


def profitability_index(rate: ArrayLike, cash_usd: ArrayLike) -> Broadcast:
    """Present worth of everything after year 0 per dollar invested in year 0.

    1 + NPV / −cash_0.

    rate [1/yr] > −1, cash_usd [USD], shape (…, years). nan where nothing is invested in year 0.
    Source: Brealey, Myers & Allen (2020), Principles of Corporate Finance.
    """
    invested = -checked_rows("cash_usd", cash_usd)[..., 0]
    return 1.0 + _ratio(npv_usd(rate, cash_usd), np.where(invested > 0, invested, 0.0))


def lcoe_usd_per_kwh(rate: ArrayLike, cost_usd: ArrayLike, energy_kwh: ArrayLike) -> Broadcast:
    """Levelised cost of energy.

    Σ cost_t / (1 + rate)^t ÷ Σ energy_t / (1 + rate)^t.

    rate [1/yr] > −1; cost_usd [USD] counted +, energy_kwh [kWh] ≥ 0, shapes (…, years), energy of year 0 usually 0.
    Nominal costs with the nominal rate give the nominal LCOE, constant-dollar costs with the real rate the real one.
    nan where there is no energy. Source: Short, Packey & Holt (1995), NREL/TP-462-5173.
    """
    return _ratio(npv_usd(rate, cost_usd), npv_usd(rate, checked_rows("energy_kwh", energy_kwh)))


def lcoe_real_usd_per_kwh(
    rate: ArrayLike, inflation_per_year: ArrayLike, cost_usd: ArrayLike, energy_kwh: ArrayLike
) -> Broadcast:
    """Levelised cost of energy in year-0 dollars, from nominal costs.

    Σ cost_t / (1 + rate)^t ÷ Σ energy_t / (1 + real rate)^t, 1 + real rate = (1 + rate) / (1 + inflation).

    rate, inflation_per_year [1/yr] > −1, nominal cost_usd [USD] counted +, energy_kwh [kWh], shapes (…, years).
    nan where there is no energy. Source: SAM, levelized cost of energy, cash flow method.
    """
    _check_rate("inflation_per_year", inflation_per_year)
    real = (1.0 + np.asarray(rate)) / (1.0 + np.asarray(inflation_per_year)) - 1.0
    return _ratio(npv_usd(rate, cost_usd), npv_usd(real, checked_rows("energy_kwh", energy_kwh)))


def lcos_usd_per_kwh(
    rate: ArrayLike, cost_usd: ArrayLike, charging_usd: ArrayLike, discharged_kwh: ArrayLike
) -> Broadcast:
    """Levelised cost of storage: what a kWh out of the battery costs, the energy that charged it included.

    Σ (cost_t + charging_t) / (1 + rate)^t ÷ Σ discharged_t / (1 + rate)^t.

    rate [1/yr] > −1; cost_usd [USD], investment, upkeep and replacement less salvage, and charging_usd [USD], energy bought
    or income forgone, both counted +; discharged_kwh [kWh] ≥ 0; shapes (…, years). nan where nothing is discharged.
    Source: SAM, levelized cost of storage.
    """
    cost = checked_rows("cost_usd", cost_usd) + checked_rows("charging_usd", charging_usd)
    return _ratio(npv_usd(rate, cost), npv_usd(rate, checked_rows("discharged_kwh", discharged_kwh)))


def levelised_usd_per_btc(rate: ArrayLike, cost_usd: ArrayLike, mined_btc: ArrayLike) -> Broadcast:
    """Levelised cost of a coin: the price at which selling every coin when it is mined just pays all costs.

    Σ cost_t / (1 + rate)^t ÷ Σ coins_t / (1 + rate)^t.

    rate [1/yr] > −1; cost_usd [USD] counted +, all costs for the all-in figure; mined_btc [BTC] ≥ 0, shapes (…, years).
    nan where nothing is mined. Source: the LCOE's formula, per coin.
    """
    return _ratio(npv_usd(rate, cost_usd), npv_usd(rate, checked_rows("mined_btc", mined_btc)))


def fcr_lcoe_usd_per_kwh(
    capital_usd: ArrayLike,
    fixed_usd_per_year: ArrayLike,
    fixed_charge_rate_frac: ArrayLike,
    energy_kwh_per_year: ArrayLike,
    variable_usd_per_kwh: ArrayLike = 0.0,
) -> Broadcast:
    """Levelised cost of energy by the fixed-charge-rate method.

    (capital · FCR + fixed) / energy + variable.

    capital_usd [USD], fixed_usd_per_year [USD/yr], fixed_charge_rate_frac [1/yr], energy_kwh_per_year [kWh/yr],
    variable_usd_per_kwh [USD/kWh]; shapes broadcast. nan where there is no energy. Source: SAM, LCOE calculator.
    """
    yearly = np.asarray(capital_usd) * np.asarray(fixed_charge_rate_frac) + fixed_usd_per_year
    return _ratio(yearly, energy_kwh_per_year) + variable_usd_per_kwh


# Payback


def payback_years(cash_usd: ArrayLike) -> Broadcast:
    """Years until cash has paid the investment back, without discounting.

    First T at which Σ cash up to T ≥ 0, cash of a year coming evenly within it.

    cash_usd [USD], shape (…, years). 0 where nothing is owed in year 0, inf where it is never paid back. A later outlay
    that pushes the sum below 0 again does not change the answer. Source: SAM, payback period; SAM overlooks the last year.
    """
    cash = checked_rows("cash_usd", cash_usd)
    paid = np.cumsum(cash, axis=-1)
    # the sum may miss 0 by rounding alone: at most n · eps of all that went into it
    slack = cash.shape[-1] * np.finfo(np.float64).eps * np.cumsum(np.abs(cash), axis=-1)
    even = paid >= -slack
    year = np.argmax(even, axis=-1)
    owed = -_at(paid, np.maximum(year - 1, 0))
    within = np.clip(_ratio(owed, np.where(year > 0, _at(cash, year), 0.0), none=1.0), 0.0, 1.0)
    answer = np.where(year > 0, year - 1 + within, 0.0)
    return np.where(even.any(axis=-1), answer, np.inf)[()]


def discounted_payback_years(rate: ArrayLike, cash_usd: ArrayLike) -> Broadcast:
    """Years until discounted cash has paid the investment back.

    payback of cash_t / (1 + rate)^t.

    rate [1/yr] > −1, cash_usd [USD], shape (…, years). 0 and inf as for `payback_years`.
    Source: SAM, discounted payback period.
    """
    return payback_years(_discounted(rate, checked_rows("cash_usd", cash_usd)))


# Rates of return


def mirr(cash_usd: ArrayLike, finance_rate: ArrayLike, reinvest_rate: ArrayLike) -> Broadcast:
    """Modified internal rate of return: outlays financed at one rate, income reinvested at another.

    (worth of income at the end / worth of outlays at the start)^(1/n) − 1 over n years.

    cash_usd [USD], shape (…, years); finance_rate, reinvest_rate [1/yr] > −1. nan without outlay; −1 without income.
    Source: Lin (1976), "The modified internal rate of return and investment criterion".
    """
    cash = checked_rows("cash_usd", cash_usd)
    n = cash.shape[-1] - 1
    if n == 0:
        return np.full(cash.shape[:-1], np.nan)[()]
    income = npv_usd(reinvest_rate, np.maximum(cash, 0.0)) * (1.0 + np.asarray(reinvest_rate)) ** n
    outlay = npv_usd(finance_rate, np.maximum(-cash, 0.0))
    return _ratio(income, outlay) ** (1.0 / n) - 1.0


# Depreciation


def present_worth_of_depreciation(rate: ArrayLike, fractions: ArrayLike) -> Broadcast:
    """Present worth of deducting one dollar over the years.

    Σ fraction_t / (1 + rate)^t, t = 1, 2, …

    rate [1/yr] > −1, fractions [1], shape (…, years), deducted at the end of years 1, 2, …
    Source: NREL, REopt, effective cost of capital after MACRS and investment credit.
    """
    return npv_usd(rate, fractions) / (1.0 + np.asarray(rate))


# Shapes and checks


def _check_rate(name: str, rate: ArrayLike) -> None:
    rates = np.asarray(rate, dtype=np.float64)
    wrong = ~(np.isfinite(rates) & (rates > -1.0))
    if wrong.any():
        raise refused(name, float(rates[wrong].flat[0]), "a number above -1")


def _discounted(rate: ArrayLike, cash: Floats) -> Floats:
    _check_rate("rate", rate)
    growth = 1.0 + np.asarray(rate, dtype=np.float64)[..., None]
    worth: Floats = cash / growth ** np.arange(cash.shape[-1])
    return worth


def _at(values: Floats, index: NDArray[np.intp]) -> Floats:
    return np.take_along_axis(values, np.expand_dims(index, -1), axis=-1)[..., 0]


def _ratio(value: ArrayLike, by: ArrayLike, none: float = np.nan) -> Any:
    """value / by, and `none` where `by` is 0."""
    out = np.full(np.broadcast_shapes(np.shape(value), np.shape(by)), none)
    return np.divide(value, by, out=out, where=np.asarray(by) != 0)[()]
