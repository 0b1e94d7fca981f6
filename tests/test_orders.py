"""Orders: kept before they begin, one result whatever happens to the processes that hold them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import events, work
from core.errors import Busy, CalculationError, NotFound
from core.jobs import Pool
from core.once import Once
from core.orders import Orders
from core.requests import BacktestAsked
from core.scenario import Scenario
from core.store import drafts, rows, scenarios, shares
from core.store import jobs as store
from core.store.database import Database, in_memory
from core.store.jobs import Kept
from core.work import Ground, Kind

PATIENCE_S = 10.0
KIND = "backtest"
Run = Callable[[BacktestAsked, Ground], tuple[dict[str, Any], bytes | None]]


class Stand:
    """Processes on one database: each with a pool and orders of its own, and a clock they share."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.db: Database = in_memory()
        self.now_s = time.time()
        self.pools: list[Pool] = []
        self._patch = monkeypatch
        self._patch.setattr(work, "ready", lambda kind, asked: None)

    def process(self, **how: Any) -> Orders:
        pool = Pool(**how)
        self.pools.append(pool)
        found = Orders(lambda: pool, lambda: self.db, lambda: self.now_s)
        found.begin = lambda: None  # type: ignore[method-assign]  # it looks when the test says so
        return found

    def runs(self, run: Run) -> None:
        kind = Kind(BacktestAsked, run, lambda asked: ())
        self._patch.setitem(work.KINDS, KIND, kind)

    def load(self, kept: Kept) -> Kept:
        return store.load(self.db, kept.owner, kept.id)

    def until(self, kept: Kept, wanted: Callable[[Kept], bool]) -> Kept:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if wanted(found := self.load(kept)):
                return found
            time.sleep(0.005)
        raise AssertionError(f"still {self.load(kept)}")

    def ended(self, kept: Kept) -> Kept:
        return self.until(kept, lambda found: not found.live)


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    made = Stand(monkeypatch)
    yield made
    for pool in made.pools:
        pool.close()
    made.db.close()


def quick(asked: BacktestAsked, ground: Ground) -> tuple[dict[str, Any], bytes | None]:
    return {"seed": asked.seed, "height": ground.market.height.value}, None


def test_a_request_is_written_down_and_its_result_kept(stand: Stand) -> None:
    stand.runs(quick)
    one = stand.process()
    kept = one.submit(KIND, "me", BacktestAsked(seed=7))
    done = stand.ended(kept)
    assert (done.state, done.attempt) == ("done", 1)
    assert store.part(stand.db, "me", kept.id, "result")["seed"] == 7
    assert store.part(stand.db, "me", kept.id, "market")["height"]["name"]


def test_what_is_written_down_is_not_held_in_memory_too(stand: Stand) -> None:
    stand.runs(quick)
    kept = stand.process().submit(KIND, "me", BacktestAsked())
    stand.ended(kept)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            stand.pools[0].get(kept.id, "me")
        except NotFound:
            return
    raise AssertionError("the pool still knows it")


def test_a_failure_is_kept_in_words_and_told(stand: Stand) -> None:
    def impossible(asked: BacktestAsked, ground: Ground) -> Any:
        raise CalculationError("not finite", field="npv_usd")

    stand.runs(impossible)
    kept = stand.process().submit(KIND, "me", BacktestAsked())
    assert stand.ended(kept).state == "failed"
    error = store.part(stand.db, "me", kept.id, "error")
    assert (error["code"], error["details"]["field"]) == ("CALCULATION_ERROR", "npv_usd")


def test_the_end_is_told_to_whom_it_concerns(stand: Stand) -> None:
    stand.runs(quick)
    heard, others = threading.Event(), threading.Event()
    mine, yours = events.bus().listen("me", heard.set), events.bus().listen("you", others.set)
    assert mine is not None
    assert yours is not None
    try:
        kept = stand.process().submit(KIND, "me", BacktestAsked())
        assert heard.wait(PATIENCE_S)
        assert [(event.kind, event.data["id"], event.data["state"]) for event in mine.take()] == [
            ("job.ended", kept.id, "done")
        ]
        assert not yours.take()
    finally:
        events.bus().leave(mine)
        events.bus().leave(yours)


