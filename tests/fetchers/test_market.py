"""The market as one answer, what is known without a call, and errands that fetch in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import hostile
import pytest
import replies_bitcoin as replies
from ladder import DOWN, Time

from core.errors import SourceError
from core.fetchers.errands import AGAIN_AFTER_S, Errands
from core.fetchers.market import known_market, market
from core.fetchers.provider import Source
from core.fetchers.providers import coinbase, coingecko, frankfurter, kraken, mempool, open_er_api
from core.fetchers.spots import Spot
from core.fetchers.weather import known_weather, real_year, weather_for, years_for
from core.fetchers.world import Access, World, base_variable
from core.inputs import Market
from core.sections import Site

PATHS = {
    "/api/v1/mining/hashrate/3d": replies.MEMPOOL_NETWORK,
    "/api/v1/difficulty-adjustment": replies.MEMPOOL_RETARGET,
    "/api/v1/mining/reward-stats/144": replies.MEMPOOL_FEES,
    "/api/v1/prices": replies.MEMPOOL_PRICES,
}


def everywhere(server: hostile.Server, act: hostile.Act | None = None) -> None:
    for path, answer in PATHS.items():
        server.on(path, act or hostile.json_reply(answer))


@pytest.fixture
def clock() -> Time:
    time_ = Time()
    time_.calendar = replies.NOW + timedelta(seconds=30)
    return time_


@pytest.fixture
def node() -> Iterator[hostile.Server]:
    with hostile.Server() as server:
        everywhere(server)
        yield server


@pytest.fixture
def world(node: hostile.Server, clock: Time, tmp_path: Path) -> World:
    """mempool answers on loopback; nobody else can be reached."""
    nowhere = "http://127.0.0.1:9"  # the discard port: refused at once
    others: tuple[Source, ...] = (coinbase.PRICE, kraken.PRICE, coingecko.PRICE, frankfurter.RATES, open_er_api.RATES)
    bases = {base_variable(source.name): nowhere for source in others}
    bases |= {base_variable("blockchain.info"): nowhere, base_variable(mempool.NAME): node.base}
    bases |= {base_variable(name): nowhere for name in ("PVGIS", "NASA POWER")}
    return World(tmp_path, Access(bases=bases), now=clock.now, elapsed_s=clock.elapsed_s)


def statuses(found: Market) -> set[str]:
    return {reading.status for reading in found.readings}


def test_a_market_is_what_the_provider_says_with_source_and_time(world: World) -> None:
    found = market(world)
    assert statuses(found) == {"live"}
    assert found.difficulty.value == replies.DIFFICULTY
    assert found.price_usd.value == replies.MEMPOOL_PRICES["USD"]
    assert {reading.source for reading in found.readings} == {mempool.NAME}
    assert found.fees_btc_per_block.value == pytest.approx(int(replies.MEMPOOL_FEES["totalFee"]) / 1e8 / 144)


def test_what_is_known_costs_no_call(world: World, node: hostile.Server, clock: Time) -> None:
    assert statuses(known_market(world)) == {"bundled"}
    assert not node.seen
    market(world)
    calls = len(node.seen)
    assert statuses(known_market(world)) == {"cached"}
    clock.pass_s(7200)
    found = known_market(world)
    assert found.price_usd.status == "stale"
    assert found.price_usd.age_s(clock.now()) == pytest.approx(7200, abs=120)
    assert len(node.seen) == calls


def test_with_everybody_down_the_market_is_bundled_and_says_why(world: World, node: hostile.Server) -> None:
    everywhere(node, DOWN)
    found = market(world)
    assert statuses(found) == {"bundled"}
    assert "mempool.space" in found.price_usd.why
    assert "500" in found.price_usd.why


def test_a_market_takes_ten_seconds_in_all_however_slow_each_answer_is(world: World, node: hostile.Server) -> None:
    """NET-01: fees are asked by the height of the tip, and get the time that is left."""
    everywhere(node, hostile.hang)
    started = time.monotonic()
    assert statuses(market(world, within_s=2.0)) == {"bundled"}
    assert time.monotonic() - started < 2.5


def test_when_a_provider_returns_the_market_is_live_again(world: World, node: hostile.Server, clock: Time) -> None:
    everywhere(node, DOWN)
    assert statuses(market(world)) == {"bundled"}
    everywhere(node)
    clock.pass_s(120)
    market(world)  # one call probes the breaker
    assert statuses(market(world)) <= {"live", "cached"}


def test_weather_without_an_answer_is_the_nearest_bundled_year(world: World) -> None:
    site = Site(latitude=26.0, longitude=-80.0)
    assert known_weather(site, world).status == "bundled"
    found = weather_for(site, world)
    assert found.latitude == pytest.approx(25.8)
    assert found == known_weather(site, world)


def test_real_years_nobody_tells_are_named_with_the_reason(world: World) -> None:
    found, missing = years_for(Spot(45, 8), (2019, 2018), world)
    assert found == ()
    assert list(missing) == [2018, 2019]
    assert all("PVGIS" in why for why in missing.values())
    assert real_year(Spot(45, 8)).bundled is None


# Errands


def test_an_errand_is_run_once_at_a_time() -> None:
    gate, runs = threading.Event(), []

    def work() -> None:
        runs.append(threading.current_thread().name)
        gate.wait(5)

    errands = Errands()
    assert errands.send("a", work)
    assert not errands.send("a", work)
    assert errands.under_way("a")
    gate.set()
    ended(errands, "a")
    assert len(runs) == 1
    assert runs[0] != threading.current_thread().name


def test_an_errand_that_just_ended_rests_unless_it_is_asked_for_again() -> None:
    clock = Time()
    errands = Errands(clock.elapsed_s)
    errands.send("a", lambda: None)
    ended(errands, "a")
    assert not errands.send("a", lambda: None)
    assert errands.send("a", lambda: None, again=True)
    ended(errands, "a")
    clock.pass_s(AGAIN_AFTER_S)
    assert errands.send("a", lambda: None)


def test_an_errand_that_fails_is_over(caplog: pytest.LogCaptureFixture) -> None:
    def refused() -> None:
        raise SourceError("nobody is there")

    def broken() -> None:
        raise RuntimeError("a mistake")

    errands = Errands()
    for key, work in (("refused", refused), ("broken", broken)):
        errands.send(key, work)
        ended(errands, key)
    assert [record.levelname for record in caplog.records if record.name.startswith("solar")] == ["ERROR"]


def ended(errands: Errands, key: str) -> None:
    until = time.monotonic() + 5
    while errands.under_way(key):
        assert time.monotonic() < until
        time.sleep(0.005)


def test_two_markets_of_one_moment_are_equal(world: World) -> None:
    market(world)
    assert known_market(world) == known_market(world)
    assert replace(known_market(world)) == known_market(world)
