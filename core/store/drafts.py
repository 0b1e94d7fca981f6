"""Plans as they stand on open pages before anybody saves them, so that a reload or a restart of the server loses nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from core.scenario import Scenario, read
from core.store import rows
from core.store.database import Database

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
    now = datetime.now(UTC)
    row = {
        "owner": rows.owned(owner),
        "page": page,
        "updated_at": rows.stamp(now),
        "saved": json.dumps(saved),
        "scenario": scenario.to_json(),
    }
    with db.write() as tables:
        tables.table("drafts").insert(rows.sealed(row), replace=True)
        tables.execute("DELETE FROM drafts WHERE owner = ? AND updated_at < ?", [owner, rows.stamp(now - KEPT_FOR)])


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
