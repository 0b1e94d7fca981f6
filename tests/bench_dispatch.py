"""What dispatch costs, one plant with its hours and thousands of designs without: ratios to peers. Called by `tests.bench`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from core.inputs import Weather
from core.models import lanes
from core.models.dispatch import Hours, Storage, dispatch
from core.models.lanes import Plants, sums
from core.scenario import Scenario
from core.studies import energy
from tests.models.dispatch_cases import one_step

DESIGNS, YEARS, SOME = 8_000, 25, 1_024
MONTHS = np.minimum(np.arange(8760) // 730, 11)
Ratio = tuple[float, float, float]


def battery_year() -> Callable[[], Any]:
    """One PySAM BatteryStateful year, stepped hour by hour as its users do."""
    from PySAM import BatteryStateful

    battery = BatteryStateful.default("LFPGraphite")
    battery.ParamsCell.assign({"initial_SOC": 50.0, "minimum_SOC": 10.0, "maximum_SOC": 95.0})
    battery.ParamsPack.assign({"nominal_energy": 1000.0, "nominal_voltage": 500.0})
    battery.Controls.assign({"control_mode": 1, "dt_hr": 1.0, "input_power": 0.0})
    battery.setup()
    power = (100 * np.sin(np.arange(8760) / 24 * 2 * np.pi)).tolist()

    def run() -> None:
        for value in power:
            battery.Controls.input_power = value
            battery.execute(0)

    return run


def battery_hours(weather: Weather) -> tuple[Hours, Storage]:
    pv = energy.sunshine(Scenario().array, weather, 1).ac_kw[0]

    def flat(value: float) -> np.ndarray:
        return np.full(pv.size, value)

    return Hours(pv, flat(300.0)[None], flat(0.08)[None], flat(0.05), flat(0.03), flat(200.0), flat(400.0)), Storage(
        100, 1000, 250, 0.93, 100
    )


def site_hours(weather: Weather, steps: int) -> Hours:
    """A kW of array and a machine of 3 kW in one mode or in several; imports by time of use, export below them."""
    pv = energy.sunshine(Scenario().array, weather, 1).ac_kw[0]
    flat = np.ones(pv.size)
    buy = 0.05 + 0.04 * (np.arange(pv.size) % 24 >= 17)
    worth = np.outer(0.1 * 0.7 ** np.arange(steps), flat)
    each = np.outer(np.full(steps, 3.0 / steps), flat)
    return Hours(pv / Scenario().array.dc_kw, each, worth, buy, 0.03 * flat, 200 * flat, 400 * flat)


def designs(size: int, steps: int) -> Plants:
    rng = np.random.default_rng(1)
    energy_kwh = rng.uniform(0, 3000, size)
    storage = Storage(0.1 * energy_kwh, 0.95 * energy_kwh, 0.3 * energy_kwh, np.full(size, 0.93), 0.1 * energy_kwh)
    return Plants(rng.uniform(50, 1000, size), np.tile(rng.integers(0, 120, size), (steps, 1)), storage)


def one_of(hours: Hours, plants: Plants) -> tuple[Hours, Storage]:
    """The first design as a plant of its own."""
    grid = hours.import_usd_per_kwh, hours.export_usd_per_kwh, hours.import_limit_kw, hours.export_limit_kw
    fleet = hours.step_kw * plants.machines[:, :1]
    alone = Hours(hours.pv_kw * plants.dc_kw[0], fleet, hours.worth_usd_per_kwh, *grid)
    return alone, Storage(*(float(values[0]) for values in plants.storage))


def aged(hours: Hours, plants: Plants, years: int) -> None:
    """Years in a row: arrays and batteries lose, batteries by how much they gave; then all is asked anew."""
    nominal = plants.storage
    health = np.ones(len(plants.dc_kw))
    for year in range(years):
        low, high = nominal.lowest_kwh * health, nominal.highest_kwh * health
        storage = nominal._replace(lowest_kwh=low, highest_kwh=high, soc_kwh=low)
        found = sums(hours, plants._replace(dc_kw=plants.dc_kw * 0.995**year, storage=storage), MONTHS)
        cycles = found.energy_kwh[..., -4].sum(axis=1) / np.maximum(nominal.highest_kwh, 1e-9)
        health = np.maximum(health - 0.01 - 2e-5 * cycles, 0.5)


def per_design(result: Ratio, size: int, peers: int = 1) -> Ratio:
    value, ours, theirs = result
    return value * peers / size, ours / size, theirs / peers


def seconds(work: Callable[[], Any], runs: int) -> float:
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def say_seconds(what: str, value: float, goal: float) -> None:
    verdict = "met" if value <= goal else "MISSED"
    print(f"{what:78s} {value:9.3f}  goal {goal:8.3f}  {verdict:6s}  seconds")


@njit(error_model="numpy")
def _copies(source: np.ndarray, target: np.ndarray, times: int) -> None:
    for k in range(times):
        for i in range(source.size):
            target[i] = source[i] + k  # a sum, so that no copy can be left out


def cache_bytes_per_s() -> float:
    """How fast one core reads and writes within its first cache, the best of some rounds."""
    source, target, times = np.ones(1024), np.ones(1024), 20_000
    _copies(source, target, 1)
    return 2 * source.nbytes * times / min(seconds(lambda: _copies(source, target, times), 1) for _ in range(9))


def lane_bytes(steps: int) -> int:
    """What one lane reads and writes in an hour: its plant and charge, and its sums there and back."""
    return 8 * ((11 + steps) + 1 + 2 * (8 + steps))


def bench(ratio: Callable[..., Ratio], say: Callable[..., None], weather: Weather) -> None:
    for steps in (1, 2):
        lanes.compile_kernel(steps)
    hours, storage = battery_hours(weather)
    out, peer = np.empty((7, hours.pv_kw.size)), battery_year()
    result = ratio(lambda: dispatch(hours, storage, out=out), peer, ours_runs=20)
    say("battery dispatch year, compiled ÷ BatteryStateful year", result, 1 / 300)
    result = ratio(lambda: dispatch(hours, storage, compiled=False), peer)
    say("battery dispatch year, plain engine ÷ BatteryStateful year", result, 1)
    batches(ratio, say, weather, peer)
    sweeps(weather)


def batches(ratio: Callable[..., Ratio], say: Callable[..., None], weather: Weather, peer: Callable[[], Any]) -> None:
    """A design's year in a batch of some hundred, with months and without hours."""
    for steps in (1, 2):
        hours, some = site_hours(weather, steps), designs(SOME, steps)
        result = ratio(lambda hours=hours, some=some: sums(hours, some, MONTHS), peer)
        say(f"… in a batch, {steps} steps ÷ BatteryStateful year", per_design(result, SOME), 1 / 5000)
    hours, some = site_hours(weather, 1), designs(SOME, 1)
    alone, its = one_of(hours, some)
    result = ratio(lambda: sums(hours, some, MONTHS), lambda: one_step(alone, its))
    say("… in a batch, 1 step ÷ the same rule in a plain Python loop", per_design(result, SOME), 1 / 1500)
    few = designs(256, 1)
    result = ratio(lambda: sums(hours, few, MONTHS), lambda: sums(hours, few, MONTHS, compiled=False))
    say("256 designs ÷ numpy over designs", result, 1 / 10)


