"""What stands before the whole server: dashboard, its websocket, its files, and the API.

For all of it: a name this server goes by, so that a page of another site cannot reach it under a name of its own (DNS
rebinding), and headers that keep browsers careful. For the API: an id for each request, limits on what is read, JSON and
nothing else in bodies, no writing on behalf of other sites, one line in the log, and the error form for whatever fails.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import re
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api.cors import Cors
from core.api.errors import Headers, answer, internal, new_request_id, nowhere
from core.api.measured import count
from core.api.strict import plain
from core.errors import Forbidden, SolarMiningError, TooLarge, UnsupportedMediaType
from core.metrics import instruments
from core.settings import Settings, settings
from core.telemetry import request as logged_as

LONGEST_ADDRESS = 8 * 1024  # bytes
LARGEST_HEADERS = 16 * 1024
LARGEST_BODY = 1024 * 1024
READ_BESIDE = 64 * 1024  # a larger body is read in a thread: the event loop serves everybody
SAFE = ("GET", "HEAD", "OPTIONS")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
JSON_TYPE = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json\s*(?:;\s*charset=\"?utf-?8\"?\s*)?", re.IGNORECASE)
NO_ADDRESS = re.compile(r"[\x00-\x1f\x7f\\]|/\.\.(?:/|$)")  # what no path of ours has, and a route's pattern might miss
PAGE = "/api/v1/docs"
METRICS = "/metrics"  # of the API, though it stands where Prometheus looks for it
OPEN_PAGE = "/_stcore/stream"
EVERYWHERE: Headers = [(b"x-content-type-options", b"nosniff")]
DASHBOARD: Headers = [
    *EVERYWHERE,
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"referrer-policy", b"same-origin"),
]
API: Headers = [
    *EVERYWHERE,
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
NOTHING = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
OWN_ALONE = (
    b"content-security-policy",
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
log = logging.getLogger("solar_mining.api")


class WrongHost(Forbidden):
    """A request to a name this server does not go by."""

    status = 421


class AddressTooLong(TooLarge):
    """More in the address of a request than is read."""

    status = 414


class HeadersTooLarge(TooLarge):
    """More in the headers of a request than is read."""

    status = 431


class _Gone(Exception):
    """The caller left before the request was complete."""


class _Request:
    """A request to the API on its way: what it says, and what has been answered."""

    def __init__(self, scope: Scope, send: Send, extra: Headers) -> None:
        self.scope, self._send, self._extra = scope, send, extra
        self.method = str(scope["method"])
        self.headers = headers_of(scope)
        given = self.headers.get("x-request-id", "")
        self.id = given if REQUEST_ID.fullmatch(given) else new_request_id()
        self.status = 0
        # routes and what they depend on add headers to `state["headers"]`: an error answers with them too
        state = scope["state"] = {**scope.get("state", {}), "request_id": self.id, "headers": []}
        self._told: Headers = state["headers"]

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            own = {name.lower() for name, _ in message.get("headers", [])}
            added = [pair for pair in (*self._extra, *self._told) if pair[0] not in own]
            message["headers"] = [*message.get("headers", []), (b"x-request-id", self.id.encode()), *added]
        await self._send(message)

    async def refuse(self, error: SolarMiningError, receive: Receive, *, close: bool = False) -> None:
        """Answer with an error, unless an answer has begun."""
        if self.status:
            return
        reply = answer(error, self.id, {"Connection": "close"} if close else None)
        await reply(self.scope, receive, self.send)


class Guard:
    """Around the server, as ASGI middleware."""

    def __init__(self, app: ASGIApp, conf: Settings | None = None) -> None:
        conf = conf or settings()
        self._app = app
        self._local = conf.mode == "local"
        self._hosts = frozenset((*LOOPBACK, *conf.hosts))
        self._checks_hosts = self._local or bool(conf.hosts)
        self._any_from_afar = self._local and not conf.hosts
        self._cors = Cors(frozenset(conf.origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            path = str(scope["path"])
            serve = self._api if path in ("/api", METRICS) or path.startswith("/api/") else self._page
            await serve(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_known(scope, headers_of(scope)):
            await self._open_page(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it was accepted: the server answers 403

    async def _open_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A connection of a page, counted as long as it lasts."""
        if not str(scope["path"]).endswith(OPEN_PAGE):
            await self._app(scope, receive, send)
            return
        with instruments().sessions.track_inprogress():
            await self._app(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message.get("headers", [])}
                message["headers"] = [*message.get("headers", []), *(p for p in DASHBOARD if p[0] not in own)]
            await send(message)

        headers = headers_of(scope)
        if self._is_known(scope, headers):
            await self._app(scope, receive, careful)
        else:
            await answer(_wrong_host(headers), new_request_id())(scope, receive, careful)

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s = time.perf_counter()
        policy = OWN_ALONE if scope["path"].startswith(PAGE) else NOTHING
        origin = headers_of(scope).get("origin", "")
        request = _Request(scope, send, [*API, policy, *self._cors.headers(origin)])
        try:
            with logged_as(request.id):
                await self._serve(request, receive)
        except _Gone:
            request.status = request.status or 499
        except SolarMiningError as error:
            await request.refuse(error, receive, close=isinstance(error, TooLarge))
        except Exception:
            log.exception("%s failed", request.id, extra={"facts": {"request_id": request.id}})
            await request.refuse(internal(), receive)
        finally:
            _tell(request, (time.perf_counter() - began_s) * 1000)

    async def _serve(self, request: _Request, receive: Receive) -> None:
        _refuse_large(request.scope)
        if not self._is_known(request.scope, request.headers):
            raise _wrong_host(request.headers)
        if NO_ADDRESS.search(request.scope["path"]):
            raise nowhere(request.scope["path"])
        allowed = self._cors.preflight(request.method, request.headers)
        if allowed is not None:
            await request.send({"type": "http.response.start", "status": 204, "headers": allowed})
            await request.send({"type": "http.response.body", "body": b""})
            return
        if request.method in SAFE:
            await self._app(request.scope, receive, request.send)
            return
        self._refuse_foreign(request)
        body = await _read(request, receive)
        await self._app(request.scope, _replayed(body, receive), request.send)

    def _is_known(self, scope: Scope, headers: dict[str, str]) -> bool:
        """Whether a request is to a name of this server.

        Where no setting names any, a planner's own copy goes by loopback names alone for whoever is on this computer, as
        only their browser can be led astray; from another one any name will do, and its visitor gets nothing private.
        """
        if not self._checks_hosts or host_of(headers) in self._hosts:
            return True
        return self._any_from_afar and not _is_loopback(scope, headers)

    def _refuse_foreign(self, request: _Request) -> None:
        """Forbidden where a browser says that another site's page sent this."""
        origin, site = request.headers.get("origin", ""), request.headers.get("sec-fetch-site", "")
        if self._cors.allows(origin):
            return
        own = not origin or origin.partition("://")[2].lower() == request.headers.get("host", "").lower()
        if site not in ("", "same-origin", "none") or not own:
            expected = "a request from a page of this server, or from a program"
            raise Forbidden("a page of another site may not do this", field="Origin", value=origin, expected=expected)


