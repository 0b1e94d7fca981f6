"""Every failure of a route, turned into the one form."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from core.api.errors import answer, internal, nowhere, request_id
from core.errors import MethodNotAllowed, SolarMiningError, ValidationError


def install(app: FastAPI, methods_at: Callable[[str], set[str]]) -> None:
    """Let every failure of `app` answer in the one form; `methods_at` says which methods an address knows."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, SolarMiningError)
        return answer(error, request_id(request.scope))

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(_first(error), request_id(request.scope))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = request.url.path.removeprefix(request.scope.get("root_path", ""))
        headers = {"Allow": ", ".join(sorted(methods_at(path)))} if error.status_code == 405 else None
        return answer(_of_http(error, request), request_id(request.scope), headers)

    async def unforeseen(request: Request, error: Exception) -> Response:  # logged by the guard, which it reaches next
        return answer(internal(), request_id(request.scope))

    app.add_exception_handler(SolarMiningError, ours)
    app.add_exception_handler(RequestValidationError, refused)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unforeseen)


def _first(error: RequestValidationError) -> ValidationError:
    """The first thing that was refused, named as in `core.scenario.explained`."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    field = ".".join(place[1:] if place[0] in ("body", "query", "path", "header") else place) or "body"
    expected = "a value" if first["type"] == "missing" else str(first["msg"])
    for opening in ("Value error, ", "Input should be ", "String should have "):
        expected = expected.removeprefix(opening)
    value = None if isinstance(first.get("input"), dict | list | bytes) else first.get("input")
    return ValidationError(f"{field}: expected {expected}", field=field, value=value, expected=expected)


def _of_http(error: HTTPException, request: Request) -> SolarMiningError:
    if error.status_code == 404:
        return nowhere(request.url.path)
    if error.status_code == 405:
        known = "another method: see the header Allow"
        return MethodNotAllowed(
            f"{request.method} does not work here", field="method", value=request.method, expected=known
        )
    refused: SolarMiningError = ValidationError("the request cannot be read", field="body", expected="see /api/v1/docs")
    return refused if error.status_code < 500 else internal()
