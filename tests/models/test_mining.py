"""Mining arithmetic against consensus rules, published worked examples and whole numbers of any size."""

import math
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ValidationError
from core.models import mining

DAY = 86_400
calm = settings(deadline=None)
FOLDER = os.environ.get("SOLAR_MINING_VALIDATION_DATA")
needs_data = pytest.mark.skipif(not FOLDER, reason="SOLAR_MINING_VALIDATION_DATA is not set")


# Protocol


@pytest.mark.parametrize(
    ("height", "btc"),
    [
        (0, 50),
        (209_999, 50),
        (210_000, 25),
        (420_000, 12.5),
        (630_000, 6.25),
        (839_999, 6.25),
        (840_000, 3.125),
        (1_050_000, 1.5625),
        (1_260_000, 0.78125),
    ],
)
def test_subsidy_by_height_is_the_consensus_rule_v7(height, btc):
    assert mining.subsidy_sats(height) == btc * 100_000_000


def test_all_eras_issue_the_known_total_v8():
    eras = [mining.subsidy_sats(era * 210_000) for era in range(64)]
    assert 210_000 * sum(eras) == 2_099_999_997_690_000
    assert max(era for era, sats in enumerate(eras) if sats) == 32
    assert mining.subsidy_sats(6_929_999) == 1
    assert mining.subsidy_sats(6_930_000) == 0


def test_subsidy_of_an_array_is_exact_integers_as_one_by_one():
    heights = np.array([[0, 209_999, 210_000], [6_929_999, 6_930_000, 2**62]])
    sats = mining.subsidy_sats(heights)
    assert sats.dtype == np.int64
    assert sats.tolist() == [[mining.subsidy_sats(int(h)) for h in row] for row in heights]


def test_subsidy_of_a_whole_number_is_a_whole_number_of_any_size():
    assert type(mining.subsidy_sats(np.int64(840_000))) is int
    assert mining.subsidy_sats(10**40) == 0


@pytest.mark.parametrize("height", [-1, 840_000.0, True, "840000", None, [1, -2], [0.5], []])
def test_a_height_that_is_no_whole_number_is_refused(height):
    with pytest.raises(ValidationError) as caught:
        mining.subsidy_sats(height)
    assert caught.value.field == "height"


@pytest.mark.parametrize(
    ("bits", "difficulty"),
    # V1, Bitcoin wiki; the genesis block's; block 840,000's, as every explorer shows it
    [(0x1B0404CB, 16307.420938523983), (0x1D00FFFF, 1.0), (0x17034219, 86388558925171.02)],
)
def test_difficulty_of_published_bits_v1(bits, difficulty):
    assert mining.difficulty_from_bits(bits) == pytest.approx(difficulty, rel=1e-12)


@calm
@given(size=st.integers(3, 29), word=st.integers(0x008000, 0x7FFFFF))
def test_difficulty_is_the_correctly_rounded_ratio_of_targets(size, word):
    target = word * 256 ** (size - 3)
    assert mining.difficulty_from_bits(size << 24 | word) == float(Fraction(0xFFFF << 208, target))


def test_difficulty_of_an_array_is_that_of_each():
    bits = np.array([0x1B0404CB, 0x1D00FFFF, 0x05009234, 0x01120000])
    assert mining.difficulty_from_bits(bits).tolist() == [mining.difficulty_from_bits(int(b)) for b in bits]
    # an exponent below 3 shifts the mantissa down: 0x01120000 is the target 0x12 (Bitcoin Core, arith_uint256_tests)
    assert mining.difficulty_from_bits(0x01120000) == float(Fraction(0xFFFF << 208, 0x12))


