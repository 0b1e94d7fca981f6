"""A start finds a database that can be used, whatever was left: damage is moved aside, and a good backup takes its place."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import DatabaseError
from core.scenario import Scenario
from core.store import backups, condition, holds, scenarios, start
from core.store.database import FILE_NAME, Database, fault_of, open_database

LONGEST_S = 50.0  # ten times what a start may take, so that a slow machine fails no test; the figure is printed
PAGE = 4096
Damage = Callable[[bytearray], bytes]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a kill leaves it: 40 scenarios, a backup, and 20 more, of which the log holds some."""
    home, copy = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("left") / "home"
    db = open_database(home)
    for n in range(40):
        scenarios.save(db, "ann", Scenario().but({"name": f"before {n}"}))
    backups.make(db, home)
    db.close()  # so far all is in the file itself
    db = open_database(home)
    for n in range(20):
        scenarios.save(db, "ann", Scenario().but({"name": f"after {n}"}))
    shutil.copytree(home, copy)
    db.close()
    assert (copy / f"{FILE_NAME}-wal").stat().st_size > 0
    return copy


def names(db: Database) -> set[str]:
    return {one.name for one in scenarios.listed(db, "ann")}


BEFORE = {f"before {n}" for n in range(40)}


def beside_its_log(home: Path) -> bytes:
    """Damage the file where the log has nothing newer to put in place; what the file holds now."""
    content = (home / FILE_NAME).read_bytes()
    damaged = content[:PAGE] + random.Random(2).randbytes(len(content) - PAGE)
    (home / FILE_NAME).write_bytes(damaged)
    return damaged


def closed(left: Path, home: Path) -> Path:
    """The same folder after an orderly end: all is in the one file."""
    shutil.copytree(left, home)
    db = open_database(home)
    assert len(names(db)) == 60
    db.close()
    return home / FILE_NAME


def overwritten(content: bytearray, at: int, count: int, seed: int = 1) -> bytes:
    content[at : at + count] = random.Random(seed).randbytes(count)
    return bytes(content)


