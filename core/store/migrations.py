"""The schema, as steps that are only ever added to: a step that was released is never changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.errors import DatabaseError

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

    from core.store.database import Database

SET_NAME = "solar_mining"


def m001_scenarios(tables: Tables) -> None:
    """Saved scenarios; `version` counts the saves of one."""
    tables.execute("""
        CREATE TABLE scenarios (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            version INTEGER NOT NULL CHECK (version >= 1),
            digest TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            checksum TEXT NOT NULL,
            scenario TEXT NOT NULL
        ) STRICT""")
    tables.execute("CREATE INDEX scenarios_by_owner ON scenarios (owner, updated_at)")


def m002_projections(tables: Tables) -> None:
    """Saved projections; the wide columns stand last, so that a list does not read them."""
    tables.execute("""
        CREATE TABLE projections (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            scenario_digest TEXT NOT NULL,
            npv_cents INTEGER,
            mined_sats INTEGER CHECK (mined_sats >= 0),
            model_version TEXT NOT NULL,
            engine TEXT NOT NULL,
            created_at TEXT NOT NULL,
            checksum TEXT NOT NULL,
            scenario TEXT NOT NULL,
            weather TEXT NOT NULL,
            summary TEXT NOT NULL,
            yearly BLOB NOT NULL,
            monthly BLOB NOT NULL,
            hourly BLOB NOT NULL
        ) STRICT""")
    tables.execute("CREATE INDEX projections_by_owner ON projections (owner, created_at)")


def m003_weathers(tables: Tables) -> None:
    """Uploaded weather years, one row for each owner and digest."""
    tables.execute("""
        CREATE TABLE weathers (
            owner TEXT NOT NULL,
            digest TEXT NOT NULL,
            created_at TEXT NOT NULL,
            checksum TEXT NOT NULL,
            facts TEXT NOT NULL,
            hourly BLOB NOT NULL,
            PRIMARY KEY (owner, digest)
        ) STRICT""")


def m004_readings(tables: Tables) -> None:
    """What the world said, one row for each time it said something new; no owner: nothing of a planner is in it."""
    tables.execute("""
        CREATE TABLE readings (
            question TEXT NOT NULL,
            asked TEXT NOT NULL,
            source TEXT NOT NULL,
            observed_at TEXT NOT NULL,
            fetched_at TEXT NOT NULL,
            checksum TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (question, asked, observed_at, source)
        ) STRICT""")
    tables.execute("""
        CREATE TABLE leases (
            task TEXT NOT NULL PRIMARY KEY,
            holder TEXT NOT NULL,
            until REAL NOT NULL
        ) STRICT""")


def m005_equipment(tables: Tables) -> None:
    """Machines of a planner's own; `version` counts the saves of one."""
    tables.execute("""
        CREATE TABLE equipment (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL,
            version INTEGER NOT NULL CHECK (version >= 1),
            model TEXT NOT NULL,
            manufacturer TEXT NOT NULL,
            hashrate_ths REAL NOT NULL CHECK (hashrate_ths > 0),
            power_w REAL NOT NULL CHECK (power_w > 0),
            cooling TEXT NOT NULL,
            released TEXT NOT NULL,
            price_cents INTEGER CHECK (price_cents >= 0),
            price_date TEXT NOT NULL,
            price_source TEXT NOT NULL,
            temp_min_c REAL,
            temp_max_c REAL,
            note TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            checksum TEXT NOT NULL
        ) STRICT""")
    tables.execute("CREATE INDEX equipment_by_owner ON equipment (owner, updated_at)")


def m006_statements(tables: Tables) -> None:
    """The statement of a projection; those kept before have none."""
    tables.execute("ALTER TABLE projections ADD COLUMN statement BLOB")


STEPS: tuple[Callable[[Tables], None], ...] = (
    m001_scenarios,
    m002_projections,
    m003_weathers,
    m004_readings,
    m005_equipment,
    m006_statements,
)


def migrate(db: Database, steps: tuple[Callable[[Tables], None], ...] = STEPS) -> list[str]:
    """Bring the schema to the newest step; the names of the steps taken.

    All steps and their record are one immediate transaction: of several processes that start at once one works and the
    others find it done, and a step that fails leaves no trace. DatabaseError where a newer program made the database.
    """
    planned = _planned(steps)
    with db.read() as tables:
        _refuse_newer(tables, planned, steps)
        if not planned.pending(tables):
            return []
    with db.write() as tables:
        names = [step.name for step in planned.pending(tables)]
        planned.apply(tables)
    return names


def _planned(steps: tuple[Callable[[Tables], None], ...]) -> Any:
    from sqlite_utils import Migrations

    planned = Migrations(SET_NAME)
    for step in steps:
        planned()(step)
    return planned


def _refuse_newer(tables: Tables, planned: Any, steps: tuple[Callable[[Tables], None], ...]) -> None:
    if {step.name for step in planned.applied(tables)} - {step.__name__ for step in steps}:
        raise DatabaseError(
            "a newer version of this program made this database",
            field="database",
            value="newer",
            expected="this program's version or an older one",
        )
