"""Kills and power cuts: a writer that is ended at any moment, and what its disk holds then.

A power cut is played by `disk.c`, put before the C library of the writer: it writes down every change of a file and
every sync. From that the disk is made as it may be after the cut: what was made durable, and of the rest nothing, or
of each sector of 512 bytes either what was or what would have been.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.store import condition
from core.store.database import FILE_NAME, Database, open_database
from tests.store.writer import READY

ROOT = Path(__file__).parents[2]
SECTOR = 512
MOST_KILLS = 500
READY_S = 60.0
EARLIEST_S, LATEST_S = 0.02, 0.25  # after the writer is ready: when it is ended
LOST, MIXED = "what was not synced is lost", "of what was not synced any sector may be there"


def compiler() -> str | None:
    """The C compiler there is."""
    return next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)


def built(folder: Path) -> Path:
    """The library that stands for a disk."""
    library = folder / "disk.so"
    source = Path(__file__).with_name("disk.c")
    command = [compiler() or "cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)
    return library


def disk_of(library: Path, home: Path, **more: object) -> dict[str, str]:
    """The environment of a process whose folder `home` is on that disk; `more`: LOG, SYNC_MS, ROOM."""
    settings = {f"DISK_{name}": str(value) for name, value in more.items()}
    return {"LD_PRELOAD": str(library), "DISK_HOME": str(home.resolve()), **settings}


@dataclass
class Found:
    """What one or more kills came to."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    corrupt: int = 0
    longest_start_s: float = 0.0
    known: set[str] = field(default_factory=set)

    def add(self, home: Path, acknowledged: set[str]) -> None:
        """Start again after a kill, and look for all that was ever acknowledged."""
        self.kills += 1
        self.acknowledged += len(acknowledged)
        self.known |= acknowledged
        began_s = time.monotonic()
        db = open_database(home)
        self.longest_start_s = max(self.longest_start_s, time.monotonic() - began_s)
        there, sound = owners(db)
        db.close()
        self.corrupt += bool(condition.set_aside(home)) or not sound
        self.lost += len(self.known - there)
        self.known &= there


def owners(db: Database) -> tuple[set[str], bool]:
    """Whose scenarios there are, and whether SQLite finds the file sound."""
    with db.read() as tables:
        sound = next(tables.query("PRAGMA integrity_check"))["integrity_check"] == "ok"
        return {row["owner"] for row in tables.query("SELECT owner FROM scenarios")}, sound


def kills(home: Path, count: int, *, least: int = 0, seed: int = 1) -> Found:
    """Kill the writer `count` times, each time on what the time before left; more often until `least` are acknowledged."""
    chance, found = random.Random(seed), Found()
    for run in range(MOST_KILLS):
        if found.kills >= count and found.acknowledged >= least:
            break
        found.add(home, written(home, run, chance))
    return found


def cuts(base: Path, library: Path, count: int, how: str, *, normal: bool = False, seed: int = 1) -> Found:
    """Cut the power `count` times; each time the disk goes on as the cut left it."""
    chance, found = random.Random(seed), Found()
    home, log = base / "home", base / "log"
    home.mkdir(parents=True)
    for run in range(count):
        log.unlink(missing_ok=True)
        before = {file.name: file.read_bytes() for file in home.iterdir() if is_file_of_disk(file)}
        written_there = written(home, run, chance, disk_of(library, home, LOG=log), normal=normal)
        after_cut(home, before, log, how, chance)
        found.add(home, written_there)
    return found


def is_file_of_disk(file: Path) -> bool:
    return file.is_file() and not file.name.endswith("-shm")  # that one is memory, and gone


def written(
    home: Path, run: int, chance: random.Random, env: dict[str, str] | None = None, *, normal: bool = False
) -> set[str]:
    """What a writer acknowledged before it was killed at some moment."""
    told = home.parent / "acknowledged"
    command = [sys.executable, "-m", "tests.store.writer", str(home), str(run), *(["--normal"] if normal else [])]
    with told.open("wb") as out, subprocess.Popen(
        command, stdout=out, cwd=ROOT, env={**os.environ, **(env or {}), "PYTHONPATH": str(ROOT)}
    ) as writer:  # fmt: skip
        deadline = time.monotonic() + READY_S
        while READY.encode() not in told.read_bytes():
            if writer.poll() is not None or time.monotonic() > deadline:
                writer.kill()
                raise RuntimeError("the writer did not begin")
            time.sleep(0.002)
        time.sleep(chance.uniform(EARLIEST_S, LATEST_S))
        os.kill(writer.pid, signal.SIGKILL)
    whole = told.read_text().rpartition("\n")[0]
    return set(whole.splitlines()) - {READY}


