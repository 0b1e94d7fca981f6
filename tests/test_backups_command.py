"""`python -m core backup`, `restore` and `verify`, as a stranger uses them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core import backups_command, outside
from core.__main__ import main
from core.api.app import PREFIX
from core.inputs import Market, Weather
from core.results import Projection
from core.scenario import Scenario
from core.store import backups, projections, restoring, scenarios, weathers
from core.store.database import FILE_NAME
from core.studies.projection import project
from tests.api.doors import opened

PLAN = Scenario().but({"name": "Of the stranger"})
ASKED = ("/system-configs", "/projections", "/equipment", "/jobs", "/shares", "/keys", "/usage", "/audit/soundness")


@pytest.fixture(scope="module")
def answer(greensboro: Weather, market: Market) -> Projection:
    return project(PLAN, greensboro, market)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Projection, greensboro: Weather) -> Path:
    """The folder of a copy that was used and is not running."""
    home = tmp_path / "old place" / "home"
    with opened(home, monkeypatch):
        fill(answer, greensboro)
    monkeypatch.setenv("SOLAR_MINING_HOME", str(home))
    return home


def fill(answer: Projection, weather: Weather) -> None:
    db = outside.database()
    for owner in ("local", "ann"):
        scenarios.save(db, owner, PLAN)
        projections.save(db, owner, answer)
        weathers.save(db, owner, weather)
        outside.audit().note(owner, "key created", "a key")


def told_by(home: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the API says of a folder, and what the pages read of it."""
    with opened(home, patch) as door:
        client = door.client(("198.51.100.7", 1), door.key("ann", "admin", "asks"))
        told = {path: client.get(PREFIX + path).json() for path in ASKED if path not in ("/keys", "/usage")}
        for path in ("/system-configs", "/projections"):
            for item in told[path]["items"]:
                told[item["id"]] = client.get(f"{PREFIX}{path}/{item['id']}").json()
        db = outside.database()
        for row in projections.listed(db, "local"):
            kept = projections.load(db, "local", row.id)
            told[f"page {row.id}"] = (kept.summary(), kept.hourly.to_csv(), kept.monthly.to_csv())
    return told


def by_hand(home: Path, *statements: str) -> None:
    """What somebody does to the database with a tool of their own."""
    with sqlite3.connect(home / FILE_NAME) as conn:
        for statement in statements:
            conn.execute(statement)
    conn.close()


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    code = main([str(part) for part in argv])
    told = capsys.readouterr()
    return code, told.out + told.err


