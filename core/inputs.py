"""What the world says: readings with a source and an age, a weather year, the market."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from core.errors import ValidationError
from core.units import HOURS

DAYS_BEFORE_MONTH = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])  # of a year without February 29
DAYS_BEFORE_MONTH.flags.writeable = False
WEATHER_COLUMNS = ("ghi", "dni", "dhi", "temp_air", "wind_speed")
Status = Literal["live", "cached", "stale", "bundled", "planner"]


@dataclass(frozen=True)
class Reading:
    """A value from outside, with where and when it comes from.

    `status`: live (just fetched), cached (fresh enough), stale (older than it should be),
    bundled (ships with the program), planner (typed by the planner). `notice`: attribution to show beside it.
    """

    name: str
    value: float
    source: str
    observed_at: datetime
    fetched_at: datetime
    status: Status
    why: str = ""
    notice: str = ""

    def as_dict(self) -> dict[str, Any]:
        raw = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in raw.items()}

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Self:
        times = {k: datetime.fromisoformat(raw[k]) for k in ("observed_at", "fetched_at")}
        return cls(**{**raw, **times})

    def age_s(self, now: datetime) -> float:
        """Seconds since the value was true, never negative."""
        return max(0.0, (now - self.observed_at).total_seconds())


@dataclass(frozen=True)
class CreditRule:
    """One line of tax law by date: property that meets every day that is given gets this share of the benefit.

    Days are ISO text, "" where the rule does not ask; `as_of` is the day the rule was read in its source.
    """

    technology: str  # solar, storage or any
    benefit: str  # credit or bonus
    begun_from: str
    begun_by: str
    in_service_by: str
    acquired_from: str
    share_frac: float
    note: str
    source: str
    as_of: str


@dataclass(frozen=True)
class Market:
    """The bitcoin network and its price at one moment."""

    price_usd: Reading
    difficulty: Reading
    fees_btc_per_block: Reading
    height: Reading

    @property
    def readings(self) -> tuple[Reading, ...]:
        return tuple(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, eq=False)
class Weather:
    """One hourly year at one place.

    `hourly`: 8,760 rows in UTC, labelled by the start of the hour, columns `ghi dni dhi` [W/m²],
    `temp_air` [°C], `wind_speed` [m/s]. `sun_minute`: minutes after the label at which the sun stood
    where the irradiance was measured (30 for means over the hour). `year` is the calendar year the labels
    carry: the real year, or a nominal one for a typical year made of several. Two are equal when every figure
    that a projection reads is equal, whatever their notes say.
    """

    latitude: float
    longitude: float
    elevation_m: float
    hourly: pd.DataFrame
    sun_minute: float
    source: str
    kind: Literal["typical", "year"] = "typical"
    status: Status = "planner"
    utc_offset_hours: float = 0.0
    notes: tuple[str, ...] = ()
    observed_at: datetime = field(default=datetime(1970, 1, 1, tzinfo=UTC))
    # what was worked out from this year, for as long as it lives: a planner's own file leaves nothing behind
    kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        missing = [c for c in WEATHER_COLUMNS if c not in self.hourly.columns]
        if missing:
            raise ValidationError(f"weather lacks {missing}", field="hourly", expected=f"columns {WEATHER_COLUMNS}")
        if len(self.hourly) != HOURS:
            raise ValidationError(
                "weather is not one year", field="hourly", value=len(self.hourly), expected="8760 rows"
            )
        if not np.isfinite(self.hourly[list(WEATHER_COLUMNS)].to_numpy()).all():
            raise ValidationError("weather holds missing or infinite values", field="hourly", expected="finite numbers")

    @property
    def year(self) -> int:
        return int(self.hourly.index[0].year)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Weather) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits over every figure that a projection reads."""
        place = np.array([self.latitude, self.longitude, self.elevation_m, self.sun_minute, self.year])
        data = np.ascontiguousarray(self.hourly[list(WEATHER_COLUMNS)].to_numpy(dtype=np.float64))
        return hashlib.sha256(place.tobytes() + data.tobytes()).hexdigest()[:16]

    @cached_property
    def sun_unix_s(self) -> np.ndarray:
        """Time at which the sun is to be computed, per hour [s since 1970, UTC]."""
        labels = pd.DatetimeIndex(self.hourly.index).as_unit("s").asi8
        return labels + self.sun_minute * 60.0
