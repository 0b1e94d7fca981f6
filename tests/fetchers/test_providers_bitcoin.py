"""What the bitcoin providers are asked, and what is read from their replies; and the damage that every provider must survive."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.errors import SourceError
from core.fetchers import network
from core.fetchers.provider import Reply
from core.fetchers.providers import bitcoin_core, blockchain_info, mempool
from core.models import mining
from core.world import BlockFees, NetworkNow, RecentBlocks, Series
from tests.fetchers.replies_bitcoin import (
    BLOCKS,
    CASES,
    CHART_DIFFICULTY,
    CHART_FEES,
    CHART_HASHRATE,
    CORE_BLOCKS,
    CORE_STATE,
    DIFFICULTY,
    MEMPOOL_DIFFICULTIES,
    MEMPOOL_DOWN,
    MEMPOOL_FEE_DAYS,
    MEMPOOL_FEES,
    MEMPOOL_NETWORK,
    MEMPOOL_RETARGET,
    NOW,
    NOW_S,
    TIP,
    reply,
    with_value,
)

NAMES = [case.name for case in CASES]
TODAY = NOW.date()


# mempool


def test_mempool_tells_hash_rate_in_h_per_s_and_we_in_th_per_s() -> None:
    told = mempool.NETWORK.read(reply(MEMPOOL_NETWORK), None)
    assert told == NetworkNow(DIFFICULTY, pytest.approx(1_012_345_678.901, rel=1e-9), NOW)
    assert network.network_doubt(told) == ""


def test_mempool_with_its_node_down_answers_zeros_that_are_refused() -> None:
    with pytest.raises(SourceError, match=r"mempool\.space: currentDifficulty is not above 0"):
        mempool.NETWORK.read(reply(MEMPOOL_DOWN), None)


def test_mempool_that_stopped_indexing_days_ago_is_refused_and_one_without_an_index_is_not() -> None:
    with pytest.raises(SourceError, match="of the last 72 h"):
        mempool.NETWORK.read(reply(MEMPOOL_NETWORK, at=NOW + timedelta(days=4)), None)
    assert mempool.NETWORK.read(reply({**MEMPOOL_NETWORK, "hashrates": []}), None).difficulty == DIFFICULTY


def test_mempool_retarget_mixes_milliseconds_and_percent_and_seconds() -> None:
    told = mempool.RETARGET.read(reply(MEMPOOL_RETARGET), None)
    assert (told.height, told.next_height, told.blocks_left) == (TIP, 947_520, 310)
    assert told.estimated_at == NOW + timedelta(seconds=310 * 615, milliseconds=715)
    assert told.change_frac == -0.025
    assert told.block_seconds == pytest.approx(615.385)
    assert network.retarget_doubt(told) == ""


def test_the_stale_sample_of_the_mempool_documentation_reads_the_same_with_its_date_in_seconds() -> None:
    seconds = {**MEMPOOL_RETARGET, "estimatedRetargetDate": NOW_S + 310 * 615}
    del seconds["previousTime"], seconds["expectedBlocks"]
    assert mempool.RETARGET.read(reply(seconds), None).estimated_at == NOW + timedelta(seconds=310 * 615)


@pytest.mark.parametrize(("name", "value"), [("remainingBlocks", 2017), ("nextRetargetHeight", 947_521)])
def test_a_retarget_at_no_multiple_of_2016_is_refused(name: str, value: int) -> None:
    with pytest.raises(SourceError, match="a multiple of 2016"):
        mempool.RETARGET.read(reply({**MEMPOOL_RETARGET, name: value}), None)


def test_mempool_fees_are_satoshi_as_text_and_part_of_the_reward() -> None:
    assert mempool.FEES.request("https://m", BLOCKS, "").url == "https://m/api/v1/mining/reward-stats/144"
    assert mempool.FEES.read(reply(MEMPOOL_FEES), BLOCKS) == BlockFees(pytest.approx(0.025), 144, TIP, NOW)
    for wrong in ({"totalFee": "45360000001"}, {"totalFee": "-1"}, {"totalFee": 360000000}, {"startBlock": TIP - 1000}):
        with pytest.raises(SourceError, match=r"mempool\.space"):
            mempool.FEES.read(reply({**MEMPOOL_FEES, **wrong}), BLOCKS)


def test_mempool_difficulties_come_newest_first_and_are_told_oldest_first() -> None:
    told = mempool.DIFFICULTY_HISTORY.read(reply(MEMPOOL_DIFFICULTIES), None)
    assert told.days == tuple(TODAY - timedelta(days=n) for n in (31, 17, 3))
    assert told.values[-1] == DIFFICULTY
    assert told.values[-1] / told.values[-2] == pytest.approx(1.05)
    assert network.difficulty_history_doubt(told) == ""


def test_retargets_beyond_consensus_or_between_epochs_are_refused() -> None:
    doubled = [[*MEMPOOL_DIFFICULTIES[0][:2], DIFFICULTY * 4.2, 4.4], *MEMPOOL_DIFFICULTIES[1:]]
    between = [[NOW_S, 945_505, DIFFICULTY, 1.0], *MEMPOOL_DIFFICULTIES]
    twice = [MEMPOOL_DIFFICULTIES[0], *MEMPOOL_DIFFICULTIES]
    for wrong in (doubled, between, twice):
        with pytest.raises(SourceError, match="retarget of"):
            mempool.DIFFICULTY_HISTORY.read(reply(wrong), None)


def test_epochs_that_left_difficulty_as_it_was_may_be_missing() -> None:
    assert (
        len(mempool.DIFFICULTY_HISTORY.read(reply([MEMPOOL_DIFFICULTIES[0], MEMPOOL_DIFFICULTIES[2]]), None).days) == 2
    )


def test_mempool_hash_rates_by_day_are_in_th_per_s() -> None:
    told = mempool.HASHRATE_HISTORY.read(reply(MEMPOOL_NETWORK), None)
    assert told.values == pytest.approx((987_654_321.098765, 1.001e9))
    assert told.days == (TODAY - timedelta(days=1), TODAY)


def test_mempool_fees_of_a_day_are_the_mean_of_its_points_in_btc() -> None:
    told = mempool.FEE_HISTORY.read(reply(MEMPOOL_FEE_DAYS), None)
    assert told.values == pytest.approx((0.024, 0.025))


def test_mempool_is_asked_for_json_so_that_errors_come_as_json() -> None:
    for source in (mempool.NETWORK, mempool.RETARGET, mempool.PRICE):
        assert source.request("https://m", "USD", "").headers["Accept"] == "application/json"
    with pytest.raises(SourceError, match=r"mempool\.space refuses: Service"):
        mempool.RETARGET.read(reply({"error": "Service Temporarily Unavailable"}), None)


# Bitcoin Core


def test_a_node_is_asked_four_questions_in_one_call_with_its_password_in_a_secret_header() -> None:
    request = bitcoin_core.NETWORK.request("http://127.0.0.1:8332", None, "planner:s3:cret")
    assert base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")) == b"planner:s3:cret"
    assert request.secrets == {"Authorization"}
    asked = json.loads(request.body or b"")
    assert [q["method"] for q in asked] == [
        "getblockchaininfo",
        "getmininginfo",
        "getnetworkhashps",
        "getnetworkhashps",
    ]
    assert [q["id"] for q in asked] == [0, 1, 2, 3]


def test_a_node_is_asked_only_where_a_setting_names_it() -> None:
    for source in (bitcoin_core.NETWORK, bitcoin_core.RETARGET, bitcoin_core.FEES):
        assert (source.base, source.key) == ("", "SOLAR_MINING_BITCOIN_CORE_KEY")


def test_core_tells_hash_rate_in_h_per_s_and_the_time_of_its_tip() -> None:
    told = bitcoin_core.NETWORK.read(reply(CORE_STATE), None)
    assert told == NetworkNow(DIFFICULTY, pytest.approx(1.0123456789e9), NOW - timedelta(seconds=500))


def test_core_and_mempool_agree_on_the_retarget() -> None:
    own, public = (
        s.read(reply(b), None) for s, b in ((bitcoin_core.RETARGET, CORE_STATE), (mempool.RETARGET, MEMPOOL_RETARGET))
    )
    assert (own.height, own.next_height) == (public.height, public.next_height)
    assert own.block_seconds == pytest.approx(public.block_seconds, rel=1e-3)
    assert own.change_frac == pytest.approx(600 / 615 - 1)
    assert own.change_frac == pytest.approx(public.change_frac, abs=1e-3)
    assert abs(own.estimated_at - public.estimated_at) < timedelta(minutes=10)


@pytest.mark.parametrize("hashes_per_s", [0, 1e30])
def test_the_first_block_of_an_epoch_may_seem_to_take_no_time(hashes_per_s: float) -> None:
    told = bitcoin_core.RETARGET.read(reply([*CORE_STATE[:3], {"id": 3, "result": hashes_per_s}]), None)
    assert 150 <= told.block_seconds <= 2400
    assert -0.75 <= told.change_frac <= 3


def test_answers_of_a_batch_may_come_in_any_order() -> None:
    assert bitcoin_core.NETWORK.read(reply(CORE_STATE[::-1]), None) == bitcoin_core.NETWORK.read(
        reply(CORE_STATE), None
    )
    with pytest.raises(SourceError, match="one answer to each question"):
        bitcoin_core.NETWORK.read(reply([CORE_STATE[0], *CORE_STATE[:3]]), None)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ((0, "result", "chain"), "test", "chain is not main"),
        ((0, "result", "initialblockdownload"), True, "still loading"),
        ((0, "result", "time"), NOW_S - 90_000, "of the last 24 h"),
        ((1, "result", "blocks"), TIP - 5, "blocks is not near"),
        ((2, "result"), 0, "networkhashps is not above 0"),
    ],
)
def test_a_node_on_another_chain_or_out_of_step_is_refused(path: tuple[Any, ...], value: Any, said: str) -> None:
    with pytest.raises(SourceError, match=f"Bitcoin Core.*{said}"):
        bitcoin_core.NETWORK.read(reply(with_value(CORE_STATE, path, value)), None)


@pytest.mark.parametrize("status", [200, 500])
def test_json_rpc_errors_are_read_whatever_their_status(status: int) -> None:
    error = {"result": None, "error": {"code": -28, "message": "Loading block index…"}, "id": 0}
    for body in (error, [error, *CORE_STATE[1:]]):
        with pytest.raises(SourceError, match=r"Bitcoin Core refuses: Loading block index… \(-28\)"):
            bitcoin_core.NETWORK.read(reply(body, status), None)


def test_wrong_credentials_come_with_an_empty_body_and_are_said_so() -> None:
    with pytest.raises(SourceError, match="user and password are wrong"):
        bitcoin_core.NETWORK.read(reply(b"", 401), None)


def test_core_fees_are_the_mean_of_blocks_asked_by_height() -> None:
    asked = RecentBlocks(3, TIP)
    questions = json.loads(bitcoin_core.FEES.request("http://n", asked, "u:p").body or b"")
    assert [q["params"][0] for q in questions] == [TIP - 2, TIP - 1, TIP]
    told = bitcoin_core.FEES.read(reply(CORE_BLOCKS), asked)
    assert told == BlockFees(pytest.approx(0.025), 3, TIP, NOW - timedelta(seconds=600))


def test_core_fees_need_the_tip_and_every_block() -> None:
    with pytest.raises(SourceError, match="by height"):
        bitcoin_core.FEES.request("http://n", RecentBlocks(), "u:p")
    with pytest.raises(SourceError, match="3 blocks up to"):
        bitcoin_core.FEES.read(reply(CORE_BLOCKS[:2]), RecentBlocks(3, TIP))
    pruned = [{"id": 0, "error": {"code": -1, "message": "Block not available (pruned data)"}}, *CORE_BLOCKS[1:]]
    with pytest.raises(SourceError, match="pruned data"):
        bitcoin_core.FEES.read(reply(pruned), RecentBlocks(3, TIP))


def test_the_same_blocks_are_the_same_question_at_any_height() -> None:
    assert RecentBlocks(144, TIP) == RecentBlocks(144, TIP + 1)
    assert repr(RecentBlocks(144, TIP)) == repr(RecentBlocks(144))


# blockchain.info


def test_blockchain_info_tells_hash_rate_in_th_per_s_already() -> None:
    told = blockchain_info.HASHRATE_HISTORY.read(reply(CHART_HASHRATE), None)
    assert told.values == (998_054_324.9, 1.0505e9)
    assert network.hashrate_history_doubt(told) == ""
    with pytest.raises(SourceError, match="unit is not TH/s"):
        blockchain_info.HASHRATE_HISTORY.read(reply({**CHART_HASHRATE, "unit": "Hash Rate GH/s"}), None)


def test_blockchain_info_difficulty_stands_for_a_hash_rate() -> None:
    told = blockchain_info.NETWORK.read(reply(CHART_DIFFICULTY), None)
    assert told.hashrate_ths == pytest.approx(mining.network_hashrate_ths(DIFFICULTY))
    assert told.observed_at == NOW - timedelta(days=1.5)
    with pytest.raises(SourceError, match="of the last 120 h"):
        blockchain_info.NETWORK.read(reply(CHART_DIFFICULTY, at=NOW + timedelta(days=4)), None)


def test_blockchain_info_fees_are_btc_a_day_and_we_tell_them_per_block() -> None:
    assert blockchain_info.FEE_HISTORY.read(reply(CHART_FEES), None) == Series((TODAY - timedelta(days=1),), (0.025,))


def test_blockchain_info_without_values_or_with_an_error_is_refused() -> None:
    for body, said in (
        ({"unit": "Hash Rate TH/s", "values": []}, "at least one row"),
        ({"status": "not-found", "error": "no such chart"}, "refuses: no such chart"),
    ):
        with pytest.raises(SourceError, match=said):
            blockchain_info.HASHRATE_HISTORY.read(reply(body), None)


# Recorded and documented replies, where the validation data is at hand


def recorded(folder: Any, name: str, at: str) -> Reply:
    return Reply(200, {}, (folder / "api_payloads" / name).read_bytes(), datetime.fromisoformat(at).replace(tzinfo=UTC))


@pytest.mark.data
def test_documented_replies_of_the_network_are_read(validation_data: Any) -> None:
    old = recorded(validation_data, "bitcoin/mempool_hashrate_3d.docs.json", "2022-05-16T12:00")
    assert mempool.NETWORK.read(old, None).hashrate_ths == pytest.approx(252_033_247.355)
    vector = recorded(validation_data, "bitcoin/mempool_difficulty-adjustment.backend-vector.json", "2024-02-11T22:39")
    told = mempool.RETARGET.read(vector, None)
    assert told.height == 830_592 - 565
    assert told.change_frac == pytest.approx(0.0851, abs=1e-4)
    assert told.estimated_at.isoformat(timespec="minutes") == "2024-02-15T13:33+00:00"
    fees = recorded(validation_data, "bitcoin/mempool_reward-stats_100.docs.json", "2022-05-17")
    assert mempool.FEES.read(fees, RecentBlocks(100)).fees_btc_per_block == pytest.approx(0.1311748254)
    steps = recorded(validation_data, "bitcoin/mempool_difficulty-adjustments_1m.docs.json", "2023-12-24")
    assert mempool.DIFFICULTY_HISTORY.read(steps, None).days[-1] == date(2023, 12, 23)
    days = recorded(validation_data, "bitcoin/mempool_blocks_fees_1w.docs.json", "2022-05-10")
    assert mempool.FEE_HISTORY.read(days, None).values == pytest.approx((0.21375468,))  # mean of its six points


@pytest.mark.data
def test_captured_charts_are_read_and_believed(validation_data: Any) -> None:
    chart = recorded(validation_data, "bitcoin/blockchaininfo_difficulty.json", "2026-08-27")
    told = blockchain_info.NETWORK.read(chart, None)
    assert told.difficulty == pytest.approx(1.25807e14, rel=1e-5)
    assert network.network_doubt(told) == ""
    assert network.network_jump(told, network.bundled_network().value, 120 * 86_400) == ""
    rates = blockchain_info.HASHRATE_HISTORY.read(
        recorded(validation_data, "bitcoin/blockchaininfo_hash-rate.json", "2026-08-27"), None
    )
    assert rates.values[-1] == pytest.approx(913_069_939.7)
    assert rates.values[-1] / told.hashrate_ths == pytest.approx(1.0, abs=0.05)
    with pytest.raises(SourceError):
        blockchain_info.HASHRATE_HISTORY.read(
            recorded(validation_data, "bitcoin/blockchaininfo_empty.constructed.json", "2026-08-27"), None
        )


@pytest.mark.data
def test_documented_failures_of_the_network_are_failures(validation_data: Any) -> None:
    down = recorded(validation_data, "bitcoin/mempool_hashrate_core-down.constructed.json", "2022-05-14T12:00")
    unavailable = recorded(validation_data, "bitcoin/mempool_error_503.json", "2026-04-30")
    for source, answer in ((mempool.NETWORK, down), (mempool.RETARGET, unavailable)):
        with pytest.raises(SourceError, match=r"mempool\.space"):
            source.read(answer, None)
    block = json.loads((validation_data / "api_payloads/bitcoin/core_getblockstats_height103.result.json").read_text())
    told = bitcoin_core.FEES.read(reply([{"id": 0, "result": block, "error": None}]), RecentBlocks(1, 103))
    assert told.fees_btc_per_block == pytest.approx(0.0005686)
    envelopes = json.loads(
        (validation_data / "api_payloads/bitcoin/core_jsonrpc_envelopes.constructed.json").read_text()
    )
    for name in ("v1_err", "v2_err"):
        with pytest.raises(SourceError, match="Bitcoin Core refuses"):
            bitcoin_core.NETWORK.read(reply(envelopes[name]), None)
