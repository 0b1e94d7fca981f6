"""Errors as responses: a status for each code, and one form for all, whoever raises them."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from core.errors import NotFound, RateLimited, SolarMiningError

STATUS = {
    "VALIDATION_ERROR": 422,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "METHOD_NOT_ALLOWED": 405,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RATE_LIMITED": 429,
    "UNAVAILABLE": 503,
    "EXTERNAL_API_ERROR": 502,
    "TIMEOUT": 504,
    "CALCULATION_ERROR": 422,
    "DATABASE_ERROR": 503,
    "PAYLOAD_TOO_LARGE": 413,
    "INTERNAL_ERROR": 500,
}
FULL = 507  # the disk is
TEXT_SHOWN = 500  # characters of a message or the name of a field, in which a caller's own words may stand
SECRET_FIELD = re.compile(r"(?i)(key|secret|password|token|authorization)$")
Headers = list[tuple[bytes, bytes]]
AFTER_S = "1"  # when to ask again, where something is busy


def request_id(scope: Mapping[str, Any]) -> str:
    """The id that the guard gave a request; a new one where it came another way."""
    return str(scope.get("state", {}).get("request_id") or new_request_id())


def new_request_id() -> str:
    return f"req_{secrets.token_hex(8)}"


def status_of(error: SolarMiningError) -> int:
    """The status an error answers with."""
    if error.code == "DATABASE_ERROR" and error.value == "full":
        return FULL
    return int(getattr(error, "status", STATUS[error.code]))


def body_of(error: SolarMiningError, request: str) -> bytes:
    """The error form as JSON in ASCII, cut where a caller's own words are long, without what may be a key."""
    body = error.body(request)
    told = body["error"]
    told["message"] = _cut(told["message"])
    details = {name: _cut(value) for name, value in told["details"].items()}
    if SECRET_FIELD.search(str(details["field"])):
        details["value"] = None
    told["details"] = details
    return json.dumps(body, allow_nan=False).encode()


def answer(error: SolarMiningError, request: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as a response."""
    status = status_of(error)
    extra = dict(headers or {})
    if isinstance(error, RateLimited):
        extra["Retry-After"] = str(max(1, round(error.after_s)))
    elif status == 503:
        extra["Retry-After"] = AFTER_S
    elif status == 401:
        extra["WWW-Authenticate"] = 'ApiKey realm="Solar Mining Calculator", header="X-API-Key"'
    return Response(body_of(error, request), status, extra, "application/json")


def internal() -> SolarMiningError:
    """What a caller hears of a failure nobody foresaw: that it is logged under the id of the request."""
    return SolarMiningError("something went wrong here; the log has it under the id of this request")


def nowhere(path: str) -> NotFound:
    return NotFound("there is nothing at this address", field="path", value=path, expected="see /api/v1/docs")


def _cut(value: Any) -> Any:
    return value[: TEXT_SHOWN - 1] + "…" if isinstance(value, str) and len(value) > TEXT_SHOWN else value
