"""Every interaction of every page, timed in a real browser: what a planner presses, to the first frame that shows its answer.

Called by `tests.bench_screen`. Times are taken in the page, so that no wait of the driver counts; a change counts when what
the server answers is drawn (a figure, a table, a chart's pixels), not when the control itself turns. Nothing is asserted.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, islice
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Error, Page

from tests.browser.planner import DRAWN, Planner, settled

ROUNDS = 10
P50_GOAL_S, P95_GOAL_S = 0.150, 0.400
LATE_S = 5.0
CHART, TABLE, FIGURE = "[data-testid=stVegaLiteChart]", "[data-testid=stDataFrame]", "[data-testid=stMetricValue]"
MAIN, RUN = "main", "run"  # the whole page; no more than that the script has run, where the answer may look as before
# what is watched: its words, and a small copy of each canvas in it
UNTIL_ANSWERED = """([act, watch, late]) => new Promise(done => {
  const small = document.createElement('canvas'); small.width = 96; small.height = 48;
  const pen = small.getContext('2d', {willReadFrequently: true});
  const shown = e => e.getClientRects().length > 0 && !e.closest('[data-stale="true"]');
  const picture = c => { pen.clearRect(0, 0, 96, 48); if (c.width && c.height && c.isConnected) pen.drawImage(c, 0, 0, 96, 48);
    return pen.getImageData(0, 0, 96, 48).data.reduce((sum, v, i) => (sum * 31 + v * (i % 7 + 1)) % 1000000007, 7); };
  const blank = picture(document.createElement('canvas'));
  const parts = () => watch === 'main' ? [document.querySelector('[data-testid=stMain]')] : [...document.querySelectorAll(watch)];
  const sign = () => parts().filter(shown).map(e => e.innerText + '|' + [...e.querySelectorAll('canvas')].map(picture).join()
    + '|' + [...e.querySelectorAll('svg path')].slice(0, 40).map(p => p.getAttribute('d')).join()).join('¦');
  const named = (css, words) => [...document.querySelectorAll(css)].filter(shown)
    .find(e => !words || e.innerText.split('\\n').some(line => line.trim().startsWith(words)) || (e.getAttribute('aria-label') || '').startsWith(words));
  const doing = {
    type: ([label, value]) => { const field = named('input', label); field.focus();
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, value);
      field.dispatchEvent(new Event('input', {bubbles: true}));
      field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true})); },
    click: ([css, words]) => named(css, words).click(),
    key: ([css]) => { named(css, '').focus();  // the key itself is the driver's: a range takes no made one
      document.addEventListener('keydown', () => { begin = performance.now(); }, {once: true, capture: true}); },
    hover: ([css, share]) => { const c = named(css, '').querySelector('canvas'), box = c.getBoundingClientRect();
      c.dispatchEvent(new MouseEvent('mousemove', {clientX: box.x + box.width * share, clientY: box.y + 16, bubbles: true})); },
    sort: ([css, share]) => { const e = named(css, ''), c = e.querySelector('canvas'), box = c.getBoundingClientRect();
      const at = {clientX: box.x + box.width * share, clientY: box.y + 16, bubbles: true, button: 0, pointerId: 1};
      for (const kind of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'])
        c.dispatchEvent(new (kind.startsWith('pointer') ? PointerEvent : MouseEvent)(kind, at)); },
  };
  const state = () => document.querySelector('[data-testid=stApp]').dataset.testScriptState;
  let before, begin, ran = false;
  const look = () => { const took = (performance.now() - begin) / 1000;
    if (watch === 'run') { ran = ran || state() === 'running'; if (ran && state() === 'notRunning') done(took);
      else if (took > late) done(-1); else requestAnimationFrame(look); return; }
    const now = sign();  // a panel without words or a canvas not yet painted is no answer
    if (now !== before && /[a-z0-9]/i.test(now) && !now.includes('|' + blank)) done(took); else if (took > late) done(-1); else requestAnimationFrame(look); };
  const start = () => { before = sign(); begin = performance.now(); doing[act[0]](act.slice(1)); requestAnimationFrame(look); };
  if (act[0] === 'sort') { doing.hover(act.slice(1)); setTimeout(start, 300); } else start();
})"""


class Interaction(NamedTuple):
    """Something pressed or typed on a page, again and again with other targets, and where its answer is seen."""

    page: str
    name: str
    acts: tuple[tuple[object, ...], ...]
    watch: str
    before: str = ""  # a tab that has to be open


def typed(label: str, *values: object) -> tuple[tuple[object, ...], ...]:
    return tuple(("type", label, str(value)) for value in values)


def pressed(css: str, *words: str) -> tuple[tuple[object, ...], ...]:
    return tuple(("click", css, word) for word in words)


TAB, CHOICE, BOX = "[role=tab]", "[role=radio], [data-testid=stBaseButton-segmented_control], [data-testid=stBaseButton-segmented_controlActive], [data-testid=stBaseButton-pills], [data-testid=stBaseButton-pillsActive]", "input[type=checkbox]"  # fmt: skip
INTERACTIONS = (
    Interaction("/", "array size", typed("Array size (DC) (kW)", 1001, 1002, 1003, 1004), FIGURE),
    Interaction("/", "machines", typed("Machines", 141, 142, 143, 144), FIGURE),
    Interaction("/", "import price", typed("Import price (USD/kWh)", 0.056, 0.057, 0.058), FIGURE),
    Interaction("/", "bitcoin price", typed("Bitcoin price (USD)", 76001, 76002, 76003), FIGURE),
    Interaction("/", "horizon", typed("Horizon (yr)", 11, 12, 10), FIGURE),
    Interaction("/", "tabs of figures", pressed(TAB, "By year", "By month", "By hour", "Summary"), "[role=tabpanel]"),
    Interaction("/", "sorting a table", (("sort", TABLE, 0.08), ("sort", TABLE, 0.3)), TABLE),
    Interaction("/money", "tabs", pressed(TAB, "Statement", "Debt", "Tax", "Coins and renewal", "Overview"), "[role=tabpanel]"),
    Interaction("/dispatch", "week", (("key", "input[type=range]"),), CHART),
    Interaction("/dispatch", "way of running", pressed(CHOICE, "Planned ahead", "Perfect foresight", "As run"), RUN),
    Interaction("/risk", "volatility", typed("Price volatility, now", 0.66, 0.67, 0.68), MAIN),
    Interaction("/sizing", "aims with bad lives", pressed("summary", "What the aims"), MAIN),
    Interaction("/configuration", "tabs", pressed(TAB, "Array", "Battery", "Miners", "Grid", "Bitcoin", "Money", "Site and weather"), "[role=tabpanel]"),
    Interaction("/configuration", "latitude", typed("Latitude (°)", 36.2, 36.3, 36.1), FIGURE, "Site and weather"),
    Interaction("/configuration", "window of the map", pressed(CHOICE, "Region", "Near", "World"), CHART, "Site and weather"),
    Interaction("/configuration", "array size", typed("Array size (DC) (kW)", 1001, 1002, 1003), FIGURE, "Array"),
    Interaction("/equipment", "search", typed("Search", "s21", "m66", "a15", "t21"), TABLE),
    Interaction("/equipment", "cooling", pressed("button", "hydro"), TABLE),
    Interaction("/equipment", "sorting a table", (("sort", TABLE, 0.4), ("sort", TABLE, 0.3)), TABLE),
    Interaction("/market", "logarithmic", pressed(BOX, "Logarithmic"), CHART),
    Interaction("/compare", "the draft", pressed(BOX, "The draft"), MAIN),
)  # fmt: skip
DOWNLOADS = {"/": "CSV", "/equipment": "Excel", "/compare": "CSV"}


def bench(page: Page, address: str) -> None:
    """Prints p50 and p95 of each page beside the goals, and the interactions that miss them."""
    planner, told = Planner(page, address), {}
    load = os.getloadavg()[0]
    for path in dict.fromkeys(each.page for each in INTERACTIONS):
        planner.open(path)
        all_drawn(page)
        found = {each.name: list(times(planner, each)) for each in INTERACTIONS if each.page == path}
        if path in DOWNLOADS:
            found["download"] = [download_s(planner, DOWNLOADS[path]) for _ in range(3)]
        told[path] = found
        say(path, found)
    everything = [took for found in told.values() for taken in found.values() for took in taken]
    print(f"{'every interaction of every page':34s} {figures(everything)}  ({len(everything)}; load before {load:.1f}, after {os.getloadavg()[0]:.1f})")  # fmt: skip


def times(planner: Planner, each: Interaction) -> Iterator[float]:
    """Seconds of each round of an interaction, the first round not counted: it warms up [s]."""
    if each.before:
        planner.section(each.before)
        all_drawn(planner.page)
    acts = cycle(each.acts)
    for number, act in enumerate(islice(acts, ROUNDS + len(each.acts))):
        try:
            took = answered_s(planner.page, act, each.watch)
        except Error as error:
            print(f"  {each.page} {each.name}: {str(error).splitlines()[0][:120]}")
            return
        with suppress(Error):
            settled(planner.page)
        if number >= len(each.acts):
            yield took if took >= 0 else LATE_S


def answered_s(page: Page, act: tuple[object, ...], watch: str) -> float:
    """Seconds from an act to its answer; −1 where none came [s]."""
    page.evaluate(f"asked => {{ window.answered = ({UNTIL_ANSWERED})(asked); }}", [list(act), watch, LATE_S])
    if act[0] == "key":
        page.keyboard.press("ArrowRight")
    return float(page.evaluate("() => window.answered"))


def all_drawn(page: Page) -> None:
    """Wait until no part of the page is still to come."""
    settled(page)
    page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')")
    page.evaluate(DRAWN)


def download_s(planner: Planner, name: str) -> float:
    """Seconds from a press to the file [s]; the driver's own wait is in it."""
    planner.at_rest()
    begin = time.perf_counter()
    planner.download(name)
    return time.perf_counter() - begin


def figures(taken: list[float]) -> str:
    if not taken:
        return "not measured"
    middle, worst = statistics.median(taken), float(np.quantile(taken, 0.95))
    met = "met" if middle <= P50_GOAL_S and worst <= P95_GOAL_S else "MISSED"
    return f"p50 {middle * 1e3:5.0f} ms (goal {P50_GOAL_S * 1e3:.0f})  p95 {worst * 1e3:5.0f} ms (goal {P95_GOAL_S * 1e3:.0f})  {met}"


def say(path: str, found: dict[str, list[float]]) -> None:
    print(f"{'interactions of ' + path:34s} {figures([took for taken in found.values() for took in taken])}")
    for name, taken in found.items():
        print(f"    {name:30s} {figures(taken)}")


def main() -> None:
    """These alone, as `python -m tests.bench_interactions`."""
    import tempfile
    from pathlib import Path

    from playwright.sync_api import sync_playwright

    from tests.browser.dashboard import launch, serve

    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        serve(Path(folder, "home")) as address,
    ):
        chromium = launch(playwright)
        bench(chromium.new_page(viewport={"width": 1280, "height": 900}), address)
        chromium.close()


if __name__ == "__main__":
    main()
