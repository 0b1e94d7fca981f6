"""Uploaded weather years, kept under the digest of their figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import DatabaseError, ValidationError
from core.inputs import Weather
from core.store import amounts, frames, rows
from core.store.database import Database

NUMBERS = ("latitude", "longitude", "elevation_m", "sun_minute", "utc_offset_hours")
WORDS = ("source", "kind", "status")
LIST = "SELECT digest, facts, created_at FROM weathers WHERE owner = ? ORDER BY created_at DESC, rowid DESC LIMIT ?"


@dataclass(frozen=True)
class Saved:
    """A kept weather year without its hours."""

    digest: str
    source: str
    kind: str
    latitude: float
    longitude: float
    year: int
    created_at: datetime


def save(db: Database, owner: str, weather: Weather) -> Saved:
    """Keep a weather year; the same figures saved again take the place of what was kept, notes and all."""
    row = {"owner": rows.owned(owner), "digest": weather.digest, "created_at": rows.stamp()}
    row["facts"] = amounts.plain_json(_facts(weather), "weather")
    row = rows.sealed({**row, "hourly": frames.packed(weather.hourly, "hourly")})
    with db.write() as tables:
        tables.table("weathers").insert(row, replace=True)
    return _saved(row)


def load(db: Database, owner: str, digest: str) -> Weather:
    """A kept weather year with every figure as it was; NotFound where the digest is unknown or another's."""
    rows.owned(owner)
    with db.read() as tables:
        row = _row(tables, owner, digest)
    unreadable = DatabaseError(
        f"the weather {digest} cannot be read by this version of the program",
        field="digest",
        value=digest,
        expected="the figures that were saved",
    )
    try:
        weather = _weather(row)
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise unreadable from error
    if weather.digest != digest:
        raise unreadable
    return weather


def listed(db: Database, owner: str, limit: int = 1000) -> list[Saved]:
    """What an owner kept, the newest first."""
    rows.owned(owner)
    with db.read() as tables:
        return [_saved(row) for row in tables.query(LIST, [owner, limit])]


def has(db: Database, owner: str, digest: str) -> bool:
    """Whether an owner kept a weather year, found without reading it."""
    with db.read() as tables:
        found = tables.query("SELECT 1 FROM weathers WHERE owner = ? AND digest = ?", [rows.owned(owner), digest])
        return next(iter(found), None) is not None


def delete(db: Database, owner: str, digest: str) -> None:
    """Forget a kept weather year, a damaged one too."""
    rows.owned(owner)
    with db.write() as tables:
        rows.present(tables, "weathers", owner, {"digest": digest}, "weather", columns="digest")
        tables.table("weathers").delete((owner, digest))


def _row(tables: Any, owner: str, digest: str) -> dict[str, Any]:
    return rows.sole(tables, "weathers", owner, {"digest": digest}, "weather")


def _weather(row: dict[str, Any]) -> Weather:
    facts = json.loads(row["facts"])
    given = {name: facts[name] for name in (*NUMBERS, *WORDS)}
    return Weather(
        hourly=frames.unpacked(row["hourly"], "hourly"),
        notes=tuple(facts["notes"]),
        observed_at=datetime.fromisoformat(facts["observed_at"]),
        **given,
    )


def _facts(weather: Weather) -> dict[str, Any]:
    return {
        **{name: float(getattr(weather, name)) for name in NUMBERS},
        **{name: getattr(weather, name) for name in WORDS},
        "notes": weather.notes,
        "observed_at": weather.observed_at.isoformat(),
        "year": weather.year,
    }


def _saved(row: dict[str, Any]) -> Saved:
    facts = json.loads(row["facts"])
    return Saved(
        digest=row["digest"],
        created_at=rows.moment(row["created_at"]),
        **{name: facts[name] for name in ("source", "kind", "latitude", "longitude", "year")},
    )
