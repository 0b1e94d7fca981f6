"""Calculations for visitors, who have nothing to come back to: answered at once or not at all, and written nowhere."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from core import work
from core.api.jobs_shown import LOOK_EVERY_S, JobShown
from core.errors import Busy, NotFound, SolarMiningError, TimedOut
from core.fetchers.market import market
from core.jobs import Job, Terms, pool
from core.leaving import leaving
from core.outside import outside
from core.requests import Asked
from core.store.amounts import plain_json

WAIT_S = 30.0


async def answered(kind: str, owner: str, asked: Asked) -> JobShown:
    """A job of the pool alone, once it has ended; the error it failed with, TimedOut after WAIT_S."""
    began, heard = datetime.now(UTC), Future[Job]()
    terms = Terms(min(asked.most_s, WAIT_S), partial(work.ready, kind, asked), heard.set_result, remembered=False)
    job_id = pool().submit(kind, owner, partial(_run, kind, owner, asked), terms)
    try:
        job = await _ended(heard)
    finally:
        with suppress(NotFound):
            pool().cancel(job_id, owner)
    if job is None:
        raise TimedOut("this takes longer than a visitor may wait", field="wait", value=WAIT_S, expected="a key of this server, to follow the job")  # fmt: skip
    if job.state != "done":
        raise _why(job)
    return _shown(job, began)


def _run(kind: str, owner: str, asked: Asked, tick: Callable[..., None]) -> dict[str, Any]:
    """The result, as it would be kept of somebody else's job."""
    began_s, most_s = time.monotonic(), min(asked.most_s, WAIT_S)
    late = lambda: time.monotonic() - began_s > work.LIVED_FRAC * most_s  # noqa: E731
    result, _ = work.run(kind, asked, work.Ground(owner, market(outside()), tick, late))
    told: dict[str, Any] = json.loads(plain_json(result, "result"))
    return told


async def _ended(heard: Future[Job]) -> Job | None:
    """The job once it has ended; None after WAIT_S, or where the server ends before."""
    loop = asyncio.get_running_loop()
    end = loop.time() + WAIT_S
    while not heard.done() and loop.time() < end and not leaving().is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(heard)), min(LOOK_EVERY_S, end - loop.time()))
    return heard.result() if heard.done() else None


def _why(job: Job) -> SolarMiningError:
    return job.error or Busy("this server is being shut down: try again in a moment", field="jobs", value=job.kind)


def _shown(job: Job, began: datetime) -> JobShown:
    times = {"created_at": began, "began_at": began, "ended_at": datetime.now(UTC)}
    facts = {"id": job.id, "kind": job.kind, "state": job.state, "share": job.share, "words": job.words}
    return JobShown(**facts, **times, position=0, attempt=1, result=job.result, links={})
