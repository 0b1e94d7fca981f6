"""How often each key, and each owner without one, called the API on each UTC day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from core.store import rows
from core.store.database import Database

ADD = """
    INSERT INTO usage (day, owner, key_id, calls, refused) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (day, owner, key_id) DO UPDATE SET calls = calls + excluded.calls, refused = refused + excluded.refused"""
LIST = """
    SELECT day, owner, key_id, calls, refused FROM usage WHERE day >= ? AND day <= ?
    ORDER BY day DESC, calls DESC, owner, key_id LIMIT ?"""


@dataclass(frozen=True)
class Used:
    """Calls of one day: those served, and those refused as too many."""

    day: date
    owner: str
    key_id: str
    calls: int
    refused: int


def add(db: Database, used: Iterable[Used]) -> None:
    """Count calls to those that are kept, all or none of them."""
    with db.write() as tables:
        for one in used:
            row = [one.day.isoformat(), rows.owned(one.owner), one.key_id, one.calls, one.refused]
            tables.execute(ADD, row)


def listed(db: Database, since: date, until: date, limit: int = 1000) -> list[Used]:
    """Calls on the days from `since` to `until`, the newest day first, and on a day the most first."""
    with db.read() as tables:
        found = tables.query(LIST, [since.isoformat(), until.isoformat(), limit])
        return [Used(**{**row, "day": date.fromisoformat(row["day"])}) for row in found]
