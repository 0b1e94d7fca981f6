"""The arithmetic of a meter's bill: tiers and blocks, the ratchet, kWh and money carried from month to month."""

from __future__ import annotations

import numpy as np

from core.models.clock import MONTHS, Flags, Floats, Whole
from core.sections.tariff import DemandPeriod, EnergyPeriod, Ratchet


def tier_usd(period: EnergyPeriod, kwh: Floats, peak_kw: Floats, days: Floats) -> Floats:
    """What a month's energy, (…, 12) [kWh], costs tier by tier [USD]. A tier that ends below the one before is empty.

    Σ_tiers max(min(kwh, end) − end of the one before, 0) · price.

    Ends in kWh, or in kWh per kW of the month's peak_kw or per day. Source: SAM (NREL/ssc), lib_utility_rate.
    """
    usd, low = np.zeros(np.broadcast_shapes(kwh.shape, peak_kw.shape)), np.zeros(())
    for tier in period.tiers:
        if tier.up_to is None:
            high: Floats = np.full((), np.inf)
        else:
            high = np.asarray(tier.up_to, dtype=np.float64)
            high = high * peak_kw if tier.unit.startswith("kwh_per_kw") else high
            high = np.maximum(high * days if tier.unit.endswith("_day") else high, low)
        usd = usd + np.maximum(np.minimum(kwh, high) - low, 0.0) * tier.usd_per_kwh
        low = high
    return usd


def block_usd(period: DemandPeriod, kw: Floats) -> Floats:
    """What a month's peak, (…, 12) [kW], costs block by block [USD].

    Σ_blocks max(min(kw, end) − end of the one before, 0) · price.

    Source: SAM (NREL/ssc), lib_utility_rate.
    """
    usd, low = np.zeros(kw.shape), 0.0
    for tier in period.tiers:
        high = np.inf if tier.up_to_kw is None else tier.up_to_kw
        usd = usd + np.maximum(np.minimum(kw, high) - low, 0.0) * tier.usd_per_kw
        low = high
    return usd


def billed_kw(ratchet: Ratchet, peak_kw: Floats, before_kw: Floats | None, months: Whole) -> Floats:
    """The demand that is billed, (…, 12): the peak, but no less than the ratchet's share of those looked back on.

    max(peak, least, share · highest peak of the months looked back on).

    `before_kw` (…, 12): peaks of the twelve months before; none where the connection is new. `months` (12,): the
    calendar's, 0 to 11. The own month is within what it is compared with, as a share of it is below it anyway.
    Source: OpenEI, URDB, demand ratchet.
    """
    billed = np.maximum(peak_kw, ratchet.least_kw)
    if not ratchet.shares_frac:
        return billed
    counts = np.isin(months + 1, ratchet.peak_months) if ratchet.peak_months else np.ones(MONTHS, dtype=np.bool_)
    old = np.zeros_like(peak_kw) if before_kw is None else np.broadcast_to(before_kw, peak_kw.shape)
    seen = np.concatenate([old * counts, peak_kw * counts], axis=-1)
    windows = np.lib.stride_tricks.sliding_window_view(seen, ratchet.look_back_months + 1, axis=-1)
    highest = windows.max(axis=-1)[..., -MONTHS:]
    shares = np.resize(np.asarray(ratchet.shares_frac), MONTHS)[months]
    least: Floats = np.maximum(billed, shares * highest)
    return least


def metered(bought: Floats, sold: Floats, present: Flags) -> tuple[Floats, Floats]:
    """Net metering: kWh billed by period and month (…, periods, 12), and kWh left over at the end (…,).

    `present` (periods, 12): whether a period occurs in a month. What a period has left serves itself in later months,
    and in months without it every other period by its use.
    Source: SAM (NREL/ssc), net metering with rollover of kWh.
    """
    net, bank = bought - sold, np.zeros(bought.shape[:-1])
    billed = np.zeros_like(bought)
    for month in range(MONTHS):
        here = present[:, month]
        after = np.where(here, net[..., month] - bank, 0.0)
        use = np.maximum(after, 0.0)
        away = np.where(here, 0.0, bank)
        owed, free = use.sum(axis=-1, keepdims=True), away.sum(axis=-1, keepdims=True)
        served = np.minimum(owed, free)
        billed[..., month] = use * (1.0 - _ratio(served, owed))
        bank = np.where(here, np.maximum(-after, 0.0), bank * (1.0 - _ratio(served, free)))
    return billed, bank.sum(axis=-1)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole, 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def paid_out(earned: Floats, owed: Floats) -> tuple[Floats, Floats]:
    """Money earned, (…, 12), set against what is owed, the rest carried over: used (…, 12), left at the end (…,).

    used = min(left + earned, owed); left = left + earned − used.

    All in USD. Source: SAM (NREL/ssc), net billing with carry-over of credit.
    """
    used, left = np.zeros_like(owed), np.zeros(owed.shape[:-1])
    for month in range(MONTHS):
        left = left + earned[..., month]
        used[..., month] = np.minimum(left, owed[..., month])
        left = left - used[..., month]
    return used, left
