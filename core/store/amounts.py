"""Money and coins as whole numbers, and what else must be finite before it is kept.

SQLite would store NaN as NULL, infinity as it is, and a decimal number rounded, all without a word.
"""

from __future__ import annotations

import json
import math
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from core.errors import ValidationError
from core.units import CENTS_PER_USD, SATS_PER_BTC

LARGEST = 2**63 - 1  # what an INTEGER column holds


def cents(usd: float | None, field: str) -> int | None:
    """Whole cents in an amount [USD], None for None; ValidationError for what is no finite number or too large.

    The amount meant is the shortest decimal that reads back as `usd`, so 0.29 has 29 cents; halves go to the even cent.
    """
    return _whole(usd, CENTS_PER_USD, field)


def sats(btc: float | None, field: str) -> int | None:
    """Whole satoshi in an amount [BTC], None for None; as `cents` otherwise."""
    return _whole(btc, SATS_PER_BTC, field)


def usd_of(amount_cents: int | None) -> float | None:
    """The amount [USD] of whole cents, None for None."""
    return None if amount_cents is None else amount_cents / CENTS_PER_USD


def btc_of(amount_sats: int | None) -> float | None:
    """The amount [BTC] of whole satoshi, None for None."""
    return None if amount_sats is None else amount_sats / SATS_PER_BTC


def _whole(amount: float | None, parts: int, field: str) -> int | None:
    if amount is None:
        return None
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not math.isfinite(amount):
        raise ValidationError(
            f"{field}: expected a finite number", field=field, value=amount, expected="a finite number"
        )
    exact = Decimal(amount) if isinstance(amount, int) else Decimal(float.__repr__(amount))
    whole = int((exact * parts).to_integral_value(ROUND_HALF_EVEN))
    if abs(whole) > LARGEST:
        expected = f"at most {LARGEST // parts} either way"
        raise ValidationError(f"{field}: expected {expected}", field=field, value=amount, expected=expected)
    return whole


def plain_json(value: Any, field: str) -> str:
    """`value` as JSON; ValidationError naming the place of a number that is not finite or a thing JSON has no form for."""
    _refuse_unplain(value, field)
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def _refuse_unplain(value: Any, field: str) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_unplain(item, f"{field}.{key}")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            _refuse_unplain(item, f"{field}.{i}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValidationError(
            f"{field}: expected a finite number", field=field, value=value, expected="a finite number"
        )
    elif not (value is None or isinstance(value, bool | int | float | str)):
        expected = "text, a number, true, false or nothing"
        raise ValidationError(f"{field}: expected {expected}", field=field, value=value, expected=expected)
