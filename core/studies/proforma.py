"""The after-tax pro-forma: what a plant earns for its owner and its lenders, year by year, as a bank would want to see it.

It is SAM's cash-loan model to the cent, with miners as one more class of equipment, carried losses, reserves, lock-up and
interest while building on top. Nominal USD; years on the last axis, year 0 everything before the first month of operation,
any leading axes (paths). What happens by month (coins, liquidity, tariffs) comes in as sums of its year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.errors import ValidationError
from core.models import debt, finance, tax
from core.models.debt import Loan, Waterfall
from core.sections import Finance
from core.studies.funding import Funding, LenderCase, funded
from core.studies.levies import Asset, Taxes, WrittenOff, taxes, written_off

Floats: TypeAlias = NDArray[np.float64]
Lines: TypeAlias = Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class Operation:
    """A plant's years of work, arrays (…, years + 1) with year 0 nothing: energy [kWh], revenue and running cost by line [USD].

    Costs are counted positive. `energy_kwh` is what earns a production credit and what the LCOE is per. Coins are revenue at
    their price when mined. `unsold_usd` is what of it was kept in coins, negative where coins of earlier years are sold
    (worth when mined); `coin_gain_usd` is what a sale brought above that, before fees, which are a cost.
    """

    energy_kwh: Floats
    revenue_usd: Lines = field(default_factory=dict)
    opex_usd: Lines = field(default_factory=dict)
    unsold_usd: Floats | float = 0.0
    coin_gain_usd: Floats | float = 0.0

    @property
    def kept_usd(self) -> Floats:
        """Revenue and gains that are not cash of the year."""
        kept: Floats = self.unsold_usd - self.coin_gain_usd + np.zeros(self.energy_kwh.shape)
        return kept


@dataclass(frozen=True, eq=False)
class Proforma:
    """The statement; arrays (…, years + 1) [USD] unless named otherwise. Costs, tax and debt service are counted positive."""

    terms: Finance
    energy_kwh: Floats
    revenue_lines_usd: Lines
    opex_lines_usd: Lines
    capex_lines_usd: Lines
    sales_usd: Floats  # of equipment, salvage at the end included
    working_capital_usd: Floats  # balance at the end of the year
    kept_usd: Floats  # revenue and gains kept in coins, negative where coins of earlier years are sold
    taxed_gain_usd: Floats  # on coins, after losses of earlier years
    funding: Funding
    books: WrittenOff
    investment_credit_usd: Floats  # what it brings, recapture negative
    production_credit_usd: Floats
    taxes: Taxes
    cfads_usd: Floats  # before credits and before what the owner's other income saves
    accounts: Waterfall
    project_usd: Floats  # after tax, as if there were no debt
    cost_usd: Floats  # what the owner pays for the energy, revenue apart: LCOE's numerator

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The figures that sum the statement up, (…,) each."""
        rate, energy = self.terms.discount_rate, self.energy_kwh
        equity, project, loan = self.equity_usd, self.project_usd, self.loan
        effective = tax.effective_rate_frac(self.terms.tax.federal_rate_frac, self.terms.tax.state_rate_frac)
        return {
            "npv_usd": finance.npv_usd(rate, equity),
            "equity_irr": finance.irr(equity),
            "project_npv_usd": finance.npv_usd(rate, project),
            "project_irr": finance.irr(project),
            "mirr": finance.mirr(equity, rate, rate),
            "profitability_index": finance.profitability_index(rate, equity),
            "payback_years": finance.payback_years(project),
            "discounted_payback_years": finance.discounted_payback_years(rate, project),
            "equity_payback_years": finance.payback_years(equity),
            "lcoe_usd_per_kwh": finance.lcoe_usd_per_kwh(rate, self.cost_usd, energy),
            "lcoe_real_usd_per_kwh": finance.lcoe_real_usd_per_kwh(
                rate, self.terms.inflation_per_year, self.cost_usd, energy
            ),
            "lowest_dscr": debt.lowest(self.dscr),
            "llcr": debt.llcr(self.cfads_usd, loan, self.terms.debt.rate)[..., 0],
            "wacc": (1.0 - self.lent_frac) * rate + self.lent_frac * self.terms.debt.rate * (1.0 - effective),
            "effective_tax_frac": effective,
        }

    @property
    def lent_frac(self) -> Any:
        """Share of the first investment, interest while building included, that is borrowed, (…,)."""
        invested = self.capex_usd[..., 0] + self.funding.interest_usd
        lent = np.zeros(np.shape(invested))
        return np.divide(self.funding.principal_usd, invested, out=lent, where=invested > 0)

    @property
    def revenue_usd(self) -> Floats:
        return total(self.revenue_lines_usd, self.energy_kwh)

    @property
    def opex_usd(self) -> Floats:
        return total(self.opex_lines_usd, self.energy_kwh)

    @property
    def ebitda_usd(self) -> Floats:
        return self.revenue_usd - self.opex_usd

    @property
    def capex_usd(self) -> Floats:
        """First investment and replacements, without interest while building."""
        return total(self.capex_lines_usd, self.energy_kwh)

    @property
    def loan(self) -> Loan:
        return self.funding.loan

    @property
    def tax_usd(self) -> Floats:
        return self.taxes.tax_usd

    @property
    def equity_usd(self) -> Floats:
        """After-tax cash of the owner: in +, out −."""
        return self.accounts.paid_usd

    @property
    def dscr(self) -> Floats:
        return debt.dscr(self.cfads_usd, self.loan.service_usd)

    @property
    def uses_usd(self) -> dict[str, Any]:
        """What the first day's money pays for, (…,) each."""
        first = {name: cost[..., 0] for name, cost in self.capex_lines_usd.items()}
        return {**first, "interest": self.funding.interest_usd, "reserve": self.accounts.reserve_usd[..., 0]}

    @property
    def sources_usd(self) -> dict[str, Any]:
        """Who pays it, (…,) each; as much as the uses."""
        return {"loan": self.funding.principal_usd, "equity": -self.equity_usd[..., 0]}


