"""Backups: whole while others write, sealed, restored and checked when made, and kept by order and count alone."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import DatabaseError, NotFound
from core.scenario import Scenario
from core.store import backups, scenarios, sealing
from core.store.database import FILE_NAME, Database, open_database
from core.store.rows import stamp
from core.store.secret import data_keys, purpose

CANARY = "canary in the name of a plan"
PLAN = Scenario().but({"name": CANARY})
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
OLD, NEW = purpose(b"old", "data at rest"), purpose(b"new", "data at rest")


def restored(home: Path, backup: backups.Backup, to: Path) -> Database:
    to.mkdir()
    backups.unpack(home, backup.id, to / FILE_NAME)
    return open_database(to)


def dated(at: datetime) -> backups.Backup:
    return backups.Backup(f"{at.strftime(backups.WHEN)}-00000000", at, 1, "0" * 64)


def damage(home: Path, statement: str) -> None:
    """Change a row as a disk would: unseen by the program."""
    with sqlite3.connect(home / FILE_NAME) as conn:
        conn.execute(statement)
    conn.close()


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


def test_nothing_of_what_is_kept_can_be_read_in_a_backup(db: Database, tmp_path: Path) -> None:
    scenarios.save(db, "me", PLAN)
    made = backups.make(db, tmp_path)
    (file,) = (tmp_path / "backups").iterdir()
    assert file == backups.file_of(tmp_path, made.id)
    assert CANARY.encode() not in file.read_bytes()
    assert b"SQLite" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_they_are_listed_the_newest_first_and_in_pages(db: Database, tmp_path: Path) -> None:
    made = [backups.make(db, tmp_path) for _ in range(4)]
    found = backups.listed(tmp_path, 10)
    assert found == made[::-1]
    assert backups.listed(tmp_path, 10, (stamp(found[0].created_at), found[0].id)) == found[1:]
    assert backups.listed(tmp_path / "nowhere", 10) == []
    with pytest.raises(NotFound):
        backups.unpack(tmp_path, made[0].id[:-1], tmp_path / "out")


def test_the_newest_and_one_of_each_day_and_week_are_kept() -> None:
    every = [dated(NOON - timedelta(hours=n)) for n in range(24 * 100)]
    gone = {one.id for one in backups.retired(every)}
    kept = [one for one in every if one.id not in gone]
    assert kept[:24] == every[:24]
    assert len(kept) <= backups.NEWEST + backups.DAYS + backups.WEEKS
    ages = [(NOON - one.created_at).days for one in kept]
    assert {1, 5, 12} <= set(ages)
    assert max(ages) > 40
    assert backups.retired(kept) == []


def test_a_clock_that_is_set_back_deletes_no_new_one_and_dates_none_before_another(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "NEWEST", 3)
    made = [backups.make(db, tmp_path, now=NOON)]
    made += [backups.make(db, tmp_path, now=NOON - timedelta(days=400, hours=n)) for n in range(6)]
    found = backups.listed(tmp_path, 100)
    assert found == made[:-4:-1], "the newest three, in the order in which they were made"
    assert all(one.created_at >= NOON for one in found)
    ahead = backups.make(db, tmp_path, now=NOON + timedelta(days=4000))
    assert backups.listed(tmp_path, 100) == [ahead, *found[:2]], "a clock far ahead takes the place of one"


def test_the_newest_key_seals_and_every_key_opens(db: Database, tmp_path: Path) -> None:
    before = backups.make(db, tmp_path, (OLD,))
    after = backups.make(db, tmp_path, (NEW, OLD))
    for made in (before, after):
        backups.unpack(tmp_path, made.id, tmp_path / f"{made.id}.db", (NEW, OLD))
    with pytest.raises(DatabaseError, match="not among those given"):
        backups.unpack(tmp_path, after.id, tmp_path / "out", (OLD,))
    assert not (tmp_path / "out").exists()


def test_a_bit_that_changed_a_part_that_is_missing_and_one_too_many_are_seen(db: Database, tmp_path: Path) -> None:
    made = backups.make(db, tmp_path)
    file = backups.file_of(tmp_path, made.id)
    whole, dice = file.read_bytes(), random.Random(8)
    changed = []
    for _ in range(40):
        place, bit = dice.randrange(len(whole)), 1 << dice.randrange(8)
        changed.append(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
    for content in (*changed, whole[:-1], whole[: len(whole) // 2], whole[:10], b"", whole + b"\0"):
        file.write_bytes(content)
        assert not backups.is_sound(tmp_path, made.id)
        with pytest.raises(DatabaseError):
            backups.unpack(tmp_path, made.id, tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_pieces_of_a_long_file_can_not_change_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "PIECE_BYTES", 100)
    plain, sealed, out = tmp_path / "plain", tmp_path / "sealed", tmp_path / "out"
    for size in (0, 1, 99, 100, 101, 250, 300):
        plain.write_bytes(bytes(n % 251 for n in range(size)))
        with plain.open("rb") as source, sealed.open("wb") as into:
            sealing.seal(source, into, NEW, "a label")
        with sealed.open("rb") as source, out.open("wb") as into:
            assert sealing.unseal(source, into, (OLD, NEW)) == "a label"
        assert out.read_bytes() == plain.read_bytes()
    head = len(sealing.MARK) + sealing.NAME_BYTES + sealing.SALT_BYTES + 1 + len("a label")
    body = sealed.read_bytes()[head:]
    first, second, third = body[:116], body[116:232], body[232:]
    for order in (second + first + third, first + third, first + second, first + second + second + third):
        sealed.write_bytes(sealed.read_bytes()[:head] + order)
        with sealed.open("rb") as source, out.open("wb") as into, pytest.raises(DatabaseError):
            sealing.unseal(source, into, (NEW,))


def test_a_damaged_database_is_not_backed_up_and_no_good_backup_goes_for_it(db: Database, tmp_path: Path) -> None:
    row = scenarios.save(db, "me", PLAN)
    good = backups.make(db, tmp_path)
    damage(tmp_path, f"UPDATE scenarios SET scenario = replace(scenario, 'canary', 'kanary') WHERE id = '{row.id}'")
    for _ in range(3):
        with pytest.raises(DatabaseError, match=f"scenarios {row.id}"):
            backups.make(db, tmp_path)
    assert [file.name for file in (tmp_path / "backups").iterdir()] == [f"{good.id}-{good.sha256}.sealed"]
    restored(tmp_path, good, tmp_path / "restored").close()


def test_a_copy_of_a_version_that_sealed_none_is_read_too(db: Database, tmp_path: Path) -> None:
    saved = scenarios.save(db, "me", PLAN)
    made = backups.make(db, tmp_path)
    sealed = backups.file_of(tmp_path, made.id)
    backups.unpack(tmp_path, made.id, tmp_path / "plain")
    sealed.unlink()
    plain = sealed.with_name(f"{made.id}-{backups._sum_of(tmp_path / 'plain')}.db")
    (tmp_path / "plain").rename(plain)
    copy = restored(tmp_path, made, tmp_path / "restored")
    assert scenarios.load(copy, "me", saved.id)[0] == PLAN
    copy.close()
    plain.write_bytes(plain.read_bytes() + b"\0")
    with pytest.raises(DatabaseError):
        backups.unpack(tmp_path, made.id, tmp_path / "out")


def test_what_cannot_be_written_is_said_and_leaves_nothing(db: Database, tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("a file where the folder should be")
    with pytest.raises(DatabaseError):
        backups.make(db, tmp_path)
    assert (tmp_path / "backups").is_file()


def test_what_a_crash_left_goes_a_day_later(db: Database, tmp_path: Path) -> None:
    made = backups.make(db, tmp_path)
    left = [tmp_path / "backups" / f"{made.id}.{end}" for end in ("part", "scratch")]
    for file in left:
        file.write_bytes(b"half")
    backups.make(db, tmp_path)
    assert all(file.exists() for file in left), "another process may be writing them"
    for file in left:
        os.utime(file, (0, time.time() - 2 * backups.ABANDONED_S))
    backups.make(db, tmp_path)
    assert not any(file.exists() for file in left)


def test_under_another_name_or_in_another_ones_place_a_backup_is_refused(db: Database, tmp_path: Path) -> None:
    old = backups.make(db, tmp_path, now=NOON - timedelta(days=3))
    scenarios.save(db, "me", PLAN)
    new = backups.make(db, tmp_path, now=NOON)
    keys = data_keys(tmp_path, {})
    for one in (old, new):
        backups.refuse_changed(tmp_path, one.id, keys)
    file = backups.file_of(tmp_path, old.id)
    younger = (NOON + timedelta(days=1)).strftime(backups.WHEN)
    renamed = file.rename(file.with_name(f"{younger}-00000000-{old.sha256}.sealed"))
    for asked in (
        lambda: backups.refuse_changed(tmp_path, f"{younger}-00000000", keys),
        lambda: backups.unpack(tmp_path, f"{younger}-00000000", tmp_path / "out"),
    ):
        with pytest.raises(DatabaseError, match=f"it is the backup {old.id} under another name"):
            asked()
    assert not (tmp_path / "out").exists()
    elsewhere = renamed.rename(tmp_path / "mine.sealed")
    assert backups.unpack_file(elsewhere, tmp_path / "out", keys) == old.id, "a name of one's own is nobody's"
    elsewhere.replace(backups.file_of(tmp_path, new.id))
    with pytest.raises(DatabaseError, match=f"it is the backup {old.id}"):
        backups.refuse_changed(tmp_path, new.id, keys)


def test_a_backup_that_an_older_version_sealed_without_its_name_opens(db: Database, tmp_path: Path) -> None:
    scenarios.save(db, "me", PLAN)
    plain, sealed, out = tmp_path / "plain.db", tmp_path / "old.sealed", tmp_path / "out"
    db.copy_to(plain)
    raw = plain.read_bytes()
    head = sealing.UNLABELLED + sealing.key_name(NEW) + bytes(sealing.SALT_BYTES)  # as that version wrote it
    pieces = [raw[at : at + sealing.PIECE_BYTES] for at in range(0, len(raw), sealing.PIECE_BYTES)]
    cipher = sealing._cipher(NEW, head)
    body = [cipher.encrypt(sealing._nonce(n, n == len(pieces) - 1), piece, head) for n, piece in enumerate(pieces)]
    sealed.write_bytes(head + b"".join(body))
    assert backups.unpack_file(sealed, out, (OLD, NEW)) == ""
    assert out.read_bytes() == raw


def test_another_process_may_end_or_remove_one_meanwhile(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of them make backups at once: what one has just listed the other has renamed or retired."""
    made = [backups.make(db, tmp_path) for _ in range(2)]
    folder = tmp_path / "backups"
    vanished = [folder / "20200101T000000000000Z-00000000.part", backups._files(folder)[0]]
    seen = Path.iterdir

    def as_it_was(path: Path) -> Iterator[Path]:
        yield from seen(path)
        if path == folder:
            yield from vanished

    backups.file_of(tmp_path, made[1].id).unlink()
    monkeypatch.setattr(Path, "iterdir", as_it_was)
    assert backups.listed(tmp_path, 10) == made[:1]
    newest = backups.make(db, tmp_path)
    assert backups.listed(tmp_path, 10) == [newest, made[0]]
    monkeypatch.setattr(backups, "retired", lambda every: [made[1]])
    backups.make(db, tmp_path)
