"""Jobs: what was asked to be worked out, how far it is, and what came of it.

A job is held by one process, which tells that it is alive (`heartbeat`); what a process left behind is taken up by the
next that looks, once. Every write of a holder says who it is and finds nothing where the job was taken from it
meanwhile, so that a job never has two results. Its request, result and rows are parts of their own, sealed when written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.errors import DatabaseError
from core.store import amounts, pages, rows
from core.store.database import Database
from core.store.pages import Filter, Key

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

LIVE = ("queued", "running")
MOST_ATTEMPTS = 2
ROW = "row:"
OURS = "id = ? AND holder = ? AND state IN ('queued', 'running')"
STALE = "SELECT * FROM jobs WHERE state IN ('queued', 'running') AND holder <> ? AND (heartbeat < ? OR heartbeat > ?)"
GAVE_UP = {"code": "INTERNAL_ERROR", "message": "the server ended twice while this was worked out", "details": {}}


@dataclass(frozen=True)
class Kept:
    """A job without its parts. `share` [1] is done, `attempt` counts its beginnings; days are None until they come."""

    id: str
    owner: str
    kind: str
    state: str
    share: float
    words: str
    attempt: int
    holder: str
    created_at: datetime
    began_at: datetime | None
    ended_at: datetime | None

    @property
    def live(self) -> bool:
        """Whether it has still to end."""
        return self.state in LIVE


def new(owner: str, kind: str, holder: str) -> Kept:
    """A job that is not yet written down."""
    at = rows.moment(rows.stamp())
    return Kept(rows.new_id(), rows.owned(owner), kind, "queued", 0.0, "", 0, holder, at, None, None)


def create(db: Database, kept: Kept, request: Mapping[str, Any], now_s: float) -> None:
    """Write a job down before it begins; `now_s`: seconds since 1970."""
    row = {
        "id": kept.id,
        "owner": kept.owner,
        "kind": kept.kind,
        "state": "queued",
        "share": 0.0,
        "words": "",
        "attempt": 0,
        "holder": kept.holder,
        "heartbeat": now_s,
        "created_at": rows.stamp(kept.created_at),
        "began_at": "",
        "ended_at": "",
    }
    with db.write() as tables:
        tables.table("jobs").insert(row)
        _keep(tables, row, "request", request)


def load(db: Database, owner: str, id: str) -> Kept:  # noqa: A002
    """A job of an owner; NotFound where the id is unknown or another's."""
    with db.read() as tables:
        return _kept(_row(tables, owner, id))


def listed(
    db: Database, owner: str, limit: int = 100, after: Key | None = None, state: str = "", kind: str = ""
) -> list[Kept]:
    """At most `limit` jobs of an owner, the newest first, from after the job of key `after`; of a state or kind where given."""
    wanted = [Filter(f"{name} = ?", (value,)) for name, value in (("state", state), ("kind", kind)) if value]
    with db.read() as tables:
        return [_kept(row) for row in pages.rows_after(tables, "jobs", "*", rows.owned(owner), limit, after, wanted)]


def part(db: Database, owner: str, id: str, name: str) -> Any:  # noqa: A002
    """A part of a job: its request, market, result or error; None where there is none. DatabaseError where it was damaged."""
    with db.read() as tables:
        _row(tables, owner, id)
        found = list(tables.query("SELECT * FROM job_parts WHERE job_id = ? AND part = ?", [id, name]))
    return _content(found[0]) if found else None


def rows_from(db: Database, kept: Kept, skip: int = 0, limit: int = 200) -> list[dict[str, Any]]:
    """Rows of a job in the order in which they came, without the first `skip`."""
    with db.read() as tables:
        sql = "SELECT * FROM job_parts WHERE job_id = ? AND part >= ? AND part < ? ORDER BY rowid LIMIT ? OFFSET ?"
        return [_content(row) for row in tables.query(sql, [kept.id, ROW, ROW + "~", limit, skip])]


def rows_told(db: Database, kept: Kept) -> dict[int, bool]:
    """Of each row that an earlier attempt left its number, and whether it holds an error."""
    found: dict[int, bool] = {}
    while new := rows_from(db, kept, len(found)):
        found |= {int(row["n"]): "error" in row for row in new}
    return found


def begin(db: Database, kept: Kept, holder: str, now_s: float) -> bool:
    """Whether `holder` may begin a job: it waits, is held by it, and was not begun too often."""
    changes = {"state": "running", "heartbeat": now_s, "began_at": rows.stamp(), "attempt": kept.attempt + 1}
    return _change(db, kept.id, holder, changes, "state = 'queued'")


def progress(
    db: Database,
    kept: Kept,
    holder: str,
    share: float,
    words: str,
    now_s: float,
    new: Sequence[Mapping[str, Any]] = (),
) -> bool:
    """Write down how far a job is, and its new rows, each with its number `n`; False where it is no longer the holder's."""
    with db.write() as tables:
        if not _change(db, kept.id, holder, {"share": share, "words": words, "heartbeat": now_s}):
            return False
        for row in new:
            _keep(tables, _named(kept), _numbered(int(row["n"])), row)
        return True


def note(db: Database, kept: Kept, name: str, content: Mapping[str, Any]) -> None:
    """Keep a part that another attempt is to find, such as the market it rests on."""
    with db.write() as tables:
        _keep(tables, _named(kept), name, content)


