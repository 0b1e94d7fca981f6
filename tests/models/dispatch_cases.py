"""Hours and batteries of any kind for the tests of dispatch."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from core.models.dispatch import FLOWS, NO_STORAGE, Hours, Storage, dispatch

SIZE = 48
prices = st.floats(-0.05, 0.3)
powers = st.floats(0, 5000) | st.just(0.0)


def hours(
    pv: list[float],
    *,
    fleet: float | list[float] = 100,
    mine: float | list[float] = 0.08,
    buy: float = 0.05,
    sell: float = 0.03,
    imports: float = 0,
    exports: float = 0,
    wear: float = 0,
) -> Hours:
    """The same prices and limits in every hour; a fleet of one step or of several."""

    def flat(value: float) -> np.ndarray:
        return np.full(len(pv), float(value))

    def steps(values: float | list[float]) -> np.ndarray:
        return np.outer(np.atleast_1d(np.array(values, float)), np.ones(len(pv)))

    grid = flat(buy), flat(sell), flat(imports), flat(exports)
    return Hours(np.array(pv, float), steps(fleet), steps(mine), *grid, wear_usd_per_kwh=float(wear))


def run(case: Hours, storage: Storage = NO_STORAGE, *, compiled: bool = True) -> dict[str, list[float]]:
    return {name: row.tolist() for name, row in zip(FLOWS, dispatch(case, storage, compiled=compiled), strict=True)}


@st.composite
def cases(draw: st.DrawFn, steps: st.SearchStrategy[int] = st.integers(0, 4)) -> tuple[Hours, Storage]:  # noqa: B008
    """Sun, steps of falling worth, prices of either sign, limits with outages, wear; and a battery."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(steps)

    def price() -> np.ndarray:
        return draw(prices) + draw(st.sampled_from([0.0, 0.05])) * rng.normal(size=SIZE)

    def limit() -> np.ndarray:
        return draw(powers) * rng.choice([1.0, draw(st.sampled_from([1.0, 0.0]))], SIZE)

    pv = np.maximum(0.0, rng.normal(0.3, 0.5, SIZE)) * draw(powers)
    drawn = [draw(powers) * rng.choice([1.0, 0.9, 0.0], SIZE) for _ in range(count)]
    worth = [price() for _ in range(count)]
    if count > 1 and draw(st.booleans()):
        worth[1] = worth[0]  # two steps may be worth the same
    energy = draw(powers)
    low, high = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    storage = Storage(
        low * energy, high * energy, draw(powers), draw(st.floats(0.55, 1)), draw(st.floats(low, high)) * energy
    )
    steps_kw = np.array(drawn).reshape(count, SIZE)
    falling = -np.sort(-np.array(worth).reshape(count, SIZE), axis=0)
    wear = draw(st.just(0.0) | st.floats(0, 0.1))
    return Hours(pv, steps_kw, falling, price(), price(), limit(), limit(), wear), storage


def size_of(case: tuple[Hours, Storage]) -> float:
    """The largest figure of a case, for what rounding may leave."""
    return max(
        1.0, case[0].pv_kw.max(), case[1].highest_kwh, case[0].import_limit_kw.max(), case[0].export_limit_kw.max()
    )


def one_step(case: Hours, storage: Storage) -> np.ndarray:
    """The rule for a fleet of one step and prices that are not negative, written out hour by hour: (7, hours)."""
    low, high, power, way, soc = storage
    rows = []
    series = (case.pv_kw, case.step_kw[0], case.worth_usd_per_kwh[0], case.import_usd_per_kwh, case.export_usd_per_kwh)
    for pv, fleet, mine, buy, sell, in_kw, out_kw in zip(
        *series, case.import_limit_kw, case.export_limit_kw, strict=True
    ):
        fleet = fleet if mine > 0 else 0.0
        out_kw = out_kw if sell > 0 else 0.0
        sell = sell if out_kw > 0 else 0.0
        in_kw = in_kw if mine > buy else 0.0
        own, sold = min(pv, fleet), min(pv, out_kw)
        by_mining = mine * own + (mine - buy) * min(in_kw, fleet - own) + sell * min(pv - own, out_kw)
        by_selling = sell * sold + mine * min(pv - sold, fleet)
        mining_first = mine >= sell or by_mining > by_selling
        first, second = (fleet, out_kw) if mining_first else (out_kw, fleet)
        in_kw = in_kw if mining_first else 0.0
        saved = min(mine, buy) if in_kw >= fleet else mine
        later, now = (saved, sell) if mining_first else (sell, max(mine, 0.0))
        left, gap = max(pv - first, 0.0), max(first - pv, 0.0)
        spare = left if later * way**2 > now else max(left - second, 0.0)
        charge = max(0.0, min(spare, power, (high - soc) / way))
        unserved = gap - min(in_kw, gap)
        discharge = max(0.0, min(unserved if in_kw < gap else gap, power, (soc - low) * way))
        soc = min(max(soc + charge * way - discharge / way, low), high)
        then = min(left - charge, second)
        bought = min(in_kw, gap - discharge)
        served = min(pv, first) + discharge + bought
        mined, exported = (served, then) if mining_first else (then, served)
        rows.append((mined, charge, discharge, soc, bought, exported, left - charge - then))
    return np.array(rows).T
