"""Plans as they stand on open pages before anybody saves them, so that a reload or a restart of the server loses nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core import clock
from core.errors import ScenarioError
from core.scenario import Scenario, read
from core.store import rows
from core.store.database import Database

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

KEPT_FOR = timedelta(days=14)
NEWEST = "SELECT * FROM drafts WHERE owner = ? AND page <> ? AND updated_at >= ? ORDER BY updated_at DESC"


@dataclass(frozen=True)
class Draft:
    """A draft of an open page; `saved`: id and version of the scenario it changes, None for a new one."""

    page: str
    scenario: Scenario
    saved: dict[str, Any] | None
    updated_at: datetime


def keep(db: Database, owner: str, page: str, scenario: Scenario, saved: dict[str, Any] | None) -> None:
    """Keep the draft of a page in place of the one before."""
    row = {
        "owner": rows.owned(owner),
        "page": page,
        "saved": json.dumps(saved),
        "scenario": scenario.to_json(),
    }
    with db.write() as tables:
        row["updated_at"] = rows.stamp(_after_the_others(tables, owner))
        tables.table("drafts").insert(rows.sealed(row), replace=True)


def forget(db: Database, owner: str, page: str) -> None:
    """Forget the draft of a page, if there is one: it was saved, taken back or taken over."""
    rows.owned(owner)
    with db.read() as tables:
        if not list(tables.query("SELECT 1 FROM drafts WHERE owner = ? AND page = ?", [owner, page])):
            return
    with db.write() as tables:
        tables.execute("DELETE FROM drafts WHERE owner = ? AND page = ?", [owner, page])


def forget_old(db: Database) -> int:
    """Delete the drafts, whoever's, that nobody came back to while they were offered; how many."""
    with db.write() as tables:
        return int(tables.execute("DELETE FROM drafts WHERE updated_at < ?", [_oldest()]).rowcount)


def newest(db: Database, owner: str, page: str) -> Draft | None:
    """The newest draft that another page of an owner left and that can be read; None where there is none."""
    with db.read() as tables:
        found = tables.query(NEWEST, [rows.owned(owner), page, _oldest()])
        return next((draft for row in found if (draft := _read(row)) is not None), None)


def _read(row: dict[str, Any]) -> Draft | None:
    """What a row holds; None where it was damaged, or where a newer version of the program left it."""
    if not rows.is_sound(row):
        return None
    try:
        scenario = read(row["scenario"])
    except ScenarioError:
        return None
    return Draft(row["page"], scenario, json.loads(row["saved"]), rows.moment(row["updated_at"]))


def _oldest() -> str:
    """When the oldest draft that is still offered was left."""
    return rows.stamp(clock.for_deleting() - KEPT_FOR)


def _after_the_others(tables: Tables, owner: str) -> datetime:
    """Now, or just after the newest draft where the clock was set back since: what was left last is offered first."""
    last = tables.execute("SELECT max(updated_at) FROM drafts WHERE owner = ?", [owner]).fetchone()[0]
    now = datetime.now(UTC)
    return max(now, rows.moment(last) + timedelta(microseconds=1)) if last else now
