"""What Prometheus reads: of a real server, parsed, with few series and nobody's name, to those who may alone."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.api.doors import AFAR, HERE, opened
from tests.api.serving import Served, error_in, sent
from tests.api.test_health import locked

KEY = "a-key-for-metrics-alone-0123456789"
ALWAYS = {
    "request_seconds", "page_seconds", "page_errors", "sessions", "job_seconds", "cache_lookups", "answers", "alert_notices",
    "build", "memory_bytes", "memory_limit_bytes", "descriptors", "descriptors_limit", "threads", "up_seconds",
    "processor_seconds", "component_ok", "callers", "jobs", "provider_state", "provider_last_answer_age_seconds",
    "provider_latency_seconds", "provider_calls", "provider_failures", "data_age_seconds",
}  # fmt: skip
STORED = {"store_bytes", "store_degraded", "store_set_aside", "sqlite_known_bad", "disk_free_bytes", "backups"}


def scraped(address: str, **headers: str) -> dict[str, Metric]:
    """All families by name, without what they all begin with."""
    answer = httpx.get(f"{address}/metrics", headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = list(text_string_to_metric_families(answer.text))
    assert all(family.name.startswith("solar_mining_") and family.documentation for family in families)
    return {family.name.removeprefix("solar_mining_"): family for family in families}


def value(families: dict[str, Metric], name: str, of: str = "", **labels: str) -> float:
    """One sample, 0 where there is none."""
    found = [
        sample.value
        for sample in families[name].samples
        if sample.name == f"solar_mining_{name}{of}" and labels.items() <= sample.labels.items()
    ]
    return sum(found)


def test_a_server_tells_all_of_it_and_counts_what_is_done(served: Served, client: httpx.Client) -> None:
    before = scraped(served.address)
    assert set(before) == ALWAYS | STORED | ({"backup_age_seconds"} & set(before))
    made = client.post("/system-configs", json={"name": "Mine"}).json()["id"]
    for _ in range(3):
        client.get(f"/system-configs/{made}")
    client.get("/system-configs/nowhere")
    after = scraped(served.address)
    one = {"route": "/system-configs/{id}", "method": "GET"}
    counted = [value(of, "request_seconds", "_count", status="200", **one) for of in (before, after)]
    assert counted[1] - counted[0] == 3
    assert value(after, "request_seconds", "_count", status="404", **one) >= 1
    assert value(after, "request_seconds", "_bucket", le="+Inf", status="200", **one) == counted[1]
    assert value(after, "memory_bytes") > 50e6
    assert value(after, "component_ok", component="database") == 1
    assert value(after, "provider_state", provider="Kraken", state="offline") == 1
    assert value(after, "store_bytes", file="database") > 0
    assert value(after, "disk_free_bytes") > 0
    assert value(after, "data_age_seconds", question="price") > 0
    assert value(after, "callers") >= 1


@pytest.mark.usefixtures("engines")
def test_jobs_are_told_by_kind_and_end(served: Served, client: httpx.Client) -> None:
    done = client.post("/backtests?wait=30", json={"starts": ["2020-03"]})
    assert done.status_code in (200, 201), done.text
    assert value(scraped(served.address), "job_seconds", "_count", kind="backtest", state="done") >= 1


def test_what_callers_send_makes_no_series_and_stands_in_none(served: Served, client: httpx.Client) -> None:
    canary = f"canary{secrets.token_hex(4)}"
    for n in range(40):
        client.get(f"/system-configs/{canary}{n}")
        client.get(f"/{canary}/{n}")
        client.get("/projections", params={"cursor": f"{canary}{n}"})
        client.request(f"{canary.upper()}{n}", "/system-configs")
    client.post("/system-configs", json={"name": canary})
    before = httpx.get(f"{served.address}/metrics", timeout=60).text
    for n in range(40, 80):
        client.get(f"/{canary}/{n}/{n}")
    after = httpx.get(f"{served.address}/metrics", timeout=60).text
    assert canary not in after.lower()
    assert len(after.splitlines()) == len(before.splitlines())
    print(f"{len(after.splitlines())} lines, {len(after) / 1000:.0f} kB")
    assert len(after.splitlines()) < 3000


def test_its_line_in_the_log_has_an_id_and_its_errors_the_one_form(served: Served, log: Path) -> None:
    answer = httpx.get(f"{served.address}/metrics", headers={"X-Request-ID": "scrape-1"}, timeout=60)
    assert answer.headers["x-request-id"] == "scrape-1"
    deadline, ids = time.monotonic() + 20.0, set[str]()
    while "scrape-1" not in ids and time.monotonic() < deadline:  # its line comes after its answer
        lines = [line for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
        ids = {str(json.loads(line).get("request_id")) for line in lines}
    assert "scrape-1" in ids
    refused = httpx.post(f"{served.address}/metrics", json={}, timeout=60)
    assert refused.status_code == 405
    error_in(refused.json(), "METHOD_NOT_ALLOWED")


def test_a_page_of_another_name_gets_nothing(served: Served) -> None:
    answer = sent(served, b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert answer.status == 421


def test_a_locked_database_keeps_no_figure_back(served: Served, client: httpx.Client) -> None:
    with locked(served.home):
        assert client.post("/system-configs", json={}).status_code == 503
        began_s = time.perf_counter()
        told = scraped(served.address)
        print(f"scraped in {1000 * (time.perf_counter() - began_s):.0f} ms while the database was locked")
        assert value(told, "component_ok", component="database") == 0
        assert value(told, "store_bytes", file="database") > 0
        assert set(told) >= ALWAYS


# Who may


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    return tmp_path_factory.mktemp("metrics")


def test_on_a_server_an_admin_reads_it_and_nobody_else(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(homes / "server", monkeypatch) as door:
        keys = {role: door.key(role, role) for role in ("viewer", "planner", "admin")}
        told = {role: door.client(AFAR, key).get("/metrics").status_code for role, key in keys.items()}
        assert told == {"viewer": 403, "planner": 403, "admin": 200}
        assert door.client(HERE).get("/metrics").status_code == 401
        assert door.client(AFAR).get("/metrics").status_code == 401
        bearer = door.client(AFAR).get("/metrics", headers={"Authorization": f"Bearer {KEY}"})
        assert bearer.status_code == 401, "no such key is set"


def test_the_planner_at_this_computer_reads_it_and_a_visitor_does_not(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(homes / "local", monkeypatch, "local") as door:
        assert door.client(HERE).get("/metrics").status_code == 200
        assert door.client(AFAR).get("/metrics").status_code in (403, 421)
        assert door.client(HERE).get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403


@pytest.mark.parametrize("mode", ["server", "public"])
def test_the_key_for_it_opens_it_and_nothing_else(mode: str, homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(homes / f"key {mode}", monkeypatch, mode, METRICS_KEY=KEY) as door:
        caller = door.client(AFAR)
        for headers in ({"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}):
            assert caller.get("/metrics", headers=headers).status_code == 200
            assert caller.get("/api/v1/audit", headers=headers).status_code in (401, 403)
        for wrong in (f"Bearer {KEY[:-1]}", "Bearer ", f"Basic {KEY}", "Bearer é"):
            refused = caller.get("/metrics", headers={"Authorization": wrong.encode()})
            assert refused.status_code == 401, wrong
            error_in(refused.json(), "UNAUTHORIZED")
        assert caller.get("/metrics").status_code in (401, 403)


def test_wrong_keys_for_it_are_counted_by_where_they_come_from(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(homes / "wrong", monkeypatch, METRICS_KEY=KEY) as door:
        caller = door.client(AFAR)
        told = [caller.get("/metrics", headers={"Authorization": f"Bearer wrong {n}"}).status_code for n in range(25)]
        assert (told[0], told[-1]) == (401, 429)
        assert caller.get("/metrics", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


def test_a_public_server_tells_no_visitor(public: Served) -> None:
    assert httpx.get(f"{public.address}/metrics").status_code == 403
    assert list(public.home.iterdir()) == []