def escalated_usd(first_usd: float, growth_per_year: float, years: int) -> Floats:
    """A cost of every year that grows from its first, (years + 1,) [USD]; year 0 nothing."""
    return np.append(0.0, first_usd * (1.0 + growth_per_year) ** np.arange(years))


def total(lines: Lines, like: Floats) -> Floats:
    """The sum of lines, broadcast with `like`."""
    added: Floats = sum(lines.values(), start=np.zeros(like.shape))
    return added


def proforma(
    finance_terms: Finance,
    assets: Sequence[Asset],
    operation: Operation,
    cases: Sequence[LenderCase] = (),
    money: Funding | None = None,
) -> Proforma:
    """The statement of a plant under the planner's terms.

    assets and operation share their years, those of operation.energy_kwh; prices, opex and purchases come in nominal USD of
    their year. From `finance_terms` come owning, construction, debt, tax, credits for production, discount rate and inflation;
    what a kW costs, upkeep, write-off and investment credit come with assets and operation. cases: the lender's, each of
    which the loan on the plant is cut to cover; without any, `debt.target_dscr` is held against this plan's own cash before tax.
    money: loans that stand already, which are then not worked out.
    ValidationError where a shape or an amount cannot be. Source: SAM, cash-loan model (ssc cmod_cashloan); Yescombe (2014).
    """
    _check_years(assets, operation)
    years = operation.energy_kwh.shape[-1] - 1
    assets = assets or [Asset("nothing", np.zeros(years + 1))]  # coins bought and held have no plant
    flows = _flows(finance_terms, assets, operation)
    if money is None:
        money = funded(finance_terms, assets, years, cases or _own_case(finance_terms, flows))
    books = written_off(finance_terms, assets, money.added_usd)
    alone = written_off(finance_terms, assets, {}) if np.any(money.interest_usd) else books
    return _stated(finance_terms, assets, operation, flows, money, books, alone)


