"""How often one caller may call (API-10), and what is counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import httpx
import pytest

from core.api.limits import Limiter
from core.api.usage import Counts
from core.errors import DatabaseError
from core.store import usage
from core.store.database import in_memory
from core.store.rows import stamp
from core.store.usage import Used
from tests.api.serving import PREFIX, Served, error_in
from tests.browser.dashboard import OFFLINE, serve

MOST, THREADS, CALLS = 60, 50, 200


def test_exactly_as_many_pass_as_may_whatever_the_threads() -> None:
    limiter = Limiter(MOST)
    ready = threading.Barrier(THREADS)

    def call(number: int) -> int:
        ready.wait()
        return sum(limiter.take("one").may for _ in range(4))

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(call, range(THREADS))) == MOST
    other = limiter.take("other")
    assert (other.may, other.left) == (True, MOST - 1)


def test_calls_are_counted_over_any_minute_and_not_by_the_wall_clock() -> None:
    now = [1000.0]
    limiter = Limiter(3, lambda: now[0])
    assert [limiter.take("one").may for _ in range(4)] == [True, True, True, False]
    now[0] += 59.9
    left = limiter.take("one")
    assert (left.may, left.left) == (False, 0)
    assert left.after_s == pytest.approx(0.1)
    now[0] += 0.1
    assert [limiter.take("one").may for _ in range(4)] == [True, True, True, False]


def test_names_that_called_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.api.limits.MANY", 10)
    now = [0.0]
    limiter = Limiter(3, lambda: now[0])
    for name in range(10):
        limiter.take(str(name))
    now[0] += 61
    limiter.take("new")
    assert list(limiter._calls) == ["new"]


def test_a_flood_of_new_names_is_not_looked_through_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.api.limits.MANY", 10)
    now, looked = [0.0], 0
    limiter = Limiter(3, lambda: now[0])
    for name in range(50):
        before = limiter._calls
        limiter.take(str(name))
        looked += limiter._calls is not before
    assert looked == 1
    now[0] += 61
    limiter.take("new")
    assert list(limiter._calls) == ["new"]


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that lets sixty calls a minute pass."""
    home = tmp_path_factory.mktemp("slow") / "home"
    with serve(home, "local", {**OFFLINE, "SOLAR_MINING_RATE_LIMIT": str(MOST)}) as address:
        yield Served(address, home)


def test_a_server_lets_sixty_pass_and_tells_the_others_when_to_come_again(slow: Served) -> None:
    with httpx.Client(base_url=slow.address + PREFIX, timeout=30) as client:
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(lambda _: client.get("/system-configs"), range(CALLS)))
        passed = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert (len(passed), len(refused)) == (MOST, CALLS - MOST)
        assert sorted(int(answer.headers["ratelimit-remaining"]) for answer in passed)[0] == 0
        for answer in refused:
            error_in(answer.json(), "RATE_LIMITED")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
            assert answer.headers["ratelimit-limit"] == str(MOST)
            assert answer.headers["ratelimit-remaining"] == "0"
            assert 0 <= int(answer.headers["ratelimit-reset"]) <= 60
        assert client.get("/health/live").status_code == 200, "whoever watches is never refused"
        assert client.post("/projections", json={"scenario": {}}).status_code == 429, "and nothing is worked out"


def test_days_add_up_by_owner_and_key() -> None:
    db, day, then = in_memory(), date(2026, 5, 1), date(2026, 5, 2)
    usage.add(db, [Used(day, "anna", "k1", 3, 1), Used(day, "anna", "", 1, 0), Used(then, "bert", "k2", 5, 0)])
    usage.add(db, [Used(day, "anna", "k1", 2, 0)])
    told = {(one.day, one.owner, one.key_id): (one.calls, one.refused) for one in usage.listed(db, day, then)}
    assert told == {(then, "bert", "k2"): (5, 0), (day, "anna", "k1"): (5, 1), (day, "anna", ""): (1, 0)}
    assert [one.day for one in usage.listed(db, day, then)] == [then, day, day]
    assert {one.owner for one in usage.listed(db, day, day)} == {"anna"}


def test_every_row_is_on_one_page_though_calls_come_meanwhile() -> None:
    db, days = in_memory(), [date(2026, 5, n) for n in (1, 2, 3)]
    rows = [Used(day, f"owner {n}", "", n, 0) for day in days for n in range(7)]
    usage.add(db, rows)
    found, after = [], None
    while new := usage.listed(db, days[0], days[-1], 4, after):
        found += new
        after = (stamp(new[-1].created_at), new[-1].id)
        usage.add(db, [Used(new[-1].day, new[-1].owner, "", 1000, 0), Used(days[0], new[0].owner, "", 500, 0)])
    assert sorted((one.day, one.owner) for one in found) == sorted((one.day, one.owner) for one in rows)
    assert len(usage.listed(db, days[0], days[-1], 100, (stamp(), "of another list"))) == len(rows)


def test_what_cannot_be_written_stays_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.api.identity import Caller

    db, counts = in_memory(), Counts()
    counts.count(Caller("anna", "planner", "k1"), refused=False)
    counts.count(Caller("visitor 5f3a", "viewer"), refused=True)

    def fails() -> None:
        raise DatabaseError("the disk is full", field="database", value="full")

    monkeypatch.setattr("core.api.usage.database", fails)
    counts.write()
    monkeypatch.setattr("core.api.usage.database", lambda: db)
    counts.write()
    counts.write()
    found = usage.listed(db, date.min, date.max)
    assert {(one.owner, one.key_id, one.calls, one.refused) for one in found} == {
        ("anna", "k1", 1, 0),
        ("visitors", "", 0, 1),
    }
