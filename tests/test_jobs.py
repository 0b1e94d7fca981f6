"""The job pool: progress, cancelling, deadlines, and whose job is whose."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from core.errors import Busy, CalculationError, NotFound, SolarMiningError, TimedOut
from core.jobs import PREPARING, Job, Pool, Terms, Tick
from tests.pools import PATIENCE_S, ended, endless, until


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(workers=2, waiting=2, kept=4, deadline_s=5.0)
    yield made
    made.close()


def test_a_job_tells_how_far_it_is_and_keeps_what_came_of_it(pool: Pool) -> None:
    go_on = threading.Event()

    def work(tick: Tick) -> int:
        tick(0.5, "half of it")
        go_on.wait(PATIENCE_S)
        tick(0.4)  # progress never goes back
        return 42

    job_id = pool.submit("count", "me", work)
    half = until(pool, job_id, lambda job: job.share == 0.5)
    assert (half.state, half.words, half.result) == ("running", "half of it", None)
    go_on.set()
    done = until(pool, job_id, ended)
    assert (done.state, done.share, done.result, done.error) == ("done", 1.0, 42, None)


def test_what_a_job_has_found_is_seen_before_its_end_and_kept_where_it_is_cancelled(pool: Pool) -> None:
    def work(tick: Tick) -> None:
        tick(0.5, so_far="half")
        endless(tick)

    job_id = pool.submit("count", "me", work)
    assert until(pool, job_id, lambda job: job.words == "going round").so_far == "half"
    assert pool.cancel(job_id, "me").so_far == "half"
    whole = until(pool, pool.submit("count", "me", lambda tick: tick(0.5, so_far="half") or "all"), ended)
    assert (whole.so_far, whole.result) == (None, "all")


def test_a_running_job_stops_at_its_next_tick(pool: Pool) -> None:
    job_id = pool.submit("endless", "me", endless)
    until(pool, job_id, lambda job: job.state == "running")
    assert pool.cancel(job_id, "me").state == "cancelled"
    others = [pool.submit("quick", "me", lambda tick: "done") for _ in range(2)]  # both workers are free again
    assert [until(pool, other, ended).state for other in others] == ["done", "done"]
    assert pool.get(job_id, "me").state == "cancelled"


def test_a_waiting_job_that_is_cancelled_never_begins(pool: Pool) -> None:
    blockers = [pool.submit("endless", "me", endless) for _ in range(2)]
    begun = threading.Event()
    waiting = pool.submit("later", "me", lambda tick: begun.set())
    assert pool.get(waiting, "me").state == "queued"
    pool.cancel(waiting, "me")
    for job_id in blockers:
        pool.cancel(job_id, "me")
    assert until(pool, pool.submit("last", "me", lambda tick: 1), ended).result == 1
    assert not begun.is_set()


def test_what_has_ended_cannot_be_cancelled(pool: Pool) -> None:
    job_id = pool.submit("quick", "me", lambda tick: "kept")
    until(pool, job_id, ended)
    assert pool.cancel(job_id, "me").result == "kept"


def test_a_job_beyond_its_deadline_is_marked_and_its_worker_freed() -> None:
    pool = Pool(workers=1, waiting=2, deadline_s=0.05)
    try:
        job_id = pool.submit("endless", "me", endless)
        late = until(pool, job_id, ended)
        assert late.state == "timeout"
        assert isinstance(late.error, TimedOut)
        assert until(pool, pool.submit("quick", "me", lambda tick: "free"), ended).result == "free"
    finally:
        pool.close()


def test_making_ready_takes_nothing_of_the_time_a_job_has() -> None:
    now = [0.0]
    pool = Pool(workers=1, deadline_s=10.0, now_s=lambda: now[0])
    go_on, working = threading.Event(), threading.Event()

    def work(tick: Tick) -> str:
        working.set()
        go_on.wait(PATIENCE_S)
        tick(0.5)
        return "done"

    def ready() -> None:
        now[0] = 100.0  # compiling took that long

    try:
        job_id = pool.submit("slow", "me", work, Terms(ready=ready))
        assert working.wait(PATIENCE_S)
        assert pool.get(job_id, "me").words == ""
        now[0] = 109.0
        go_on.set()
        assert until(pool, job_id, ended).result == "done"
    finally:
        pool.close()


def test_a_job_says_that_it_makes_ready_and_can_be_cancelled_meanwhile(pool: Pool) -> None:
    go_on, begun = threading.Event(), threading.Event()
    job_id = pool.submit("slow", "me", lambda tick: begun.set(), Terms(ready=lambda: go_on.wait(PATIENCE_S)))
    assert until(pool, job_id, lambda job: job.state == "running").words == PREPARING
    assert pool.cancel(job_id, "me").state == "cancelled"
    go_on.set()
    pool.close()
    assert not begun.is_set()


def test_what_cannot_be_made_ready_fails_the_job(pool: Pool) -> None:
    def ready() -> None:
        raise CalculationError("no compiler", field="engine")

    job = until(pool, pool.submit("slow", "me", lambda tick: "done", Terms(ready=ready)), ended)
    assert (job.state, job.result) == ("failed", None)
    assert isinstance(job.error, CalculationError)


def test_a_result_that_comes_too_late_is_not_taken() -> None:
    now = [0.0]
    pool = Pool(workers=1, deadline_s=10.0, now_s=lambda: now[0])
    go_on = threading.Event()
    try:
        job_id = pool.submit("slow", "me", lambda tick: go_on.wait(PATIENCE_S))
        until(pool, job_id, lambda job: job.state == "running")
        now[0] = 10.5
        go_on.set()
        assert until(pool, job_id, ended).state == "timeout"
        assert pool.get(job_id, "me").result is None
    finally:
        pool.close()


def test_a_failure_of_the_house_is_kept_as_it_is_and_any_other_without_its_inside(pool: Pool) -> None:
    def impossible(tick: Tick) -> None:
        raise CalculationError("not finite", field="npv_usd")

    def broken(tick: Tick) -> None:
        raise RuntimeError("secret path /home")

    told = until(pool, pool.submit("x", "me", impossible), ended)
    assert (told.state, told.error.field if told.error else "") == ("failed", "npv_usd")
    hidden = until(pool, pool.submit("x", "me", broken), ended)
    assert hidden.state == "failed"
    assert type(hidden.error) is SolarMiningError
    assert "secret" not in hidden.error.message


def test_too_many_jobs_are_refused_in_words_and_room_comes_back(pool: Pool) -> None:
    running = [pool.submit("endless", "me", endless) for _ in range(4)]
    with pytest.raises(Busy) as refused:
        pool.submit("one more", "me", endless)
    assert refused.value.code == "UNAVAILABLE"
    for job_id in running:
        pool.cancel(job_id, "me")
    assert until(pool, pool.submit("again", "me", lambda tick: 1), ended).result == 1


def test_nobody_sees_or_stops_the_job_of_another(pool: Pool) -> None:
    job_id = pool.submit("endless", "me", endless)
    for call in (pool.get, pool.cancel):
        with pytest.raises(NotFound):
            call(job_id, "somebody else")
        with pytest.raises(NotFound):
            call("0123456789abcdef", "me")
    pool.cancel(job_id, "me")


def test_only_the_newest_are_remembered(pool: Pool) -> None:
    ids = []
    for _ in range(8):
        ids.append(pool.submit("quick", "me", lambda tick: 1))
        until(pool, ids[-1], ended)
    with pytest.raises(NotFound):
        pool.get(ids[0], "me")
    assert pool.get(ids[-1], "me").result == 1


def test_what_is_long_over_is_forgotten() -> None:
    now = [0.0]
    pool = Pool(workers=1, kept_s=100.0, now_s=lambda: now[0])
    try:
        job_id = pool.submit("quick", "me", lambda tick: "kept")
        until(pool, job_id, ended)
        now[0] = 99.0
        assert pool.get(job_id, "me").result == "kept"
        now[0] = 101.0
        with pytest.raises(NotFound):
            pool.get(job_id, "me")
    finally:
        pool.close()


def test_closing_stops_what_runs_and_what_waits() -> None:
    pool = Pool(workers=1, waiting=3)
    ids = [pool.submit("endless", "me", endless) for _ in range(3)]
    until(pool, ids[0], lambda job: job.state == "running")
    pool.close()
    assert [pool.get(job_id, "me").state for job_id in ids] == ["cancelled"] * 3


def test_time_counts_from_when_what_it_runs_on_is_ready() -> None:
    pool = Pool(workers=1)
    try:
        terms = Terms(deadline_s=0.2, ready=lambda: time.sleep(0.5))
        assert until(pool, pool.submit("slow start", "me", lambda tick: "done", terms), ended).result == "done"
    finally:
        pool.close()


def test_who_waits_for_an_end_hears_of_it_once_all_is_written_down(pool: Pool) -> None:
    written: list[str] = []

    def write(job: Job) -> None:
        time.sleep(0.05)
        written.append(job.state)

    job_id = pool.submit("quick", "me", lambda tick: 1, Terms(ended=write))
    pool.over(job_id, "me").result(PATIENCE_S)
    assert written == ["done"]


def test_a_failure_to_write_the_end_down_keeps_nobody_waiting(pool: Pool) -> None:
    def broken(job: Job) -> None:
        raise OSError("the disk is full")

    job_id = pool.submit("quick", "me", lambda tick: 1, Terms(ended=broken))
    pool.over(job_id, "me").result(PATIENCE_S)
    assert pool.get(job_id, "me").result == 1


def test_what_goes_wrong_while_jobs_are_begun_is_told_as_it_is(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(job_id: str) -> None:
        raise OSError("no room")

    monkeypatch.setattr(pool, "_begin", broken)
    with pytest.raises(OSError, match="no room"):
        pool.submit("quick", "me", lambda tick: 1)


def test_what_a_job_worked_on_goes_with_its_end(pool: Pool) -> None:
    class Plan:
        pass

    def work_on(plan: Plan, then: Callable[[Tick], object]) -> Callable[[Tick], object]:
        return lambda tick: (plan, then(tick))[1]

    def begun(then: Callable[[Tick], object]) -> tuple[str, weakref.ref[Plan]]:
        plan = Plan()
        terms = Terms(ready=lambda: plan)
        return pool.submit("plan", "me", work_on(plan, then), terms), weakref.ref(plan)

    done_id, done = begun(lambda tick: 42)
    assert until(pool, done_id, ended).result == 42
    endless_id, stopped = begun(endless)
    until(pool, endless_id, lambda job: job.share > 0)
    pool.cancel(endless_id, "me")
    end = time.monotonic() + PATIENCE_S
    while (done() or stopped()) and time.monotonic() < end:  # a thread is at its end a moment later
        time.sleep(0.01)
    assert done() is None
    assert stopped() is None
    assert pool.get(done_id, "me").result == 42, "what came of it stays"


def test_of_results_too_heavy_the_oldest_go_and_the_newest_stays() -> None:
    pool = Pool(kept_bytes=1_500)

    def made(count: int) -> str:
        job_id = pool.submit("sum", "me", lambda tick: {"rows": pd.DataFrame({"usd": np.zeros(count)})})
        until(pool, job_id, ended)
        return job_id

    light = [made(50) for _ in range(3)]  # 400 bytes each, and an index
    with pytest.raises(NotFound):
        pool.get(light[0], "me")
    assert len(pool.get(light[1], "me").result["rows"]) == 50
    heavy = made(1_000)
    assert len(pool.get(heavy, "me").result["rows"]) == 1_000
    with pytest.raises(NotFound):
        pool.get(light[2], "me")
    pool.close()


def test_all_of_an_owner_who_is_gone_is_dropped_and_nothing_of_others(pool: Pool) -> None:
    mine = pool.submit("quick", "me", lambda tick: 1)
    until(pool, mine, ended)
    done = pool.submit("quick", "gone", lambda tick: 2)
    until(pool, done, ended, "gone")
    running, waiting = (pool.submit("endless", "gone", endless) for _ in range(2))
    until(pool, running, lambda job: job.share > 0, "gone")
    over = pool.over(running, "gone")
    pool.forget("gone")
    over.result(PATIENCE_S)
    assert pool.get(mine, "me").result == 1
    for job_id in (done, running, waiting):
        with pytest.raises(NotFound):
            pool.get(job_id, "gone")
    assert pool.counts() == {"running": 0, "queued": 0}
    pool.forget("nobody")
