"""What a planner waits for on the Risk page, and what others wait for meanwhile. Called by `tests.bench_screen`.

Times are taken in the page, so that no wait of the driver counts. Nothing is asserted: a slow machine is no failure.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import ExitStack

from playwright.sync_api import Browser, Page, expect

from tests.browser.planner import settled
from tests.visitors import Visitor, visiting

MILLION, VISITORS, ROUNDS = 1_000_000, 4, 9
VERDICT, LAST = "lives (", "Decided on hashprice"  # first and last of what a run brings
GOALS_S = {"progress": 0.3, "page": 1.5, "cancel": 0.5, "visitor": 0.3}
# from a press of the button to the first frame in which a text stands on the page; it looks only where something changed, as
# looking at every frame takes a core from what is timed
UNTIL_SEEN = """([button, words]) => new Promise(done => {
  const pressed = [...document.querySelectorAll('button')]
    .find(b => b.innerText.split('\\n').some(part => part.trim() === button));  // beside its icon and its key
  const seen = () => [...document.querySelectorAll('[data-testid=stMain] p')].some(p => p.textContent.includes(words));
  const begin = performance.now();
  const watch = new MutationObserver(() => {
    if (!seen()) return;
    watch.disconnect();
    requestAnimationFrame(() => done((performance.now() - begin) / 1000));
  });
  watch.observe(document.body, {childList: true, subtree: true, characterData: true});
  pressed.click();
})"""


def until_seen_s(page: Page, button: str, words: str) -> float:
    """Seconds from a press of a button to words on the page [s]."""
    return float(page.evaluate(UNTIL_SEEN, [button, words]))


def opened(page: Page, address: str, paths: int) -> Page:
    """The Risk page, with a number of paths asked for."""
    page.goto(f"{address}/risk")
    count = page.get_by_role("spinbutton", name="Paths").first
    expect(count).to_be_visible()
    settled(page)
    count.fill(str(paths))
    count.press("Enter")
    settled(page)
    return page


def bench(browser: Browser, address: str, change_s: Callable[[Page, int], float]) -> None:
    """Prints Run to progress, Run to the finished page, cancel, and another visitor's change while four live a million each."""
    page = opened(browser.new_page(), address, 10_000)
    until_seen_s(page, "Run", LAST)  # the first on a server compiles
    settled(page)
    for what, words in (("verdict and fans", VERDICT), ("whole page", LAST)):
        say(f"Risk: Run to the {what}", [again(page, words) for _ in range(ROUNDS)], GOALS_S["page"])
    begun, cancelled = [], []
    opened(page, address, MILLION)
    for _ in range(ROUNDS):
        begun.append(until_seen_s(page, "Run", "Living the plan"))
        cancelled.append(until_seen_s(page, "Cancel", "It was cancelled."))
        settled(page)
    say("Risk: Run to its progress", begun, GOALS_S["progress"])
    say("Risk: Cancel to its word", cancelled, GOALS_S["cancel"])
    crowd(browser, address, change_s)


def again(page: Page, words: str) -> float:
    """Seconds from Run to words on the page, the last result gone first [s]."""
    page.goto(page.url.split("?")[0])
    expect(page.get_by_role("button", name="Run").first).to_be_visible()
    settled(page)
    took = until_seen_s(page, "Run", words)
    expect(page.get_by_text(LAST)).to_be_visible()
    settled(page)
    return took


def crowd(browser: Browser, address: str, change_s: Callable[[Page, int], float]) -> None:
    """A fifth visitor's change of the plan while four live a million paths each, their browsers on computers of their own."""
    with ExitStack() as stack:
        fifth = stack.enter_context(browser.new_context()).new_page()
        fifth.goto(address)
        expect(fifth.get_by_test_id("stMetricValue").first).to_be_visible()
        settled(fifth)
        change_s(fifth, 141)
        alone = [change_s(fifth, 142 + i) for i in range(ROUNDS)]
        visitors = [stack.enter_context(visiting(address)).open("risk") for _ in range(VISITORS)]
        for visitor in visitors:
            visitor.choose("Paths", MILLION, "risk").press("Run", "risk")
        among = [change_s(fifth, 242 + i) for i in range(ROUNDS)]
        assert all(is_at_work(visitor) for visitor in visitors), "they were done before the fifth was"
        say("machine count to headline, alone", alone)
        say(f"… while {VISITORS} visitors live a million paths each", among, GOALS_S["visitor"])


def is_at_work(visitor: Visitor) -> bool:
    """Whether the page of a visitor shows work that has not ended."""
    before = len(visitor.received)
    visitor.open("risk")
    return any(words in visitor.received[before:] for words in (b"Living the plan", b"Waiting for a free hand"))


def say(what: str, took_s: list[float], goal_s: float | None = None) -> None:
    middle, worst = statistics.median(took_s), max(took_s)
    goal = f"goal {goal_s * 1e3:5.0f} ms  {'met' if middle <= goal_s else 'MISSED'}" if goal_s else "no goal"
    print(f"{what:56s} p50 {middle * 1e3:6.0f} ms  {goal:22s}  worst {worst * 1e3:.0f} ms")
