"""Questions answered with the world asked for whatever the caller does not bring: `core.project` and its kin."""

from __future__ import annotations

from core.fetchers import bitcoin, equipment
from core.fetchers.weather import weather_for
from core.inputs import Market, Weather
from core.results import Projection
from core.scenario import Scenario
from core.studies import projection


def project(scenario: Scenario, weather: Weather | None = None, market: Market | None = None) -> Projection:
    """The projection of a scenario; weather and market are asked for where they are None.

    ScenarioError for machines no catalogue knows, NotFound for a weather file that is not here, CalculationError
    where a result is not finite.
    """
    return projection.project(
        equipment.resolved(scenario), weather or weather_for(scenario.site), market or bitcoin.market()
    )
