"""The server is killed, or asked to end, while it works: no job is lost, none has two results, nothing is left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.dashboard import OFFLINE, ROOT, free_port

UP_S, ENDS_S = 60.0, 30.0
SITE = {"latitude": 36.1, "longitude": -79.95, "weather": "bundled:greensboro"}
PLAN = {"site": SITE}
PLANS = 8
BATCH = {
    "scenario": PLAN,
    "sites": [SITE] * PLANS,
    "compute": "risk",
    "paths": 10_000,
}  # lasts long enough to be killed


class Server:
    """`streamlit run app.py` as a process of ours."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        env = {k: v for k, v in os.environ.items() if not k.startswith(("SOLAR_MINING_", "STREAMLIT_"))}
        env |= {**OFFLINE, "SOLAR_MINING_HOME": str(home), "SOLAR_MINING_RATE_LIMIT": "1000000"}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address", "127.0.0.1"]
        self.log = home.with_name(f"{home.name}.{self.port}.log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self.port)], cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT
            )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=60)

    def up(self) -> Server:
        end = time.monotonic() + UP_S
        while time.monotonic() < end and self.process.poll() is None:
            with suppress(httpx.TransportError):
                if self.client.get("/health/live").status_code == 200:
                    return self
            time.sleep(0.1)
        raise AssertionError(self.log.read_text(errors="replace")[-3000:])

    def family(self) -> list[int]:
        """The process and all that it began."""
        found = [self.process.pid]
        for parent in found:
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                with suppress(OSError):
                    found += [int(pid) for pid in task.read_text().split()]
        return found

    def close(self) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@contextmanager
def server(home: Path) -> Iterator[Server]:
    made = Server(home)
    try:
        yield made.up()
    finally:
        made.close()


def gone(pids: list[int], within_s: float) -> bool:
    """Whether all of these are no more, or wait to be buried."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def until(client: httpx.Client, job_id: str, states: set[str], within_s: float) -> dict[str, Any]:
    end = time.monotonic() + within_s
    told: dict[str, Any] = {}
    while time.monotonic() < end:
        told = client.get(f"/jobs/{job_id}").json()
        if told["state"] in states:
            return told
        time.sleep(0.1)
    raise AssertionError(f"still {told}")


def rows(client: httpx.Client, job_id: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in client.get(f"/jobs/{job_id}/rows").text.splitlines()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_after_a_kill_each_job_is_taken_up_once_and_nothing_is_left_running(tmp_path: Path) -> None:
    """PERF-05 and PERF-06 with SIGKILL, then PERF-05 again: what is killed twice has failed."""
    home = tmp_path / "home"
    with server(home) as first:
        batch = first.client.post("/batches", json=BATCH).json()["job_id"]
        waiting = first.client.post("/batches", json={"scenarios": [PLAN]}).json()["job_id"]
        with first.client.stream("GET", f"/jobs/{batch}/rows") as lines:
            next(lines.iter_lines())
        before = [row["n"] for row in rows_now(first.client, batch)]
        family = first.family()
        first.process.send_signal(signal.SIGKILL)
        assert gone(family, 5.0)
    with server(home) as second:
        began_s = time.monotonic()
        assert until(second.client, batch, {"running", "done"}, ENDS_S)["attempt"] <= 2
        again = until(second.client, batch, {"running", "done"}, ENDS_S)
        while again["attempt"] < 2 and time.monotonic() - began_s < ENDS_S:
            time.sleep(0.2)
            again = second.client.get(f"/jobs/{batch}").json()
        took_s = time.monotonic() - began_s
        assert again["attempt"] == 2
        print(f"taken up {took_s:.1f} s after the server was up again, with {len(before)} rows of the first attempt")
        done = until(second.client, batch, {"done"}, 120.0)
        found = rows(second.client, batch)
        assert sorted(row["n"] for row in found) == list(range(PLANS)), "each plan once"
        assert [row["n"] for row in found][: len(before)] == before, "none is worked out again"
        assert done["result"]["failed"] == 0
        assert until(second.client, waiting, {"done"}, 60.0)["attempt"] == 1
        longer = second.client.post("/batches", json={**BATCH, "paths": 60_000}).json()["job_id"]
        until(second.client, longer, {"running"}, 20.0)
        time.sleep(1.5)
        second.process.kill()
    with server(home) as third:
        while third.client.get(f"/jobs/{longer}").json()["attempt"] < 2:
            time.sleep(0.2)
        third.process.kill()
    with server(home) as fourth:
        failed = until(fourth.client, longer, {"failed"}, ENDS_S)
        assert failed["error"]["code"] == "INTERNAL_ERROR"
        assert failed["result"] is None


def rows_now(client: httpx.Client, job_id: str) -> list[dict[str, Any]]:
    """The rows that are there, without waiting for more."""
    found: list[dict[str, Any]] = []
    with client.stream("GET", f"/jobs/{job_id}/rows") as lines:
        reader = lines.iter_lines()
        found.append(json.loads(next(reader)))
    return found


def test_a_server_that_is_asked_to_end_answers_who_waits_and_leaves_its_job_to_the_next(tmp_path: Path) -> None:
    """API-13: a request that waits, two streams and a job, then SIGTERM."""
    home = tmp_path / "home"
    answers: dict[str, Any] = {}
    with server(home) as first:
        job_id = first.client.post("/batches", json=BATCH).json()["job_id"]
        until(first.client, job_id, {"running"}, 30.0)
        base = str(first.client.base_url)

        def waits() -> None:
            answers["wait"] = httpx.get(f"{base}jobs/{job_id}?wait=30", timeout=60)

        def streams(path: str) -> None:
            with httpx.stream("GET", base + path, timeout=60) as stream:
                answers[path] = stream.read()

        crowd = [threading.Thread(target=waits)]
        crowd += [threading.Thread(target=streams, args=(path,)) for path in ("events", f"jobs/{job_id}/rows")]
        for one in crowd:
            one.start()
        time.sleep(1.0)
        family = first.family()
        began_s = time.monotonic()
        first.process.terminate()
        first.process.wait(10.0)
        took_s = time.monotonic() - began_s
        for one in crowd:
            one.join(10.0)
        print(f"ended {took_s:.1f} s after SIGTERM")
        assert took_s <= 10.0
        assert gone(family, 5.0)
        assert answers["wait"].status_code == 200
        assert answers["wait"].json()["state"] in ("running", "queued")
        assert answers["events"].startswith(b"retry:")
        assert len(answers) == 3
    with server(home) as second:
        done = until(second.client, job_id, {"done"}, 120.0)
        assert done["attempt"] == 1
        assert sorted(row["n"] for row in rows(second.client, job_id)) == list(range(PLANS))
