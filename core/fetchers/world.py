"""The way out of this process: one cache, one clock, and a line to each provider, shared by all who ask."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ValidationError
from core.fetchers.cache import Ages, Cache
from core.fetchers.flights import Flights
from core.fetchers.line import Clock, Line
from core.fetchers.provider import Source
from core.fetchers.rings import Rings, split

if TYPE_CHECKING:
    from core.fetchers.wire import Road

REST_S = 60.0  # a provider that could not answer a question is not asked it again for so long
MOST_RESTING = 4096
OURS = "SOLAR_MINING_"
OFFLINE = f"{OURS}OFFLINE"
OPT_IN = f"{OURS}OPT_IN"
CA_FILE = f"{OURS}CA_FILE"
BASE = f"{OURS}BASE_"
SWITCH = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}
log = logging.getLogger("solar_mining.fetchers")


@dataclass(frozen=True)
class Access:
    """How this copy may use providers.

    `bases`: own addresses by provider name as `base_variable` spells it. `keys`: by the variable a source names.
    `opt_ins`: names of providers whose licence the planner accepts. `ca_file`: further certificates to believe, for
    own servers. `offline`: no call is made at all.
    """

    bases: Mapping[str, str] = field(default_factory=dict, repr=False)
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    opt_ins: frozenset[str] = frozenset()
    ca_file: Path | None = None
    offline: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Access:
        """As the environment says: SOLAR_MINING_BASE_NAME, _OPT_IN (names with commas), _CA_FILE, _OFFLINE, and keys.

        ValidationError for an _OFFLINE that is neither yes nor no: a slip must not let calls out.
        """
        names = (name.strip().lower() for name in env.get(OPT_IN, "").split(","))
        ca_file = env.get(CA_FILE, "").strip()
        return cls(
            bases={k: v.strip() for k, v in env.items() if k.startswith(BASE) and v.strip()},
            keys={k: v.strip() for k, v in env.items() if k.startswith(OURS) and v.strip()},
            opt_ins=frozenset(name for name in names if name),
            ca_file=Path(ca_file) if ca_file else None,
            offline=_switch(env, OFFLINE),
        )

    def own_base(self, source: Source[Any, Any]) -> str:
        """The address a setting gives for a provider, empty where there is none."""
        return self.bases.get(base_variable(source.name), "").rstrip("/")

    def base(self, source: Source[Any, Any]) -> str:
        return self.own_base(source) or source.base

    def keys_of(self, source: Source[Any, Any]) -> tuple[str, ...]:
        """The keys a setting gives for a provider, in its order; a password of an own node may hold a semicolon."""
        text = self.keys.get(source.key, "") if source.key else ""
        return split(text) if source.ring else tuple(key for key in (text,) if key)

    def why_not(self, source: Source[Any, Any]) -> str:
        """What a provider lacks to be used, empty where it lacks nothing."""
        if not self.base(source):
            return f"not set up: {base_variable(source.name)} names no address"
        if source.key and not source.key_optional and not self.keys_of(source):
            return f"not set up: {source.key} holds no key"
        if source.opt_in and source.name.lower() not in self.opt_ins:
            return f"not chosen: its licence forbids commercial use; {OPT_IN} may name it"
        return ""


@dataclass(frozen=True)
class Health:
    """How a provider does, for a Status page. `state`: ready, open, half-open, unused or offline. No secrets."""

    name: str
    state: str
    why: str
    calls: int
    failures: int
    last_error: str
    last_error_at: datetime | None
    last_success_at: datetime | None
    age_s: float | None
    latency_s: float | None
    notice: str


class World:
    """Made once per process; every method may be called from any thread.

    `folder` is where the cache lives, None for none on disk. `accepted` is called with the name of a question, what
    was asked and the answer, for every live answer. `alert` is told once when a provider denies us (401, 403).
    """

    def __init__(
        self,
        folder: Path | None,
        access: Access | None = None,
        *,
        now: Callable[[], datetime] | None = None,
        elapsed_s: Callable[[], float] | None = None,
        accepted: Callable[[str, Any, Any], None] | None = None,
        alert: Callable[[str], None] | None = None,
    ) -> None:
        self.access = access or Access()
        self.clock = Clock(now or _now, elapsed_s or _elapsed_s)
        self.cache = Cache(folder, self.clock.elapsed_s)
        self.ages = Ages(self.clock.now, self.clock.elapsed_s)
        self.flights = Flights()
        self.rings = Rings(self.clock.elapsed_s)
        self.accepted = accepted
        self.alert = alert or log.error
        self._lines: dict[str, Line] = {}
        self._resting: dict[tuple[str, str], tuple[float, str]] = {}
        self._lock = threading.Lock()
        self._lookups: Any = None

    @property
    def offline(self) -> bool:
        return self.access.offline

    def line(self, source: Source[Any, Any]) -> Line:
        """The one line to a provider, shared by its sources."""
        with self._lock:
            if source.name not in self._lines:
                self._lines[source.name] = Line(source, self.clock)
            return self._lines[source.name]

    def road(self, source: Source[Any, Any], deadline: float) -> Road:
        """The way to a provider until `deadline` [time.monotonic]; on private networks only where a setting says so."""
        from core.fetchers.wire import Lookups, Road, trust

        with self._lock:
            self._lookups = self._lookups or Lookups()
        own = bool(self.access.own_base(source))
        return Road(deadline, own, self._lookups, trust(self.access.ca_file if own else None))

    def rest(self, key: str, source: Source[Any, Any], why: str) -> None:
        """Remembers that a provider could not answer a question just now."""
        with self._lock:
            self._resting[key, source.name] = (self.clock.elapsed_s() + REST_S, why)
            while len(self._resting) > MOST_RESTING:
                del self._resting[next(iter(self._resting))]

    def resting(self, key: str, source: Source[Any, Any]) -> str:
        """Why a provider could not answer a question a moment ago, empty where it may be asked."""
        with self._lock:
            until, why = self._resting.get((key, source.name), (0.0, ""))
            return why if self.clock.elapsed_s() < until else ""

    def health(self, sources: Iterable[Source[Any, Any]]) -> tuple[Health, ...]:
        """How each provider does, in the order given, each name once."""
        named: dict[str, Source[Any, Any]] = {}
        for source in sources:
            named.setdefault(source.name, source)
        return tuple(self._health(source) for source in named.values())

    def _health(self, source: Source[Any, Any]) -> Health:
        line = self.line(source)
        record, why = line.record, self.access.why_not(source)
        working = "ready" if line.state == "closed" else line.state
        since = record.last_success_at
        return Health(
            name=source.name,
            state="offline" if self.offline else "unused" if why else working,
            why=f"{OFFLINE} is set" if self.offline else why,
            calls=record.calls,
            failures=record.failures,
            last_error=record.last_error,
            last_error_at=record.last_error_at,
            last_success_at=since,
            age_s=None if since is None else max(0.0, (self.clock.now() - since).total_seconds()),
            latency_s=record.latency_s,
            notice=source.notice,
        )


def base_variable(name: str) -> str:
    """The variable that holds a planner's own address of a provider: mempool.space → SOLAR_MINING_BASE_MEMPOOL_SPACE."""
    return BASE + re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip()
    if text.lower() not in SWITCH:
        raise ValidationError(f"{name}: expected 1 or 0", field=name, value=text, expected="1 or 0")
    return SWITCH[text.lower()]


def _now() -> datetime:
    return datetime.now(UTC)


def _elapsed_s() -> float:
    """Seconds on a clock that runs on while the machine sleeps, where there is one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
