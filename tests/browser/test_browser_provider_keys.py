"""The keys of providers in a browser: entered, shown as there and never again, in no log, forgotten."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.dashboard import serve
from tests.browser.planner import Planner

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
CANARY = "canary-key-1234567890"
NONE, ENTERED = re.compile(": no key$"), re.compile(": entered here$")


def test_an_admin_enters_a_key_that_is_used_and_never_shown_and_forgets_it(visit: Visit, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serve(home) as address:
        planner = visit(at=address)
        form = opened(planner)
        expect(chosen(form)).to_have_value(NONE)
        form.get_by_label("Key", exact=True).fill(CANARY)
        form.get_by_role("button", name="Keep the key").click()
        planner.told("Kept the key of")
        form = opened(planner.open("/status"))
        expect(chosen(form)).to_have_value(ENTERED)
        expect(form.get_by_label("Key", exact=True)).to_have_value("")
        assert CANARY not in planner.page.content()
        told_of_it(address)
    with serve(home) as address:
        planner = visit(at=address)
        told_of_it(address)
        form = opened(planner)
        expect(chosen(form)).to_have_value(ENTERED)
        form.get_by_role("button", name="Forget the key").click()
        planner.told("Forgot the key")
        expect(chosen(opened(planner.open("/status")))).to_have_value(NONE)
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert sum(b"/jobs/***" in content for content in files) >= 2, "the log of each of the two, at least"
    assert not any(CANARY.encode() in content for content in files)


def test_a_visitor_has_no_such_form(visit: Visit, public_address: str) -> None:
    visitor = visit(at=public_address)
    visitor.open("/status")
    expect(visitor.page.get_by_role("heading", name="Health", exact=True)).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Provider keys")).to_have_count(0)


def opened(planner: Planner) -> Locator:
    """The form, as it opens on the page Status."""
    planner.open("/status")
    planner.page.get_by_role("button", name="Provider keys").click()
    form = planner.page.get_by_test_id("stPopoverBody")
    expect(form.get_by_label("Key", exact=True)).to_be_visible()
    return form


def chosen(form: Locator) -> Locator:
    """The provider that is chosen, and whether there is a key of it."""
    return form.get_by_role("combobox", name="Provider")


def told_of_it(address: str) -> None:
    """Have the key stand where the log tells it: in the path of a request."""
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{address}/api/v1/jobs/{CANARY}", timeout=60)
