"""Write-offs, credits and income tax of a plant, year by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models import depreciation, tax
from core.models.depreciation import Ledger
from core.models.tax import Levy
from core.sections import Finance, Recovery

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Asset:
    """One class of equipment. Arrays (…, years + 1), year bought, year 0 the first investment.

    cost_usd [USD]; recovery, how it is written off; credit_frac, investment credit on what is bought in year 0; sold_in [year]
    by vintage, None: at the horizon; proceeds_usd [USD] by vintage; kind, under which purchases of several assets are told.
    """

    name: str
    cost_usd: Floats
    recovery: Recovery = field(default_factory=Recovery)
    credit_frac: float = 0.0
    sold_in: ArrayLike | None = None
    proceeds_usd: ArrayLike = 0.0
    is_machines: bool = False
    kind: str = ""

    @property
    def years(self) -> int:
        return int(self.cost_usd.shape[-1]) - 1

    @property
    def told_as(self) -> str:
        return self.kind or self.name

    @cached_property
    def sales_usd(self) -> Floats:
        """Proceeds by the year they come in."""
        proceeds = np.asarray(self.proceeds_usd, dtype=np.float64)
        proceeds = np.broadcast_to(proceeds, np.broadcast_shapes(proceeds.shape, self.cost_usd.shape[-1:]))
        return depreciation.by_year_of_sale(proceeds, self.sale_year)

    @cached_property
    def sale_year(self) -> NDArray[np.intp]:
        years = np.asarray(self.years if self.sold_in is None else self.sold_in, dtype=np.intp)
        return np.broadcast_to(years, np.broadcast_shapes(years.shape, self.cost_usd.shape[-1:]))


def _widest(asset: Asset) -> tuple[int, ...]:
    sold = () if asset.sold_in is None else np.shape(asset.sold_in)
    return np.broadcast_shapes(asset.cost_usd.shape, np.shape(asset.proceeds_usd), sold)


class WrittenOff(NamedTuple):
    """Tax books of all assets, and their credits; arrays (…, years + 1) [USD]."""

    ledgers: Mapping[str, Ledger]
    taxed_sales_usd: Floats  # what sales add to income, losses negative
    credit_usd: Floats  # investment credits granted
    recaptured_usd: Floats  # of them, owed back on early sales

    @property
    def deducted_usd(self) -> Floats:
        return _sum(book.deducted_usd for book in self.ledgers.values())


def written_off(finance: Finance, assets: Sequence[Asset], added_usd: Mapping[str, Any]) -> WrittenOff:
    """The tax books; `added_usd` by name is interest while building that joins an asset's cost."""
    parts = [_book(finance, asset, added_usd.get(asset.name, 0.0)) for asset in assets]
    sums = [_sum(values) for values in list(zip(*parts, strict=True))[1:]]
    return WrittenOff({asset.name: part[0] for asset, part in zip(assets, parts, strict=True)}, *sums)


def _book(finance: Finance, asset: Asset, added_usd: Any) -> tuple[Ledger, Floats, Floats, Floats]:
    """One asset's ledger, what its sales add to income, its credit, and what of that is owed back."""
    cost = np.broadcast_to(asset.cost_usd, np.broadcast_shapes(_widest(asset), (*np.shape(added_usd), 1))).copy("K")
    cost[..., 0] += added_usd
    credit = np.zeros_like(cost)
    credit[..., 0] = asset.credit_frac * cost[..., 0]
    sold = asset.sale_year
    leaves = sold if finance.tax.leftover_deducted else np.where(sold >= asset.years, asset.years + 1, sold)
    recovery = asset.recovery
    fractions = depreciation.write_off_fractions(recovery.method, recovery.straight_line_years, recovery.bonus_frac)
    book = depreciation.ledger(cost, fractions, credit / 2.0, leaves, asset.proceeds_usd)
    back = depreciation.by_year_of_sale(credit * tax.recaptured_frac(leaves), leaves)
    untaxed_yet = asset.sales_usd - book.proceeds_usd  # leftover basis not deducted: the whole salvage is income
    sales = book.ordinary_usd + book.capital_usd + untaxed_yet - back / 2.0  # what is owed back joins the basis again
    earned = np.zeros_like(cost)
    if asset.years:
        earned[..., 1] = credit[..., 0]
    return book, sales, earned, back


class Taxes(NamedTuple):
    """Income tax of both governments; tax_usd (…, years + 1) [USD] is what is paid, credits used."""

    income_usd: Floats
    state: Levy
    federal: Levy

    @property
    def tax_usd(self) -> Floats:
        return self.state.tax_usd + self.federal.tax_usd

    @property
    def before_credits_usd(self) -> Floats:
        return self.tax_usd + self.federal.credit_usd


def taxes(finance: Finance, income_usd: Floats, credits_usd: Floats, *, absorbed: bool | None = None) -> Taxes:
    """State tax on income, federal tax on income less state tax; losses and credits by `finance.tax`, or as told."""
    rules = finance.tax
    other = rules.losses == "absorbed" if absorbed is None else absorbed
    untaxed = not rules.federal_rate_frac and not np.any(credits_usd)  # a loss is of no use
    state = tax.income_tax(
        income_usd,
        rules.state_rate_frac,
        absorbed=other or not rules.state_rate_frac,
        loss_limit_frac=rules.loss_limit_frac,
    )
    federal = tax.income_tax(
        income_usd - state.tax_usd,
        rules.federal_rate_frac,
        credits_usd,
        absorbed=other or untaxed,
        loss_limit_frac=rules.loss_limit_frac,
    )
    return Taxes(income_usd, state, federal)


def _sum(values: Any) -> Floats:
    first, *rest = values
    total: Floats = sum(rest, start=first)
    return total
