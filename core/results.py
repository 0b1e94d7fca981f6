"""The answer: a projection, with everything needed to defend and to replay it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.inputs import Reading, Weather
from core.scenario import Scenario


@dataclass(frozen=True)
class WeatherNote:
    """Which weather a result rests on."""

    source: str
    status: str
    kind: str
    digest: str
    latitude: float
    longitude: float
    year: int
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, weather: Weather) -> WeatherNote:
        names = ("source", "status", "kind", "digest", "latitude", "longitude", "year", "notes")
        return cls(**{name: getattr(weather, name) for name in names})


@dataclass(frozen=True, eq=False)
class Projection:
    """What a scenario earns.

    `hourly`: year 1, 8,760 rows (UTC, labelled by the start of the hour). `monthly`: one row a month of operation.
    `yearly`: rows 0…N, year 0 the investment. Columns and `metrics` are named in `core.vocabulary`.
    `statement`: the same years as a bank reads them, in whole cents that sum; without rows where none was kept.
    A metric that does not exist (no IRR, never paid back) is None, with its reason in `reasons`.
    """

    scenario: Scenario
    readings: tuple[Reading, ...]
    weather: WeatherNote
    hourly: pd.DataFrame
    monthly: pd.DataFrame
    yearly: pd.DataFrame
    metrics: dict[str, float | None]
    reasons: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    model_version: str = ""
    engine: str = ""
    statement: pd.DataFrame = field(default_factory=pd.DataFrame)

    def summary(self) -> dict[str, Any]:
        """The small part: figures, reasons and provenance, ready for JSON."""
        return {
            "metrics": self.metrics,
            "reasons": self.reasons,
            "notices": list(self.notices),
            "readings": [r.as_dict() for r in self.readings],
            "model_version": self.model_version,
            "engine": self.engine,
        }
