"""How often each key, and each owner without one, called the API on each UTC day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from core.store import rows
from core.store.database import Database
from core.store.pages import Key

ADD = """
    INSERT INTO usage (day, owner, key_id, calls, refused) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (day, owner, key_id) DO UPDATE SET calls = calls + excluded.calls, refused = refused + excluded.refused"""
# by what never changes, unlike the calls, so that pages have no row twice and miss none
LIST = """
    SELECT day, owner, key_id, calls, refused, rowid AS number FROM usage
    WHERE day >= ? AND day <= ? AND (day, rowid) < (?, CAST(? AS INTEGER)) ORDER BY day DESC, rowid DESC LIMIT ?"""
NEWEST = ("~", "0")  # a day that sorts after every other


@dataclass(frozen=True)
class Used:
    """Calls of one day: those served, and those refused as too many."""

    day: date
    owner: str
    key_id: str
    calls: int
    refused: int


@dataclass(frozen=True)
class Kept(Used):
    """What was counted, with its place in the list: `number` tells which of a day it is."""

    number: int

    @property
    def id(self) -> str:
        return str(self.number)

    @property
    def created_at(self) -> datetime:
        """When its day began."""
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)


def add(db: Database, used: Iterable[Used]) -> None:
    """Count calls to those that are kept, all or none of them."""
    with db.write() as tables:
        for one in used:
            row = [one.day.isoformat(), rows.owned(one.owner), one.key_id, one.calls, one.refused]
            tables.execute(ADD, row)


def listed(db: Database, since: date, until: date, limit: int = 1000, after: Key | None = None) -> list[Kept]:
    """Calls on the days from `since` to `until`, from after the row of key `after`.

    The newest day is first, and on a day who began to call last.
    """
    at, number = after or NEWEST
    with db.read() as tables:
        found = tables.query(LIST, [since.isoformat(), until.isoformat(), at[: len("YYYY-MM-DD")], number, limit])
        return [Kept(**{**row, "day": date.fromisoformat(row["day"])}) for row in found]
