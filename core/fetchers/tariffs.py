"""Tariffs of utilities: who is asked, and what is believed. Nothing ships with the program: no tariff is made up.

No answer is held against the last one: a record is corrected in one step, and there is no second source to ask.
"""

from __future__ import annotations

from core.fetchers.ask import YEAR_S, Question
from core.fetchers.packing import packed, unpacked
from core.fetchers.providers import openei
from core.fetchers.providers.openei import TariffSearch
from core.units import DAY_S
from core.world import Charge, DemandTier, EnergyTier, FlatDemand, Tariff, TariffsFound, TimedDemand

LEAST_USD_PER_KWH, MOST_USD_PER_KWH = -0.5, 2.0  # a credit for fuel may exceed a rate; Hawaii's peak price is 0.6
MOST_SELL_USD_PER_KWH = 5.0  # California's export price came to 3 dollars in September evenings of 2023
MOST_USD_PER_KW = 200.0  # for a month; the dearest in New York are some 60
MOST_FIXED_USD = 1e6  # for a month, at the voltage of transmission


def tariff_doubt(told: Tariff, asked: str) -> str:
    """Prices in the range of those in America: a rate in cents is out of it."""
    prices = [tier for period in (told.energy.periods if told.energy else ()) for tier in period]
    fixed = (*(charge for charge in (told.fixed, told.further_meter) if charge), *told.minimums)
    doubts = (*map(_energy_doubt, prices), *map(_demand_doubt, _demand_tiers(told)), *map(_charge_doubt, fixed))
    return next((doubt for doubt in doubts if doubt), "")


def _energy_doubt(tier: EnergyTier) -> str:
    if not LEAST_USD_PER_KWH <= tier.usd_per_kwh <= MOST_USD_PER_KWH:
        return f"a kWh costs {tier.usd_per_kwh:g} USD"
    if tier.sell_usd_per_kwh is not None and not 0 <= tier.sell_usd_per_kwh <= MOST_SELL_USD_PER_KWH:
        return f"a kWh that is fed in earns {tier.sell_usd_per_kwh:g} USD"
    return ""


def _demand_doubt(tier: DemandTier) -> str:
    return "" if -MOST_USD_PER_KW <= tier.usd <= MOST_USD_PER_KW else f"demand costs {tier.usd:g} USD a unit"


def _charge_doubt(charge: Charge) -> str:
    return "" if 0 <= charge.usd <= MOST_FIXED_USD else f"a {charge.per} costs {charge.usd:g} USD"


def _demand_tiers(told: Tariff) -> list[DemandTier]:
    charges: tuple[FlatDemand | TimedDemand | None, ...] = (
        told.flat_demand,
        told.timed_demand,
        told.coincident_demand,
    )
    return [tier for charge in charges if charge for period in charge.periods for tier in period]


TARIFFS: Question[TariffSearch, TariffsFound] = Question(  # asked by place, sector and day; the answer may be empty
    name="tariffs",
    sources=(openei.NEAR,),
    soft_s=30 * DAY_S,
    hard_s=YEAR_S,
    pack=packed,
    unpack=unpacked(TariffsFound),
)
TARIFF: Question[str, Tariff] = Question(  # asked by label; one that has expired is still told, with its last day
    name="tariff",
    sources=(openei.RATE,),
    soft_s=30 * DAY_S,
    hard_s=YEAR_S,
    plausible=tariff_doubt,
    pack=packed,
    unpack=unpacked(Tariff),
)
