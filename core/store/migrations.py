"""The schema, as steps that are only ever added to: a step that was released is never changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.errors import DatabaseError

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

    from core.store.database import Database

SET_NAME, RECORD = "solar_mining", "_sqlite_migrations"


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


def m007_idempotency(tables: Tables) -> None:
    """Answers to requests that carried a key of their own, so that asking again does nothing twice; and lists by age."""
    tables.execute("""
        CREATE TABLE idempotency (
            owner TEXT NOT NULL,
            key TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            status INTEGER NOT NULL,
            headers TEXT NOT NULL,
            body BLOB NOT NULL,
            created_at TEXT NOT NULL,
            PRIMARY KEY (owner, key)
        ) STRICT""")
    tables.execute("CREATE INDEX idempotency_by_age ON idempotency (created_at)")
    for kind in ("scenarios", "projections", "equipment"):
        tables.execute(f"CREATE INDEX {kind}_by_age ON {kind} (owner, created_at, id)")


def m008_usage(tables: Tables) -> None:
    """Calls of the API by UTC day, owner and key."""
    tables.execute("""
        CREATE TABLE usage (
            day TEXT NOT NULL,
            owner TEXT NOT NULL,
            key_id TEXT NOT NULL,
            calls INTEGER NOT NULL CHECK (calls >= 0),
            refused INTEGER NOT NULL CHECK (refused >= 0),
            PRIMARY KEY (day, owner, key_id)
        ) STRICT""")


def m012_jobs(tables: Tables) -> None:
    """What was asked to be worked out; its request, result and rows apart, so that telling how far it is writes little."""
    tables.execute("""
        CREATE TABLE jobs (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL,
            kind TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'timeout')),
            share REAL NOT NULL CHECK (share BETWEEN 0 AND 1),
            words TEXT NOT NULL,
            attempt INTEGER NOT NULL CHECK (attempt >= 0),
            holder TEXT NOT NULL,
            heartbeat REAL NOT NULL,
            created_at TEXT NOT NULL,
            began_at TEXT NOT NULL,
            ended_at TEXT NOT NULL
        ) STRICT""")
    tables.execute("CREATE INDEX jobs_by_owner ON jobs (owner, created_at, id)")
    tables.execute("CREATE INDEX jobs_live ON jobs (state, heartbeat)")
    tables.execute("""
        CREATE TABLE job_parts (
            job_id TEXT NOT NULL,
            part TEXT NOT NULL,
            owner TEXT NOT NULL,
            checksum TEXT NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (job_id, part)
        ) STRICT""")


def m013_webhooks(tables: Tables) -> None:
    """Addresses that are told what happened; what signs their messages is made from the secret of the server."""
    tables.execute("""
        CREATE TABLE webhooks (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL,
            url TEXT NOT NULL,
            events TEXT NOT NULL,
            created_at TEXT NOT NULL,
            checksum TEXT NOT NULL
        ) STRICT""")
    tables.execute("CREATE INDEX webhooks_by_owner ON webhooks (owner, created_at)")


def m009_keys(tables: Tables) -> None:
    """API keys, each as the code of its text; and when a person signed in last, and out."""
    tables.execute("""
        CREATE TABLE keys (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('viewer', 'planner', 'admin')),
            label TEXT NOT NULL,
            code TEXT NOT NULL,
            created_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            revoked_at TEXT,
            last_used_at TEXT,
            checksum TEXT NOT NULL
        ) STRICT""")
    tables.execute("CREATE INDEX keys_by_owner ON keys (owner, label)")
    tables.execute("CREATE INDEX keys_by_time ON keys (created_at, id)")
    tables.execute("""
        CREATE TABLE sign_ins (
            owner TEXT NOT NULL PRIMARY KEY,
            in_s INTEGER NOT NULL,
            out_s INTEGER NOT NULL
        ) STRICT""")


def m010_shares(tables: Tables) -> None:
    """Links to what an owner saved, for whoever has the link."""
    tables.execute("""
        CREATE TABLE shares (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('scenario', 'projection')),
            subject_id TEXT NOT NULL,
            name TEXT NOT NULL,
            created_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            checksum TEXT NOT NULL
        ) STRICT""")
    tables.execute("CREATE INDEX shares_by_owner ON shares (owner, created_at)")


def m011_audit(tables: Tables) -> None:
    """The audit log: a row is written once and stays."""
    tables.execute("""
        CREATE TABLE audit (
            seq INTEGER NOT NULL PRIMARY KEY,
            at TEXT NOT NULL,
            who TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT NOT NULL,
            code TEXT NOT NULL
        ) STRICT""")
    for deed in ("UPDATE", "DELETE"):
        tables.execute(f"""
            CREATE TRIGGER audit_no_{deed.lower()} BEFORE {deed} ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END""")


def m014_drafts(tables: Tables) -> None:
    """Plans of open pages that nobody saved yet, one a page."""
    tables.execute("""
        CREATE TABLE drafts (
            owner TEXT NOT NULL,
            page TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            saved TEXT NOT NULL,
            checksum TEXT NOT NULL,
            scenario TEXT NOT NULL,
            PRIMARY KEY (owner, page)
        ) STRICT""")


Step = Callable[["Tables"], None]
STEPS: tuple[Step, ...] = (
    m001_scenarios,
    m002_projections,
    m003_weathers,
    m004_readings,
    m005_equipment,
    m006_statements,
    m007_idempotency,
    m008_usage,
    m009_keys,
    m010_shares,
    m011_audit,
    m012_jobs,
    m013_webhooks,
    m014_drafts,
)


def migrate(db: Database, steps: tuple[Step, ...] = STEPS, before: Callable[[], object] | None = None) -> list[str]:
    """Bring the schema to the newest step; the names of the steps taken.

    All steps and their record are one immediate transaction: of several processes that start at once one works and the
    others find it done, and a step that fails leaves no trace. `before` is called first where the database holds
    anything and a step is to be taken. DatabaseError where a newer program made the database.
    """
    planned = _planned(steps)
    with db.read() as tables:
        _refuse_newer(tables, planned, steps)
        if not planned.pending(tables):
            return []
        filled = holds_anything(tables)
    if filled and before is not None:
        before()
    with db.write() as tables:
        _refuse_newer(tables, planned, steps)
        names = [step.name for step in planned.pending(tables)]
        planned.apply(tables)
    return names


def taken(db: Database) -> list[str]:
    """The names of the steps a database has taken, in their order."""
    with db.read() as tables:
        return [step.name for step in _planned(STEPS).applied(tables)]


def holds_anything(tables: Tables) -> bool:
    """Whether any table has a row, but for the record of the steps."""
    names = [name for name in tables.table_names() if name != RECORD and not name.startswith("sqlite_")]
    return any(next(tables.execute(f"SELECT 1 FROM [{name}] LIMIT 1"), None) for name in names)


def _planned(steps: tuple[Step, ...]) -> Any:
    from sqlite_utils import Migrations

    planned = Migrations(SET_NAME)
    for step in steps:
        planned()(step)
    return planned


def _refuse_newer(tables: Tables, planned: Any, steps: tuple[Step, ...]) -> None:
    if {step.name for step in planned.applied(tables)} - {step.__name__ for step in steps}:
        raise DatabaseError(
            "a newer version of this program made this database: use that version, or have it roll the database back",
            field="database",
            value="newer",
            expected="this program's version or an older one",
        )
