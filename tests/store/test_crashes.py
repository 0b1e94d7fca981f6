"""Kills and power cuts, a few of each; `python -m tests.soak_store` makes the full number."""

from __future__ import annotations

import random
import struct
import sys
from pathlib import Path

import pytest

from tests.store import crashes
from tests.store.crashes import LOST, MIXED, Op, done, mixed, records

LONGEST_START_S = 50.0  # ten times what it may be: the figure is printed


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not sys.platform.startswith("linux") or crashes.compiler() is None:
        pytest.skip("a power cut is played with a C compiler on Linux")
    return crashes.built(tmp_path_factory.mktemp("disk"))


def told(found: crashes.Found) -> str:
    return (
        f"{found.kills} kills, {found.acknowledged} acknowledged, {found.lost} lost, {found.corrupt} corrupt, "
        f"longest start {found.longest_start_s:.2f} s"
    )


def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """DB-01."""
    found = crashes.kills(tmp_path / "home", 3)
    print(told(found))
    assert found.acknowledged > 0
    assert (found.lost, found.corrupt) == (0, 0)
    assert found.longest_start_s < LONGEST_START_S


@pytest.mark.parametrize("how", [LOST, MIXED])
def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path, library: Path, how: str) -> None:
    """DB-02."""
    found = crashes.cuts(tmp_path, library, 2, how)
    print(told(found))
    assert found.acknowledged > 0
    assert (found.lost, found.corrupt) == (0, 0)


def test_the_same_cuts_do_lose_where_a_commit_is_not_synced(tmp_path: Path, library: Path) -> None:
    """The control: a trial that this one passed would show nothing."""
    found = crashes.cuts(tmp_path, library, 2, LOST, normal=True)
    print(told(found))
    assert found.lost > 0


def test_a_log_tells_what_was_written_and_what_was_not_finished() -> None:
    head = (ord("w"), 1, 4, 2)

    record = struct.pack("4q", *head) + b"a" + b"xy"
    assert list(records(record + record[:-1])) == [("w", "a", 4, b"xy")]


def test_a_file_after_what_was_done_to_it() -> None:
    ops: list[Op] = [("w", 2, b"ab"), ("t", 3, b""), ("w", 5, b"c")]
    assert done(b"", ops) == b"\0\0a\0\0c"
    assert done(b"old", [("u", 0, b""), ("w", 0, b"n")]) == b"n"


def test_of_what_was_not_synced_each_sector_is_old_or_new() -> None:

    seen = {mixed(b"o" * 1024, [("w", 0, b"n" * 1024)], random.Random(seed)) for seed in range(50)}
    assert seen == {a * 512 + b * 512 for a in (b"o", b"n") for b in (b"o", b"n")}


def test_a_full_disk_is_told_and_left_again_without_a_restart(tmp_path: Path, library: Path) -> None:
    """DB-06: the disk has room for 3 MB, then for more. What was saved before is read all the while."""
    home, room = tmp_path / "home", tmp_path / "room"
    home.mkdir()
    room.write_text("3000000")
    full, after = crashes.filled_up(
        home, lambda: room.write_text("30000000"), crashes.disk_of(library, home, ROOM=room)
    )
    print(full, after)
    assert full["saved"] > 10
    assert (full["refused"], full["trouble"], full["degraded"], full["readable"]) == ("full", "full", True, True)
    assert (after["lost"], after["sound"]) == (0, True)


def test_writers_share_the_wait_for_a_slow_disk(tmp_path: Path, library: Path) -> None:
    """DB-03 on a disk that takes 5 ms a sync: not one change is lost, and commits are far fewer than changes."""
    shared, alone = (
        crashes.crowd(tmp_path / name, 20, 5, crashes.disk_of(library, tmp_path / name, SYNC_MS=5), alone=name == "a")
        for name in ("s", "a")
    )
    print("shared", shared)
    print("alone ", alone)
    assert (shared["counter"], shared["errors"]) == (alone["counter"], alone["errors"]) == (100, 0)
    assert alone["commits"] == 101  # the one that made the table is seen too
    assert shared["commits"] < 50
