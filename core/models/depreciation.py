"""What tax lets an owner write off, year by year and purchase by purchase, and what a sale claws back.

Years lie on the last axis, year 0 first, any leading axes. Purchases of one year are a vintage. What is bought in year 0
is in service from year 1; what is bought later is in service in the year it is bought.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import refused

Floats: TypeAlias = NDArray[np.float64]

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


def macrs_fractions(years: int) -> Floats:
    """Yearly deductions of a recovery class, half-year convention.

    IRS table, percent / 100.

    years: 3, 5, 7, 10, 15 or 20 [yr]. Returns shape (years + 1,), first year of service first, sum 1.
    Source: IRS Publication 946 (2023), Appendix A, Table A-1.
    """
    if isinstance(years, bool) or years not in MACRS_PERCENT:
        raise refused("years", years, f"a recovery class of {sorted(MACRS_PERCENT)} years")
    return np.array([round(percent / 100.0, 6) for percent in MACRS_PERCENT[years]])


def straight_line_fractions(years: int) -> Floats:
    """Equal deductions over whole years, from the first year of service.

    1 / years.

    years ≥ 1 [yr]. Returns shape (years,), sum 1. Source: SAM, straight-line depreciation (no half-year convention).
    """
    if isinstance(years, bool) or not isinstance(years, int) or years < 1:
        raise refused("years", years, "a whole number from 1")
    return np.full(years, 1.0 / years)


def write_off_fractions(method: str, straight_line_years: int = 1, bonus_frac: float = 0.0) -> Floats:
    """Yearly deductions by a method's name.

    bonus + (1 − bonus) · f_1, (1 − bonus) · f_2, …

    method: none, expensed, straight_line or macrs_3 … macrs_20; straight_line_years ≥ 1 [yr]; bonus_frac [1] in 0…1, the
    share deducted at once before the method applies. Returns shape (years,), first year of service first: sum 1, or 0 for
    none. Source: IRS Publication 946 (2023), special depreciation allowance.
    """
    if not 0.0 <= bonus_frac <= 1.0:
        raise refused("bonus_frac", bonus_frac, "a share from 0 to 1")
    if method == "none":
        return np.zeros(1)
    fractions = (1.0 - bonus_frac) * _plain_fractions(method, straight_line_years)
    fractions[0] += bonus_frac
    return fractions


def _plain_fractions(method: str, straight_line_years: int) -> Floats:
    kind, _, years = method.partition("_")
    if method == "expensed":
        return np.ones(1)
    if method == "straight_line":
        return straight_line_fractions(straight_line_years)
    if kind == "macrs" and years.isdigit():
        return macrs_fractions(int(years))
    raise refused("method", method, "none, expensed, straight_line or macrs_3 … macrs_20")


class Ledger(NamedTuple):
    """Tax book of one class of equipment, each array (…, years + 1) [USD]."""

    deducted_usd: Floats  # yearly write-off
    relieved_usd: Floats  # basis left at a sale, deducted from its proceeds
    proceeds_usd: Floats  # of sales
    ordinary_usd: Floats  # gain (§1245 recapture) or loss (−) on sales that is ordinary income
    capital_usd: Floats  # gain above the first cost
    basis_usd: Floats  # not yet written off, at the end of the year


def ledger(
    cost_usd: ArrayLike,
    fractions: ArrayLike,
    basis_cut_usd: ArrayLike = 0.0,
    sold_in: ArrayLike | None = None,
    proceeds_usd: ArrayLike = 0.0,
) -> Ledger:
    """Write-off of purchases by vintage, and what their sale brings to tax.

    deduction of year t = Σ_v (cost_v − cut_v) · fraction of the vintage's age, until it is sold; on sale
    gain = proceeds − basis left; ordinary = min(proceeds, cost) − basis left, negative where it is a loss; the rest is capital.

    cost_usd [USD] ≥ 0, shape (…, years + 1) by year bought; fractions [1], shape (n,), from `write_off_fractions`;
    basis_cut_usd [USD] in 0…cost, half the investment credit (the cut counts as written off when it is sold);
    sold_in [year] by vintage, not before it is bought, beyond the last year: kept, None: none is sold; proceeds_usd [USD] ≥ 0
    by vintage. All broadcast to cost's shape. A year of sale deducts its whole fraction: US law allows half, but then as
    much more is left to set against the proceeds, so the year's taxable income is the same.
    ValidationError where a cost, cut or year is out of bounds. Source: 26 USC 168, 1245, 50(c); SAM for year 0 and 1.
    """
    cost = np.asarray(cost_usd, dtype=np.float64)
    cut, proceeds = (
        np.broadcast_to(np.asarray(a, dtype=np.float64), cost.shape) for a in (basis_cut_usd, proceeds_usd)
    )
    years = cost.shape[-1] - 1
    bought = np.arange(years + 1)
    sold = np.asarray(years + 1 if sold_in is None else sold_in, dtype=np.intp)
    sold = np.broadcast_to(sold, np.broadcast_shapes(sold.shape, (years + 1,)))
    _check(cost, cut, sold, proceeds, bought)
    deducted, taken = _written_off(cost - cut, np.asarray(fractions, dtype=np.float64), sold)
    left = np.maximum(cost - cut - taken, 0.0)
    left[left <= 1e-12 * cost] = 0.0  # the fractions' own rounding
    gone = sold <= years
    relieved, income, ordinary = (
        _at_sale(np.where(gone, value, 0.0), sold) for value in (left, proceeds, np.minimum(proceeds, cost) - left)
    )
    basis = np.cumsum(cost - cut - deducted - relieved, axis=-1)
    basis[np.abs(basis) <= 1e-12 * np.cumsum(cost, axis=-1)] = 0.0
    return Ledger(deducted, relieved, income, ordinary, income - relieved - ordinary, basis)


def _written_off(basis: Floats, fractions: Floats, sold: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Deductions by year, and by vintage in all, each of basis' shape."""
    year, deducted, taken = np.arange(basis.shape[-1]), np.zeros_like(basis), np.zeros_like(basis)
    for vintage in _present(basis):
        age = year - max(vintage, 1)
        table = np.where((age >= 0) & (age < len(fractions)), fractions[np.clip(age, 0, len(fractions) - 1)], 0.0)
        kept = np.where(year <= sold[..., vintage, None], table, 0.0)
        deducted += basis[..., vintage, None] * kept
        taken[..., vintage] = basis[..., vintage] * kept.sum(axis=-1)
    return deducted, taken


