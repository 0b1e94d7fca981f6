"""Series by day: what a hash earned, and days added to a history."""

from __future__ import annotations

import numpy as np

from core.models.mining import hashprice_usd_per_ph_day
from core.world import MarketHistory, Series


def hashprice(history: MarketHistory) -> Series:
    """What a PH/s earned on each day, before the pool's fee [USD per PH/s and day]."""
    columns = (
        np.array(c) for c in (history.price_usd, history.difficulty, history.subsidy_btc, history.fees_btc_per_block)
    )
    earned = hashprice_usd_per_ph_day(*columns)
    return Series(history.days, tuple(float(value) for value in earned))


def extended(series: Series, more: Series) -> Series:
    """A series with the days of another that it lacks; where both know a day, its own value stays."""
    known = dict(zip(more.days, more.values, strict=True)) | dict(zip(series.days, series.values, strict=True))
    days = tuple(sorted(known))
    return Series(days, tuple(known[day] for day in days))
