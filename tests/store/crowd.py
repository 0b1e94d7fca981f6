"""Fifty clients that change one number at once: `python -m tests.store.crowd HOME CLIENTS TIMES [--alone]`.

Prints as JSON how often the number was changed, what it is then, and how long a change took [ms]. `--alone`: each write
has a commit of its own, as before they shared them.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from pathlib import Path

from core.errors import DatabaseError
from core.store import groups
from core.store.database import Database, open_database


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("clients", type=int)
    parser.add_argument("times", type=int)
    parser.add_argument("--alone", action="store_true")
    asked = parser.parse_args()
    if asked.alone:
        groups.MOST = 1
    db = open_database(asked.home)
    print(json.dumps(crowd(db, asked.clients, asked.times)))
    db.close()


def crowd(db: Database, clients: int, times: int) -> dict[str, float]:
    """Let so many clients add one to a number so often each."""
    commits: list[str] = []
    with db.write() as tables:
        tables.execute("CREATE TABLE IF NOT EXISTS counter (n INTEGER NOT NULL) STRICT")
        tables.execute("DELETE FROM counter")
        tables.execute("INSERT INTO counter VALUES (0)")
        tables.conn.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    took_ms: list[float] = []
    errors: list[str] = []
    together = threading.Barrier(clients)

    def client() -> None:
        together.wait()
        for _ in range(times):
            began_s = time.perf_counter()
            try:
                add_one(db)
            except DatabaseError as error:
                errors.append(str(error.value))
            took_ms.append((time.perf_counter() - began_s) * 1000)

    crowd_ = [threading.Thread(target=client) for _ in range(clients)]
    began_s = time.perf_counter()
    for one in crowd_:
        one.start()
    for one in crowd_:
        one.join()
    with db.read() as tables:
        n = next(tables.query("SELECT n FROM counter"))["n"]
    took_ms.sort()
    return {
        "asked": clients * times,
        "counter": n,
        "errors": len(errors),
        "commits": len(commits),
        "p50_ms": round(took_ms[len(took_ms) // 2], 2),
        "p95_ms": round(took_ms[int(len(took_ms) * 0.95)], 2),
        "max_ms": round(took_ms[-1], 2),
        "seconds": round(time.perf_counter() - began_s, 2),
    }


def add_one(db: Database) -> None:
    with db.write() as tables:
        n = next(tables.query("SELECT n FROM counter"))["n"]
        tables.execute("UPDATE counter SET n = ?", [n + 1])


if __name__ == "__main__":
    main()