def end(db: Database, kept: Kept, holder: str, state: str, parts: Mapping[str, Any]) -> bool:
    """Write down what came of a job; False where it is no longer the holder's: then nothing is kept."""
    changes = {"state": state, "ended_at": rows.stamp(), **({"share": 1.0} if state == "done" else {})}
    with db.write() as tables:
        if not _change(db, kept.id, holder, changes):
            return False
        for name, content in parts.items():
            _keep(tables, _named(kept), name, content)
        return True


def cancel(db: Database, owner: str, id: str) -> Kept:  # noqa: A002
    """Cancel a job that is live; one that has ended stays as it is."""
    with db.write() as tables:
        row = _row(tables, owner, id)
        if row["state"] in LIVE:
            row |= {"state": "cancelled", "ended_at": rows.stamp()}
            tables.table("jobs").update(id, {name: row[name] for name in ("state", "ended_at")})
        return _kept(row)


def beat(db: Database, holder: str, now_s: float) -> set[str]:
    """Say that a process is alive; the ids of the jobs that it holds."""
    with db.write() as tables:
        found = tables.query("SELECT id FROM jobs WHERE holder = ? AND state IN ('queued', 'running')", [holder])
        held = {str(row["id"]) for row in found}
        if held:
            tables.execute(
                "UPDATE jobs SET heartbeat = ? WHERE holder = ? AND state IN ('queued', 'running')", [now_s, holder]
            )
        return held


def take_up(db: Database, holder: str, now_s: float, lease_s: float, most: int) -> list[Kept]:
    """Jobs whose process was not heard of for `lease_s`, now this holder's, and those begun twice, which have failed now.

    A heartbeat ahead of the clock was written by one that was set back since: it is no longer honoured.
    """
    old = (holder, now_s - lease_s, now_s + lease_s)
    with db.read() as tables:
        if not list(tables.query(f"{STALE} LIMIT 1", list(old))):
            return []
    with db.write() as tables:
        found = list(tables.query(f"{STALE} ORDER BY created_at LIMIT ?", [*old, most]))
        return [_taken(tables, row, holder, now_s) for row in found]


def _taken(tables: Tables, row: dict[str, Any], holder: str, now_s: float) -> Kept:
    changes: dict[str, Any] = {"state": "queued", "holder": holder, "heartbeat": now_s}
    if row["attempt"] >= MOST_ATTEMPTS:
        changes = {"state": "failed", "ended_at": rows.stamp()}
        _keep(tables, row, "error", GAVE_UP)
    tables.table("jobs").update(row["id"], changes)
    return _kept({**row, **changes})


def leave(db: Database, holder: str, ids: set[str], *, begun: bool = True) -> None:
    """Let another process have jobs of this holder; where `begun` is False, that they were begun here does not count."""
    with db.write() as tables:
        for id_ in ids:
            tables.execute(
                "UPDATE jobs SET holder = '', heartbeat = 0, attempt = attempt - (? AND state = 'running'),"
                f" state = 'queued' WHERE {OURS}",
                [not begun, id_, holder],
            )


def forget(db: Database, before: datetime) -> int:
    """Delete jobs that ended before a moment; how many."""
    with db.write() as tables:
        done = "ended_at <> '' AND ended_at < ?"
        tables.execute(
            f"DELETE FROM job_parts WHERE job_id IN (SELECT id FROM jobs WHERE {done})", [rows.stamp(before)]
        )
        return int(tables.execute(f"DELETE FROM jobs WHERE {done}", [rows.stamp(before)]).rowcount)


def _change(db: Database, id: str, holder: str, changes: Mapping[str, Any], also: str = "1") -> bool:  # noqa: A002
    """Whether a job that `holder` holds was changed."""
    columns = ", ".join(f"{name} = ?" for name in changes)
    with db.write() as tables:
        done = tables.execute(f"UPDATE jobs SET {columns} WHERE {OURS} AND {also}", [*changes.values(), id, holder])
        return bool(done.rowcount)


def _row(tables: Tables, owner: str, id: str) -> dict[str, Any]:  # noqa: A002
    return rows.present(tables, "jobs", rows.owned(owner), {"id": id}, "job")


def _keep(tables: Tables, job: Mapping[str, Any], name: str, content: Any) -> None:
    kept = content if isinstance(content, bytes) else amounts.plain_json(content, name).encode()
    row = {"job_id": job["id"], "owner": job["owner"], "part": name, "content": kept}
    tables.table("job_parts").insert(rows.sealed(row), replace=True)


def _content(row: dict[str, Any]) -> Any:
    if not rows.is_sound(row):
        raise DatabaseError(
            "what came of this job was damaged on the disk", field="job", expected="the bytes that were saved"
        )
    return row["content"] if row["part"] == "paths" else json.loads(row["content"])


def _numbered(n: int) -> str:
    """The name of a row, so that names sort as numbers do."""
    return f"{ROW}{n:07d}"


def _named(kept: Kept) -> dict[str, Any]:
    return {"id": kept.id, "owner": kept.owner}


def _kept(row: Mapping[str, Any]) -> Kept:
    facts = {name: row[name] for name in Kept.__dataclass_fields__}
    for name in ("created_at", "began_at", "ended_at"):
        facts[name] = rows.moment(row[name]) if row[name] else None
    return Kept(**facts)
