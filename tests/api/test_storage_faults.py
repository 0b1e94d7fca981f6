"""Faults of the store as a caller of the API meets them: a lock of another program, and a row that was damaged."""

from __future__ import annotations

import contextlib
import time

import httpx

from core.store import database
from tests.api.serving import Served
from tests.api.test_health import locked


def test_a_lock_that_stays_is_refused_in_time_and_reading_goes_on(served: Served, client: httpx.Client) -> None:
    """DB-05."""
    made = client.post("/system-configs", json={}).json()
    with locked(served.home):
        began_s = time.monotonic()
        answer = client.post("/system-configs", json={})
        print(f"refused after {time.monotonic() - began_s:.2f} s (at most 5.5)")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        error = answer.json()["error"]
        assert (error["code"], error["details"]["value"]) == ("DATABASE_ERROR", "busy")
        assert client.get(f"/system-configs/{made['id']}").status_code == 200
    assert client.post("/system-configs", json={}).status_code == 201


def test_a_damaged_row_is_named_and_the_others_are_served(served: Served, client: httpx.Client) -> None:
    """DB-09."""
    bad, good = (client.post("/system-configs", json={}).json()["id"] for _ in range(2))
    with contextlib.closing(database.engine.connect(str(served.home / database.FILE_NAME))) as conn:
        conn.execute("UPDATE scenarios SET name = CAST(X'C3' AS TEXT) WHERE id = ?", [bad])
        conn.commit()
    answer = client.get(f"/system-configs/{bad}")
    assert answer.status_code == 503
    assert answer.json()["error"]["details"] == {"field": "id", "value": bad, "expected": "the bytes that were saved"}
    assert client.get(f"/system-configs/{good}").status_code == 200
    listed = client.get("/system-configs").json()["items"]
    assert {bad, good} <= {item["id"] for item in listed}
    assert client.delete(f"/system-configs/{bad}").status_code == 204
