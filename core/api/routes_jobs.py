"""Jobs: followed, listed, cancelled, and their rows and paths read."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from core.api import jobs_shown
from core.api.described import Responses, errors_of
from core.api.identity import Viewer
from core.api.jobs_shown import JobBrief, JobShown, Wait
from core.api.paging import Page, PageAsked, page
from core.errors import NotFound
from core.jobs import State
from core.leaving import leaving
from core.orders import orders
from core.outside import database
from core.store import jobs as store

router = APIRouter(prefix="/jobs", tags=["jobs"])
JobId = Annotated[str, Path(max_length=64, description="The id of a job: 32 digits.")]
Kind = Literal["risk-analysis", "sensitivity", "sizing", "first-design", "backtest", "comparison", "batch"]
LOOK_EVERY_S = 0.25
LONGEST_STREAM_S = 600.0
CHUNK = 1 << 16
ROW = {"n": 0, "name": "Example", "metrics": {"npv_usd": 120000.0}}
ROWS: Responses = {200: {"description": "A row of JSON a line.", "content": {"application/x-ndjson": {"example": json.dumps(ROW)}}}}  # fmt: skip
PATHS: Responses = {200: {"description": "A row for each path.", "content": {"text/csv": {"schema": {"type": "string"}}}}}  # fmt: skip


@router.get("", responses=errors_of(401, 403, 422, 429), summary="Your jobs")
def list_jobs(who: Viewer, want: PageAsked, state: State | None = None, kind: Kind | None = None) -> Page[JobBrief]:
    """Your jobs, the newest first; those that ended are kept for a week."""
    found = store.listed(database(), who.owner, want.limit + 1, want.after, state or "", kind or "")
    return page([orders().now(kept) for kept in found], want, jobs_shown.brief)


@router.get("/{id}", responses=errors_of(401, 403, 404, 422, 429), summary="Follow a job")
async def get_job(who: Viewer, id: JobId, wait: Wait = 0.0) -> JobShown:  # noqa: A002
    """A job as it stands, or once it has ended, whichever comes first within `wait` seconds."""
    kept = await jobs_shown.ended(who.owner, id, wait)
    return await run_in_threadpool(jobs_shown.in_full, who.owner, kept)


@router.delete("/{id}", responses=errors_of(401, 403, 404, 422, 429), summary="Cancel a job")
def cancel_job(who: Viewer, id: JobId) -> JobShown:  # noqa: A002
    """Stop a job that waits or runs; one that has ended stays as it is. Rows that a batch has by then are kept."""
    return jobs_shown.in_full(who.owner, orders().cancel(who.owner, id))


@router.get(
    "/{id}/rows",
    response_class=StreamingResponse,
    responses={**ROWS, **errors_of(401, 403, 404, 422, 429)},
    summary="Rows of a batch as they come",
)
async def rows_of_job(who: Viewer, id: JobId, skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0) -> StreamingResponse:  # noqa: A002
    """A line of JSON for each plan, in the order in which they are done, until the job ends; `skip` those you have."""
    kept = await run_in_threadpool(store.load, database(), who.owner, id)
    return StreamingResponse(_lines(kept, skip), media_type="application/x-ndjson")


@router.get(
    "/{id}/paths",
    response_class=StreamingResponse,
    responses={**PATHS, **errors_of(401, 403, 404, 422, 429)},
    summary="Every path of a risk analysis",
)
def paths_of_job(who: Viewer, id: JobId) -> StreamingResponse:  # noqa: A002
    """A row for each path as CSV, where the request said `keep_paths`."""
    found = store.part(database(), who.owner, id, "paths")
    if found is None:
        raise NotFound("no paths are kept of this job", field="id", value=id, expected="a job that was asked with keep_paths")  # fmt: skip
    headers = {"Content-Disposition": 'attachment; filename="paths.csv"'}
    return StreamingResponse(_unpacked(found), media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(kept: store.Kept, skip: int) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    end = loop.time() + LONGEST_STREAM_S
    while True:
        state = await run_in_threadpool(orders().get, kept.owner, kept.id)  # first: rows may come after
        rows: list[dict[str, Any]] = await run_in_threadpool(store.rows_from, database(), kept, skip)
        skip += len(rows)
        for row in rows:
            yield json.dumps(row).encode() + b"\n"
        if not rows and (not state.live or loop.time() > end or leaving().is_set()):
            return
        if not rows:
            await asyncio.sleep(LOOK_EVERY_S)


def _unpacked(found: bytes) -> Iterator[bytes]:
    with gzip.open(io.BytesIO(found)) as text:
        while some := text.read(CHUNK):
            yield some
