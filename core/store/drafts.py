"""Plans as they stand on open pages before anybody saves them, so that a reload or a restart of the server loses nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.scenario import Scenario, read
from core.store import clock, rows
from core.store.database import Database

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

KEPT_FOR = timedelta(days=14)
NEWEST = "SELECT * FROM drafts WHERE owner = ? AND page <> ? ORDER BY updated_at DESC LIMIT 1"


@dataclass(frozen=True)
class Draft:
    """A draft of an open page; `saved`: id and version of the scenario it changes, None for a new one."""

    page: str
    scenario: Scenario
    saved: dict[str, Any] | None
    updated_at: datetime


def keep(db: Database, owner: str, page: str, scenario: Scenario, saved: dict[str, Any] | None) -> None:
    """Keep the draft of a page in place of the one before; old ones of the owner go."""
    row = {
        "owner": rows.owned(owner),
        "page": page,
        "saved": json.dumps(saved),
        "scenario": scenario.to_json(),
    }
    oldest = rows.stamp(clock.for_deleting() - KEPT_FOR)
    with db.write() as tables:
        row["updated_at"] = rows.stamp(_after_the_others(tables, owner))
        tables.table("drafts").insert(rows.sealed(row), replace=True)
        tables.execute("DELETE FROM drafts WHERE owner = ? AND updated_at < ?", [owner, oldest])


def forget(db: Database, owner: str, page: str) -> None:
    """Forget the draft of a page, if there is one: it was saved, taken back or taken over."""
    rows.owned(owner)
    with db.read() as tables:
        if not list(tables.query("SELECT 1 FROM drafts WHERE owner = ? AND page = ?", [owner, page])):
            return
    with db.write() as tables:
        tables.execute("DELETE FROM drafts WHERE owner = ? AND page = ?", [owner, page])


def newest(db: Database, owner: str, page: str) -> Draft | None:
    """The draft that another page of an owner left last; None where there is none that can be read."""
    rows.owned(owner)
    with db.read() as tables:
        row = next(iter(tables.query(NEWEST, [owner, page])), None)
    if row is None or not rows.is_sound(row) or datetime.now(UTC) - rows.moment(row["updated_at"]) > KEPT_FOR:
        return None
    return Draft(row["page"], read(row["scenario"]), json.loads(row["saved"]), rows.moment(row["updated_at"]))


def _after_the_others(tables: Tables, owner: str) -> datetime:
    """Now, or just after the newest draft where the clock was set back since: what was left last is offered first."""
    last = tables.execute("SELECT max(updated_at) FROM drafts WHERE owner = ?", [owner]).fetchone()[0]
    now = datetime.now(UTC)
    return max(now, rows.moment(last) + timedelta(microseconds=1)) if last else now
