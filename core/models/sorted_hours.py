"""What the hours of a month come to for any light and any fleet, exactly: hours are sorted once by their sun.

Without a battery an hour needs no other hour, and what it does bends only where its power passes a ceiling: what machines
draw, what may be sold, the inverter's rating. So all it takes are sums of power held below ceilings,

    G(x) = Σ_h min(p_h, x),  p_h = min(max(slope · (light · d_h − start), 0), rating),

of hours alike in prices, limits and heat; sorted by d_h, that is a place to find and a difference of sums. It does what the
rule of dispatch does (`dispatch_rule`, without a battery, where no power is sold for more than it is bought).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]
BOUGHT_KWH, SOLD_KWH, BOUGHT_USD, SOLD_USD, PV_KWH = range(5)  # of what is told beside the steps
TOLD = 5
BUCKETS = 4096  # of a group, by which a place is found nearly always at once


class Inverter(NamedTuple):
    """AC power = slope · (DC power − start), from 0 to the rating [kW]."""

    slope: float
    start_kw: float
    rating_kw: float


class Groups(NamedTuple):
    """Hours that are alike but for their sun, (groups,) or (steps, groups).

    Where nothing can be bought the price to buy is infinite, where nothing can be sold both price and limit are 0.
    `dc_kw`: the hours with sun of one group after the other, sorted, each group closed by an infinite one at its place `ends`;
    `sums`: of the finite ones before a place. `hours` with those without sun; `month` 0 … 11; prices [USD/kWh] and limits [kW] of the grid; `draw_kw` of
    the whole fleet at the site; `worth` of a kWh of site draw over that of the first step [1]; `pue` [1].
    `bucket_per_kw`, `first` (groups, BUCKETS): for each stretch of DC power the first place in it.
    """

    ends: Whole
    dc_kw: Floats
    sums: Floats
    hours: Floats
    month: Whole
    buy_usd_per_kwh: Floats
    sell_usd_per_kwh: Floats
    import_kw: Floats
    export_kw: Floats
    draw_kw: Floats
    worth: Floats
    pue: Floats
    bucket_per_kw: Floats
    first: NDArray[np.int32]


def groups(dc_kw: Floats, number: NDArray[np.intp], of_group: dict[str, Floats]) -> Groups:
    """Hours (hours,) sorted into groups by their number; `of_group`: the other fields of `Groups`, by group."""
    count = len(of_group["month"])
    parts = [np.append(np.sort(dc_kw[(number == group) & (dc_kw > 0)]), np.inf) for group in range(count)]
    ordered = np.concatenate(parts)
    ends = np.cumsum([len(part) for part in parts]) - 1
    bucket_per_kw, first = _buckets(parts)
    begins = np.append(0, ends[:-1] + 1)
    rest = {**of_group, "month": of_group["month"].astype(np.int64)}
    return Groups(
        ends=ends.astype(np.int64), dc_kw=ordered,
        sums=np.append(0.0, np.cumsum(np.where(np.isinf(ordered), 0.0, ordered))[:-1]),
        hours=np.bincount(number, minlength=count).astype(np.float64),
        bucket_per_kw=bucket_per_kw, first=(first + begins[:, None]).astype(np.int32),
        **{name: np.ascontiguousarray(values) for name, values in rest.items()},
    )  # fmt: skip


def _buckets(parts: list[Floats]) -> tuple[Floats, Whole]:
    """Buckets per kW of each group, and the first place of each bucket, counted in the group."""
    per_kw, first = np.zeros(len(parts)), np.zeros((len(parts), BUCKETS), np.int64)
    for group, part in enumerate(parts):
        per_kw[group] = (BUCKETS - 1) / part[-2] if len(part) > 1 else 0.0
        bucket = np.minimum(part[:-1] * per_kw[group], BUCKETS - 1.0).astype(np.int64)
        first[group] = np.searchsorted(bucket, np.arange(BUCKETS))
    return per_kw, first


def told(
    sorted_hours: Groups, inverter: Inverter, light: Floats, worth: Floats, alive: Floats, *, compiled: bool = True
) -> Floats:
    """Energy and money of a year by month, (steps + TOLD, 12, paths): what machines draw in each step, cooling apart,
    import, export [kWh], both at the hours' prices [USD], solar energy [kWh].

    light (paths,) over that of the hours; worth (12, paths) of a kWh that machines draw in the first step, over the index of
    power prices [USD]; alive (12, paths): draw of the machines that run over the whole fleet's.
    """
    steps = len(sorted_hours.draw_kw)
    out = np.zeros((steps + TOLD, *worth.shape))
    if compiled and is_compiled():
        values = (np.ascontiguousarray(value, np.float64) for value in (light, worth, alive))
        _kernel()(*sorted_hours, *inverter, *values, out)
        return out
    for group, month in enumerate(sorted_hours.month):
        _add(sorted_hours, inverter, group, light, worth[month], alive[month], out[:, month])
    return out


def _add(
    hours: Groups, inverter: Inverter, group: int, light: Floats, worth: Floats, alive: Floats, out: Floats
) -> None:
    """Add a group's hours to the sums of its month, (steps + TOLD, paths).

    Machines are served by the sun up to a height, and up to a lower one by the grid where the sun does not reach it; then
    power is sold; what is left serves the rest of the machines that are worth anything.
    """
    buy, sell, limit, sold_kw, pue, count = (
        values[group]
        for values in (
            hours.buy_usd_per_kwh, hours.sell_usd_per_kwh, hours.import_kw, hours.export_kw, hours.pue, hours.hours,
        )
    )  # fmt: skip
    draw, usd = (
        np.multiply.outer(values[:, group], of) for values, of in ((hours.draw_kw, alive), (hours.worth, worth))
    )
    served = np.where(usd > 0, draw, 0.0).sum(axis=0)
    first = np.minimum(np.where(usd >= sell, draw, 0.0).sum(axis=0), served)
    bought = np.where(usd > buy, draw, 0.0).sum(axis=0)

    def below(ceiling: Floats) -> Floats:
        return held_below(hours, inverter, group, light, ceiling)

    def reached(height: Floats) -> Floats:
        """Energy that machines draw up to a height."""
        grid = np.minimum(height, bought)
        lacking = np.maximum(grid - limit, 0.0)
        sun = below(np.clip(height, bought, first)) - below(bought)
        late = below(sold_kw + np.maximum(height, first)) - below(sold_kw + first)
        return np.asarray(count * (grid - lacking) + below(lacking) + sun + late)

    heights = [np.zeros(light.shape), *(np.minimum(above, served) for above in np.cumsum(draw, axis=0))]
    steps, lacking = len(draw), np.maximum(bought - limit, 0.0)
    out[:steps] += np.diff([reached(height) for height in heights], axis=0) / pue
    imported = count * (bought - lacking) - below(bought) + below(lacking)
    exported = below(first + sold_kw) - below(first)
    out[steps + BOUGHT_KWH] += imported
    out[steps + SOLD_KWH] += exported
    out[steps + BOUGHT_USD] += imported * (buy if limit > 0 else 0.0)
    out[steps + SOLD_USD] += exported * sell
    out[steps + PV_KWH] += below(np.full(light.shape, inverter.rating_kw))


def held_below(hours: Groups, inverter: Inverter, group: int, light: Floats, ceiling: Floats) -> Floats:
    """G(ceiling) of a group's hours for each light, (paths,) [kWh]."""
    start, end = hours.ends[group - 1] + 1 if group else 0, hours.ends[group]
    dc_kw, top = hours.dc_kw[start:end], np.clip(ceiling, 0.0, inverter.rating_kw)
    with np.errstate(divide="ignore"):
        first = start + np.searchsorted(dc_kw, inverter.start_kw / light, side="right")
        last = start + np.searchsorted(dc_kw, (top / inverter.slope + inverter.start_kw) / light)
    last = np.maximum(first, last)
    rising = light * (hours.sums[last] - hours.sums[first]) - inverter.start_kw * (last - first)
    return np.asarray(inverter.slope * rising + (end - last) * top)


@cache
def _kernel() -> Callable[..., None]:
    from core.models import sorted_hours_kernel

    return sorted_hours_kernel.told()


def compile_kernel() -> None:
    """Make the kernel ready: some seconds the first time on a machine, then from disk; numpy answers meanwhile."""
    _kernel()


def is_compiled() -> bool:
    return _kernel.cache_info().currsize > 0