@pytest.mark.parametrize(
    "bits",
    [
        0,
        0x01003456,  # mantissa shifted to nothing
        0x00923456,
        0x04923456,  # sign bit: −0x12345600
        0x01FEDCBA,
        0xFF123456,  # beyond 256 bits
        0x23000001,
        -1,
        2**40,
    ],
)
def test_bits_without_a_positive_target_are_refused(bits):
    with pytest.raises(ValidationError, match="bits"):
        mining.difficulty_from_bits(bits)
    with pytest.raises(ValidationError, match="bits"):
        mining.retarget_bits(bits, 0, 1_209_600)


@pytest.mark.parametrize("bits", [16307.4, "1b0404cb", None, True])
def test_bits_that_are_no_whole_number_are_refused(bits):
    with pytest.raises(ValidationError, match="whole numbers"):
        mining.difficulty_from_bits(bits)


@pytest.mark.parametrize(
    ("bits", "first", "last", "expected"),
    [
        (0x1D00FFFF, 1261130161, 1262152739, 0x1D00D86A),  # V3: within the clamp
        (0x1D00FFFF, 1231006505, 1233061996, 0x1D00FFFF),  # V4: stopped by the proof-of-work limit
        (0x1C05A3F4, 1279008237, 1279297671, 0x1C0168FD),  # V5: not more than 4 times harder
        (0x1C387F6F, 1263163443, 1269211443, 0x1D00E1FD),  # not more than 4 times easier, and a carry of the sign bit
    ],
)
def test_retargets_of_bitcoin_cores_own_tests(bits, first, last, expected):
    assert mining.retarget_bits(bits, first, last) == expected
    assert mining.retarget_bits(np.array([bits] * 2), first, last).tolist() == [expected] * 2


@calm
@given(size=st.integers(6, 0x1C), word=st.integers(0x008000, 0x7FFFFF), span=st.integers(-(10**7), 10**8))
def test_a_retarget_follows_the_span_within_a_factor_of_four(size, word, span):
    old = size << 24 | word
    new = mining.retarget_bits(old, 1_000_000_000, 1_000_000_000 + span)
    ratio = mining.difficulty_from_bits(new) / mining.difficulty_from_bits(old)
    wanted = 1_209_600 / min(max(span, 302_400), 4_838_400)
    # 15 bits of mantissa remain at worst, and they round the target down; the limit holds difficulty at 1
    assert wanted * (1 - 1e-12) <= ratio <= wanted * (1 + 2**-14) or new == 0x1D00FFFF


def test_on_time_blocks_leave_bits_as_they_are():
    assert mining.retarget_bits(0x1B0404CB, 0, 1_209_600) == 0x1B0404CB


# Hash rate and coins


def test_network_hashrate_is_difficulty_over_ten_minutes_v10():
    assert mining.network_hashrate_ths(16307.420938523983) == pytest.approx(1.16733e11 / 1e12, rel=5e-6)
    exact = Fraction(16307.420938523983) * 2**32 / 600 / 10**12
    assert mining.network_hashrate_ths(16307.420938523983) == pytest.approx(float(exact), rel=1e-15)


def test_one_th_earns_the_published_coins_a_day_v12():
    assert mining.expected_btc(1.0, DAY, 1e14, 3.125) == pytest.approx(6.286427e-7, rel=1e-7)


def test_a_calculators_worked_example_comes_out_v16():
    # an Antminer of 234 TH/s and 3,510 W given 10 kWh a day in a network of 820 EH/s, bitcoin at 85,000 USD
    difficulty = 820e18 * 600 / 2**32
    coins = mining.expected_btc(234.0, 10 / 3.51 * 3600, difficulty, 3.125)
    assert coins == pytest.approx(1.53e-5, rel=0.01)
    assert coins * 85_000 == pytest.approx(1.30, rel=0.01)


def test_the_whole_network_mines_144_blocks_a_day():
    network = mining.network_hashrate_ths(1.2345e14)
    assert mining.expected_blocks(network, DAY, 1.2345e14) == pytest.approx(144, rel=1e-14)


