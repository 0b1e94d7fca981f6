"""The answer: a projection, with everything needed to defend and to replay it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.inputs import Reading, Weather
from core.scenario import Scenario

# what the all-in cost of a coin is made of, in the order in which they sum to it
COST_PARTS = (
    "sun_usd_per_btc", "import_usd_per_btc", "machines_usd_per_btc", "site_usd_per_btc", "running_usd_per_btc",
    "tax_usd_per_btc", "financing_usd_per_btc", "sales_usd_per_btc",
)  # fmt: skip
FX = "fx_per_usd"  # the reading of the planner's currency
USES = (
    "array_investment_usd", "battery_investment_usd", "site_investment_usd", "machines_investment_usd",
    "construction_interest_usd", "reserve_usd",
)  # fmt: skip


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
    observed_at: str = ""  # ISO 8601; empty where it was kept before that was known

    @classmethod
    def of(cls, weather: Weather) -> WeatherNote:
        names = ("source", "status", "kind", "digest", "latitude", "longitude", "year", "notes")
        at = weather.observed_at.isoformat()
        return cls(**{name: getattr(weather, name) for name in names}, observed_at=at)


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

    @property
    def cost_build_up(self) -> dict[str, float]:
        """What a coin costs, part by part [USD/BTC]: they sum to `cost_usd_per_btc`; empty where nothing is mined."""
        parts = {name: self.metrics.get(name) for name in COST_PARTS}
        return {name: value for name, value in parts.items() if value is not None}

    @property
    def uses_usd(self) -> dict[str, float]:
        """What the first day's money pays for, by line of the statement [USD]; empty where there is none."""
        return {} if self.statement.empty else {name: float(self.statement[name][0]) for name in USES}

    @property
    def sources_usd(self) -> dict[str, float]:
        """Who pays it [USD]: as much as the uses, to the cent."""
        if self.statement.empty:
            return {}
        first = self.statement.iloc[0]
        return {
            "debt_drawn_usd": float(first["debt_drawn_usd"]),
            "equity_cash_usd": 0.0 - float(first["equity_cash_usd"]),
        }

    @property
    def fx(self) -> Reading | None:
        """What a US dollar costs in the planner's currency, as it was read; None for dollars, or where it is not known."""
        return next((reading for reading in self.readings if reading.name == FX), None)

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
