"""Who of several processes does a task: the holder of a lease that runs out unless it is renewed."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable

from core.errors import SolarMiningError
from core.store.database import Database

log = logging.getLogger("solar_mining.store")


def new_holder() -> str:
    """A name for a part of this process that no other has."""
    return f"{os.getpid()}-{secrets.token_hex(8)}"


def is_ours(holder: str) -> bool:
    """Whether a holder is a part of this process."""
    return holder.split("-")[0] == str(os.getpid())


class Lease:
    """A task that one of several processes does, as one of them asks for it; it runs out after `for_s` unless it is renewed."""

    def __init__(self, db: Callable[[], Database], task: str, for_s: float) -> None:
        self._db, self._task, self._for_s = db, task, for_s
        self._holder = new_holder()

    def take(self, now_s: float) -> bool:
        """Whether the task is ours for the next `for_s` seconds; as `take` below."""
        return take(self._db(), self._task, self._holder, now_s, self._for_s)

    def give_back(self) -> None:
        """Let another process have the task at once."""
        give_back(self._db, self._task, self._holder)


def take(db: Database, task: str, holder: str, now_s: float, for_s: float) -> bool:
    """Whether `holder` has the task for the next `for_s` seconds; renewed where it had it already.

    `now_s`: seconds since 1970. A lease that reaches further ahead than `for_s` was written by a clock that was set
    back since: it is no longer honoured.
    """
    with db.write() as tables:
        found = list(tables.query("SELECT holder, until FROM leases WHERE task = ?", [task]))
        if found and found[0]["holder"] != holder and now_s < found[0]["until"] <= now_s + for_s:
            return False
        row = {"task": task, "holder": holder, "until": now_s + for_s}
        tables.table("leases").insert(row, replace=True)
        return True


def give_back(db: Callable[[], Database], task: str, holder: str) -> None:
    """Let another process have the task at once, or, where the database refuses now, once the lease has run out."""
    try:
        with db().write() as tables:
            tables.execute("DELETE FROM leases WHERE task = ? AND holder = ?", [task, holder])
    except SolarMiningError as error:
        log.info("the lease of %s runs out by itself: %s", task, error.message)


def holder(db: Database, task: str, now_s: float) -> str:
    """Who has a task now, empty where nobody has."""
    with db.read() as tables:
        found = list(tables.query("SELECT holder, until FROM leases WHERE task = ?", [task]))
    return str(found[0]["holder"]) if found and now_s < found[0]["until"] else ""
