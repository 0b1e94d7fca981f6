"""Health, whatever fails: at once, and without a word too many (API-12)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from core import health, outside
from core.errors import DatabaseError
from core.health import OLDEST_BACKUP_S, Calendar, Patience, Probe, verdict
from core.scenario import Scenario
from core.store import backups, damage, scenarios
from core.traffic import Busyness
from core.troubles import Figures, troubles
from core.vitals import Vitals
from tests.api.doors import opened
from tests.api.serving import Served

STATES = {
    "ok",
    "busy",
    "full",
    "failing",
    "offline",
    "in memory",
    "old",
    "none",
    "changed",
    "jumped",
    "damaged",
    "moved aside",
    "known bad",
}
PARTS = {"database", "disk", "store", "secret", "memory", "calculations", "sources", "backups", "clock"}
LOCK = """
import sys
from core.store.database import engine
conn = engine.connect(sys.argv[1], isolation_level=None)
conn.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


def looked(client: httpx.Client, path: str, times: int = 20) -> tuple[list[httpx.Response], float]:
    """Answers, and the time in which half of them came [s]."""
    answers, took_s = [], []
    for _ in range(times):
        began_s = time.perf_counter()
        answers.append(client.get(path))
        took_s.append(time.perf_counter() - began_s)
    return answers, sorted(took_s)[times // 2]


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Another process holds the write lock of the database."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", LOCK, str(home / "app.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            holder.communicate()


def test_a_sound_server_is_ready_at_once(client: httpx.Client) -> None:
    for path in ("/health/live", "/health/ready"):
        answers, half_s = looked(client, path)
        assert {answer.status_code for answer in answers} == {200}
        assert half_s < 2.0  # it does not wait for anybody


def test_nothing_is_told_but_names_and_states(client: httpx.Client) -> None:
    told = client.get("/health/ready").json()
    assert set(told) == {"status", "components"}
    assert set(told["components"]) == PARTS
    assert set(told["components"].values()) <= STATES
    assert not re.search(r"\d|/", json.dumps(told)), "no versions and no paths"


def test_with_the_database_locked_it_lives_and_is_not_ready_until_it_is_free(
    served: Served, client: httpx.Client
) -> None:
    client.post("/system-configs", json={})
    with locked(served.home):
        time.sleep(0.1)
        answers, half_s = looked(client, "/health/ready")
        assert answers[-1].status_code == 503
        assert answers[-1].json()["components"]["database"] == "busy"
        assert answers[-1].json()["status"] == "unavailable"
        assert half_s < 2.0
        live, live_s = looked(client, "/health/live")
        assert {answer.status_code for answer in live} == {200}
        assert live_s < 2.0
        began_s = time.perf_counter()
        refused = client.post("/system-configs", json={})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["error"]["code"] == "DATABASE_ERROR"
        print(f"refused after {time.perf_counter() - began_s:.1f} s")
    deadline = time.monotonic() + 5
    while client.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert client.post("/system-configs", json={}).status_code == 201


def test_a_part_that_hangs_or_fails_holds_nobody_up() -> None:
    hangs = time.monotonic() + 4.0

    def slow() -> str:
        time.sleep(max(0.0, hangs - time.monotonic()))
        return "ok"

    def broken() -> str:
        raise RuntimeError("/home/planner/app.db")

    probe = Probe({"slow": slow, "broken": broken, "sound": lambda: "full"})  # type: ignore[dict-item]
    assert probe.look() == {"slow": "busy", "broken": "failing", "sound": "full"}
    assert probe.look()["slow"] == "busy"
    assert time.monotonic() < hangs
    time.sleep(max(0.0, hangs - time.monotonic()) + 0.2)
    assert probe.look()["slow"] == "ok"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_no_key_is_needed(path: str, public: Served) -> None:
    assert httpx.get(f"{public.address}/api/v1{path}", timeout=60.0).status_code == 200  # the first one makes the API


# Each part, wherever it is wrong


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server's folder, in this process."""
    with opened(tmp_path / "home", monkeypatch, "local"):
        outside.database()
        outside.secret()
        yield tmp_path / "home"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({}, "ok"),
        ({"sources": "offline", "backups": "none", "database": "in memory"}, "ok"),
        ({"sources": "failing"}, "degraded"),
        ({"backups": "old"}, "degraded"),
        ({"store": "moved aside"}, "degraded"),
        ({"clock": "jumped", "memory": "full"}, "degraded"),
        ({"database": "busy"}, "unavailable"),
        ({"disk": "full"}, "unavailable"),
        ({"secret": "changed", "sources": "failing"}, "unavailable"),
    ],
)
def test_without_what_is_needed_it_is_unavailable_and_else_degraded(wrong: dict[str, str], expected: str) -> None:
    assert verdict({**dict.fromkeys(PARTS, "ok"), **wrong}) == expected  # type: ignore[arg-type]


