"""What the API holds while heavy jobs run, and what a cluster gives: `python -m tests.soak_api [latency] [runaway] [cluster] …`.

latency: calls through `streamlit run app.py` on keep-alive connections while four heavy jobs are asked for, each kind with
its goal. runaway: a job that never looks up, on the clock of every job. cluster: SITES sites × PATHS paths here and on a Dask cluster of two worker processes, one of which is killed in
the middle. `--sites N`, `--seconds N` make either shorter.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.browser.dashboard import serve

SITES, PATHS, SECONDS = 1000, 1000, 60.0
SITE = {"latitude": 36.1, "longitude": -79.95, "weather": "bundled:greensboro"}
PLAN = {"site": SITE}
SETTINGS = {"SOLAR_MINING_OFFLINE": "1", "SOLAR_MINING_RATE_LIMIT": "1000000"}
HEAVY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("risk-analyses", {"scenario": PLAN, "paths": 1_000_000}),
    ("risk-analyses", {"scenario": PLAN, "paths": 1_000_000, "seed": 9}),
    ("batches", {"scenario": PLAN, "sites": [SITE] * 1000, "compute": "risk", "paths": 10_000}),
    ("sizings", {"scenario": {**PLAN, "risk": {"paths": 10_000}}, "aim": {"kind": "tail_held"}}),
)


class Goal(NamedTuple):
    """Milliseconds, and of which percentile."""

    percent: int
    limit_ms: float
    goal_ms: float


GOALS = {
    "health": Goal(95, 150.0, 20.0),
    "cached read": Goal(50, 50.0, 5.0),
    "create": Goal(99, 100.0, 20.0),
    "read": Goal(99, 100.0, 20.0),
    "update": Goal(99, 100.0, 20.0),
    "list": Goal(99, 100.0, 20.0),
    "delete": Goal(99, 100.0, 20.0),
    "job": Goal(99, 500.0, 50.0),
    "take on": Goal(99, 500.0, 50.0),
    "projection": Goal(99, 30_000.0, 1000.0),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak_api", description=__doc__)
    parser.add_argument("what", nargs="*", default=["latency", "runaway", "cluster"], help="latency, runaway, cluster")
    parser.add_argument("--sites", type=int, default=SITES)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    asked = parser.parse_args()
    held = [latency(asked.seconds)] if "latency" in asked.what else []
    held += [runaway()] if "runaway" in asked.what else []
    held += [cluster(asked.sites)] if "cluster" in asked.what else []
    return 0 if all(held) else 1


# Latency


def latency(seconds: float) -> bool:
    """Whether every call keeps its limit, idle and under load."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "home", "local", SETTINGS) as address:
        base = f"{address}/api/v1"
        with httpx.Client(base_url=base, timeout=120) as client:
            warm(client)
            idle = calls(client, seconds / 4)
            with heavy(base) as running:
                loaded = calls(client, seconds)
                print(f"jobs that ran meanwhile: {running()}")
    held = [told("idle", name, took) for name, took in idle.items()]
    held += [told("four heavy jobs", name, took) for name, took in loaded.items()]
    return all(held)


def warm(client: httpx.Client) -> None:
    for route, asked in HEAVY:  # compiled, so that load is load and not compiling
        small = {**asked, **({"paths": 200} if "paths" in asked else {}), **({"sites": [SITE]} if "sites" in asked else {})}  # fmt: skip
        client.post(f"/{route}?wait=30", json=small)


@contextmanager
def heavy(base: str) -> Iterator[Callable[[], dict[str, int]]]:
    """Four heavy jobs are asked for, and asked for again as soon as one has ended, until the block is left."""
    leave = threading.Event()
    seen: dict[str, int] = {}

    def again(route: str, asked: dict[str, Any]) -> None:
        with httpx.Client(base_url=base, timeout=120) as client:
            while not leave.is_set():
                answer = client.post(f"/{route}", json=asked)
                if answer.status_code != 202:
                    time.sleep(0.5)
                    continue
                job_id, state = answer.json()["job_id"], "queued"
                while state in ("queued", "running") and not leave.is_set():
                    state = client.get(f"/jobs/{job_id}", params={"wait": 1}).json()["state"]
                seen[f"{route} {state}"] = seen.get(f"{route} {state}", 0) + 1
                client.delete(f"/jobs/{job_id}")

    crowd = [threading.Thread(target=again, args=one) for one in HEAVY]
    for one in crowd:
        one.start()
    time.sleep(3.0)
    try:
        yield lambda: dict(seen)
    finally:
        leave.set()
        for one in crowd:
            one.join()


