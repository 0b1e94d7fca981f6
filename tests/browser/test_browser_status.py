"""The page Status: what an admin sees of the server, and what a visitor does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.planner import Planner

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
FOR_ADMINS = ("This server", "Warnings and errors", "Audit log")


def test_an_admin_sees_parts_figures_and_a_sound_audit_log(visit: Visit) -> None:
    planner = visit()
    planner.open("/status")
    for part in ("Database: ok", "Secret: ok", "Clock: ok"):
        expect(planner.page.get_by_text(part).first).to_be_visible()
    for title in FOR_ADMINS:
        expect(planner.page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    for label in (
        "Calls a minute",
        "Slowest in twenty",
        "Open pages",
        "Memory",
        "Descriptors",
        "Write-ahead log",
        "Newest backup",
    ):
        expect(planner.page.get_by_test_id("stMetricLabel").filter(has_text=label).first).to_be_visible()
    planner.press("Verify").told("every entry is as it was written, and none is missing")


def test_a_visitor_sees_how_the_parts_are_and_no_more(visit: Visit, public_address: str) -> None:
    visitor = visit(at=public_address)
    visitor.open("/status")
    expect(visitor.page.get_by_text("Database: in memory").first).to_be_visible()
    expect(visitor.page.get_by_role("heading", name="Providers", exact=True)).to_be_visible()
    for title in FOR_ADMINS:
        expect(visitor.page.get_by_role("heading", name=title, exact=True)).to_have_count(0)
    expect(visitor.page.get_by_text("Write-ahead log")).to_have_count(0)
