"""What the server counts, for Prometheus: at `/metrics`, to an admin or to whoever has the key for it."""

from __future__ import annotations

import asyncio
import hmac

from starlette.requests import Request
from starlette.responses import Response

from core.api.identity import HEADER, caller
from core.api.sources import source, wrong_keys
from core.errors import Forbidden, MethodNotAllowed, Unauthorized
from core.metrics import FORMAT
from core.settings import settings

PATH = "/metrics"
BEARER = "Bearer "


async def metrics(request: Request) -> Response:
    """All of it as text; Unauthorized or Forbidden where the caller may not read it."""
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed("this can only be read", field="method", value=request.method, expected="GET")
    return Response(await asyncio.to_thread(_told, request), media_type=FORMAT)


def _told(request: Request) -> bytes:
    from core.gauges import told

    if not _has_its_key(request):
        who = caller(request)
        if not who.may("admin"):
            raise Forbidden("this needs the role admin", field="role", value=who.role, expected="admin")
    return told()()


def _has_its_key(request: Request) -> bool:
    """Whether a request has the key that opens this alone, as a token or in the header of keys."""
    key = settings().metrics_key
    given = request.headers.get("authorization", "").removeprefix(BEARER) or request.headers.get(HEADER, "")
    if key and hmac.compare_digest(given.encode(), key.encode()):
        return True
    if "authorization" in request.headers:
        wrong_keys().wrong(source(request))
        raise Unauthorized("that is not the key to this", field="Authorization", expected="Bearer and the key to it")
    return False
