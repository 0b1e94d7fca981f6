"""What the description of the API says of every operation: the errors it may answer with, and examples."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

Responses = dict[int | str, dict[str, Any]]
MEANING = {
    400: "The body cannot be read as JSON.",
    401: "Nobody known asks: a key is needed.",
    403: "The caller may not do this, or a page of another site asks.",
    404: "There is no such thing, or it is not the caller's.",
    405: "Another method is needed: see the header Allow.",
    409: "Somebody saved a newer version.",
    413: "The body is larger than 1 MB.",
    414: "The address is longer than 8 kB.",
    415: "The body is not JSON.",
    421: "The server does not go by that name.",
    422: "A value cannot be accepted; `details` says which, and what would be.",
    429: "Too many calls: `Retry-After` says in how many seconds there may be more.",
    431: "The headers are larger than 16 kB.",
    500: "A failure nobody foresaw; the log has it under the id of the request.",
    502: "No outside source could answer.",
    503: "Too much at once, or the database cannot be used.",
    504: "It took longer than it may.",
    507: "The disk is full.",
}
GUARD = (403, 414, 421, 431)  # what the guard before all routes refuses with
BODY = (400, 413, 415, 422)  # … and whoever reads a body
SERVER = (500, 503, 507)


class Details(BaseModel):
    """What was wrong: which field, which value, and what would be right."""

    field: str
    value: str | float | bool | None = None
    expected: str
    line: int | None = Field(None, description="Of a file, from 1.")
    column: int | None = None


class Told(BaseModel):
    """An error."""

    code: str
    message: str
    details: Details
    timestamp: str
    request_id: str


class ErrorBody(BaseModel):
    """How every failure is answered."""

    error: Told


EXAMPLE = {
    "error": {
        "code": "VALIDATION_ERROR",
        "message": "scenario.array.dc_kw: expected greater than or equal to 0",
        "details": {"field": "scenario.array.dc_kw", "value": -5, "expected": "greater than or equal to 0"},
        "timestamp": "2026-11-30T12:00:00Z",
        "request_id": "req_0123456789abcdef",
    }
}


def errors_of(*statuses: int, body: bool = False) -> Responses:
    """The errors an operation may answer with, those of every operation included; `body`: it reads one."""
    every = sorted({*statuses, *GUARD, *SERVER, *(BODY if body else ())})
    return {status: described(status) for status in every}


def described(status: int) -> dict[str, Any]:
    """One error, described."""
    return {"model": ErrorBody, "description": MEANING[status]}


def table(status_text: str, **media: Any) -> dict[str, Any]:
    """A response in several forms."""
    return {"description": status_text, "content": media}
