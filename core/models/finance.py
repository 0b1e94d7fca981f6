"""Time and money: present worth, returns, paybacks, cost of energy and depreciation.

Cash is in +, out −, one figure a year on the last axis, year 0 first and undiscounted; any leading axes. Results have the
leading axes' shape. "No IRR exists" is nan and "never pays back" is inf. Missing or infinite cash is refused.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ValidationError

Floats: TypeAlias = NDArray[np.float64]
Broadcast: TypeAlias = Any  # a float for one row of cash, else an array of the leading axes' shape

ROWS_AT_ONCE = 8192  # bounds the memory of the search for rates of return
STEPS_TO_ROOT = 200  # halvings alone need 60 from the widest bracket
ROUNDING = 4e-16
NODES = (
    np.sinh(np.linspace(0.0, np.arcsinh(710.0 / 0.05), 129)) * 0.05
)  # ln(1 + rate), fine near 0, to the end of floats

# Half-year convention; deductions in percent of basis, first year first.
# Source: IRS Publication 946 (2023), Appendix A, Table A-1.
MACRS_PERCENT: dict[int, tuple[float, ...]] = {
    3: (33.33, 44.45, 14.81, 7.41),
    5: (20.00, 32.00, 19.20, 11.52, 11.52, 5.76),
    7: (14.29, 24.49, 17.49, 12.49, 8.93, 8.92, 8.93, 4.46),
    10: (10.00, 18.00, 14.40, 11.52, 9.22, 7.37, 6.55, 6.55, 6.56, 6.55, 3.28),
    15: (5.00, 9.50, 8.55, 7.70, 6.93, 6.23, *(5.90, 5.90, 5.91), *(5.90, 5.91) * 3, 2.95),
    20: (3.750, 7.219, 6.677, 6.177, 5.713, 5.285, 4.888, 4.522, *(4.462, 4.461) * 6, 2.231),
}


# Present worth


def npv_usd(rate: ArrayLike, cash_usd: ArrayLike) -> Broadcast:
    """Net present value.

    Σ cash_t / (1 + rate)^t, t = 0, 1, …

    rate [1/yr] > −1, scalar or broadcasting with the leading axes; cash_usd [USD], shape (…, years).
    Source: Brealey, Myers & Allen (2020), Principles of Corporate Finance; SAM, cash flow metrics.
    """
    return np.sum(_discounted(rate, _rows("cash_usd", cash_usd)), axis=-1)


def profitability_index(rate: ArrayLike, cash_usd: ArrayLike) -> Broadcast:
    """Present worth of everything after year 0 per dollar invested in year 0.

    1 + NPV / −cash_0.

    rate [1/yr] > −1, cash_usd [USD], shape (…, years). nan where nothing is invested in year 0.
    Source: Brealey, Myers & Allen (2020), Principles of Corporate Finance.
    """
    invested = -_rows("cash_usd", cash_usd)[..., 0]
    return 1.0 + _ratio(npv_usd(rate, cash_usd), np.where(invested > 0, invested, 0.0))


def lcoe_usd_per_kwh(rate: ArrayLike, cost_usd: ArrayLike, energy_kwh: ArrayLike) -> Broadcast:
    """Levelised cost of energy.

    Σ cost_t / (1 + rate)^t ÷ Σ energy_t / (1 + rate)^t.

    rate [1/yr] > −1; cost_usd [USD] counted +, energy_kwh [kWh] ≥ 0, shapes (…, years), energy of year 0 usually 0.
    Nominal costs with the nominal rate give the nominal LCOE, constant-dollar costs with the real rate the real one.
    nan where there is no energy. Source: Short, Packey & Holt (1995), NREL/TP-462-5173.
    """
    return _ratio(npv_usd(rate, cost_usd), npv_usd(rate, _rows("energy_kwh", energy_kwh)))


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
    return _ratio(npv_usd(rate, cost_usd), npv_usd(real, _rows("energy_kwh", energy_kwh)))


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
    that pushes the sum below 0 again does not change the answer. Source: SAM, payback period.
    """
    cash = _rows("cash_usd", cash_usd)
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
    return payback_years(_discounted(rate, _rows("cash_usd", cash_usd)))


# Rates of return


