"""API keys: shown once, kept as a code that only the server's secret makes, and good until they expire or are revoked.

A key reads `smc_<8 hex digits>_<43 characters>`: the digits find its row, the characters are 256 random bits. Nobody
guesses those, so a fast code (HMAC-SHA-256) is right where a password would need a slow one.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from core.errors import Conflict, DatabaseError, NotFound
from core.store import pages, rows
from core.store.database import Database

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

Role = Literal["viewer", "planner", "admin"]
PREFIX = "smc"
SHAPE = re.compile(r"smc_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")
LIVE_MOST = 2  # of one owner and label: the old one and the one that takes its place
DAYS_MOST, DAYS = 730, 365
LONGEST_LABEL = 80
USED_EVERY = timedelta(minutes=1)  # a use is noted no more often: a note is a write
NOBODY = {"owner": "", "role": "", "expires_at": "", "code": "0" * 64}  # stands in for a key that is not there
COLUMNS = "id, owner, role, label, created_at, expires_at, revoked_at, last_used_at"
LIVE = "SELECT count(*) AS n FROM keys WHERE owner = ? AND label = ? AND revoked_at IS NULL AND expires_at > ?"


@dataclass(frozen=True)
class Key:
    """A key without the key."""

    id: str
    owner: str
    role: Role
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at

    @property
    def prefix(self) -> str:
        """How the key begins: what a search for a lost key looks for."""
        return f"{PREFIX}_{self.id}_"


def create(
    db: Database, secret: bytes, owner: str, role: str, label: str, days: int = DAYS, now: datetime | None = None
) -> tuple[Key, str]:
    """A new key, and its text, which is nowhere after this.

    ValidationError for an unknown role, an empty or long label and a life beyond DAYS_MOST; Conflict where LIVE_MOST
    keys of this label live already.
    """
    rows.owned(owner)
    now = now or datetime.now(UTC)
    row = {"owner": owner, "role": _role(role), "label": _label(label), "created_at": rows.stamp(now)}
    row["expires_at"] = rows.stamp(now + timedelta(days=rows.lasting(days, DAYS_MOST)))
    with db.write() as tables:
        _refuse_third(tables, owner, row["label"], now)
        row["id"] = _free_id(tables)
        text = f"{PREFIX}_{row['id']}_{secrets.token_urlsafe(32)}"
        tables.table("keys").insert(rows.sealed({**row, "code": code(secret, text, row)}))
    return _key({**row, "revoked_at": None, "last_used_at": None}), text


def verified(db: Database, secret: bytes, text: str, now: datetime | None = None) -> Key | None:
    """The live key of a text, read anew each time, so that a revoked one is refused at once; None for all others.

    All refusals do the same work: how long one takes tells nothing about the key.
    """
    now = now or datetime.now(UTC)
    shaped = SHAPE.fullmatch(text) is not None
    row = _row(db, text[4:12] if shaped else "")
    given = code(secret, text, row or NOBODY)
    same = hmac.compare_digest(given.encode(), (row or NOBODY)["code"].encode())
    if not (same and row and rows.is_sound(row)):
        return None
    key = _key(row)
    if not key.live(now):
        return None
    if key.last_used_at is None or now - key.last_used_at >= USED_EVERY:
        with suppress(DatabaseError):  # a key holds though the disk is full or somebody else writes
            _note_use(db, key.id, now)
    return key


def listed(db: Database, owner: str = "", limit: int = 1000, after: pages.Key | None = None) -> list[Key]:
    """The keys of an owner, or of all, the newest first; `after` the time and id of the last one seen."""
    with db.read() as tables:
        return [_key(row) for row in pages.rows_after(tables, "keys", COLUMNS, owner or None, limit, after)]


def revoke(db: Database, key_id: str, owner: str = "", now: datetime | None = None) -> Key:
    """End a key at once; one that was revoked stays as it is. NotFound where there is none, or it is not `owner`'s."""
    with db.write() as tables:
        found = list(tables.query("SELECT * FROM keys WHERE id = ?", [key_id]))
        if not found or (owner and found[0]["owner"] != owner):
            raise NotFound("there is no such key", field="id", value=key_id, expected="a key that was made")
        row = found[0]
        if row["revoked_at"] is None:
            row = rows.sealed({**row, "revoked_at": rows.stamp(now)})
            tables.table("keys").update(key_id, {name: row[name] for name in ("revoked_at", "checksum")})
    return _key(row)


def code(secret: bytes, text: str, row: Mapping[str, Any]) -> str:
    """What is kept of a key [64 hex digits]: it holds for this owner, role and end alone, whoever writes into the row."""
    bound = json.dumps([text, row["owner"], row["role"], row["expires_at"]])
    return hmac.digest(secret, bound.encode(), "sha256").hex()


def _row(db: Database, key_id: str) -> dict[str, Any] | None:
    with db.read() as tables:
        return next(iter(tables.query("SELECT * FROM keys WHERE id = ?", [key_id])), None)


def _note_use(db: Database, key_id: str, now: datetime) -> None:
    with db.write() as tables:
        for found in list(tables.query("SELECT * FROM keys WHERE id = ?", [key_id])):  # none, where it was just deleted
            row = rows.sealed({**found, "last_used_at": rows.stamp(now)})
            tables.table("keys").update(key_id, {name: row[name] for name in ("last_used_at", "checksum")})


def _refuse_third(tables: Tables, owner: str, label: str, now: datetime) -> None:
    live = next(iter(tables.query(LIVE, [owner, label, rows.stamp(now)])))["n"]
    if live >= LIVE_MOST:
        raise Conflict(
            f"two keys called “{label}” live already: revoke one first",
            field="label",
            value=label,
            expected=f"at most {LIVE_MOST} live keys of one label",
        )


def _free_id(tables: Tables) -> str:
    """Eight digits that no key has; of so few, two can fall on the same."""
    while True:
        key_id = secrets.token_hex(4)
        if not list(tables.query("SELECT 1 FROM keys WHERE id = ?", [key_id])):
            return key_id


def _role(role: str) -> str:
    if role not in get_args(Role):
        raise rows.refused("role", role, f"one of {', '.join(get_args(Role))}")
    return role


def _label(label: str) -> str:
    if not isinstance(label, str) or not label.strip() or len(label) > LONGEST_LABEL or not label.isprintable():
        raise rows.refused("label", label, f"1 to {LONGEST_LABEL} printable characters")
    return label.strip()


def _key(row: dict[str, Any]) -> Key:
    times = {
        name: None if row[name] is None else rows.moment(row[name])
        for name in ("created_at", "expires_at", "revoked_at", "last_used_at")
    }
    return Key(**{**{name: row[name] for name in ("id", "owner", "role", "label")}, **times})
