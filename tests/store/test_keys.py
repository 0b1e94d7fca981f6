"""API keys: their life, and what a copy of the database tells of them. SEC-12."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import Conflict, DatabaseError, NotFound, ValidationError
from core.store import keys, rows
from core.store.database import Database, open_database
from core.store.secret import purpose, server_secret

SECRET = b"s" * 32
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def made(db: Database, label: str = "scripts", days: int = 30, now: datetime = NOW) -> tuple[keys.Key, str]:
    return keys.create(db, SECRET, "ann", "planner", label, days, now)


def test_a_key_is_found_by_its_text_alone(db: Database) -> None:
    key, text = made(db)
    assert re.fullmatch(r"smc_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", text)
    assert text.startswith(key.prefix), "a lost key is found by how it begins"
    found = keys.verified(db, SECRET, text, NOW)
    assert found is not None
    assert (found.id, found.owner, found.role, found.label) == (key.id, "ann", "planner", "scripts")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text[:4] + ("0" if text[4] != "0" else "1") + text[5:],
        lambda text: text.upper(),
        lambda text: text + "A",
        lambda text: text[:-1],
        lambda text: "",
        lambda text: "\ud800" * 56,
        lambda text: f" {text}",
    ],
)
def test_what_is_not_the_key_is_nobodys(db: Database, change: object) -> None:
    _, text = made(db)
    assert keys.verified(db, SECRET, change(text), NOW) is None  # type: ignore[operator]


def test_the_secret_of_another_server_knows_no_key(db: Database) -> None:
    _, text = made(db)
    assert keys.verified(db, b"t" * 32, text, NOW) is None


def test_a_rotation_overlaps_and_a_third_key_is_refused(db: Database) -> None:
    (old, old_text), (_, new_text) = made(db), made(db)
    assert keys.verified(db, SECRET, old_text, NOW)
    assert keys.verified(db, SECRET, new_text, NOW)
    with pytest.raises(Conflict):
        made(db)
    assert made(db, "another label")
    keys.revoke(db, old.id, now=NOW)
    assert keys.verified(db, SECRET, old_text, NOW) is None, "at once"
    assert keys.verified(db, SECRET, new_text, NOW)
    assert made(db), "there is room for one more now"


def test_a_key_expires_to_the_second_and_makes_room(db: Database) -> None:
    _, text = made(db, days=1)
    made(db, days=1)
    later = NOW + timedelta(days=1)
    assert keys.verified(db, SECRET, text, later - timedelta(seconds=1))
    assert keys.verified(db, SECRET, text, later) is None
    assert made(db, now=later)


def test_the_database_holds_no_key(db: Database, tmp_path: Path) -> None:
    _, text = made(db)
    keys.verified(db, SECRET, text, NOW)
    db.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert text[4:12].encode() in kept, "the part that finds the row"
    assert text[13:].encode() not in kept
    assert text[13:29].encode() not in kept


@pytest.mark.parametrize("change", ["role = 'admin'", "owner = 'bob'", "code = 'é'", "expires_at = '2100'"])
def test_a_row_that_was_changed_by_hand_is_refused(change: str, db: Database) -> None:
    _, text = made(db)
    with db.write() as tables:
        tables.execute(f"UPDATE keys SET {change}")
        row = next(iter(tables.query("SELECT * FROM keys")))
        tables.execute("UPDATE keys SET checksum = ?", [rows.checksum(row)])  # which needs no secret
    assert keys.verified(db, SECRET, text, NOW) is None


def test_its_use_is_noted_once_a_minute(db: Database) -> None:
    _, text = made(db)

    def used(after_s: float) -> datetime | None:
        assert keys.verified(db, SECRET, text, NOW + timedelta(seconds=after_s))
        return keys.listed(db)[0].last_used_at

    assert keys.listed(db)[0].last_used_at is None
    assert [used(s) for s in (0, 59, 60)] == [NOW, NOW, NOW + timedelta(seconds=60)]


def test_a_key_holds_where_its_use_cannot_be_noted(tmp_path: Path) -> None:
    here, there = open_database(tmp_path), open_database(tmp_path)
    here.patience_s = 0.1
    made_key, text = made(here)
    with there.write() as tables:  # another process writes, and takes its time
        tables.execute("UPDATE keys SET label = label")
        found = keys.verified(here, SECRET, text, NOW)
    assert found is not None
    assert found.id == made_key.id
    here.close()
    there.close()


def test_a_key_of_another_is_not_there_to_revoke(db: Database) -> None:
    key, text = made(db)
    for owner, key_id in (("bob", key.id), ("", "00000000"), ("ann", "x")):
        with pytest.raises(NotFound):
            keys.revoke(db, key_id, owner)
    assert keys.verified(db, SECRET, text, NOW)
    assert keys.revoke(db, key.id, "ann", NOW).revoked_at == NOW
    assert keys.revoke(db, key.id, "ann", NOW + timedelta(1)).revoked_at == NOW, "it stays as it was"


def test_a_list_is_paged_without_gap_or_repeat(db: Database) -> None:
    made_ids = {made(db, f"key {n}", now=NOW + timedelta(seconds=n // 3))[0].id for n in range(20)}
    seen: list[str] = []
    after: tuple[str, str] | None = None
    while page := keys.listed(db, "ann", 7, after):
        seen += [key.id for key in page]
        after = (page[-1].created_at.isoformat(timespec="microseconds").replace("+00:00", "Z"), page[-1].id)
    assert len(seen) == 20
    assert set(seen) == made_ids
    assert keys.listed(db, "bob") == []


@pytest.mark.parametrize(
    ("role", "label", "days"),
    [("root", "a", 1), ("", "a", 1), ("admin", "", 1), ("admin", "x" * 81, 1), ("admin", "a\nb", 1), ("admin", "a", 0),
     ("admin", "a", 731), ("admin", "a", True)],
)  # fmt: skip
def test_a_key_that_cannot_be_is_refused(db: Database, role: str, label: str, days: int) -> None:
    with pytest.raises(ValidationError):
        keys.create(db, SECRET, "ann", role, label, days)


# --- the secret of the server --------------------------------------------------------------------


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = server_secret(tmp_path / "home", {})
    assert len(first) >= 32
    assert server_secret(tmp_path / "home", {}) == first
    assert (tmp_path / "home" / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret"], "nothing is left beside it"
    assert server_secret(tmp_path / "other", {}) != first


def test_a_setting_goes_before_the_file(tmp_path: Path) -> None:
    assert server_secret(tmp_path, {"SOLAR_MINING_SECRET": "x" * 32}) == b"x" * 32
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValidationError) as refused:
        server_secret(tmp_path, {"SOLAR_MINING_SECRET": "short canary"})
    assert "canary" not in str(refused.value.body("id"))


def test_a_secret_cut_short_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("abc")
    with pytest.raises(DatabaseError) as refused:
        server_secret(tmp_path, {})
    assert str(tmp_path) not in str(refused.value.body("id"))


def test_without_a_home_it_is_of_this_process_and_each_purpose_has_its_own() -> None:
    assert server_secret(None, {}) != server_secret(None, {})
    assert len({purpose(SECRET, "audit"), purpose(SECRET, "api keys"), purpose(b"t" * 32, "audit"), SECRET}) == 4


def test_a_key_that_is_deleted_while_it_is_used_is_no_error(db: Database) -> None:
    keys._note_use(db, "00000000", datetime.now(UTC))
    assert keys.listed(db) == []
