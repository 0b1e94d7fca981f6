"""Many designs at once by the rule of dispatch: sums of each in every bin of a year, no hourly results.

All share the hours of a site: sun per kW of array, draw of one machine of each step, worth, prices and limits. A
design is an array, machines of each step, a battery and a share of the connection. Bins are any split of the hours:
months, or months by period of a tariff. Ageing stays outside: ask once a year, with each battery as it then stands.

The compiled engine takes designs 64 abreast and groups of them in several threads; a design's figures depend neither
on its neighbours nor on the number of threads. The plain engine gives the same to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.dispatch import Hours, Storage, step_flows
from core.models.dispatch_rule import Offer, choice, plant_rows, settled

Array = NDArray[np.float64]
LANES = 64
BLOCKS = 4  # of lanes at most between two looks at the clock: about a hundredth of a second
PLAIN_SIZE = 1 << 15  # hours times designs that the plain engine looks at together, so that they stay in cache
FLOWS = 5  # charge, discharge, import, export, curtailed
MONEY_AND_PEAK = 3
DC_ROW, LOW_ROW, SOC_ROW, RESERVE_ROW, IMPORT_ROW, EXPORT_ROW, MACHINES_ROW = 0, 1, 7, 8, 9, 10, 11  # of `plant_rows`


class Plants(NamedTuple):
    """Designs, arrays (n,) or what broadcasts to it; machines (steps, n). Scales are shares of the hours' limits."""

    dc_kw: ArrayLike
    machines: ArrayLike
    storage: Storage
    import_scale: ArrayLike = 1.0
    export_scale: ArrayLike = 1.0


class Sums(NamedTuple):
    """A year of n designs.

    `energy_kwh` (n, bins, steps + 5): mined in each step, then charge, discharge, import, export, curtailed. Money
    (n, bins) [USD] at the hours' prices; `peak_import_kw` (n, bins); `soc_kwh` (n,) at the end.
    """

    energy_kwh: Array
    import_usd: Array
    export_usd: Array
    peak_import_kw: Array
    soc_kwh: Array


class Stopped(Exception):
    """The caller's `tick` asked to stop."""


def sums(
    hours: Hours, plants: Plants, bin_of_hour: NDArray[np.intp], *,
    compiled: bool = True, threads: int = 2, tick: Callable[[float], bool] | None = None,
) -> Sums:  # fmt: skip
    """Run all designs through the hours of one kW of array (`pv_kw`) and one machine of each step (`step_kw`).

    bin_of_hour (hours,): from 0. tick: told the share done from time to time; where it answers True, `Stopped` is
    raised. Without `compile_kernel` for this many steps the plain engine answers.
    """
    if bin_of_hour.shape != hours.pv_kw.shape or (bin_of_hour < 0).any():
        raise ValueError("bin_of_hour: a number from 0 for each hour")
    steps, bins = len(hours.step_kw), int(bin_of_hour.max(initial=-1)) + 1
    rows = _rows(plants, steps)
    if compiled and not steps:
        return _without(sums(*_idle(hours, plants), bin_of_hour, threads=threads, tick=tick))
    out, soc = np.zeros((rows.shape[1], bins, steps + FLOWS + MONEY_AND_PEAK)), np.empty(rows.shape[1])
    kernel = _compiled().get(steps) if compiled else None
    if kernel is None:
        shares = _plain(hours, rows, bin_of_hour, out, soc)
    else:
        group = _group(len(soc), threads)
        shares = _fast(_work(kernel, hours, rows, bin_of_hour, out, soc, group), range(0, len(soc), group), threads)
    with closing(shares):
        for share in shares:
            if tick is not None and tick(share):
                raise Stopped
    end = steps + FLOWS
    return Sums(out[..., :end], out[..., end], out[..., end + 1], out[..., end + 2], soc)


def _idle(hours: Hours, plants: Plants) -> tuple[Hours, Plants]:
    """Hours and designs without machines as the engine for one step takes them: none of a machine that draws nothing."""
    nothing = np.zeros((1, len(hours.pv_kw)))
    shape = np.asarray(plants.machines).shape[1:]
    return replace(hours, step_kw=nothing, worth_usd_per_kwh=nothing), plants._replace(machines=np.zeros((1, *shape)))


def _without(told: Sums) -> Sums:
    """The sums without the step that was lent."""
    return told._replace(energy_kwh=told.energy_kwh[..., 1:])


def _rows(plants: Plants, steps: int) -> Array:
    """Designs as the kernels read them, (rows, n)."""
    machines = np.asarray(plants.machines, np.float64)
    if len(machines) != steps:
        raise ValueError("machines: a row for each step")
    storage = [np.asarray(value, np.float64) for value in plants.storage]
    rows = plant_rows(plants.dc_kw, storage, plants.import_scale, plants.export_scale, machines)
    return np.array(np.broadcast_arrays(*np.atleast_1d(*rows)), np.float64)


