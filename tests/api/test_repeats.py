"""`Idempotency-Key`: the same request twice, at once, and another under the same key (API-08)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from core.errors import CalculationError, ValidationError
from core.store import idempotency
from core.store.database import Database, in_memory
from core.store.idempotency import Answer, Ask
from core.store.rows import stamp
from tests.api.serving import PREFIX, Served, error_in

AT_ONCE, TIMES = 8, 25


def named(client: httpx.Client, name: str) -> int:
    return len(client.get("/system-configs", params={"name": name, "limit": 100}).json()["items"])


def test_sent_again_it_is_answered_again_and_done_once(client: httpx.Client) -> None:
    name, key = f"again {uuid4()}", {"Idempotency-Key": str(uuid4())}
    first = client.post("/system-configs", json={"name": name}, headers=key)
    again = client.post("/system-configs", json={"name": name}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"]
    assert first.headers["etag"] == again.headers["etag"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert named(client, name) == 1


def test_another_request_under_the_key_is_refused(client: httpx.Client) -> None:
    name, key = f"other {uuid4()}", {"Idempotency-Key": str(uuid4())}
    client.post("/system-configs", json={"name": name}, headers=key)
    for path, body in (("/system-configs", {"name": name + "!"}), ("/equipment", {"name": name})):
        answer = client.post(path, json=body, headers=key)
        assert answer.status_code == 422
        if path == "/system-configs":
            assert error_in(answer.json(), "VALIDATION_ERROR")["details"]["field"] == "Idempotency-Key"
    assert named(client, name) == 1


def test_of_many_at_once_one_is_done(served: Served, client: httpx.Client) -> None:
    """Eight at once, twenty-five times: one row each, and all are answered alike."""

    def post(name: str) -> httpx.Response:
        headers = {"Idempotency-Key": f"key-{name.replace(' ', '-')}"}
        return httpx.post(f"{served.address}{PREFIX}/system-configs", json={"name": name}, headers=headers, timeout=30)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(TIMES):
            name = f"at once {uuid4()}"
            answers = list(pool.map(post, [name] * AT_ONCE))
            assert {answer.status_code for answer in answers} == {201}
            assert len({answer.content for answer in answers}) == 1
            assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
            assert named(client, name) == 1


def test_a_projection_sent_twice_at_once_is_kept_once(served: Served, client: httpx.Client) -> None:
    name = f"twice {uuid4()}"

    def post(key: str) -> httpx.Response:
        body = {"scenario": {}, "name": name}
        return httpx.post(
            f"{served.address}{PREFIX}/projections", json=body, headers={"Idempotency-Key": key}, timeout=60
        )

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(post, [str(uuid4())] * 3))
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].status_code == 201
    assert len(client.get("/projections", params={"name": name}).json()["items"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "é"])
def test_a_key_of_another_form_is_refused(key: str, client: httpx.Client) -> None:
    answer = client.post("/system-configs", json={}, headers=[(b"Idempotency-Key", key.encode())])
    assert answer.status_code == 422
    assert error_in(answer.json(), "VALIDATION_ERROR")["details"]["field"] == "Idempotency-Key"


def test_what_was_refused_may_be_put_right_under_the_same_key(client: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    assert client.post("/system-configs", json={"name": ""}, headers=key).status_code == 422
    assert client.post("/system-configs", json={"name": "right"}, headers=key).status_code == 201


# --- the table ------------------------------------------------------------------------------------

ASK = Ask("anna", "key", "fingerprint")


@pytest.fixture
def db() -> Database:
    return in_memory()


def test_the_key_of_one_owner_says_nothing_to_another(db: Database) -> None:
    idempotency.once(db, ASK, lambda: Answer(201, b"anna's"))
    answer, replayed = idempotency.once(db, Ask("bert", "key", "other"), lambda: Answer(201, b"bert's"))
    assert (answer.body, replayed) == (b"bert's", False)
    kept = idempotency.kept(db, ASK)
    assert kept is not None
    assert kept.body == b"anna's"


def test_what_fails_leaves_no_answer(db: Database) -> None:
    def fails() -> Answer:
        raise CalculationError("not finite")

    with pytest.raises(CalculationError):
        idempotency.once(db, ASK, fails)
    assert idempotency.kept(db, ASK) is None


def test_after_a_day_the_key_is_new(db: Database) -> None:
    idempotency.once(db, ASK, lambda: Answer(201, b"old"))
    with pytest.raises(ValidationError):
        idempotency.kept(db, Ask("anna", "key", "other"))
    with db.write() as tables:
        tables.execute("UPDATE idempotency SET created_at = ?", [stamp(datetime.now(UTC) - timedelta(hours=25))])
    assert idempotency.kept(db, ASK) is None
    answer, replayed = idempotency.once(db, Ask("anna", "key", "other"), lambda: Answer(200, b"new", {"a": "b"}))
    assert (answer, replayed) == (Answer(200, b"new", {"a": "b"}), False)
    with db.read() as tables:
        assert tables.table("idempotency").count == 1, "what is old is forgotten"
