"""The dated table of rules for tax credits and bonus depreciation that ships with the program."""

from __future__ import annotations

from functools import cache

from core.fetchers.bundled import rows
from core.inputs import CreditRule


@cache
def credit_rules() -> tuple[CreditRule, ...]:
    """US rules as of their own date; a preset, not advice."""
    return tuple(
        CreditRule(
            **{name: value for name, value in row.items() if name != "share_frac"}, share_frac=float(row["share_frac"])
        )
        for row in rows("tax_credits.csv")
    )
