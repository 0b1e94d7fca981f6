"""Questions answered with the world asked for whatever the caller does not bring: `core.project` and its kin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import NamedTuple

from core.errors import SolarMiningError
from core.fetchers import equipment
from core.fetchers.credits import credit_rules
from core.fetchers.fx import dollar_in
from core.fetchers.market import market as market_now
from core.fetchers.network import bundled_difficulty_history, market_history
from core.fetchers.price import bundled_price_history
from core.fetchers.spots import Spot
from core.fetchers.weather import YEARS_AT_ONCE, weather_for, years_for
from core.inputs import Market, Weather
from core.machine import Machine
from core.outside import outside
from core.results import Projection
from core.scenario import Scenario
from core.sections import Array
from core.studies import backtest as backtests
from core.studies import checks, drivers, projection, simulation, sizing, sizing_chances
from core.studies import differences as pairs
from core.studies.backtest import Backtest
from core.studies.constraints import Constraints
from core.studies.differences import Differences, Plan
from core.studies.drivers import Sensitivity
from core.studies.findings import Check, Known
from core.studies.fit import Fit, fit
from core.studies.simulation import RiskAnalysis
from core.studies.sizing import Sizing
from core.studies.sizing_chances import Aim, ChanceSizing
from core.studies.variables import Variables
from core.studies.years import yield_kwh_per_kw
from core.world import MarketHistory


def project(
    scenario: Scenario,
    weather: Weather | None = None,
    market: Market | None = None,
    on: date | None = None,
    own: Sequence[Machine] = (),
) -> Projection:
    """The projection of a scenario; weather and market are asked for, side by side, where they are None.

    Prices of machines are called old as of day `on`, by default the day of the market reading. `own`: machines that the
    plan may name beside those of the catalogue.
    ScenarioError for machines no catalogue knows, NotFound for a weather file that is not here, CalculationError
    where a result is not finite.
    """
    plan = equipment.resolved(scenario, own)
    with ThreadPoolExecutor(max_workers=1) as pool:
        rate = pool.submit(dollar_in, plan.finance.currency, outside())
        year, known = _asked(plan, weather, market)
        fx, unknown = rate.result()
    old = equipment.price_notices(plan, on or known.price_usd.observed_at.date(), own)
    answer = projection.project(plan, year, known, rules=credit_rules(), fx=fx)
    return replace(answer, notices=(*answer.notices, *unknown, *old))


class Checked(NamedTuple):
    """A plan looked through: its worth, and each mistake with what the plan is worth more once it is set right.

    A gain is None where the plan then cannot be worked out.
    """

    plan: Scenario
    npv_usd: float
    found: tuple[tuple[Check, float | None], ...]


def check(scenario: Scenario, weather: Weather | None = None, own: Sequence[Machine] = ()) -> Checked:
    """The classic mistakes of a plan, each with its worth in dollars: the difference of two runs. Errors as for `project`."""
    plan = equipment.resolved(scenario, own)
    year, known = _asked(plan, weather, None)
    rules, now = credit_rules(), datetime.now(UTC)
    world = Known(year, known, now, equipment.old_prices_days(plan, now.date(), own))
    usual = checks.worth_usd(plan, year, known, rules)

    def gain(found: Check) -> float | None:
        try:
            return checks.worth_usd(found.amended(plan), year, known, rules) - usual
        except SolarMiningError:
            return None

    return Checked(plan, usual, tuple((found, gain(found)) for found in checks.checked(plan, world)))


def size(
    scenario: Scenario,
    weather: Weather | None = None,
    market: Market | None = None,
    objective: str = "npv_usd",
    constraints: Constraints | None = None,
    variables: Variables | None = None,
) -> Sizing:
    """The sizes of array, battery and fleet that serve an objective best; weather and market as for `project`.

    objective: npv_usd, irr, payback_years or cost_usd_per_btc. Machines of `variables` may leave their figures to the
    catalogue. ValidationError for what cannot be asked, and for fleets of several kinds of machines where none are given
    to choose from. The first call on a machine compiles for some seconds.
    """
    plan = equipment.resolved(scenario)
    sought = variables or Variables()
    sought = replace(sought, units=equipment.resolved_units(sought.units, plan))
    year, known = _asked(plan, weather, market)
    sizing.compile_kernels(plan, sought)
    return sizing.size(plan, year, known, objective, constraints, sought, rules=credit_rules())


def size_under_chance(
    scenario: Scenario,
    aim: Aim,
    weather: Weather | None = None,
    market: Market | None = None,
    constraints: Constraints | None = None,
    variables: Variables | None = None,
) -> ChanceSizing:
    """The sizes that serve an aim best over many lives of the plan; weather and market as for `project`, the rest as for `size`."""
    plan = equipment.resolved(scenario)
    sought = variables or Variables()
    sought = replace(sought, units=equipment.resolved_units(sought.units, plan))
    year, known = _asked(plan, weather, market)
    sizing.compile_kernels(plan, sought)
    return sizing_chances.size_under_chance(plan, year, known, aim, constraints, sought, rules=credit_rules())


def simulate(
    scenario: Scenario,
    weather: Weather | None = None,
    market: Market | None = None,
    paths: int | None = None,
    seed: int | None = None,
) -> RiskAnalysis:
    """The distribution of a plan's results over many lives; weather and market as for `project`.

    paths and seed: from the scenario's risk section where None. The first call on a machine compiles for some seconds.
    """
    plan = equipment.resolved(scenario)
    year, known = _asked(plan, weather, market)
    sizing.compile_kernels(plan)
    return simulation.simulate(plan, year, known, paths, seed, rules=credit_rules())


def differences(
    first: Scenario,
    second: Scenario,
    weather: Weather | None = None,
    market: Market | None = None,
    paths: int | None = None,
    seed: int | None = None,
) -> Differences:
    """Two plans lived under the same chances: the second less the first; weather and market as for `project`.

    weather: of both plans, else each gets that of its own site. paths and seed: from the first's risk section where None.
    """
    one, other = equipment.resolved(first), equipment.resolved(second)
    year, known = _asked(one, weather, market)
    other_year, _ = _asked(other, weather, known)
    for plan in (one, other):
        sizing.compile_kernels(plan)
    return pairs.differences(Plan(one, year, known), Plan(other, other_year, known), paths, seed, rules=credit_rules())


def sensitivity(scenario: Scenario, weather: Weather | None = None, market: Market | None = None) -> Sensitivity:
    """What moves the NPV of a plan, each thing as far as its risk section lets it; weather and market as for `project`."""
    plan = equipment.resolved(scenario)
    year, known = _asked(plan, weather, market)
    sizing.compile_kernels(plan)
    return drivers.sensitivity(plan, year, known, rules=credit_rules())


def backtest(scenario: Scenario, starts: Iterable[str] = (), weather: Weather | None = None) -> Backtest:
    """The cone of price and difficulty held against what came, from each month of `starts` (YYYY-MM), by default all of them.

    Coins and hashprice are those of one PH/s, whatever the plan: of it the seed alone counts, and no weather.
    """
    return backtests.backtest(past(), starts, scenario.risk.seed)


def fitted(months: int) -> Fit:
    """What the last months of the bundled history say of price and difficulty, 24 or more."""
    return fit(past(), months)


def past() -> MarketHistory:
    """The history of price and difficulty that comes with the program."""
    return market_history(bundled_price_history("USD").value, bundled_difficulty_history().value)


def _asked(plan: Scenario, weather: Weather | None, market: Market | None) -> tuple[Weather, Market]:
    """Weather and market, asked for side by side where they are None."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        prices = pool.submit(lambda: market or market_now(outside()))
        year = weather or weather_for(plan.site, outside())
        return year, prices.result()


def yields_of_years(
    array: Array, spot: Spot, years: Iterable[int], told: Callable[[int, float | str, str], object]
) -> None:
    """What an array yields at a place in each of some real years, a few asked for at a time.

    `told` hears of each year: its yield [kWh per kW] and its source, or why it could not be had and nothing.
    """
    wanted = sorted(years)
    for at in range(0, len(wanted), YEARS_AT_ONCE):
        found, missing = years_for(spot, wanted[at : at + YEARS_AT_ONCE], outside())
        for year in found:
            told(year.year, yield_kwh_per_kw(array, year), year.source)
        for number, why in missing.items():
            told(number, why, "")