def headers_of(scope: Scope) -> dict[str, str]:
    """Headers by name in small letters; of one that comes twice, the last."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def host_of(headers: dict[str, str]) -> str:
    """The name in the Host header, without its port."""
    host = headers.get("host", "").strip().lower()
    return re.sub(r":\d+$", "", host).removesuffix(".")


def _is_loopback(scope: Scope, headers: dict[str, str]) -> bool:
    """Whether the other end of the connection is this computer.

    Behind a peer on loopback the ASGI server puts what X-Forwarded-For says in its place, with port 0: scripts of a page
    may write that header, so it makes nobody come from afar.
    """
    client = scope.get("client")
    if client is None or (client[1] == 0 and "x-forwarded-for" in headers):
        return True
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return True  # a socket in the file system, or a test: as strict as for this computer
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _wrong_host(headers: dict[str, str]) -> WrongHost:
    expected = "a name of this server: see SOLAR_MINING_HOSTS"
    return WrongHost("this server does not go by that name", field="Host", value=host_of(headers), expected=expected)


def _refuse_large(scope: Scope) -> None:
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_ADDRESS:
        expected = f"at most {LONGEST_ADDRESS:,} bytes"
        raise AddressTooLong("the address is too long", field="path", expected=expected)
    if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEADERS:
        expected = f"at most {LARGEST_HEADERS:,} bytes"
        raise HeadersTooLarge("the headers are too large", field="headers", expected=expected)


async def _read(request: _Request, receive: Receive) -> bytes:
    """The whole body, which is JSON or empty; an error as soon as it is clear that it is not."""
    too_large = TooLarge("the body is too large", field="body", expected=f"at most {LARGEST_BODY:,} bytes")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 12 or int(length) > LARGEST_BODY:
        raise too_large
    if length != "0" or "transfer-encoding" in request.headers:
        _refuse_other_forms(request.headers)
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            raise too_large
        more = message.get("more_body", False)
    body = b"".join(parts)
    if body:
        await _refuse_unreadable(body)
    return body


async def _refuse_unreadable(body: bytes) -> None:
    if len(body) > READ_BESIDE:
        await asyncio.to_thread(plain, body)
    else:
        plain(body)


def _refuse_other_forms(headers: dict[str, str]) -> None:
    """UnsupportedMediaType for a body that is not plain JSON: a form or text can be sent by any site without asking."""
    given = headers.get("content-type", "")
    if not JSON_TYPE.fullmatch(given.strip()):
        expected = "application/json"
        raise UnsupportedMediaType("the body must be JSON", field="Content-Type", value=given, expected=expected)
    coding = headers.get("content-encoding", "identity")
    if coding.lower() != "identity":
        raise UnsupportedMediaType(
            "the body must not be compressed", field="Content-Encoding", value=coding, expected="identity"
        )


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body once, then whatever else comes, such as the caller's leaving."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return waiting.pop() if waiting else await receive()

    return replay


def _tell(request: _Request, took_ms: float) -> None:
    count(request.scope, request.method, request.status, took_ms / 1000)
    facts = {
        "request_id": request.id,
        "method": request.method,
        "path": request.scope["path"],
        "status": request.status,
        "ms": round(took_ms, 1),
    }
    path = json.dumps(request.scope["path"])[1:-1]
    log.info("%s %s %d", request.method, path, request.status, extra={"facts": facts, "every": True})
