"""What a planner types or uploads that is wrong, foreign or hostile, in a real browser. SEC-11."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from core.scenario import Scenario
from tests.browser.planner import Planner
from tests.fetchers import weather_samples

pytestmark = pytest.mark.browser

MARKUP = "script, img[src='x'], [onerror], .katex, a[href*='canary'], img[src*='canary'], iframe"
HOSTILE = (
    "$\\LaTeX$ and $$x^2$$",
    "safe\u202eesrever\u202c",
    "here -> there <- and <-> or -- with >= and ~=",
    "**bold** :red[ink] :material/home: :smile: `code` ~~gone~~ # 1. - *",
    "[link](http://canary.example/link) &lt;b&gt; &#60;i&#62;",
    "![x](http://canary.example/pixel.png)",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
)
ADDRESSES = "http://canary.example/x www.canary.example me@canary.example"


def hostile_plan(text: str) -> dict[str, object]:
    """The example with `text` wherever a planner may name something."""
    return json.loads(Scenario().but({"name": text, "site.name": text, "fleet.units.0.model": text}).to_json())


def stays_text(planner: Planner, text: str) -> None:
    """`text` stands on the page as it was typed, and nothing was made of it."""
    main = planner.page.get_by_test_id("stMain")
    expect(main.get_by_test_id("stCaptionContainer").first).to_contain_text(f"{text} · {text}")
    assert main.locator(MARKUP).count() == 0
    planner.is_clean()


def test_a_broken_weather_file_is_refused_by_line_and_column_and_the_old_projection_stays(planner: Planner) -> None:
    planner.open("/configuration")
    before = planner.figures()
    broken = weather_samples.with_cell(weather_samples.epw(), line=100, column=14, cell="oops")
    planner.give_file("weather file", "broken.epw", weather_samples.text(broken))
    expect(planner.problem()).to_contain_text("line 100, column 14")
    expect(planner.problem()).to_contain_text("ghi")
    assert planner.figures() == before
    expect(planner.unsaved()).to_have_count(0)


def test_a_good_weather_file_changes_the_solar_energy_and_opens_again_with_the_scenario(planner: Planner) -> None:
    planner.open("/configuration")
    before = planner.figures()["Solar energy, year 1"]
    planner.give_file("weather file", "mine.epw", weather_samples.text(weather_samples.epw()))
    energy = planner.figure("Solar energy, year 1")
    expect(energy).not_to_have_text(before)
    with_file = energy.inner_text()
    expect(planner.page.get_by_text("mine.epw").first).to_be_visible()
    planner.type("Scenario name", "With weather of its own")
    expect(planner.page.get_by_text("With weather of its own ·")).to_be_visible()
    planner.press("Save").told("Saved “With weather of its own”")
    planner.open("/configuration")
    expect(energy).to_have_text(before)
    planner.menu()
    planner.choose("Open a saved scenario", "With weather of its own")
    expect(energy).to_have_text(with_file)


def test_nonsense_in_a_number_field_is_refused_in_words_and_nothing_is_lost(planner: Planner) -> None:
    planner.open("/").type("Machines", 150)
    expect(planner.unsaved()).to_be_visible()
    planner.page.wait_for_timeout(300)
    before = planner.figures()
    planner.type("Horizon (yr)", 99_999)
    expect(planner.page.get_by_text("outside the allowed range")).to_be_visible()
    assert planner.figures() == before
    planner.type("Horizon (yr)", 10)
    expect(planner.page.get_by_text("outside the allowed range")).to_have_count(0)
    letters = planner.number("Machines")
    letters.focus()
    letters.press("Control+a")
    letters.press_sequentially("many")
    letters.press("Enter")
    expect(letters).to_have_value("150")
    assert planner.figures() == before


def test_a_value_that_contradicts_another_is_refused_in_words_and_nothing_is_lost(planner: Planner) -> None:
    planner.open("/configuration").section("Battery")
    before = planner.figures()
    planner.page.get_by_text("More settings").click()
    planner.type("Highest state of charge (%)", 5)
    expect(planner.page.get_by_text("soc_min_frac at or below soc_max_frac")).to_be_visible()
    assert planner.figures() == before
    planner.type("Highest state of charge (%)", 90)
    expect(planner.page.get_by_text("soc_min_frac at or below")).to_have_count(0)
    expect(planner.unsaved()).to_be_visible()


def test_hostile_names_are_shown_as_typed_on_every_page_and_cause_no_request(planner: Planner) -> None:
    planner.open("/configuration")
    for text in HOSTILE:
        planner.import_scenario(hostile_plan(text))
        stays_text(planner, text)
        planner.press("Save").told(f"Saved “{text}”")
        planner.press("Keep projection").told(f"Kept the projection of “{text}”")
        stays_text(planner, text)
    planner.section("Miners")
    planner.go("Compare")
    planner.shelf()
    for text in HOSTILE:
        expect(planner.names_on_shelf("scenarios", text)).to_have_count(1)
    for text in HOSTILE[-3:]:
        expect(planner.page.get_by_text(f"{text} · ").first).to_be_visible()
    for title in ("Compare", "Status", "Projection"):
        planner.go(title)
        stays_text(planner, HOSTILE[-1])


def test_an_address_in_a_name_does_not_become_a_link(planner: Planner) -> None:
    planner.open("/status").import_scenario(hostile_plan(ADDRESSES))
    stays_text(planner, ADDRESSES)


def test_hostile_words_in_a_refused_value_or_a_file_are_shown_as_typed(planner: Planner) -> None:
    planner.open("/configuration")
    evil = "<img src=x onerror=alert(1)>"
    station = weather_samples.epw()
    station[0] = station[0].replace("Somewhere", evil)
    planner.give_file("weather file", f"{evil}.epw", weather_samples.text(station))
    expect(planner.page.get_by_text(f"EPW: {evil}")).to_be_visible()
    assert planner.page.locator(MARKUP).and_(planner.page.locator("[data-testid=stMain] *")).count() == 0
    planner.section("Array").page.get_by_text("More settings").click()
    planner.type("Horizon (°)", evil)
    expect(planner.page.get_by_text("expected numbers between commas")).to_be_visible()
    assert planner.page.locator(MARKUP).and_(planner.page.locator("[data-testid=stMain] *")).count() == 0
