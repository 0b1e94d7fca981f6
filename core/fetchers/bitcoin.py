"""The bitcoin network and its price as they ship with the program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.fetchers.ask import Bundled
from core.fetchers.bundled import rows
from core.inputs import Market, Reading
from core.world import Series

MONTHS = "month ends bundled with the program"


@dataclass(frozen=True)
class Halving:
    """The first block of a new subsidy."""

    height: int
    time: datetime
    subsidy_btc: float


def bundled_market() -> Market:
    """Price, difficulty, fees and height as they ship with the program, each dated.

    Source: data/market.csv, month-end figures computed from public chain and price data.
    """
    return Market(**{row["quantity"]: _bundled(row) for row in rows("market.csv")})


def _bundled(row: dict[str, str]) -> Reading:
    observed = datetime.fromisoformat(row["observed_at"])
    return Reading(
        name=row["quantity"],
        value=float(row["value"]),
        source=row["source"],
        observed_at=observed,
        fetched_at=observed,  # nothing was fetched: it is as old as what it says
        status="bundled",
        why="bundled with the program",
    )


def halvings() -> tuple[Halving, ...]:
    """The halvings that have happened, oldest first. Source: block headers, data/halvings.csv."""
    return tuple(
        Halving(int(row["height"]), datetime.fromisoformat(row["time_utc"]), float(row["subsidy_btc"]))
        for row in rows("halvings.csv")
    )


def month_ends(column: str, newest: Reading) -> Bundled[Series]:
    """A column of data/history.csv, and one newer value."""
    told = [(date.fromisoformat(row["day"]), float(row[column])) for row in rows("history.csv")]
    days, values = zip(*told, (newest.observed_at.date(), newest.value), strict=True)
    return Bundled(Series(days, values), MONTHS, newest.observed_at)
