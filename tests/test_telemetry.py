"""What the program logs: one short line a record, whatever is put into it, and never a key."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.telemetry import MOST_BYTES, JsonLines, begin, forms, hidden, hide, secrets_in

ENV = {
    "SOLAR_MINING_COINGECKO_KEY": "canary+key/7f3a=",
    "SOLAR_MINING_NSRDB_KEY": "canary7f3a9b2c canary@mine.example",
    "SOLAR_MINING_BITCOIN_CORE_KEY": "bitcoin:canary-p4ss",
    "SOLAR_MINING_SHARE_SECRET": "canary-s3cret",
    "SOLAR_MINING_MODE": "local",
    "HOME": "/home/planner",
}


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger that writes lines of JSON as `begin` sets them up, and what it wrote."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    root.handlers[:] = []
    handler = begin(ENV, stream)
    assert begin(ENV) is handler
    assert root.handlers == [handler], "begun twice it writes once"
    yield logging.getLogger("solar_mining.test"), stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)


def line(message: Any, *args: Any, secrets: tuple[str, ...] = (), exc_info: Any = None, name: str = "x") -> str:
    record = logging.LogRecord(name, logging.WARNING, "f.py", 1, message, args, exc_info)
    record.created = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC).timestamp()
    return JsonLines(secrets).format(record)


def failure(text: str) -> tuple[Any, ...]:
    try:
        raise ValueError(text)
    except ValueError as error:
        return (ValueError, error, error.__traceback__)


def test_a_record_is_time_level_logger_and_message() -> None:
    assert line("%s failed", "it", name="solar_mining.fetchers") == (
        '{"time": "2026-05-01T12:00:00.250Z", "level": "warning", "logger": "solar_mining.fetchers", "message": "it failed"}'
    )


# SEC-09: what an attacker would have in the log

ATTACKS = {
    "a second record": '\n{"level":"fatal"}',
    "colours of a terminal": "\x1b[31m\x1b]0;title\x07 \x9b31m \x7f\u2028\u202e",
    "a megabyte": "A" * 1_000_000,
    "a megabyte of what is escaped": "\U0001f600\n" * 500_000,
}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS.keys())
@pytest.mark.parametrize("where", ["message", "argument", "error", "name", "all"])
def test_whatever_is_logged_is_one_short_line_of_plain_ascii(text: str, where: str) -> None:
    said = text if where in ("message", "all") else "%s" if where == "argument" else "said"
    args = (text,) if where == "argument" else ()
    exc_info = failure(text) if where in ("error", "all") else None
    written = line(said, *args, exc_info=exc_info, name=text if where in ("name", "all") else "x")
    assert len((written + "\n").encode()) <= MOST_BYTES
    assert all(" " <= c <= "~" for c in written)
    assert json.loads(written)["level"] == "warning"


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_short_message_comes_back_as_it_was(message: str, other: str) -> None:
    read = json.loads(line("%s%s", message, other))
    assert read["message"] == message + other


def test_a_long_message_keeps_its_start_and_a_long_traceback_its_end() -> None:
    read = json.loads(line("begun " + "m" * 20_000, exc_info=failure("e" * 20_000 + " the cause")))
    assert read["message"].startswith("begun ")
    assert read["message"].endswith("…")
    assert read["error"].endswith(" the cause")
    assert len(read["message"]) > 2000
    assert len(read["error"]) > 2000


def test_arguments_that_do_not_fit_are_still_a_line() -> None:
    assert "do not fit: TypeError" in json.loads(line("%d coins", "no number"))["message"]


# SEC-08: keys


def test_what_may_not_be_shown_is_found_in_the_environment() -> None:
    found = secrets_in(ENV)
    for secret in (
        "canary+key/7f3a=",
        "canary%2Bkey%2F7f3a%3D",
        "canary7f3a9b2c",
        "canary@mine.example",
        "canary-p4ss",
    ):
        assert secret in found
    assert not {"bitcoin", "local", "/home/planner"} & set(found), "what is no secret stays readable"
    assert secrets_in({"SOLAR_MINING_X_KEY": " ", "SOLAR_MINING_Y_KEY": "abc"}) == ()


@pytest.mark.parametrize("form", forms(["canary+key/7f3a=", "canary-p4ss", "bitcoin:canary-p4ss"]))
def test_a_key_in_any_form_is_in_no_line(form: str, log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.info("GET /?appid=%s", form)
    logger.error(form)
    logger.getChild(form).error("said", exc_info=ValueError(f"bad {form}"))
    logger.error("x" * 400 + form * 4)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"deprecated {form}", stacklevel=1)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 5
    assert all(json.loads(text) for text in lines)
    assert form not in stream.getvalue()
    assert "canary" not in stream.getvalue()
    assert stream.getvalue().count("***") >= 5


def test_what_is_entered_later_is_hidden_from_then_on_wherever_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    streams, handlers = [io.StringIO() for _ in range(2)], list[logging.Handler]()
    for stream in streams:
        handlers.append(logging.StreamHandler(stream))
        handlers[-1].setFormatter(JsonLines(("known-before",)))
    monkeypatch.setattr(logging.getLogger(), "handlers", [*handlers, logging.NullHandler()])
    logger = logging.getLogger("later")
    logger.error("canary-p4ss")
    assert all("canary" in stream.getvalue() for stream in streams), "nobody knew that it is one"
    for stream in streams:
        stream.truncate(stream.seek(0))
    hide(["user:canary-p4ss", "  "])
    for form in forms(["canary-p4ss", "user:canary-p4ss"]):
        logger.error("GET /?key=%s known-before", form)
    for stream in streams:
        assert "canary" not in stream.getvalue()
        assert "known-before" not in stream.getvalue()
        assert all(json.loads(text)["message"].startswith("GET /?key=***") for text in stream.getvalue().splitlines())


def test_longer_secrets_are_hidden_before_those_inside_them() -> None:
    assert hidden("key-1234-more", forms(["key-1234", "key-1234-more"])) == "***"


def test_facts_of_a_record_stand_beside_its_message_short_and_without_secrets() -> None:
    record = logging.LogRecord("x", logging.INFO, "f.py", 1, "told", (), None)
    record.facts = {"status": 200, "path": "/of/s3cr3t\n" + "é" * 5000, "ms": 1.5}
    text = JsonLines(("s3cr3t",)).format(record)
    told = json.loads(text)
    assert (told["status"], told["ms"], told["message"]) == (200, 1.5, "told")
    assert told["path"].startswith("/of/***\n")
    assert len(told["path"]) == 200
    assert "\n" not in text
    assert len(text) < MOST_BYTES
