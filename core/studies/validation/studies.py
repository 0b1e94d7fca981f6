"""Cases of published studies: V27 to V29."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.models import finance, risk
from core.studies import worked_examples as worked
from core.studies.validation import bastian_pinto
from core.studies.validation.case import Case, Ground, Within

STUDIES = "Published studies"
PAPER = "Bastian-Pinto et al. (2021), RSER 138:110520"
NOTEBOOKS = f"{PAPER}, notebooks of its authors"
APART = "Worked out apart from this program with the unit mended, 200,000 paths"
# plan, share of losses, mean NPVs of the paper and of the notebook [USD], CVaR 95 of the notebook [USD]
TABLE = (
    ("base", "Selling the power", 0.38, 1_504_157.0, 1_510_804.0, -2_201_377.0),
    ("two", "Mining for two years", 0.24, 3_685_293.0, 3_630_675.0, -2_811_906.0),
    ("four", "Mining for two and two years", 0.15, 5_806_887.0, 5_749_476.0, -2_778_596.0),
)
MENDED = (
    ("two", "Mining for two years, unit mended", 0.320, 2_406_617.0),
    ("four", "Mining for two and two years, unit mended", 0.265, 3_419_789.0),
)
HAKIMI = "Hakimi et al. (2024), Heliyon: figures of a public replica's inputs, worked out apart from this program"


def cases() -> tuple[Case, ...]:
    return (*_published_table(), *_mended_table(), *_link(), *_hakimi())


def _case(
    number: str, quantity: str, unit: str, expected: float, near: tuple[float, Within], source: str, ours: Any
) -> Case:
    return Case(number, STUDIES, quantity, unit, expected, *near, source, ours)


def _paths(ground: Ground, plan: str, mended: bool = False) -> Any:
    cap_mwh = bastian_pinto.MENDED if mended else bastian_pinto.AS_PUBLISHED
    return getattr(ground.once(f"V27 {mended}", lambda: bastian_pinto.all_paths(cap_mwh)), plan)


def _published_table() -> tuple[Case, ...]:
    found: list[Case] = []
    for plan, words, loss, mean, again, cvar in TABLE:

        def usd(ground: Ground, plan: str = plan) -> float:
            return float(_paths(ground, plan).mean())

        def lost(ground: Ground, plan: str = plan) -> float:
            return float(risk.probability_frac(_paths(ground, plan) < 0))

        def tail(ground: Ground, plan: str = plan) -> float:
            return float(risk.cvar_usd(_paths(ground, plan), 0.95))

        found += [
            _case("V27", f"{words}: mean NPV, paper", "USD", mean, (0.03, "relative"), PAPER, usd),
            _case("V27", f"{words}: mean NPV, notebook", "USD", again, (0.03, "relative"), NOTEBOOKS, usd),
            _case("V27", f"{words}: share of losses", "1", loss, (0.01, "absolute"), PAPER, lost),
            _case("V27", f"{words}: CVaR 95", "USD", cvar, (0.04, "relative"), NOTEBOOKS, tail),
        ]
    return tuple(found)


def _mended_table() -> tuple[Case, ...]:
    found: list[Case] = []
    for plan, words, loss, mean in MENDED:

        def usd(ground: Ground, plan: str = plan) -> float:
            return float(_paths(ground, plan, mended=True).mean())

        def lost(ground: Ground, plan: str = plan) -> float:
            return float(risk.probability_frac(_paths(ground, plan, mended=True) < 0))

        found += [
            _case("V27", f"{words}: mean NPV", "USD", mean, (0.03, "relative"), APART, usd),
            _case("V27", f"{words}: share of losses", "1", loss, (0.01, "absolute"), APART, lost),
        ]
    return tuple(found)


def _link() -> tuple[Case, ...]:
    rig = (worked.BP_HASHRATE_THS, worked.BP_POWER_KW, worked.BP_DIFFICULTY, worked.BP_REWARD_BTC)
    kwh = worked.energy_kwh_per_btc(*rig)
    return (
        _case("V28", "Energy to mine one BTC", "kWh/BTC", 47_954.76, (1e-6, "relative"), PAPER, lambda ground: kwh),
        _case("V28", "Worth of a mined kWh at $7,000", "USD/kWh", 0.14597, (5e-5, "relative"), PAPER, lambda ground: worked.BP_PRICE_USD / kwh),
    )  # fmt: skip


def _hakimi() -> tuple[Case, ...]:
    coins, sale = worked.hakimi_mined_btc(), worked.hakimi_sale_cash_usd()
    revenue_usd = coins * np.array(worked.HAKIMI_PRICE_USD)
    told = zip(
        range(2020, 2024),
        (805.2, 484.1, 323.7, 189.5),
        (8.90e6, 22.97e6, 9.16e6, 5.46e6),
        coins,
        revenue_usd,
        strict=True,
    )
    return (
        *(
            case
            for year, btc, usd, mined, earned in told
            for case in (
                _case("V29", f"Coins of {year}", "BTC", btc, (2e-3, "relative"), HAKIMI, lambda ground, mined=mined: mined),
                _case("V29", f"Revenue of {year}", "USD", usd, (2e-3, "relative"), HAKIMI, lambda ground, earned=earned: earned),
            )
        ),
        _case("V29", "Payback, mining", "yr", 3.81, (0.05, "absolute"), HAKIMI, lambda ground: finance.payback_years(worked.hakimi_mining_cash_usd())),
        _case("V29", "Payback, selling the power", "yr", 6.35, (0.05, "absolute"), HAKIMI, lambda ground: finance.payback_years(sale)),
        _case("V29", "The same, discounted at 5 %", "yr", 7.86, (0.05, "absolute"), HAKIMI, lambda ground: finance.discounted_payback_years(0.05, sale)),
        _case("V29", "The same, discounted at 6 %", "yr", 8.27, (0.05, "absolute"), HAKIMI, lambda ground: finance.discounted_payback_years(0.06, sale)),
    )  # fmt: skip
