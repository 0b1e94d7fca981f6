"""SAM's cash-loan model itself, to hold ours against: one plain case, worked through by both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.studies.validation.sam_loans import Case, ours

__all__ = ["Case", "ours", "random_case", "sams"]
HOURS = 8760


def sams(case: Case) -> dict[str, Any]:
    """The outputs of SAM itself for the case, by SAM's names."""
    import PySAM.Cashloan as Cashloan
    from PySAM.PySSC import PySSC

    model = Cashloan.default("PVWattsCommercial" if case.commercial else "PVWattsResidential")
    for name, value in _inputs(case).items():
        model.value(name, value)
    for name in (b"utility_bill_wo_sys", b"utility_bill_w_sys"):  # for SAM's not-to-exceed tariff alone
        PySSC().data_set_array(model.get_data_ptr(), name, [0.0] * (case.years + 1))
    model.execute(0)
    outputs: dict[str, Any] = model.Outputs.export()
    return outputs


def _inputs(case: Case) -> dict[str, Any]:
    percent = {
        "real_discount_rate": case.real_rate,
        "inflation_rate": case.inflation,
        "insurance_rate": case.insurance,
        "property_tax_rate": case.property_tax,
        "prop_tax_cost_assessed_percent": case.assessed,
        "prop_tax_assessed_decline": case.decline,
        "salvage_percentage": case.salvage,
        "debt_fraction": case.debt,
        "loan_rate": case.loan_rate,
        "om_fixed_escal": case.om_escalation,
        "om_production_escal": case.om_escalation,
        "om_capacity_escal": case.om_escalation,
        "ptc_fed_escal": case.ptc_growth,
    }
    lists = {
        "federal_tax_rate": 100 * case.federal,
        "state_tax_rate": 100 * case.state,
        "degradation": 100 * case.degradation,
        "itc_fed_percent": 100 * case.itc,
        "ptc_fed_amount": case.ptc,
        "om_fixed": case.om_usd,
        "om_capacity": case.om_usd_per_kw,
        "om_production": case.om_usd_per_mwh,
    }
    month = [[0.0] * 12] * (case.years + 1)
    plain = {
        "analysis_period": case.years,
        "loan_term": case.term,
        "system_capacity": case.capacity_kw,
        "total_installed_cost": case.cost_usd,
        "gen": [case.energy_kwh / HOURS] * HOURS,
        "annual_energy_value": [0.0, *case.energy_value_usd],
        "ptc_fed_term": case.ptc_years,
        "gen_purchases": [0.0] * HOURS,
        **{f"year1_hourly_{name}": [0.0] * HOURS for name in ("e_fromgrid", "ec_with_system", "dc_with_system")},
        **dict.fromkeys(("true_up_credits_ym", "net_billing_credits_ym", "nm_dollars_applied_ym"), month),
    }
    written_off = {"depr_fed_type": _kind(case), "depr_sta_type": _kind(case)}
    years = {"depr_fed_sl_years": case.straight_years, "depr_sta_sl_years": case.straight_years}
    who = {**written_off, **years} if case.commercial else {"mortgage": int(case.mortgage)}
    return {
        **{name: 100 * value for name, value in percent.items()},
        **{name: [value] for name, value in lists.items()},
        **plain,
        **who,
    }


def _kind(case: Case) -> int:
    return {"none": 0, "macrs_5": 1, "straight_line": 2}[case.depreciation]


def random_case(rng: np.random.Generator, number: int) -> Case:
    """One of many: every input drawn wide, and its kind in turn."""
    years = int(rng.integers(5, 41))
    growth = rng.uniform(-0.05, 0.06)
    first = rng.uniform(10_000, 150_000)
    case = Case(
        tuple(first * (1.0 + growth) ** np.arange(years)),
        energy_kwh=rng.uniform(2e5, 2e6),
        cost_usd=rng.uniform(2e5, 2e6),
        degradation=rng.uniform(0, 0.02),
        om_usd=rng.choice([0.0, rng.uniform(0, 5000)]),
        om_usd_per_kw=rng.uniform(0, 30),
        om_usd_per_mwh=rng.choice([0.0, rng.uniform(0, 10)]),
        om_escalation=rng.choice([0.0, rng.uniform(-0.02, 0.03)]),
        real_rate=rng.uniform(0.0, 0.12),
        inflation=rng.uniform(0.0, 0.05),
        insurance=rng.choice([0.0, rng.uniform(0, 0.01)]),
        property_tax=rng.choice([0.0, rng.uniform(0, 0.02)]),
        assessed=rng.uniform(0.2, 1.0),
        decline=rng.choice([0.0, rng.uniform(0, 0.08)]),
        salvage=rng.choice([0.0, rng.uniform(0, 0.3)]),
        debt=rng.choice([0.0, 1.0, rng.uniform(0, 1)]),
        loan_rate=rng.choice([0.0, rng.uniform(0.01, 0.1)]),
        term=int(rng.integers(1, years + 1)),
        federal=rng.choice([0.0, rng.uniform(0.1, 0.4)]),
        state=rng.choice([0.0, rng.uniform(0.01, 0.12)]),
        itc=rng.choice([0.0, 0.3, rng.uniform(0, 0.5)]),
        ptc=rng.choice([0.0, rng.uniform(0.001, 0.04)]),
        ptc_years=int(rng.integers(1, 15)),
        ptc_growth=rng.uniform(0, 0.04),
    )
    if number % 4 == 3:
        return replace(case, commercial=False, depreciation="none", mortgage=bool(number % 8 == 3))
    return replace(
        case, depreciation=("macrs_5", "straight_line", "none")[number % 3], straight_years=int(rng.integers(1, 31))
    )