def sweeps(weather: Weather) -> None:
    """8,000 designs, a year and 25, in seconds of this machine; and how near one thread comes to what its cache can."""
    for steps in (1, 2):
        hours, all_of_them = site_hours(weather, steps), designs(DESIGNS, steps)
        work = lambda hours=hours, plants=all_of_them: sums(hours, plants, MONTHS)  # noqa: E731
        say_seconds(f"8,000 designs × 8,760 h, {steps} steps, 2 threads", seconds(work, 7), 0.2)
        some = designs(SOME, steps)
        each = seconds(lambda hours=hours, some=some: sums(hours, some, MONTHS, threads=1), 9) / (SOME * 8760)
        speed, most = lane_bytes(steps) / each, cache_bytes_per_s()
        print(
            f"  one thread: {each * 1e9:.2f} ns a design-hour, {speed / 1e9:.0f} of {most / 1e9:.0f} GB/s in cache, {speed / most:.0%}"
        )
    hours, all_of_them = site_hours(weather, 1), designs(DESIGNS, 1)
    plain = seconds(lambda: sums(hours, all_of_them, MONTHS, compiled=False), 1)
    fast = seconds(lambda: sums(hours, all_of_them, MONTHS), 3)
    print(f"  8,000 designs ÷ numpy over designs: {fast / plain:.5f} (goal 0.1; one run of {plain:.1f} s)")
    say_seconds(
        "8,000 designs × 25 years with ageing between years, 1 step",
        seconds(lambda: aged(hours, all_of_them, YEARS), 1),
        3.0,
    )
