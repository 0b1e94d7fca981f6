"""Databases moved aside on purpose go by count and age; what was found damaged, and what a wrong clock dated, never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core import clock
from core.store import copies

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def begun(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """When this program began, by a clock that is right."""
    at = NOON + timedelta(weeks=9)
    monkeypatch.setattr(clock, "BEGAN", (at, clock.passed_s()))
    return at


def put(home: Path, kind: str, at: datetime, *parts: str) -> str:
    name = f"app.db.{kind}.{at:%Y%m%dT%H%M%S%f}Z"
    for part in ("", *parts):
        (home / f"{name}{part}").write_bytes(b"a database")
    return name


def test_the_newest_three_stay_eight_weeks_and_others_one(tmp_path: Path) -> None:
    at = {
        days: put(tmp_path, "replaced", NOON - timedelta(days=days), "-wal", "-shm") for days in (1, 5, 6, 6.9, 8, 57)
    }
    assert copies.forget_old(tmp_path, NOON) == [at[8], at[57]]
    assert {file.name[:-4] for file in tmp_path.glob("*-wal")} == {at[1], at[5], at[6], at[6.9]}
    assert copies.forget_old(tmp_path, NOON + timedelta(days=2)) == [at[6.9]]
    assert copies.forget_old(tmp_path, NOON + timedelta(weeks=7)) == []
    assert copies.forget_old(tmp_path, NOON + timedelta(weeks=8)) == [at[1], at[5], at[6]]
    assert list(tmp_path.iterdir()) == []


def test_a_copy_before_a_change_of_the_schema_counts_with_them(tmp_path: Path) -> None:
    names = [put(tmp_path, kind, NOON - timedelta(days=60 + n)) for n, kind in enumerate(("before", "replaced"))]
    assert copies.forget_old(tmp_path, NOON) == names


def test_what_else_lies_there_stays(tmp_path: Path) -> None:
    old = NOON - timedelta(days=400)
    put(tmp_path, "corrupt", old)
    put(tmp_path, "before", datetime(1970, 1, 1, tzinfo=UTC))
    for name in ("app.db", "app.db-wal", "app.db.replaced.mine", f"copy.app.db.before.{old:%Y%m%dT%H%M%S}Z", "secret"):
        (tmp_path / name).write_bytes(b"")
    assert copies.forget_old(tmp_path, NOON) == []
    assert len(list(tmp_path.iterdir())) == 7


def test_a_clock_that_jumps_ahead_deletes_none(begun: datetime, tmp_path: Path) -> None:
    name = put(tmp_path, "replaced", begun)
    assert copies.forget_old(tmp_path, begun + timedelta(days=4000)) == []
    assert (tmp_path / name).exists()
