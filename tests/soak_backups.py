"""Backups under load: nothing that was acknowledged before is missing, and how long each takes. DB-10.

python -m tests.soak_backups [MEGABYTES] [RUNS]
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from core.fetchers import bitcoin
from core.fetchers.weather import bundled
from core.scenario import Scenario
from core.store import backups, projections, scenarios, soundness
from core.store.database import FILE_NAME, Database, open_database
from core.studies.projection import project

WRITERS, GOAL_S_PER_100_MB, MOST_FILL = 4, 2.0, 5000


class Writers:
    """Threads that save small plans as fast as they can; `acknowledged` are the ids of what was kept."""

    def __init__(self, db: Database) -> None:
        self._db, self._stop, self.acknowledged = db, threading.Event(), list[str]()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        plan = Scenario()
        while not self._stop.is_set():
            self.acknowledged.append(scenarios.save(self._db, "soak", plan).id)


def filled(db: Database, home: Path, megabytes: float) -> None:
    """Save projections until the file is as large."""
    answer = project(Scenario(), bundled("greensboro"), bitcoin.bundled_market())
    for _ in range(MOST_FILL):
        projections.save(db, "soak", answer)
        if size_mb(home) >= megabytes:
            return


def size_mb(home: Path) -> float:
    return sum(file.stat().st_size for file in home.glob(f"{FILE_NAME}*")) / 1e6


def run(db: Database, home: Path, writers: Writers, number: int) -> bool:
    """One backup and one restore; whether nothing is missing."""
    before, writes = set(writers.acknowledged), len(writers.acknowledged)
    began_s = time.monotonic()
    made = backups.make(db, home)
    took_s = time.monotonic() - began_s
    rate = (len(writers.acknowledged) - writes) / took_s
    copy = home / "restored"
    backups.unpack(home, made.id, copy)
    soundness.check_file(copy)
    restored = Database(str(copy))
    with restored.read() as tables:
        kept = {row["id"] for row in tables.query("SELECT id FROM scenarios")}
    restored.close()
    copy.unlink()
    per_100_mb_s = took_s / (made.size_bytes / 1e8)
    print(
        f"{number:2}  {made.size_bytes / 1e6:6.1f} MB  {took_s:5.2f} s  {per_100_mb_s:5.2f} s/100 MB (goal {GOAL_S_PER_100_MB:g})"
        f"  {rate:5.0f} writes/s meanwhile  {len(before)} acknowledged before, {len(before - kept)} missing"
    )
    return before <= kept


def main() -> int:
    megabytes, runs = (
        (float(sys.argv[1]) if len(sys.argv) > 1 else 100.0),
        (int(sys.argv[2]) if len(sys.argv) > 2 else 10),
    )
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        db = open_database(home)
        try:
            filled(db, home, megabytes)
            with Writers(db) as writers:
                time.sleep(random.uniform(0.5, 1.0))
                whole = [run(db, home, writers, number) for number in range(1, runs + 1)]
        finally:
            db.close()
    return 0 if all(whole) else 1


if __name__ == "__main__":
    sys.exit(main())