def _group(designs: int, threads: int) -> int:
    """How many designs a thread takes at a time: whole blocks, and so few that no thread is left with the last of them."""
    return LANES * min(BLOCKS, max(1, designs // (2 * threads * LANES)))


def _fast(work: Callable[[int], None], starts: range, threads: int) -> Generator[float]:
    """Groups of designs in threads; yields the share done after each."""
    with ThreadPoolExecutor(threads, thread_name_prefix="lanes") as pool:
        jobs = [pool.submit(work, start) for start in starts]
        try:
            for done, job in enumerate(as_completed(jobs), 1):
                job.result()
                yield done / len(jobs)
        finally:
            for job in jobs:
                job.cancel()


def _work(
    kernel: Callable[..., None],
    hours: Hours,
    rows: Array,
    bin_of_hour: NDArray[np.intp],
    out: Array,
    soc: Array,
    size: int,
) -> Callable[[int], None]:
    """What runs the group of designs from a place on, and writes its figures to `out` and `soc`."""
    grid = (hours.import_usd_per_kwh, hours.export_usd_per_kwh, hours.import_limit_kw, hours.export_limit_kw)
    turned = (hours.pv_kw, hours.step_kw.T, hours.worth_usd_per_kwh.T, *grid)
    series = [np.ascontiguousarray(values, np.float64) for values in turned]
    bins, wear = np.ascontiguousarray(bin_of_hour, np.int64), float(hours.wear_usd_per_kwh)

    def run(start: int) -> None:
        group = slice(start, start + size)
        plants = _in_lanes(rows[:, group])
        sums = _aligned((len(plants), *out.shape[1:], LANES))
        kernel(*series, bins, wear, plants.reshape(len(plants), -1), sums.reshape(*sums.shape[:2], -1))
        given = len(soc[group])
        out[group] = np.moveaxis(sums, -1, 1).reshape(-1, *out.shape[1:])[:given]
        soc[group] = plants[:, SOC_ROW].reshape(-1)[:given]

    return run


def _in_lanes(rows: Array) -> Array:
    """Designs in blocks, (rows, n) → (blocks, rows, LANES); the last block is filled up with its last design."""
    filled = np.pad(rows, ((0, 0), (0, -rows.shape[1] % LANES)), mode="edge")
    blocks = filled.reshape(len(rows), -1, LANES).swapaxes(0, 1)
    placed = _aligned(blocks.shape)
    placed[:] = blocks
    return placed


def _aligned(shape: tuple[int, ...]) -> Array:
    """Zeros from the start of a line of cache on: a vector that lies across two lines costs both."""
    size = int(np.prod(shape))
    room = np.zeros(size + 7)
    start = -room.ctypes.data % 64 // 8
    return room[start : start + size].reshape(shape)


def _plain(hours: Hours, rows: Array, bin_of_hour: NDArray[np.intp], out: Array, soc: Array) -> Generator[float]:
    """The same in plain numpy: designs side by side, some hours at a time; yields the share done after each."""
    low, high, power, way = rows[LOW_ROW : LOW_ROW + 4]
    soc[:] = rows[SOC_ROW]
    some = max(1, PLAIN_SIZE // rows.shape[1])
    for start in range(0, len(bin_of_hour), some):
        part = hours.part(start, start + some)
        offer = _offer(part, rows)
        chosen = choice(offer, way)
        charge, discharge = np.minimum(chosen.charge_kw, power), np.minimum(chosen.discharge_kw, power)
        ins, outs = np.empty(offer.pv_kw.shape), np.empty(offer.pv_kw.shape)
        for h in range(len(ins)):
            reserve = soc <= rows[RESERVE_ROW]
            ins[h] = np.maximum(0.0, np.minimum(np.where(reserve, *charge[:, h]), (high - soc) / way))
            outs[h] = np.maximum(0.0, np.minimum(np.where(reserve, *discharge[:, h]), (soc - low) * way))
            soc[:] = np.clip(soc + ins[h] * way - outs[h] / way, low, high)
        mining, bought, sold, curtailed = settled(offer.pv_kw, chosen, ins, outs)
        prices = part.import_usd_per_kwh[:, None], part.export_usd_per_kwh[:, None]
        flows = [*step_flows(mining, offer.step_kw), ins, outs, bought, sold, curtailed]
        _bin(out, bin_of_hour[start : start + some], flows, bought * prices[0], sold * prices[1], bought)
        yield min(1.0, (start + some) / len(bin_of_hour))


def _offer(hours: Hours, rows: Array) -> Offer:
    """Some hours of all designs: arrays (hours, n), those of steps (steps, hours, n)."""
    machines = rows[MACHINES_ROW:]
    worth, best = hours.worth_usd_per_kwh[:, :, None], np.full((len(hours.pv_kw), rows.shape[1]), -np.inf)
    for usd, count in zip(worth, machines, strict=True):
        best = np.maximum(best, np.where(count > 0, usd, -np.inf))
    return Offer(
        np.multiply.outer(hours.pv_kw, rows[DC_ROW]),
        hours.step_kw[:, :, None] * machines[:, None],
        worth,
        best,
        hours.import_usd_per_kwh[:, None],
        hours.export_usd_per_kwh[:, None],
        np.multiply.outer(hours.import_limit_kw, rows[IMPORT_ROW]),
        np.multiply.outer(hours.export_limit_kw, rows[EXPORT_ROW]),
        hours.wear_usd_per_kwh,
    )


def _bin(out: Array, bins: NDArray[np.intp], sums: list[Array], *money: Array) -> None:
    """Adds hours to their bins; the last of `money` is the power of which the peak is kept."""
    *usd, bought = money
    for number in np.unique(bins):
        here = bins == number
        for column, values in enumerate((*sums, *usd)):
            out[:, number, column] += values[here].sum(axis=0)
        out[:, number, -1] = np.maximum(out[:, number, -1], bought[here].max(axis=0))


@cache
def _compiled() -> dict[int, Callable[..., None]]:
    """The kernels that are ready, by number of steps."""
    return {}


def compile_kernel(steps: int) -> None:
    """Make the kernel for a number of steps ready: some seconds the first time on a machine, then from disk."""
    if not is_compiled(steps):
        from core.models import dispatch_kernel

        _compiled()[max(steps, 1)] = dispatch_kernel.lane_blocks(max(steps, 1))


def is_compiled(steps: int) -> bool:
    return max(steps, 1) in _compiled()
