"""The rule of `dispatch` compiled, an hour after the other. Imported late: numba takes a third of a second to load."""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pair = tuple[float, float]
Three = tuple[float, float, float]
SPECK = 1e-9  # of a machine: what rounding may lack of a whole one
_series, _steps = (types.Array(types.float64, n, "C", readonly=True) for n in (1, 2))
_flows = types.Array(types.float64, 2, "C")


@njit(cache=True, nogil=True)
def _above(h: int, buy: float, sell: float, step_kw: Array, worth_usd: Array) -> Three:
    """The fleet from its best step down to what is worth more than selling, than buying, than nothing [kW]."""
    above_sell = above_buy = above_0 = 0.0
    for k in range(step_kw.shape[0]):
        kw, worth = step_kw[k, h], worth_usd[k, h]
        above_sell += kw if worth > 0.0 and worth >= sell else 0.0
        above_buy += kw if worth > buy else 0.0
        above_0 += kw if worth > 0.0 else 0.0
    return above_sell, above_buy, above_0


@njit(cache=True, nogil=True)
def _worth(h: int, mined: float, step_kw: Array, worth_usd: Array) -> float:
    """What a draw earns, loaded from the best step on [USD/h]."""
    earned, down = 0.0, 0.0
    for k in range(step_kw.shape[0]):
        earned += worth_usd[k, h] * min(max(mined - down, 0.0), step_kw[k, h])
        down += step_kw[k, h]
    return earned


@njit(cache=True, nogil=True)
def _earned(
    h: int, pv: float, prices: Pair, first_cap: float, above: Three, caps: Pair, step_kw: Array, worth_usd: Array
) -> float:
    """USD/h when sun serves the first steps, then sales, then the other steps, and the grid the rest; the battery apart."""
    buy, sell = prices
    export_cap, bought_cap = caps
    own = min(pv, first_cap)
    sold = min(pv - own, export_cap)
    own += min(pv - own - sold, above[2] - first_cap)
    bought = min(bought_cap, max(above[1] - own, 0.0)) if sold == 0.0 else 0.0
    return _worth(h, own + bought, step_kw, worth_usd) + sell * sold - buy * bought


@njit(cache=True, nogil=True)
def _saved(h: int, buy: float, first_cap: float, bought_cap: float, step_kw: Array, worth_usd: Array) -> float:
    """Worth of a stored kWh: that of the best step which the grid leaves unserved, or what it saves of buying."""
    if bought_cap >= first_cap:
        return float(min(worth_usd[0, h], buy))
    down = 0.0
    for k in range(step_kw.shape[0]):
        down += step_kw[k, h]
        if down > bought_cap:
            return float(worth_usd[k, h])
    return float(worth_usd[0, h])


@njit(cache=True, nogil=True)
def _worth_more_now(h: int, kept: float, first_cap: float, step_kw: Array, worth_usd: Array) -> float:
    """The steps beyond the first use that are worth no less than a stored kWh [kW]."""
    taken, down = 0.0, 0.0
    for k in range(step_kw.shape[0]):
        begin = max(down, first_cap)
        down += step_kw[k, h]
        if worth_usd[k, h] > 0.0 and worth_usd[k, h] >= kept and down > begin:
            taken += down - begin
    return taken


@njit(cache=True, nogil=True)
def _part_of_a_machine(h: int, mined: float, step_kw: Array, whole_kw: Array) -> float:
    """What a draw has beyond whole machines, in the step that is loaded last [kW]."""
    for k in range(step_kw.shape[0]):
        kw, one = step_kw[k, h], whole_kw[k, h]
        if mined < kw:
            return max(mined - np.floor(mined / one + SPECK) * one, 0.0) if one > 0.0 else 0.0
        mined -= kw
    return 0.0


@njit(types.void(*[_series] * 5, *[_steps] * 3, _series, _flows), cache=True, nogil=True)
def year(
    pv_kw: Array,
    buy_usd: Array,
    sell_usd: Array,
    import_limit_kw: Array,
    export_limit_kw: Array,
    step_kw: Array,
    worth_usd: Array,
    whole_kw: Array,
    storage: Array,
    out: Array,
) -> None:
    """Write the flows (7, hours) of a year. `storage`: the five figures of `Storage` and the price of wear."""
    low, high, power, way, soc, wear = storage[0], storage[1], storage[2], storage[3], storage[4], storage[5]
    for h in range(pv_kw.size):
        pv, buy = pv_kw[h], buy_usd[h]
        export_cap = export_limit_kw[h] if sell_usd[h] > 0.0 else 0.0
        sell = sell_usd[h] if export_cap > 0.0 else 0.0
        above = _above(h, buy, sell, step_kw, worth_usd)
        first_cap, above_buy, above_0 = above
        miners_first = step_kw.shape[0] > 0 and worth_usd[0, h] >= sell
        bought_cap = min(import_limit_kw[h], above_buy)
        if buy < sell and bought_cap > 0.0:
            wider, bought_now = max(first_cap, min(above_buy, above_0)), bought_cap if miners_first else 0.0
            usual = _earned(h, pv, (buy, sell), first_cap, above, (export_cap, bought_now), step_kw, worth_usd)
            buying = _earned(h, pv, (buy, sell), wider, above, (export_cap, bought_cap), step_kw, worth_usd)
            if buying > usual:
                first_cap, miners_first = wider, True
        if not miners_first:
            first_cap, bought_cap = 0.0, 0.0
        own = min(pv, first_cap)
        left, valuable = pv - own, 0.0
        if miners_first:
            later, gap = _saved(h, buy, first_cap, bought_cap, step_kw, worth_usd), first_cap - own
            valuable = max(min(above_buy, first_cap) - own, 0.0)
        else:
            later, gap = sell, max(export_cap - left, 0.0)
        kept = (later - wear) * way * way
        before = (export_cap if sell >= kept else 0.0) + _worth_more_now(h, kept, first_cap, step_kw, worth_usd)
        charge = max(0.0, min(min(max(left - before, 0.0), power), (high - soc) / way))
        covered = min(bought_cap, valuable)
        wanted = valuable - covered if covered < valuable else gap
        if wear > 0.0 and later <= wear:
            wanted = 0.0
        discharge = max(0.0, min(min(wanted, power), (soc - low) * way))
        left -= charge
        sold = min(left, export_cap)
        lower = min(left - sold, max(above_0 - first_cap, 0.0))
        curtailed = left - sold - lower
        mined = own + lower + (discharge if miners_first else 0.0)
        imported = min(bought_cap, max(above_buy - mined, 0.0)) if sold == 0.0 else 0.0
        mined += imported
        sold += 0.0 if miners_first else discharge
        spare = _part_of_a_machine(h, mined, step_kw, whole_kw)
        if spare > 0.0:  # given back, first to the grid, then to the battery, then to the sun
            mined -= spare
            unbought = min(spare, imported)
            undrawn = min(spare - unbought, discharge) if miners_first else 0.0
            spare, imported, discharge = spare - unbought - undrawn, imported - unbought, discharge - undrawn
            stored = max(0.0, min(min(spare, power - charge), (high - soc) / way - charge)) if discharge == 0.0 else 0.0
            more = min(spare - stored, export_cap - sold) if imported == 0.0 else 0.0
            charge, sold, curtailed = charge + stored, sold + more, curtailed + spare - stored - more
        soc = min(max(soc + charge * way - discharge / way, low), high)
        out[0, h], out[1, h], out[2, h], out[3, h] = mined, charge, discharge, soc
        out[4, h], out[5, h], out[6, h] = imported, sold, curtailed
