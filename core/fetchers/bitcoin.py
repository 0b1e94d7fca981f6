"""The bitcoin network and its price as they ship with the program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.fetchers.bundled import rows
from core.inputs import Market, Reading


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
