"""Long work beside the page: a pool of threads, each job with its progress, a deadline, and a way to cancel it.

Work is a function that takes `tick`, and calls it between its chunks with the share that is done: pure code stays free
of threads and clocks. `tick` raises where the work is to stop, so that it ends within one chunk. A job is found again
by its id, by whom it belongs to alone, until it is long over or among the oldest of many.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from core.errors import Busy, NotFound, SolarMiningError, TimedOut

State = Literal["queued", "running", "done", "failed", "cancelled", "timeout"]
Tick = Callable[..., None]  # tick(share, words="")
Work = Callable[[Tick], Any]
Ready = Callable[[], object]
WORKERS, WAITING, KEPT = 2, 16, 64
DEADLINE_S, KEPT_S = 30.0, 3600.0
NICE = 3  # steps of priority that work stands behind pages: more, and on a busy machine it would not end in time
PREPARING = "Making the engines ready, once on this computer"
log = logging.getLogger("solar_mining.jobs")


@dataclass(frozen=True)
class Job:
    """A job as it stood when it was asked for: `share` [1] done, `words` about it, result or error once it has ended."""

    id: str
    kind: str
    owner: str
    state: State = "queued"
    share: float = 0.0
    words: str = ""
    result: Any = None
    error: SolarMiningError | None = None
    began_s: float = 0.0
    ended_s: float = 0.0

    @property
    def live(self) -> bool:
        """Whether it has still to end."""
        return self.state in ("queued", "running")


class _Stop(Exception):
    """Raised in the work by `tick`: it was cancelled, or its time is over."""


class Pool:
    """At most `workers` jobs run and `waiting` wait; `kept` are remembered, for `kept_s` after their end.

    `deadline_s` counts from when a job begins its work, which is after it has made ready what it needs.
    """

    def __init__(
        self,
        workers: int = WORKERS,
        waiting: int = WAITING,
        kept: int = KEPT,
        deadline_s: float = DEADLINE_S,
        kept_s: float = KEPT_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="job", initializer=_give_way)
        self._most, self._kept = workers + waiting, kept
        self._deadline_s, self._kept_s, self._now_s = deadline_s, kept_s, now_s
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def submit(self, kind: str, owner: str, work: Work, ready: Ready | None = None) -> str:
        """Begin a job as soon as a worker is free; its id. Busy where too many wait already.

        ready: what has to be done first and takes long but once on a computer, such as compiling.
        """
        job = Job(secrets.token_hex(8), kind, owner)
        with self._lock:
            self._tidy()
            if sum(other.live for other in self._jobs.values()) >= self._most:
                raise Busy("too much is being worked out already: try again in a moment", field="jobs", value=kind)
            self._jobs[job.id] = job
        self._executor.submit(self._run, job.id, work, ready)
        return job.id

    def get(self, job_id: str, owner: str) -> Job:
        """A job as it stands; NotFound where there is none of that id for this owner."""
        with self._lock:
            self._tidy()
            return self._owned(job_id, owner)

    def cancel(self, job_id: str, owner: str) -> Job:
        """Stop a job: at once where it waits, at its next tick where it runs; one that has ended stays as it is."""
        with self._lock:
            job = self._owned(job_id, owner)
            return self._stopped(job) if job.live else job

    def close(self) -> None:
        """Cancel all, and wait for those that run to reach their next tick."""
        with self._lock:
            for job in list(self._jobs.values()):
                if job.live:
                    self._stopped(job)
        self._executor.shutdown(cancel_futures=True)

    def _owned(self, job_id: str, owner: str) -> Job:
        job = self._jobs.get(job_id)
        if job is None or job.owner != owner:
            raise NotFound("no such job: it may have been long ago", field="job", value=job_id)
        return job

    def _put(self, job: Job) -> Job:
        self._jobs[job.id] = job
        return job

    def _stopped(self, job: Job) -> Job:
        return self._put(replace(job, state="cancelled", ended_s=self._now_s()))

    def _tidy(self) -> None:
        """Mark what is overdue; drop what is long over and the oldest of too many: dicts keep the order of jobs."""
        ended = [job for job in map(self._overdue, list(self._jobs.values())) if not job.live]
        too_many = max(0, len(self._jobs) - self._kept)
        for i, job in enumerate(ended):
            if i < too_many or self._now_s() - job.ended_s > self._kept_s:
                del self._jobs[job.id]

    def _overdue(self, job: Job) -> Job:
        """The job, marked where its time is over: what it works at stops at its next tick."""
        if job.state != "running" or self._now_s() - job.began_s <= self._deadline_s:
            return job
        error = TimedOut(
            f"this took longer than {self._deadline_s:g} seconds and was stopped",
            field=job.kind,
            value=self._deadline_s,
        )
        return self._put(replace(job, state="timeout", error=error, ended_s=self._now_s()))

    def _run(self, job_id: str, work: Work, ready: Ready | None) -> None:
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.state != "queued":
                return
            words, began_s = (PREPARING, math.inf) if ready else ("", self._now_s())
            self._put(replace(job, state="running", words=words, began_s=began_s))

        def tick(share: float, words: str = "") -> None:
            with self._lock:
                job = self._running(job_id)
                if job is None:
                    raise _Stop
                self._put(replace(job, share=min(max(share, job.share), 1.0), words=words or job.words))

        try:
            if ready:
                ready()
                self._begin(job_id)
            self._end(job_id, state="done", share=1.0, result=work(tick))
        except _Stop:
            pass  # the state says why already
        except SolarMiningError as error:
            self._end(job_id, state="failed", error=error)
        except Exception:
            log.exception("job %s failed", job_id)
            self._end(job_id, state="failed", error=SolarMiningError("something went wrong that should not have"))

    def _begin(self, job_id: str) -> None:
        """Its time counts from now, unless it was cancelled meanwhile."""
        with self._lock:
            job = self._running(job_id)
            if job is None:
                raise _Stop
            self._put(replace(job, words="", began_s=self._now_s()))

    def _end(self, job_id: str, **ended: Any) -> None:
        """What came of a job, unless it was cancelled or late before it ended."""
        with self._lock:
            job = self._running(job_id)
            if job is not None:
                self._put(replace(job, ended_s=self._now_s(), **ended))

    def _running(self, job_id: str) -> Job | None:
        """The job while it may go on: not cancelled, late or forgotten meanwhile."""
        job = self._jobs.get(job_id)
        return job if job is not None and self._overdue(job).state == "running" else None


def _give_way() -> None:
    """Let pages go first: this thread, and those it begins, get what they leave, where the system knows of such manners."""
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


@cache
def pool() -> Pool:
    """The pool of this process."""
    return Pool()


def close() -> None:
    """End the pool of this process, if there is one."""
    if pool.cache_info().currsize:
        pool().close()
        pool.cache_clear()
