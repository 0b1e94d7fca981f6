"""Whether a server stays as it is under mixed load: `python -m tests.soak_load [--minutes 60] [--visitors 30]`. PERF-08.

Visitors open every page, change figures, upload files, leave politely or not at all; programs create, read, change,
list and delete, project and begin jobs; Prometheus scrapes. Meanwhile the world outside is slow, says 503, or is gone
and comes back. Memory, descriptors, threads and disk are read from outside the server, at rest before and after, and
memory all the while: after a warm-up it may not grow. `--minutes 10` is for CI. All of it ends in bounded time.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from websockets.exceptions import WebSocketException

from tests.browser.dashboard import serve
from tests.browser.world import World
from tests.fetchers import weather_samples
from tests.visitors import Visitor, visiting

MINUTES, VISITORS, PROGRAMS = 60.0, 30, 2
WARM_UP_FRAC, LEAST_WARM_UP_S = 0.25, 120.0
SAMPLE_S = 2.0
SESSIONS_LAST_S = 20  # after their connection; as it ships 300, which a soak of ten minutes could not wait for
REST_S = 60.0  # until sessions, idle threads and kept connections have gone
PAGES = (
    "",
    "money",
    "dispatch",
    "risk",
    "sizing",
    "configuration",
    "equipment",
    "market",
    "compare",
    "method",
    "status",
)
MOST_MB_PER_HOUR, MOST_DESCRIPTORS, MOST_THREADS, MOST_DISK_MB = 5.0, 5, 2, 50.0
LONG_ENOUGH_H = 0.33  # below, what the allocator keeps for a while is more than the slope is told by
MOST_RISE_MB = 10.0  # of the last third above the second, where it is shorter
MB = 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """A server from outside: resident memory [MB], descriptors, threads, and its folder on the disk [MB]."""

    at_s: float
    memory_mb: float
    descriptors: int
    threads: int
    disk_mb: float

    def __str__(self) -> str:
        return f"{self.memory_mb:7.1f} MB  {self.descriptors:4} descriptors  {self.threads:4} threads  {self.disk_mb:6.2f} MB on disk"


@dataclass
class Load:
    """What is done to a server until `over` is set, and how often."""

    address: str
    world: World
    over: threading.Event = field(default_factory=threading.Event)
    done: Counter[str] = field(default_factory=Counter)

    def pause(self, seconds: float) -> bool:
        return self.over.wait(seconds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak_load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--visitors", type=int, default=VISITORS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, World() as world:
        home = Path(folder) / "home"
        settings = {**world.env, "SOLAR_MINING_RATE_LIMIT": "1000000"}
        settings["STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL"] = str(SESSIONS_LAST_S)
        with serve(home, "local", settings) as address:
            held = soak(address, world, home, 60.0 * asked.minutes, asked.visitors)
    return 0 if held else 1


def soak(address: str, world: World, home: Path, seconds: float, visitors: int) -> bool:
    """Whether the server is after the load as it was before."""
    pid = server_of(address)
    warm_up_s = max(min(LEAST_WARM_UP_S, seconds / 2), WARM_UP_FRAC * seconds)
    with loaded(address, world, visitors) as load:
        follow(pid, home, warm_up_s)
    print(f"warm-up, {warm_up_s / 60:.0f} min: {told(load.done)}", flush=True)
    time.sleep(REST_S)
    before = read(pid, home)
    with loaded(address, world, visitors) as load:
        past = follow(pid, home, seconds - warm_up_s)
    print(f"load, {(seconds - warm_up_s) / 60:.0f} min: {told(load.done)}", flush=True)
    time.sleep(REST_S)
    after = read(pid, home)
    assert httpx.get(f"{address}/api/v1/health/ready", timeout=30).status_code == 200
    print(
        f"at rest before  {before}\nat rest after   {after}\npeak of memory  {max(one.memory_mb for one in past):7.1f} MB"
    )
    return judged(before, after, past)


def judged(before: Reading, after: Reading, past: list[Reading]) -> bool:
    hours = (past[-1].at_s - past[0].at_s) / 3600.0
    slope = slope_per_hour(past)
    third = len(past) // 3
    rise = statistics.median(o.memory_mb for o in past[-third:]) - statistics.median(o.memory_mb for o in past[third : 2 * third])  # fmt: skip
    rows = [
        ("descriptors at rest", after.descriptors - before.descriptors, MOST_DESCRIPTORS, ""),
        ("threads at rest", after.threads - before.threads, MOST_THREADS, ""),
        ("disk", after.disk_mb - before.disk_mb, MOST_DISK_MB, " MB"),
    ]
    judges_slope = hours >= LONG_ENOUGH_H
    rows += [("memory under load", slope, MOST_MB_PER_HOUR, " MB/h")] if judges_slope else [("memory, last third over second", rise, MOST_RISE_MB, " MB")]  # fmt: skip
    if not judges_slope:
        print(f"slope {slope:+.1f} MB/h over {60 * hours:.0f} min: too short to be judged, see the rise")
    for name, grew, most, unit in rows:
        print(f"{name:32} {grew:+8.2f}{unit}   at most +{most:g}{unit}: {'held' if grew <= most else 'MISSED'}")
    return all(grew <= most for _, grew, most, _ in rows)


def slope_per_hour(past: list[Reading]) -> float:
    """Of the memory that is there whatever is done: least squares through the least of each half minute [MB/h]."""
    least: dict[int, Reading] = {}
    for one in past:
        span = int(one.at_s // 30)
        if span not in least or one.memory_mb < least[span].memory_mb:
            least[span] = one
    times, sizes = [one.at_s / 3600.0 for one in least.values()], [one.memory_mb for one in least.values()]
    return statistics.linear_regression(times, sizes).slope if len(times) > 2 else 0.0


# The server from outside


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


def read(pid: int, home: Path) -> Reading:
    facts = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    disk = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Reading(
        time.monotonic(), int(facts["VmRSS"].split()[0]) / 1024, descriptors, int(facts["Threads"]), disk / MB
    )


def follow(pid: int, home: Path, seconds: float) -> list[Reading]:
    """Readings all the while."""
    past, end = [], time.monotonic() + seconds
    shown_s = 0.0
    while time.monotonic() < end:
        past.append(read(pid, home))
        if past[-1].at_s > shown_s + 300.0:
            shown_s = past[-1].at_s
            print(f"                {past[-1]}", flush=True)
        time.sleep(SAMPLE_S)
    return past


# The load


@contextmanager
def loaded(address: str, world: World, visitors: int) -> Iterator[Load]:
    """All of it at once, until the block is left."""
    load = Load(address, world)
    doings = (
        [(visits, n) for n in range(visitors)] + [(calls, n) for n in range(PROGRAMS)] + [(weathers, 0), (scrapes, 0)]
    )
    crowd = [threading.Thread(target=doing, args=(load, random.Random(n)), daemon=True) for doing, n in doings]
    for one in crowd:
        one.start()
    try:
        yield load
    finally:
        load.over.set()
        for one in crowd:
            one.join(120)
        world.up()
        world.slow(0.0)


def told(done: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(done.items()))


def visits(load: Load, dice: random.Random) -> None:
    """One visitor after the other in one place: some pages, some changes, an upload now and then."""
    load.pause(dice.uniform(0, 20))
    while not load.over.is_set():
        try:
            with visiting(load.address) as visitor:
                visitor.keeps_bytes = False
                load.done["sessions"] += 1
                _visit(load, visitor, dice)
        except (OSError, WebSocketException, TimeoutError, AssertionError, httpx.HTTPError) as error:
            load.done[f"sessions that ended with {type(error).__name__}"] += 1
        load.pause(dice.uniform(1, 10))


def _visit(load: Load, visitor: Visitor, dice: random.Random) -> None:
    for _ in range(dice.randint(2, 8)):
        page = dice.choice(PAGES)
        visitor.states.clear()
        visitor.open(page)
        load.done["pages"] += 1
        if page == "" and "Machines" in visitor.widgets:
            visitor.choose("Machines", dice.randint(50, 300), page)
            load.done["changes"] += 1
        if page == "configuration" and dice.random() < 0.3:
            raw = weather_samples.text(weather_samples.epw())
            visitor.give_file(
                "Or upload a weather file", "mine.epw", raw if isinstance(raw, bytes) else raw.encode(), page
            )
            load.done["uploads"] += 1
        if load.pause(dice.uniform(2, 12)):
            return


def calls(load: Load, dice: random.Random) -> None:
    """One program on one connection."""
    with httpx.Client(base_url=f"{load.address}/api/v1", timeout=120) as client:
        while not load.over.is_set():
            try:
                _call(load, client, dice)
            except httpx.HTTPError as error:
                load.done[f"calls that ended with {type(error).__name__}"] += 1
            load.pause(dice.uniform(0.2, 2.0))


def _call(load: Load, client: httpx.Client, dice: random.Random) -> None:
    plan = {"name": "Plan", "array": {"dc_kw": dice.randint(500, 3000)}}
    made = client.post("/system-configs", json=plan)
    place, tag = f"/system-configs/{made.json()['id']}", made.headers["ETag"]
    client.get(place)
    client.put(place, json={**plan, "name": "Plan b"}, headers={"If-Match": tag})
    client.get("/system-configs")
    client.get("/market")
    load.done["calls"] += 6
    if dice.random() < 0.2:
        kept = client.post("/projections", json={"scenario": plan}).json()["id"]
        client.delete(f"/projections/{kept}")
        load.done["projections"] += 1
    if dice.random() < 0.05:
        client.post("/risk-analyses?wait=30", json={"scenario": plan, "paths": 500})
        load.done["jobs"] += 1
    client.delete(place)


def weathers(load: Load, dice: random.Random) -> None:
    """The world outside: well, slow, refusing, gone and back."""
    while not load.over.is_set():
        for change in (load.world.up, load.world.down, lambda: load.world.slow(2.0), lambda: load.world.slow(0.0)):
            change()
            load.done["turns of the world"] += 1
            if load.pause(dice.uniform(10, 30)):
                return


def scrapes(load: Load, dice: random.Random) -> None:
    while not load.pause(15.0):
        try:
            httpx.get(f"{load.address}/metrics", timeout=60).raise_for_status()
            load.done["scrapes"] += 1
        except httpx.HTTPError as error:
            load.done[f"scrapes that ended with {type(error).__name__}"] += 1


if __name__ == "__main__":
    raise SystemExit(main())