def irr(cash_usd: ArrayLike) -> Broadcast:
    """Internal rate of return: the rate at which NPV is 0.

    rate > −1 with Σ cash_t / (1 + rate)^t = 0; of several, the one nearest 0.

    cash_usd [USD], shape (…, years). nan where no rate exists, as where cash never changes sign; `irr_count` says where
    there are several. Source: Brealey, Myers & Allen (2020), Principles of Corporate Finance; numpy-financial for the choice among several.
    """
    cash = _rows("cash_usd", cash_usd)
    flat = cash.reshape(-1, cash.shape[-1])
    best = np.full(len(flat), np.nan)
    row, rate = _rates_of_return(flat)
    order = np.lexsort((np.abs(rate), row))
    first, where = np.unique(row[order], return_index=True)
    best[first] = rate[order][where]
    return best.reshape(cash.shape[:-1])[()]


def irr_count(cash_usd: ArrayLike) -> Any:
    """How many internal rates of return there are.

    Number of rates > −1 at which NPV crosses 0; a rate at which it only touches 0 counts twice.

    cash_usd [USD], shape (…, years). Returns integers. 0: none; 1: `irr` may be trusted; more: judge by NPV.
    Source: Descartes' rule bounds it by the changes of sign; counted by search.
    """
    cash = _rows("cash_usd", cash_usd)
    flat = cash.reshape(-1, cash.shape[-1])
    row, _ = _rates_of_return(flat)
    return np.bincount(row, minlength=len(flat)).reshape(cash.shape[:-1])[()]


def mirr(cash_usd: ArrayLike, finance_rate: ArrayLike, reinvest_rate: ArrayLike) -> Broadcast:
    """Modified internal rate of return: outlays financed at one rate, income reinvested at another.

    (worth of income at the end / worth of outlays at the start)^(1/n) − 1 over n years.

    cash_usd [USD], shape (…, years); finance_rate, reinvest_rate [1/yr] > −1. nan without outlay; −1 without income.
    Source: Lin (1976), "The modified internal rate of return and investment criterion".
    """
    cash = _rows("cash_usd", cash_usd)
    n = cash.shape[-1] - 1
    if n == 0:
        return np.full(cash.shape[:-1], np.nan)[()]
    income = npv_usd(reinvest_rate, np.maximum(cash, 0.0)) * (1.0 + np.asarray(reinvest_rate)) ** n
    outlay = npv_usd(finance_rate, np.maximum(-cash, 0.0))
    return _ratio(income, outlay) ** (1.0 / n) - 1.0


# Depreciation


def macrs_fractions(years: int) -> Floats:
    """Yearly deductions of a recovery class, half-year convention.

    IRS table, percent / 100.

    years: 3, 5, 7, 10, 15 or 20 [yr]. Returns shape (years + 1,), first year of service first, sum 1.
    Source: IRS Publication 946 (2023), Appendix A, Table A-1.
    """
    if isinstance(years, bool) or years not in MACRS_PERCENT:
        raise _refused("years", years, f"a recovery class of {sorted(MACRS_PERCENT)} years")
    return np.array([round(percent / 100.0, 6) for percent in MACRS_PERCENT[years]])


def present_worth_of_depreciation(rate: ArrayLike, fractions: ArrayLike) -> Broadcast:
    """Present worth of deducting one dollar over the years.

    Σ fraction_t / (1 + rate)^t, t = 1, 2, …

    rate [1/yr] > −1, fractions [1], shape (…, years), deducted at the end of years 1, 2, …
    Source: NREL, REopt, effective cost of capital after MACRS and investment credit.
    """
    return npv_usd(rate, fractions) / (1.0 + np.asarray(rate))


# Finding rates. With y = ln(1 + rate), NPV is Σ cash_t · e^(−y·t), smooth and finite for y ≥ 0. Rates below 0 are found
# as rates above 0 of the same cash read backwards: multiplying NPV by (1 + rate)^n moves no root.


