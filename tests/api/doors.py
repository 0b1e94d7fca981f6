"""A whole server in this process, guard and all, with keys to it: what the tests of identity stand before."""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import core.api
from core import health, jobs, orders, outside, watch, webhooks
from core.api import server
from core.api.identity import key_secret
from core.store import keys

HERE, AFAR = ("127.0.0.1", 50_000), ("203.0.113.7", 50_000)


def forget() -> None:
    """Let go of all that this process keeps for a server: the next one begins with nothing."""
    if outside.database.cache_info().currsize:
        orders.close()
        jobs.close()
        webhooks.close()
        outside.database().close()
    modules = [importlib.import_module(f"core.api.{found.name}") for found in pkgutil.iter_modules(core.api.__path__)]
    watch.close()
    for module in (outside, health, *modules):
        for found in vars(module).values():
            if hasattr(found, "cache_clear") and getattr(found, "__module__", "").startswith("core."):
                found.cache_clear()


class Client:
    """Somebody who calls; one call at a time, each to its end."""

    def __init__(self, door: Door, at: tuple[str, int], headers: dict[str, str]) -> None:
        self._loop, self._app, self._at = door.loop, door.app, at
        transport = httpx.ASGITransport(door.app, raise_app_exceptions=False, client=at)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers, timeout=60)

    def request(self, method: str, url: str, **how: Any) -> httpx.Response:
        return asyncio.run_coroutine_threadsafe(self._http.request(method, url, **how), self._loop).result(60)

    def begins(self, method: str, url: str) -> int:
        """The status of an answer that does not end: the caller leaves as soon as it has begun."""
        return asyncio.run_coroutine_threadsafe(self._begun(method, url), self._loop).result(60)

    async def _begun(self, method: str, url: str) -> int:
        began, status = asyncio.Event(), [0]
        sent = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            for message in sent:
                return message
            await began.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
                began.set()

        request = self._http.build_request(method, url)
        scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http"}
        scope |= {"path": url, "raw_path": url.encode(), "query_string": b"", "root_path": "", "client": self._at}
        scope |= {
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": ("127.0.0.1", 80),
        }
        await asyncio.wait_for(self._app(scope, receive, send), 20)
        return status[0]

    def get(self, url: str, **how: Any) -> httpx.Response:
        return self.request("GET", url, **how)

    def post(self, url: str, **how: Any) -> httpx.Response:
        return self.request("POST", url, **how)

    def delete(self, url: str, **how: Any) -> httpx.Response:
        return self.request("DELETE", url, **how)


class Door:
    """A server of one mode and the folder of what it keeps, with an event loop of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="door", daemon=True)
        self._thread.start()
        self.app = Starlette(routes=server.routes(), middleware=server.middleware())

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def client(self, at: tuple[str, int] = AFAR, key: str = "") -> Client:
        """Somebody who calls from an address, with a key or without."""
        return Client(self, at, {"X-API-Key": key} if key else {})

    def key(self, owner: str, role: str, label: str = "test", *, ends: str = "") -> str:
        """A key; `ends`: "revoked" or "expired"."""
        long_ago = keys.rows.moment(keys.rows.stamp()) - timedelta(days=9)
        now = long_ago if ends == "expired" else None
        key, text = keys.create(outside.database(), key_secret(), owner, role, label, 7, now)
        if ends == "revoked":
            keys.revoke(outside.database(), key.id)
        return text


@contextmanager
def opened(home: Path, monkeypatch: pytest.MonkeyPatch, mode: str = "server", **env: str) -> Iterator[Door]:
    """A server as the environment has it, gone at the end of the block."""
    monkeypatch.setenv("SOLAR_MINING_MODE", mode)
    monkeypatch.setenv("SOLAR_MINING_HOME", str(home))
    monkeypatch.setenv("SOLAR_MINING_RATE_LIMIT", "1000000")
    for name, value in env.items():
        monkeypatch.setenv(f"SOLAR_MINING_{name}", value)
    forget()
    door = Door(home)
    try:
        yield door
    finally:
        door.close()
        forget()


def told(body: bytes, *ids: str) -> dict[str, Any]:
    """An error without what differs from call to call: time, request, and the id that was asked for."""
    text = body.decode()
    for one in ids:
        text = text.replace(one, "ID")
    error: dict[str, Any] = json.loads(text)["error"]
    return {name: value for name, value in error.items() if name not in ("timestamp", "request_id")}
