"""The audit log: who did what that matters, in rows that nobody changes unseen.

Each row carries a code over itself and the code of the row before, made with a key that is not in the database: who
has the database alone can break the chain, not mend it. What is cut off at the end is told by the anchor, a file
beside the database with the last number and code.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.store import rows
from core.store.database import Database

ANCHOR = "audit.head"
LONGEST = 200  # characters of what an entry says about what was done
BLOCK = 10_000  # rows read at once by the verifier
NEWEST = "SELECT seq, code FROM audit ORDER BY seq DESC LIMIT 1"
LIST = "SELECT * FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?"
COLUMNS = ("seq", "at", "who", "action", "subject", "detail")
NEXT = f"SELECT {', '.join(COLUMNS)}, code FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"


@dataclass(frozen=True)
class Entry:
    """One deed: `who` (the owner of rows), `action` such as "key created", `subject` what it was done to."""

    seq: int
    at: datetime
    who: str
    action: str
    subject: str
    detail: str

    @property
    def id(self) -> str:
        return str(self.seq)

    @property
    def created_at(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Log:
    """The log of a database: `key` signs it, `home` is the folder of its anchor, None for none."""

    db: Database
    key: bytes
    home: Path | None = None

    def note(self, who: str, action: str, subject: str, detail: str = "") -> int:
        """Write one row, once what it tells of is done; its number. Not inside another write: that may be undone."""
        said = {"who": who, "action": action, "subject": subject[:LONGEST], "detail": detail[:LONGEST]}
        with self.db.write() as tables:
            last: dict[str, Any] = next(iter(tables.query(NEWEST)), {"seq": 0, "code": ""})
            row = {"seq": last["seq"] + 1, "at": rows.stamp(), **said}
            row["code"] = code(self.key, row, last["code"])
            tables.table("audit").insert(row)
        self._anchor(int(row["seq"]))
        return int(row["seq"])

    def listed(self, limit: int = 100, before: int = 2**62) -> list[Entry]:
        """Entries with a number under `before`, the newest first."""
        with self.db.read() as tables:
            return [_entry(row) for row in tables.query(LIST, [before, limit])]

    def first_bad(self) -> int | None:
        """The number of the first row that is not as it was written, or missing; None where all are sound."""
        seen, last = 0, ""
        while block := self._block(seen):
            for *told, sealed in block:
                if told[0] != seen + 1 or _code(self.key, last, told) != sealed:
                    return seen + 1
                seen, last = seen + 1, sealed
        return None if self._reaches(seen) else seen + 1

    def _block(self, after: int) -> list[tuple[Any, ...]]:
        """The next rows, their columns in the order of COLUMNS and then the code."""
        with self.db.read() as tables:
            return list(tables.execute(NEXT, [after, BLOCK]).fetchall())

    def _reaches(self, seen: int) -> bool:
        """Whether the log is as long as its anchor says; without one it may not have begun."""
        return self.home is None or self._anchored(-1 if seen else 0) in range(seen + 1)

    def _anchored(self, without: int) -> int:
        """The length that the anchor tells, `without` where there is none, -1 where it cannot be believed."""
        assert self.home is not None
        try:
            told = json.loads((self.home / ANCHOR).read_text(encoding="ascii"))
            sound = hmac.compare_digest(_anchor_code(self.key, int(told["seq"])), str(told["code"]))
        except FileNotFoundError:
            return without
        except (OSError, ValueError, KeyError, TypeError):
            return -1
        return int(told["seq"]) if sound else -1

    def _anchor(self, seq: int) -> None:
        """Say how long the log is, whole or not at all, and after the row is kept: a crash between leaves it behind."""
        if self.home is None or self._anchored(0) >= seq:
            return
        draft = self.home / f".{ANCHOR}.{secrets.token_hex(8)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump({"seq": seq, "code": _anchor_code(self.key, seq)}, file)
        draft.replace(self.home / ANCHOR)


def code(key: bytes, row: dict[str, Any], before: str) -> str:
    """The code of a row in the chain [64 hex digits]."""
    return _code(key, before, [row[name] for name in COLUMNS])


def _code(key: bytes, before: str, told: list[Any]) -> str:
    return hmac.digest(key, json.dumps([before, *told]).encode(), "sha256").hex()


def _anchor_code(key: bytes, seq: int) -> str:
    return hmac.new(key, f"length {seq}".encode(), hashlib.sha256).hexdigest()


def _entry(row: dict[str, Any]) -> Entry:
    said = {name: row[name] for name in ("seq", "who", "action", "subject", "detail")}
    return Entry(**said, at=rows.moment(row["at"]))
