"""When somebody has to be called: what is wrong with a server whose figures are these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.traffic import Busyness

FEWEST_CALLS, FEWEST_FAILURES, MOST_FAILING_FRAC = 20, 5, 0.05
MOST_MISHAPS = 5
SLOWEST_S = 2.0  # p95 of calls that are due at once
MOST_WAITING_FRAC = 0.8
MOST_BACKUP_AGE_S = 3 * 3600.0  # one is made each hour, and one that failed is tried again an hour later
LEAST_FREE_BYTES = 500 * 1024 * 1024
MOST_MEMORY_FRAC = 0.85
MOST_DESCRIPTORS_FRAC = 0.8
AMISS = {
    "failing": "fails",
    "busy": "lets nobody in",
    "full": "is full",
    "changed": "is not the one that keys and the audit log were made with",
    "jumped": "was set while the server ran",
    "damaged": "does not hold all that was saved, and is not backed up until that is mended",
    "moved aside": "was found damaged at a start and kept beside: the newest good backup took its place",
}
WATCHED = ("database", "disk", "store", "secret", "clock")  # the others are told by their own figures
MIB = 1024 * 1024


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong now: `key` stays the same as long as it is the same thing, `words` say it to a person."""

    key: str
    words: str


@dataclass(frozen=True)
class Figures:
    """How a server is: `busyness` of the last five minutes, states by part and by provider; None where it is not known."""

    busyness: Busyness
    parts: Mapping[str, str] = field(default_factory=dict)
    providers: Mapping[str, str] = field(default_factory=dict)
    backup_age_s: float | None = None
    waiting_frac: float = 0.0
    free_bytes: int | None = None
    memory_frac: float | None = None
    descriptors_frac: float | None = None


def troubles(now: Figures) -> list[Trouble]:
    """All that is wrong, each under a key of its own."""
    return [*_errors(now.busyness), *_latency(now.busyness), *_availability(now), *_backups(now), *_capacity(now)]


def _errors(seen: Busyness) -> list[Trouble]:
    found = []
    if seen.failures >= FEWEST_FAILURES and seen.failures > MOST_FAILING_FRAC * seen.calls:
        found.append(Trouble("errors", f"{seen.failures} of {seen.calls} calls failed within five minutes"))
    if seen.mishaps >= MOST_MISHAPS:
        found.append(Trouble("page errors", f"pages failed {seen.mishaps} times within five minutes"))
    return found


def _latency(seen: Busyness) -> list[Trouble]:
    if seen.timed < FEWEST_CALLS or seen.p95_s <= SLOWEST_S:
        return []
    return [Trouble("latency", f"one call in twenty takes {seen.p95_s:.1f} s or longer")]


def _availability(now: Figures) -> list[Trouble]:
    parts = [Trouble(name, f"{name} {AMISS[state]}") for name, state in now.parts.items() if name in WATCHED and state in AMISS]  # fmt: skip
    asleep = [name for name, state in now.providers.items() if state == "open"]
    return [*parts, *(Trouble(f"provider {name}", f"{name} does not answer") for name in asleep)]


def _backups(now: Figures) -> list[Trouble]:
    if now.parts.get("backups") == "old":
        return [Trouble("backups", "backups are missing or older than a day and a half")]
    if now.backup_age_s is None or now.backup_age_s <= MOST_BACKUP_AGE_S:
        return []
    return [
        Trouble("backups", f"no backup was made for {now.backup_age_s / 3600:.0f} hours, though one is due each hour")
    ]


def _capacity(now: Figures) -> list[Trouble]:
    found = []
    if now.waiting_frac > MOST_WAITING_FRAC:
        found.append(Trouble("jobs", f"{now.waiting_frac:.0%} of the places for waiting jobs are taken"))
    if now.free_bytes is not None and now.free_bytes < LEAST_FREE_BYTES:
        found.append(Trouble("free disk", f"{now.free_bytes / MIB:,.0f} MB are free where things are kept"))
    if now.memory_frac is not None and now.memory_frac > MOST_MEMORY_FRAC:
        found.append(Trouble("memory", f"this server has {now.memory_frac:.0%} of the memory there is"))
    if now.descriptors_frac is not None and now.descriptors_frac > MOST_DESCRIPTORS_FRAC:
        found.append(Trouble("descriptors", f"{now.descriptors_frac:.0%} of its descriptors are open"))
    return found
