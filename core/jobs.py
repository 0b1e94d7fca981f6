"""Long work beside the page: a pool of threads, each job with its progress, a deadline, and a way to cancel it.

Work is a function that takes `tick`, and calls it between its chunks with the share that is done, and with what has been
found so far where a reader can use it already: pure code stays free of threads and clocks. `tick` raises where the work is to stop, so that it ends within one chunk. A job is found again
by its id, by whom it belongs to alone, until it is long over or among the oldest of many.

Owners take turns, whoever asked first, and long work has a place of its own, so that nobody waits for the many or the
long jobs of another. Work that does not stop when its time is over keeps its thread, but not its place.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from core.errors import Busy, NotFound, SolarMiningError, TimedOut
from core.lines import Lines
from core.metrics import instruments
from core.once import Once
from core.vitals import give_way
from core.weights import held_bytes

State = Literal["queued", "running", "done", "failed", "cancelled", "timeout"]
Tick = Callable[..., None]  # tick(share, words="", so_far=None)
Work = Callable[[Tick], Any]
Ready = Callable[[], object]
WORKERS, LONG_WORKERS, WAITING, OWN_WAITING, KEPT = 2, 1, 50, 5, 64
DEADLINE_S, KEPT_S = 30.0, 3600.0
READY_S = 300.0  # most that may pass before the deadline begins to count, while what the work runs on is made ready
LOOK_EVERY_S = 0.25  # for jobs whose time is over
LEAVE_S = 5.0  # for what runs to reach its next tick when the pool closes
MOST_THREADS = 16  # those of work that does not stop included
KEPT_BYTES = 256 * 1024 * 1024  # of results; a risk analysis of a million paths alone has 100 MB
PREPARING = "Making the engines ready, once on this computer"
log = logging.getLogger("solar_mining.jobs")


@dataclass(frozen=True)
class Job:
    """A job as it stood when it was asked for: `share` [1] done, `words` about it, result or error once it has ended.

    `so_far`: what its work has let out before its end; kept where that is not the result, as when it is cancelled.
    """

    id: str
    kind: str
    owner: str
    state: State = "queued"
    share: float = 0.0
    words: str = ""
    so_far: Any = None
    result: Any = None
    error: SolarMiningError | None = None
    began_s: float = 0.0
    ended_s: float = 0.0

    @property
    def live(self) -> bool:
        """Whether it has still to end."""
        return self.state in ("queued", "running")


@dataclass(frozen=True)
class Terms:
    """How a job is run.

    `deadline_s` counts from when what it runs on is `ready`; None: the pool's. `long`: in the place of long work.
    `ended` hears of the job once it has, whatever its end, in some thread; where not `remembered`, the pool forgets it
    then. `id`: its name, by default a new one.
    """

    deadline_s: float | None = None
    ready: Ready | None = None
    ended: Callable[[Job], object] | None = None
    long: bool = False
    remembered: bool = True
    id: str = ""


@dataclass(eq=False)
class _Task:
    """What belongs to a job and is not told."""

    work: Work
    terms: Terms
    deadline_s: float
    result_bytes: int = 0
    over: Future[None] = field(default_factory=Future)


class _Stop(Exception):
    """Raised in the work by `tick`: it was cancelled, or its time is over."""


class Pool:
    """At most `workers` jobs run, and `long_workers` long ones; `waiting` wait, of one owner `own_waiting`.

    `kept` are remembered with `kept_bytes` of results, for `kept_s` after their end. `deadline_s` counts from when a job
    begins its work, which is after it has made ready what it needs.
    """

    def __init__(
        self,
        workers: int = WORKERS,
        waiting: int = WAITING,
        kept: int = KEPT,
        deadline_s: float = DEADLINE_S,
        kept_s: float = KEPT_S,
        now_s: Callable[[], float] = time.monotonic,
        own_waiting: int = OWN_WAITING,
        long_workers: int = LONG_WORKERS,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._places = {False: workers, True: long_workers}
        self._waiting, self._own_waiting, self._kept, self._kept_bytes = waiting, own_waiting, kept, kept_bytes
        self._deadline_s, self._kept_s, self._now_s = deadline_s, kept_s, now_s
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, _Task] = {}
        self._lines = {False: Lines(), True: Lines()}
        self._threads: set[threading.Thread] = set()
        self._over: list[str] = []
        self._watcher: threading.Thread | None = None
        self._closed = False

    def submit(self, kind: str, owner: str, work: Work, terms: Terms | None = None) -> str:
        """Begin a job as soon as it has its turn; its id. Busy where too many wait already."""
        terms = terms or Terms()
        job = Job(terms.id or secrets.token_hex(8), kind, owner)
        with self._turn():
            self._tidy()
            self._refuse_crowds(job, terms)
            self._jobs[job.id] = job
            self._tasks[job.id] = _Task(work, terms, terms.deadline_s or self._deadline_s)
            self._lines[terms.long].add(owner, job.id)
            self._watch()
        return job.id

    def get(self, job_id: str, owner: str) -> Job:
        """A job as it stands; NotFound where there is none of that id for this owner."""
        with self._turn():
            self._tidy()
            return self._owned(job_id, owner)

    def position(self, job_id: str) -> int:
        """When a waiting job has its turn, 1 the next of its kind of places; 0 where it does not wait."""
        with self._lock:
            return max(line.position(job_id) for line in self._lines.values())

    def over(self, job_id: str, owner: str) -> Future[None]:
        """Done once the job has ended and all who hear of it have heard."""
        with self._lock:
            return self._tasks[self._owned(job_id, owner).id].over

    def cancel(self, job_id: str, owner: str) -> Job:
        """Stop a job: at once where it waits, at its next tick where it runs; one that has ended stays as it is."""
        with self._turn():
            job = self._owned(job_id, owner)
            return self._ended(job, state="cancelled") if job.live else job

    def forget(self, owner: str) -> None:
        """Cancel and drop all of an owner who will not come back."""
        with self._turn():
            for job in [job for job in self._jobs.values() if job.owner == owner]:
                self._tasks[job.id].terms = replace(self._tasks[job.id].terms, remembered=False)
                if job.live:
                    self._ended(job, state="cancelled")
            self._tidy()

    def counts(self) -> dict[str, int]:
        """How many jobs run and how many wait."""
        with self._lock:
            return {state: sum(job.state == state for job in self._jobs.values()) for state in ("running", "queued")}

    @property
    def full(self) -> bool:
        """Whether the next short job is turned away."""
        with self._lock:
            return sum(job.live for job in self._jobs.values()) >= self._room(long=False)

    def _room(self, *, long: bool) -> int:
        """How many jobs may be live where the next is to be taken on."""
        return self._places[long] + self._waiting

    def close(self) -> None:
        """Cancel all, and wait a little for those that run to reach their next tick."""
        with self._turn():
            self._closed = True
            for job in list(self._jobs.values()):
                if job.live:
                    self._ended(job, state="cancelled")
        end = time.monotonic() + LEAVE_S
        for thread in list(self._threads):
            thread.join(max(0.0, end - time.monotonic()))

    # Who is next

    def _refuse_crowds(self, job: Job, terms: Terms) -> None:
        live = [other for other in self._jobs.values() if other.live]
        own = sum(other.state == "queued" and other.owner == job.owner for other in live)
        if self._closed:
            raise Busy("this server is being shut down: try again in a moment", field="jobs", value=job.kind)
        if len(live) >= self._room(long=terms.long):
            waits = sum(other.state == "queued" for other in live)
            said = f"too much is being worked out already: yours would be number {waits + 1} of those that wait; try again in a moment"
            raise Busy(said, field="jobs", value=waits + 1, expected=f"at most {self._waiting} that wait")
        if own >= self._own_waiting:
            said = f"{own} of your own jobs wait already, the next of them as number {self._next_of(job.owner)}: try again when one has begun"
            raise Busy(
                said, field="jobs", value=own + 1, expected=f"at most {self._own_waiting} of one owner that wait"
            )

    def _next_of(self, owner: str) -> int:
        places = [self.position(job.id) for job in self._jobs.values() if job.owner == owner and job.state == "queued"]
        return min(places, default=0)

    def _staff(self) -> None:
        """Begin what has its turn, in a thread of its own each."""
        for long, line in self._lines.items():
            running = sum(j.state == "running" and self._tasks[j.id].terms.long == long for j in self._jobs.values())
            while running < self._places[long] and len(self._threads) < MOST_THREADS and (job_id := line.next()):
                running += 1
                self._begin(job_id)

    def _begin(self, job_id: str) -> None:
        task = self._tasks[job_id]
        words, grace_s = (PREPARING, READY_S) if task.terms.ready else ("", 0.0)
        self._put(replace(self._jobs[job_id], state="running", words=words, began_s=self._now_s() + grace_s))
        thread = threading.Thread(target=self._run, args=(job_id, task), name=f"job {job_id[:8]}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            log.exception("job %s cannot begin", job_id)
            job = self._jobs[job_id]
            error = Busy("this server has no thread left: try again in a moment", field="jobs", value=job.kind)
            self._ended(job, state="failed", error=error)
            return
        self._threads.add(thread)

    # What is known

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The pool to this thread alone; then what has its turn begins, and those who wait for an end hear of it."""
        over: list[tuple[Job, _Task]] = []
        try:
            with self._lock:
                try:
                    yield
                finally:
                    self._staff()
                    over, self._over = [(self._jobs[job_id], self._tasks[job_id]) for job_id in self._over], []
        finally:
            for job, task in over:
                _tell(job, task)

    def _owned(self, job_id: str, owner: str) -> Job:
        job = self._jobs.get(job_id)
        if job is None or job.owner != owner:
            raise NotFound("no such job: it may have been long ago", field="job", value=job_id)
        return job

    def _put(self, job: Job) -> Job:
        self._jobs[job.id] = job
        return job

    def _ended(self, job: Job, **how: Any) -> Job:
        task = self._tasks[job.id]
        task.work, task.terms = _no_more, replace(task.terms, ready=None)  # the plan and weather it held go
        self._lines[task.terms.long].remove(job.owner, job.id)
        self._over.append(job.id)
        ended = self._put(replace(job, ended_s=self._now_s(), **how))
        took_s = max(0.0, ended.ended_s - ended.began_s) if ended.began_s else 0.0
        instruments().jobs.labels(ended.kind, ended.state).observe(took_s)
        return ended

    def _tidy(self) -> None:
        """Mark what is overdue; drop what is long over and the oldest of too much: dicts keep the order of jobs."""
        ended = [job for job in map(self._overdue, list(self._jobs.values())) if not job.live]
        too_many = max(0, len(self._jobs) - self._kept)
        weights = [self._tasks[job.id].result_bytes for job in ended]
        for i, job in enumerate(ended):
            heavy = sum(weights[i:]) > self._kept_bytes and i + 1 < len(ended)  # the newest stays, whatever it weighs
            old = i < too_many or heavy or self._now_s() - job.ended_s > self._kept_s
            if job.id not in self._over and (old or not self._tasks[job.id].terms.remembered):
                del self._jobs[job.id], self._tasks[job.id]

    def _overdue(self, job: Job) -> Job:
        """The job, marked where its time is over: what it works at stops at its next tick."""
        if job.state != "running" or self._now_s() - job.began_s <= self._tasks[job.id].deadline_s:
            return job
        deadline_s = self._tasks[job.id].deadline_s
        message = f"this took longer than {deadline_s:g} seconds and was stopped"
        return self._ended(job, state="timeout", error=TimedOut(message, field=job.kind, value=deadline_s))

    def _watch(self) -> None:
        if self._watcher is None:
            watcher = threading.Thread(target=self._look, name="jobs", daemon=True)
            try:
                watcher.start()
            except RuntimeError:  # the next job tries again
                log.exception("jobs are not watched")
                return
            self._watcher = watcher

    def _look(self) -> None:
        """End what is overdue though nobody asks for it, as long as there is anything to end."""
        while True:
            time.sleep(LOOK_EVERY_S)
            with self._turn():
                self._tidy()
                if self._closed or not any(job.live for job in self._jobs.values()):
                    self._watcher = None
                    return

    # The work itself

    def _run(self, job_id: str, task: _Task) -> None:
        give_way()

        def tick(share: float, words: str = "", so_far: Any = None) -> None:
            if so_far is not None:
                task.result_bytes = held_bytes(so_far)
            with self._turn():
                if not (job := self._running(job_id)):
                    raise _Stop
                found = job.so_far if so_far is None else so_far
                self._put(replace(job, share=min(max(share, job.share), 1.0), words=words or job.words, so_far=found))

        try:
            if task.terms.ready:
                task.terms.ready()
                self._ready(job_id)
            result = task.work(tick)
            task.result_bytes = held_bytes(result)
            self._end(job_id, state="done", share=1.0, so_far=None, result=result)
        except _Stop:
            pass  # the state says why already
        except SolarMiningError as error:
            self._end(job_id, state="failed", error=error)
        except Exception:
            log.exception("job %s failed", job_id)
            self._end(job_id, state="failed", error=SolarMiningError("something went wrong that should not have"))
        finally:
            with self._turn():
                self._threads.discard(threading.current_thread())

    def _ready(self, job_id: str) -> None:
        """Its time begins to count."""
        with self._turn():
            if not (job := self._running(job_id)):
                raise _Stop
            self._put(replace(job, words="", began_s=self._now_s()))

    def _end(self, job_id: str, **how: Any) -> None:
        """What came of a job, unless it was cancelled or late before it ended."""
        with self._turn():
            if job := self._running(job_id):
                self._ended(job, **how)

    def _running(self, job_id: str) -> Job | None:
        """The job while it may go on: not cancelled, late or forgotten meanwhile."""
        job = self._jobs.get(job_id)
        return job if job is not None and self._overdue(job).state == "running" else None


def _no_more(tick: Tick) -> None:
    """The work of a job that has ended."""
    raise _Stop


def _tell(job: Job, task: _Task) -> None:
    """Let those who wait for the end of a job know, whatever becomes of them."""
    try:
        if task.terms.ended:
            task.terms.ended(job)
    except Exception:
        log.exception("the end of job %s could not be told", job.id)
    finally:
        task.over.set_result(None)


@Once
def pool() -> Pool:
    """The pool of this process."""
    return Pool()


def close() -> None:
    """End the pool of this process, if there is one."""
    pool.end(Pool.close)
