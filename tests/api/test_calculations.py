"""Calculations over the API: taken on as jobs, answered at once where waiting suffices, followed, cancelled, read row by row."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import core
from core import outside
from core.fetchers.credits import credit_rules
from core.fetchers.market import market
from core.fetchers.weather import weather_for
from core.scenario import Scenario
from core.studies.bridge import bridge
from core.studies.differences import Plan
from tests.api.serving import error_in

pytestmark = pytest.mark.usefixtures("engines")
GREENSBORO = {"site": {"latitude": 36.1, "longitude": -79.95, "weather": "bundled:greensboro"}}
LONG = {"scenario": GREENSBORO, "sites": [GREENSBORO["site"]] * 1000, "compute": "risk", "paths": 2000}


def done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert told["state"] == "done"
    return told


def ended(client: httpx.Client, job_id: str, within_s: float = 60.0) -> dict[str, Any]:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        told: dict[str, Any] = client.get(f"/jobs/{job_id}", params={"wait": 5}).json()
        if told["state"] not in ("queued", "running"):
            return told
    raise AssertionError(f"still {told}")


def test_a_risk_analysis_has_the_figures_of_the_library(client: httpx.Client) -> None:
    told = done(client.post("/risk-analyses?wait=30", json={"scenario": GREENSBORO, "paths": 1000, "seed": 5}))
    plan = Scenario.model_validate(GREENSBORO)
    lives = core.simulate(plan, paths=1000, seed=5)
    result = told["result"]
    assert (result["paths"], result["seed"], result["scenario_digest"]) == (1000, 5, result["scenario_digest"])
    assert {name: result["metrics"][name] for name in lives.metrics} == lives.metrics
    assert result["errors"] == lives.errors
    assert set(result["fans"]) == {"price_usd", "difficulty", "mined_btc", "cash_usd"}
    fan = result["fans"]["cash_usd"][-1]
    assert fan["p5"] <= fan["p50"] <= fan["p95"]
    assert "paths" not in [key for key, value in result.items() if isinstance(value, list)]


def test_it_is_taken_on_at_once_and_followed(client: httpx.Client) -> None:
    began_s = time.monotonic()
    answer = client.post("/risk-analyses", json={"scenario": GREENSBORO, "paths": 500})
    print(f"taken on after {time.monotonic() - began_s:.3f} s")
    assert answer.status_code == 202
    job_id = answer.json()["job_id"]
    assert answer.headers["Location"] == f"/api/v1/jobs/{job_id}"
    told = ended(client, job_id)
    assert (told["state"], told["share"], told["kind"], told["error"]) == ("done", 1.0, "risk-analysis", None)
    assert told["began_at"] <= told["ended_at"]
    assert job_id in [job["id"] for job in client.get("/jobs", params={"kind": "risk-analysis"}).json()["items"]]


@pytest.mark.parametrize(
    ("route", "asked", "names"),
    [
        ("sensitivities", {"scenario": GREENSBORO}, {"tornado", "sobol", "stress", "surface", "base_usd"}),
        ("sizings", {"scenario": GREENSBORO, "constraints": {"budget_usd": 900000.0}}, {"best", "frontier", "metrics"}),
        (
            "sizings",
            {"scenario": {**GREENSBORO, "risk": {"paths": 500}}, "aim": {"kind": "tail_weighed", "weight": 0.5}, "deadline_s": 120.0},
            {"best", "chosen", "fresh"},
        ),
        ("backtests", {"starts": ["2020-03", "2021-11"]}, {"starts", "coverage"}),
        (
            "comparisons",
            {"first": {"scenario": GREENSBORO}, "second": {"scenario": {**GREENSBORO, "array": {"dc_kw": 500.0}}}, "paths": 500},
            {"metrics", "errors", "orders", "alternatives"},
        ),
    ],
)  # fmt: skip
def test_every_kind_answers(route: str, asked: dict[str, Any], names: set[str], client: httpx.Client) -> None:
    answer = client.post(f"/{route}?wait=30", json=asked)
    told = answer.json() if answer.status_code == 200 else ended(client, answer.json()["job_id"])
    assert told["state"] == "done", told
    assert names <= set(told["result"])


def test_sizes_keep_to_what_was_asked(client: httpx.Client) -> None:
    asked = {"scenario": GREENSBORO, "constraints": {"budget_usd": 900000.0}, "variables": {"within": {"array.dc_kw": [0.0, 400.0]}}}  # fmt: skip
    found = done(client.post("/sizings?wait=30", json=asked))["result"]
    assert found["best"]["array"]["dc_kw"] <= 400.0
    assert found["designs"][0]["capex_usd"] <= 900000.0
    assert found["judged"] >= len(found["designs"])


def test_a_comparison_explains_itself_driver_by_driver_as_the_page_does(client: httpx.Client) -> None:
    other = {
        **GREENSBORO,
        "array": {"dc_kw": 1400.0},
        "fleet": {**Scenario().fleet.model_dump(mode="json"), "pue": 1.2},
    }
    asked = {"first": {"scenario": GREENSBORO}, "second": {"scenario": other}, "paths": 200, "by_driver": True}
    told = done(client.post("/comparisons?wait=30", json=asked))["result"]["by_driver"]
    plans = [Scenario.model_validate(plan) for plan in (GREENSBORO, other)]
    kept = [core.project(plan) for plan in plans]
    assert told["start_usd"] == pytest.approx(kept[0].metrics["npv_usd"], rel=1e-12)
    assert told["end_usd"] == pytest.approx(kept[1].metrics["npv_usd"], rel=1e-12)
    assert [bar["driver"] for bar in told["bars"]] == ["Array", "Machines"]
    assert told["start_usd"] + sum(bar["usd"] for bar in told["bars"]) == pytest.approx(told["end_usd"], abs=1e-6)
    world = outside.outside()
    first, second = (Plan(plan, weather_for(plan.site, world), market(world)) for plan in plans)
    page = bridge(first, second, credit_rules())
    assert [bar["usd"] for bar in told["bars"]] == pytest.approx([bar.usd for bar in page.bars], abs=1e-6)
    without = done(client.post("/comparisons?wait=30", json={**asked, "by_driver": False}))["result"]
    assert without["by_driver"] is None


def test_a_saved_configuration_may_be_named(client: httpx.Client) -> None:
    config = client.post("/system-configs", json={**GREENSBORO, "name": "Kept"}).json()["id"]
    told = done(client.post("/risk-analyses?wait=30", json={"system_config_id": config, "paths": 200}))
    assert told["result"]["scenario_digest"] == client.get(f"/system-configs/{config}").json()["digest"]
    missing = client.post("/risk-analyses", json={"system_config_id": "0" * 32})
    assert missing.status_code == 404
    error_in(missing.json(), "NOT_FOUND")


def test_a_batch_tells_its_rows_as_they_come_and_one_bad_plan_stops_no_other(client: httpx.Client) -> None:
    plans = [{**GREENSBORO, "array": {"dc_kw": 100.0 * n}} for n in range(6)]
    plans[3] = {"site": {**GREENSBORO["site"], "weather": f"file:{'0' * 16}"}}
    answer = client.post("/batches", json={"scenarios": plans})
    job_id = answer.json()["job_id"]
    with client.stream("GET", answer.json()["links"]["rows"].removeprefix("/api/v1")) as lines:
        assert lines.headers["content-type"].startswith("application/x-ndjson")
        rows = [json.loads(line) for line in lines.iter_lines() if line]
    assert sorted(row["n"] for row in rows) == list(range(6))
    assert [row["n"] for row in rows if "error" in row] == [3]
    by_n = {row["n"]: row for row in rows}
    assert by_n[5]["metrics"] == core.project(Scenario.model_validate(plans[5])).metrics
    result = ended(client, job_id)["result"]
    assert (result["items"], result["failed"]) == (6, 1)
    later = client.get(f"/jobs/{job_id}/rows", params={"skip": 4}).text.strip().split("\n")
    assert [json.loads(line) for line in later] == rows[4:]


def test_sites_of_one_plan_are_tried(client: httpx.Client) -> None:
    sites = [{"latitude": 30.0 + n, "longitude": -100.0} for n in range(3)]
    answer = client.post("/batches?wait=30", json={"scenario": {}, "sites": sites, "compute": "risk", "paths": 200})
    rows = client.get(done(answer)["links"]["rows"].removeprefix("/api/v1")).text.strip().split("\n")
    told = [json.loads(row) for row in rows]
    assert [row["site"]["latitude"] for row in sorted(told, key=lambda row: row["n"])] == [30.0, 31.0, 32.0]
    assert all(row["paths"] == 200 and "npv_p50_usd" in row["errors"] for row in told)


def test_a_cancelled_batch_stops_soon_and_keeps_what_it_had(client: httpx.Client) -> None:
    job_id = client.post("/batches", json=LONG).json()["job_id"]
    with client.stream("GET", f"/jobs/{job_id}/rows") as lines:
        rows = lines.iter_lines()
        first = next(row for row in rows if row)
        began_s = time.monotonic()
        assert client.delete(f"/jobs/{job_id}").json()["state"] == "cancelled"
        assert len(list(rows)) < 100
    print(f"stopped after {time.monotonic() - began_s:.3f} s")
    assert json.loads(first)["n"] >= 0
    told = client.get(f"/jobs/{job_id}").json()
    assert (told["state"], told["result"]) == ("cancelled", None)
    assert client.get(f"/jobs/{job_id}/rows").text.startswith(first)
    assert client.delete(f"/jobs/{job_id}").json()["state"] == "cancelled"


def test_every_path_is_told_as_a_table_where_it_was_asked_for(client: httpx.Client) -> None:
    told = done(client.post("/risk-analyses?wait=30", json={"scenario": GREENSBORO, "paths": 300, "keep_paths": True}))
    answer = client.get(told["links"]["paths"].removeprefix("/api/v1"))
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 300
    mean = sum(float(row["npv_usd"]) for row in rows) / 300
    assert mean == pytest.approx(told["result"]["metrics"]["npv_mean_usd"], rel=1e-9)
    without = done(client.post("/risk-analyses?wait=30", json={"scenario": GREENSBORO, "paths": 300}))
    assert client.get(without["links"]["paths"].removeprefix("/api/v1")).status_code == 404


def test_sent_again_with_its_key_it_is_one_job(client: httpx.Client) -> None:
    asked = {"scenario": GREENSBORO, "paths": 200}
    with ThreadPoolExecutor(8) as crowd:
        answers = list(
            crowd.map(
                lambda _: client.post("/risk-analyses", json=asked, headers={"Idempotency-Key": "once-only"}), range(8)
            )
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    other = client.post("/risk-analyses", json={**asked, "paths": 201}, headers={"Idempotency-Key": "once-only"})
    assert other.status_code == 422


TOO_MUCH = [
    ("risk-analyses", {"scenario": {}, "paths": 1_000_000_000}),
    ("risk-analyses", {"scenario": {"finance": {"horizon_years": 200}}}),
    ("risk-analyses", {"scenario": {"finance": {"horizon_years": 40}}, "paths": 1_000_000}),
    ("risk-analyses", {"scenario": {}, "paths": 100_000, "keep_paths": True}),
    ("risk-analyses", {"scenario": {}, "paths": 0}),
    ("risk-analyses", {"scenario": {}, "paths": True}),
    ("risk-analyses", {"scenario": {}, "seed": -1}),
    ("risk-analyses", {"scenario": {}, "deadline_s": 1e9}),
    ("risk-analyses", {}),
    ("risk-analyses", {"scenario": {}, "system_config_id": "0" * 32}),
    ("risk-analyses", {"scenario": {}, "surplus": 1}),
    ("comparisons", {"first": {"scenario": {}}, "second": {"scenario": {"finance": {"horizon_years": 40}}}, "paths": 500_000}),
    ("sizings", {"scenario": {}, "objective": "fame"}),
    ("sizings", {"scenario": {}, "constraints": {"budget_usd": -1.0}}),
    ("sizings", {"scenario": {}, "variables": {"within": {"array.colour": [0.0, 1.0]}}}),
    ("sizings", {"scenario": {}, "variables": {"units": [{"model": "Antminer S21", "count": 1}] * 21}}),
    ("sizings", {"scenario": {}, "aim": {"level": 1.0}}),
    ("backtests", {"starts": ["2020-13"]}),
    ("backtests", {"starts": ["2020-01"] * 241}),
    ("batches", {"scenario": {}, "sites": [{"latitude": 1.0, "longitude": 1.0}] * 1001}),
    ("batches", {"scenario": {}, "sites": [{"latitude": 1.0, "longitude": 1.0}] * 1000, "compute": "risk", "paths": 100_000}),
    ("batches", {"scenario": {"finance": {"horizon_years": 40}}, "sites": [{"latitude": 1.0, "longitude": 1.0}] * 1000, "compute": "risk", "paths": 10_000}),
    ("batches", {"scenarios": []}),
    ("batches", {"scenarios": [{}], "sites": [{"latitude": 1.0, "longitude": 1.0}]}),
]  # fmt: skip


def test_more_than_may_be_asked_is_refused_before_anything_is_made(client: httpx.Client) -> None:
    """PERF-02: 422 within 50 ms in the middle, and the server does not grow."""
    pid = server_pid(client)
    for route, asked in TOO_MUCH:  # once before measuring: what is imported lazily is
        error_in(client.post(f"/{route}", json=asked).json(), "VALIDATION_ERROR")
    before = resident_mb(pid)
    took = []
    for route, asked in TOO_MUCH:
        body = json.dumps(asked).encode()
        times: list[float] = []
        while len(times) < 3 or (min(times) >= 0.05 and len(times) < 20):  # the machine may have others to serve
            began_s = time.perf_counter()
            answer = client.post(f"/{route}", content=body, headers={"Content-Type": "application/json"})
            times.append(time.perf_counter() - began_s)
            assert answer.status_code == 422, (route, answer.text)
        took.append((min(times), route))
    grown = resident_mb(pid) - before
    print(f"refused within {1000 * max(took)[0]:.1f} ms, memory {grown:+.1f} MB")
    assert grown <= 20.0  # what is asked for would be hundreds


def server_pid(client: httpx.Client) -> int:
    """The process that listens where the client calls, as /proc has it."""
    port = client.base_url.port
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    for process in Path("/proc").glob("[0-9]*"):
        try:
            links = {link.readlink().name for link in (process / "fd").iterdir()}
        except OSError:
            continue
        if links & {f"socket:[{inode}]" for inode in inodes}:
            return int(process.name)
    raise AssertionError("nobody listens")


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(status.split("VmRSS:")[1].split()[0]) / 1024


def test_the_others_are_answered_while_one_waits(client: httpx.Client) -> None:
    """A long wait is no more than a pause of its own: a hundred of them leave the server free."""
    job_id = client.post("/batches", json=LONG).json()["job_id"]
    limits = httpx.Limits(max_connections=120)
    try:
        with (
            httpx.Client(base_url=client.base_url, timeout=60, limits=limits) as many,
            ThreadPoolExecutor(100) as crowd,
        ):
            waiting = [crowd.submit(many.get, f"/jobs/{job_id}", params={"wait": 4}) for _ in range(100)]
            time.sleep(1.5)
            took = []
            for _ in range(20):
                began_s = time.perf_counter()
                assert client.get("/health/live").status_code == 200
                took.append(time.perf_counter() - began_s)
            assert {answer.result().status_code for answer in waiting} == {200}
    finally:
        client.delete(f"/jobs/{job_id}")
    print(f"health beside 100 who wait: {1000 * max(took):.0f} ms at most")
    assert sorted(took)[10] < 2.0  # they wait four seconds


def test_events_of_ones_own_jobs_are_heard(client: httpx.Client) -> None:
    with client.stream("GET", "/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert next(lines).startswith("retry:")
        job_id = client.post("/risk-analyses", json={"scenario": GREENSBORO, "paths": 200}).json()["job_id"]
        heard: list[str] = []
        deadline = threading.Timer(30, stream.close)
        deadline.start()
        for line in lines:
            heard.append(line)
            if job_id in line:
                break
        deadline.cancel()
    assert json.loads(heard[-1].removeprefix("data: ")) == {"id": job_id, "kind": "risk-analysis", "state": "done"}
    event_id = int(next(line for line in reversed(heard) if line.startswith("id: ")).removeprefix("id: "))
    with client.stream("GET", "/events", headers={"Last-Event-ID": str(event_id - 1)}) as again:
        lines = again.iter_lines()
        assert f"id: {event_id}" in [next(lines) for _ in range(4)]
