"""Borrowing, tax, write-offs, credits, building time and the costs of owning; all neutral until the planner sets them."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from core.sections.quantity import Count, Section, quantity

WriteOff = Literal[
    "none", "expensed", "straight_line", "macrs_3", "macrs_5", "macrs_7", "macrs_10", "macrs_15", "macrs_20"
]


class Debt(Section):
    """What is borrowed: one loan on the plant, one on the machines."""

    share_frac: float = quantity(0.0, "1", "Debt share", "Of the plant's first investment; 0: no loan.", 0, 1)
    rate: float = quantity(0.08, "1/yr", "Interest rate", "Nominal, of the loan on the plant.", 0, 1)
    term_years: Count = quantity(10, "yr", "Term", "What is owed when the horizon ends is repaid then.", 1, 40)
    interest_only_months: Count = quantity(
        0, "month", "Interest only", "Months before repayment starts; whole years where payments are yearly.", 0, 120
    )
    payments_per_year: Count = quantity(1, "1/yr", "Payments a year", "1, as in SAM, up to 12, monthly.", 1, 12)
    machine_share_frac: float = quantity(
        0.0, "1", "Debt share, machines", "Of the first machines' price; 0: no loan.", 0, 1
    )
    machine_rate: float = quantity(0.12, "1/yr", "Interest rate, machines", "Nominal.", 0, 1)
    machine_term_years: Count = quantity(3, "yr", "Term, machines", "Never longer than the machines' life.", 1, 40)
    machine_life_years: Count = quantity(
        4, "yr", "Life of machines, to the lender", "A loan on machines ends no later.", 1, 40
    )
    target_dscr: float = quantity(
        0.0,
        "1",
        "Sized at DSCR",
        "The loan on the plant is cut until the lender's cases cover it; 0: not sized.",
        0,
        10,
    )
    p99_dscr: float = quantity(
        1.0, "1", "DSCR in a poor year", "Cover asked for when the sun is at P99; 0: P50 alone counts.", 0, 10
    )
    yield_sd_frac: float = quantity(
        0.05,
        "1",
        "Spread of the yield",
        "Standard deviation of a year's solar energy; P99 is 2.33 of them below.",
        0,
        0.4,
    )
    hashprice_stress_frac: float = quantity(
        0.0, "1", "Hashprice stress", "Share of mining revenue that the lender's cases leave out.", 0, 1
    )
    repayment: Literal["level", "sculpted"] = Field(
        "level",
        title="Repayment",
        description="Level payments, or sculpted: each year what the lender's cases cover, where the loan is sized at a DSCR; interest-only months are then left out.",
    )
    covenant_dscr: float = quantity(
        0.0, "1", "Lock-up below DSCR", "Below it cash stays in the company; 0: no covenant.", 0, 10
    )
    reserve_months: Count = quantity(
        0, "month", "Debt service reserve", "Months of the next year's debt service kept in an account.", 0, 36
    )
    refresh_reserve: bool = Field(
        False, title="Refresh reserve", description="Cash for replacements is put aside evenly in the years before."
    )

    @model_validator(mode="after")
    def _periods(self) -> Self:
        if 12 % self.payments_per_year:
            raise ValueError("payments_per_year 1, 2, 3, 4, 6 or 12")
        if self.interest_only_months % (12 // self.payments_per_year):
            raise ValueError("interest_only_months a whole number of payment periods")
        if self.interest_only_months >= 12 * self.term_years:
            raise ValueError("interest_only_months shorter than term_years")
        if self.repayment == "sculpted" and not self.target_dscr:
            raise ValueError("target_dscr above 0 where repayment is sculpted")
        return self


class Tax(Section):
    """Income tax; both rates 0: none is owed."""

    federal_rate_frac: float = quantity(0.0, "1", "Income tax, federal", "21 % for a US corporation.", 0, 0.99)
    state_rate_frac: float = quantity(0.0, "1", "Income tax, state", "Deducted from federal income.", 0, 0.99)
    taxpayer: Literal["business", "household"] = Field(
        "business",
        title="Taxpayer",
        description="A business is taxed on its profit; a household saves on its bill untaxed and deducts only property tax and interest.",
    )
    losses: Literal["carried", "absorbed"] = Field(
        "carried",
        title="Losses and credits",
        description="Carried forward, or absorbed at once by the owner's other income, as SAM does.",
    )
    loss_limit_frac: float = quantity(
        0.8, "1", "Loss limit", "Share of a year's income that losses carried forward may cover.", 0, 1
    )
    interest_deducted: bool = Field(True, title="Interest deducted", description="Interest lowers taxable income.")
    leftover_deducted: bool = Field(
        True,
        title="Leftover basis deducted",
        description="At the end what was not yet written off is deducted from the sale; SAM taxes the whole salvage instead.",
    )


class Recovery(Section):
    """How one class of equipment is written off."""

    method: WriteOff = Field(
        "none",
        title="Write-off",
        description="MACRS is the US table, half-year convention. Advisers disagree on the class of US energy property after 2024 (5 or 20 years).",
    )
    straight_line_years: Count = quantity(10, "yr", "Straight line over", "Where the method is straight line.", 1, 40)
    bonus_frac: float = quantity(0.0, "1", "Bonus", "Share written off at once, before the method applies.", 0, 1)


class Depreciation(Section):
    """Write-off of each class of equipment."""

    array: Recovery = Recovery()
    battery: Recovery = Recovery()
    site: Recovery = Recovery()
    machines: Recovery = Recovery()


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("a day as YYYY-MM-DD") from None


class Credits(Section):
    """Investment and production credits; all 0: none."""

    array_itc_frac: float = quantity(0.0, "1", "Investment credit, array", "Of its cost; 30 % is the US base.", 0, 1)
    battery_itc_frac: float = quantity(0.0, "1", "Investment credit, battery", "Of its cost.", 0, 1)
    ptc_usd_per_kwh: float = quantity(
        0.0, "USD/kWh", "Production credit", "First year, per kWh of the array; instead of an investment credit.", 0, 1
    )
    ptc_years: Count = quantity(10, "yr", "Production credit for", "Years from the first.", 0, 40)
    ptc_growth_per_year: float = quantity(0.0, "1/yr", "Production credit growth", "Its inflation.", -0.2, 1)
    dates_decide: bool = Field(
        False,
        title="Dates decide",
        description="Credits and bonus are scaled by the bundled table of rules for the three days below; off: as entered.",
    )
    begun: str = Field("2026-06-30", title="Construction begun", description="Day, YYYY-MM-DD.")
    in_service: str = Field("2027-01-01", title="In service", description="Day, YYYY-MM-DD.")
    acquired: str = Field("2026-06-30", title="Acquired", description="Day of a binding contract, YYYY-MM-DD.")
    worth_frac: float = quantity(
        1.0, "1", "Worth of a credit", "What a dollar of credit brings: 1 when used, less when sold.", 0, 1
    )

    _begun = field_validator("begun", "in_service", "acquired")(_day)


class Construction(Section):
    """The time before the first month of operation; its money falls into year 0."""

    months: Count = quantity(0, "month", "Building time", "0: everything is paid on the first day.", 0, 60)
    curve: Literal["even", "s_curve"] = Field(
        "even", title="Spending", description="Even by month, or slow, fast, slow."
    )
    delay_months: Count = quantity(
        0, "month", "Interconnection delay", "Idle months after building, interest running.", 0, 60
    )
    equity_first: bool = Field(
        False, title="Equity first", description="The owner's money is spent before the lender's."
    )
    rate: float = quantity(0.08, "1/yr", "Interest while building", "Nominal, added to the loan.", 0, 1)


class Owning(Section):
    """Costs of owning the plant, beside its upkeep."""

    property_tax_frac: float = quantity(0.0, "1/yr", "Property tax", "Of the assessed value a year.", 0, 0.5)
    assessed_frac: float = quantity(1.0, "1", "Assessed value", "Share of the first investment.", 0, 2)
    assessed_decline_frac_per_year: float = quantity(
        0.0, "1/yr", "Assessed value declines", "Share of the first assessment lost a year.", 0, 1
    )
    insurance_frac: float = quantity(0.0, "1/yr", "Insurance", "Of the first investment, first year.", 0, 0.5)
    land_lease_usd_per_year: float = quantity(0.0, "USD/yr", "Land lease", "First year.", 0, 1e9)
    working_capital_days: float = quantity(
        0.0, "day", "Working capital", "Days of revenue tied up, given back at the end.", 0, 365
    )
