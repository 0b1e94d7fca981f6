"""A running dashboard, a browser, and visitors; without Chromium the tests are skipped, loudly."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.dashboard import chromium_path, launch, serve
from tests.browser.planner import Planner

Visit = Callable[..., Planner]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the shared local dashboard."""
    return tmp_path_factory.mktemp("local") / "home"


@pytest.fixture(scope="session")
def public_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the public dashboard, in which nothing may ever be written."""
    folder = tmp_path_factory.mktemp("public") / "home"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def address(needs_chromium: None, home: Path) -> Iterator[str]:
    with serve(home) as at:
        yield at


@pytest.fixture(scope="session")
def public_address(needs_chromium: None, public_home: Path) -> Iterator[str]:
    with serve(public_home, "public") as at:
        yield at


@pytest.fixture(scope="session")
def needs_chromium() -> None:
    """Skip without Chromium, or fail where the setting says that it has to be here."""
    if chromium_path():
        return
    if os.environ.get("SOLAR_MINING_REQUIRE_BROWSER") == "1":
        pytest.fail("Chromium is not on the path, and SOLAR_MINING_REQUIRE_BROWSER=1 asks for it")
    pytest.skip("Chromium is not on the path: the dashboard is not tried in a browser")


@pytest.fixture(scope="module")
def browser(needs_chromium: None) -> Iterator[Browser]:
    """A Chromium a module: its loop must not outlive the module, or AppTest could not run one in this process."""
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """The browser profile most visitors share, so that the program is loaded once; each page is a session of its own."""
    context = browser.new_context(accept_downloads=True)
    yield context
    context.close()


@pytest.fixture
def visit(browser: Browser, profile: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Open a visitor's page: `visit(width=…, dark=…, at=…, alone=…)`. None of them may ask anything of another host."""
    visitors: list[Planner] = []
    others: list[BrowserContext] = []

    def arrive(
        *, at: str | None = None, width: int = 1280, height: int = 900, dark: bool = False, alone: bool = False
    ) -> Planner:
        if alone:
            others.append(browser.new_context(accept_downloads=True))
        page = (others[-1] if alone else profile).new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        visitors.append(Planner(page, at or request.getfixturevalue("address")))
        return visitors[-1]

    yield arrive
    for planner in visitors:
        planner.page.close()
    for context in others:
        context.close()
    for planner in visitors:
        planner.is_clean()


@pytest.fixture
def planner(visit: Visit) -> Planner:
    """One visitor of the local dashboard."""
    return visit()
