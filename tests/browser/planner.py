"""What a planner does in a browser, said in the words on the screen: labels, roles and test ids, never styles."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLate

# what an earlier run drew stays on the page, faded, until the script has ended
CURRENT = ':not([data-stale="true"] *)'
SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'
TITLES = {
    "/": "Projection",
    "/projections": "Projection",
    "/start": "Start",
    "/money": "Money",
    "/dispatch": "Dispatch",
    "/risk": "Risk",
    "/sizing": "Sizing",
    "/configuration": "Configuration",
    "/equipment": "Equipment",
    "/market": "Market",
    "/compare": "Compare",
    "/method": "Method",
    "/status": "Status",
}
LOCAL_SCHEMES = {"data", "blob", "about", "chrome-error"}
TRIES = 3
expect.set_options(timeout=15_000)


# the browser is told that the script has ended before it has drawn the last of what the script said
# a browser without a window may never tell that it is idle: two seconds twice are enough
DRAWN = """() => new Promise(done => { const idle = next => requestIdleCallback(next, {timeout: 2000});
  idle(() => setTimeout(() => idle(() => done()), 50)) })"""


def settled(page: Page) -> None:
    """Wait until the script has run to its end."""
    page.wait_for_selector(SETTLED)


class Planner:
    """A visitor with a page of their own, who notes every request that leaves the computer."""

    def __init__(self, page: Page, address: str) -> None:
        self.address = address
        self.outside: list[str] = []
        self.broken: list[str] = []
        self.received: list[bytes] = []
        self.page = page
        self.page.set_default_timeout(15_000)
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("pageerror", lambda error: self.broken.append(str(error)))
        self.page.on("dialog", self._no_dialog)
        self.page.on("websocket", self._listen)

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in LOCAL_SCHEMES and f"{parts.scheme}://{parts.netloc}" != self.address:
            self.outside.append(url)

    def _no_dialog(self, dialog: Any) -> None:
        self.broken.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _listen(self, socket: Any) -> None:
        self._note(socket.url.replace("ws", "http", 1))
        socket.on(
            "framereceived", lambda data: self.received.append(data if isinstance(data, bytes) else data.encode())
        )

    def is_clean(self) -> None:
        """Nothing was asked of another host, no script failed and no dialog opened."""
        assert not self.outside, f"requests left for {self.outside}"
        assert not self.broken, f"the page broke: {self.broken}"

    # --- going about --------------------------------------------------------------------------------

    def open(self, path: str = "/") -> Planner:
        """Open an address as if typed; the page is there when its title is and nothing lies over it."""
        self.page.goto(self.address + path)
        self.arrived(TITLES[path])
        expect(self.page.get_by_role("dialog")).to_have_count(0)
        return self

    def go(self, title: str) -> Planner:
        """Follow a link of the navigation."""
        self.page.mouse.move(5, 700)  # off the button just pressed, whose tooltip may lie over the navigation
        self.page.get_by_test_id("stTopNavLink").filter(has_text=title).click()
        return self.arrived(title)

    def arrived(self, title: str) -> Planner:
        expect(self.page.get_by_role("heading", name=title, level=1, exact=True)).to_be_visible()
        settled(self.page)
        return self

    def section(self, name: str) -> Planner:
        """Open a tab; a press while the page is drawn may be lost, so it is pressed again."""
        tab = self.page.get_by_role("tab", name=name, exact=True)
        for _ in range(TRIES):
            self.at_rest()
            tab.click()
            with suppress(AssertionError):
                expect(tab).to_have_attribute("aria-selected", "true", timeout=3_000)
                break
        expect(tab).to_have_attribute("aria-selected", "true")
        settled(self.page)
        return self

    def at_rest(self) -> None:
        """Wait for the script to end, not for ever: some pages look again and again."""
        with suppress(TooLate):
            self.page.wait_for_selector(SETTLED, timeout=5_000)

    # --- doing --------------------------------------------------------------------------------------

    def number(self, label: str) -> Locator:
        return self.page.get_by_role("spinbutton", name=label, exact=True).and_(self.page.locator(CURRENT))

    def text(self, label: str) -> Locator:
        return self.page.get_by_role("textbox", name=label, exact=True).and_(self.page.locator(CURRENT))

    def type(self, label: str, value: object) -> Planner:
        """Type into a number or text field and press Enter."""
        box = self.number(label).or_(self.text(label))
        box.fill(str(value))
        box.press("Enter")
        return self

    def press(self, name: str, within: Locator | None = None) -> Planner:
        """Press a button by its words, once the page is at rest: what is pressed while it is drawn may be lost."""
        self.at_rest()
        (within or self.page.get_by_test_id("stMain")).get_by_role("button", name=re.compile(rf"^{name}\b")).click()
        return self

    def told(self, text: str) -> Planner:
        """A message says so."""
        expect(self.page.get_by_text(text).first).to_be_visible()
        settled(self.page)
        return self

    def menu(self) -> Locator:
        """The Scenario menu, opened."""
        body = self.page.get_by_test_id("stPopoverBody")
        if not body.count():
            self.press("Scenario")
        expect(body).to_be_visible()
        return body

    def choose(self, label: str, option: str) -> Planner:
        """Pick an option of a list; a list that shuts because the page is drawn anew is opened again."""
        settled(self.page)
        wanted = self.page.get_by_role("option", name=option, exact=True)
        for _ in range(3):
            self.page.get_by_role("combobox", name=label, exact=True).click()
            with suppress(TooLate):
                wanted.click(timeout=5_000)
                return self
            self.page.keyboard.press("Escape")
        raise AssertionError(f"“{option}” is not offered under “{label}”")

    def close_menu(self) -> Planner:
        body = self.page.get_by_test_id("stPopoverBody")
        if body.count():
            self.page.keyboard.press("Escape")
        expect(body).to_have_count(0)
        return self

    def give_file(self, area: str, name: str, content: bytes) -> Planner:
        """Hand a file to an upload area."""
        zone = self.page.get_by_test_id("stFileUploader").filter(has_text=area)
        zone.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        )
        return self

    def import_scenario(self, scenario: dict[str, Any]) -> Planner:
        self.menu()
        self.give_file("Import a scenario", "plan.json", json.dumps(scenario).encode())
        self.told("Scenario imported")
        return self.close_menu()

    # --- seeing -------------------------------------------------------------------------------------

    def figure(self, label: str) -> Locator:
        """The value of a metric by its label."""
        named = self.page.get_by_test_id("stMetricLabel").filter(has_text=re.compile(f"^{re.escape(label)}$"))
        tile = self.page.get_by_test_id("stMetric").filter(has=named).and_(self.page.locator(CURRENT))
        return tile.get_by_test_id("stMetricValue")

    def figures(self) -> dict[str, str]:
        """Every metric on the page, once all are drawn."""
        settled(self.page)
        self.page.evaluate(DRAWN)
        expect(self.page.get_by_test_id("stMetricValue").first).to_be_visible()
        tiles = self.page.get_by_test_id("stMetric").all()
        return {
            tile.get_by_test_id("stMetricLabel").inner_text().strip(): tile.get_by_test_id("stMetricValue")
            .inner_text()
            .strip()
            for tile in tiles
        }

    def unsaved(self) -> Locator:
        return self.page.get_by_test_id("stMain").get_by_text("Unsaved changes")

    def problem(self) -> Locator:
        """The error messages on the page."""
        return self.page.get_by_test_id("stAlert")

    def download(self, name: str, within: Locator | None = None) -> bytes:
        """Press a download button; the bytes of the file."""
        with self.page.expect_download() as waiting:
            self.press(name, within)
        return waiting.value.path().read_bytes()

    def table(self, name: str) -> list[dict[str, str]]:
        """The rows of a table that has a CSV button under it, as downloaded."""
        grid = self.page.get_by_role("region", name=name, exact=True)
        button = grid.locator("xpath=following::*[@data-testid='stDownloadButton'][1]//button")
        expect(button).to_have_text(re.compile("CSV"))
        with self.page.expect_download() as waiting:
            button.click()
        return list(csv.DictReader(io.StringIO(waiting.value.path().read_bytes().decode())))

    def shelf(self) -> Locator:
        """What is saved, unfolded."""
        shelf = self.page.get_by_test_id("stExpander").filter(has_text=re.compile(r"Saved: \d+"))
        if shelf.get_by_role("region", name="Saved").count() == 0 or not shelf.get_by_role("region").first.is_visible():
            shelf.get_by_text(re.compile(r"Saved: \d+")).click()
        return shelf

    def names_on_shelf(self, what: str, mine: str) -> Locator:
        """The names that contain `mine` in a table of the shelf, top down."""
        grid = self.page.get_by_role("region", name=f"Saved {what}", exact=True)
        return grid.locator("td[aria-colindex='1']").filter(has_text=mine)

    def pick(self, what: str, name: str) -> Planner:
        """Tick the row of a name on the shelf, and wait until the buttons below are those of that row."""
        others = self.page.get_by_role("button", name=re.compile("^Clear selection: Saved"))
        while others.count():
            others.first.dispatch_event("click")
            self.page.wait_for_timeout(100)
        expect(self.text("New name")).to_have_count(0)
        self.tick(f"Saved {what}", name)
        expect(self.text("New name")).to_have_value(name)
        return self

    def tick(self, table: str, name: str) -> Planner:
        """Tick the row of a table whose first cell is `name`."""
        grid = self.page.get_by_role("region", name=table, exact=True)
        cell = grid.locator("td[aria-colindex='1']").filter(has_text=re.compile(f"^{re.escape(name)}$")).first
        expect(cell).to_be_attached()
        row = int((cell.get_attribute("id") or "").rsplit("-", 1)[1])
        grid.evaluate("grid => grid.scrollIntoView({block: 'center'})")  # not under the navigation at the top
        box = grid.bounding_box()
        assert box is not None
        header_px, row_px = 34, 33
        self.page.mouse.click(box["x"] + 15, box["y"] + header_px + row_px * (row + 0.5))
        return self

    def rename(self, name: str) -> Planner:
        """Give the row picked another name."""
        self.text("New name").fill(name)
        return self.press("Rename", self.shelf()).told(f"Renamed to “{name}”")

    def cut_off(self) -> list[str]:
        """The metrics whose value does not fit into its tile."""
        values = self.page.get_by_test_id("stMetricValue")
        return values.evaluate_all(
            "all => all.filter(e => [e, ...e.querySelectorAll('*')].some(n => n.scrollWidth > n.clientWidth + 1"
            " && getComputedStyle(n).overflowX !== 'visible')).map(e => e.innerText)"
        )

    def fits_the_width(self) -> bool:
        """Whether nothing has to be scrolled sideways."""
        return bool(
            self.page.evaluate(
                """() => [document.scrollingElement, document.querySelector('[data-testid=stMain]')]
                         .every(e => e.scrollWidth <= e.clientWidth)"""
            )
        )
