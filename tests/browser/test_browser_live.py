"""Live data through the real pages: providers on loopback that come and go, a site picked, its sun and its market seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Locator, expect

from core import say
from core.charts.site import Window
from core.fetchers import bitcoin
from core.fetchers.cache import Cache, Kept
from core.fetchers.market import MARKET
from core.fetchers.weather import bundled
from core.scenario import Scenario
from core.studies.projection import project
from pages.ui.place import POLES
from tests.browser.dashboard import serve
from tests.browser.planner import CURRENT, Planner, settled
from tests.browser.world import PRICE_EUR, PRICE_USD, World, hours_ago

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
BACK_MS = 120_000.0  # breaker, rest and schedule each wait a minute before a provider that was down is tried again
SLOW_MS = 40_000.0
EARTH = Window(-180.0, POLES[0], 180.0, POLES[1])
MARKUP = "[data-testid=stMain] :is(script, iframe, a[href*='canary'], b)"


class Open(NamedTuple):
    """A dashboard whose world can be switched, and a page on it that stays open."""

    world: World
    address: str
    planner: Planner


@pytest.fixture(scope="module")
def recovering(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """A cache two hours old, a world that is down, and a page that is left open over all tests of this file."""
    home = tmp_path_factory.mktemp("recovering") / "home"
    with World() as world:
        kept_for(home, hours=2.05)
        world.down()
        with serve(home, world=world.env) as at:
            planner = Planner(browser.new_page(), at)
            yield Open(world, at, planner)
            planner.page.close()
            planner.is_clean()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as up:
        yield up


@pytest.fixture(scope="module")
def live_address(world: World, needs_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("live") / "home", world=world.env) as at:
        yield at


@pytest.fixture
def site(visit: Visit, live_address: str) -> Planner:
    """A visitor on the Site tab of a dashboard whose world answers."""
    planner = visit(at=live_address, height=1400)
    planner.page.goto(f"{live_address}/configuration")
    expect(badge(planner, "Live weather")).to_be_visible(timeout=SLOW_MS)
    return planner.arrived("Configuration")


def kept_for(home: Path, hours: float) -> None:
    """The bundled market in the cache, as if a provider had told it so long ago."""
    from core.fetchers.ask import known
    from core.fetchers.world import World as Outside

    cache, then = Cache(home / "cache"), hours_ago(hours)
    for question, asked in MARKET:
        told = known(question, asked, Outside(None)).value
        body = question.pack(replace(told, observed_at=then))
        cache.put(question.key(asked), Kept(body, "mempool.space", then, then))
    assert cache.on_disk
    cache.close()


def badge(planner: Planner, text: str) -> Locator:
    return planner.page.get_by_test_id("stMain").get_by_text(re.compile(text)).first


def rows(planner: Planner, name: str) -> list[list[str]]:
    """The cells of a table, as its description for screen readers holds them."""
    grid = planner.page.get_by_role("region", name=name, exact=True)
    expect(grid.locator("td").first).to_be_attached()
    lines = grid.locator("tbody tr").all()
    return [[cell.inner_text() for cell in line.locator("td").all()] for line in lines]


def click_earth(planner: Planner, latitude: float, longitude: float) -> None:
    """Click a place on the map of the world."""
    ground = planner.page.get_by_test_id("stVegaLiteChart").first.locator("image")
    ground.scroll_into_view_if_needed()
    box = ground.bounding_box()
    assert box is not None
    x = (longitude - EARTH.west) / (EARTH.east - EARTH.west) * box["width"]
    y = (EARTH.north - latitude) / (EARTH.north - EARTH.south) * box["height"]
    planner.page.mouse.click(box["x"] + x, box["y"] + y)


def test_with_a_cache_two_hours_old_it_says_so(recovering: Open) -> None:
    """NET-12."""
    planner = recovering.planner.open("/")
    expect(badge(planner, "Stale market, 2 hours old")).to_be_visible()
    expect(badge(planner, "Bundled weather")).to_be_visible()
    for path in ("/configuration", "/market", "/compare", "/status"):
        planner.open(path)
        expect(badge(planner, "Stale market, 2 hours old")).to_be_visible()
    planner.open("/")
    recovering.world.up()


def test_with_every_provider_down_and_nothing_kept_it_starts_says_so_and_projects(visit: Visit, tmp_path: Path) -> None:
    """NET-12."""
    with World() as down:
        down.down()
        with serve(tmp_path / "home", world=down.env) as at:
            planner = visit(at=at)
            planner.open("/")
            expect(badge(planner, r"Bundled market, \d+ (months|years?) old")).to_be_visible()
            expect(badge(planner, "Bundled weather")).to_be_visible()
            metrics = project(Scenario(), bundled("greensboro"), bitcoin.bundled_market()).metrics
            assert planner.figures()["Coins mined"] == f"{metrics['mined_btc']:,.4f} BTC"
            planner.open("/configuration").press("Use the far horizon")
            expect(planner.page.get_by_text("Nobody could tell the far horizon")).to_be_visible(timeout=SLOW_MS)
            planner.open("/status")
            health = {row[0]: row for row in rows(planner, "Health of providers")}
            assert "503" in health["mempool.space"][6]
            planner.open("/market")
            expect(planner.page.get_by_text("Nothing newer is known here")).to_be_visible()
            assert down.hits("/api/v1/prices"), "it never asked"


def test_a_place_found_by_name_brings_its_sun_and_moves_the_projection(site: Planner) -> None:
    before = site.figures()
    site.type("Search a place", "Fort")
    site.press(r"Fort Springs, Colorado, United States · 40\.50° N, 105\.10° W")
    expect(site.text("Site name")).to_have_value("Fort Springs, Colorado")
    expect(site.number("Latitude (°)")).to_have_value("40.5")
    expect(site.number("Elevation (m)")).to_have_value("1525")
    expect(site.page.get_by_role("combobox", name="Time zone", exact=True)).to_have_value("America/Denver")
    expect(site.page.get_by_text("40.50°, −105.10°")).to_be_visible(timeout=SLOW_MS)
    expect(badge(site, "Live weather")).to_be_visible()
    after = site.figures()
    assert after["Horizontal light"] != before["Horizontal light"]
    assert after["Solar energy, year 1"] != before["Solar energy, year 1"]
    assert after["Net present value"] != before["Net present value"]


def test_a_place_picked_on_the_map_brings_its_sun_its_height_and_its_clock(site: Planner) -> None:
    before = site.figures()
    click_earth(site, -23.0, 118.0)
    expect(site.page.get_by_role("combobox", name="Time zone", exact=True)).to_have_value("Australia/Perth")
    latitude, longitude = (float(site.number(name).input_value()) for name in ("Latitude (°)", "Longitude (°)"))
    east, north = EARTH.step
    assert abs(latitude + 23.0) <= north
    assert abs(longitude - 118.0) <= east
    expect(site.number("Elevation (m)")).to_have_value("1650", timeout=SLOW_MS)
    expect(site.page.get_by_text(f"{say.number(latitude, 2)}°, {say.number(longitude, 2)}°").first).to_be_visible(
        timeout=SLOW_MS
    )
    after = site.figures()
    assert after["Horizontal light"] != before["Horizontal light"]
    assert after["Solar energy, year 1"] != before["Solar energy, year 1"]
    site.press("Turn it to the north")
    expect(site.figure("Solar energy, year 1")).not_to_have_text(after["Solar energy, year 1"])


def test_a_city_near_the_click_lends_its_name_and_its_place(site: Planner) -> None:
    click_earth(site, -31.0, 117.0)
    expect(site.text("Site name")).to_have_value("Perth, Australia")
    expect(site.number("Latitude (°)")).to_have_value("-31.95")


def test_the_far_horizon_shades_the_array_and_the_yield_is_checked(site: Planner) -> None:
    site.press("Check the yield against PVGIS")
    expect(site.figure("PVGIS, mean year")).to_have_text("1,278 kWh/kW", timeout=SLOW_MS)
    expect(site.page.get_by_text("another record and another model")).to_be_visible()
    expect(site.page.get_by_text("more than two records of the same sky usually differ")).to_be_visible()
    before = site.figures()["Solar energy, year 1"]
    site.press("Use the far horizon")
    expect(site.page.get_by_text("48 directions, 20.0° at its highest")).to_be_visible(timeout=SLOW_MS)
    expect(site.figure("Solar energy, year 1")).not_to_have_text(before)
    expect(site.page.get_by_text("check it again")).to_be_visible()
    site.press("Flat horizon")
    expect(site.figure("Solar energy, year 1")).to_have_text(before)


def test_names_from_outside_are_shown_as_they_came(site: Planner) -> None:
    hostile = "<b>Bold</b> [x](http://canary.example)"
    site.type("Search a place", "markup")
    site.page.get_by_role("button").filter(has_text=hostile).click()
    expect(site.text("Site name")).to_have_value(f"{hostile}, Colorado")
    expect(site.page.get_by_test_id("stCaptionContainer").first).to_contain_text(hostile)
    site.type("Search a place", "nowhere").told("No place of that name is known")
    assert [made.evaluate("e => e.outerHTML") for made in site.page.locator(MARKUP).all()] == []


def test_the_market_page_says_what_the_world_says_and_how_old_it_is(visit: Visit, live_address: str) -> None:
    planner = visit(at=live_address)
    planner.open("/market")
    expect(badge(planner, "Live market")).to_be_visible(timeout=SLOW_MS)
    expect(planner.figure("Bitcoin price")).to_have_text(f"${PRICE_USD:,}")
    expect(planner.figure("Difficulty")).to_have_text("138.97 T")
    expect(planner.figure("Change")).to_have_text("+1.7 %")
    expect(planner.figure("Price in EUR")).to_have_text(f"{PRICE_EUR:,} EUR", timeout=SLOW_MS)
    planner.choose("Your currency", "JPY")
    expect(planner.figure("Price in JPY")).to_have_text("11,400,000 JPY", timeout=SLOW_MS)
    expect(planner.page.get_by_test_id("stVegaLiteChart")).to_have_count(3)
    expect(planner.page.get_by_text("mempool.space · live").first).to_be_visible()
    planner.page.get_by_text("Logarithmic").click()
    expect(planner.page.get_by_test_id("stVegaLiteChart")).to_have_count(3)
    planner.go("Configuration").go("Market")
    expect(planner.figure("Price in JPY")).to_be_visible()


def test_refresh_asks_everything_again_and_says_what_came_of_it(visit: Visit, live_address: str, world: World) -> None:
    planner = visit(at=live_address)
    planner.open("/status")
    expect(planner.page.get_by_text("Kept fresh in the background by this process")).to_be_visible()
    before = world.hits("/v2/rates")
    planner.press("Refresh")
    expect(planner.page.get_by_text("Asked 9 questions: 9 answered anew, 0 not.")).to_be_visible(timeout=SLOW_MS)
    assert world.hits("/v2/rates") == before + 1
    health = {row[0]: row for row in rows(planner, "Health of providers")}
    assert health["mempool.space"][1] == "ready"
    assert int(health["mempool.space"][2]) >= 9
    assert health["Bitcoin Core"][1] == "not used"


def test_real_years_show_the_middle_and_the_poor_tail(visit: Visit, live_address: str) -> None:
    planner = visit(at=live_address)
    planner.open("/").press("Ask for the real years")
    expect(planner.page.get_by_text(re.compile(r"Asking … \d+ of 19 years"))).to_be_visible()
    expect(planner.figure("P90 (exceedance)")).to_be_visible(timeout=BACK_MS)
    shown = planner.figures()
    p50, p90, p99 = (
        float(shown[name].split()[0].replace(",", "")) for name in ("P50", "P90 (exceedance)", "P99 (exceedance)")
    )
    assert p50 > p90 > p99
    assert p90 / p50 == pytest.approx(0.91 / 0.95, rel=0.02)  # years are 0.9 to 1 as clear, evenly
    captions = planner.page.get_by_test_id("stCaptionContainer")
    expect(captions.filter(has_text="PVGIS-ERA5").first).to_be_visible()
    settled(planner.page)
    planner.press("Let chance draw these years")
    expect(planner.unsaved()).to_be_visible()
    planner.go("Risk")
    planner.page.get_by_text("All that is left to chance").click()
    years = planner.page.get_by_role("textbox", name="Real sun years").and_(planner.page.locator(CURRENT))
    expect(years).to_have_value(re.compile(","))  # the fold is drawn before what it holds
    drawn = years.input_value().split(",")
    assert len(drawn) == 19
    assert sum(map(float, drawn)) / 19 == pytest.approx(100.0, abs=1e-3)  # percent of the mean year


def test_a_kept_projection_keeps_its_weather_and_opens_with_it(visit: Visit, live_address: str) -> None:
    planner = visit(at=live_address)
    planner.open("/")
    expect(badge(planner, "Live weather")).to_be_visible(timeout=SLOW_MS)
    planner.type("Machines", 91)
    expect(planner.unsaved()).to_be_visible()
    coins = planner.figures()["Coins mined"]
    planner.press("Keep projection").told("Kept the projection")
    planner.go("Compare")
    planner.shelf()
    planner.pick("projections", Scenario().name)
    expect(planner.page.get_by_text(re.compile("^Weather: PVGIS"))).to_be_visible()
    planner.press("Open with its weather and market").told("with the weather and the market of then")
    planner.go("Projection")
    expect(badge(planner, "Own weather")).to_be_visible()
    assert planner.figures()["Coins mined"] == coins


def test_when_the_provider_returns_the_open_page_turns_live_without_a_restart(recovering: Open) -> None:
    planner = recovering.planner
    expect(badge(planner, "Live market")).to_be_visible(timeout=BACK_MS)
    expect(badge(planner, "Live weather")).to_be_visible(timeout=BACK_MS)
    planner.is_clean()
