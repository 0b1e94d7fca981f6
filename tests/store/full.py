"""Saves until the disk is full, waits for space and goes on: `python -m tests.store.full HOME`.

Prints a line of JSON when it is refused, waits for a line, and prints another when it works again.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from core.errors import DatabaseError
from core.scenario import Scenario
from core.store import condition, scenarios
from core.store.database import open_database

MOST, PATIENCE_S = 20_000, 60.0


def main(home: Path) -> None:
    db, plan = open_database(home), Scenario()
    saved, refused = [], ""
    for _ in range(MOST):
        try:
            saved.append(scenarios.save(db, "ann", plan).id)
        except DatabaseError as error:
            refused = str(error.value)
            break
    now = condition.condition(db, home)
    readable = {one.id for one in scenarios.listed(db, "ann", MOST)} == set(saved)
    said = {"saved": len(saved), "refused": refused, "trouble": now.trouble, "degraded": now.degraded}
    print(json.dumps({**said, "readable": readable}), flush=True)
    sys.stdin.readline()
    began_s = time.monotonic()
    while condition.condition(db, home).trouble and time.monotonic() < began_s + PATIENCE_S:
        time.sleep(0.05)
    took_s = time.monotonic() - began_s
    saved.append(scenarios.save(db, "ann", plan).id)
    lost = set(saved) - {one.id for one in scenarios.listed(db, "ann", MOST)}
    with db.read() as tables:
        sound = next(tables.query("PRAGMA integrity_check"))["integrity_check"]
    db.close()
    print(json.dumps({"recovered_s": round(took_s, 3), "lost": len(lost), "sound": sound == "ok"}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
