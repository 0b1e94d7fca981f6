"""A job as the API shows it, and waiting for its end without keeping anybody up."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from core import errors
from core.api import PREFIX
from core.errors import NotFound, SolarMiningError
from core.jobs import State, pool
from core.leaving import leaving
from core.orders import orders
from core.outside import database
from core.store import jobs as store
from core.store.jobs import Kept

ROOT = f"{PREFIX}/jobs"
MOST_WAIT_S = 30.0
LOOK_EVERY_S = 0.25  # for the end of the server
LOOK_ELSEWHERE_S = 0.5  # for a job that another process works at
KINDS = (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SolarMiningError))
# of several with one code the most general, which comes last here: others tell more than every error of that code has
BY_CODE = {kind.code: kind for kind in sorted(KINDS, key=lambda kind: -len(kind.__mro__))}

Wait = Annotated[
    float, Query(ge=0, le=MOST_WAIT_S, description="Seconds to wait for the end; an answer in full then comes at once.")
]


class Error(BaseModel):
    """Why a job failed."""

    code: str
    message: str
    details: dict[str, Any]


class JobBrief(BaseModel):
    """A job without what came of it."""

    id: str
    kind: str
    state: State
    share: float = Field(description="Done, 0 to 1.")
    words: str
    position: int = Field(description="While it waits, in which turn it is; else 0.")
    attempt: int = Field(description="How often it was begun.")
    created_at: datetime
    began_at: datetime | None
    ended_at: datetime | None


class JobShown(JobBrief):
    """A job, with its result once it is done."""

    result: dict[str, Any] | None = Field(None, description="What came of it; rows of a batch are at `rows`.")
    error: Error | None = None
    links: dict[str, str] = Field(description="self, events, and rows and paths where the job has them.")


class JobBegun(BaseModel):
    """A job that was taken on."""

    job_id: str
    state: State
    position: int = Field(description="In which turn it is; 0: it runs.")
    links: dict[str, str]


def brief(kept: Kept) -> JobBrief:
    return JobBrief(**_facts(kept))


def begun(kept: Kept) -> JobBegun:
    return JobBegun(job_id=kept.id, state=_state(kept), position=orders().position(kept.id), links=links(kept))


def in_full(owner: str, kept: Kept) -> JobShown:
    """A job with its parts."""
    told = {name: store.part(database(), owner, kept.id, name) for name in ("result", "error")}
    return JobShown(**_facts(kept), **told, links=links(kept))


def links(kept: Kept) -> dict[str, str]:
    found = {"self": f"{ROOT}/{kept.id}"}
    if kept.kind == "batch":
        found["rows"] = f"{ROOT}/{kept.id}/rows"
    if kept.kind == "risk-analysis":
        found["paths"] = f"{ROOT}/{kept.id}/paths"
    return found


def failure(owner: str, kept: Kept) -> SolarMiningError | None:
    """Why a job failed, as it was raised; None where it did not."""
    told = store.part(database(), owner, kept.id, "error") if kept.state in ("failed", "timeout") else None
    if told is None:
        return None
    facts = {name: told["details"].get(name, "") for name in ("field", "value", "expected")}
    found: SolarMiningError = BY_CODE.get(told["code"], SolarMiningError)(told["message"], **facts)
    return found


async def ended(owner: str, id: str, wait_s: float) -> Kept:  # noqa: A002
    """A job once it has ended, or as it stands after `wait_s`; the event loop is free meanwhile."""
    loop = asyncio.get_running_loop()
    end = loop.time() + wait_s
    kept = await run_in_threadpool(orders().get, owner, id)
    while kept.live and loop.time() < end and not leaving().is_set():
        await _some(owner, id, min(LOOK_EVERY_S, end - loop.time()))
        over = _over(owner, id)
        if over is None or over.done():
            kept = await run_in_threadpool(orders().get, owner, id)
    return kept if not kept.live else await run_in_threadpool(orders().get, owner, id)


async def _some(owner: str, id: str, most_s: float) -> None:  # noqa: A002
    """Wait a little, less where the job ends in this process meanwhile."""
    over = _over(owner, id)
    if over is None:
        await asyncio.sleep(min(most_s * LOOK_ELSEWHERE_S / LOOK_EVERY_S, LOOK_ELSEWHERE_S))
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(over)), most_s)


def _over(owner: str, id: str) -> Future[None] | None:  # noqa: A002
    """Done once a job of this process has ended; None for one of another."""
    try:
        return pool().over(id, owner)
    except NotFound:
        return None


def _facts(kept: Kept) -> dict[str, Any]:
    own = {name: getattr(kept, name) for name in JobBrief.model_fields if name != "position"}
    return {**own, "position": orders().position(kept.id)}


def _state(kept: Kept) -> State:
    state: State = kept.state  # type: ignore[assignment]
    return state
