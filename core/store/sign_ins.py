"""When a person signed in last, and out: a sign-in that was ended in one place is over in all that are not younger.

Times are those the identity provider put in its token [s since 1970], so that its clock is compared with itself.
"""

from __future__ import annotations

from core.store import rows
from core.store.database import Database

KEEP = """INSERT INTO sign_ins (owner, in_s, out_s) VALUES (:owner, :in_s, :out_s)
    ON CONFLICT (owner) DO UPDATE SET in_s = max(in_s, :in_s), out_s = max(out_s, :out_s)"""


def begin(db: Database, owner: str, in_s: int) -> bool:
    """Note a sign-in; whether it is one that was not seen before."""
    rows.owned(owner)
    if _last(db, owner)[0] >= in_s:
        return False
    with db.write() as tables:
        tables.execute(KEEP, {"owner": owner, "in_s": in_s, "out_s": -1})
    return True


def end(db: Database, owner: str, in_s: int) -> None:
    """Nobody who signed in as `owner` at `in_s` or before may go on."""
    rows.owned(owner)
    with db.write() as tables:
        tables.execute(KEEP, {"owner": owner, "in_s": in_s, "out_s": in_s})


def holds(db: Database, owner: str, in_s: int) -> bool:
    """Whether a sign-in of that time was not ended since."""
    return in_s > _last(db, owner)[1]


def _last(db: Database, owner: str) -> tuple[int, int]:
    with db.read() as tables:
        found = next(iter(tables.query("SELECT in_s, out_s FROM sign_ins WHERE owner = ?", [owner])), None)
    return (found["in_s"], found["out_s"]) if found else (-1, -1)
