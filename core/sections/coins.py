"""How coins are paid out and sold, and what machines will be on sale."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.sections.quantity import Section, quantity


class Payout(Section):
    """How the pool pays; its fee is the outlook's. The mean is the same, the luck is not."""

    scheme: Literal["fpps", "pplns", "solo"] = Field(
        "fpps",
        title="Payout scheme",
        description="fpps: every share at its mean worth; pplns: a part of each block the pool finds; solo: whole blocks, or none.",
    )
    pool_hashrate_ths: float = quantity(
        5e7, "TH/s", "Hash rate of the pool", "For pplns, with this mine: a small pool has more luck to share.", 1, 1e15
    )
    window_blocks: float = quantity(
        8.0, "blocks", "Window", "For pplns: shares of how many blocks' work are paid by each block.", 0, 10_000
    )


class Treasury(Section):
    """What is done with mined coins. Whatever is held is sold in the last month."""

    rule: Literal["sell_all", "hold_share", "cover_costs", "above_price"] = Field(
        "sell_all",
        title="Coins",
        description="sell_all: as mined; hold_share: a share is kept; cover_costs: no more is sold than the month's costs need; above_price: sold in months at or above a price.",
    )
    hold_frac: float = quantity(0.5, "1", "Share held", "For hold_share: of each month's coins.", 0, 1)
    sell_above_usd: float = quantity(150_000.0, "USD", "Sold above", "For above_price: bitcoin price.", 0, 9e8)
    lots: Literal["fifo", "hifo"] = Field(
        "fifo", title="Lots", description="Which coins a sale takes: fifo the oldest, hifo the dearest."
    )
    sales_pay_fee: bool = Field(
        False, title="Sales pay the exchange fee", description="Whether the outlook's exchange fee is taken from sales."
    )


class Hardware(Section):
    """The machines that will be on sale: one curve for renewing the fleet, for resale and for the network."""

    as_of: str = Field(
        "2026-11",
        title="Hardware as of",
        description="Month, YYYY-MM, for which the two figures below hold.",
        pattern=r"^20\d\d-(0[1-9]|1[0-2])$",
    )
    efficiency_j_per_th: float = quantity(11.0, "J/TH", "Newest machine", "Air-cooled; the best on sale.", 0.01, 1000)
    improvement_per_year: float = quantity(
        0.24, "1/yr", "Improvement of J/TH", "Logarithmic: 0.24 is 21 % less a year; usual from 2014 to 2024.", 0, 1
    )
    improvement_fade_years: float = quantity(
        8.0, "yr", "Improvement fades over", "Years in which it falls to 37 %; 0: it never fades.", 0, 100
    )
    price_usd_per_th: float = quantity(
        14.6, "USD/TH", "Price of the newest", "Per TH/s; broker's asks of the second half of 2026.", 0, 1e4
    )
    price_decline_frac_per_year: float = quantity(
        0.15, "1/yr", "Price decline", "Of the newest machine per TH/s; a given model falls faster.", 0, 1
    )
    class_exponent: float = quantity(
        2.0, "1", "Price by class", "Price goes with (newest J/TH over the machine's) to this power.", 0, 6
    )
