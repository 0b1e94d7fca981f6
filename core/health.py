"""How the parts of this server are: looked at each in a thread of its own, so that none that hangs holds anybody up."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from core.desk import desk
from core.errors import SolarMiningError
from core.fetchers.sources import SOURCES
from core.jobs import pool
from core.once import Once
from core.outside import audit, database, outside, secret
from core.settings import environment, settings
from core.store import backups
from core.store.condition import LEAST_FREE_BYTES, Condition, condition
from core.store.database import FILE_NAME, Database
from core.store.secret import kept_secret
from core.vitals import free_bytes, vitals

LOOKS_S = 0.08  # that a caller waits for what is looked at
PATIENCE_S = 0.05  # of the database's own look, for its write lock
HOLDS_S = 5.0  # that what was found holds where a look takes longer
MOST_MEMORY_FRAC = 0.9
OLDEST_BACKUP_S = 36 * 3600.0  # they are made each hour, but a computer may have slept
MOST_JUMP_S = 60.0  # of the calendar against the count of seconds
NEEDED = ("database", "disk", "secret")  # without these nothing can be kept
FINE = ("ok", "in memory", "offline", "none")
State = Literal[
    "ok",
    "busy",
    "full",
    "failing",
    "offline",
    "in memory",
    "old",
    "none",
    "changed",
    "jumped",
    "damaged",
    "moved aside",
    "known bad",
]


class Probe:
    """Looks at the parts of the server, each in its thread, and waits for none of them long."""

    def __init__(self, parts: dict[str, Callable[[], State]]) -> None:
        self._parts = parts
        self._pool = ThreadPoolExecutor(len(parts), thread_name_prefix="probe")
        self._lock = threading.Lock()
        self._looking: dict[str, Future[State]] = {}
        self._found: dict[str, tuple[State, float]] = {}

    def look(self) -> dict[str, State]:
        """How each part is: as it is found within LOOKS_S, else as it was found just before, else busy."""
        with self._lock:
            for name in self._parts:
                if name not in self._looking or self._looking[name].done():
                    self._looking[name] = self._pool.submit(self._look_at, name)
            looking = list(self._looking.values())
        wait(looking, LOOKS_S)
        oldest_s = time.monotonic() - HOLDS_S
        return {name: state if at_s >= oldest_s else "busy" for name, (state, at_s) in self._known().items()}

    def _known(self) -> dict[str, tuple[State, float]]:
        never: tuple[State, float] = ("busy", 0.0)
        return {name: self._found.get(name, never) for name in self._parts}

    def _look_at(self, name: str) -> State:
        try:
            state = self._parts[name]()
        except Exception:  # whatever it is, the part does not work
            state = "failing"
        self._found[name] = (state, time.monotonic())
        return state


@Once
def probe() -> Probe:
    """The probe of this process."""
    return Probe(
        {
            "database": _database,
            "disk": _disk,
            "store": _store,
            "secret": _secret,
            "memory": _memory,
            "calculations": _calculations,
            "sources": _sources,
            "backups": _backups,
            "clock": clock().look,
        }
    )


def verdict(found: dict[str, State]) -> Literal["ok", "degraded", "unavailable"]:
    """What the parts come to: unavailable where nothing can be kept, degraded where something is amiss."""
    if any(found.get(name, "ok") not in FINE for name in NEEDED):
        return "unavailable"
    return "ok" if all(state in FINE for state in found.values()) else "degraded"


# The parts


def _database() -> State:
    """Whether the database lets itself be written to, found by taking its write lock and writing nothing."""
    if not settings().stores_on_server:
        return "in memory"
    database()  # made where it is not yet
    try:
        with _own_connection().write():
            return "ok"
    except SolarMiningError as error:
        return "busy" if error.value == "busy" else "full" if error.value == "full" else "failing"


@Once
def _own_connection() -> Database:
    """A connection beside those of the server, which waits for nobody."""
    return Database(str(settings().home / FILE_NAME), patience_s=PATIENCE_S)


def _store() -> State:
    """Whether the database is the one that was, on an SQLite without the bug that its log is kept from otherwise."""
    if not settings().stores_on_server:
        return "in memory"
    found = condition(database(), settings().home)
    _conditions().append(found)
    if found.trouble == "damaged" or found.damage:
        return "damaged"
    return "moved aside" if found.set_aside else "known bad" if found.known_bad else "ok"


def store_condition() -> Condition | None:
    """How the store was when `probe` looked last: a look of one's own may have to wait for a lock. None before the first."""
    return next(iter(_conditions()), None)


