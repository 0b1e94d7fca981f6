"""The pictures and figures of `docs/tutorial.md` and the README, taken from the running app: `make pictures`.

python -m tests.browser.pictures              # docs/*.png in small palettes, and the figures in the tutorial's tables
python -m tests.browser.pictures FOLDER       # to look at: the same pictures on desktop and phone, in light and dark; docs stay
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.dashboard import launch
from tests.browser.planner import Planner
from tests.browser.tutorial import DOCS, TUTORIAL, WAYS, Walk, lines, stage

COLOURS = 256  # of a palette: text and lines look the same, less than half of the bytes


def main(folders: list[str]) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        if folders:
            for way in WAYS:
                into = Path(folders[0]) / way.replace(", ", "-")
                into.mkdir(parents=True, exist_ok=True)
                walked(browser, way, into)
            return
        walk = walked(browser, next(iter(WAYS)), DOCS)
    for picture in sorted(line.words for line in lines(TUTORIAL.read_text(encoding="utf-8")) if line.verb == "picture"):
        small(DOCS / picture)
        print(f"{picture}: {(DOCS / picture).stat().st_size / 1000:.0f} kB")
    rewrite(walk)
    print(f"{walk.actions} actions")


def walked(browser: Any, way: str, into: Path) -> Walk:
    """The tutorial gone through on a server of its own."""
    width, height, dark = WAYS[way]
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as at:

        def somebody() -> Planner:
            page = browser.new_context(accept_downloads=True).new_page()
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
            return Planner(page, at.address)

        return Walk(somebody(), somebody, into).through(lines(TUTORIAL.read_text(encoding="utf-8")))


def small(picture: Path) -> None:
    """The same picture in a palette."""
    with Image.open(picture) as image:
        full = image.convert("RGB")
    # rare bright colours stay, then the means bring back the ground's light tints
    flat = full.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE)
    flat.save(picture, optimize=True)


def rewrite(walk: Walk) -> None:
    """The figures that were read into the rows they stand for."""
    text, at = TUTORIAL.read_text(encoding="utf-8"), 0
    for line, told in walk.read:
        row, new = (f"| **{line.words}** | {figure} |" for figure in (line.figure, told))
        at = text.index(row, at)
        text = text[:at] + new + text[at + len(row) :]
        at += len(new)
    TUTORIAL.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
