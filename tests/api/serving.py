"""A server of the API, and bytes sent to it as they are."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.browser.dashboard import OFFLINE

PREFIX = "/api/v1"
UNHURRIED = {**OFFLINE, "SOLAR_MINING_RATE_LIMIT": "1000000"}
CODES = {
    "VALIDATION_ERROR", "NOT_FOUND", "CONFLICT", "UNAUTHORIZED", "FORBIDDEN", "METHOD_NOT_ALLOWED",
    "UNSUPPORTED_MEDIA_TYPE", "RATE_LIMITED", "UNAVAILABLE", "EXTERNAL_API_ERROR", "TIMEOUT", "CALCULATION_ERROR",
    "DATABASE_ERROR", "PAYLOAD_TOO_LARGE", "INTERNAL_ERROR",
}  # fmt: skip
HERE = re.escape(str(Path(__file__).parents[2]))
LEAKS = re.compile(rf"Traceback|File \"|site-packages|SELECT |INSERT |{HERE}|/home/|/tmp/|sqlite", re.IGNORECASE)


@dataclass(frozen=True)
class Served:
    """A server that runs: its address, and the folder of what it keeps."""

    address: str
    home: Path

    @property
    def peer(self) -> tuple[str, int]:
        parts = urlsplit(self.address)
        return str(parts.hostname), int(parts.port or 0)


@dataclass(frozen=True)
class Raw:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def sent(served: Served, request: bytes, timeout_s: float = 10.0) -> Raw:
    """The answer to bytes of our own; the connection is closed after it."""
    with socket.create_connection(served.peer, timeout_s) as wire:
        wire.sendall(request)
        return answer_of(wire)


def answer_of(wire: socket.socket) -> Raw:
    """The next answer on a connection."""
    with wire.makefile("rb") as reader:
        status = int(reader.readline().split()[1])
        headers: dict[str, str] = {}
        while line := reader.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return Raw(status, headers, reader.read(int(headers.get("content-length", "0"))))


def posted(path: str, body: bytes, **headers: str) -> bytes:
    """A POST of JSON as bytes; `headers` with _ for -, and an empty value leaves one out."""
    told = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(body))}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items() if value)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def asked(app: Any, method: str, path: str, **given: Any) -> httpx.Response:
    """The answer of an ASGI application in this process, to a caller on this computer."""

    async def ask() -> httpx.Response:
        way = httpx.ASGITransport(app=app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=way, base_url="http://localhost") as client:
            return await client.request(method, path, **given)

    return asyncio.run(ask())


def error_in(body: Any, code: str) -> dict[str, Any]:
    """The error of a body, which has the one form and gives nothing away."""
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) == {"code", "message", "details", "timestamp", "request_id"}
    assert set(error["details"]) >= {"field", "value", "expected"}
    assert error["code"] == code, error
    assert code in CODES
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", error["timestamp"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", error["request_id"])
    assert not LEAKS.search(json.dumps(body)), body
    value = error["details"]["value"]
    assert not isinstance(value, str) or len(value) <= 100
    return error
