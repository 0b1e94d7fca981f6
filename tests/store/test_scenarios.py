"""Saved scenarios: exact, versioned, and their owner's alone."""

from __future__ import annotations

import sys
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import Conflict, DatabaseError, NotFound, ScenarioError, ValidationError
from core.scenario import Scenario
from core.store import rows, scenarios
from core.store.database import Database, in_memory, open_database

ANY_CALL: list[Callable[[Database, str, str], Any]] = [
    lambda db, owner, key: scenarios.load(db, owner, key),
    lambda db, owner, key: scenarios.save(db, owner, Scenario(), id=key, version=1),
    lambda db, owner, key: scenarios.rename(db, owner, key, "mine now"),
    lambda db, owner, key: scenarios.duplicate(db, owner, key),
    lambda db, owner, key: scenarios.delete(db, owner, key),
]


def test_a_scenario_comes_back_as_it_was(db: Database) -> None:
    scenario = Scenario().but({"array.dc_kw": 1234.5678901234567, "fleet.units.0.count": 7, "name": "ά🌞"})
    saved = scenarios.save(db, "ann", scenario)
    again, read_at = scenarios.load(db, "ann", saved.id)
    assert again == scenario
    assert again.digest == scenario.digest == saved.digest
    assert read_at == saved
    assert (saved.version, saved.name) == (1, "ά🌞")
    assert saved.updated_at.utcoffset() is not None


def test_a_save_under_an_id_is_the_next_version(db: Database) -> None:
    first = scenarios.save(db, "ann", Scenario())
    changed = Scenario().but({"array.dc_kw": 2.0})
    second = scenarios.save(db, "ann", changed, id=first.id, version=first.version)
    assert (second.id, second.version, second.created_at) == (first.id, 2, first.created_at)
    assert second.updated_at > first.updated_at
    assert scenarios.load(db, "ann", first.id) == (changed, second)
    assert scenarios.listed(db, "ann") == [second]


@pytest.mark.parametrize("version", [1, 3, 0, -1, 2**70])
def test_a_save_over_any_other_version_than_the_newest_is_a_conflict(db: Database, version: int) -> None:
    first = scenarios.save(db, "ann", Scenario())
    newest = scenarios.save(db, "ann", Scenario(name="newest"), id=first.id, version=1)
    with pytest.raises(Conflict, match="version 2") as refused:
        scenarios.save(db, "ann", Scenario(name="older"), id=first.id, version=version)
    assert refused.value.expected == "2"
    assert scenarios.load(db, "ann", first.id) == (Scenario(name="newest"), newest)


@pytest.mark.parametrize("version", [None, "1", True, 1.0])
def test_a_save_over_needs_the_version_that_was_read(db: Database, version: Any) -> None:
    first = scenarios.save(db, "ann", Scenario())
    with pytest.raises(ValidationError) as refused:
        scenarios.save(db, "ann", Scenario(), id=first.id, version=version)
    assert refused.value.field == "version"


def test_rename_and_delete_refuse_an_older_version_when_told_one(db: Database) -> None:
    saved = scenarios.save(db, "ann", Scenario())
    newest = scenarios.rename(db, "ann", saved.id, "second", version=1)
    for act in (
        lambda: scenarios.rename(db, "ann", saved.id, "third", version=1),
        lambda: scenarios.delete(db, "ann", saved.id, version=1),
    ):
        with pytest.raises(Conflict):
            act()
    assert scenarios.listed(db, "ann") == [newest]
    scenarios.delete(db, "ann", saved.id, version=2)
    assert scenarios.listed(db, "ann") == []


@pytest.mark.parametrize("doors", [1, 2])
def test_two_editors_of_one_version_make_one_conflict_a_hundred_times(db: Database, tmp_path: Path, doors: int) -> None:
    """DB-04; with two doors to one file the lock of the process does not help, as between processes."""
    other = db if doors == 1 else open_database(tmp_path)
    saved = scenarios.save(db, "ann", Scenario())
    outcomes: list[str] = []

    def editor(door: Database, version: int, gate: threading.Barrier, name: str) -> None:
        gate.wait(timeout=10)
        try:
            scenarios.save(door, "ann", Scenario(name=name), id=saved.id, version=version)
            outcomes.append("saved")
        except Conflict as error:
            outcomes.append("conflict" if error.expected == str(version + 1) else repr(error))

    for version in range(1, 101):
        outcomes.clear()
        gate = threading.Barrier(2)
        editors = [
            threading.Thread(target=editor, args=(door, version, gate, name))
            for door, name in ((db, "left"), (other, "right"))
        ]
        for thread in editors:
            thread.start()
        for thread in editors:
            thread.join(timeout=20)
        assert sorted(outcomes) == ["conflict", "saved"]
    assert scenarios.listed(db, "ann")[0].version == 101
    other.close()


def test_what_is_anothers_looks_as_if_it_were_not_there(db: Database) -> None:
    """SEC-03: the error for a foreign id differs from that for an unknown one in the id alone."""
    saved = scenarios.save(db, "ann", Scenario())
    unknown = rows.new_id()
    for call in ANY_CALL:
        bodies = []
        for key in (saved.id, unknown):
            with pytest.raises(NotFound) as refused:
                call(db, "bob", key)
            bodies.append(str((refused.value.message, refused.value.details)).replace(key, "ID"))
        assert bodies[0] == bodies[1]
    assert scenarios.listed(db, "bob") == []
    assert scenarios.load(db, "ann", saved.id) == (Scenario(), saved)


@pytest.mark.parametrize("key", ["", "x" * 10_000, "' OR 1=1 --", "%", None, 7, b"\0"])
def test_an_id_that_is_none_is_not_found(db: Database, key: Any) -> None:
    scenarios.save(db, "ann", Scenario())
    with pytest.raises(NotFound):
        scenarios.load(db, "ann", key)


