"""The after-tax pro-forma: what a plant earns for its owner and its lenders, year by year, as a bank would want to see it.

It is SAM's cash-loan model to the cent, with miners as one more class of equipment, carried losses, reserves, lock-up and
interest while building on top. Nominal USD; years on the last axis, year 0 everything before the first month of operation,
any leading axes (paths). What happens by month (coins, liquidity, tariffs) comes in as sums of its year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.models import debt, finance, tax
from core.models.debt import Loan, Waterfall
from core.sections import Finance
from core.studies.funding import Funding, LenderCase, funded
from core.studies.levies import Asset, Taxes, WrittenOff, taxes, written_off
from core.studies.operation import Flows, Lines, Operation, flows_of

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Proforma:
    """The statement; arrays (…, years + 1) [USD] unless named otherwise. Costs, tax and debt service are counted positive.

    Each line is worked out when it is first asked for.
    """

    terms: Finance
    assets: Sequence[Asset]
    operation: Operation
    flows: Flows
    funding: Funding
    books: WrittenOff

    def under(self, operation: Operation) -> Proforma:
        """The same plant, loans and write-offs with other years of work."""
        return replace(self, operation=operation, flows=flows_of(self.terms, self.assets, operation))

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
    def energy_kwh(self) -> Floats:
        return self.operation.energy_kwh

    @property
    def revenue_lines_usd(self) -> Lines:
        return self.operation.revenue_usd

    @property
    def revenue_usd(self) -> Floats:
        return self.flows.revenue

    @property
    def opex_lines_usd(self) -> Lines:
        return self.flows.opex_lines

    @property
    def opex_usd(self) -> Floats:
        return self.flows.opex

    @property
    def ebitda_usd(self) -> Floats:
        return self.revenue_usd - self.opex_usd

    @property
    def capex_lines_usd(self) -> Lines:
        """By kind of equipment; purchases of one kind may be several assets."""
        nothing = np.zeros(self.assets[0].years + 1)
        kinds = dict.fromkeys(asset.told_as for asset in self.assets)
        return {
            kind: sum((asset.cost_usd for asset in self.assets if asset.told_as == kind), start=nothing)
            for kind in kinds
        }

    @property
    def capex_usd(self) -> Floats:
        """First investment and replacements, without interest while building."""
        return self.flows.capex

    @property
    def sales_usd(self) -> Floats:
        """Of equipment, salvage at the end included."""
        return self.flows.sales

    @property
    def working_capital_usd(self) -> Floats:
        """Balance at the end of the year."""
        return self.flows.capital

    @property
    def production_credit_usd(self) -> Floats:
        return self.flows.production_credit

    @property
    def loan(self) -> Loan:
        return self.funding.loan

    @property
    def investment_credit_usd(self) -> Floats:
        """What it brings, recapture negative."""
        return self._credit(self.books)

    @cached_property
    def taxes(self) -> Taxes:
        granted = self.investment_credit_usd + self.production_credit_usd
        return taxes(self.terms, _income(self.terms, self.flows, self.books, self.loan.interest_usd), granted)

    @property
    def tax_usd(self) -> Floats:
        return self.taxes.tax_usd

    @cached_property
    def cfads_usd(self) -> Floats:
        """Operating cash after tax; what the owner's other income saves and credits are not the lender's."""
        return self.flows.operating - np.maximum(self.taxes.before_credits_usd, 0.0)

    @cached_property
    def accounts(self) -> Waterfall:
        cash = self.flows.before_tax - self.tax_usd - self.loan.service_usd
        cash[..., 0] += self.funding.principal_usd - self.funding.interest_usd
        reserve = _reserve(self.terms, self.loan, self.capex_usd)
        return debt.waterfall(cash, reserve, _shut(self.terms, self.cfads_usd, self.loan))

    @property
    def equity_usd(self) -> Floats:
        """After-tax cash of the owner: in +, out −."""
        return self.accounts.paid_usd

    @cached_property
    def project_usd(self) -> Floats:
        """After tax, as if there were no debt."""
        if not np.any(self.loan.balance_usd):
            return self.flows.before_tax - self.tax_usd
        books = written_off(self.terms, self.assets, {}) if np.any(self.funding.interest_usd) else self.books
        granted = self._credit(books) + self.production_credit_usd
        return self.flows.before_tax - taxes(self.terms, _income(self.terms, self.flows, books, 0.0), granted).tax_usd

    @cached_property
    def cost_usd(self) -> Floats:
        """What the owner pays for the energy when revenue is left out and other income absorbs what tax saves, as SAM's LCOE has it."""
        nothing, terms = np.zeros(()), self.terms
        spent = replace(self.flows, revenue=np.zeros(self.revenue_usd.shape), tied_up=nothing, coin_gain=nothing)
        income = _income(terms, spent, self.books, self.loan.interest_usd)
        saved = taxes(terms, income, self.investment_credit_usd + self.production_credit_usd, absorbed=True)
        costs: Floats = saved.tax_usd + self.loan.service_usd - spent.before_tax
        costs[..., 0] += self.funding.interest_usd - self.funding.principal_usd
        return costs

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

    def _credit(self, books: WrittenOff) -> Floats:
        return self.terms.credits.worth_frac * books.credit_usd - books.recaptured_usd


