"""What asking the world costs once it has answered, and what keeping a projection does: figures beside their goals."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "fetchers"))  # as pytest does for the tests beside these

import hostile
from ladder import PRICE, access

from core.fetchers.ask import ask
from core.fetchers.bitcoin import bundled_market
from core.fetchers.cache import Cache, Kept
from core.fetchers.spots import Spot
from core.fetchers.weather import bundled, typical
from core.fetchers.weather_bytes import pack, unpack
from core.fetchers.world import World
from core.scenario import Scenario
from core.store import projections
from core.store.database import open_database
from core.studies.projection import project

RUNS = 300
CROWD = 20
SPOT = Spot(36.1, -79.95)


def milliseconds(work: Callable[[], Any]) -> float:
    """The best of RUNS: there is no peer to compare with, and what else a machine does is no cost of ours."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return 1e3 * min(times)


def say(what: str, value: float, goal: float, unit: str) -> None:
    verdict = "met" if value <= goal else "MISSED"
    print(f"{what:78s} {value:9.3f}  goal {goal:8.3f}  {verdict:6s}  {unit}")


def calls_of_a_crowd(world: World, server: hostile.Server) -> int:
    """Calls that CROWD threads make when they ask at once what has expired."""
    server.on("/price", hostile.after(0.1, hostile.json_reply({"usd": 101_000})))
    before, start = server.hits("/price"), threading.Barrier(CROWD)

    def one(_: int) -> str:
        start.wait()
        return ask(replace(PRICE, soft_s=0.05), "BTC-USD", world).status

    time.sleep(0.1)
    with ThreadPoolExecutor(CROWD) as pool:
        list(pool.map(one, range(CROWD)))
    return server.hits("/price") - before


def main() -> None:
    with hostile.Server() as server, tempfile.TemporaryDirectory() as folder:
        server.on("/price", hostile.json_reply({"usd": 100_000}))
        world = World(Path(folder) / "world", access(server, server))
        ask(PRICE, "BTC-USD", world)
        say("cached ask", milliseconds(lambda: ask(PRICE, "BTC-USD", world)), 1, "ms")
        say(f"calls made when {CROWD} threads ask an expired key", calls_of_a_crowd(world, server), 1, "calls")
        year, cache, now = bundled("greensboro"), Cache(Path(folder) / "years"), datetime.now(UTC)

        def there_and_back() -> None:
            cache.put("year", Kept(pack(year), "bench", now, now))
            kept = cache.get("year")
            assert kept is not None
            unpack(kept.body)

        say("weather year cached and read back", milliseconds(there_and_back), 5, "ms")
        question = typical(SPOT)
        world.cache.put(question.key(SPOT), Kept(pack(year), "bench", now, now))
        say("cached ask for a weather year", milliseconds(lambda: ask(question, SPOT, world)), 5, "ms")
        cache.close()
        world.cache.close()
        keep_and_open(Path(folder))


def keep_and_open(folder: Path) -> None:
    """A projection with its hours, to the disk and back."""
    db = open_database(folder)
    answer = project(Scenario(), bundled("greensboro"), bundled_market())
    say("projection saved", milliseconds(lambda: projections.save(db, "bench", answer)), 100, "ms")
    saved = projections.listed(db, "bench")[0].id
    say("projection loaded", milliseconds(lambda: projections.load(db, "bench", saved)), 100, "ms")
    db.close()


if __name__ == "__main__":
    main()
