"""Writes a database as a version of this program leaves it, as SQL: run inside a checkout of that version.

    git worktree add --detach OLD COMMIT && cd OLD && PYTHONPATH=. python …/tests/store/old_schemas.py …/schemas/13.sql

That is how `tests/store/schemas/*.sql` were made, each by the commit that its first line names; a number is that of the
newest step. The tables of a projection are cut to their first rows, and a weather year is flat, so that the texts stay
short.
"""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HEAD = 24  # rows of a table of a projection
THEN = datetime(2026, 11, 1, 12, tzinfo=UTC)


def fill(db: Any) -> None:
    """One row or more of every kind that the version keeps."""
    from core.fetchers import bitcoin, weather
    from core.scenario import Scenario
    from core.store import projections, scenarios, weathers
    from core.studies.projection import project

    plan = Scenario().but({"name": "kept", "array.dc_kw": 1234.5})
    saved = scenarios.save(db, "ann", plan)
    scenarios.save(db, "ann", plan.but({"name": "kept again"}), saved.id, saved.version)
    scenarios.save(db, "bob", Scenario().but({"name": "another's"}))
    year = getattr(weather, "bundled", getattr(weather, "_bundled", None))("greensboro")
    answer = project(plan, year, getattr(bitcoin, "bundled_market", getattr(bitcoin, "market", None))())
    short = {
        name: getattr(answer, name).head(HEAD) for name in ("hourly", "monthly", "statement") if hasattr(answer, name)
    }
    projections.save(db, "ann", replace(answer, **short))
    flat = year.hourly.copy()
    for name in flat:
        flat[name] = 1.0
    weathers.save(db, "ann", replace(year, hourly=flat, source="flat"))
    for name, more in MORE.items():
        if find_spec(f"core.store.{name}"):
            more(db, import_module(f"core.store.{name}"), saved.id)


def _equipment(db: Any, equipment: Any, _: str) -> None:
    from core.machine import Machine

    equipment.create(db, "ann", Machine(model="Own rig", hashrate_ths=100.0, power_w=3000.0))


def _readings(db: Any, readings: Any, _: str) -> None:
    readings.save(db, readings.Kept("price", "USD", "Kraken", THEN, THEN, '{"price": 1.0}'))


def _jobs(db: Any, jobs: Any, _: str) -> None:
    kept = jobs.new("ann", "batch", "holder")
    jobs.create(db, kept, {"plans": 1}, 1.0)
    jobs.begin(db, kept, "holder", 2.0)
    jobs.end(db, kept, "holder", "done", {"result": {"npv_usd": 1.5}})


def _drafts(db: Any, drafts: Any, _: str) -> None:
    from core.scenario import Scenario

    drafts.keep(db, "ann", "page", Scenario().but({"name": "draft"}), None)


MORE: dict[str, Any] = {
    "readings": _readings,
    "leases": lambda db, leases, _: leases.take(db, "refresh", "holder", 1.0, 60.0),
    "equipment": _equipment,
    "idempotency": lambda db, repeats, _: db,  # lives a day
    "usage": lambda db, usage, _: usage.add(db, [usage.Used(date(2026, 11, 1), "ann", "", 3, 1)]),
    "keys": lambda db, keys, _: keys.create(db, b"s" * 32, "ann", "planner", "night batch", days=700),
    "sign_ins": lambda db, sign_ins, _: sign_ins.begin(db, "ann", 1000),
    "shares": lambda db, shares, scenario: shares.create(db, "ann", "scenario", scenario),
    "audit": lambda db, audit, _: audit.Log(db, b"k" * 32).note("ann", "key created", "night batch"),
    "jobs": _jobs,
    "webhooks": lambda db, webhooks, _: webhooks.create(db, "ann", "https://example.org/hook", ("job",)),
    "drafts": _drafts,
}


def main(out: Path) -> None:
    from core.store.database import open_database

    asked = ["git", "log", "-1", "--format=%h %ad %s", "--date=short"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as home:
        db = open_database(Path(home))
        fill(db)
        db.close()
        with contextlib.closing(sqlite3.connect(Path(home) / "app.db")) as conn:
            lines = list(conn.iterdump())
    out.write_text("\n".join([f"-- {commit}", *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