@Once
def _conditions() -> deque[Condition]:
    """The newest alone."""
    return deque(maxlen=1)


def _disk() -> State:
    if not settings().stores_on_server:
        return "ok"
    free = free_bytes(settings().home)
    return "failing" if free is None else "ok" if free >= LEAST_FREE_BYTES else "full"


def _secret() -> State:
    """Whether the secret of this server can be read and is still the one that keys and audit log were made with."""
    if not settings().stores_on_server:
        return "in memory"
    same = kept_secret(settings().home, environment()) == secret()
    return "ok" if same and audit().believed else "changed"


def _memory() -> State:
    share = vitals().memory_frac
    return "full" if share is not None and share > MOST_MEMORY_FRAC else "ok"


def _sources() -> State:
    """Whether providers are asked, and answer; what they do not say comes from what was kept or shipped."""
    world = outside()
    if world.offline:
        return "offline"
    states = [health.state for health in world.health(SOURCES) if health.state != "unused"]
    return "failing" if states and all(state == "open" for state in states) else "ok"


def _calculations() -> State:
    return "full" if desk().full or pool().full else "ok"


def _backups() -> State:
    """Whether there is a young backup; before the first one is due there need be none."""
    if not settings().stores_on_server:
        return "none"
    age_s = backup_age_s()
    if age_s is None:
        return "none" if vitals().up_s < OLDEST_BACKUP_S else "old"
    return "ok" if age_s < OLDEST_BACKUP_S else "old"


def backup_age_s() -> float | None:
    """Of the newest backup, None where there is none."""
    newest = backups.listed(settings().home, 1) if settings().stores_on_server else []
    return max(0.0, (datetime.now(UTC) - newest[0].created_at).total_seconds()) if newest else None


def backup_overdue_s() -> float | None:
    """How long this process has run with no newer backup, at most its age; None where nothing is kept."""
    if not settings().stores_on_server:
        return None
    newest = backups.listed(settings().home, 1)
    waited_s, age_s = patience().waited_s(newest[0].id if newest else ""), backup_age_s()
    return waited_s if age_s is None else min(waited_s, age_s)


@dataclass
class Patience:
    """How long something has stayed the same, by a count that stands while the computer sleeps, when nothing can be made."""

    count_s: Callable[[], float] = time.monotonic
    _newest: str | None = None
    _since_s: float = 0.0

    def waited_s(self, newest: str) -> float:
        """Since `newest` was first seen to be it."""
        now_s = self.count_s()
        if newest != self._newest:
            self._newest, self._since_s = newest, now_s
        return now_s - self._since_s


@Once
def patience() -> Patience:
    """That of this process with the newest backup."""
    return Patience()


@dataclass
class Calendar:
    """Notices that the calendar was set: how far it has moved against a count of seconds that nobody sets."""

    now_s: Callable[[], float]
    count_s: Callable[[], float]
    _apart_s: float | None = None
    _jumped_at_s: float = float("-inf")

    def look(self) -> State:
        """Jumped within the last hour of the count, else ok."""
        apart_s, count_s = self.now_s() - self.count_s(), self.count_s()
        if self._apart_s is not None and abs(apart_s - self._apart_s) > MOST_JUMP_S:
            self._jumped_at_s = count_s
        self._apart_s = apart_s
        return "jumped" if count_s - self._jumped_at_s < 3600.0 else "ok"


@Once
def clock() -> Calendar:
    """That of this process."""
    return Calendar(time.time, outside().clock.elapsed_s)
