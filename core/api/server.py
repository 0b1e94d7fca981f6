"""The parts of the API that the server takes: its routes, the guard before them all, and what lives as long as it does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core import serving
from core.api import PREFIX
from core.api.errors import answer, nowhere, request_id
from core.api.guard import Guard
from core.api.nodelay import send_at_once
from core.api.routes_metrics import PATH, metrics
from core.once import Once

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


class Late:
    """The API, made when it is first called: the dashboard's first page does not wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = await asyncio.to_thread(self.made) if self._app is None else self._app
        await app(scope, receive, send)

    def made(self) -> ASGIApp:
        """The application, made once whoever asks first."""
        with self._lock:
            if self._app is not None:
                return self._app
            from core.api.app import api, warm

            warm()
            self._app = api()
            return self._app


@Once
def late() -> Late:
    """The API of this process."""
    return Late()


def routes() -> Sequence[BaseRoute]:
    """What the server serves beside the dashboard; nothing under /api is ever answered by the dashboard's page."""
    return [
        Mount(PREFIX, app=late(), name="api"),
        Route(PATH, metrics, methods=METHODS),
        Route("/api", _nowhere, methods=METHODS),
        Route("/api/{rest:path}", _nowhere, methods=METHODS),
    ]


def middleware() -> Sequence[Middleware]:
    """What every request passes."""
    return [Middleware(Guard)]


async def _nowhere(request: Request) -> Response:
    return answer(nowhere(request.url.path), request_id(request.scope))


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """From the server's start to its end; at the end what was counted of the API's use is written."""
    send_at_once()
    await asyncio.to_thread(_conceal)
    threading.Thread(target=_begin, name="api", daemon=True).start()
    async with serving.lifespan(app):
        try:
            yield
        finally:
            await asyncio.to_thread(_leave)


def _conceal() -> None:
    from core import provider_keys

    provider_keys.conceal()


def _begin() -> None:
    """Make the API, then look after this server."""
    try:
        late().made()
    finally:
        from core import watch

        watch.begin()


def _leave() -> None:
    from core import watch
    from core.api.usage import counts

    watch.close()
    counts().write()
