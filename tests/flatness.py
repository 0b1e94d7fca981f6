"""A server from outside while nobody uses it, and whether it stays as it is from one such rest to the next."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy import stats

MOST_MB_PER_HOUR, MOST_DESCRIPTORS, MOST_THREADS, MOST_DISK_MB = 5.0, 5, 2, 50.0
MOST_RISE_MB, MOST_HEAP_MB = 40.0, 10.0  # holes in the heap alone make 20 of the first; a session holds some 15
LONG_ENOUGH_H = 0.5  # below, a slope says more of the allocator than of the server
SURE = 0.9
LEAST_REST_S, MOST_REST_S = 45.0, 300.0  # sessions, idle threads, kept connections and then free memory have to go
SETTLED_S, SETTLED_MB, SETTLED_FRAC = 20.0, 1.0, 0.1  # no longer falling, and no longer compiling
MB = 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """A server: resident memory [MB], descriptors, threads, its folder on the disk [MB], what it worked [s], and, where it
    was asked, what it has allocated and not freed [MB]."""

    at_s: float
    memory_mb: float
    descriptors: int
    threads: int
    disk_mb: float
    worked_s: float = 0.0
    heap_mb: float = 0.0

    def __str__(self) -> str:
        return f"{self.memory_mb:7.1f} MB  {self.heap_mb:6.1f} MB in use  {self.descriptors:4} descriptors  {self.threads:4} threads  {self.disk_mb:6.2f} MB on disk"


def read(pid: int, home: Path) -> Reading:
    facts = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    memory_mb = int(facts["VmRSS"].split()[0]) / 1024
    return Reading(time.monotonic(), memory_mb, descriptors, int(facts["Threads"]), _disk_mb(home), _worked_s(pid))


def _worked_s(pid: int) -> float:
    ticks = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _disk_mb(home: Path) -> float:
    total = 0
    for path in home.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # a log that was written into the database meanwhile
            continue
    return total / MB


def at_rest(pid: int, home: Path, pause: Callable[[float], object] = time.sleep) -> Reading:
    """A server nobody uses, once it works no more and its memory falls no more."""
    past = [read(pid, home)]
    while not _settled(past) and past[-1].at_s - past[0].at_s < MOST_REST_S:
        pause(1.0)
        past.append(read(pid, home))
    return past[-1]


def _settled(past: Sequence[Reading]) -> bool:
    last = past[-1]
    lately = next(one for one in past if one.at_s > last.at_s - SETTLED_S)
    return (
        last.at_s - past[0].at_s >= LEAST_REST_S
        and lately.memory_mb - last.memory_mb < SETTLED_MB
        and last.worked_s - lately.worked_s < SETTLED_FRAC * SETTLED_S
    )


def slope_per_hour(rests: Sequence[Reading]) -> tuple[float, float, float]:
    """How memory goes from rest to rest [MB/h], and between what it lies with nine in ten: Theil–Sen.

    The median of the slopes between all pairs: a rest or two with something left over do not move it.
    """
    hours, sizes = [one.at_s / 3600.0 for one in rests], [one.memory_mb for one in rests]
    told = stats.theilslopes(sizes, hours, SURE)
    return float(told.slope), float(told.low_slope), float(told.high_slope)


def rise(values: Sequence[float]) -> float:
    """How much more the last third of some values is than the first, by their medians."""
    third = max(1, len(values) // 3)
    return statistics.median(values[-third:]) - statistics.median(values[:third])


def judged(rests: Sequence[Reading]) -> bool:
    """Whether a server is as it was, each figure said; `rests` after its warm-up, three at least."""
    hours = (rests[-1].at_s - rests[0].at_s) / 3600.0
    slope, low, high = slope_per_hour(rests)
    rows = [
        ("memory", rise([one.memory_mb for one in rests]), MOST_RISE_MB, " MB"),
        ("in use", rise([one.heap_mb for one in rests]), MOST_HEAP_MB, " MB"),
        ("descriptors", rise([one.descriptors for one in rests]), MOST_DESCRIPTORS, ""),
        ("threads", rise([one.threads for one in rests]), MOST_THREADS, ""),
        ("disk", rise([one.disk_mb for one in rests]), MOST_DISK_MB, " MB"),
    ]
    if hours >= LONG_ENOUGH_H:  # what may as well be no slope at all is none
        rows.append(("memory, slope", slope if low > 0.0 else min(slope, 0.0), MOST_MB_PER_HOUR, " MB/h"))
    print(f"{len(rests)} rests in {60 * hours:.0f} min: memory {slope:+.1f} MB/h (90 %: {low:+.1f} to {high:+.1f})")
    for name, grew, most, unit in rows:
        print(f"{name:14} {grew:+8.2f}{unit:5} at most +{most:g}{unit}: {'held' if grew <= most else 'MISSED'}")
    return all(grew <= most for _, grew, most, _ in rows)


def server_of(address: str) -> int:
    """The process we started that serves an address."""
    port = address.rsplit(":", 1)[1]
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            if parent == os.getpid() and port.encode() in words:
                return int(folder.name)
    raise RuntimeError(f"nobody serves {address}")