def _rates_of_return(cash: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Every rate at which NPV is 0, as (row, rate) pairs."""
    rows, rates = [np.empty(0, np.intp)], [np.empty(0)]
    for start in range(0, len(cash), ROWS_AT_ONCE):
        some = cash[start : start + ROWS_AT_ONCE]
        above_at_0 = some.sum(axis=-1) > 0.0  # one verdict for both directions, or rounding loses a rate of 0
        for sign, one_way in ((1.0, some), (-1.0, some[:, ::-1])):
            row, y = _roots(_left_aligned(one_way), above_at_0)
            rows.append(row + start)
            rates.append(np.expm1(sign * y))
    return np.concatenate(rows), np.concatenate(rates)


def _roots(coefficients: Floats, above_at_0: NDArray[np.bool_]) -> tuple[NDArray[np.intp], Floats]:
    """Every y ≥ 0 at which Σ c_t · e^(−y·t) crosses 0, as (row, y) pairs.

    Between two nodes of different sign lies one crossing; on either side of a dip through 0 between two nodes lies one too.
    """
    times = np.arange(coefficients.shape[-1], dtype=np.float64)
    decay = np.exp(-np.outer(times, NODES))
    above = coefficients @ decay > 0.0
    above[:, 0] = above_at_0
    row, cell = np.nonzero(above[:, 1:] != above[:, :-1])
    simple = _root(coefficients[row], NODES[cell], NODES[cell + 1], above[row, cell])
    dip_row, low, dip, high, side = _dips_through_0(coefficients, above, (coefficients * -times) @ decay)
    first, second = _root(coefficients[dip_row], low, dip, side), _root(coefficients[dip_row], dip, high, ~side)
    return np.concatenate([row, dip_row, dip_row]), np.concatenate([simple, first, second])


def _dips_through_0(
    coefficients: Floats, above: NDArray[np.bool_], slope: Floats
) -> tuple[NDArray[np.intp], Floats, Floats, Floats, NDArray[np.bool_]]:
    """Cells with both ends on one side of 0 and an extremum on or past it: row, low end, extremum, high end, side."""
    before, after = slope[:, :-1], slope[:, 1:]
    towards_0 = np.where(above[:, :-1], (before < 0) & (after > 0), (before > 0) & (after < 0))
    row, cell = np.nonzero((above[:, 1:] == above[:, :-1]) & towards_0)
    times = np.arange(coefficients.shape[-1], dtype=np.float64)
    extremum = _root(coefficients[row] * -times, NODES[cell], NODES[cell + 1], before[row, cell] > 0)
    terms = coefficients[row] * np.exp(-extremum[:, None] * times)
    touches = np.abs(terms.sum(axis=-1)) <= len(times) * ROUNDING * np.abs(terms).sum(axis=-1)
    through = touches | ((terms.sum(axis=-1) > 0.0) != above[row, cell])
    row, cell, extremum = row[through], cell[through], extremum[through]
    return row, NODES[cell], extremum, NODES[cell + 1], above[row, cell]


def _root(coefficients: Floats, low: Floats, high: Floats, above_at_low: NDArray[np.bool_]) -> Floats:
    """The y between low and high at which Σ c_t · e^(−y·t) is 0: Newton's steps, halving where they leave the bracket."""
    times = np.arange(coefficients.shape[-1], dtype=np.float64)
    y = 0.5 * (low + high)
    for _ in range(STEPS_TO_ROOT):
        terms = coefficients * np.exp(-y[:, None] * times)
        value, slope = terms.sum(axis=-1), -(terms @ times)
        before_root = (value > 0.0) == above_at_low
        low, high = np.where(before_root, y, low), np.where(before_root, high, y)
        newton = y - np.divide(value, slope, out=np.full_like(y, np.inf), where=slope != 0)
        settled = np.abs(newton - y) <= ROUNDING * np.maximum(1.0, y)
        if settled.all():
            break
        halved = np.where((newton > low) & (newton < high), newton, 0.5 * (low + high))
        y = np.where(settled, y, halved)
    return y


def _left_aligned(cash: Floats) -> Floats:
    """Rows moved left past their leading zeros, which move no root but would drown the rest in rounding."""
    start = np.argmax(cash != 0.0, axis=-1)[:, None]
    column = np.arange(cash.shape[-1]) + start
    moved = np.take_along_axis(cash, np.minimum(column, cash.shape[-1] - 1), axis=-1)
    return np.where(column < cash.shape[-1], moved, 0.0)


# Shapes and checks


def _rows(name: str, values: ArrayLike) -> Floats:
    try:
        rows = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise _refused(name, values, "numbers, years on the last axis") from None
    if rows.ndim == 0 or rows.shape[-1] == 0:
        raise _refused(name, values, "at least one year on the last axis")
    if not np.isfinite(rows).all():
        raise _refused(name, float(rows[~np.isfinite(rows)].flat[0]), "finite numbers only")
    return rows


def _check_rate(name: str, rate: ArrayLike) -> None:
    rates = np.asarray(rate, dtype=np.float64)
    wrong = ~(np.isfinite(rates) & (rates > -1.0))
    if wrong.any():
        raise _refused(name, float(rates[wrong].flat[0]), "a number above -1")


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


def _refused(name: str, value: Any, expected: str) -> ValidationError:
    return ValidationError(f"{name}: expected {expected}, not {value}", field=name, value=value, expected=expected)