Op = tuple[str, int, bytes]  # what was done, at which offset or to which size, and the data


def after_cut(home: Path, before: dict[str, bytes], log: Path, how: str, chance: random.Random) -> None:
    """Make a folder what its disk may hold after the power went."""
    sure: dict[str, bytes] = dict(before)
    loose: dict[str, list[Op]] = {}
    for op, name, at, data in records(log.read_bytes()):
        if op == "s":
            sure[name] = done(sure.get(name, b""), loose.pop(name, []))
        elif op == "d":
            for gone in [name for name, ops in loose.items() if any(kind == "u" for kind, _, _ in ops)]:
                sure.pop(gone, None)
                loose[gone] = after_removal(loose[gone])
        else:
            loose.setdefault(name, []).append((op, at, data))
    for file in list(home.iterdir()):
        if file.is_file():
            file.unlink()
    for name in sure.keys() | loose.keys():
        content = sure.get(name)
        if how == MIXED:
            content = mixed(content, loose.get(name, []), chance)
        if content is not None and not name.startswith(".") and not name.endswith("-shm"):
            (home / name).write_bytes(content)


def records(log: bytes) -> Iterator[tuple[str, str, int, bytes]]:
    """What happened, in its order; a record that the kill cut off did not happen."""
    head, at = struct.Struct("4q"), 0
    while at + head.size <= len(log):
        op, length, offset, size = head.unpack_from(log, at)
        end = at + head.size + length + size
        if end > len(log):
            return
        name = log[at + head.size : at + head.size + length].decode()
        yield chr(op), name, offset, log[end - size : end]
        at = end


def done(content: bytes, ops: list[Op]) -> bytes:
    """A file after all of these were done to it."""
    made = bytearray(content)
    for op, at, data in ops:
        if op == "u":
            made = bytearray()
        elif op == "t":
            made = made[:at].ljust(at, b"\0")
        else:
            made = made.ljust(at + len(data), b"\0")
            made[at : at + len(data)] = data
    return bytes(made)


def after_removal(ops: list[Op]) -> list[Op]:
    last = max(n for n, (op, _, _) in enumerate(ops) if op == "u")
    return ops[last + 1 :]


def mixed(content: bytes | None, ops: list[Op], chance: random.Random) -> bytes | None:
    """A file of which each change that was not synced may have come to the disk or not, sector by sector."""
    made = None if content is None else bytearray(content)
    for op, at, data in ops:
        if op == "w":
            for start in range(0, len(data), SECTOR):
                if chance.random() < 0.5:
                    piece = data[start : start + SECTOR]
                    made = (made or bytearray()).ljust(at + start + len(piece), b"\0")
                    made[at + start : at + start + len(piece)] = piece
        elif chance.random() < 0.5:
            made = None if op == "u" else bytearray(done(bytes(made or b""), [(op, at, data)]))
    return None if made is None else bytes(made)


def removed(home: Path) -> None:
    """Forget a folder of a trial."""
    shutil.rmtree(home, ignore_errors=True)


def size_of(home: Path) -> int:
    return (home / FILE_NAME).stat().st_size


def filled_up(
    home: Path, make_room: Callable[[], object], env: dict[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a program says when its disk is full, and after `make_room`; `home` is on a small disk."""
    command = [sys.executable, "-m", "tests.store.full", str(home)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **env, "PYTHONPATH": str(ROOT)},
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        full = json.loads(program.stdout.readline())
        make_room()
        program.stdin.write("\n")
        program.stdin.flush()
        return full, json.loads(program.stdout.readline())


def crowd(
    home: Path, clients: int, times: int, env: dict[str, str] | None = None, *, alone: bool = False
) -> dict[str, float]:
    """What `tests.store.crowd` prints."""
    command = [sys.executable, "-m", "tests.store.crowd", str(home), str(clients), str(times)]
    told = subprocess.run(
        [*command, *(["--alone"] if alone else [])],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(env or {}), "PYTHONPATH": str(ROOT)},
        check=True,
    )
    found: dict[str, float] = json.loads(told.stdout)
    return found
