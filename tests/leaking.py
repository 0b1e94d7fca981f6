"""The server as `app.py` makes it, leaking on purpose: of each session it keeps what `SOAK_LEAK` says.

Served by `python -m tests.soak_load --leak …`, to see that it is found; never by anybody else.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.server import lifespan, middleware, routes
from pages.ui.runs import unforeseen

MEMORY_BYTES = 5_000_000  # a third of what a session holds
KEPT: list[Any] = []


def keep() -> None:
    """Keep something for good."""
    if os.environ["SOAK_LEAK"] == "memory":
        KEPT.append(os.urandom(MEMORY_BYTES))
    elif os.environ["SOAK_LEAK"] == "descriptors":
        KEPT.append(os.open(__file__, os.O_RDONLY))
    else:
        KEPT.append(threading.Thread(target=threading.Event().wait, daemon=True))
        KEPT[-1].start()


class Leak:
    """Keeps something of each session."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            keep()
        await self._app(scope, receive, send)


app = st.App(
    Path(__file__).parents[1] / "pages/main.py",
    routes=routes(),
    middleware=[Middleware(Leak), *middleware()],
    lifespan=lifespan,
    on_script_error=unforeseen,
)
