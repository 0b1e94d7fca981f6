"""Bits that flip on the disk, in a whole file and in the texts of a row. DB-09."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DatabaseError
from core.results import Projection
from core.scenario import Scenario
from core.store import equipment, jobs, keys, rows, scenarios, shares, webhooks
from core.store.database import Database, open_database
from tests.store import flips


def test_a_bit_that_flips_in_the_file_is_told_of_its_row_alone(tmp_path: Path, projection: Projection) -> None:
    """A few here; `python -m tests.soak_store flips` has 450."""
    db = open_database(tmp_path)
    flips.fill(db, projection)
    db.close()
    found = flips.flipped(tmp_path, 25)
    print(found)
    assert found.changed > 5
    assert (found.unseen, found.others_lost, found.lists_lost) == (0, 0, 0)


@pytest.mark.parametrize("column", ["name", "created_at", "updated_at", "digest", "scenario"])
@pytest.mark.parametrize("text", ["X'FF'", "'no such thing'", "'2026-11-01'"])
def test_a_text_that_is_none_any_more_hides_no_other(db: Database, column: str, text: str) -> None:
    """Bytes that are no UTF-8 made SQLite's reader refuse the whole list."""
    bad, good = (scenarios.save(db, "ann", Scenario()) for _ in range(2))
    with db.write() as tables:
        tables.execute(f"UPDATE scenarios SET {column} = CAST({text} AS TEXT) WHERE id = ?", [bad.id])
    listed = {one.id: one for one in scenarios.listed(db, "ann")}
    assert set(listed) == {bad.id, good.id}
    assert listed[good.id] == good
    assert scenarios.load(db, "ann", good.id)[1] == good
    with pytest.raises(DatabaseError, match=bad.id):
        scenarios.load(db, "ann", bad.id)
    scenarios.delete(db, "ann", bad.id)
    assert scenarios.listed(db, "ann") == [good]


def test_a_time_that_is_none_is_told_as_lost() -> None:
    assert rows.moment("2026-11-31T") == rows.LOST
    assert rows.moment("2026-11-30T12:00:00") == rows.LOST  # of no zone: it compares with nothing
    assert rows.moment(rows.stamp(rows.LOST)) == rows.LOST


def test_no_list_is_withheld_by_one_damaged_row(db: Database) -> None:
    webhooks.create(db, "ann", "https://example.org/a", ("job",))
    plan = scenarios.save(db, "ann", Scenario())
    shares.create(db, "ann", "scenario", plan.id)
    keys.create(db, b"s" * 32, "ann", "viewer", "a")
    jobs.create(db, jobs.new("ann", "batch", "me"), {}, 0.0)
    for table in ("webhooks", "shares", "keys", "jobs"):
        with db.write() as tables:
            tables.execute(f"UPDATE {table} SET created_at = CAST(X'80' AS TEXT)")
    with db.write() as tables:
        tables.execute("UPDATE webhooks SET events = '{'")
    assert [one.events for one in webhooks.listed(db, "ann")] == [()]
    assert webhooks.concerned(db, "ann", "job") == []
    assert len(jobs.listed(db, "ann")) == 1
    for listed in (shares.listed(db, "ann"), keys.listed(db, "ann"), equipment.listed(db, "ann")):
        assert isinstance(listed, list)
