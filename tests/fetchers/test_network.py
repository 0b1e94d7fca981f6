"""Which answers about the network are believed, and what is bundled."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from core.fetchers import network
from core.fetchers.ask import ask
from core.fetchers.bitcoin import bundled_market
from core.fetchers.world import Access, World
from core.models import mining
from core.world import BlockFees, NetworkNow, Retarget, Series
from tests.fetchers.hostile import Server, json_reply
from tests.fetchers.replies_bitcoin import CHART_DIFFICULTY, CORE_STATE, DIFFICULTY, MEMPOOL_DOWN, NOW, TIP

BASES = ("MEMPOOL_SPACE", "BLOCKCHAIN_INFO", "BITCOIN_CORE")
TODAY = NOW.date()
DAY_S = 86_400.0


def told_network(difficulty: float = DIFFICULTY, factor: float = 1.0) -> NetworkNow:
    return NetworkNow(difficulty, float(mining.network_hashrate_ths(difficulty)) * factor, NOW)


@pytest.mark.parametrize("difficulty", [1e12, 1e18, 0.0, -1.0, float("nan"), float("inf")])
def test_difficulty_out_of_bounds_is_doubted(difficulty: float) -> None:
    assert "difficulty" in network.network_doubt(NetworkNow(difficulty, 1e9, NOW))


@pytest.mark.parametrize("factor", [1e12, 1e-12, 1e-6, 0.0, float("nan"), 3.01])
def test_a_hash_rate_in_the_wrong_unit_is_doubted(factor: float) -> None:
    assert "difficulty implies" in network.network_doubt(told_network(factor=factor))
    assert network.network_doubt(told_network(factor=1.2)) == ""


def test_a_difficulty_that_doubles_overnight_is_a_jump_and_one_that_doubles_in_a_year_is_not() -> None:
    doubled = told_network(2.2 * DIFFICULTY)
    assert "jumped" in network.network_jump(doubled, told_network(), DAY_S)
    assert network.network_jump(doubled, told_network(), 365 * DAY_S) == ""
    assert network.network_jump(told_network(), told_network(), 0.0) == ""


def told_retarget(**changes: Any) -> Retarget:
    facts = {"height": TIP, "next_height": 947_520, "estimated_at": NOW + timedelta(days=2.2), "change_frac": 0.01}
    return Retarget(**{**facts, "block_seconds": 600.0, "observed_at": NOW, **changes})


def test_a_height_fits_its_date_and_does_not_fall() -> None:
    assert network.retarget_doubt(told_retarget()) == ""
    one_step_behind = network.retarget_jump(told_retarget(), told_retarget(height=TIP + 6), 60.0)
    assert one_step_behind == ""
    assert "fell" in network.retarget_jump(told_retarget(), told_retarget(height=TIP + 7), 60.0)
    for height in (940_000, 960_000, 0):
        assert "does not fit" in network.retarget_doubt(told_retarget(height=height))


@pytest.mark.data
def test_every_height_since_the_last_halving_fits_its_date(validation_data: Any) -> None:
    lines = (validation_data / "btc_chain_daily_2009_2024.csv").read_text().splitlines()[1:]
    height = -1
    for line in lines:
        day, blocks, *_ = line.split(",")
        height += int(float(blocks))
        if day > "2024-04-20":
            end = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)
            assert network.height_doubt(height, end) == "", day
    assert 877_000 < height < 877_500


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"change_frac": 3.01}, "more than one retarget"),
        ({"change_frac": -0.76}, "more than one retarget"),
        ({"change_frac": float("nan")}, "more than one retarget"),
        ({"next_height": 949_536}, "not the next multiple"),
        ({"next_height": 947_521}, "not the next multiple"),
        ({"estimated_at": NOW + timedelta(days=400)}, "will not be found"),
        ({"estimated_at": NOW - timedelta(days=1)}, "will not be found"),
    ],
)
def test_a_retarget_that_consensus_does_not_allow_is_doubted(changes: dict[str, Any], said: str) -> None:
    assert said in network.retarget_doubt(told_retarget(**changes))


@pytest.mark.parametrize("fees", [-0.001, 50.01, float("nan"), float("inf")])
def test_fees_out_of_bounds_are_doubted(fees: float) -> None:
    assert "fees" in network.fees_doubt(BlockFees(fees, 144, TIP, NOW))
    assert network.fees_doubt(BlockFees(0.0, 144, TIP, NOW)) == ""
    assert "does not fit" in network.fees_doubt(BlockFees(0.025, 144, 1, NOW))


def series(*values: float) -> Series:
    return Series(tuple(TODAY - timedelta(days=n) for n in range(len(values) - 1, -1, -1)), values)


def test_histories_in_the_wrong_unit_or_with_a_jump_are_doubted() -> None:
    assert "ends at" in network.difficulty_history_doubt(series(DIFFICULTY, 0.0))
    assert "it jumps" in network.difficulty_history_doubt(series(2e12, 6e13))
    assert "TH/s" in network.hashrate_history_doubt(series(1e21))
    assert "TH/s" in network.hashrate_history_doubt(series(-1.0, 1e9))
    assert "fees range" in network.fee_history_doubt(series(0.02, 2.4e6))  # satoshi
    assert "fees range" in network.fee_history_doubt(series(-1.0, 0.02))
    assert network.fee_history_doubt(series(0.0, 6.5)) == ""


@pytest.mark.data
def test_the_difficulty_of_every_day_since_2009_is_believed(validation_data: Any) -> None:
    rows = [
        line.split(",") for line in (validation_data / "btc_chain_daily_2009_2024.csv").read_text().splitlines()[1:]
    ]
    told = Series(tuple(date.fromisoformat(r[0]) for r in rows), tuple(float(r[2]) for r in rows))
    assert network.difficulty_history_doubt(told) == ""
    jumps = [
        network.network_jump(told_network(after), told_network(before), DAY_S)
        for before, after in zip(told.values, told.values[1:], strict=False)
        if before > 1e12
    ]
    assert len(jumps) > 2500
    assert set(jumps) == {""}


def test_every_bundled_rung_says_its_date_and_would_be_believed_on_that_day() -> None:
    at = bundled_market().height.observed_at
    now, retarget, fees = network.bundled_network(), network.bundled_retarget(), network.bundled_fees()
    assert {now.observed_at, retarget.observed_at, fees.observed_at} == {at}
    assert network.network_doubt(now.value) == ""
    assert network.retarget_doubt(retarget.value) == ""
    assert network.fees_doubt(fees.value) == ""
    assert (retarget.value.next_height, retarget.value.change_frac) == (947_520, 0.0)
    assert retarget.value.estimated_at - at == timedelta(seconds=600 * (947_520 - 946_200))
    assert network.difficulty_history_doubt(network.bundled_difficulty_history().value) == ""
    assert network.hashrate_history_doubt(network.bundled_hashrate_history().value) == ""


def test_hashprice_by_day_follows_from_the_market_history() -> None:
    price = Series((date(2024, 4, 18), date(2024, 4, 19), date(2024, 4, 20)), (63_500.0, 63_800.0, 64_000.0))
    difficulty = Series((date(2024, 4, 10), date(2024, 4, 24)), (86_388_558_925_171.0, 88_104_191_118_793.0))
    fees = Series((date(2024, 4, 19), date(2024, 4, 20)), (1.0, 8.0))
    told = network.market_history(price, difficulty, fees)
    assert told.days == price.days
    assert told.difficulty == (86_388_558_925_171.0,) * 3
    assert told.subsidy_btc == (6.25, 6.25, 3.125)
    assert told.fees_btc_per_block == (0.0, 1.0, 8.0)
    hashprice = mining.hashprice_usd_per_ph_day(
        np.array(told.price_usd),
        np.array(told.difficulty),
        np.array(told.subsidy_btc),
        np.array(told.fees_btc_per_block),
    )
    # 86400 s · 1e15 hashes / (D · 2³²) blocks a day, by hand: 2.32860e-4
    assert hashprice == pytest.approx([92.42, 107.71, 165.79], rel=1e-3)


def test_days_before_the_first_difficulty_have_no_market() -> None:
    difficulty = Series((TODAY - timedelta(days=1),), (DIFFICULTY,))
    told = network.market_history(series(1.0, 2.0, 3.0), difficulty)
    assert told.price_usd == (2.0, 3.0)
    assert told.fees_btc_per_block == (0.0, 0.0)
    assert network.market_history(Series((), ()), difficulty).days == ()


@pytest.mark.data
def test_the_subsidy_of_a_day_is_what_its_blocks_carried(validation_data: Any) -> None:
    rows = [
        line.split(",") for line in (validation_data / "btc_chain_daily_2009_2024.csv").read_text().splitlines()[1:]
    ]
    chain = {date.fromisoformat(r[0]): float(r[3]) for r in rows}
    days = tuple(chain)
    told = network.market_history(Series(days, (1.0,) * len(days)), Series((days[0],), (1.0,)))
    wrong = [day for day, subsidy in zip(told.days, told.subsidy_btc, strict=True) if subsidy != chain[day]]
    assert set(wrong) <= {date(2012, 11, 28), date(2016, 7, 9), date(2020, 5, 11), date(2024, 4, 20)}


# Over a socket, down the ladder


def world_of(server: Server, **keys: str) -> World:
    """A world whose providers of the network are all this server."""
    names = BASES if keys else BASES[:2]
    bases = {f"SOLAR_MINING_BASE_{name}": server.base for name in names}
    return World(None, Access(bases=bases, keys=keys), now=lambda: NOW)


def test_a_mempool_whose_node_is_down_is_passed_over_for_the_charts_of_blockchain_info() -> None:
    server = Server()
    server.on("/api/v1/mining/hashrate/3d", json_reply(MEMPOOL_DOWN))
    server.on("/charts/difficulty", json_reply(CHART_DIFFICULTY))
    told = ask(network.NETWORK, None, world_of(server))
    server.close()
    assert (told.status, told.source) == ("live", "blockchain.info")
    assert told.value.difficulty == DIFFICULTY
    assert told.observed_at == NOW - timedelta(days=1.5)
    assert "mempool.space: currentDifficulty is not above 0" in told.why


def test_a_node_of_ones_own_is_asked_first_with_its_password_and_is_then_cached() -> None:
    server = Server()
    server.on("/", json_reply(CORE_STATE))
    world = world_of(server, SOLAR_MINING_BITCOIN_CORE_KEY="planner:s3cret-word")
    live, again = (ask(network.RETARGET, None, world) for _ in range(2))
    server.close()
    assert (live.status, live.source, live.value.height) == ("live", "Bitcoin Core", TIP)
    assert (again.status, again.value) == ("cached", live.value)
    assert [seen.method for seen in server.seen] == ["POST"]
    assert b"Basic " + base64.b64encode(b"planner:s3cret-word") in server.seen[0].raw


def test_with_every_source_broken_the_network_is_bundled_and_says_why() -> None:
    server = Server()  # knows no path
    told = ask(network.NETWORK, None, world_of(server, SOLAR_MINING_BITCOIN_CORE_KEY="planner:s3cret-word"))
    server.close()
    assert told.status == "bundled"
    for name in ("Bitcoin Core", "mempool.space", "blockchain.info"):
        assert name in told.why
    assert "s3cret" not in told.why
