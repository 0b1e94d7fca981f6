"""Money in cents and coins in satoshi, never a unit more or less than was meant."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ValidationError
from core.store.amounts import btc_of, cents, plain_json, sats, usd_of

BITCOINS_EVER = 2_099_999_997_690_000  # satoshi: the sum of the subsidies of all blocks, 50 BTC halved every 210,000


@pytest.mark.parametrize(
    ("usd", "whole"),
    [(0.29, 29), (2.675, 268), (1.005, 100), (-0.005, 0), (-1.15, -115), (0.0, 0), (3, 300), (1e15, 10**17)],
)
def test_cents_are_those_of_the_decimal_a_person_reads(usd: float, whole: int) -> None:
    """Truncation makes 28 of 0.29 × 100; rounding the binary number makes 2.67 of 2.675."""
    assert cents(usd, "x") == whole


def test_satoshi_are_exact_up_to_all_there_will_ever_be() -> None:
    assert sats(1.13, "x") == 113_000_000
    assert sats(btc_of(BITCOINS_EVER), "x") == BITCOINS_EVER


def test_a_thousand_random_amounts_come_back_exactly() -> None:
    draw = random.Random(13)
    for _ in range(1000):
        money, coins = draw.randrange(-(10**14), 10**14), draw.randrange(BITCOINS_EVER)
        assert cents(usd_of(money), "x") == money
        assert sats(btc_of(coins), "x") == coins


@given(st.floats(min_value=-1e15, max_value=1e15))
def test_cents_agree_with_decimal_arithmetic(usd: float) -> None:
    expected = Decimal(str(usd)).quantize(Decimal("0.01"), ROUND_HALF_EVEN) * 100
    assert cents(usd, "x") == expected
    assert cents(np.float64(usd), "x") == expected


def test_nothing_stays_nothing() -> None:
    assert cents(None, "x") is sats(None, "x") is usd_of(None) is btc_of(None) is None


@pytest.mark.parametrize(
    "amount",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        Decimal("12345678901234567.89"),
        2**63,
        -(2**63),
        1e300,
        "12,5",
        "12.5",
        True,
        1j,
    ],
)
def test_what_is_no_amount_is_refused_with_its_field(amount: Any) -> None:
    """DB-13."""
    for whole in (cents, sats):
        with pytest.raises(ValidationError) as refused:
            whole(amount, "price_usd")
        assert refused.value.field == "price_usd"
        assert refused.value.expected


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), np.int64(1), Decimal(1), b"x", {1}, object()])
def test_json_refuses_by_place_what_it_would_bend(wrong: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        plain_json({"a": [1, {"b": wrong}]}, "root")
    assert refused.value.field == "root.a.1.b"


def test_json_keeps_order_letters_and_the_last_bit() -> None:
    assert plain_json({"b": 0.1 + 0.2, "a": "é🌞", "n": None, "t": (1, True)}, "x") == (
        '{"b": 0.30000000000000004, "a": "é🌞", "n": null, "t": [1, true]}'
    )
