"""Solar Mining Calculator: a scenario is the question, weather and market what the world says, a projection the answer.

Names load when first used, so that a caller pays for what it touches.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Scenario": "core.scenario",
    "Weather": "core.inputs",
    "Market": "core.inputs",
    "Reading": "core.inputs",
    "Projection": "core.results",
    "read_weather": "core.fetchers.weather_files",
    "project": "core.answers",
    "size": "core.answers",
    "size_under_chance": "core.answers",
    "simulate": "core.answers",
    "differences": "core.answers",
    "sensitivity": "core.answers",
    "backtest": "core.answers",
    "Backtest": "core.studies.backtest",
    "Differences": "core.studies.differences",
    "RiskAnalysis": "core.studies.simulation",
    "Sensitivity": "core.studies.drivers",
    "Constraints": "core.studies.constraints",
    "Variables": "core.studies.variables",
    "Sizing": "core.studies.sizing",
    "Aim": "core.studies.sizing_chances",
    "ChanceSizing": "core.studies.sizing_chances",
    "MODEL_VERSION": "core.studies.projection",
    "errors": "core.errors",
    "models": "core.models",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    value = home if home.__name__ == f"core.{name}" else getattr(home, name)
    globals()[name] = value
    return value
