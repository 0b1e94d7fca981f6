"""Signing in and out on a server whose database is busy just then."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from core import outside
from core.api.people import Person
from core.errors import DatabaseError
from core.store import sign_ins
from core.store.audit import Log
from core.store.database import Database, in_memory
from pages.ui import people

ANN = Person("https://accounts.example.org", "ann", 1_800_000_000)


@pytest.fixture
def db(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    made = in_memory()
    monkeypatch.setattr(outside, "database", lambda: made)
    monkeypatch.setattr(outside, "audit", lambda: Log(made, b"k" * 32))
    yield made
    made.close()


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who was sent to the way out, in a session of its own in which Ann is signed in."""
    found: list[str] = []
    page = SimpleNamespace(session_state={}, logout=lambda: found.append("out"))
    monkeypatch.setattr(people, "st", page)
    monkeypatch.setattr(people, "person", lambda: ANN)
    return found


def busy(*given: Any) -> Any:
    raise DatabaseError("the database is busy", field="database")


def deeds() -> list[str]:
    return [entry.action for entry in outside.audit().listed()]


@pytest.mark.parametrize("failing", ["end", "note"])
def test_signing_out_here_depends_on_no_disk(
    failing: str, db: Database, left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins if failing == "end" else Log, failing, busy)
    people.sign_out()
    assert left == ["out"]


def test_a_sign_in_that_could_not_be_written_down_is_the_next_time_and_once(
    db: Database, left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for failing, where in (("begin", sign_ins), ("note", Log)):
        with monkeypatch.context() as patch:
            patch.setattr(where, failing, busy)
            people._note(ANN)
        assert deeds() == []
    for _ in range(3):
        people._note(ANN)
    assert deeds() == ["signed in"]
