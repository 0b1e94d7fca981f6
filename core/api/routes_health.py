"""Whether the server lives, and whether it is ready to serve: for whoever watches it, without a key."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from core.api.described import errors_of
from core.api.desk import desk
from core.errors import SolarMiningError
from core.fetchers.sources import SOURCES
from core.jobs import pool
from core.once import Once
from core.outside import database, outside
from core.settings import settings
from core.store.database import FILE_NAME, Database

router = APIRouter(prefix="/health", tags=["health"])
LOOKS_S = 0.08  # that a caller waits for what is looked at
PATIENCE_S = 0.05  # of the database's own look, for its write lock
HOLDS_S = 5.0  # that what was found holds where a look takes longer
LEAST_FREE_BYTES = 16 * 1024 * 1024
NEEDED = ("database", "disk")  # without these nothing can be kept
State = Literal["ok", "busy", "full", "failing", "offline", "in memory"]


class Live(BaseModel):
    """That the server lives."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Whether the server can do all it is for, and how its parts are."""

    status: Literal["ok", "degraded", "unavailable"]
    components: dict[str, State]


@router.get("/live", responses=errors_of(), summary="Whether the server lives")
async def live() -> Live:
    """Always at once."""
    return Live()


@router.get(
    "/ready",
    responses={
        **errors_of(),
        503: {"model": Ready, "description": "Something is missing without which nothing is kept."},
    },
    summary="Whether the server is ready",
)
def ready(response: Response) -> Ready:
    """Each part by name, within a tenth of a second; a part that does not answer in time is busy."""
    found = probe().look()
    down = any(found[name] not in ("ok", "in memory") for name in NEEDED)
    degraded = any(state not in ("ok", "in memory", "offline") for state in found.values())
    response.status_code = 503 if down else 200
    return Ready(status="unavailable" if down else "degraded" if degraded else "ok", components=found)


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
    return Probe({"database": _database, "disk": _disk, "sources": _sources, "calculations": _calculations})


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


def _disk() -> State:
    if not settings().stores_on_server:
        return "ok"
    return "ok" if shutil.disk_usage(settings().home).free >= LEAST_FREE_BYTES else "full"


def _sources() -> State:
    """Whether providers are asked, and answer; what they do not say comes from what was kept or shipped."""
    world = outside()
    if world.offline:
        return "offline"
    states = [health.state for health in world.health(SOURCES) if health.state != "unused"]
    return "failing" if states and all(state == "open" for state in states) else "ok"


def _calculations() -> State:
    return "full" if desk().full or pool().full else "ok"