def test_a_months_luck_of_one_exahash_v21():
    blocks = mining.expected_blocks(1e6, 30 * DAY, 1e14)
    assert blocks == pytest.approx(6.035, rel=1e-3)
    assert mining.blocks_cv_frac(blocks) == pytest.approx(0.407, rel=1e-3)
    assert mining.blocks_cv_frac([0.0, 4.0]).tolist() == [math.inf, 0.5]


def test_no_hashes_no_time_or_no_reward_mean_no_coins():
    assert mining.expected_btc(0.0, DAY, 1e14, 3.125) == 0.0
    assert mining.expected_btc(1.0, 0.0, 1e14, 3.125) == 0.0
    assert mining.expected_btc(1.0, DAY, 1e14, 0.0, 0.0) == 0.0


@calm
@given(
    difficulty=st.integers(1, 10**24),
    hashrate_ths=st.integers(0, 10**21),
    height=st.sampled_from([839_999, 840_000, 1_049_999, 1_050_000]),
)
def test_huge_numbers_agree_with_whole_number_arithmetic_num_04(difficulty, hashrate_ths, height):
    sats = mining.subsidy_sats(height)
    ours = mining.expected_btc(hashrate_ths, DAY, difficulty, sats / 1e8, 0.0)
    exact = Fraction(hashrate_ths * 10**12 * DAY * sats, difficulty * 2**32 * 10**8)
    assert math.isfinite(ours)
    assert ours == pytest.approx(float(exact), rel=1e-15 * 4)


def test_integer_arrays_do_not_overflow_num_04():
    difficulty = np.array([2**31, 138_970_000_000_000, 10**18], dtype=np.int64)
    blocks = mining.expected_blocks(np.int64(10**9), np.int64(DAY), difficulty)
    exact = [float(Fraction(10**21 * DAY, int(d) * 2**32)) for d in difficulty]
    assert blocks == pytest.approx(exact, rel=1e-15 * 4)


@calm
@given(
    price=st.floats(0, 1e9),
    difficulty=st.floats(1, 1e24),
    subsidy=st.floats(1e-8, 50),
    fees=st.floats(0, 50),
    efficiency=st.floats(0.1, 1e5),
    power_price=st.floats(-1, 10),
)
def test_every_figure_of_a_scenario_gives_finite_answers(price, difficulty, subsidy, fees, efficiency, power_price):
    hashprice = mining.hashprice_usd_per_ph_day(price, difficulty, subsidy, fees)
    answers = [
        hashprice,
        mining.hashcost_usd_per_ph_day(efficiency, power_price),
        mining.cost_usd_per_btc(efficiency, power_price, difficulty, subsidy, fees),
        mining.breakeven_usd_per_kwh(efficiency, hashprice),
        mining.breakeven_price_usd(efficiency, power_price, difficulty, subsidy, fees, 0.02),
        mining.mined_kwh_value_usd(hashprice, efficiency, 0.02, 1.05),
    ]
    assert np.isfinite(answers).all()


# Worth and cost


def test_hashprice_of_the_published_example_v11():
    hashprice = mining.hashprice_usd_per_ph_day(100_000.0, 1e14, 3.125)
    assert hashprice == pytest.approx(62.8643, rel=1e-6)
    assert hashprice == pytest.approx(62.81, rel=1e-3)  # the page rounds on the way


def test_break_even_power_price_of_an_s19_in_ercot_v19():
    # the study assumed 86 USD/MWh in November 2022; hashprice then lay between these two
    assert mining.breakeven_usd_per_kwh(29.5, 60.9) == pytest.approx(0.086, rel=1e-3)
    assert mining.breakeven_usd_per_kwh(34.5, 71.2) == pytest.approx(0.086, rel=1e-3)


def test_hashcost_of_a_modern_machine_v20():
    assert mining.hashcost_usd_per_ph_day(17.5, 0.05) == pytest.approx(21.0, rel=1e-15)


