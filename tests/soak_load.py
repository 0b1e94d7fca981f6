"""Whether a server stays as it is under mixed load: `python -m tests.soak_load [--minutes 60] [--visitors 30]`. PERF-08.

Visitors open every page, change figures, upload files, leave politely or not at all; programs create, read, change,
list and delete, project and begin jobs; Prometheus scrapes. Meanwhile the world outside is slow, says 503, or is gone
and comes back. After a warm-up load and rest take turns; in each rest memory, descriptors, threads and disk are read
from outside the server, and from rest to rest they may not grow. `--leak` lets the server leak on purpose, to see that
it is found. All of it ends in bounded time.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from websockets.exceptions import WebSocketException

from tests.browser.dashboard import ROOT, serve
from tests.browser.world import World
from tests.fetchers import weather_samples
from tests.flatness import MB, Reading, at_rest, judged, read, server_of
from tests.visitors import Visitor, visiting

MINUTES, VISITORS, PROGRAMS = 60.0, 30, 2
WARM_UP_FRAC, LEAST_WARM_UP_S = 0.25, 180.0
ROUNDS, LEAST_LOAD_S, MOST_LOAD_S = 12, 45.0, 240.0
LEAST_RESTS = 4
SAMPLE_S, ASKED = 2.0, 15
SESSIONS_LAST_S = 5  # after their connection; as it ships 300, which a rest would have to wait for
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
    parser.add_argument("--leak", choices=("memory", "descriptors", "threads"), help="some of it with each session")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whoever is asked to end ends the server too
    with tempfile.TemporaryDirectory() as folder, World() as world:
        home = Path(folder) / "home"
        settings = {**world.env, "SOLAR_MINING_RATE_LIMIT": "1000000"}
        settings |= {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(SESSIONS_LAST_S), "PYTHONPATH": str(ROOT)}
        if asked.leak:
            settings["SOAK_LEAK"] = asked.leak
        with serve(home, "local", settings, script=ROOT / "tests/soaked.py") as address:
            held = soak(Server(address, server_of(address), home, world), 60.0 * asked.minutes, asked.visitors)
    return 0 if held else 1


@dataclass(frozen=True)
class Server:
    """What is soaked, and the world it asks."""

    address: str
    pid: int
    home: Path
    world: World


def soak(server: Server, seconds: float, visitors: int) -> bool:
    """Whether the server is after each round of load as it was before."""
    end_s = time.monotonic() + seconds
    warm_up_s = max(min(LEAST_WARM_UP_S, seconds / 2), WARM_UP_FRAC * seconds)
    load_s = min(max((seconds - warm_up_s) / ROUNDS - 60.0, LEAST_LOAD_S), MOST_LOAD_S)
    rests = [round_of(server, warm_up_s, visitors, "warm-up")]
    while len(rests) < LEAST_RESTS or time.monotonic() + load_s < end_s:
        rests.append(round_of(server, load_s, visitors, f"round {len(rests)}"))
    return all([ready(server.address), judged(rests)])


def heap_mb(address: str) -> float:
    """What a server has allocated and not freed."""
    return float(httpx.get(f"{address}/heap", timeout=120).raise_for_status().json()) / MB


def ready(address: str) -> bool:
    """Whether a server says it is; asked more than once, as on a busy machine a look at one part may be late."""
    told = ""
    for _ in range(ASKED):
        answer = httpx.get(f"{address}/api/v1/health/ready", timeout=60)
        if answer.status_code == 200:
            return True
        told = answer.text
        time.sleep(SAMPLE_S)
    print(f"not ready: {told}")
    return False


def round_of(server: Server, seconds: float, visitors: int, name: str) -> Reading:
    """Some load and the rest after it."""
    peak_mb, end_s = 0.0, time.monotonic() + seconds
    with loaded(server.address, server.world, visitors) as load:
        while time.monotonic() < end_s:
            peak_mb = max(peak_mb, read(server.pid, server.home).memory_mb)
            time.sleep(SAMPLE_S)
    rest = replace(at_rest(server.pid, server.home), heap_mb=heap_mb(server.address))
    print(f"{name:9} {rest}  ({peak_mb:.1f} MB under load: {told(load.done)})", flush=True)
    assert load.done["pages"], "nobody saw a page: such a rest says nothing"
    return rest


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
            except httpx.HTTPStatusError as error:
                load.done[f"calls answered {error.response.status_code}"] += 1
            except httpx.HTTPError as error:
                load.done[f"calls that ended with {type(error).__name__}"] += 1
            load.pause(dice.uniform(0.2, 2.0))


def _call(load: Load, client: httpx.Client, dice: random.Random) -> None:
    plan = {"name": "Plan", "array": {"dc_kw": dice.randint(500, 3000)}}
    made = client.post("/system-configs", json=plan).raise_for_status()
    place = f"/system-configs/{made.json()['id']}"
    try:
        _use(load, client, dice, plan, place, made.headers["ETag"])
    finally:
        client.delete(place)


def _use(load: Load, client: httpx.Client, dice: random.Random, plan: dict[str, object], place: str, tag: str) -> None:
    client.get(place)
    client.put(place, json={**plan, "name": "Plan b"}, headers={"If-Match": tag})
    client.get("/system-configs")
    client.get("/market")
    load.done["calls"] += 6
    if dice.random() < 0.2:
        kept = client.post("/projections", json={"scenario": plan}).raise_for_status()
        client.delete(f"/projections/{kept.json()['id']}")
        load.done["projections"] += 1
    if dice.random() < 0.05:
        client.post("/risk-analyses?wait=30", json={"scenario": plan, "paths": 500})
        load.done["jobs"] += 1


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