@pytest.mark.parametrize("owner", ["", " ", None, 7, "a\0b", "x" * 321, "\ud800"])
def test_no_call_works_for_nobody(db: Database, owner: Any) -> None:
    saved = scenarios.save(db, "ann", Scenario())
    calls: list[Callable[[], Any]] = [
        lambda: scenarios.save(db, owner, Scenario()),
        lambda: scenarios.listed(db, owner),
        *(lambda call=call: call(db, owner, saved.id) for call in ANY_CALL),  # type: ignore[misc]
    ]
    for call in calls:
        with pytest.raises(ValidationError) as refused:
            call()
        assert refused.value.field == "owner"


def test_the_newest_comes_first(db: Database) -> None:
    one, two, three = (scenarios.save(db, "ann", Scenario(name=name)) for name in ("one", "two", "three"))
    scenarios.save(db, "ann", Scenario(name="one again"), id=one.id, version=1)
    assert [row.id for row in scenarios.listed(db, "ann")] == [one.id, three.id, two.id]
    assert [row.id for row in scenarios.listed(db, "ann", limit=2)] == [one.id, three.id]


def test_a_new_name_is_a_version_and_goes_into_the_scenario(db: Database) -> None:
    saved = scenarios.save(db, "ann", Scenario())
    renamed = scenarios.rename(db, "ann", saved.id, "New")
    assert (renamed.id, renamed.version, renamed.name) == (saved.id, 2, "New")
    assert scenarios.load(db, "ann", saved.id) == (Scenario(name="New"), renamed)


@pytest.mark.parametrize("name", ["", "x" * 121, "\ud800", None])
def test_a_name_no_scenario_may_have_is_refused(db: Database, name: Any) -> None:
    saved = scenarios.save(db, "ann", Scenario())
    with pytest.raises(ScenarioError) as refused:
        scenarios.rename(db, "ann", saved.id, name)
    assert refused.value.field == "name"
    assert scenarios.listed(db, "ann") == [saved]


def test_a_copy_is_a_row_of_its_own(db: Database) -> None:
    saved = scenarios.save(db, "ann", Scenario(name="x" * 120))
    copy = scenarios.duplicate(db, "ann", saved.id)
    assert copy.id != saved.id
    assert copy.version == 1
    assert copy.name == "x" * 113 + " (copy)"
    assert scenarios.duplicate(db, "ann", saved.id, "other").name == "other"
    scenarios.delete(db, "ann", saved.id)
    assert scenarios.load(db, "ann", copy.id)[0].name == copy.name


def test_what_was_deleted_is_gone(db: Database) -> None:
    saved = scenarios.save(db, "ann", Scenario())
    scenarios.delete(db, "ann", saved.id)
    for act in (scenarios.load, scenarios.delete):
        with pytest.raises(NotFound):
            act(db, "ann", saved.id)


@pytest.mark.parametrize("column", ["owner", "name", "version", "digest", "created_at", "updated_at", "scenario"])
def test_a_row_that_changed_on_the_disk_is_named_and_can_be_deleted(db: Database, column: str) -> None:
    damaged, sound = (scenarios.save(db, "ann", Scenario(name=name)) for name in ("damaged", "sound"))
    owner = "bob" if column == "owner" else "ann"
    with db.write() as tables:
        change = "version = version + 1" if column == "version" else f"{column} = {column} || ' '"
        tables.execute(f"UPDATE scenarios SET {change if column != 'owner' else 'owner = ?'} WHERE id = ?",
                       [owner, damaged.id] if column == "owner" else [damaged.id])  # fmt: skip
    with pytest.raises(DatabaseError, match=damaged.id):
        scenarios.load(db, owner, damaged.id)
    assert scenarios.load(db, "ann", sound.id)[0].name == "sound"
    scenarios.delete(db, owner, damaged.id)
    assert [row.id for row in scenarios.listed(db, "ann")] == [sound.id]


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120)


@pytest.fixture(scope="module")
def shared() -> Any:
    db = in_memory()
    yield db
    db.close()


@given(name=NAMES)
@example("🌞⛏️👩‍🔧" * 10)
@example("\u202eevil\u202c right to left, العربية")
@example("'; DROP TABLE scenarios; --")
@example("\"double\" 'single' `back`")
@example("a\0b")
@example("e\u0301 is not é")
@settings(max_examples=60, deadline=None)
def test_every_name_comes_back_letter_for_letter(shared: Database, name: str) -> None:
    saved = scenarios.save(shared, "ann", Scenario(name=name))
    scenario, read_at = scenarios.load(shared, "ann", saved.id)
    assert scenario.name == read_at.name == scenarios.listed(shared, "ann", limit=1)[0].name == name
    assert unicodedata.is_normalized("NFC", name) == unicodedata.is_normalized("NFC", scenario.name)


def test_fifty_saves_reopen_with_the_last_one(tmp_path: Path) -> None:
    db = open_database(tmp_path)
    saved = scenarios.save(db, "ann", Scenario())
    for version in range(1, 50):
        scenarios.save(db, "ann", Scenario(name=f"save {version}"), id=saved.id, version=version)
    db.close()
    db = open_database(tmp_path)
    assert scenarios.load(db, "ann", saved.id)[0].name == "save 49"
    db.close()


def test_the_store_loads_nothing_heavy_until_it_is_used() -> None:
    import subprocess

    code = (
        "import sys; from core.store import scenarios, projections, weathers; import core.exports;"
        "print([m for m in ('sqlite_utils', 'xlsxwriter', 'pvlib', 'scipy') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
