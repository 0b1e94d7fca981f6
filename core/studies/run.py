"""A scenario worked through: network, dispatch, books."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.inputs import CreditRule, Market, Reading, Weather
from core.models import mining
from core.models.network import FIRST_BLOCK, NetworkPath, curve_usd, outlook_months, power_law_usd
from core.scenario import Scenario
from core.sections import Outlook
from core.studies import cash
from core.studies.account import assets_of, check_finite, operation_of, sun_frac
from core.studies.cash import Books
from core.studies.connection import flat_price
from core.studies.energy import Energy, energy
from core.studies.fleet import FleetLife, fleet_life
from core.studies.lenders import lender_cases
from core.studies.levies import Asset
from core.studies.miners import responded
from core.studies.proforma import Proforma, proforma

Floats = NDArray[np.float64]


class Run(NamedTuple):
    """Where the energy of a scenario went and what it earned.

    `fees_btc` [BTC per block]; `coins_per_kwh` and `worth_usd_per_kwh`, both (steps, months): what a kWh that machines draw
    yields in each step of the fleet.
    """

    scenario: Scenario
    fees_btc: float
    path: NetworkPath
    life: FleetLife
    coins_per_kwh: Floats
    worth_usd_per_kwh: Floats
    flows: Energy
    books: Books
    assets: list[Asset]
    account: Proforma

    @property
    def cash_usd(self) -> Floats:
        """The owner's cash after tax and debt, (years + 1,) [USD]."""
        return self.account.equity_usd

    @property
    def mine_usd_per_kwh(self) -> Floats:
        """Worth of a kWh of site draw with the whole fleet running, net of the variable cost, (months,); 0 without machines."""
        earned, drawn = (self.life.step_kw * self.worth_usd_per_kwh).sum(axis=0), self.life.step_kw.sum(axis=0)
        worth: Floats = np.divide(earned, drawn * self.scenario.fleet.pue, out=np.zeros(len(drawn)), where=drawn > 0)
        return worth

    @property
    def import_usd_per_kwh(self) -> float:
        """What a kWh bought in the first year costs, peaks and fixed charges apart; nan where it varies and none is bought."""
        grid, yearly = self.scenario.grid, self.books.yearly
        if flat_price(grid):
            return grid.import_usd_per_kwh
        bought = yearly["import_kwh"][1]
        return float(yearly["energy_charge_usd"][1] / bought) if bought else float("nan")

    @property
    def hashprice_usd_per_ph_day(self) -> Floats:
        """Hashprice by month (months,), before the pool's fee."""
        price: Floats = mining.hashprice_usd_per_ph_day(
            self.path.price_usd, self.path.difficulty, self.path.subsidy_btc, self.fees_btc
        )
        return price


def run(
    scenario: Scenario,
    weather: Weather,
    readings: tuple[Reading, ...],
    rules: Iterable[CreditRule] = (),
    *,
    path: NetworkPath | None = None,
    compiled: bool = True,
) -> Run:
    """Work a scenario through its horizon; CalculationError where a figure of its books is not finite.

    rules: of credits and bonus, where the scenario lets dates decide. path: the network's, where it is known already.
    """
    path, fees = path or network(scenario, readings), fees_btc(readings)
    life = fleet_life(scenario, path, fees)
    coins = cash.coins_per_kwh(scenario, path, fees, life)
    worth = cash.mine_usd_per_kwh(scenario, path, coins)
    flows = energy(scenario, weather, life, worth, compiled=compiled)
    books = cash.books(scenario, path, flows, life, coins, fees)
    check_finite(books)
    assets = assets_of(scenario, books, life, rules)
    operation = operation_of(books)
    cases = lender_cases(scenario.finance, assets, operation, sun_frac(books))
    account = proforma(scenario.finance, assets, operation, cases)
    return Run(scenario, fees, path, life, coins, worth, flows, books, assets, account)


def used_readings(scenario: Scenario, market: Market) -> tuple[Reading, ...]:
    """The market's readings, each replaced by the planner's own figure where one is given."""
    outlook = scenario.outlook
    own = {r.name: getattr(outlook, r.name, None) for r in market.readings}
    return tuple(r if (value := own[r.name]) is None else _planned(r, value) for r in market.readings)


def _planned(reading: Reading, value: float) -> Reading:
    return Reading(
        reading.name, value, "planner", reading.observed_at, reading.fetched_at, "planner", "set in the scenario"
    )


def fees_btc(readings: tuple[Reading, ...]) -> float:
    return next(r.value for r in readings if r.name == "fees_btc_per_block")


def network(scenario: Scenario, readings: tuple[Reading, ...]) -> NetworkPath:
    """Price, difficulty and subsidy by month of operation."""
    value = {r.name: r.value for r in readings}
    seen = next(r.observed_at for r in readings if r.name == "height")
    outlook = scenario.outlook
    path = outlook_months(
        outlook.start_month,
        scenario.finance.horizon_years * 12,
        seen,
        value["price_usd"],
        value["difficulty"],
        value["height"],
        outlook.price_growth_per_year,
        outlook.difficulty_growth_per_year,
        outlook.growth_fade_years,
        from_reading=outlook.grows_from == "reading",
    )
    if outlook.price_path != "grows":
        path = replace(path, price_usd=_price(outlook, path, value, seen))
    return path if outlook.difficulty_path == "grows" else _answered(outlook, path, value)


def _answered(outlook: Outlook, path: NetworkPath, value: dict[str, float]) -> NetworkPath:
    """The same price, difficulty as miners answer to it."""
    price, still = path.price_usd[:, None], np.zeros((len(path.days), 1))
    told = responded(
        outlook,
        path.month,
        path.days,
        path.difficulty[0],
        path.height_start[0],
        price,
        value["fees_btc_per_block"],
        still,
    )
    return replace(path, **{name: getattr(told, name)[:, 0] for name in told._fields})


def _price(outlook: Outlook, path: NetworkPath, value: dict[str, float], seen: datetime) -> Floats:
    """Price by month where it does not simply grow; today's holds in the first month, or on the day it was read."""
    today = value["price_usd"]
    if outlook.price_path == "own":
        return curve_usd(today, outlook.own_price_usd, len(path.days))
    days = (path.month.astype("datetime64[D]") - FIRST_BLOCK).astype(np.float64)
    if outlook.grows_from == "first_month":
        return power_law_usd(today, days, outlook.power_law_exponent)
    read = (np.datetime64(seen.date(), "D") - FIRST_BLOCK).astype(np.float64)
    return power_law_usd(today, np.append(read, np.maximum(days, read)), outlook.power_law_exponent)[1:]
