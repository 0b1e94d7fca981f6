"""Whose calculations and webhooks are, what is kept of them, and what a visitor may ask."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from core import outside, work
from core.api.jobs_shown import BY_CODE
from core.errors import ValidationError
from core.jobs import pool
from core.requests import BacktestAsked
from core.work import Kind
from tests.api.doors import AFAR, Door, opened
from tests.api.serving import CODES, error_in

pytestmark = pytest.mark.usefixtures("engines")
GREENSBORO = {"site": {"latitude": 36.1, "longitude": -79.95, "weather": "bundled:greensboro"}}


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    with opened(tmp_path / "home", monkeypatch) as found:
        yield found


def test_a_job_that_failed_is_told_in_the_same_words_to_whom_waited_and_to_who_asks_later(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(asked: Any, ground: Any) -> Any:
        raise ValidationError("starts: expected a month we know", field="starts", value="2009-01", expected="a month")

    monkeypatch.setitem(work.KINDS, "backtest", Kind(BacktestAsked, refused, lambda asked: ()))
    ann = door.client(key=door.key("ann", "planner"))
    error = error_in(ann.post("/api/v1/backtests?wait=30", json={}).json(), "VALIDATION_ERROR")
    job = ann.get("/api/v1/jobs").json()["items"][0]["id"]
    told = ann.get(f"/api/v1/jobs/{job}").json()["error"]
    assert {name: error[name] for name in told} == told


def test_every_code_of_a_job_that_failed_has_an_error_that_needs_no_more_than_is_kept() -> None:
    for code in CODES:
        assert set(BY_CODE[code]("it failed").details) == {"field", "value", "expected"}, code


def test_a_job_of_another_looks_like_none(door: Door) -> None:
    ann, bob = (door.client(key=door.key(owner, "planner")) for owner in ("ann", "bob"))
    job_id = ann.post("/api/v1/backtests?wait=30", json={"starts": ["2020-03"]}).json()["id"]
    assert ann.get(f"/api/v1/jobs/{job_id}").status_code == 200
    missing = "0" * 32
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/rows"), ("GET", "/paths")):
        foreign, none = (bob.request(method, f"/api/v1/jobs/{one}{path}") for one in (job_id, missing))
        assert foreign.status_code == none.status_code == 404
        told = [{**answer.json()["error"], "timestamp": "", "request_id": ""} for answer in (foreign, none)]
        told[0]["details"]["value"] = told[1]["details"]["value"] = ""
        assert told[0] == told[1]
    assert bob.get("/api/v1/jobs").json()["items"] == []


def test_a_viewer_calculates_and_follows_but_begins_no_batch_and_no_webhook(door: Door) -> None:
    viewer = door.client(key=door.key("vera", "viewer"))
    job_id = viewer.post("/api/v1/backtests", json={"starts": ["2020-03"]}).json()["job_id"]
    assert viewer.get(f"/api/v1/jobs/{job_id}?wait=20").json()["state"] == "done"
    assert viewer.post("/api/v1/batches", json={"scenarios": [{}]}).status_code == 403
    assert viewer.post("/api/v1/webhooks", json={"url": "https://example.com/"}).status_code == 403
    assert door.client().post("/api/v1/backtests", json={}).status_code == 401


def test_a_visitor_is_answered_at_once_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "home", monkeypatch, "public") as door:
        visitor = door.client()
        told = visitor.post("/api/v1/backtests", json={"starts": ["2020-03"]})
        assert (told.status_code, told.json().get("state")) == (200, "done"), told.text
        assert visitor.get(f"/api/v1/jobs/{told.json()['id']}").status_code == 404
        monkeypatch.setattr("core.api.visitors.WAIT_S", 0.01)
        late = visitor.post("/api/v1/sizings", json={"scenario": GREENSBORO})
        assert late.status_code == 504
        error_in(late.json(), "TIMEOUT")
        with outside.database().read() as tables:
            assert [tables.table(name).count for name in ("jobs", "job_parts")] == [0, 0], (
                "nothing of a visitor is kept"
            )


@pytest.mark.parametrize("failing", [False, True])
def test_nothing_of_a_visitor_from_another_machine_is_ever_written_down(
    failing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mode local: what the database holds is looked at while the work is done, and after."""

    def looks(asked: Any, ground: Any) -> Any:
        with outside.database().read() as tables:
            held.extend(tables.table(name).count for name in ("jobs", "job_parts"))
        if failing:
            raise ValidationError("no", field="starts")
        return {"seed": asked.seed}, None

    held: list[int] = []
    monkeypatch.setitem(work.KINDS, "backtest", Kind(BacktestAsked, looks, lambda asked: ()))
    with opened(tmp_path / "home", monkeypatch, "local") as door:
        told = door.client(AFAR).post("/api/v1/backtests", json={"seed": 3})
        looks(BacktestAsked(), None) if not failing else held.append(0)
        assert told.status_code == (422 if failing else 200), told.text
        assert failing or (told.json()["state"], told.json()["result"]) == ("done", {"seed": 3})
        assert set(held) == {0}
        assert pool().counts() == {"running": 0, "queued": 0}


def test_webhooks_are_an_owners_and_their_secret_is_shown_once(door: Door) -> None:
    ann, bob = (door.client(key=door.key(owner, "planner")) for owner in ("ann", "bob"))
    made = ann.post("/api/v1/webhooks", json={"url": "https://example.com/hook", "events": ["job.ended"]})
    assert made.status_code == 201
    assert len(made.json()["secret"]) == 64
    listed = ann.get("/api/v1/webhooks")
    assert [one["id"] for one in listed.json()["items"]] == [made.json()["id"]]
    assert made.json()["secret"] not in listed.text
    assert made.json()["secret"].encode() not in b"".join(path.read_bytes() for path in door.home.rglob("app.db*"))
    assert bob.get("/api/v1/webhooks").json()["items"] == []
    assert bob.delete(f"/api/v1/webhooks/{made.json()['id']}").status_code == 404
    assert ann.delete(f"/api/v1/webhooks/{made.json()['id']}").status_code == 204
    error_in(ann.post("/api/v1/webhooks", json={"url": "http://127.0.0.1/"}).json(), "VALIDATION_ERROR")


def test_a_webhook_asked_for_again_is_one_and_its_secret_is_told_again_and_kept_nowhere(door: Door) -> None:
    ann, key = door.client(key=door.key("ann", "planner")), {"Idempotency-Key": "one-hook"}
    first, again = (ann.post("/api/v1/webhooks", json={"url": "https://example.com/hook"}, headers=key) for _ in "ab")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert len(ann.get("/api/v1/webhooks").json()["items"]) == 1
    with outside.database().read() as tables:
        kept = b"".join(zlib.decompress(row["body"]) for row in tables.query("SELECT body FROM idempotency"))
    assert first.json()["id"].encode() in kept
    assert first.json()["secret"].encode() not in kept
