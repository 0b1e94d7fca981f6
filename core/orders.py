"""Calculations asked for by name and kept: written down before they begin, followed by id, taken up again after a crash.

The pool runs them, the database remembers them. Of several processes on one database each works on what it holds and says
so every few seconds; what a process that died has left is taken up by another, once. A server that is stopped in good
order puts what it has not ended back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from core import clock, events, work
from core.batch import refusal
from core.errors import DatabaseError, NotFound, SolarMiningError
from core.fetchers.market import market
from core.inputs import Market, Reading
from core.jobs import Job, Pool, Terms, pool
from core.once import Once
from core.outside import database, outside
from core.requests import DEADLINE_S, Asked
from core.store import drafts, shares
from core.store import jobs as store
from core.store.database import Database
from core.store.jobs import Kept
from core.store.leases import new_holder

BEAT_S, LEASE_S = 3.0, 12.0  # a process says that it lives, and is taken for dead after
WRITE_EVERY_S = 1.0  # progress and rows of one job
MOST_ROWS_AT_ONCE = 200
ENDED_IS_KEPT = timedelta(days=7)
TIDY_EVERY_S = 3600.0
TAKEN_AT_ONCE = 4  # of what others left, so that one process does not take all
TRIES, BETWEEN_S = 5, 0.5  # to write down what came of a job
log = logging.getLogger("solar_mining.orders")


class Orders:
    """The orders that this process holds."""

    def __init__(self, jobs: Callable[[], Pool], db: Callable[[], Database], now_s: Callable[[], float] = time.time):
        self._jobs, self._db, self._now_s = jobs, db, now_s
        self.holder = new_holder()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._at_hand: set[str] = set()  # ids of what is in the pool
        self._tidied_s = -TIDY_EVERY_S

    # What callers ask

    def submit(self, kind: str, owner: str, asked: Asked) -> Kept:
        """Write a request down and let it wait for its turn. Busy, and nothing is kept, where too many wait."""
        self.begin()
        kept = store.new(owner, kind, self.holder)
        course = self._hand_over(kept, asked, written=False)
        try:
            store.create(self._db(), kept, asked.model_dump(mode="json"), self._now_s())
        except BaseException:
            self._jobs().cancel(kept.id, owner)
            raise
        course.written.set()
        return kept

    def get(self, owner: str, id: str) -> Kept:  # noqa: A002
        """A job as it stands now; NotFound where the id is unknown or another's."""
        return self.now(store.load(self._db(), owner, id))

    def now(self, kept: Kept) -> Kept:
        """A job as far as it is in this process, which the database hears of once a second."""
        with suppress(NotFound):
            job = self._jobs().get(kept.id, kept.owner)
            if kept.live and job.live:
                return replace(kept, state=job.state, share=job.share, words=job.words)
        return kept

    def position(self, id: str) -> int:  # noqa: A002
        """When a job that waits here has its turn, 1 the next; 0 where it does not wait."""
        return self._jobs().position(id)

    def cancel(self, owner: str, id: str) -> Kept:  # noqa: A002
        """Cancel a job, wherever it runs: here at its next tick, in another process within a second."""
        kept = store.cancel(self._db(), owner, id)
        with suppress(NotFound):
            self._jobs().cancel(id, owner)
        return kept

    # Its own life

    def begin(self) -> None:
        """Say from now on that this process lives, and look for what others have left."""
        with self._lock:
            if self._thread is None and not self._stopped.is_set():
                self._thread = threading.Thread(target=self._live, name="orders", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Put back what has not ended, for the next process that looks; call before the pool closes."""
        self._stopped.set()
        with self._lock:
            at_hand = set(self._at_hand)
        with suppress(SolarMiningError):
            store.leave(self._db(), self.holder, at_hand, begun=False)
        log.info("%d jobs are left to the next process", len(at_hand))

    def look(self) -> None:
        """One beat: say that what is held is worked at, and take up what nobody holds."""
        held = store.beat(self._db(), self.holder, self._now_s())
        with self._lock:
            astray = held - self._at_hand
        if astray:  # an end that could not be written down
            store.leave(self._db(), self.holder, astray)
        for kept in store.take_up(self._db(), self.holder, self._now_s(), LEASE_S, TAKEN_AT_ONCE):
            if kept.live:
                self._take_up(kept)
            else:
                _tell(kept, kept.state)
        if self._now_s() - self._tidied_s > TIDY_EVERY_S:
            self._tidied_s = self._now_s()
            self._tidy()

    def _tidy(self) -> None:
        """Let go of what is old, whoever kept it and whether they ever come back."""
        store.forget(self._db(), clock.for_deleting() - ENDED_IS_KEPT)
        drafts.forget_old(self._db())
        shares.forget_expired(self._db())

    def _live(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
            except SolarMiningError as error:  # a database that is busy or full now may not be so later
                log.warning("jobs are not looked after: %s", error.message)
            except Exception:
                log.exception("looking after jobs failed")
            self._stopped.wait(BEAT_S)

    def _take_up(self, kept: Kept) -> None:
        """Work on what another process has left."""
        try:
            asked = work.KINDS[kept.kind].form.model_validate(store.part(self._db(), kept.owner, kept.id, "request"))
            self._hand_over(kept, asked, written=True)
            log.info("job %s is taken up again", kept.id)
        except SolarMiningError as error:
            if error.code == "UNAVAILABLE":  # no room now: whoever looks next has it
                store.leave(self._db(), self.holder, {kept.id})
            else:
                self._end(kept, "failed", {"error": refusal(error)})
        except Exception:
            log.exception("job %s cannot be taken up", kept.id)
            self._end(kept, "failed", {"error": refusal(SolarMiningError("this version cannot read what was asked"))})

    # A job in the pool

    def _hand_over(self, kept: Kept, asked: Asked, *, written: bool) -> _Course:
        course = _Course(self, kept, asked)
        if written:
            course.written.set()
        terms = Terms(
            deadline_s=asked.most_s,
            ready=lambda: work.ready(kept.kind, asked),
            ended=course.ended,
            long=work.KINDS[kept.kind].long or asked.most_s > DEADLINE_S,
            remembered=False,
            id=kept.id,
        )
        with self._lock:
            self._at_hand.add(kept.id)
        try:
            self._jobs().submit(kept.kind, kept.owner, course.run, terms)
        except BaseException:
            self._leave(kept)
            raise
        return course

    def _leave(self, kept: Kept) -> None:
        with self._lock:
            self._at_hand.discard(kept.id)

    def _end(self, kept: Kept, state: str, parts: Mapping[str, Any]) -> None:
        """Write down what came of a job, and let others know; whoever cancelled it has written so already."""
        if self._written(kept, state, parts) or state == "cancelled":
            _tell(kept, state)

    def _written(self, kept: Kept, state: str, parts: Mapping[str, Any]) -> bool:
        """Write down what came of a job, again where the database is busy; False where it was taken from us meanwhile."""
        for attempt in range(TRIES):
            try:
                return store.end(self._db(), kept, self.holder, state, parts)
            except DatabaseError as error:
                log.warning("the end of job %s is not written down: %s", kept.id, error.message)
                time.sleep(BETWEEN_S * (attempt < TRIES - 1))
        return False

    @property
    def closing(self) -> bool:
        return self._stopped.is_set()


class _Course:
    """One job from its beginning to its end."""

    def __init__(self, orders: Orders, kept: Kept, asked: Asked) -> None:
        self._orders, self._kept, self._asked = orders, kept, asked
        self.written = threading.Event()  # it may have its turn before it is on the disk
        self._new: list[Mapping[str, Any]] = []
        self._parts: dict[str, Any] = {}
        self._written_s = 0.0
        self._share, self._words = 0.0, ""

    def run(self, tick: Callable[..., None]) -> None:
        """Work it out; what comes of it is held here until it is written down."""
        orders, kept, began_s = self._orders, self._kept, time.monotonic()
        while not self.written.wait(BETWEEN_S):
            tick(0.0)
        if not store.begin(orders._db(), kept, orders.holder, orders._now_s()):
            orders._jobs().cancel(kept.id, kept.owner)
        tick(0.0)

        def told(share: float, words: str = "") -> None:
            tick(share, words)
            self._share, self._words = max(min(share, 1.0), self._share), words or self._words
            if time.monotonic() - self._written_s > WRITE_EVERY_S:
                self._write()
                tick(share, words)

        ground = work.Ground(
            kept.owner,
            self._market(),
            told,
            lambda: time.monotonic() - began_s > work.LIVED_FRAC * self._asked.most_s,
            self._keep,
            store.rows_told(orders._db(), kept),
        )
        result, paths = work.run(kept.kind, self._asked, ground)
        self._write()
        self._parts = {"result": result, **({} if paths is None else {"paths": paths})}

    def ended(self, job: Job) -> None:
        """Write down how it ended, and let others know: not in the middle of a write, with which it might be undone."""
        if self._orders._db().writing:
            threading.Thread(target=self._end, args=(job,), name=f"end of {self._kept.id[:8]}", daemon=True).start()
        else:
            self._end(job)

    def _end(self, job: Job) -> None:
        orders, kept = self._orders, self._kept
        try:
            if (orders.closing and job.state == "cancelled") or not self.written.is_set():
                return  # another process has it, or nobody
            if self._new:
                self._write()
            parts, self._parts = self._parts if job.state == "done" else {}, {}
            if job.error is not None:
                parts = {"error": refusal(job.error)}
            orders._end(kept, job.state, parts)
        finally:
            orders._leave(kept)

    def _keep(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._new += rows
        if len(self._new) >= MOST_ROWS_AT_ONCE:
            self._write()

    def _write(self) -> None:
        """Progress and new rows; a job that is no longer ours ends at its next tick."""
        orders = self._orders
        new, self._new = self._new, []
        try:
            at = (self._share, self._words, orders._now_s(), new)
            ours = store.progress(orders._db(), self._kept, orders.holder, *at)
        except DatabaseError as error:  # it is written next time
            self._new = [*new, *self._new]
            log.info("progress of job %s is not written down: %s", self._kept.id, error.message)
            return
        self._written_s = time.monotonic()
        if not ours:
            orders._jobs().cancel(self._kept.id, self._kept.owner)

    def _market(self) -> Market:
        """The market it rests on: that of its first attempt."""
        db, kept = self._orders._db(), self._kept
        told = store.part(db, kept.owner, kept.id, "market")
        if told is not None:
            return Market(**{name: Reading.from_dict(raw) for name, raw in told.items()})
        found = market(outside())
        store.note(db, kept, "market", {name: getattr(found, name).as_dict() for name in Market.__dataclass_fields__})
        return found


def _tell(kept: Kept, state: str) -> None:
    events.bus().tell(events.JOB_ENDED, {"id": kept.id, "kind": kept.kind, "state": state}, kept.owner)


@Once
def orders() -> Orders:
    """The orders of this process."""
    return Orders(pool, database)


def close() -> None:
    """Put back what this process has not ended."""
    orders.end(Orders.close)
