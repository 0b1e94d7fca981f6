"""Links to what an owner saved: whoever has one may read that one thing, until the link expires or is taken back.

The id of a link is 128 random bits and all there is to know; what stood behind a link that is no more, or never was,
looks the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from core import clock
from core.errors import NotFound
from core.results import Projection
from core.scenario import Scenario
from core.store import pages, projections, rows, scenarios
from core.store.database import Database

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

Kind = Literal["scenario", "projection"]
TABLES: dict[str, str] = {"scenario": "scenarios", "projection": "projections"}
DAYS_MOST, DAYS = 365, 30


@dataclass(frozen=True)
class Share:
    """A link; `subject_id` is the id of the scenario or projection it shows."""

    id: str
    owner: str
    kind: Kind
    subject_id: str
    name: str
    created_at: datetime
    expires_at: datetime


def create(
    db: Database, owner: str, kind: str, subject_id: str, days: int = DAYS, now: datetime | None = None
) -> Share:
    """A link to something of `owner`; NotFound where it is unknown or another's, ValidationError for a life too long."""
    rows.owned(owner)
    now = now or datetime.now(UTC)
    row = {"id": rows.new_id(), "owner": owner, "kind": _kind(kind), "subject_id": subject_id}
    row |= {
        "created_at": rows.stamp(now),
        "expires_at": rows.stamp(now + timedelta(days=rows.lasting(days, DAYS_MOST))),
    }
    with db.write() as tables:
        found = rows.present(tables, TABLES[kind], owner, {"id": subject_id}, kind, columns="name")
        row["name"] = found["name"]
        tables.table("shares").insert(rows.sealed(row))
    return _share(row)


def listed(
    db: Database, owner: str, limit: int = 1000, after: pages.Key | None = None, now: datetime | None = None
) -> list[Share]:
    """The links of an owner that still show something, the newest first; `after` the time and id of the last one seen."""
    live = pages.Filter("expires_at > ?", (rows.stamp(now),))
    with db.read() as tables:
        found = pages.rows_after(tables, "shares", "*", rows.owned(owner), limit, after, [live])
    return [_share(row) for row in found]


def revoke(db: Database, owner: str, share_id: str) -> None:
    """Take a link back: it shows nothing from now on."""
    rows.owned(owner)
    with db.write() as tables:
        rows.present(tables, "shares", owner, {"id": share_id}, "share", columns="id")
        tables.table("shares").delete(share_id)


def forget_expired(db: Database, now: datetime | None = None) -> int:
    """Delete the links, whoever's, that no longer show anything; how many."""
    with db.write() as tables:
        return int(
            tables.execute("DELETE FROM shares WHERE expires_at <= ?", [rows.stamp(clock.for_deleting(now))]).rowcount
        )


def opened(db: Database, share_id: str, now: datetime | None = None) -> tuple[Share, Scenario | Projection]:
    """What a link shows, to anybody; NotFound where it shows nothing, whatever the reason."""
    with db.read() as tables:
        share = _live(tables, share_id, now)
    try:
        if share.kind == "scenario":
            return share, scenarios.load(db, share.owner, share.subject_id)[0]
        return share, projections.load(db, share.owner, share.subject_id)
    except NotFound as error:
        raise _missing(share_id) from error


def _live(tables: Tables, share_id: str, now: datetime | None) -> Share:
    found = list(tables.query("SELECT * FROM shares WHERE id = ?", [share_id]))
    if not found or not rows.is_sound(found[0]) or found[0]["expires_at"] <= rows.stamp(now):
        raise _missing(share_id)
    return _share(found[0])


def _missing(share_id: str) -> NotFound:
    return NotFound("there is no such share", field="id", value=share_id, expected="a link that was made")


def _kind(kind: str) -> str:
    if kind not in get_args(Kind):
        raise rows.refused("kind", kind, f"one of {', '.join(get_args(Kind))}")
    return kind


def _share(row: dict[str, Any]) -> Share:
    facts = {name: row[name] for name in ("id", "owner", "kind", "subject_id", "name")}
    return Share(**facts, created_at=rows.moment(row["created_at"]), expires_at=rows.moment(row["expires_at"]))
