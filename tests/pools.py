"""Work and waiting that tests of the job pool share."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.jobs import Job, Pool, Tick

PATIENCE_S = 10.0


def until(pool: Pool, job_id: str, wanted: Callable[[Job], bool], owner: str = "me") -> Job:
    """The job once it is as wanted."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        job = pool.get(job_id, owner)
        if wanted(job):
            return job
        time.sleep(0.002)
    raise AssertionError(f"still {pool.get(job_id, owner)}")


def ended(job: Job) -> bool:
    return not job.live


def endless(tick: Tick) -> None:
    while True:
        tick(0.1, "going round")
        time.sleep(0.002)
