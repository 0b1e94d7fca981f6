"""A plant's years of work as a pro-forma takes them, and the cash they bring before debt and tax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.errors import ValidationError
from core.models import tax
from core.sections import Finance
from core.studies.levies import Asset

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
class Flows:
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

    @property
    def operating(self) -> Floats:
        """Revenue less running cost, working capital and replacements; sales count but those of the last year."""
        sold, capex = self.sales.copy("K"), self.capex.copy("K")
        sold[..., -1] = 0.0
        capex[..., 0] = 0.0
        cash: Floats = self.revenue - self.opex - self.tied_up + sold - capex
        return cash


def flows_of(terms: Finance, assets: Sequence[Asset], operation: Operation) -> Flows:
    """The flows of a plant: its operation, what owning it costs, and what is bought and sold.

    ValidationError where assets and operation do not share their years.
    """
    _check_years(assets, operation)
    years = operation.energy_kwh.shape[-1] - 1
    opex = {**operation.opex_usd, **_owning(terms, assets, years)}
    revenue = total(operation.revenue_usd, operation.energy_kwh)
    capital = terms.owning.working_capital_days / 365.0 * revenue
    capital[..., [0, -1]] = 0.0
    return Flows(
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


def escalated_usd(first_usd: float, growth_per_year: float, years: int) -> Floats:
    """A cost of every year that grows from its first, (years + 1,) [USD]; year 0 nothing."""
    return np.append(0.0, first_usd * (1.0 + growth_per_year) ** np.arange(years))


def total(lines: Lines, like: Floats) -> Floats:
    """The sum of lines, broadcast with `like`."""
    added: Floats = sum(lines.values(), start=np.zeros_like(like))
    return added


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
