"""What the world said and when: rows that grow into a history of this copy's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from core.store import rows
from core.store.database import Database

LIST = (
    "SELECT * FROM readings WHERE question = ? AND asked = ? AND observed_at >= ?"
    " ORDER BY observed_at DESC, fetched_at DESC LIMIT ?"
)
# of several rows in a group SQLite takes the columns of the one that has the maximum
DAILY = (
    "SELECT *, max(observed_at) AS newest FROM readings WHERE question = ? AND asked = ? AND observed_at >= ?"
    " GROUP BY substr(observed_at, 1, 10) ORDER BY observed_at"
)
EVER = datetime(1970, 1, 1, tzinfo=UTC)
MOST = 100_000


@dataclass(frozen=True)
class Kept:
    """One answer: `value` is JSON as the question packs it, `asked` what it was about (a currency, or nothing)."""

    question: str
    asked: str
    source: str
    observed_at: datetime
    fetched_at: datetime
    value: str


def save(db: Database, kept: Kept) -> None:
    """Keep an answer; one of the same source for the same moment takes its place."""
    row = {
        "question": kept.question,
        "asked": kept.asked,
        "source": kept.source,
        "observed_at": rows.stamp(kept.observed_at),
        "fetched_at": rows.stamp(kept.fetched_at),
        "value": kept.value,
    }
    with db.write() as tables:
        tables.table("readings").insert(rows.sealed(row), replace=True)


def listed(db: Database, question: str, asked: str = "", since: datetime = EVER, limit: int = MOST) -> list[Kept]:
    """The answers to a question, the newest first; rows that were damaged are left out."""
    with db.read() as tables:
        found = list(tables.query(LIST, [question, asked, rows.stamp(since), limit]))
    return [_kept(row) for row in found if rows.is_sound(row)]


def daily(db: Database, question: str, asked: str = "", since: datetime = EVER) -> list[Kept]:
    """The newest answer of each UTC day since a moment, oldest first; rows that were damaged are left out."""
    with db.read() as tables:
        found = list(tables.query(DAILY, [question, asked, rows.stamp(since)]))
    for row in found:
        del row["newest"]
    return [_kept(row) for row in found if rows.is_sound(row)]


def count(db: Database) -> int:
    """How many answers are kept."""
    with db.read() as tables:
        return int(tables.table("readings").count)


def _kept(row: dict[str, str]) -> Kept:
    times = {name: rows.moment(row[name]) for name in ("observed_at", "fetched_at")}
    return Kept(row["question"], row["asked"], row["source"], value=row["value"], **times)