def operating_cash_usd(finance_terms: Finance, assets: Sequence[Asset], operation: Operation) -> Floats:
    """Cash available for debt service before tax, (…, years + 1) [USD]: what a lender's case is made of."""
    _check_years(assets, operation)
    return _operating_cash(_flows(finance_terms, assets, operation))


def _flows(terms: Finance, assets: Sequence[Asset], operation: Operation) -> _Flows:
    years = operation.energy_kwh.shape[-1] - 1
    opex = {**operation.opex_usd, **_owning(terms, assets, years)}
    revenue = total(operation.revenue_usd, operation.energy_kwh)
    capital = terms.owning.working_capital_days / 365.0 * revenue
    capital[..., [0, -1]] = 0.0
    return _Flows(
        opex,
        capital,
        revenue,
        total(opex, operation.energy_kwh),
        opex.get("property_tax", np.zeros(years + 1)),
        sum((asset.cost_usd for asset in assets), start=np.zeros(years + 1)),
        sum((asset.sales_usd for asset in assets), start=np.zeros(years + 1)),
        np.diff(capital, axis=-1, prepend=0.0) + operation.kept_usd,
        tax.ring_fenced_usd(operation.coin_gain_usd + np.zeros(years + 1)),
        _production_credit(terms, operation),
    )


@dataclass(frozen=True, eq=False)
class _Flows:
    """Cash before debt and tax, (…, years + 1) [USD]."""

    opex_lines: Lines
    capital: Floats  # working capital at the end of the year
    revenue: Floats
    opex: Floats
    property_tax: Floats
    capex: Floats
    sales: Floats
    tied_up: Floats  # more working capital, and revenue kept in coins
    coin_gain: Floats  # as taxed
    production_credit: Floats

    @property
    def before_tax(self) -> Floats:
        return self.revenue - self.opex - self.capex + self.sales - self.tied_up


def _stated(
    terms: Finance,
    assets: Sequence[Asset],
    operation: Operation,
    flows: _Flows,
    money: Funding,
    books: WrittenOff,
    alone: WrittenOff,
) -> Proforma:
    loan, worth = money.loan, terms.credits.worth_frac
    investment = worth * books.credit_usd - books.recaptured_usd
    owed = taxes(terms, _income(terms, flows, books, loan.interest_usd), investment + flows.production_credit)
    unlevered = taxes(
        terms,
        _income(terms, flows, alone, 0.0),
        worth * alone.credit_usd - alone.recaptured_usd + flows.production_credit,
    )
    cash = flows.before_tax - owed.tax_usd - loan.service_usd
    cash[..., 0] += money.principal_usd - money.interest_usd
    cfads = _cfads(flows, owed)
    accounts = debt.waterfall(cash, _reserve(terms, loan, flows.capex), _shut(terms, cfads, loan))
    costs = _costs(terms, flows, books, investment, money)
    project = flows.before_tax - unlevered.tax_usd
    return Proforma(
        terms,
        operation.energy_kwh,
        operation.revenue_usd,
        flows.opex_lines,
        _by_kind(assets),
        flows.sales,
        flows.capital,
        operation.kept_usd,
        flows.coin_gain,
        money,
        books,
        investment,
        flows.production_credit,
        owed,
        cfads,
        accounts,
        project,
        costs,
    )


def _by_kind(assets: Sequence[Asset]) -> dict[str, Floats]:
    """What is paid for each kind of equipment; purchases of one kind may be several assets."""
    kinds = dict.fromkeys(asset.kind or asset.name for asset in assets)
    return {
        kind: sum((a.cost_usd for a in assets if (a.kind or a.name) == kind), start=np.zeros(assets[0].years + 1))
        for kind in kinds
    }


def _own_case(terms: Finance, flows: _Flows) -> list[LenderCase]:
    """The plan itself as the lender's case, before tax, which depends on the loan."""
    if not terms.debt.target_dscr:
        return []
    return [LenderCase(_operating_cash(flows), terms.debt.target_dscr)]


