"""Coins in the books: held, sold and spread by luck; identities to the satoshi and the cent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import CalculationError
from core.inputs import Market, Weather
from core.models.payouts import no_block_probability
from core.results import Projection
from core.scenario import Scenario
from core.studies.projection import project

pytestmark = pytest.mark.usefixtures("kernel")

SATOSHI, CENT = 1e-8, 0.01
RULES = ("hold_share", "cover_costs", "above_price")


def answer(changes: dict[str, Any], weather: Weather, market: Market) -> Projection:
    return project(Scenario().but(changes), weather, market)


def test_as_it_stands_coins_are_sold_as_mined(greensboro: Weather, market: Market) -> None:
    months = answer({}, greensboro, market).monthly
    assert months["sold_btc"].equals(months["mined_btc"].rename("sold_btc"))
    assert months["coin_sales_usd"].equals(months["mining_revenue_usd"].rename("coin_sales_usd"))
    for name in ("held_btc", "held_usd", "exchange_fee_usd", "coin_gain_usd", "long_coin_gain_usd", "payout_sd_btc"):
        assert (months[name] == 0).all(), name


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("lots", ["fifo", "hifo"])
def test_every_satoshi_and_cent_is_in_the_books(rule: str, lots: str, greensboro: Weather, market: Market) -> None:
    plan = {
        "outlook.treasury.rule": rule,
        "outlook.treasury.lots": lots,
        "outlook.treasury.sell_above_usd": 120_000.0,
        "outlook.treasury.sales_pay_fee": True,
        "finance.horizon_years": 6,
    }
    result = answer(plan, greensboro, market)
    months, sold_all = result.monthly, answer({"finance.horizon_years": 6}, greensboro, market).monthly
    assert months["mined_btc"].equals(sold_all["mined_btc"])
    gone = months["sold_btc"].cumsum() + months["held_btc"]
    assert np.abs(gone - months["mined_btc"].cumsum()).max() <= SATOSHI
    assert months["held_btc"].iloc[-1] == 0
    assert (months["held_btc"] > 0).any()
    gross = months["pool_fee_btc"].sum() + months["mined_btc"].sum()
    assert months["pool_fee_btc"].sum() == pytest.approx(0.02 * gross, rel=1e-12)
    gain = months["coin_sales_usd"].sum() - months["exchange_fee_usd"].sum() - months["mining_revenue_usd"].sum()
    assert months["coin_gain_usd"].sum() == pytest.approx(gain, abs=len(months) * CENT)  # income in whole cents
    fee = 0.0025 * months["coin_sales_usd"]  # each month's in whole cents
    assert months["exchange_fee_usd"].to_numpy() == pytest.approx(fee.to_numpy(), abs=CENT / 2 + 1e-9)
    moved = months["net_cash_usd"] - sold_all["net_cash_usd"]
    by_sales = months["coin_sales_usd"] - months["exchange_fee_usd"] - sold_all["coin_sales_usd"]
    assert moved.to_numpy() == pytest.approx(by_sales.to_numpy(), abs=1e-6)


def test_half_of_each_month_is_kept_to_the_end(greensboro: Weather, market: Market) -> None:
    months = answer(
        {"outlook.treasury.rule": "hold_share", "outlook.treasury.hold_frac": 0.5}, greensboro, market
    ).monthly
    assert months["held_btc"][:-1].to_numpy() == pytest.approx(
        months["mined_btc"].cumsum()[:-1].to_numpy() / 2, abs=120 * SATOSHI
    )
    assert months["held_usd"].to_numpy() == pytest.approx(
        (months["held_btc"] * months["price_usd"]).to_numpy(), rel=1e-12
    )
    assert months["long_coin_gain_usd"].iloc[-1] > 0.5 * months["coin_gain_usd"].iloc[-1] > 0  # price has risen


def test_costs_are_covered_and_no_more_while_coins_last(greensboro: Weather, market: Market) -> None:
    plan = {"outlook.treasury.rule": "cover_costs", "finance.horizon_years": 4, "grid.import_limit_kw": 100.0}
    months = answer(plan, greensboro, market).monthly
    short = (months["held_btc"] == 0) & (months["net_cash_usd"] < -CENT)
    covered = ~short & (months["coin_sales_usd"] > 0) & (months.index < 47)
    assert covered.sum() > 24
    cost = months["net_cash_usd"][covered]
    assert ((cost >= 0) & (cost <= 3 * CENT)).all()


def test_nothing_is_sold_below_the_price(greensboro: Weather, market: Market) -> None:
    level = 110_000.0
    plan = {
        "outlook.treasury.rule": "above_price",
        "outlook.treasury.sell_above_usd": level,
        "outlook.price_usd": 80_000.0,
    }
    months = answer(plan, greensboro, market).monthly
    below = months["price_usd"] < level
    assert 12 < below.sum() < 60
    assert (months["sold_btc"][below] == 0).all()
    assert (months["held_btc"][~below] == 0).all()


def test_the_year_shows_what_is_held_at_its_end(greensboro: Weather, market: Market) -> None:
    result = answer({"outlook.treasury.rule": "hold_share"}, greensboro, market)
    for name in ("held_btc", "held_usd"):
        assert result.yearly[name][1:].to_numpy() == pytest.approx(result.monthly[name][11::12].to_numpy(), rel=1e-15)


def test_schemes_pay_the_same_and_differ_in_luck(greensboro: Weather, market: Market) -> None:
    result = {
        scheme: answer({"outlook.payout.scheme": scheme, "finance.horizon_years": 2}, greensboro, market)
        for scheme in ("fpps", "pplns", "solo")
    }
    months = {scheme: r.monthly for scheme, r in result.items()}
    for scheme in ("pplns", "solo"):
        assert months[scheme]["mined_btc"].equals(months["fpps"]["mined_btc"])
    one = months["solo"]
    reward = one["subsidy_btc"] + market.fees_btc_per_block.value
    blocks = one["mined_btc"] / reward / 0.98
    assert one["payout_sd_btc"].to_numpy() == pytest.approx((np.sqrt(blocks) * reward * 0.98).to_numpy(), rel=1e-9)
    assert one["no_block_probability_frac"].to_numpy() == pytest.approx(
        no_block_probability(blocks.to_numpy()), rel=1e-9
    )
    assert (months["fpps"]["payout_sd_btc"] == 0).all()
    assert (months["pplns"]["payout_sd_btc"] < 0.05 * one["payout_sd_btc"]).all()
    assert (months["pplns"]["payout_sd_btc"] > 0).all()
    year = result["solo"].yearly.iloc[1]
    assert year["payout_sd_btc"] == pytest.approx(np.sqrt((one["payout_sd_btc"][:12] ** 2).sum()), rel=1e-12)
    assert year["no_block_probability_frac"] == pytest.approx(np.exp(-blocks[:12].sum()), rel=1e-9)


def test_a_pool_of_ones_own_has_all_the_luck(greensboro: Weather, market: Market) -> None:
    plan = {"finance.horizon_years": 1, "outlook.payout.pool_hashrate_ths": 1.0, "outlook.payout.window_blocks": 0.0}
    own, solo = (
        answer({**plan, "outlook.payout.scheme": s}, greensboro, market).monthly["payout_sd_btc"]
        for s in ("pplns", "solo")
    )
    assert own.to_numpy() == pytest.approx(solo.to_numpy(), rel=1e-12)


def test_prices_beyond_whole_cents_are_named(greensboro: Weather, market: Market) -> None:
    plan = {"outlook.treasury.rule": "hold_share", "outlook.price_usd": 9e8, "outlook.price_growth_per_year": 1.0}
    with pytest.raises(CalculationError) as caught:
        answer(plan, greensboro, market)
    assert caught.value.field == "price_usd"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rule=st.sampled_from(["sell_all", *RULES]),
    lots=st.sampled_from(["fifo", "hifo"]),
    scheme=st.sampled_from(["fpps", "pplns", "solo"]),
    refresh=st.sampled_from(["never", "age", "unprofitable"]),
    cells=st.sampled_from(["never", "replace", "augment"]),
    numbers=st.tuples(st.floats(0, 1), st.floats(0, 1e6), st.floats(0.25, 3), st.floats(0, 5), st.integers(0, 3)),
    price=st.floats(0, 1e6),
    growth=st.floats(-0.5, 1),
)
def test_any_renewal_and_treasury_gives_finite_books_that_add_up(
    rule: str, lots: str, scheme: str, refresh: str, cells: str, numbers: tuple[float, float, float, float, int],
    price: float, growth: float, greensboro: Weather, market: Market,
) -> None:  # fmt: skip
    hold, level, age, failures, times = numbers
    plan = {
        "outlook.treasury.rule": rule, "outlook.treasury.lots": lots, "outlook.treasury.hold_frac": hold,
        "outlook.treasury.sell_above_usd": level, "outlook.payout.scheme": scheme, "outlook.price_usd": price,
        "outlook.price_growth_per_year": growth, "fleet.refresh.rule": refresh, "fleet.refresh.age_years": age,
        "fleet.refresh.times": times, "fleet.failures.rate_per_year": failures, "fleet.resale.realised_frac": hold,
        "battery.energy_kwh": 300.0, "battery.power_kw": 100.0, "battery.calendar_fade_frac_per_year": 0.12,
        "battery.replacement.rule": cells, "finance.horizon_years": 4,
    }  # fmt: skip
    result = answer(plan, greensboro, market)
    months = result.monthly
    assert np.isfinite(months.drop(columns="month").to_numpy()).all()
    assert (months["held_btc"] >= 0).all()
    assert months["held_btc"].iloc[-1] == 0
    assert abs(months["sold_btc"].sum() - months["mined_btc"].sum()) <= SATOSHI
    assert (months[["refresh_usd", "repair_usd", "resale_usd", "battery_renewal_usd"]] >= 0).all().all()
    assert (months["machines_kw"] <= Scenario().fleet.units[0].count * 3.51 * (1 + 1e-12)).all()
