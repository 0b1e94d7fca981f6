"""`docs/tutorial.md` as a script: what is bold there is pressed, typed and read in a browser, and its pictures are taken.

A verb before a bold name is an action: press, type … into, go to, copy, open. "See" before one is waited for; the rows of a
table are figures on the page; a picture is taken where it stands. Used by the test and by `tests.browser.pictures`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Locator, Page, expect

from tests.api.issuer import Issuer, secrets_file
from tests.browser.dashboard import OFFLINE, ROOT, serve
from tests.browser.planner import CURRENT, DRAWN, Planner

DOCS = ROOT / "docs"
TUTORIAL = DOCS / "tutorial.md"
SEEN_MS = 60_000
LONG_MS = 240_000  # engines are made ready on the first run on a computer
SAID = re.compile(
    r"\b(?P<verb>press|type|into|go to|copy|open|until you see|see) \*\*(?P<words>.+?)\*\*"
    r"|^\| \*\*(?P<label>.+?)\*\* \| (?P<value>.+?) \|$"
    r"|^!\[.*?\]\((?P<picture>[\w-]+\.png)\)$",
    re.IGNORECASE | re.MULTILINE,
)
SENT = ("Report (", "Charts (")  # what these buttons give is a file
# width and height [px], and whether in the dark; the first is that of the pictures in docs
WAYS = {
    "desktop, light": (1280, 900, False),
    "desktop, dark": (1280, 900, True),
    "phone, light": (390, 844, False),
    "phone, dark": (390, 844, True),
}


class Line(NamedTuple):
    """Something the tutorial says: verb and words; a label and its figure; or a picture."""

    step: str
    verb: str
    words: str
    figure: str = ""


def lines(text: str) -> list[Line]:
    """What the steps say to do and to see, in their order."""
    found = []
    for step in re.split(r"^## (?=\d+\. )", text, flags=re.MULTILINE)[1:]:
        title, _, body = step.split("\n## ")[0].partition("\n")
        found += [_line(title, match) for match in SAID.finditer(body)]
    return found


def _line(step: str, match: re.Match[str]) -> Line:
    if match["picture"]:
        return Line(step, "picture", match["picture"])
    if match["label"]:
        return Line(step, "read", match["label"], match["value"])
    return Line(step, match["verb"].lower(), match["words"])


class Walk:
    """Somebody who does what the tutorial says, and counts.

    `stranger`: opens a browser of somebody else. `pictures`: the folder for what is seen on the way. Afterwards `actions` is how
    often something was clicked, typed, pressed or opened, `read` what the tables' figures are on the pages, `files` what was sent.
    """

    def __init__(self, planner: Planner, stranger: Callable[[], Planner], pictures: Path) -> None:
        self.at, self._stranger, self._pictures = planner, stranger, pictures
        self.actions = 0
        self.link = ""
        self.read: list[tuple[Line, str]] = []
        self.files: list[bytes] = []

    @property
    def page(self) -> Page:
        return self.at.page

    def through(self, script: list[Line]) -> Walk:
        """All of it, from the first page on."""
        self._act(lambda: self.page.goto(self.at.address))
        typed = ""
        for line in script:
            if line.verb == "type":
                typed = line.words
            elif line.verb == "into":
                self.type(typed, line.words)
            else:
                self._do(line)
        return self

    def _do(self, line: Line) -> None:
        {
            "press": lambda: self.press(line.words),
            "go to": lambda: self.go(line.words),
            "copy": lambda: self._act(self._copy),
            "open": lambda: self._act(self._open),
            "see": lambda: self.see(line.words, SEEN_MS),
            "until you see": lambda: self.see(line.words, LONG_MS),
            "read": lambda: self.read.append((line, self._figure(line.words))),
            "picture": lambda: self.picture(line.words),
        }[line.verb]()

    def _act(self, action: Callable[[], object]) -> None:
        action()
        self.actions += 1

    # --- doing --------------------------------------------------------------------------------------

    def type(self, text: str, label: str) -> None:
        """Type over what is in a field, and Enter."""
        self.at.at_rest()
        box = self.at.number(label).or_(self.at.text(label))
        self._act(lambda: box.fill(text))
        self._act(lambda: box.press("Enter"))
        self.at.at_rest()

    def press(self, words: str) -> None:
        """A button or link that begins with these words, or a line with them that unfolds."""
        self.page.get_by_test_id("stApp").wait_for()
        named = re.compile(rf"^\W*[a-z_]*\s*{re.escape(words)}")  # an icon's name may stand before
        target = self._named(named, words)
        expect(target).to_be_visible(timeout=30_000)
        self.at.at_rest()
        if not words.startswith(SENT):
            self._act(target.click)
            return
        with self.page.expect_download(timeout=LONG_MS) as waiting:
            self._act(target.click)
        self.files.append(waiting.value.path().read_bytes())

    def _named(self, named: re.Pattern[str], words: str) -> Locator:
        main = self.page.get_by_test_id("stMain")
        buttons = main.get_by_role("button", name=named).or_(main.get_by_role("link", name=named))
        return buttons.or_(main.locator("summary").filter(has_text=words)).and_(self.page.locator(CURRENT)).first

    def go(self, title: str) -> None:
        """By the navigation, which is a drawer on a phone."""
        self.page.mouse.move(5, 700)  # off the button just pressed, whose tooltip may lie over it
        link = self.page.get_by_test_id("stTopNavLink").filter(has_text=title)
        if not link.count():
            self._act(self.page.get_by_test_id("stExpandSidebarButton").click)
            link = self.page.get_by_test_id("stSidebarNavLink").filter(has_text=title)
        self._act(link.first.click)
        self.at.arrived(title)

    def _copy(self) -> None:
        self.link = self.page.get_by_test_id("stCode").inner_text().strip()

    def _open(self) -> None:
        assert self.link.startswith(self.at.address), "a link was copied before"
        self.at = self._stranger()
        self.page.goto(self.link)

    # --- seeing -------------------------------------------------------------------------------------

    def see(self, words: str, within_ms: int) -> None:
        expect(self.page.get_by_text(words).and_(self.page.locator(CURRENT)).first).to_be_visible(timeout=within_ms)

    def _figure(self, label: str) -> str:
        self.at.at_rest()
        self.page.evaluate(DRAWN)
        tile = self.at.figure(label).first
        expect(tile).to_be_visible()
        return tile.inner_text().strip()

    def picture(self, name: str) -> None:
        """What is on the screen, from the top of the page."""
        self.at.at_rest()
        self.page.mouse.move(5, 700)
        self.page.get_by_test_id("stMain").evaluate("it => it.scrollTo(0, 0)")
        self.page.evaluate(DRAWN)
        self.page.wait_for_timeout(500)  # charts slide in
        assert self.at.fits_the_width(), f"{name} has to be scrolled sideways"
        assert self.at.cut_off() == []
        self.page.screenshot(path=self._pictures / name)


class Stage(NamedTuple):
    """A server on which nothing is kept yet, and who signs people in there."""

    address: str
    home: Path
    issuer: Issuer


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """A dashboard in mode server with an empty database, and a provider that it believes; Ann signs in."""
    with Issuer() as issuer:
        secrets_file(folder, issuer.section("one"))
        with serve(folder / "home", "server", {**OFFLINE, "HOME": str(folder)}) as address:
            yield Stage(address, folder / "home", issuer)
