"""The server as `app.py` makes it, and one route more: `/heap` says how much memory is in use, which the system cannot tell.

With `SOAK_LEAK` it leaks on purpose: of each session it keeps something. Served by `python -m tests.soak_load`, never by anybody else.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import sys
import threading
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.server import lifespan, middleware, routes
from pages.ui.runs import unforeseen

MEMORY_BYTES = 5_000_000  # a third of what a session holds
BLOCK_BYTES = 64  # of Python's own allocator, on the average
FIGURES = [
    "arena",
    "ordblks",
    "smblks",
    "hblks",
    "hblkhd",
    "usmblks",
    "fsmblks",
    "uordblks",
    "fordblks",
    "keepcost",
]  # of malloc.h
KEPT: list[Any] = []


class Heap(ctypes.Structure):
    """What the C library tells of its heap."""

    _fields_ = [(name, ctypes.c_size_t) for name in FIGURES]


def heap_bytes() -> int:
    """What is allocated and not free again, of the C library and of Python; resident memory has the holes between as well."""
    for _ in range(3):
        gc.collect()
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = Heap
    told = ask()
    return int(told.uordblks + told.hblkhd) + BLOCK_BYTES * sys.getallocatedblocks()


async def heap(request: Request) -> JSONResponse:
    return JSONResponse(await asyncio.to_thread(heap_bytes))


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
        if scope["type"] == "websocket" and "SOAK_LEAK" in os.environ:
            keep()
        await self._app(scope, receive, send)


app = st.App(
    Path(__file__).parents[1] / "pages/main.py",
    routes=[Route("/heap", heap), *routes()],
    middleware=[Middleware(Leak), *middleware()],
    lifespan=lifespan,
    on_script_error=unforeseen,
)