def test_cost_of_a_bitcoin_as_by_hand():
    # 10¹⁴ · 2³² hashes a block / 3.125 BTC = 1.3743895e23 hashes = 1.3743895e11 TH a coin;
    # at 20 J/TH 2.748779e12 J = 763,549.75 kWh; at 0.05 USD 38,177.49 USD
    assert mining.cost_usd_per_btc(20.0, 0.05, 1e14, 3.125) == pytest.approx(38_177.49, abs=0.005)


def test_energy_of_a_bitcoin_in_a_published_study_v28():
    # Bastian-Pinto et al. (2021): 56 TH/s at 2,212 W
    kwh = mining.cost_usd_per_btc(2212 / 56, 1.0, 12_720_005_267_390.5, 12.5)
    assert kwh == pytest.approx(47_954.76, rel=1e-6)
    assert mining.breakeven_usd_per_kwh(
        2212 / 56, mining.hashprice_usd_per_ph_day(7000, 12_720_005_267_390.5, 12.5)
    ) == pytest.approx(0.14597, rel=5e-5)


@calm
@given(
    price=st.floats(1, 1e7),
    difficulty=st.floats(1, 1e18),
    fees=st.floats(0, 5),
    efficiency=st.floats(1, 200),
    power_price=st.floats(0.001, 1),
    fee=st.floats(0, 0.9),
)
def test_at_every_break_even_income_equals_the_electricity_bill(price, difficulty, fees, efficiency, power_price, fee):
    def margin(price, difficulty, power_price):
        income = mining.hashprice_usd_per_ph_day(price, difficulty, 3.125, fees) * (1 - fee)
        return income / mining.hashcost_usd_per_ph_day(efficiency, power_price)

    coins = (3.125, fees, fee)
    income = mining.hashprice_usd_per_ph_day(price, difficulty, 3.125, fees) * (1 - fee)
    enough = mining.breakeven_price_usd(efficiency, power_price, difficulty, *coins)
    hardest = mining.breakeven_difficulty(efficiency, power_price, price, *coins)
    dearest = mining.breakeven_usd_per_kwh(efficiency, income)
    assert margin(enough, difficulty, power_price) == pytest.approx(1, rel=1e-12)
    assert margin(price, hardest, power_price) == pytest.approx(1, rel=1e-12)
    assert margin(price, difficulty, dearest) == pytest.approx(1, rel=1e-12)


def test_a_kwh_of_site_draw_earns_less_by_cooling_and_by_the_pool():
    bare = mining.mined_kwh_value_usd(60.0, 20.0, 0.0, 1.0)
    assert bare == pytest.approx(0.125, rel=1e-15)  # 60 / (20 · 24)
    assert mining.mined_kwh_value_usd(60.0, 20.0, 0.02, 1.05) == pytest.approx(0.125 * 0.98 / 1.05, rel=1e-15)
    assert mining.mined_kwh_value_usd(60.0, 20.0, 1.0, 1.05) == 0.0


def test_a_mined_kwh_is_worth_the_coins_it_mines():
    # the same kWh the long way round: one kW at 25 J/TH for an hour
    coins = mining.expected_btc(1000 / 25, 3600, 1.2e14, 3.125, 0.05)
    hashprice = mining.hashprice_usd_per_ph_day(80_000, 1.2e14, 3.125, 0.05)
    assert mining.mined_kwh_value_usd(hashprice, 25, 0, 1) == pytest.approx(coins * 80_000, rel=1e-13)


def test_no_difficulty_is_too_high_where_power_is_free_or_paid_for():
    answers = mining.breakeven_difficulty(20.0, [0.05, 0.0, -0.01], 1e5, 3.125)
    assert math.isfinite(answers[0])
    assert answers[1:].tolist() == [math.inf, math.inf]


def test_a_block_that_pays_nothing_makes_a_coin_infinitely_dear():
    assert mining.cost_usd_per_btc(20.0, 0.05, 1e14, [0.0, 3.125])[0] == math.inf
    assert mining.breakeven_price_usd(20.0, 0.05, 1e14, 3.125, 0.0, 1.0) == math.inf


