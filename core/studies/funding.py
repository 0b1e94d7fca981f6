"""Who pays for the plant: loans, interest while building, sources and uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.models import debt
from core.models.debt import Loan
from core.sections import Finance
from core.studies.levies import Asset

Floats: TypeAlias = NDArray[np.float64]
ROUNDS = 20  # interest while building depends on the loan that it joins; each round gains a digit or more


class LenderCase(NamedTuple):
    """Cash available for debt service (…, years + 1) [USD] in a lender's case, and the cover it must give."""

    cfads_usd: Floats
    dscr: float


class Funding(NamedTuple):
    """The loans together, and the first day's money; `interest_usd` (…,) while building, `added_usd` of it by asset [USD].

    `share_frac` (…,): of the plant's cost that is borrowed.
    """

    loan: Loan
    interest_usd: Any
    added_usd: Mapping[str, Any]
    share_frac: Any

    @property
    def principal_usd(self) -> Any:
        """Interest while building included."""
        return self.loan.balance_usd[..., 0]


def funded(finance: Finance, assets: Sequence[Asset], years: int, cases: Sequence[LenderCase] = ()) -> Funding:
    """Loans on plant and machines, the plant's cut until every lender's case covers it."""
    terms, plant = finance.debt, [asset for asset in assets if not asset.is_machines]
    cost = sum((asset.cost_usd[..., 0] for asset in plant), start=np.zeros(()))
    machines = sum((asset.cost_usd[..., 0] for asset in assets if asset.is_machines), start=np.zeros(()))
    unit = _of_one_dollar(finance, years, cases)
    principal, interest = _plant_loan(finance, cost, unit, cases)
    loans = [
        debt.scaled(unit, principal + interest),
        debt.loan(
            terms.machine_share_frac * machines,
            terms.machine_rate,
            min(terms.machine_term_years, terms.machine_life_years),
            years,
            payments_per_year=terms.payments_per_year,
        ),
    ]
    share = {asset.name: _share(asset.cost_usd[..., 0], cost) * interest for asset in plant}
    return Funding(debt.together(loans), interest, share, _share(principal, cost))


def _share(part: Any, whole: Any) -> Any:
    return np.divide(part, whole, out=np.zeros(np.broadcast_shapes(np.shape(part), np.shape(whole))), where=whole > 0)


def _of_one_dollar(finance: Finance, years: int, cases: Sequence[LenderCase]) -> Loan:
    """The schedule of the loan on the plant: level, or in the shape of what the poorest case covers in each year."""
    terms = finance.debt
    if not terms.share_frac:
        return debt.loan(0.0, terms.rate, terms.term_years, years)
    if terms.repayment == "sculpted" and cases:
        covered = np.min(_level([case.cfads_usd / case.dscr for case in cases]), axis=0)
        year = np.arange(years + 1)
        shape = debt.sculpted_loan(
            np.where((year > 0) & (year <= terms.term_years), np.maximum(covered, 0.0), 0.0), terms.rate
        )
        borrowed = shape.balance_usd[..., 0]
        if np.all(borrowed > 0):
            return debt.scaled(shape, 1.0 / borrowed)
    return debt.loan(1.0, terms.rate, terms.term_years, years, terms.interest_only_months, terms.payments_per_year)


def _plant_loan(finance: Finance, cost: Any, unit: Loan, cases: Sequence[LenderCase]) -> tuple[Any, Any]:
    """Drawn for the plant, and interest while building, (…,) [USD]."""
    sized = cases if finance.debt.share_frac else ()
    cover = [debt.sized_principal_usd(case.cfads_usd, case.dscr, unit) for case in sized]
    principal = finance.debt.share_frac * cost
    interest = _interest(finance, cost, principal)
    for _ in range(ROUNDS if cover else 0):
        principal = np.minimum(
            finance.debt.share_frac * cost, np.maximum(np.min(_level(cover), axis=0) - interest, 0.0)
        )
        interest = _interest(finance, cost, principal)
    return principal, interest


def _level(values: list[Any]) -> list[Floats]:
    return list(np.broadcast_arrays(*values))


def _interest(finance: Finance, cost: Any, principal: Any) -> Any:
    terms = finance.construction
    if not terms.months:
        return np.zeros(np.broadcast_shapes(np.shape(cost), np.shape(principal)))
    spending = debt.spending_fractions(terms.months, terms.curve, terms.delay_months)
    site = debt.building(cost, principal, terms.rate, spending, equity_first=terms.equity_first)
    return site.capitalised_usd
