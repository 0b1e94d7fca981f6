"""What a planner waits for in the browser, beside a Streamlit page of one number and one figure in the same browser.

Called by `tests/bench.py`; without Chromium it says so. Nothing here is asserted: a slow machine is no failure.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests import bench_interactions, bench_lives_screen
from tests.browser.dashboard import chromium_path, launch, serve
from tests.browser.planner import Planner, settled

BARE = """import streamlit as st
count = st.number_input("Machines", 1, 1_000_000, 140)
st.metric("Net present value", f"${count * 7:,}")
"""
OPENINGS, CHANGES = 5, 21
PAINT_GOAL_S, FIRST_PAGE_GOAL_S, CHANGE_GOAL_S = 2.0, 2.0, 0.150
# measured inside the page, from the key to the first frame that shows another figure: no wait of the driver counts
UNTIL_CHANGED = """([label, value]) => new Promise(done => {
  const input = document.querySelector('input[aria-label="Machines"]');
  const figure = () => [...document.querySelectorAll('[data-testid=stMetric]')]
    .find(e => e.querySelector('[data-testid=stMetricLabel]').innerText.trim() === label)
    ?.querySelector('[data-testid=stMetricValue]').innerText;
  const before = figure();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, value);
  input.dispatchEvent(new Event('input', {bubbles: true}));
  const begin = performance.now();
  input.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}));
  const look = () => { const now = figure();
    if (now && now !== before) done((performance.now() - begin) / 1000); else requestAnimationFrame(look); };
  look();
})"""
# from the key to the last change of the page before half a second of rest: what is drawn after the figure is not free
UNTIL_AT_REST = """([value]) => new Promise(done => {
  const input = document.querySelector('input[aria-label="Machines"]');
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, value);
  input.dispatchEvent(new Event('input', {bubbles: true}));
  const begin = performance.now();
  let last = begin;
  new MutationObserver(() => { last = performance.now(); })
    .observe(document.querySelector('[data-testid=stApp]'), {attributes: true, childList: true, subtree: true, characterData: true});
  input.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}));
  const look = () => performance.now() - last > 500 ? done((last - begin) / 1000) : setTimeout(look, 50);
  look();
})"""


def first_page_s(page: Page, address: str) -> float:
    """Seconds from the address to a page that shows its figures [s]."""
    begin = time.perf_counter()
    page.goto(address)
    expect(page.get_by_test_id("stMetricValue").first).to_be_visible()
    took = time.perf_counter() - begin
    settled(page)
    return took


def first_paint_s(page: Page, address: str) -> float:
    """Seconds from the address to the first content painted, as the browser itself measures it [s].

    web.dev/articles/fcp: "good" is 1.8 s or less.
    """
    page.goto("about:blank")
    page.goto(address)
    settled(page)
    return float(page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"))


def change_s(page: Page, count: int) -> float:
    """Seconds from Enter in the machine count to another net present value on screen [s]."""
    page.get_by_label("Machines", exact=True).focus()
    took = float(page.evaluate(UNTIL_CHANGED, ["Net present value", str(count)]))
    settled(page)
    return took


def whole_page_s(page: Page, count: int) -> float:
    """Seconds from Enter in the machine count to the last that changes on the page, charts and tables in it [s]."""
    page.get_by_label("Machines", exact=True).focus()
    return float(page.evaluate(UNTIL_AT_REST, [str(count)]))


def side_by_side(ours: Callable[[int], float], peer: Callable[[int], float], rounds: int) -> list[tuple[float, float]]:
    """Rounds of both in turn, so that a machine that slows down slows both; the first one warms up."""
    return [(ours(i), peer(i)) for i in range(rounds + 1)][1:]


def say(what: str, rounds: list[tuple[float, float]], goal_s: float | None = None) -> None:
    ours, peer = (statistics.median(r[i] for r in rounds) for i in (0, 1))
    ratio = statistics.median(a / b for a, b in rounds)
    goal = f"goal {goal_s * 1e3:5.0f} ms  {'met' if ours <= goal_s else 'MISSED'}" if goal_s else "no goal"
    print(f"{what:56s} p50 {ours * 1e3:6.0f} ms  {goal:22s}  {ratio:5.2f} × a bare page's {peer * 1e3:.0f} ms")


def main() -> None:
    if not chromium_path():
        print("no Chromium on the path: what a planner waits for in the browser is not measured")
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        bare = Path(folder, "bare.py")
        bare.write_text(BARE)
        with serve(Path(folder, "home")) as ours, serve(Path(folder, "peer"), script=bare) as peer:
            chromium = launch(playwright)
            measure(Planner(chromium.new_page(), ours).page, ours, chromium.new_page(), peer)
            bench_interactions.bench(chromium.new_page(viewport={"width": 1280, "height": 900}), ours)
            bench_lives_screen.bench(chromium, ours, change_s)
            chromium.close()


def measure(page: Page, ours: str, bare_page: Page, peer: str) -> None:
    painted = side_by_side(lambda _: first_paint_s(page, ours), lambda _: first_paint_s(bare_page, peer), OPENINGS)
    say("first content painted, warm server", painted, PAINT_GOAL_S)
    opened = side_by_side(lambda _: first_page_s(page, ours), lambda _: first_page_s(bare_page, peer), OPENINGS)
    say("first page with its figures, warm server", opened, FIRST_PAGE_GOAL_S)
    changed = side_by_side(lambda i: change_s(page, 141 + i), lambda i: change_s(bare_page, 141 + i), CHANGES)
    say("machine count to the headline figure", changed, CHANGE_GOAL_S)
    drawn = side_by_side(lambda i: whole_page_s(page, 241 + i), lambda i: whole_page_s(bare_page, 241 + i), CHANGES)
    say("machine count to the last chart and table", drawn)


if __name__ == "__main__":
    main()