def test_a_secret_that_was_changed_or_taken_away_is_told(home: Path) -> None:
    assert health._secret() == "ok"
    (home / "secret").write_text("x" * 64)
    assert health._secret() == "changed"
    (home / "secret").unlink()
    assert health._secret() == "changed"
    assert not (home / "secret").exists(), "who looks makes no other one"


def test_a_secret_that_a_start_had_to_make_anew_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, monkeypatch, "local"):
        outside.audit().note("local", "key created", "a key")
        assert health._secret() == "ok"
    (tmp_path / "secret").unlink()
    with opened(tmp_path, monkeypatch, "local"):
        outside.audit().note("local", "key created", "another")
        assert health._secret() == "changed"


def test_a_disk_without_room_is_full(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert health._disk() == "ok"
    monkeypatch.setattr(health, "free_bytes", lambda folder: health.LEAST_FREE_BYTES - 1)
    assert health._disk() == "full"
    monkeypatch.setattr(health, "free_bytes", lambda folder: None)
    assert health._disk() == "failing"


def test_backups_are_old_after_a_day_and_a_half_and_need_not_be_before(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = Vitals(None, None, None, None, 1, 0.0, OLDEST_BACKUP_S - 1)
    monkeypatch.setattr(health, "vitals", lambda: up)
    assert health._backups() == "none"
    monkeypatch.setattr(health, "vitals", lambda: replace(up, up_s=OLDEST_BACKUP_S))
    assert health._backups() == "old"
    backups.make(outside.database(), home)
    assert health._backups() == "ok"
    file = next((home / "backups").iterdir())
    file.rename(file.with_name(file.name.replace(file.name[:8], "20200101", 1)))
    assert health._backups() == "old"


def test_a_backup_is_overdue_by_the_time_that_this_process_ran_without_a_newer_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_s = [0.0]
    waits = Patience(lambda: count_s[0])
    monkeypatch.setattr(health, "patience", lambda: waits)
    assert health.backup_overdue_s() == 0.0
    count_s[0] = 4 * 3600.0
    assert health.backup_overdue_s() == 4 * 3600.0, "none was ever made"
    backups.make(outside.database(), home, now=datetime.now(UTC) - timedelta(hours=9))
    assert health.backup_overdue_s() == 0.0, "one from before the start, or a computer that slept: it has its time"
    count_s[0] += 3600.0
    assert health.backup_overdue_s() == 3600.0
    backups.make(outside.database(), home)
    count_s[0] += 50 * 3600.0
    assert 0.0 <= health.backup_overdue_s() <= 60.0, "it is no older than its date says"
    monkeypatch.setenv("SOLAR_MINING_MODE", "public")
    assert health.backup_overdue_s() is None


def test_a_row_that_a_backup_finds_damaged_is_told_until_one_finds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with opened(home, monkeypatch, "local"):
        row = scenarios.save(outside.database(), "local", Scenario())
        with outside.database().write() as tables:
            tables.execute("UPDATE scenarios SET name = 'changed'")
        with pytest.raises(DatabaseError):
            backups.make(outside.database(), home)
        assert health._store() == "damaged"
    with opened(home, monkeypatch, "local"):
        assert health._store() == "damaged", "a restart does not forget it"
        found = health.store_condition()
        assert found is not None
        assert found.damage is not None
        assert row.id in damage.words(found.damage)
        (told,) = troubles(Figures(Busyness(0, 0, 0, 0, 0.0), {"store": health._store()}))
        assert told.words.startswith("store does not hold all that was saved")
        scenarios.delete(outside.database(), "local", row.id)
        assert health._store() == "damaged", "until it was looked at whole"
        backups.make(outside.database(), home)
        assert health._store() == "ok"


def test_memory_that_is_nearly_used_up_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    for used, state in ((89, "ok"), (91, "full"), (None, "ok")):
        monkeypatch.setattr(health, "vitals", lambda used=used: Vitals(used, 100, None, None, 1, 0.0, 0.0))
        assert health._memory() == state


def test_a_database_that_was_moved_aside_is_told_until_its_file_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "app.db").write_bytes(b"no database" * 1000)
    with opened(home, monkeypatch, "local"):
        assert health._store() == "moved aside"
        for file in home.glob("app.db.corrupt.*"):
            file.unlink()
        assert health._store() == "ok"


def test_a_calendar_that_is_set_is_told_for_an_hour() -> None:
    now, count = [1_800_000_000.0], [100.0]
    calendar = Calendar(lambda: now[0], lambda: count[0])

    def passed(seconds: float, jump_s: float = 0.0) -> str:
        count[0] += seconds
        now[0] += seconds + jump_s
        return calendar.look()

    assert [passed(15), passed(15, 30.0), passed(86_400)] == ["ok", "ok", "ok"], "it may drift"
    assert [passed(15, -7200.0), passed(15), passed(3500)] == ["jumped", "jumped", "jumped"]
    assert passed(200) == "ok"
    assert passed(15, 86_400.0) == "jumped"
