"""Failures nobody foresaw answer in the form, are found in the log by their id, and give nothing away (API-03)."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from core import errors
from core.api.errors import STATUS, body_of, status_of
from core.api.guard import Guard
from core.api.handlers import install
from core.settings import settings
from tests.api.serving import CODES, asked, error_in

CANARY = "canary-7f3a"
TOLD = f"SELECT * FROM keys at /home/planner/app.db with key={CANARY}"


def failed(failure: Exception) -> httpx.Response:
    """What an API answers whose only route fails so, behind the guard."""
    app = FastAPI()

    @app.get("/api/v1/fails")
    def fails() -> None:
        raise failure

    install(app, lambda path: {"GET"})
    return asked(Guard(app, settings({})), "GET", "/api/v1/fails")


@pytest.mark.parametrize(
    "failure", [RuntimeError(TOLD), KeyError(TOLD), ZeroDivisionError(TOLD), RecursionError(TOLD), OSError(28, TOLD)]
)
def test_a_failure_nobody_foresaw(failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        answer = failed(failure)
    assert answer.status_code == 500
    error = error_in(answer.json(), "INTERNAL_ERROR")
    assert error["request_id"] == answer.headers["x-request-id"]
    assert CANARY not in answer.text
    told = [record for record in caplog.records if record.exc_info]
    assert len(told) == 1, "told once"
    assert error["request_id"] in told[0].getMessage()


@pytest.mark.parametrize("failing", ["before it answers", "while it answers"])
def test_a_failure_outside_the_routes(failing: str, caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if failing == "while it answers":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError(TOLD)

    guarded = Guard(app, settings({}))
    if failing == "before it answers":
        error_in(asked(guarded, "GET", "/api/v1/x").json(), "INTERNAL_ERROR")
    else:
        with pytest.raises(AssertionError):  # httpx's own: the answer never ended
            asked(guarded, "GET", "/api/v1/x")
    assert [record for record in caplog.records if record.exc_info]


ALL = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.SolarMiningError)]


@pytest.mark.parametrize("kind", ALL)
def test_every_deliberate_error_has_its_status_and_the_form(kind: type[errors.SolarMiningError]) -> None:
    failure = kind("it failed", field="array.dc_kw", value=float("nan"), expected="a number")
    answer = failed(failure)
    assert answer.status_code == STATUS[kind.code] == status_of(failure)
    assert error_in(answer.json(), kind.code)["details"]["value"] == "nan"
    assert ("retry-after" in answer.headers) == (answer.status_code in (429, 503))
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)


def test_every_code_has_a_status() -> None:
    assert set(STATUS) == CODES


def test_a_full_disk_has_its_own_status() -> None:
    assert status_of(errors.DatabaseError("full", field="database", value="full")) == 507


@pytest.mark.parametrize("field", ["X-API-Key", "secret", "outlook.password", "token"])
def test_the_value_of_a_secret_field_is_not_repeated(field: str) -> None:
    assert CANARY.encode() not in body_of(errors.ValidationError("wrong", field=field, value=CANARY), "req_1")


def test_a_callers_own_words_are_cut() -> None:
    long = errors.ValidationError("x" * 10**6, field="y" * 10**6, value="z" * 10**6, expected="w" * 10**6)
    assert len(body_of(long, "req_1")) < 2500