def calls(client: httpx.Client, seconds: float) -> dict[str, list[float]]:
    """How long calls took [s], one after the other on one connection."""
    took: dict[str, list[float]] = {name: [] for name in GOALS}

    def timed(name: str, method: str, path: str, **how: Any) -> httpx.Response:
        began_s = time.perf_counter()
        answer = client.request(method, path, **how)
        took[name].append(time.perf_counter() - began_s)
        assert answer.status_code < 300, (name, answer.status_code, answer.text)
        return answer

    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        turn += 1
        timed("health", "GET", "/health/live")
        made = timed("create", "POST", "/system-configs", json={**PLAN, "name": f"Plan {turn}"})
        path, tag = f"/system-configs/{made.json()['id']}", made.headers["ETag"]
        timed("read", "GET", path)
        timed("cached read", "GET", path)
        timed("update", "PUT", path, json={**PLAN, "name": f"Plan {turn}b"}, headers={"If-Match": tag})
        timed("list", "GET", "/system-configs")
        timed("delete", "DELETE", path)
        if turn % 10 == 1:
            job = timed("take on", "POST", "/backtests", json={"starts": ["2020-03"]})
            timed("job", "GET", f"/jobs/{job.json()['job_id']}")
            client.delete(f"/jobs/{job.json()['job_id']}")
            timed("projection", "POST", "/projections", json={"scenario": PLAN})
    return took


def told(when: str, name: str, took: list[float]) -> bool:
    goal = GOALS[name]
    ms = sorted(1000.0 * value for value in took)
    p50, p95, p99 = (at(ms, percent) for percent in (50, 95, 99))
    judged = at(ms, goal.percent)
    verdict = "goal" if judged <= goal.goal_ms else "limit" if judged <= goal.limit_ms else "MISSED"
    print(
        f"{when:16} {name:12} n={len(ms):5}  p50 {p50:8.1f}  p95 {p95:8.1f}  p99 {p99:8.1f}  max {ms[-1]:8.1f} ms"
        f"   p{goal.percent} limit {goal.limit_ms:g}, goal {goal.goal_ms:g}: {verdict}"
    )
    return judged <= goal.limit_ms


def at(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


# A runaway


def runaway() -> bool:
    """Whether a job that never looks up loses its place after 30 s, and whoever asks meanwhile and after is served."""
    from core.jobs import Job, Pool, Terms

    pool, go_on, heard = Pool(workers=2), threading.Event(), list[Job]()
    told_s: list[float] = []

    def hears(job: Job) -> None:
        told_s.append(time.monotonic() - began_s)
        heard.append(job)

    began_s = time.monotonic()
    try:
        pool.submit("runaway", "one", lambda tick: go_on.wait(90.0), Terms(ended=hears))
        states = []
        while time.monotonic() - began_s < 34.0:
            other = pool.submit("short", "other", lambda tick: "ran")
            time.sleep(0.5)
            states.append(pool.get(other, "other").state)
    finally:
        go_on.set()
        pool.close()
    failed = sum(state != "done" for state in states)
    state, after_s = (heard[0].state, told_s[0]) if heard else ("none", 0.0)
    print(f"a runaway: {state} after {after_s:.2f} s (goal 30 ± 1); of {len(states)} other jobs {failed} failed")
    return state == "timeout" and abs(after_s - 30.0) <= 1.0 and not failed


# A cluster


def cluster(sites: int) -> bool:
    """Whether a cluster gives the same bits, though a worker is killed in the middle."""
    from distributed import LocalCluster

    from core.batch import Item, Row, Terms, chunks, rows_of
    from core.cluster import on_cluster
    from core.fetchers.bitcoin import bundled_market
    from core.fetchers.credits import credit_rules
    from core.fetchers.spots import Spot
    from core.fetchers.weather import nearest_bundled
    from core.scenario import Scenario
    from core.sections import Site

    plan = Scenario()
    places = [Site(latitude=-55.0 + 110.0 * n / sites, longitude=(n * 37) % 360 - 180.0) for n in range(sites)]
    items = [Item(n, plan.model_copy(update={"site": site}), nearest_bundled(Spot.of(site))) for n, site in enumerate(places)]  # fmt: skip
    terms = Terms(bundled_market(), credit_rules(), "risk", PATHS, 1)
    began_s = time.monotonic()
    here: dict[int, Row] = {row["n"]: row for group in chunks(items) for row in rows_of(group, terms)}
    here_s = time.monotonic() - began_s
    print(f"{sites} sites × {PATHS} paths here: {here_s:.0f} s, {1000 * here_s / sites:.0f} ms a site")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as made:
        empty = task_ms(made)
        there: dict[int, Row] = {}
        began_s = time.monotonic()
        killed = False
        for rows in on_cluster(made.scheduler_address, chunks(items), terms, lambda: None):
            there |= {row["n"]: row for row in rows}
            if not killed and len(there) > sites // 3:
                killed = True
                os.kill(next(iter(made.workers.values())).process.process.pid, signal.SIGKILL)
        there_s = time.monotonic() - began_s
    print(f"on two workers, one of them killed: {there_s:.0f} s, {1000 * there_s / sites:.0f} ms a site; an empty task {empty:.1f} ms")  # fmt: skip
    same = there == here
    print(f"the same bits: {same}")
    return same


def task_ms(made: Any, count: int = 500) -> float:
    """What a task that does nothing costs, from submitting to the answer, many on their way at once [ms]."""
    from distributed import Client

    with Client(made.scheduler_address, set_as_default=False) as client:
        client.gather(client.map(nothing, range(20), pure=False))
        took = []
        for _ in range(3):
            began_s = time.perf_counter()
            client.gather(client.map(nothing, range(count), pure=False))
            took.append(1000.0 * (time.perf_counter() - began_s) / count)
    return statistics.median(took)


def nothing(n: int) -> int:
    return n


if __name__ == "__main__":
    raise SystemExit(main())
