"""A database that was damaged: the dashboard comes up with the backup and says so on its pages. DB-08."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.scenario import Scenario
from core.store import backups, condition, scenarios
from core.store.database import FILE_NAME, open_database
from tests.browser.dashboard import serve
from tests.browser.planner import Planner

pytestmark = pytest.mark.browser


def test_a_damaged_database_is_told_on_every_page_until_it_is_taken_away(
    visit: Callable[..., Planner], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    db = open_database(home)
    scenarios.save(db, "local", Scenario().but({"name": "From the backup"}))
    backup = backups.make(db, home)
    db.close()
    (home / FILE_NAME).write_bytes(b"no database" * 1000)
    with serve(home) as address:
        planner = visit(at=address)
        planner.open("/")
        expect(planner.page.get_by_text("The database was found damaged")).to_contain_text(backup.id)
        planner.go("Market")
        expect(planner.page.get_by_text("The database was found damaged")).to_be_visible()
        (aside,) = condition.set_aside(home)
        (home / aside.file).rename(tmp_path / "taken away")
        planner.go("Projection")
        expect(planner.page.get_by_text("The database was found damaged")).to_have_count(0)