DAMAGES: dict[str, Damage] = {
    "header random": lambda content: overwritten(content, 0, 100),
    "header zeros": lambda content: bytes(100) + bytes(content[100:]),
    "first page random": lambda content: overwritten(content, 0, PAGE),
    "another file": lambda content: b"this is no database " * 300,
    "cut in half": lambda content: bytes(content[: len(content) // 2]),
    "cut within a page": lambda content: bytes(content[: 5 * PAGE + 17]),
    "cut after the header": lambda content: bytes(content[:100]),
    "cut to nothing": lambda content: b"",
    "second page random": lambda content: overwritten(content, PAGE, PAGE),
    "a page in the middle random": lambda content: overwritten(content, len(content) // PAGE // 2 * PAGE, PAGE),
    "last page random": lambda content: overwritten(content, len(content) - PAGE, PAGE),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_is_moved_aside_and_the_newest_backup_takes_its_place(
    left: Path, tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """DB-08."""
    file = closed(left, tmp_path / "home")
    damaged = DAMAGES[how](bytearray(file.read_bytes()))
    file.write_bytes(damaged)
    began_s = time.monotonic()
    db = open_database(file.parent)
    took_s = time.monotonic() - began_s
    print(f"{how}: open again after {took_s:.2f} s (goal 5)")
    assert took_s < LONGEST_S
    assert names(db) == BEFORE
    scenarios.save(db, "ann", Scenario())
    told = condition.condition(db, file.parent)
    assert told.degraded
    assert [one.backup for one in told.set_aside] == [backups.listed(file.parent, 1)[0].id]
    assert (file.parent / told.set_aside[0].file).read_bytes() == damaged
    assert told.set_aside[0].file in condition.words(told.set_aside[0])
    assert [record.levelname for record in caplog.records if "damaged" in record.message] == ["CRITICAL"]
    db.close()
    db = open_database(file.parent)  # a second start finds nothing to do, and the notice stays
    assert len(condition.set_aside(file.parent)) == 1
    db.close()


def test_without_a_backup_an_empty_database_begins(left: Path, tmp_path: Path) -> None:
    file = closed(left, tmp_path / "home")
    shutil.rmtree(file.parent / backups.FOLDER)
    file.write_bytes(b"\0" * PAGE)
    db = open_database(file.parent)
    assert names(db) == set()
    (aside,) = condition.set_aside(file.parent)
    assert aside.backup == ""
    assert "empty" in condition.words(aside)
    (file.parent / aside.file).rename(tmp_path / "taken away")
    assert condition.set_aside(file.parent) == ()
    db.close()


def test_the_log_of_a_damaged_file_goes_with_it(left: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(left, home)
    log = (home / f"{FILE_NAME}-wal").read_bytes()
    beside_its_log(home)
    db = open_database(home)
    assert names(db) == BEFORE
    (aside,) = condition.set_aside(home)
    assert (home / f"{aside.file}-wal").read_bytes() == log
    db.close()


@pytest.mark.parametrize("file_too", [True, False])
def test_a_log_without_its_file_is_kept(left: Path, tmp_path: Path, file_too: bool) -> None:
    """SQLite would throw the log away without a word, and with it whatever was saved last."""
    home = tmp_path / "home"
    shutil.copytree(left, home)
    log = (home / f"{FILE_NAME}-wal").read_bytes()
    (home / FILE_NAME).unlink()
    if file_too:
        (home / FILE_NAME).touch()
    db = open_database(home)
    assert names(db) == BEFORE
    (aside,) = condition.set_aside(home)
    assert (home / f"{aside.file}-wal").read_bytes() == log
    db.close()


def test_a_backup_that_is_no_good_is_passed_over(left: Path, tmp_path: Path) -> None:
    file = closed(left, tmp_path / "home")
    db = open_database(file.parent)
    scenarios.save(db, "ann", Scenario().but({"name": "newest"}))
    newest = backups.make(db, file.parent)
    db.close()
    stored = backups.file_of(file.parent, newest.id)
    stored.write_bytes(stored.read_bytes()[:-1000])
    file.write_bytes(b"no database" * 1000)
    db = open_database(file.parent)
    assert names(db) == BEFORE
    db.close()


def test_a_full_disk_does_not_make_a_start_begin_anew(
    left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup is good, there is no room for it: then everything stays as it is."""
    file = closed(left, tmp_path / "home")
    file.write_bytes(b"no database" * 1000)

    def full(*_: object) -> None:
        raise DatabaseError("the disk is full", field="backup", value="full")

    with monkeypatch.context() as patched:
        patched.setattr(backups, "unpack", full)
        with pytest.raises(DatabaseError, match="full"):
            open_database(file.parent)
    assert file.read_bytes() == b"no database" * 1000
    db = open_database(file.parent)
    assert names(db) == BEFORE
    db.close()


@pytest.mark.parametrize("step", range(8))
def test_a_start_killed_while_it_moves_files_is_finished_by_the_next(
    left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Whichever of its renames is the last: nothing is lost, and the backup is in place."""
    home = tmp_path / "home"
    shutil.copytree(left, home)
    log, damaged = (home / f"{FILE_NAME}-wal").read_bytes(), beside_its_log(home)
    left_to_do = [step]
    really = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if left_to_do[0] == 0:
            raise KeyboardInterrupt
        left_to_do[0] -= 1
        return really(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        with contextlib.suppress(KeyboardInterrupt):
            open_database(home).close()
    db = open_database(home)
    assert names(db) == BEFORE
    (aside,) = condition.set_aside(home)
    assert (home / aside.file).read_bytes() == damaged
    assert (home / f"{aside.file}-wal").read_bytes() == log
    assert not (home / start.PLAN).exists()
    assert not (home / start.NEXT).exists()
    db.close()


HOLDER = """
import sys, time
from pathlib import Path
from core.store import holds
hold = holds.Hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_file_that_another_process_uses_is_not_moved_under_it(left: Path, tmp_path: Path) -> None:
    file = closed(left, tmp_path / "home")
    file.write_bytes(b"no database" * 1000)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file.parent)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DatabaseError, match="another process") as refused:
            open_database(file.parent)
        assert refused.value.value == "damaged"
        holder.kill()
    assert file.read_bytes() == b"no database" * 1000
    db = open_database(file.parent)  # the lock ended with its process
    assert names(db) == BEFORE
    db.close()


STARTER = """
import sys
from pathlib import Path
from core.store.database import open_database
from core.store import scenarios
db = open_database(Path(sys.argv[1]))
print(len(scenarios.listed(db, "ann")), flush=True)
sys.stdin.readline()
"""


def test_two_that_start_at_once_on_a_damaged_file_agree(left: Path, tmp_path: Path) -> None:
    file = closed(left, tmp_path / "home")
    file.write_bytes(b"no database" * 1000)
    began = [
        subprocess.Popen(
            [sys.executable, "-c", STARTER, str(file.parent)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    answers = [one.stdout.readline() if one.stdout else "" for one in began]
    for one in began:
        one.communicate("\n", timeout=60)
    assert answers == ["40\n", "40\n"]
    assert len(condition.set_aside(file.parent)) == 1


def test_a_look_changes_nothing_and_finds_a_sound_file_sound(left: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(left, home)
    before = {name: (home / name).read_bytes() for name in (FILE_NAME, f"{FILE_NAME}-wal")}
    assert fault_of(home / FILE_NAME) == ""
    assert {name: (home / name).read_bytes() for name in before} == before
    assert start.fault(tmp_path) == ""


def test_a_start_waits_for_another_and_says_so_where_it_takes_too_long(tmp_path: Path) -> None:
    with (
        holds.starting(tmp_path),
        pytest.raises(DatabaseError, match="another process"),
        holds.starting(tmp_path, wait_s=0.1),
    ):
        pass


def test_a_plan_that_is_half_written_is_none(left: Path, tmp_path: Path) -> None:
    file = closed(left, tmp_path / "home")
    (file.parent / f"{start.PLAN}.part").write_text('{"file": "app.db.corr')
    db = open_database(file.parent)
    assert len(names(db)) == 60
    db.close()


def test_notes_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / f"{FILE_NAME}.corrupt.1.json").write_text("{")
    (tmp_path / f"{FILE_NAME}.corrupt.2.json").write_text(json.dumps({"file": "x"}))
    assert condition.set_aside(tmp_path) == ()


def test_what_a_start_did_is_logged_without_a_path(
    left: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = closed(left, tmp_path / "home")
    file.write_bytes(b"no database" * 1000)
    with caplog.at_level(logging.INFO):
        open_database(file.parent).close()
    assert "backup" in caplog.text
    assert str(tmp_path) not in caplog.text
