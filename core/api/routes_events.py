"""Events as they happen: server-sent, so that whoever shows or passes on results need not ask again and again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from core.api.described import Responses, errors_of
from core.api.identity import HEADER, Viewer, key_secret
from core.errors import Busy
from core.events import EVERYBODY, Bus, Event, Listener, bus
from core.leaving import leaving
from core.outside import database
from core.store import keys

router = APIRouter(tags=["events"])
HEARTBEAT_S = 15.0
LOOK_EVERY_S = 0.5  # for the end of the server
AGAIN_MS = 2000
EXAMPLE = 'id: 1795996800000000\nevent: job.ended\ndata: {"id": "…", "kind": "batch", "state": "done"}\n\n'
STREAM: Responses = {200: {"description": "Events.", "content": {"text/event-stream": {"example": EXAMPLE}}}}
NOT_BUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get("/events", response_class=StreamingResponse, responses={**STREAM, **errors_of(401, 403, 422, 429)}, summary="Events as they happen")  # fmt: skip
async def events(
    request: Request,
    who: Viewer,
    last_event_id: Annotated[
        int | None, Header(ge=0, le=2**63 - 1, description="The id heard last: what came since is told first.")
    ] = None,
) -> StreamingResponse:
    """`job.ended` of your own jobs and `data.refreshed` of what comes from outside, until you hang up."""
    owner = who.owner if who.keeps or who.key_id else EVERYBODY
    stream = Stream(bus(), owner, last_event_id, request.headers.get(HEADER, ""))
    return StreamingResponse(stream.text(), media_type="text/event-stream", headers=NOT_BUFFERED)


class Stream:
    """One caller's stream of events; Busy where too many listen."""

    def __init__(self, told: Bus, owner: str, after: int | None, key: str = "") -> None:
        self._bus, self._key = told, key
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()
        listener = told.listen(owner, lambda: self._loop.call_soon_threadsafe(self._news.set), after)
        if listener is None:
            raise Busy("too many listen already", field="events")
        self._listener: Listener = listener

    async def text(self) -> AsyncIterator[str]:
        """Events as text, a comment now and then, until the server ends, the key does or the box overflows."""
        try:
            yield f"retry: {AGAIN_MS}\n\n"
            silent_s = 0.0
            while not leaving().is_set():
                found = self._listener.take()
                if (found or silent_s >= HEARTBEAT_S) and not await self._may():
                    return
                for event in found:
                    yield written(event)
                if silent_s >= HEARTBEAT_S:
                    yield ": still here\n\n"
                silent_s = 0.0 if found or silent_s >= HEARTBEAT_S else silent_s
                if self._listener.gone and not self._listener.box:
                    return
                silent_s += await self._wait()
        finally:
            self._bus.leave(self._listener)

    async def _wait(self) -> float:
        """Until there is news, and not for long; how long it was [s]."""
        began_s = self._loop.time()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), LOOK_EVERY_S)
        self._news.clear()
        return self._loop.time() - began_s

    async def _may(self) -> bool:
        """Whether the key, where one was given, still lives."""
        if not self._key:
            return True
        return await run_in_threadpool(keys.verified, database(), key_secret(), self._key) is not None


def written(event: Event) -> str:
    """An event in the form of the standard (WHATWG HTML, "Server-sent events")."""
    return f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(dict(event.data))}\n\n"
