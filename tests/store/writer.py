"""Saves scenarios until it is killed, and says of each that it is saved: `python -m tests.store.writer HOME RUN`.

Each has an owner of its own, which is what is printed once the save was acknowledged. `--normal`: as it would be with
synchronous=NORMAL, for the control that must lose something.
"""

from __future__ import annotations

import argparse
import itertools
import os
import threading
from pathlib import Path

from core.scenario import Scenario
from core.store import scenarios
from core.store.database import open_database

READY = "ready"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("run")
    parser.add_argument("--normal", action="store_true")
    parser.add_argument("--threads", type=int, default=4)
    asked = parser.parse_args()
    db = open_database(asked.home)
    with db.write():
        pass
    if asked.normal:
        assert db._writer is not None
        db._writer.conn.execute("PRAGMA synchronous = NORMAL")
    numbers, plan = itertools.count(), Scenario()
    os.write(1, f"{READY}\n".encode())

    def save() -> None:
        for n in numbers:
            owner = f"{asked.run}-{n}"
            scenarios.save(db, owner, plan)
            os.write(1, f"{owner}\n".encode())

    for _ in range(asked.threads):
        threading.Thread(target=save).start()


if __name__ == "__main__":
    main()
