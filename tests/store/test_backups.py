"""Backups: whole while others write, checked, told by their sum, and the newest are kept."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.errors import DatabaseError
from core.scenario import Scenario
from core.store import backups, scenarios
from core.store.database import Database, open_database
from core.store.rows import stamp

PLAN = Scenario().but({"name": "Backed up"})


def restored(home: Path, backup: backups.Backup, to: Path) -> Database:
    to.mkdir()
    (to / "app.db").write_bytes((home / "backups" / f"{backup.id}-{backup.sha256}.db").read_bytes())
    return open_database(to)


def test_a_backup_made_while_others_write_has_all_that_was_acknowledged_before(db: Database, tmp_path: Path) -> None:
    before = {scenarios.save(db, "me", PLAN).id for _ in range(20)}
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            scenarios.save(db, "me", PLAN)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = backups.make(db, tmp_path)
    finally:
        stop.set()
        writer.join()
    copy = restored(tmp_path, made, tmp_path / "restored")
    kept = {row.id for row in scenarios.listed(copy, "me", 100_000)}
    assert before <= kept
    assert all(scenarios.load(copy, "me", id)[0] == PLAN for id in before)  # noqa: A001
    copy.close()
    assert backups.is_sound(tmp_path, made.id)


def test_the_newest_are_kept_and_listed_in_pages(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "MOST", 3)
    made = [backups.make(db, tmp_path) for _ in range(5)]
    found = backups.listed(tmp_path, 10)
    assert found == made[:1:-1]
    rest = backups.listed(tmp_path, 10, (stamp(found[0].created_at), found[0].id))
    assert rest == found[1:]
    assert backups.listed(tmp_path / "nowhere", 10) == []


def test_a_byte_that_changed_is_seen(db: Database, tmp_path: Path) -> None:
    made = backups.make(db, tmp_path)
    (file,) = (tmp_path / "backups").glob("*.db")
    changed = bytearray(file.read_bytes())
    changed[1234] ^= 1
    file.write_bytes(changed)
    assert not backups.is_sound(tmp_path, made.id)


def test_what_cannot_be_written_is_said_and_leaves_nothing(db: Database, tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("a file where the folder should be")
    with pytest.raises(DatabaseError):
        backups.make(db, tmp_path)
    assert (tmp_path / "backups").is_file()
