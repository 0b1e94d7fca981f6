"""Plain cases of SAM's cash-loan model, worked through by our pro-forma."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.sections import Credits, Debt, Finance, Owning, Recovery, Tax
from core.studies.levies import Asset
from core.studies.operation import Operation, escalated_usd
from core.studies.proforma import Proforma, proforma

# ssc, test/input_json cashloan commercial (BSD-3): what its energy saves in each of 25 years [USD]
V38_SAVED_USD = (
    54914.18100129165, 56241.23863555157, 57600.562497463885, 58992.94115223248, 60419.18251964287, 61880.114350780816, 63376.58471652662,
    64909.43990005734, 66479.0647000912, 68086.87453507625, 69733.8030511334, 71420.806818564, 73148.86589666699, 74918.9844125119,
    76732.19115401295, 78589.54017765888, 80492.11143126128, 82441.01139209329, 84437.37372080027, 86482.35993147249, 88577.16007828113,
    90722.99345908688, 92921.10933644234, 95172.78767641918, 97479.3399057009,
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """SAM's inputs, shares 0–1 and rates per year; `energy_value_usd` (years,) from year 1."""

    energy_value_usd: tuple[float, ...]
    energy_kwh: float  # year 1
    cost_usd: float
    degradation: float = 0.005
    capacity_kw: float = 540.0
    om_usd: float = 0.0
    om_usd_per_kw: float = 0.0
    om_usd_per_mwh: float = 0.0
    om_escalation: float = 0.0
    real_rate: float = 0.064
    inflation: float = 0.025
    insurance: float = 0.0
    property_tax: float = 0.0
    assessed: float = 1.0
    decline: float = 0.0
    salvage: float = 0.0
    debt: float = 1.0
    loan_rate: float = 0.04
    term: int = 25
    federal: float = 0.21
    state: float = 0.07
    depreciation: str = "macrs_5"
    straight_years: int = 7
    itc: float = 0.0
    ptc: float = 0.0
    ptc_years: int = 10
    ptc_growth: float = 0.0
    commercial: bool = True
    mortgage: bool = True

    @property
    def years(self) -> int:
        return len(self.energy_value_usd)

    @property
    def nominal_rate(self) -> float:
        return (1.0 + self.real_rate) * (1.0 + self.inflation) - 1.0


def terms(case: Case) -> Finance:
    """The planner's terms that mean SAM's inputs."""
    losses: Any = "absorbed"
    who: Any = "business" if case.commercial else "household"
    return Finance(
        horizon_years=case.years,
        discount_rate=case.nominal_rate,
        inflation_per_year=case.inflation,
        owning=Owning(
            property_tax_frac=case.property_tax,
            assessed_frac=case.assessed,
            assessed_decline_frac_per_year=case.decline,
            insurance_frac=case.insurance,
        ),
        debt=Debt(share_frac=case.debt, rate=case.loan_rate, term_years=case.term),
        tax=Tax(
            federal_rate_frac=case.federal,
            state_rate_frac=case.state,
            losses=losses,
            taxpayer=who,
            interest_deducted=case.commercial or case.mortgage,
            leftover_deducted=False,
        ),
        credits=Credits(ptc_usd_per_kwh=case.ptc, ptc_years=case.ptc_years, ptc_growth_per_year=case.ptc_growth),
    )


def ours(case: Case) -> Proforma:
    """The case as our own statement."""
    years = case.years
    energy = np.append(0.0, case.energy_kwh * (1.0 - case.degradation) ** np.arange(years))
    grown = escalated_usd(1.0, case.inflation + case.om_escalation, years)
    costs = {
        "fixed": case.om_usd * grown,
        "by_capacity": case.om_usd_per_kw * case.capacity_kw * grown,
        "by_energy": case.om_usd_per_mwh / 1000.0 * energy * grown,
    }
    method: Any = case.depreciation
    plant = Asset(
        "plant",
        np.append(case.cost_usd, np.zeros(years)),
        Recovery(method=method, straight_line_years=case.straight_years),
        credit_frac=case.itc,
        proceeds_usd=np.append(case.salvage * case.cost_usd, np.zeros(years)),
    )
    value = {"energy": np.append(0.0, case.energy_value_usd)}
    return proforma(terms(case), [plant], Operation(energy, value, costs))


def commercial() -> Case:
    """SAM's case "PVWatts-Commercial": 540 kW, all of it borrowed, credit and five-year write-off."""
    return Case(V38_SAVED_USD, 943_611.5809042408, 928_395.648, om_usd_per_kw=16.0, itc=0.26)
