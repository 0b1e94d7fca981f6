"""Many who wait for the world keep up nobody who asks for something else."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from core.api import routes_world
from core.api.handlers import install
from core.api.identity import visitor
from core.fetchers.weather import bundled

PATIENCE_S = 20.0
CROWD = 80  # more than the forty threads that all other routes share, and than may wait


def test_a_crowd_that_waits_for_weather_leaves_the_threads_of_other_routes_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    come = threading.Event()
    in_vain: list[object] = []  # waits that ended before the other route had answered

    def slowly(*asked: Any) -> Any:
        if not come.wait(PATIENCE_S):
            in_vain.append(asked)
        return bundled("greensboro")

    monkeypatch.setattr(routes_world, "weather_for", slowly)
    app = FastAPI()
    install(app, lambda path: {"GET"})
    app.include_router(routes_world.router)

    @app.get("/listed")
    def listed() -> str:
        return "at once"

    async def everybody() -> tuple[httpx.Response, list[httpx.Response]]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
            place = {"latitude": 36.0, "longitude": -79.9}
            crowd = [asyncio.create_task(client.get("/weather", params=place)) for _ in range(CROWD)]
            await asyncio.sleep(0.2)
            other = await client.get("/listed")
            come.set()
            return other, await asyncio.gather(*crowd)

    monkeypatch.setattr("core.api.identity._found", lambda request: visitor())
    other, crowd = asyncio.run(everybody())
    assert other.json() == "at once"
    assert not in_vain
    statuses = [answer.status_code for answer in crowd]
    assert set(statuses) == {200, 503}, "those for whom there is no room hear so at once"
    assert statuses.count(200) >= routes_world.AT_ONCE
