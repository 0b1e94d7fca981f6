"""Kept weather years: the same digest, the same figures, their owner's alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.errors import DatabaseError, NotFound, ValidationError
from core.inputs import Weather
from core.store import rows, weathers
from core.store.database import Database, open_database

FACTS = ("latitude", "longitude", "elevation_m", "sun_minute", "source", "kind", "status", "utc_offset_hours", "notes",
         "observed_at")  # fmt: skip


def test_a_year_comes_back_with_its_digest_after_reopening(tmp_path: Path, greensboro: Weather) -> None:
    db = open_database(tmp_path)
    year = replace(greensboro, observed_at=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), notes=("=1", "🌞"))
    saved = weathers.save(db, "ann", year)
    db.close()
    db = open_database(tmp_path)
    kept = weathers.load(db, "ann", year.digest)
    assert kept.digest == year.digest == saved.digest
    pd.testing.assert_frame_equal(kept.hourly, year.hourly, check_exact=True, check_freq=True)
    for name in FACTS:
        assert getattr(kept, name) == getattr(year, name), name
    assert weathers.listed(db, "ann") == [saved]
    assert (saved.year, saved.latitude, saved.source) == (year.year, year.latitude, year.source)
    db.close()


def test_more_columns_than_needed_are_kept_too(db: Database, greensboro: Weather) -> None:
    more = replace(greensboro, hourly=greensboro.hourly.assign(albedo=0.2))
    weathers.save(db, "ann", more)
    assert list(weathers.load(db, "ann", more.digest).hourly.columns) == list(more.hourly.columns)


def test_the_same_figures_are_one_row_and_the_newer_notes_count(db: Database, greensboro: Weather) -> None:
    weathers.save(db, "ann", greensboro)
    weathers.save(db, "ann", replace(greensboro, notes=("read again",)))
    assert len(weathers.listed(db, "ann")) == 1
    assert weathers.load(db, "ann", greensboro.digest).notes == ("read again",)


def test_the_newest_comes_first(db: Database, greensboro: Weather) -> None:
    other = replace(greensboro, elevation_m=1.0)
    weathers.save(db, "ann", greensboro)
    weathers.save(db, "ann", other)
    assert [row.digest for row in weathers.listed(db, "ann")] == [other.digest, greensboro.digest]
    assert [row.digest for row in weathers.listed(db, "ann", limit=1)] == [other.digest]


def test_each_owner_has_rows_of_their_own(db: Database, greensboro: Weather) -> None:
    weathers.save(db, "ann", greensboro)
    calls: list[Callable[[str], Any]] = [
        lambda digest: weathers.load(db, "bob", digest),
        lambda digest: weathers.delete(db, "bob", digest),
    ]
    for call in calls:
        bodies = []
        for digest in (greensboro.digest, "0" * 16):
            with pytest.raises(NotFound) as refused:
                call(digest)
            bodies.append(str((refused.value.message, refused.value.details)).replace(digest, "DIGEST"))
        assert bodies[0] == bodies[1]
    assert (weathers.has(db, "ann", greensboro.digest), weathers.has(db, "bob", greensboro.digest)) == (True, False)
    weathers.save(db, "bob", greensboro)
    weathers.delete(db, "ann", greensboro.digest)
    assert not weathers.has(db, "ann", greensboro.digest)
    assert weathers.listed(db, "ann") == []
    assert weathers.load(db, "bob", greensboro.digest) == greensboro


def test_no_call_works_for_nobody(db: Database, greensboro: Weather) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: weathers.save(db, "", greensboro),
        lambda: weathers.load(db, "", greensboro.digest),
        lambda: weathers.listed(db, ""),
        lambda: weathers.delete(db, "", greensboro.digest),
    ]
    for call in calls:
        with pytest.raises(ValidationError) as refused:
            call()
        assert refused.value.field == "owner"


def test_a_place_that_is_no_number_is_refused(db: Database, greensboro: Weather) -> None:
    with pytest.raises(ValidationError) as refused:
        weathers.save(db, "ann", replace(greensboro, elevation_m=float("nan")))
    assert refused.value.field == "weather.elevation_m"
    assert weathers.listed(db, "ann") == []


def test_a_changed_row_is_named_and_can_be_deleted(db: Database, greensboro: Weather) -> None:
    weathers.save(db, "ann", greensboro)
    with db.write() as tables:
        tables.execute("UPDATE weathers SET facts = replace(facts, '36.1', '36.2')")
    with pytest.raises(DatabaseError, match=greensboro.digest):
        weathers.load(db, "ann", greensboro.digest)
    weathers.delete(db, "ann", greensboro.digest)
    assert weathers.listed(db, "ann") == []


def test_other_figures_under_a_sound_seal_are_still_refused(db: Database, greensboro: Weather) -> None:
    """The digest is worked out again from the figures that were read."""
    weathers.save(db, "ann", greensboro)
    with db.write() as tables:
        row = next(tables.query("SELECT * FROM weathers"))
        row["facts"] = row["facts"].replace("36.1", "36.2")
        tables.table("weathers").update(("ann", greensboro.digest), rows.sealed(row))
    with pytest.raises(DatabaseError, match=greensboro.digest):
        weathers.load(db, "ann", greensboro.digest)
