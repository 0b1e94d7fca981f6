"""Databases of older versions are brought to the newest schema and back, whole or not at all."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from core.errors import DatabaseError, ValidationError
from core.store import back, backups, database, equipment, migrations, projections, rows, scenarios, weathers
from core.store.database import FILE_NAME, Database, open_database
from tests.store import migrating
from tests.store.test_migrations import at_once

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.sql"))
NEWEST = migrations.STEPS[-1].__name__


def step_of(schema: Path) -> str:
    return migrations.STEPS[int(schema.stem) - 1].__name__


def old(schema: Path, home: Path) -> Path:
    """A database file as that version left it."""
    home.mkdir(parents=True)
    conn = database.engine.connect(str(home / FILE_NAME))
    conn.execute("PRAGMA journal_mode = WAL")
    conn.executescript(schema.read_text(encoding="utf-8"))
    conn.close()
    return home


def content(db: Database, without: tuple[str, ...] = ()) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, but for the record of the steps."""
    with db.read() as tables:
        names = [name for name in tables.table_names() if name not in (migrations.RECORD, *without)]
        return {name: list(tables.query(f"SELECT * FROM {name} ORDER BY rowid")) for name in names}


def schema_of(db: Database) -> set[str]:
    """Every table, index and trigger, as SQL without its blanks."""
    with db.read() as tables:
        found = tables.query("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {" ".join(row["sql"].split()) for row in found}


def untouched(home: Path) -> Database:
    """The database as it is, without a look at its schema."""
    return Database(str(home / FILE_NAME))


def test_every_released_schema_is_here() -> None:
    assert [schema.stem for schema in SCHEMAS] == ["03", "04", "05", "06", "13", "14"]
    assert set(back.BACK) == {step.__name__ for step in migrations.STEPS}


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.stem)
def test_an_old_database_is_brought_forward_with_all_it_holds_and_back(schema: Path, tmp_path: Path) -> None:
    home = old(schema, tmp_path / "home")
    before = untouched(home)
    held, shape = content(before), schema_of(before)
    assert all(rows.is_sound(row) for table in held.values() for row in table if "checksum" in row)
    before.close()

    db = open_database(home)
    assert migrations.taken(db)[-1] == NEWEST
    assert len(backups.listed(home, 9)) == (0 if step_of(schema) == NEWEST else 1)
    (kept,) = scenarios.listed(db, "ann")
    assert (kept.version, scenarios.load(db, "ann", kept.id)[0].array.dc_kw) == (2, 1234.5)
    assert len(scenarios.listed(db, "bob")) == 1
    (answer,) = projections.listed(db, "ann")
    assert len(projections.load(db, "ann", answer.id).hourly) == 24
    (weather,) = weathers.listed(db, "ann")
    assert len(weathers.load(db, "ann", weather.digest).hourly) == 8760
    assert len(equipment.listed(db, "ann")) == (1 if int(schema.stem) >= 5 else 0)
    for name, table in content(db).items():
        assert all(rows.is_sound(row) for row in table if "checksum" in row), name

    undone = back.roll_back(db, step_of(schema))
    assert len(undone) == len(migrations.STEPS) - int(schema.stem)
    assert content(db) == held
    assert schema_of(db) == shape
    assert len(migrations.migrate(db)) == len(undone)
    assert migrations.taken(db)[-1] == NEWEST
    db.close()


def test_the_backup_made_first_holds_the_old_database(tmp_path: Path) -> None:
    home = old(SCHEMAS[0], tmp_path / "home")
    held = content(untouched(home))
    open_database(home).close()
    (backup,) = backups.listed(home, 9)
    (tmp_path / "again").mkdir()
    backups.unpack(home, backup.id, tmp_path / "again" / FILE_NAME)
    again = untouched(tmp_path / "again")
    assert content(again) == held
    again.close()


def test_an_old_database_with_a_damaged_row_is_brought_forward_beside_a_copy(tmp_path: Path) -> None:
    """Such a one makes no backup; its other rows are not to be withheld for that."""
    home = old(SCHEMAS[0], tmp_path / "home")
    before = untouched(home)
    with before.write() as tables:
        tables.execute("UPDATE scenarios SET name = 'Damaged' WHERE owner = 'bob'")
    held = content(before)
    before.close()
    db = open_database(home)
    assert len(scenarios.listed(db, "ann")) == 1
    assert backups.listed(home, 9) == []
    (copy,) = home.glob(f"{FILE_NAME}.before.*")
    kept = Database(str(copy))
    assert content(kept) == held
    kept.close()
    db.close()


