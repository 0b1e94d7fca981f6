"""Questions answered with the world asked for whatever the caller does not bring: `core.project` and its kin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

from core.fetchers import equipment
from core.fetchers.credits import credit_rules
from core.fetchers.fx import dollar_in
from core.fetchers.market import market as market_now
from core.fetchers.spots import Spot
from core.fetchers.weather import YEARS_AT_ONCE, weather_for, years_for
from core.inputs import Market, Weather
from core.outside import outside
from core.results import Projection
from core.scenario import Scenario
from core.sections import Array
from core.studies import projection, sizing
from core.studies.constraints import Constraints
from core.studies.sizing import Sizing
from core.studies.variables import Variables
from core.studies.years import yield_kwh_per_kw


def project(
    scenario: Scenario, weather: Weather | None = None, market: Market | None = None, on: date | None = None
) -> Projection:
    """The projection of a scenario; weather and market are asked for, side by side, where they are None.

    Prices of machines are called old as of day `on`, by default the day of the market reading.
    ScenarioError for machines no catalogue knows, NotFound for a weather file that is not here, CalculationError
    where a result is not finite.
    """
    plan = equipment.resolved(scenario)
    with ThreadPoolExecutor(max_workers=1) as pool:
        rate = pool.submit(dollar_in, plan.finance.currency, outside())
        year, known = _asked(plan, weather, market)
        fx, unknown = rate.result()
    old = equipment.price_notices(plan, on or known.price_usd.observed_at.date())
    answer = projection.project(plan, year, known, rules=credit_rules(), fx=fx)
    return replace(answer, notices=(*answer.notices, *unknown, *old))


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