def _owning(terms: Finance, assets: Sequence[Asset], years: int) -> dict[str, Floats]:
    """Property tax, insurance and lease by line, those that are owed."""
    own = terms.owning
    first = sum((asset.cost_usd[..., 0] for asset in assets), start=np.zeros(()))[..., None]
    left = np.append(0.0, np.maximum(1.0 - own.assessed_decline_frac_per_year * np.arange(years), 0.0))
    grown = escalated_usd(1.0, terms.inflation_per_year, years)
    lines = {
        "property_tax": first * own.property_tax_frac * own.assessed_frac * left,
        "insurance": first * own.insurance_frac * grown,
        "land_lease": own.land_lease_usd_per_year * grown,
    }
    return {name: values for name, values in lines.items() if np.any(values)}


def _production_credit(terms: Finance, operation: Operation) -> Floats:
    rules = terms.credits
    credit = tax.production_credit_usd(
        operation.energy_kwh, rules.ptc_usd_per_kwh, rules.ptc_years, rules.ptc_growth_per_year
    )
    return rules.worth_frac * credit


def _income(terms: Finance, flows: _Flows, books: WrittenOff, interest: Any) -> Floats:
    """Taxable income before losses carried."""
    paid = interest if terms.tax.interest_deducted else 0.0
    if terms.tax.taxpayer == "household":
        return -flows.property_tax - paid + np.zeros(flows.revenue.shape)
    income: Floats = flows.revenue + flows.coin_gain - flows.opex - books.deducted_usd + books.taxed_sales_usd - paid
    return income


def _operating_cash(flows: _Flows) -> Floats:
    """Revenue less running cost, working capital and replacements; sales count but those of the last year."""
    sold, capex = flows.sales.copy(), flows.capex.copy()
    sold[..., -1] = 0.0
    capex[..., 0] = 0.0
    cash: Floats = flows.revenue - flows.opex - flows.tied_up + sold - capex
    return cash


def _cfads(flows: _Flows, owed: Taxes) -> Floats:
    """Operating cash after tax; what the owner's other income saves and credits are not the lender's."""
    return _operating_cash(flows) - np.maximum(owed.before_credits_usd, 0.0)


def _reserve(terms: Finance, loan: Loan, capex: Floats) -> Floats:
    wanted = debt.service_reserve_usd(loan.service_usd, terms.debt.reserve_months)
    return wanted + debt.refresh_reserve_usd(capex) if terms.debt.refresh_reserve else wanted


def _shut(terms: Finance, cfads: Floats, loan: Loan) -> Any:
    """Years in which the covenant keeps cash from the owner."""
    if not terms.debt.covenant_dscr:
        return False
    cover = debt.dscr(cfads, loan.service_usd)
    return np.where(np.isnan(cover), np.inf, cover) < terms.debt.covenant_dscr


def _costs(terms: Finance, flows: _Flows, books: WrittenOff, investment: Floats, money: Funding) -> Floats:
    """What the owner pays when revenue is left out and other income absorbs what tax saves, as SAM's LCOE takes it."""
    spent = replace(flows, revenue=np.zeros(flows.revenue.shape), tied_up=np.zeros(()), coin_gain=np.zeros(()))
    income = _income(terms, spent, books, money.loan.interest_usd)
    saved = taxes(terms, income, investment + flows.production_credit, absorbed=True)
    costs: Floats = saved.tax_usd + money.loan.service_usd - spent.before_tax
    costs[..., 0] += money.interest_usd - money.principal_usd
    return costs


def _check_years(assets: Sequence[Asset], operation: Operation) -> None:
    years = operation.energy_kwh.shape[-1]
    rows = {
        **{f"assets.{asset.name}": asset.cost_usd for asset in assets},
        **operation.revenue_usd,
        **operation.opex_usd,
    }
    for name, values in rows.items():
        if values.shape[-1:] != (years,):
            raise ValidationError(
                f"{name}: expected {years} years on the last axis, year 0 first",
                field=name,
                value=str(values.shape),
                expected=f"shape (…, {years})",
            )
