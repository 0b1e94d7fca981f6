"""The server as `app.py` makes it, and two routes more: `/objects?first=…&second=…` says what in this process still holds a
text, `/freeze` has all that is alive frozen for the collector, as happens once a process.

Served by the tests of privacy with `streamlit run`; never by anybody else.
"""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from core.api.server import lifespan, middleware, routes
from pages.ui.leftovers import leftovers
from pages.ui.runs import unforeseen

MOST_SHOWN = 20


def holders(word: str) -> list[str]:
    """Sorts of objects that hold a text with the word in it, in memory that is in use."""
    for _ in range(3):
        gc.collect()
    gc.unfreeze()  # to be looked through: garbage that was frozen is still there, though from now on it may be collected
    mine, found, seen = {id(word)}, [], set[int]()
    waiting: list[tuple[Any, Any]] = [(None, one) for one in gc.get_objects()]
    while waiting and len(found) < MOST_SHOWN:
        above, one = waiting.pop()
        if isinstance(one, str | bytes | bytearray):
            if id(one) not in mine and _holds(one, word):
                found.append(f"{type(above).__module__}.{type(above).__name__}: {_keys(above)}")
        elif id(one) not in seen and one is not waiting and one is not seen:
            seen.add(id(one))
            waiting += [(one, part) for part in gc.get_referents(one) if not gc.is_tracked(part)]
    return found


def _holds(one: str | bytes | bytearray, word: str) -> bool:
    return word in one if isinstance(one, str) else word.encode() in one


def _keys(one: Any) -> str:
    return (
        str([key for key in one if isinstance(key, str)][:6])
        if isinstance(one, dict)
        else f"{len(gc.get_referents(one))} parts"
    )


async def objects(request: Request) -> JSONResponse:
    # the first half alone travels in the address: the word itself is put together here, so that no request holds it
    halves = request.query_params["first"], request.query_params["second"]
    return JSONResponse(await asyncio.to_thread(lambda: holders("".join(halves))))


async def freeze(request: Request) -> JSONResponse:
    await asyncio.to_thread(leftovers().freeze)
    return JSONResponse(gc.get_freeze_count())


app = st.App(
    Path(__file__).parents[1] / "pages/main.py",
    routes=[Route("/objects", objects), Route("/freeze", freeze), *routes()],
    middleware=middleware(),
    lifespan=lifespan,
    on_script_error=unforeseen,
)