def _at_sale(value: Floats, sold: NDArray[np.intp]) -> Floats:
    """Values by vintage moved to the years of their sale."""
    year, moved = np.arange(value.shape[-1]), np.zeros_like(value, shape=np.broadcast_shapes(value.shape, sold.shape))
    for vintage in _present(value):
        moved += np.where(sold[..., vintage, None] == year, value[..., vintage, None], 0.0)
    return moved


def _present(value: Floats) -> list[int]:
    """The vintages of which there is something."""
    return [int(n) for n in np.flatnonzero(value.any(axis=tuple(range(value.ndim - 1))))]


def by_year_of_sale(value_usd: ArrayLike, sold_in: ArrayLike) -> Floats:
    """Values by vintage moved to the year in which each vintage is sold; what is never sold is left out.

    value_usd [USD], shape (…, years + 1) by year bought; sold_in [year], broadcasting to it. Returns (…, years + 1).
    """
    value = np.asarray(value_usd, dtype=np.float64)
    sold = np.asarray(sold_in, dtype=np.intp)
    return _at_sale(value, np.broadcast_to(sold, np.broadcast_shapes(sold.shape, value.shape[-1:])))


def _check(cost: Floats, cut: Floats, sold: NDArray[np.intp], proceeds: Floats, bought: NDArray[np.intp]) -> None:
    for name, wrong, value, expected in (
        ("cost_usd", ~(np.isfinite(cost) & (cost >= 0)), cost, "finite, 0 or more"),
        ("basis_cut_usd", ~((cut >= 0) & (cut <= cost)), cut, "from 0 to the cost"),
        ("proceeds_usd", ~(np.isfinite(proceeds) & (proceeds >= 0)), proceeds, "finite, 0 or more"),
        ("sold_in", (sold < bought) & (cost > 0), sold, "a year no earlier than that of the purchase"),
    ):
        if wrong.any():
            raise refused(name, value[wrong].flat[0].item(), expected)
