"""Addresses that an owner wants told what happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import ValidationError
from core.store import pages, rows
from core.store.database import Database
from core.store.pages import Key

MOST = 10  # of one owner


@dataclass(frozen=True)
class Webhook:
    """Whom to tell, and of which kinds of events."""

    id: str
    owner: str
    url: str
    events: tuple[str, ...]
    created_at: datetime


def create(db: Database, owner: str, url: str, events: tuple[str, ...]) -> Webhook:
    """Keep an address; ValidationError where the owner has too many."""
    now = rows.stamp()
    row = {"id": rows.new_id(), "owner": rows.owned(owner), "url": url, "events": json.dumps(events), "created_at": now}
    row = rows.sealed(row)
    with db.write() as tables:
        count = tables.execute("SELECT count(*) FROM webhooks WHERE owner = ?", [owner]).fetchone()[0]
        if count >= MOST:
            expected = f"at most {MOST} of one owner"
            raise ValidationError(f"url: expected {expected}", field="url", value=count + 1, expected=expected)
        tables.table("webhooks").insert(row)
    return _webhook(row)


def listed(db: Database, owner: str, limit: int = MOST, after: Key | None = None) -> list[Webhook]:
    """The addresses of an owner, the newest first, from after the one of key `after`."""
    with db.read() as tables:
        found = pages.rows_after(tables, "webhooks", "*", rows.owned(owner), limit, after)
    return [_webhook(row) for row in found]


def concerned(db: Database, owner: str, kind: str) -> list[Webhook]:
    """Who is to be told of a kind of event: the owner's addresses, or everybody's where `owner` is empty; none that was damaged."""
    with db.read() as tables:
        found = list(tables.query("SELECT * FROM webhooks WHERE ? IN ('', owner)", [owner]))
    told = [_webhook(row) for row in found if rows.is_sound(row)]
    return [webhook for webhook in told if kind in webhook.events]


def delete(db: Database, owner: str, id: str) -> None:  # noqa: A002
    """Tell this address no more; NotFound where the id is unknown or another's."""
    with db.write() as tables:
        rows.present(tables, "webhooks", rows.owned(owner), {"id": id}, "webhook", columns="id")
        tables.table("webhooks").delete(id)


def exists(db: Database, id: str) -> bool:  # noqa: A002
    """Whether an address is still to be told."""
    with db.read() as tables:
        return bool(list(tables.query("SELECT 1 FROM webhooks WHERE id = ?", [id])))


def _webhook(row: dict[str, Any]) -> Webhook:
    facts = {name: row[name] for name in Webhook.__dataclass_fields__}
    times = rows.moment(row["created_at"])
    return Webhook(**{**facts, "events": _events(row["events"]), "created_at": times})


def _events(text: str) -> tuple[str, ...]:
    """The kinds a text lists, none where it was damaged: the others of a list are shown all the same."""
    try:
        return tuple(str(kind) for kind in json.loads(text))
    except (ValueError, TypeError):
        return ()
