"""What it costs and what it must return."""

from __future__ import annotations

from pydantic import Field

from core.sections.quantity import Count, Section, quantity
from core.sections.tax_and_debt import Construction, Credits, Debt, Depreciation, Owning, Tax


class Finance(Section):
    """What it costs and what it must return. Costs are first-year money and grow with inflation."""

    horizon_years: Count = quantity(10, "yr", "Horizon", "Years of operation.", 1, 40)
    discount_rate: float = quantity(0.08, "1/yr", "Discount rate", "Nominal, on equity cash.", -0.5, 1)
    inflation_per_year: float = quantity(0.025, "1/yr", "Inflation", "Yearly growth of running costs.", -0.2, 1)
    array_usd_per_kw: float = quantity(
        950.0, "USD/kW", "Array cost", "Per kW DC, inverter and installation included.", 0, 1e5
    )
    battery_usd_per_kwh: float = quantity(
        280.0, "USD/kWh", "Battery cost", "Per kWh, inverter and installation included.", 0, 1e5
    )
    site_usd_per_kw: float = quantity(
        250.0,
        "USD/kW",
        "Mining site cost",
        "Housing, transformers and cooling per kW of machine draw, PUE included.",
        0,
        1e5,
    )
    interconnection_usd: float = quantity(
        0.0, "USD", "Interconnection cost", "Paid once for the grid connection.", 0, 1e9
    )
    other_usd: float = quantity(25_000.0, "USD", "Other cost", "Land, permits, engineering: paid once.", 0, 1e10)
    contingency_frac: float = quantity(
        0.05, "1", "Contingency", "Added to every item of the first investment but the machines.", 0, 1
    )
    array_usd_per_kw_year: float = quantity(16.0, "USD/kW/yr", "Array upkeep", "Per kW DC and year.", 0, 1e4)
    battery_usd_per_kwh_year: float = quantity(4.0, "USD/kWh/yr", "Battery upkeep", "Per kWh and year.", 0, 1e4)
    fleet_usd_per_kw_year: float = quantity(
        25.0, "USD/kW/yr", "Mining upkeep", "Staff, repairs and network per kW of machine draw and year.", 0, 1e4
    )
    fixed_usd_per_year: float = quantity(
        10_000.0, "USD/yr", "Fixed cost", "Insurance, lease and everything else each year.", 0, 1e9
    )
    variable_usd_per_kwh: float = quantity(
        0.0, "USD/kWh", "Variable mining cost", "Per kWh of machine draw; weighed in every hour's decision.", 0, 10
    )
    salvage_frac: float = quantity(
        0.0, "1", "Salvage value", "Share of the first investment recovered at the end.", 0, 1
    )
    currency: str = Field(
        "USD",
        title="Currency",
        description="In which figures are shown, by the exchange rate of the day; they are worked out in US dollars.",
        pattern=r"^[A-Z]{3}$",
    )
    owning: Owning = Owning()
    construction: Construction = Construction()
    debt: Debt = Debt()
    tax: Tax = Tax()
    depreciation: Depreciation = Depreciation()
    credits: Credits = Credits()
