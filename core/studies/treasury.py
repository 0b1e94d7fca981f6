"""What becomes of the coins: paid out by the pool, sold or held, by month."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import CalculationError, ValidationError
from core.models import mining, payouts, treasury
from core.models.network import NetworkPath
from core.models.treasury import Ledger, Policy
from core.scenario import Scenario
from core.units import BLOCK_SECONDS, CENTS_PER_USD, SATS_PER_BTC

Floats = NDArray[np.float64]


def coin_lines(
    scenario: Scenario, path: NetworkPath, mined_btc: Floats, fees_btc: float, costs_usd: Floats
) -> dict[str, Floats]:
    """The coins' lines of the books, each (months,).

    mined_btc [BTC] after the pool's fee, fees_btc [BTC per block], costs_usd [USD]: what a month costs beyond its other
    income, for the rule that sells to cover it. CalculationError where prices or coins leave the range of whole satoshi
    and cents.
    """
    rule = scenario.outlook.treasury
    if rule.rule == "sell_all":
        lines = _sold_as_mined(scenario, path, mined_btc)
    else:
        lines = _lines(coin_ledger(scenario, path.price_usd, mined_btc, costs_usd), path)
    return {**lines, **_luck(scenario, path, mined_btc, fees_btc)}


def coin_ledger(scenario: Scenario, price_usd: Floats, mined_btc: Floats, costs_usd: Floats) -> Ledger:
    """Lots, sales and gains in whole satoshi and cents, under the scenario's treasury; arguments as for `coin_lines`, each
    (…, months)."""
    rule = scenario.outlook.treasury
    fee = _fee_frac(scenario)
    policy = Policy(rule.rule, rule.hold_frac, rule.sell_above_usd, fee)
    try:
        mined, price = treasury.whole_sats(mined_btc), treasury.whole_cents(price_usd)
    except ValidationError as error:
        raise CalculationError(f"coins cannot be kept: {error}", field=error.field, expected=error.expected) from None
    return treasury.ledger(mined, treasury.sold_sats(policy, mined, price, costs_usd), price, rule.lots, fee)


def _fee_frac(scenario: Scenario) -> float:
    return scenario.outlook.exchange_fee_frac if scenario.outlook.treasury.sales_pay_fee else 0.0


def _sold_as_mined(scenario: Scenario, path: NetworkPath, mined_btc: Floats) -> dict[str, Floats]:
    """No lot outlives its month: nothing to keep, and no gain but the fee."""
    nothing = np.zeros_like(mined_btc)
    worth = mined_btc * path.price_usd
    fee = worth * _fee_frac(scenario)
    return {
        "sold_btc": mined_btc,
        "held_btc": nothing,
        "coin_sales_usd": worth,
        "exchange_fee_usd": fee,
        "coin_gain_usd": 0.0 - fee,
        "long_coin_gain_usd": nothing,
        "held_usd": nothing,
    }


def _lines(book: Ledger, path: NetworkPath) -> dict[str, Floats]:
    held = book.held_sats / SATS_PER_BTC
    return {
        "sold_btc": book.sold_sats / SATS_PER_BTC,
        "held_btc": held,
        "coin_sales_usd": book.proceeds_cents / CENTS_PER_USD,
        "exchange_fee_usd": book.fee_cents / CENTS_PER_USD,
        "coin_gain_usd": book.gain_cents / CENTS_PER_USD,
        "long_coin_gain_usd": book.long_gain_cents / CENTS_PER_USD,
        "held_usd": held * path.price_usd,
    }


def _luck(scenario: Scenario, path: NetworkPath, mined_btc: Floats, fees_btc: float) -> dict[str, Floats]:
    """What the pool keeps, how far luck spreads what it pays, and the chance that a month of own hashes finds nothing."""
    fee, payout = scenario.outlook.pool_fee_frac, scenario.outlook.payout
    reward = path.subsidy_btc + fees_btc
    blocks = np.divide(mined_btc, reward * (1.0 - fee), out=np.zeros_like(mined_btc), where=reward > 0)
    if not np.isfinite(blocks).all():  # named by the check of the whole
        return dict.fromkeys(
            ("pool_fee_btc", "payout_sd_btc", "no_block_probability_frac"), np.full(len(blocks), np.nan)
        )
    network = mining.network_hashrate_ths(path.difficulty) * BLOCK_SECONDS / path.seconds
    share = np.minimum(blocks * network / payout.pool_hashrate_ths, 1.0)
    return {
        "pool_fee_btc": mined_btc * fee / (1.0 - fee),
        "payout_sd_btc": payouts.payout_sd_btc(payout.scheme, blocks, reward, fee, share, payout.window_blocks),
        "no_block_probability_frac": payouts.no_block_probability(blocks),
    }