def proforma(
    finance_terms: Finance,
    assets: Sequence[Asset],
    operation: Operation,
    cases: Sequence[LenderCase] = (),
) -> Proforma:
    """The statement of a plant under the planner's terms.

    assets and operation share their years, those of operation.energy_kwh; prices, opex and purchases come in nominal USD of
    their year. From `finance_terms` come owning, construction, debt, tax, credits for production, discount rate and inflation;
    what a kW costs, upkeep, write-off and investment credit come with assets and operation. cases: the lender's, each of
    which the loan on the plant is cut to cover; without any, `debt.target_dscr` is held against this plan's own cash before
    tax.
    ValidationError where a shape or an amount cannot be. Source: SAM, cash-loan model (ssc cmod_cashloan); Yescombe (2014).
    """
    years = operation.energy_kwh.shape[-1] - 1
    assets = assets or [Asset("nothing", np.zeros(years + 1))]  # coins bought and held have no plant
    flows = flows_of(finance_terms, assets, operation)
    money = funded(finance_terms, assets, years, cases or _own_case(finance_terms, flows))
    books = written_off(finance_terms, assets, money.added_usd)
    return Proforma(finance_terms, assets, operation, flows, money, books)


def _own_case(terms: Finance, flows: Flows) -> list[LenderCase]:
    """The plan itself as the lender's case, before tax, which depends on the loan."""
    return [LenderCase(flows.operating, terms.debt.target_dscr)] if terms.debt.target_dscr else []


def _income(terms: Finance, flows: Flows, books: WrittenOff, interest: Any) -> Floats:
    """Taxable income before losses carried."""
    paid = interest if terms.tax.interest_deducted else 0.0
    if terms.tax.taxpayer == "household":
        return -flows.property_tax - paid + np.zeros(flows.revenue.shape)
    income: Floats = flows.revenue + flows.coin_gain - flows.opex - books.deducted_usd + books.taxed_sales_usd - paid
    return income


def _reserve(terms: Finance, loan: Loan, capex: Floats) -> Floats:
    wanted = debt.service_reserve_usd(loan.service_usd, terms.debt.reserve_months)
    return wanted + debt.refresh_reserve_usd(capex) if terms.debt.refresh_reserve else wanted


def _shut(terms: Finance, cfads: Floats, loan: Loan) -> Any:
    """Years in which the covenant keeps cash from the owner."""
    if not terms.debt.covenant_dscr:
        return False
    cover = debt.dscr(cfads, loan.service_usd)
    return np.where(np.isnan(cover), np.inf, cover) < terms.debt.covenant_dscr
