"""The tariff in a real browser: a grid of hours, a file of prices, and the bill that follows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.planner import Planner
from tests.fetchers.replies_energy import RATE

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
HOURS = 8760


def at_tariff(planner: Planner) -> Planner:
    return planner.open("/configuration").section("Grid").section("Tariff")


def pick(planner: Planner, kind: str) -> None:
    """Choose how energy is priced."""
    planner.page.get_by_test_id("stButtonGroup").get_by_text(
        kind, exact=True
    ).first.click()  # what is drawn anew may still fade


def prices(hours: int = HOURS, unit: str = "USD/kWh") -> bytes:
    """A year of hours, or a part of one, cheap by day and dear from 16 o'clock UTC on."""
    start = datetime(2019, 1, 1, tzinfo=UTC)
    rows = [f"{(start + timedelta(hours=h)).isoformat()},{0.03 + 0.04 * (h % 24 > 15):.3f}" for h in range(hours)]
    return "\n".join([f"time,price {unit}", *rows]).encode()


def test_a_price_by_time_of_use_changes_the_bill_and_goes_again(planner: Planner) -> None:
    at_tariff(planner)
    before = planner.figures()["Net present value"]
    pick(planner, "By time of use")
    expect(planner.figure("Net present value")).not_to_have_text(before)
    dear = planner.figures()["Net present value"]
    planner.press("Fill a block of hours")
    body = planner.page.get_by_test_id("stPopoverBody")
    body.get_by_role("button", name="Fill", exact=True).click()  # weekends too
    expect(planner.figure("Net present value")).not_to_have_text(dear)
    planner.close_menu()
    pick(planner, "One price")
    expect(planner.figure("Net present value")).to_have_text(before)


def test_a_file_of_hourly_prices_is_checked_used_and_removed(planner: Planner) -> None:
    at_tariff(planner)
    before = planner.figures()["Net present value"]
    pick(planner, "By the hour, from a file")
    planner.give_file("Hourly import prices", "half.csv", prices(4000))
    expect(planner.problem().first).to_be_visible()
    expect(planner.figure("Net present value")).to_have_text(before)
    planner.give_file("Hourly import prices", "year.csv", prices())
    expect(planner.page.get_by_text("on average, 3.00 to 7.00")).to_be_visible(timeout=30_000)
    expect(planner.figure("Net present value")).not_to_have_text(before)
    planner.press("Remove the import prices")
    expect(planner.figure("Net present value")).to_have_text(before)


def test_a_demand_charge_is_billed(planner: Planner) -> None:
    at_tariff(planner)
    before = planner.figures()["Net present value"]
    planner.type("Demand charge (USD/kW of a month's peak)", 6)
    expect(planner.figure("Net present value")).not_to_have_text(before)
    planner.page.get_by_text("The first year's bills").click()
    expect(planner.page.get_by_label("Table: Bills").first).to_be_visible()


def test_a_rate_of_the_database_is_taken_from_its_file_refused_by_name_and_removed(planner: Planner) -> None:
    at_tariff(planner)
    before = planner.figures()["Net present value"]
    planner.page.get_by_text("A rate of the Utility Rate Database").click()
    odd = {**RATE, "energyratestructure": [[{"rate": 0.05, "unit": "furlongs"}]]}
    planner.give_file("Rate file", "odd.json", json.dumps(odd).encode())
    expect(planner.problem().filter(has_text="energyratestructure[0][0].unit").first).to_be_visible()
    expect(planner.figure("Net present value")).to_have_text(before)
    planner.give_file("Rate file", "rate.json", json.dumps({"items": [RATE]}).encode())
    expect(planner.page.get_by_role("button", name="Remove this rate")).to_be_visible(timeout=30_000)
    expect(planner.figure("Net present value")).not_to_have_text(before)
    planner.press("Remove this rate")
    expect(planner.figure("Net present value")).to_have_text(before)
