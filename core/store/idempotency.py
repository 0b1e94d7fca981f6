"""Answers to requests that carry a key of their own: asked again, they are answered again, and nothing is done twice.

The answer is written in the transaction that did what was asked, so that a crash leaves both or neither, and of several
that ask at once one does it and the others find its answer.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core import clock
from core.errors import ValidationError
from core.store import rows
from core.store.database import Database

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

KEPT = timedelta(hours=24)
FAST = 1  # level of compression


@dataclass(frozen=True)
class Answer:
    """What was answered."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    """Who asks under which key, and a digest of all they ask for."""

    owner: str
    key: str
    fingerprint: str


def kept(db: Database, ask: Ask) -> Answer | None:
    """What the same request was answered within a day; ValidationError where another request had the key."""
    with db.read() as tables:
        return _kept(tables, ask)


def once(db: Database, ask: Ask, make: Callable[[], Answer]) -> tuple[Answer, bool]:
    """The answer of `make`, called inside a write, or the one kept for the same request; whether it is a kept one.

    ValidationError where another request had the key. What `make` raises is not kept.
    """
    with db.write() as tables:
        _forget_old(tables)
        found = _kept(tables, ask)
        if found is not None:
            return found, True
        answer = make()
        tables.table("idempotency").insert(_row(ask, answer), replace=True)
        return answer, False


def _row(ask: Ask, answer: Answer) -> dict[str, Any]:
    return {
        "owner": rows.owned(ask.owner),
        "key": ask.key,
        "fingerprint": ask.fingerprint,
        "status": answer.status,
        "headers": json.dumps(answer.headers),
        "body": zlib.compress(answer.body, FAST),
        "created_at": rows.stamp(),
    }


def _kept(tables: Tables, ask: Ask) -> Answer | None:
    sql = "SELECT * FROM idempotency WHERE owner = ? AND key = ? AND created_at > ?"
    found = list(tables.query(sql, [ask.owner, ask.key, _oldest()]))
    if not found:
        return None
    if found[0]["fingerprint"] != ask.fingerprint:
        expected = "a new key for a new request"
        raise ValidationError(
            "this key went with another request", field="Idempotency-Key", value=None, expected=expected
        )
    row = found[0]
    return Answer(row["status"], zlib.decompress(row["body"]), json.loads(row["headers"]))


def _forget_old(tables: Tables) -> None:
    tables.execute("DELETE FROM idempotency WHERE created_at <= ?", [_oldest()])


def _oldest() -> str:
    return rows.stamp(clock.for_deleting() - KEPT)
