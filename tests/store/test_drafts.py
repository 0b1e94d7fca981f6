"""Drafts of open pages: the newest of another page is found, by its owner alone, until it is old or forgotten."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from core.scenario import Scenario
from core.store import drafts, rows
from core.store.database import Database

PLAN = Scenario().but({"name": "Not saved yet", "array.dc_kw": 1234.5})


def test_the_newest_draft_of_another_page_is_found_whole(db: Database) -> None:
    drafts.keep(db, "me", "one", Scenario(), None)
    drafts.keep(db, "me", "one", PLAN, {"id": "a", "version": 3})
    found = drafts.newest(db, "me", "two")
    assert found is not None
    assert (found.page, found.scenario, found.saved) == ("one", PLAN, {"id": "a", "version": 3})
    drafts.keep(db, "me", "two", PLAN.but({"array.dc_kw": 1.0}), None)
    newer = drafts.newest(db, "me", "three")
    assert newer is not None
    assert newer.page == "two"
    assert newer.updated_at >= found.updated_at


def test_a_page_is_not_offered_its_own_nor_anybody_elses(db: Database) -> None:
    drafts.keep(db, "me", "one", PLAN, None)
    assert drafts.newest(db, "me", "one") is None
    assert drafts.newest(db, "you", "two") is None
    drafts.forget(db, "you", "one")
    assert drafts.newest(db, "me", "two") is not None
    drafts.forget(db, "me", "one")
    assert drafts.newest(db, "me", "two") is None


def test_old_drafts_are_not_offered_and_go(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts.keep(db, "me", "one", PLAN, None)
    monkeypatch.setattr(drafts, "KEPT_FOR", timedelta(seconds=-1))
    assert drafts.newest(db, "me", "two") is None
    assert drafts.forget_old(db) == 1
    monkeypatch.undo()
    assert drafts.newest(db, "me", "two") is None
    drafts.keep(db, "me", "one", PLAN, None)
    assert drafts.forget_old(db) == 0


def test_a_draft_of_a_newer_version_hides_none_that_can_be_read(db: Database) -> None:
    drafts.keep(db, "me", "one", PLAN, None)
    drafts.keep(db, "me", "two", PLAN, None)
    with db.write() as tables:
        row = next(iter(tables.query("SELECT * FROM drafts WHERE page = 'two'")))
        row["scenario"] = json.dumps({**json.loads(row["scenario"]), "schema_version": 99})
        tables.table("drafts").insert(rows.sealed(row), replace=True)
    found = drafts.newest(db, "me", "three")
    assert found is not None
    assert found.page == "one"
    drafts.forget(db, "me", "one")
    assert drafts.newest(db, "me", "three") is None


def test_a_damaged_draft_is_not_offered(db: Database) -> None:
    drafts.keep(db, "me", "one", PLAN, None)
    with db.write() as tables:
        tables.execute("UPDATE drafts SET scenario = replace(scenario, '1234.5', '1234.6')")
    assert drafts.newest(db, "me", "two") is None
