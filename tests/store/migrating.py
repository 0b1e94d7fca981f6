"""Changes of the schema that are killed: an old database with many rows, and what each kill left of its change."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from core.store import backups, migrations, rows
from core.store.database import FILE_NAME, Database, engine, open_database

ROOT = Path(__file__).parents[2]
OLDEST = Path(__file__).parent / "schemas" / "03.sql"
BEGUN, DONE = "begun", "done"
STARTER = f"""
import sys
from pathlib import Path
from core.store.database import open_database
from core.store import backups, migrations, sealing, start, soundness
print({BEGUN!r}, flush=True)
open_database(Path(sys.argv[1]))
print({DONE!r}, flush=True)
"""
CHANGE_S = 0.2  # about what the change takes once the backup is there
OLD, NEW = 3, len(migrations.STEPS)


@dataclass
class Found:
    """What kills of a change of schema came to; `half`: databases between the two schemas, or changed without a backup."""

    kills: int = 0
    not_begun: int = 0
    changed: int = 0
    half: int = 0
    unfinished: int = 0
    longest_start_s: float = 0.0


def filled(home: Path, count: int) -> None:
    """A database of the oldest schema with `count` scenarios more."""
    home.mkdir(parents=True)
    conn = engine.connect(str(home / FILE_NAME))
    conn.execute("PRAGMA journal_mode = WAL")
    conn.executescript(OLDEST.read_text(encoding="utf-8"))
    shared = {"name": "many", "version": 1, "digest": "d", "created_at": rows.stamp(), "updated_at": rows.stamp()}
    many = (rows.sealed({"id": f"{n:032x}", "owner": "many", **shared, "scenario": "{}"}) for n in range(count))
    columns = [*sorted(next(many))]
    marks = ", ".join("?" for _ in columns)
    conn.executemany(
        f"INSERT INTO scenarios ({', '.join(columns)}) VALUES ({marks})", ([row[c] for c in columns] for row in many)
    )
    conn.commit()
    conn.close()


def killed(base: Path, count: int, rows_n: int, *, seed: int = 1) -> Found:
    """Kill a change of schema of `rows_n` rows `count` times, each at a random moment of its time."""
    template, chance, found = base / "template", random.Random(seed), Found()
    filled(template, rows_n)
    held = how_many(template)
    whole_s = started(base, template, None)
    for n in range(count):
        if n % 2:  # the change itself is short: every second kill waits until it is about to come
            started(base, template, chance.uniform(0.0, CHANGE_S), once_backed_up=True)
        else:
            started(base, template, chance.uniform(0.0, whole_s))
        look(base / "home", held, found)
    return found


def started(base: Path, template: Path, kill_after_s: float | None, *, once_backed_up: bool = False) -> float:
    """Start once on a copy of the old database, killed or not; how long it took [s].

    once_backed_up: the time until it is killed begins when its backup is there.
    """
    home = base / "home"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(template, home)
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(home)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline().strip() == BEGUN
        began_s = time.monotonic()
        if kill_after_s is None:
            assert starter.stdout.readline().strip() == DONE
        else:
            while once_backed_up and not backups.listed(home, 1) and starter.poll() is None:
                time.sleep(0.001)
            time.sleep(kill_after_s)
            os.kill(starter.pid, signal.SIGKILL)
    return time.monotonic() - began_s


def look(home: Path, held: int, found: Found) -> None:
    """What a kill left, before and after the next start."""
    found.kills += 1
    db = Database(str(home / FILE_NAME))
    steps, backed_up = len(migrations.taken(db)), bool(backups.listed(home, 1))
    db.close()
    found.changed += steps == NEW
    found.not_begun += steps == OLD and not backed_up
    found.half += steps not in (OLD, NEW) or (steps == NEW and not backed_up)
    began_s = time.monotonic()
    db = open_database(home)
    found.longest_start_s = max(found.longest_start_s, time.monotonic() - began_s)
    done = len(migrations.taken(db)) == NEW and bool(backups.listed(home, 1))
    db.close()
    found.unfinished += not done or how_many(home) != held


def how_many(home: Path) -> int:
    """Scenarios there are."""
    db = Database(str(home / FILE_NAME))
    with db.read() as tables:
        count = int(next(tables.query("SELECT count(*) AS n FROM scenarios"))["n"])
    db.close()
    return count