def test_what_was_backed_up_gives_the_same_answers_on_another_path(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, new = tmp_path / "elsewhere.sealed", tmp_path / "new place"
    code, text = said(capsys, "backup", "--to", str(file))
    assert code == 0, text
    assert str(file) in text
    assert said(capsys, "restore", str(file), "--home", str(new))[0] == 0
    assert (new / "secret").read_bytes() == (home / "secret").read_bytes()
    assert (new / "secret").stat().st_mode & 0o077 == 0
    before, after = told_by(home, monkeypatch), told_by(new, monkeypatch)
    assert len(before) > len(ASKED)
    assert before["/audit/soundness"]["sound"]
    assert after == before
    assert said(capsys, "verify", "--home", str(new)) == (0, "all is as it was saved\n")


def test_a_folder_with_a_database_is_left_alone_unless_told_and_then_the_old_is_kept(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "backup")[0] == 0
    (made,) = backups.listed(home, 10)
    by_hand(home, "DELETE FROM scenarios", "UPDATE weathers SET checksum = 'another' WHERE owner = 'ann'")
    size = (home / FILE_NAME).stat().st_size
    code, text = said(capsys, "restore", made.id)
    assert code == 1
    assert "--replace" in text or "there is a database already" in text
    code, text = said(capsys, "restore", made.id, "--replace")
    assert code == 0
    assert "saved since the backup, and only there: 1 weathers\n" in text
    (old,) = home.glob("app.db.replaced.*")
    assert old.stat().st_size == size
    assert said(capsys, "verify")[0] == 0


def test_a_database_in_use_is_not_replaced(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(capsys, "backup")[0] == 0
    (made,) = backups.listed(home, 10)
    with opened(home, monkeypatch):
        scenarios.save(outside.database(), "local", PLAN)
        monkeypatch.setenv("SOLAR_MINING_HOME", str(home))
        code, text = said(capsys, "restore", made.id, "--replace")
    assert code == 1
    assert "another process uses the database" in text
    assert not list(home.glob("*.replaced.*"))


def test_a_damaged_database_and_its_log_are_moved_aside(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "backup")[0] == 0
    (made,) = backups.listed(home, 10)
    (home / FILE_NAME).write_bytes(b"not a database at all" * 1000)
    (home / f"{FILE_NAME}-wal").write_bytes(b"nor a log")
    assert said(capsys, "verify")[0] == 1
    code, text = said(capsys, "restore", made.id, "--replace")
    assert code == 0, text
    assert list(home.glob("app.db.replaced.*"))
    assert said(capsys, "verify")[0] == 0


def test_verify_names_each_thing_that_was_changed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "backup")[0] == 0
    assert said(capsys, "verify") == (0, "all is as it was saved\n")
    (made,) = backups.listed(home, 10)
    file = backups.file_of(home, made.id)
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 1
    file.write_bytes(changed)
    with sqlite3.connect(home / FILE_NAME) as conn:
        (plan,) = conn.execute("SELECT id FROM scenarios WHERE owner = 'ann'").fetchone()
        (projection,) = conn.execute("SELECT id FROM projections WHERE owner = 'local'").fetchone()
    conn.close()
    by_hand(
        home,
        "DROP TRIGGER audit_no_update",
        "UPDATE audit SET who = 'bob' WHERE seq = 2",
        f"UPDATE scenarios SET name = 'Another' WHERE id = '{plan}'",
        f"UPDATE projections SET npv_cents = npv_cents + 1 WHERE id = '{projection}'",
    )
    code, text = said(capsys, "verify")
    assert code == 1
    lines = text.splitlines()
    assert f"scenario {plan} was changed since it was saved" in lines
    assert f"projection {projection} was changed since it was saved" in lines
    assert any(line.startswith("audit row 2 ") for line in lines)
    assert any(line.startswith(f"backup {made.id}") for line in lines)
    assert lines[-1] == "4 not as saved"


def test_a_damaged_backup_restores_nothing(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, new = tmp_path / "a.sealed", tmp_path / "new"
    assert said(capsys, "backup", "--to", str(file))[0] == 0
    file.write_bytes(file.read_bytes()[:-5])
    code, text = said(capsys, "restore", str(file), "--home", str(new))
    assert code == 1
    assert "changed or cut off" in text
    assert not (new / FILE_NAME).exists()
    file.write_bytes(b"")
    assert said(capsys, "restore", str(file), "--home", str(new))[0] == 1


def test_a_restore_that_is_cut_off_before_the_database_stands_there_has_brought_the_secret(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A start in between would make another secret, and keys and audit log would be worth nothing."""
    file, new = tmp_path / "a.sealed", tmp_path / "new"
    assert said(capsys, "backup", "--to", str(file))[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_move_aside", lambda place: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            main(["restore", str(file), "--home", str(new)])
    assert (new / "secret").read_bytes() == (home / "secret").read_bytes()
    assert not (new / FILE_NAME).exists()
    assert said(capsys, "restore", str(file), "--home", str(new))[0] == 0
    assert said(capsys, "verify", "--home", str(new))[0] == 0


def test_two_restores_in_one_second_overwrite_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "backup")[0] == 0
    (made,) = backups.listed(home, 10)
    file, keys = backups.file_of(home, made.id), restoring.secret.data_keys(home, {})
    assert keys
    aside = [restoring.restore(file, home, home, {}, replace=True).aside for _ in range(3)]
    assert len({old for moved in aside for old in moved}) == len(list(home.glob("app.db.replaced.*"))) >= 3


def test_without_its_key_a_backup_stays_shut(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLAR_MINING_DATA_KEY", "first " + "k" * 32)
    file = tmp_path / "a.sealed"
    assert said(capsys, "backup", "--to", str(file))[0] == 0
    monkeypatch.delenv("SOLAR_MINING_DATA_KEY")
    code, text = said(capsys, "restore", str(file), "--home", str(tmp_path / "new"))
    assert code == 1
    assert "SOLAR_MINING_DATA_KEY" in text
    monkeypatch.setenv("SOLAR_MINING_DATA_KEY", f"{'new ' * 10}; first {'k' * 32}")
    assert said(capsys, "restore", str(file), "--home", str(tmp_path / "new"))[0] == 0


def test_what_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = str(tmp_path / "nowhere")
    for argv in (
        ("backup", "--home", nowhere),
        ("verify", "--home", nowhere),
        ("restore", "20260101", "--home", nowhere),
    ):
        code, text = said(capsys, *argv)
        assert code == 1
        assert "there is no" in text
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", ["backup", "restore", "verify"])
def test_help_explains(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert len(capsys.readouterr().out.split()) > 60


def test_long_work_tells_how_far_it_is() -> None:
    now_s, told = iter([0.0, 1.0, 2.5, 2.5, 3.0]), list[str]()
    progress = backups_command.Progress("opened", told.append, lambda: next(now_s))
    progress.bytes(1_000_000)
    progress.bytes(2_500_000)
    progress.rows("scenarios", 7)
    assert told == ["opened 2.5 MB …"]
