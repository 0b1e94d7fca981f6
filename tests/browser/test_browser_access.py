"""Every page for everybody: axe-core's rules, the keyboard alone, both grounds, and a phone's width."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.planner import DRAWN, TITLES, Planner, settled

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
PAGES = [path for path in TITLES if path != "/projections"]  # another name of the first
GROUNDS = [(1280, False), (1280, True), (390, False), (390, True)]
WIDTH_NAMES = [f"{width} px, {'dark' if dark else 'light'}" for width, dark in GROUNDS]
SECTIONS = ("Site and weather", "Array", "Battery", "Miners", "Grid", "Bitcoin", "Money")
GRAVE = {"serious", "critical"}
# (rule, what its element's HTML has in it): Streamlit's own elements, which nothing of ours reaches
NOT_OURS = {
    (
        "svg-img-alt",
        "metric_chart_",
    ): "the little curve of a metric: Streamlit writes its specification, the figure stands above",
}
LOOK = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations.flatMap(rule =>
  rule.nodes.map(node => ({rule: rule.id, impact: rule.impact, html: node.html.slice(0, 300),
                           why: [...node.any, ...node.all, ...node.none].map(check => check.message).join('; ')})))"""


def violations(page: Page) -> list[str]:
    """What axe-core finds grave on the page as it stands, but for what is not ours."""
    page.evaluate(DRAWN)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = [one for one in page.evaluate(LOOK) if one["impact"] in GRAVE]
    return [f"{one['rule']}: {one['html']} ({one['why']})" for one in found if not _not_ours(one)]


def _not_ours(one: dict[str, Any]) -> bool:
    return any(one["rule"] == rule and part in one["html"] for rule, part in NOT_OURS)


@pytest.mark.parametrize(("width", "dark"), GROUNDS, ids=WIDTH_NAMES)
def test_axe_finds_nothing_grave_on_any_page(width: int, dark: bool, visit: Visit) -> None:
    planner = visit(width=width, dark=dark)
    found = {path: violations(planner.open(path).page) for path in PAGES}
    assert not {path: told for path, told in found.items() if told}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_grave_in_tabs_menus_and_dialogs(dark: bool, visit: Visit) -> None:
    planner = visit(dark=dark)
    planner.open("/configuration")
    found = {name: violations(planner.section(name).page) for name in SECTIONS}
    planner.section("Array").type("Array size (DC) (kW)", 1100)
    expect(planner.unsaved()).to_be_visible()
    found["with changes"] = violations(planner.page)
    planner.menu()
    found["Scenario"] = violations(planner.page)
    planner.close_menu()
    planner.page.get_by_role("button", name="Help", exact=True).click()
    found["Help"] = violations(planner.page)
    planner.close_menu().go("Equipment").press("Add a machine")
    expect(planner.page.get_by_role("dialog")).to_be_visible()
    found["dialog"] = violations(planner.page)
    assert not {name: told for name, told in found.items() if told}


def test_axe_would_find_what_is_wrong(planner: Planner) -> None:
    """The watch of the others, tried on a page that is made wrong."""
    planner.open("/method")
    planner.page.evaluate("() => document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"data:,\">')")
    assert any(told.startswith("image-alt") for told in violations(planner.page))


# --- the keyboard alone -----------------------------------------------------------------------------

# what has the focus, and whether that shows: an outline, a shadow or a border unlike the one without focus
FOCUS = """async () => {
  const drawn = () => new Promise(done => setTimeout(done, 60));
  await drawn();
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const look = element => { const s = getComputedStyle(element);
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor, s.color].join() };
  const around = [];
  for (let e = at; e && around.length < 12; e = e.parentElement) around.push(e);
  const box = at.getBoundingClientRect();
  const focused = around.map(look);
  at.blur();
  await drawn();
  const plain = around.map(look);
  at.focus({preventScroll: true, focusVisible: true});
  return {name: (at.getAttribute('aria-label') || at.innerText || at.getAttribute('data-testid') || at.tagName).trim().slice(0, 60),
          role: at.getAttribute('role') || at.tagName.toLowerCase(), seen: focused.join('|') !== plain.join('|'),
          size: Math.min(box.width, box.height), testid: at.getAttribute('data-testid') || ''};
}"""
MOST_STOPS = 220


def stops(page: Page) -> list[dict[str, Any]]:
    """Everything that Tab stops at, from the top of the page until the focus leaves it."""
    page.evaluate("() => { document.activeElement?.blur(); window.getSelection().removeAllRanges() }")
    page.add_style_tag(content="* { transition: none !important }")  # else a colour is still that of before
    found: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at is None:
            return found
        found.append(at)
    raise AssertionError(f"Tab never leaves the page: it ends at {found[-3:]}")