def test_every_step_alone_goes_back_and_forward_again(tmp_path: Path) -> None:
    db = open_database(old(SCHEMAS[-1], tmp_path / "home"))
    for step in reversed(migrations.STEPS[:-1]):
        assert len(back.roll_back(db, step.__name__)) == 1
        for table in content(db).values():
            assert all(rows.is_sound(row) for row in table if "checksum" in row)
    assert set(content(db)) == {"scenarios"}
    assert len(content(db)["scenarios"]) == 2
    migrations.migrate(db)
    assert migrations.taken(db) == [step.__name__ for step in migrations.STEPS]
    db.close()


def test_a_damaged_projection_stays_damaged_on_the_way_back(tmp_path: Path) -> None:
    db = open_database(old(SCHEMAS[-1], tmp_path / "home"))
    with db.write() as tables:
        tables.execute("UPDATE projections SET npv_cents = npv_cents + 1")
    back.roll_back(db, "m005_equipment")
    assert not any(rows.is_sound(row) for row in content(db)["projections"])
    db.close()


def test_a_way_back_that_fails_leaves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = open_database(old(SCHEMAS[-1], tmp_path / "home"))
    held = content(db)

    def fails(_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(back.BACK, "m007_idempotency", fails)
    with pytest.raises(ZeroDivisionError):
        back.roll_back(db, "m001_scenarios")
    assert content(db) == held
    assert migrations.taken(db)[-1] == NEWEST
    db.close()


def test_a_step_that_is_not_there_is_refused(db: Database) -> None:
    with pytest.raises(ValidationError, match="m001_scenarios, ") as refused:
        back.roll_back(db, "m099_none")
    assert refused.value.field == "to"


def test_two_processes_bring_one_old_database_forward_once(tmp_path: Path) -> None:
    home = old(SCHEMAS[0], tmp_path / "home")
    fork = multiprocessing.get_context("spawn")
    start, answers = fork.Event(), fork.Queue()
    starters = [fork.Process(target=at_once, args=(str(home), start, answers)) for _ in range(2)]
    for starter in starters:
        starter.start()
    start.set()
    found = [answers.get(timeout=60) for _ in starters]
    for starter in starters:
        starter.join(timeout=60)
    assert found[0] == found[1] == sorted(found[0])
    assert len(backups.listed(home, 9)) == 1


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = old(SCHEMAS[0], tmp_path / "home")
    monkeypatch.setenv("SOLAR_MINING_HOME", str(home))
    monkeypatch.delenv("SOLAR_MINING_MODE", raising=False)
    return home


def test_the_command_line_goes_forward_and_back(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    assert capsys.readouterr().out.split() == [step.__name__ for step in migrations.STEPS]
    assert main(["rollback", "m003_weathers"]) == 0
    told = capsys.readouterr().out
    assert "undone: m014_drafts" in told
    assert "backed up first" in told
    assert len(backups.listed(here, 9)) == 2
    db = untouched(here)
    assert migrations.taken(db)[-1] == "m003_weathers"
    db.close()


def test_the_command_line_does_not_go_back_under_a_running_program(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = open_database(here)
    assert main(["rollback", "m003_weathers"]) == 1
    assert "another process uses the database" in capsys.readouterr().err
    assert migrations.taken(db)[-1] == NEWEST
    db.close()


@pytest.mark.parametrize("command", [["migrate"], ["rollback", "m001_scenarios"]])
def test_a_mode_that_keeps_nothing_has_no_schema(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.setenv("SOLAR_MINING_MODE", "public")
    assert main(command) == 1
    assert "nothing is kept" in capsys.readouterr().err


def test_old_code_beside_new_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of thirteen steps at a database of fourteen: refused in words, nothing touched."""
    home = tmp_path / "home"
    open_database(home).close()
    before = (home / FILE_NAME).read_bytes()
    older: tuple[Callable[[Any], None], ...] = migrations.STEPS[:-1]
    db = untouched(home)
    with pytest.raises(DatabaseError, match="newer version") as refused:
        migrations.migrate(db, older)
    db.close()
    assert refused.value.value == "newer"
    assert "roll the database back" in refused.value.message
    assert (home / FILE_NAME).read_bytes() == before


def test_a_change_that_is_killed_is_whole_or_not_there_and_the_next_start_finishes_it(tmp_path: Path) -> None:
    """DB-07 with few rows; `python -m tests.soak_store migrate` has 60,000 and 25 kills."""
    found = migrating.killed(tmp_path, 3, 2000)
    print(found)
    assert found.kills == 3
    assert (found.half, found.unfinished) == (0, 0)