def test_what_a_dead_process_left_is_done_once_by_another_and_the_dead_one_changes_nothing(stand: Stand) -> None:
    """PERF-05: the first process falls silent in the middle, the second takes up, then the first wakes."""
    in_the_middle, wake = threading.Event(), threading.Event()
    began: list[str] = []

    def stuck_once(asked: BacktestAsked, ground: Ground) -> tuple[dict[str, Any], bytes | None]:
        began.append("again" if began else "first")
        mine = began[-1]
        if mine == "first":
            in_the_middle.set()
            wake.wait(PATIENCE_S)
        return {"by": mine}, None

    stand.runs(stuck_once)
    dead, other = stand.process(), stand.process()
    kept = dead.submit(KIND, "me", BacktestAsked())
    assert in_the_middle.wait(PATIENCE_S)
    other.look()
    assert stand.load(kept).holder == dead.holder
    stand.now_s += 13.0
    other.look()
    assert stand.ended(kept).state == "done"
    wake.set()
    end = time.monotonic() + PATIENCE_S
    while stand.pools[0].counts()["running"] and time.monotonic() < end:
        time.sleep(0.005)
    assert store.part(stand.db, "me", kept.id, "result") == {"by": "again"}
    assert stand.load(kept).attempt == 2
    assert began == ["first", "again"]


def test_rows_that_an_earlier_attempt_left_are_not_worked_out_again(stand: Stand) -> None:
    def batch(asked: BacktestAsked, ground: Ground) -> tuple[dict[str, Any], bytes | None]:
        new = [n for n in range(4) if n not in ground.kept]
        ground.keep([{"n": n} for n in new])
        return {"new": new}, None

    stand.runs(batch)
    one, two = stand.process(), stand.process()
    kept = store.new("me", KIND, one.holder)
    store.create(stand.db, kept, {}, stand.now_s)
    assert store.begin(stand.db, kept, one.holder, stand.now_s)
    store.progress(stand.db, kept, one.holder, 0.5, "", stand.now_s, [{"n": 0}, {"n": 2}])
    stand.now_s += 13.0
    two.look()
    assert stand.ended(kept).state == "done"
    assert store.part(stand.db, "me", kept.id, "result") == {"new": [1, 3]}
    assert sorted(row["n"] for row in store.rows_from(stand.db, kept)) == [0, 1, 2, 3]


def test_a_server_that_ends_in_good_order_leaves_its_jobs_to_the_next(stand: Stand) -> None:
    running, wake = threading.Event(), threading.Event()

    def waits(asked: BacktestAsked, ground: Ground) -> tuple[dict[str, Any], bytes | None]:
        running.set()
        while not wake.wait(0.01):
            ground.tick(0.5)
        return {"seed": asked.seed}, None

    stand.runs(waits)
    one, two = stand.process(workers=1), stand.process()
    kept = [one.submit(KIND, "me", BacktestAsked(seed=seed)) for seed in (1, 2)]
    assert running.wait(PATIENCE_S)
    one.close()
    stand.pools[0].close()
    assert [stand.load(job).state for job in kept] == ["queued", "queued"]
    wake.set()
    two.look()
    assert [stand.ended(job).attempt for job in kept] == [1, 1]
    assert [store.part(stand.db, "me", job.id, "result")["seed"] for job in kept] == [1, 2]


def test_a_job_is_cancelled_wherever_it_runs(stand: Stand) -> None:
    stopped = threading.Event()

    def endless(asked: BacktestAsked, ground: Ground) -> Any:
        try:
            while True:
                ground.tick(0.1)
                time.sleep(0.005)
        finally:
            stopped.set()

    stand.runs(endless)
    one, two = stand.process(), stand.process()
    kept = one.submit(KIND, "me", BacktestAsked())
    stand.until(kept, lambda found: found.state == "running")
    assert two.cancel("me", kept.id).state == "cancelled"
    assert stopped.wait(3.0), "it hears of it with its next written progress"
    assert stand.load(kept).state == "cancelled"


