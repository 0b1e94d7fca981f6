"""What keeps a database well while the server runs: a backup each hour, and once a day what is too old goes.

What is too old are entries of the audit log, and databases that were moved aside on purpose.

Of several processes on one database one does it, under a lease. Nothing is begun in the first minute after a start.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.errors import SolarMiningError
from core.once import Once
from core.outside import audit, database
from core.settings import settings
from core.store import backups, copies
from core.store.audit import Log
from core.store.database import Database
from core.store.leases import Lease
from core.units import DAY_S

TASK = "upkeep"
FIRST_S, LOOK_EVERY_S, LEASE_S = 60.0, 60.0, 900.0
BACKUP_EVERY, PRUNE_EVERY_S = timedelta(hours=1), DAY_S
log = logging.getLogger("solar_mining.upkeep")


class Upkeep:
    """Looks every LOOK_EVERY_S what is due, and does it."""

    def __init__(
        self,
        db: Callable[[], Database],
        home: Path,
        book: Callable[[], Log],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        elapsed_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db, self._home, self._book, self._now, self._elapsed_s = db, home, book, now, elapsed_s
        self._stopped = threading.Event()
        self._lease = Lease(db, TASK, LEASE_S)
        self._tried_s, self._pruned_s = -float("inf"), -float("inf")

    def run(self) -> None:
        """Look until `stop`."""
        self._stopped.wait(FIRST_S)
        while not self._stopped.is_set():
            self.look()
            self._stopped.wait(LOOK_EVERY_S)

    def stop(self) -> None:
        """Stop, and let another process take over at once; a backup that is being made is made to its end."""
        self._stopped.set()
        self._lease.give_back()

    def look(self) -> list[str]:
        """Do what is due, if this process is the one that does; what was done. What failed is tried again an hour later."""
        done = []
        for what, due, act in (("backup", self._backup_due, self._back_up), ("prune", self._prune_due, self._prune)):
            try:
                if due() and self._lease.take(self._now().timestamp()) and due():
                    act()
                    done.append(what)
            except SolarMiningError as error:
                log.error("%s failed: %s", what, error.message, extra={"facts": {"task": what}})
            except Exception:
                log.exception("%s failed", what, extra={"facts": {"task": what}})
        return done

    def _backup_due(self) -> bool:
        """By the age of the newest, and where a clock was set back by how long ago this process tried."""
        newest = backups.listed(self._home, 1)
        rested = self._elapsed_s() - self._tried_s >= BACKUP_EVERY.total_seconds()
        if not newest:
            return rested
        age = self._now() - newest[0].created_at
        return rested and (age >= BACKUP_EVERY or age < timedelta(0))

    def _back_up(self) -> None:
        self._tried_s = self._elapsed_s()
        began_s = time.monotonic()
        made = backups.make(self._db(), self._home, now=self._now())
        facts = {"task": "backup", "bytes": made.size_bytes, "ms": round((time.monotonic() - began_s) * 1000)}
        log.info("backup %s made", made.id, extra={"facts": facts})
        self._book().note("this program", "backup made", made.id, made.sha256)

    def _prune_due(self) -> bool:
        return self._elapsed_s() - self._pruned_s >= PRUNE_EVERY_S

    def _prune(self) -> None:
        self._pruned_s = self._elapsed_s()
        if gone := self._book().prune(self._now()):
            log.info("%d old rows of the audit log went", gone, extra={"facts": {"task": "prune", "rows": gone}})
        for name in copies.forget_old(self._home, self._now()):
            log.info("%s went: it was kept long enough", name, extra={"facts": {"task": "prune"}})


@Once
def upkeep() -> Upkeep | None:
    """The upkeep of this process, begun when it is first asked for; None where nothing is kept."""
    conf = settings()
    if not conf.stores_on_server:
        return None
    made = Upkeep(database, conf.home, audit)
    threading.Thread(target=made.run, name="upkeep", daemon=True).start()
    return made


def close() -> None:
    """End it, if it was begun."""
    upkeep.end(_stop)


def _stop(made: Upkeep | None) -> None:
    if made is not None:
        made.stop()