@pytest.mark.parametrize("path", PAGES)
def test_tab_reaches_everything_on_a_page_and_leaves_it(path: str, visit: Visit) -> None:
    page = visit().open(path).page
    page.evaluate(DRAWN)
    found = stops(page)
    names = " ".join(one["name"] for one in found)
    titled = [title for at, title in TITLES.items() if at != "/start"]  # which a link on the first page leads to
    for title in (*dict.fromkeys(titled), "Save", "Keep projection", "Scenario", "Help"):
        assert title in names, f"{title} is not reached on {path}"
    hidden = [(one["name"], one["testid"], one["role"]) for one in found if not one["seen"] and not _in_a_table(one)]
    assert not hidden, f"focus that does not show: {hidden}"
    # of a group of radios or toggles Tab reaches one, arrows the rest; a file is chosen by its button; Streamlit shows a button
    # that copies code to the mouse alone, and the code can be marked without it
    missed = page.evaluate(
        """names => [...document.querySelectorAll('[data-testid=stMain] :is(button, input, textarea, [role=tab], [role=combobox])')]
            .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0 && !['radio', 'file'].includes(e.getAttribute('role') ?? e.type))
            .filter(e => !(e.ariaPressed && [...e.parentElement.children].some(one => names.includes(one.innerText.trim()))))
            .map(e => (e.getAttribute('aria-label') || e.innerText || e.getAttribute('data-testid') || e.tagName).trim().slice(0, 60))
            .filter(name => !names.includes(name))""",
        [one["name"] for one in found],
    )
    assert not missed, f"not reached: {missed}"


def _in_a_table(one: dict[str, Any]) -> bool:
    """A table draws the ring around its cell on a canvas, where no style tells of it; its frame shows that it has the focus."""
    return one["role"] in {"gridcell", "columnheader"} or one["testid"] == "data-grid-canvas"


@pytest.mark.parametrize("path", ["/market", "/equipment"])
def test_a_table_that_has_the_focus_is_framed(path: str, planner: Planner) -> None:
    page = planner.open(path).page
    table = page.get_by_test_id("stDataFrame").first
    frame = "it => getComputedStyle(it).outlineStyle"
    assert table.evaluate(frame) == "none"
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if table.evaluate("it => it.contains(document.activeElement)"):
            break
    assert table.evaluate(frame) == "solid"


def test_a_plan_is_changed_and_saved_by_the_keyboard_alone(planner: Planner) -> None:
    page = planner.open("/").page
    _tab_to(page, "Configuration")
    page.keyboard.press("Enter")
    planner.arrived("Configuration")
    _tab_to(page, "Site and weather")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Array", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(planner.number("Array size (DC) (kW)")).to_be_visible()
    settled(page)
    _tab_to(page, "Array size (DC) (kW)")
    page.keyboard.press("Control+a")
    page.keyboard.type("1357")
    page.keyboard.press("Enter")
    expect(planner.unsaved()).to_be_visible()
    _tab_to(page, "Scenario")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    page.keyboard.press("Control+s")
    planner.told("Saved")


def test_a_dialog_takes_the_focus_keeps_it_and_closes_with_escape(planner: Planner) -> None:
    page = planner.open("/equipment").page
    planner.press("Add a machine")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        assert dialog.evaluate("it => it.contains(document.activeElement) || document.activeElement === document.body")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has this name."""
    for _ in range(MOST_STOPS):
        at = page.evaluate(
            "() => { const e = document.activeElement; return (e?.getAttribute('aria-label') || e?.innerText || '').trim() }"
        )
        if re.sub(r"^\w+\n\n", "", at).split("\n")[0] == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {name}")


# --- grounds and widths -----------------------------------------------------------------------------


def test_charts_follow_when_the_system_turns_dark(planner: Planner) -> None:
    """Text of a chart is drawn anew in the ink of its ground."""
    page = planner.open("/").page
    ticks = page.locator("[data-testid=stVegaLiteChart] .role-axis-label text").first
    inks = []
    for scheme, ink in (("light", "#57534E"), ("dark", "#C7C0B4"), ("light", "#57534E")):
        page.emulate_media(color_scheme=scheme)
        expect(ticks).to_have_attribute("fill", ink)
        settled(page)
        inks.append(
            page.evaluate("() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
        )
    assert inks[0] == inks[2] != inks[1]


def test_a_phone_in_the_dark_scrolls_no_page_sideways(visit: Visit) -> None:
    phone = visit(width=390, height=844, dark=True)
    wide = [path for path in PAGES if not phone.open(path).fits_the_width()]
    assert not wide
