"""Cases of money: V38, V40, V41, V44, V45."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.models import finance
from core.sections import Finance, Recovery, Tax
from core.studies.levies import Asset
from core.studies.operation import Operation
from core.studies.proforma import Proforma, proforma
from core.studies.validation import sam_loans
from core.studies.validation.case import Case, Ground, Within
from core.studies.years import exceeded

MONEY = "Money"
SAM = "NREL/ssc, test/input_json, cashloan commercial (2022.08.08)"


def cases() -> tuple[Case, ...]:
    return (*_sam(), *_others())


def _statement(ground: Ground) -> Proforma:
    found: Proforma = ground.once("V38", lambda: sam_loans.ours(sam_loans.commercial()))
    return found


def _sam() -> tuple[Case, ...]:
    """SAM prints ten digits."""

    def figure(quantity: str, unit: str, expected: float, of: Any) -> Case:
        return Case(
            "V38", MONEY, quantity, unit, expected, 1e-9, "relative", SAM, lambda ground: float(of(_statement(ground)))
        )

    return (
        figure("Net present value", "USD", 287_685.2066, lambda s: s.metrics["npv_usd"]),
        figure("Payback", "yr", 12.13928246, lambda s: s.metrics["payback_years"]),
        figure("LCOE, nominal", "¢/kWh", 2.180485147, lambda s: 100 * s.metrics["lcoe_usd_per_kwh"]),
        figure("LCOE, real", "¢/kWh", 1.740608647, lambda s: 100 * s.metrics["lcoe_real_usd_per_kwh"]),
        figure("Investment tax credit", "USD", 241_382.86848, lambda s: s.books.credit_usd.sum()),
        figure("Payment of the loan, year 1", "USD", 59_428.42767, lambda s: s.loan.service_usd[1]),
        figure("Cash after tax, year 1", "USD", 268_661.00179, lambda s: s.equity_usd[1]),
        figure("Effective tax rate", "%", 26.53, lambda s: 100 * s.metrics["effective_tax_frac"]),
        figure("WACC", "%", 2.9388, lambda s: 100 * s.metrics["wacc"]),
    )


def _reopt(ground: Ground) -> float:
    """What credit and write-off are worth on a dollar of plant; REopt takes the credit at the end of year 1."""
    terms = Finance(discount_rate=0.083, tax=Tax(federal_rate_frac=0.26, losses="absorbed", leftover_deducted=False))
    dollar = Asset("plant", np.append(1.0, np.zeros(8)), Recovery(method="macrs_5"), credit_frac=0.3)
    return 1.0 + float(proforma(terms, [dollar], Operation(np.zeros(9))).metrics["npv_usd"])


def _others() -> tuple[Case, ...]:
    def case(
        number: str, quantity: str, unit: str, expected: float, near: tuple[float, Within], source: str, ours: Any
    ) -> Case:
        return Case(number, MONEY, quantity, unit, expected, *near, source, ours)

    fcr = (52_000_000.0, 650_000.0, 0.081602577429, 105_741_823.8917)
    pvsyst = "PVsyst, help, P50 – P90: P50 · (1 − z σ)"
    return (
        case("V40", "LCOE by a fixed charge rate", "USD/kWh", 0.0462762400555, (1e-10, "relative"), "NREL/ssc, lcoefcr", lambda ground: finance.fcr_lcoe_usd_per_kwh(*fcr)),
        case("V41", "What credit and MACRS take off a dollar of plant", "1", 0.455005797, (1e-8, "relative"), "REopt.jl, test/runtests.jl", _reopt),
        case("V44", "P90 (exceedance) at a spread of 5 %", "1", 0.93592, (1e-4, "absolute"), pvsyst, lambda ground: exceeded(1.0, 0.05, 0.90)),
        case("V44", "P99 (exceedance) at a spread of 5 %", "1", 0.88368, (1e-4, "absolute"), pvsyst, lambda ground: exceeded(1.0, 0.05, 0.99)),
        case("V45", "IRR of −100, 39, 59, 55, 20", "1/yr", 0.280948421, (1e-8, "relative"), "numpy-financial and pyxirr, documentation", lambda ground: finance.irr(np.array([-100.0, 39, 59, 55, 20]))),
    )  # fmt: skip
