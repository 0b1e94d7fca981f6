"""Many designs at once: the same figures as each design alone, whatever the neighbours, threads or engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models import lanes
from core.models.dispatch import Hours, Storage, dispatch, step_flows
from core.models.lanes import Plants, Sums, sums
from tests.models.dispatch_cases import SIZE, cases

BINS = np.arange(SIZE) // 5 % 4
STEPS = (0, 1, 2, 3)


@pytest.fixture(scope="module", autouse=True)
def _ready() -> None:
    for steps in STEPS:
        lanes.compile_kernel(steps)


def designs(size: int, steps: int, seed: int) -> Plants:
    """Designs of any kind, some without sun, battery, machines of a step or a connection."""
    rng = np.random.default_rng(seed)

    def some(scale: float) -> np.ndarray:
        return scale * rng.random(size) * (rng.random(size) > 0.2)

    energy = some(3000.0)
    low, high = np.sort(rng.random((2, size)), axis=0) * energy
    way = rng.uniform(0.55, 1.0, size)
    storage = Storage(low, high, some(500.0), way, low + rng.random(size) * (high - low))
    return Plants(
        some(3.0), np.round([some(3.0) for _ in range(steps)]).reshape(steps, size), storage, some(2.0), some(2.0)
    )


def alone(hours: Hours, plants: Plants, i: int) -> tuple[np.ndarray, ...]:
    """One design through `dispatch`, summed by bin."""
    machines = plants.machines[:, i]
    its = replace(
        hours,
        pv_kw=hours.pv_kw * plants.dc_kw[i],
        step_kw=hours.step_kw * machines[:, None],
        import_limit_kw=hours.import_limit_kw * plants.import_scale[i],
        export_limit_kw=hours.export_limit_kw * plants.export_scale[i],
    )
    flows = dispatch(its, Storage(*(float(values[i]) for values in plants.storage)))
    mining, charge, discharge, soc, bought, sold, curtailed = flows
    hourly = [*step_flows(mining, its.step_kw), charge, discharge, bought, sold, curtailed]
    hourly += [bought * hours.import_usd_per_kwh, sold * hours.export_usd_per_kwh]
    binned = np.array([[row[b == BINS].sum() for row in hourly] for b in range(4)])
    return binned, np.array([bought[b == BINS].max() for b in range(4)]), soc[-1]


def same(one: Sums, other: Sums, rtol: float, size: float) -> None:
    for name, mine, theirs in zip(Sums._fields, one, other, strict=True):
        assert np.allclose(mine, theirs, rtol=rtol, atol=rtol * size), name


def scale_of(hours: Hours) -> float:
    series = (hours.pv_kw, hours.import_limit_kw, hours.export_limit_kw, hours.step_kw.sum(axis=0))
    return SIZE * max(3000.0, *(3 * values.max() for values in series))


@pytest.mark.usefixtures("kernel")
@settings(max_examples=150, deadline=None)
@given(cases(st.integers(0, 3)), st.integers(0, 2**32 - 1), st.booleans())
def test_designs_side_by_side_are_each_design_alone(case: tuple[Hours, Storage], seed: int, compiled: bool) -> None:
    hours, _ = case
    if not hours.step_kw.any(axis=1).all():
        return  # a machine that never draws is one to `sums` and none to `dispatch`
    plants = designs(9, len(hours.step_kw), seed)
    found = sums(hours, plants, BINS, compiled=compiled)
    slack = 1e-9 * scale_of(hours)
    for i in range(9):
        binned, peak, soc = alone(hours, plants, i)
        assert np.allclose(found.energy_kwh[i], binned[:, :-2], rtol=1e-9, atol=slack)
        assert np.allclose(found.import_usd[i], binned[:, -2], rtol=1e-9, atol=slack)
        assert np.allclose(found.export_usd[i], binned[:, -1], rtol=1e-9, atol=slack)
        assert np.allclose(found.peak_import_kw[i], peak, rtol=1e-9, atol=slack)
        assert found.soc_kwh[i] == pytest.approx(soc, rel=1e-9, abs=slack)


@settings(max_examples=50, deadline=None)
@given(cases(st.integers(0, 3)), st.integers(0, 2**32 - 1), st.sampled_from([1, 63, 64, 65, 700]))
def test_both_engines_agree_for_any_number_of_designs(case: tuple[Hours, Storage], seed: int, size: int) -> None:
    hours, plants = case[0], designs(size, len(case[0].step_kw), seed)
    fast, plain = sums(hours, plants, BINS), sums(hours, plants, BINS, compiled=False)
    assert fast.energy_kwh.shape == (size, 4, len(hours.step_kw) + 5)
    same(fast, plain, 1e-9, scale_of(hours))


@settings(max_examples=50, deadline=None)
@given(cases(st.integers(0, 3)), st.integers(0, 2**32 - 1))
def test_energy_balances_in_every_bin(case: tuple[Hours, Storage], seed: int) -> None:
    hours, plants = case[0], designs(70, len(case[0].step_kw), seed)
    found = sums(hours, plants, BINS)
    mined = found.energy_kwh[..., :-5].sum(axis=-1)
    charge, discharge, bought, sold, curtailed = np.moveaxis(found.energy_kwh[..., -5:], -1, 0)
    sun = np.array([hours.pv_kw[b == BINS].sum() for b in range(4)]) * plants.dc_kw[:, None]
    assert np.allclose(
        sun + discharge + bought, mined + charge + sold + curtailed, rtol=1e-9, atol=1e-9 * scale_of(hours)
    )
    hours_of_bin = np.bincount(BINS)
    assert np.all(bought <= found.peak_import_kw * hours_of_bin * (1 + 1e-12))


def some_year(steps: int) -> tuple[Hours, np.ndarray]:
    rng = np.random.default_rng(7)
    size = 24 * 30
    pv = np.maximum(0.0, np.sin(np.arange(size) / 24 * 2 * np.pi)) * rng.random(size)
    flat = np.ones(size)
    worth = np.outer(0.1 * 0.7 ** np.arange(steps), flat)
    grid = 0.05 * flat, 0.03 + 0.05 * rng.random(size), 400 * flat, 300 * flat
    return Hours(500 * pv, np.outer(np.full(steps, 90.0), flat), worth, *grid), np.arange(size) // 240


def test_neither_threads_nor_neighbours_change_a_bit() -> None:
    hours, bins = some_year(2)
    plants = designs(1000, 2, 3)
    one = sums(hours, plants, bins, threads=1)
    for threads in (2, 5):
        other = sums(hours, plants, bins, threads=threads)
        assert all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))
    last = Plants(
        plants.dc_kw[-7:],
        plants.machines[:, -7:],
        Storage(*(values[-7:] for values in plants.storage)),
        plants.import_scale[-7:],
        plants.export_scale[-7:],
    )
    assert all(a[-7:].tobytes() == b.tobytes() for a, b in zip(one, sums(hours, last, bins), strict=True))


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_it_tells_how_far_it_is_and_stops_when_told(compiled: bool) -> None:
    hours, bins = some_year(1)
    plants, heard = designs(2000, 1, 3), []
    sums(hours, plants, bins, compiled=compiled, tick=lambda share: bool(heard.append(share)))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(heard) > 2
    asked = iter([False, True])
    with pytest.raises(lanes.Stopped):
        sums(hours, plants, bins, compiled=compiled, tick=lambda _: next(asked))


def test_one_value_may_stand_for_all_designs() -> None:
    hours, bins = some_year(2)
    battery = Storage(10.0, 90.0, 30.0, 0.95, 10.0)
    short = sums(hours, Plants(np.array([1.0, 2.0]), np.array([[1.0], [2.0]]), battery), bins)
    long = sums(
        hours,
        Plants(np.array([1.0, 2.0]), np.array([[1.0, 1.0], [2.0, 2.0]]), Storage(*(np.full(2, v) for v in battery))),
        bins,
    )
    assert all(np.array_equal(a, b) for a, b in zip(short, long, strict=True))


def test_the_plain_engine_answers_for_steps_that_no_kernel_is_ready_for() -> None:
    assert lanes.is_compiled(2)
    assert not lanes.is_compiled(5)
    hours, bins = some_year(5)
    assert sums(hours, designs(3, 5, 1), bins).energy_kwh.shape == (3, 3, 10)


def test_wrong_shapes_are_refused() -> None:
    hours, bins = some_year(2)
    with pytest.raises(ValueError, match="bin_of_hour"):
        sums(hours, designs(3, 2, 1), bins - 1)
    with pytest.raises(ValueError, match="bin_of_hour"):
        sums(hours, designs(3, 2, 1), bins[:-1])
    with pytest.raises(ValueError, match="machines"):
        sums(hours, designs(3, 1, 1), bins)