def test_what_is_refused_leaves_no_trace(stand: Stand) -> None:
    wake = threading.Event()
    stand.runs(lambda asked, ground: ({"woke": wake.wait(PATIENCE_S)}, None))
    one = stand.process(workers=1, waiting=1)
    taken = [one.submit(KIND, "me", BacktestAsked()) for _ in range(2)]
    with pytest.raises(Busy):
        one.submit(KIND, "me", BacktestAsked())
    assert {job.id for job in store.listed(stand.db, "me")} == {job.id for job in taken}
    wake.set()
    assert all(stand.ended(job).state == "done" for job in taken)


def test_a_job_beyond_its_time_is_told_to_have_been(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BacktestAsked, "most_s", 0.3)
    wake = threading.Event()
    stand.runs(lambda asked, ground: ({"woke": wake.wait(PATIENCE_S)}, None))
    kept = stand.process().submit(KIND, "me", BacktestAsked())
    assert stand.ended(kept).state == "timeout"
    assert store.part(stand.db, "me", kept.id, "error")["code"] == "TIMEOUT"
    wake.set()
    time.sleep(0.1)
    assert stand.load(kept).state == "timeout"


def test_a_job_that_is_given_up_is_told_to_have_ended(stand: Stand) -> None:
    """One that was begun twice, and one whose request cannot be read."""
    stand.runs(quick)
    heard = events.bus().listen("me", lambda: None)
    assert heard is not None
    try:
        twice, unread = store.new("me", KIND, "dead"), store.new("me", KIND, "dead")
        for kept, request in ((twice, {}), (unread, {"starts": "of another version"})):
            store.create(stand.db, kept, request, stand.now_s)
        with stand.db.write() as tables:
            tables.table("jobs").update(twice.id, {"state": "running", "attempt": store.MOST_ATTEMPTS})
        stand.now_s += 13.0
        stand.process().look()
        assert [stand.load(kept).state for kept in (twice, unread)] == ["failed", "failed"]
        told = {event.data["id"]: event.data["state"] for event in heard.take()}
        assert told == {twice.id: "failed", unread.id: "failed"}
    finally:
        events.bus().leave(heard)


def test_an_end_that_is_told_in_the_middle_of_a_write_is_not_undone_with_it(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    wake = threading.Event()
    stand.runs(lambda asked, ground: ({"woke": wake.wait(PATIENCE_S)}, None))
    one = stand.process(workers=1)
    kept = one.submit(KIND, "me", BacktestAsked())
    stand.until(kept, lambda job: job.state == "running")

    def meet_it_in_a_write_that_is_undone() -> None:
        with stand.db.write():
            one._jobs().cancel(kept.id, "me")  # as a caller does who meets a job that is overdue
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        meet_it_in_a_write_that_is_undone()
    assert stand.ended(kept).state == "cancelled"
    wake.set()


def test_what_a_process_has_one_of_is_made_once_though_many_ask_at_the_same_time() -> None:
    made: list[int] = []

    def slowly() -> object:
        made.append(1)
        time.sleep(0.05)
        return object()

    one = Once(slowly)
    with ThreadPoolExecutor(8) as crowd:
        assert len(set(crowd.map(lambda _: one(), range(8)))) == 1
    assert len(made) == 1


def test_once_an_hour_old_drafts_and_links_go_though_their_owners_never_return(stand: Stand) -> None:
    drafts.keep(stand.db, "gone", "page", Scenario(), None)
    kept = scenarios.save(stand.db, "gone", Scenario())
    shares.create(stand.db, "gone", "scenario", kept.id, 1, datetime.now(UTC) - timedelta(days=2))
    live = shares.create(stand.db, "gone", "scenario", kept.id)
    with stand.db.write() as tables:
        tables.execute("UPDATE drafts SET updated_at = ?", [rows.stamp(datetime.now(UTC) - timedelta(days=15))])
    one = stand.process()
    one.look()
    with stand.db.read() as tables:
        assert tables.table("drafts").count == 0
        assert [row["id"] for row in tables.query("SELECT id FROM shares")] == [live.id]
