"""The audit log: who did what that matters, in rows that nobody changes unseen.

Each row carries a code over itself and the code of the row before, made with a key that is not in the database: who
has the database alone can break the chain, not mend it. What is cut off at the end is told by the anchor, a file
beside the database with the last number and code; where that file is gone, the next entry says so. Rows that are old go from the beginning alone, and a row says so,
with the code of the last that went: there the chain begins then.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import clock, whole
from core.store import holds, rows
from core.store.database import PATIENCE_S, Database

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

ANCHOR, LOCK = "audit.head", ".audit.lock"
LONGEST = 200  # characters of what an entry says about what was done
KEPT_DAYS = 365
NOBODY, CODED = (
    ("local", "command line", "this program"),
    ("person ", "visitor "),
)  # that stand for no name, or for a code
PRUNED = "old entries removed"
LOST, WHY_LOST = "length lost", "the file with the length of this log was gone: later entries may be, too"
BLOCK = 10_000  # rows read at once by the verifier
NEWEST = "SELECT seq, code FROM audit ORDER BY seq DESC LIMIT 1"
LIST = "SELECT * FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?"
COLUMNS = ("seq", "at", "who", "action", "subject", "detail")
GUARD = "audit_no_delete"
PLACE = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?"
FIRST_NEW = "SELECT min(seq) AS seq FROM audit WHERE at >= ?"
SEALED = "SELECT code FROM audit WHERE seq = ?"
CUT = f"SELECT detail FROM audit WHERE action = '{PRUNED}' AND subject = ? ORDER BY seq DESC LIMIT 1"
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
    _turn: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    def name(self, owner: str) -> str:
        """How the log names an owner: as a code, which nobody but who knows the name can tell whom it stands for."""
        if owner in NOBODY or owner.startswith(CODED):
            return owner
        return f"owner {hmac.digest(self.key, f'owner {owner}'.encode(), 'sha256').hex()[:24]}"

    def note(self, who: str, action: str, subject: str, detail: str = "") -> int:
        """Write one row, once what it tells of is done; its number. Not inside another write: that may be undone.

        Owners that `subject` or `detail` tell of are to be named by `name`.
        """
        with self._alone():
            with self.db.write() as tables:
                self._tell_lost(tables)
                seq = self._add(tables, self.name(who), action, subject, detail)
            self._anchor(seq)
        return seq

    def prune(self, now: datetime | None = None, days: int = KEPT_DAYS) -> int:
        """Remove what is older than `days`, from the beginning to the first row that is not; how many rows went."""
        limit = rows.stamp((now or clock.for_deleting()) - timedelta(days=days))
        with self._alone():
            with self.db.write() as tables:
                first = next(iter(tables.query(FIRST_NEW, [limit])))["seq"]
                last = next(iter(tables.query(SEALED, [first - 1])), None) if first else None
                if last is None:
                    return 0
                self._tell_lost(tables)
                gone = _cut(tables, first - 1)
                seq = self._add(tables, "this program", PRUNED, str(first - 1), last["code"])
            self._anchor(seq)
        return gone

    def gone(self) -> tuple[int, int]:
        """The numbers of the first and the last entry that the anchor tells of and the log has not; first after last for none."""
        return self._length() + 1, 0 if self.home is None else self._anchored(0)

    @property
    def believed(self) -> bool:
        """Whether the anchor, where there is one, was written with the key of this log."""
        return self.home is None or self._anchored(0) >= 0

    def settle(self) -> None:
        """Let the anchor tell the length the log has now: for an older database that was put back on purpose."""
        with self._alone():
            self._anchor(self._length(), lower=True)

    def listed(self, limit: int = 100, before: int = 2**62) -> list[Entry]:
        """Entries with a number under `before`, the newest first."""
        with self.db.read() as tables:
            return [_entry(row) for row in tables.query(LIST, [before, limit])]

    def first_bad(self) -> int | None:
        """The number of the first row that is not as it was written, or missing; None where all are sound."""
        return next(self.bad(), None)

    def bad(self) -> Iterator[int]:
        """The numbers of all rows that are not as they were written, or before which some are missing."""
        seen, last = self._beginning()
        while block := self._block(seen):
            for *told, sealed in block:
                if told[0] != seen + 1 or _code(self.key, last, told) != sealed:
                    yield seen + 1 if told[0] > seen + 1 else told[0]
                seen, last = told[0], sealed
        if not self._reaches(seen):
            yield seen + 1

    def _beginning(self) -> tuple[int, str]:
        """The number and the code before the first row: those that a row tells of which says what was removed."""
        with self.db.read() as tables:
            first = next(iter(tables.query("SELECT min(seq) AS seq FROM audit")))["seq"] or 1
            cut = next(iter(tables.query(CUT, [str(first - 1)])), None) if first > 1 else None
        return (first - 1, cut["detail"]) if cut else (0, "")

    def _length(self) -> int:
        with self.db.read() as tables:
            return _last(tables)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One entry and its anchor at a time, whatever the thread or process."""
        with self._turn, ExitStack() as held:
            if self.home is not None:
                held.enter_context(holds.locked(self.home / LOCK, time.monotonic() + PATIENCE_S))
            yield

    def _tell_lost(self, tables: Tables) -> None:
        """Who takes the anchor away may have cut the log off: that stands in the chain from then on."""
        if self.home is not None and (last := _last(tables)) and not (self.home / ANCHOR).exists():
            self._add(tables, "this program", LOST, str(last), WHY_LOST)

    def _add(self, tables: Tables, who: str, action: str, subject: str, detail: str) -> int:
        said = {"who": who, "action": action, "subject": subject[:LONGEST], "detail": detail[:LONGEST]}
        last: dict[str, Any] = next(iter(tables.query(NEWEST)), {"seq": 0, "code": ""})
        row = {"seq": last["seq"] + 1, "at": rows.stamp(), **said}
        row["code"] = code(self.key, row, last["code"])
        tables.table("audit").insert(row)
        return int(row["seq"])

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

    def _anchor(self, seq: int, *, lower: bool = False) -> None:
        """Say how long the log is, after the row is kept: a crash between leaves it behind.

        One that cannot be believed stays, and with it what the verifier says, until somebody has looked into it.
        """
        if self.home is None or (not lower and not 0 <= self._anchored(0) < seq):
            return
        told = {"seq": seq, "code": _anchor_code(self.key, seq)}
        whole.write(self.home / ANCHOR, json.dumps(told).encode())


def _last(tables: Tables) -> int:
    """The number of the newest row, 0 for none."""
    return int(next(iter(tables.query(NEWEST)), {"seq": 0})["seq"])


def _cut(tables: Tables, last: int) -> int:
    """Remove the rows up to a number, though the database forbids it otherwise; how many they were."""
    guard = [row["sql"] for row in tables.query(PLACE, [GUARD])]
    tables.execute(f"DROP TRIGGER IF EXISTS {GUARD}")
    gone = int(tables.execute("DELETE FROM audit WHERE seq <= ?", [last]).rowcount)
    for statement in guard:
        tables.execute(statement)
    return gone


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