def test_arguments_broadcast_and_scalars_stay_scalars():
    grid = mining.hashprice_usd_per_ph_day(np.array([[5e4], [1e5]]), np.array([1e14, 2e14, 4e14]), 3.125)
    one = mining.hashprice_usd_per_ph_day(1e5, 2e14, 3.125)
    assert grid.shape == (2, 3)
    assert grid[1, 1] == one
    assert isinstance(one, float)
    assert isinstance(mining.breakeven_price_usd(20, 0.05, 1e14, 3.125), float)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: mining.expected_btc(1, 1, 0, 3.125), "difficulty"),
        (lambda: mining.expected_btc(1, 1, math.nan, 3.125), "difficulty"),
        (lambda: mining.expected_btc(-1, 1, 1, 3.125), "hashrate_ths"),
        (lambda: mining.expected_btc(1, math.inf, 1, 3.125), "seconds"),
        (lambda: mining.expected_btc(1, 1, 1, -1), "subsidy_btc"),
        (lambda: mining.expected_btc(1, 1, 1, 1, [0, -1]), "fees_btc"),
        (lambda: mining.expected_btc("a lot", 1, 1, 1), "hashrate_ths"),
        (lambda: mining.network_hashrate_ths(-5), "difficulty"),
        (lambda: mining.hashprice_usd_per_ph_day(-1, 1, 1), "price_usd"),
        (lambda: mining.hashcost_usd_per_ph_day(0, 0.05), "efficiency_j_per_th"),
        (lambda: mining.hashcost_usd_per_ph_day(20, math.nan), "usd_per_kwh"),
        (lambda: mining.mined_kwh_value_usd(60, 20, 1.5, 1), "pool_fee_frac"),
        (lambda: mining.mined_kwh_value_usd(60, 20, 0.02, 0), "pue"),
    ],
)
def test_impossible_figures_are_refused_by_name(call, field):
    with pytest.raises(ValidationError) as caught:
        call()
    assert caught.value.field == field
    assert caught.value.expected


# The chain itself


@needs_data
@pytest.mark.data
def test_coins_issued_since_2009_follow_the_schedule_day_by_day():
    days = pd.read_csv(Path(FOLDER) / "btc_chain_daily_2009_2024.csv")
    ends = days["blocks"].cumsum().to_numpy().astype(int)
    issued = np.append(0, np.cumsum(mining.subsidy_sats(np.arange(ends[-1]))))
    schedule = np.diff(issued[np.append(0, ends)])
    claimed = np.rint(days["subsidy_btc"] * 1e8).astype(np.int64)
    unclaimed = pd.Series((schedule - claimed).to_numpy(), index=days["date"])
    # a miner may claim less than is due and never more; two blocks are known for it: 501,726 took nothing, 526,591 half
    assert (unclaimed >= 0).all()
    assert unclaimed["2017-12-30"] == 12.5e8
    assert unclaimed["2018-06-08"] == 6.25e8
    assert (unclaimed["2021-01-01":] == 0).all()  # 210,000 blocks and a halving, to the satoshi
    assert (unclaimed["2009-01-03":"2010-12-31"] == 0).all()
    assert unclaimed.sum() == pytest.approx(28.955e8, abs=0.001e8)


@needs_data
@pytest.mark.data
@pytest.mark.parametrize("date", ["2012-11-28", "2016-07-09", "2020-05-11", "2024-04-19"])
def test_the_day_of_a_halving_is_split_at_its_block(date):
    days = pd.read_csv(Path(FOLDER) / "btc_chain_daily_2009_2024.csv", index_col="date")
    end = int(days["blocks"].cumsum()[date])
    heights = np.arange(end - int(days["blocks"][date]), end)
    sats = mining.subsidy_sats(heights)
    assert len(set(sats.tolist())) == 2
    assert sats.sum() / 1e8 == days["subsidy_btc"][date]
