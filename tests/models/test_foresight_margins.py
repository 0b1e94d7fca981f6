"""Set-points under demand charges and shadow prices: against HiGHS, its dual values and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.models.dispatch import FLOWS, NO_STORAGE, Hours, Storage
from core.models.foresight import bound_usd, compile_kernel, optimal
from core.models.foresight_demand import Demand, demand_usd, with_demand
from core.models.foresight_margins import Margins, margins
from tests.models.foresight_cases import Case, flat, programme, scenario_year, solve, with_peaks
from tests.models.test_foresight import check

MONTH = np.repeat(np.arange(12), 730)
HOUR = np.arange(8760) % 24


@pytest.fixture(autouse=True, scope="module")
def _ready(kernel: None) -> None:
    compile_kernel()


def wired(seed: int) -> Case:
    case = scenario_year(seed)
    return case._replace(hours=replace(case.hours, import_limit_kw=flat(400)))


def demand(month_usd: float, evening_usd: float = 0.0, free_kw: float = 0.0) -> Demand:
    evening = ((HOUR >= 16) & (HOUR < 21)).astype(np.intp)
    timed = np.outer([0.0, evening_usd], np.ones(12))
    return Demand(MONTH, evening, np.full(12, month_usd), timed, np.full(12, free_kw))


@pytest.mark.parametrize(("seed", "evening_usd"), [(2, 0.0), (5, 0.0), (6, 0.0), (7, 9.0)])
def test_set_points_earn_what_the_linear_programme_earns(seed: int, evening_usd: float) -> None:
    case, charged = wired(seed), demand(6.0, evening_usd)
    found = with_demand(case.hours, case.storage, charged, grid_charging=case.grid_charging)
    months = [np.flatnonzero(m == MONTH) for m in range(12)]
    evenings = [m[charged.period[m] == 1] for m in months] if evening_usd else []
    best = with_peaks(case, months + evenings, [6.0] * 12 + [evening_usd] * len(evenings))
    assert best - 2e-4 * case.gross_usd <= found.earned_usd <= best + 1e-7 * case.gross_usd
    check(case, found.plan.flows)
    free = optimal(case.hours, case.storage, grid_charging=case.grid_charging)
    imports = free.flows[FLOWS.index("import_kw")]
    assert found.earned_usd >= free.earned_usd - demand_usd(charged, imports) - 1e-9 * case.gross_usd


def test_a_peak_is_paid_for_as_long_as_it_earns_its_price_by_hand() -> None:
    # 730 h a month at 0.02 margin earn 14.6 USD a kW: a peak at 14 pays in full, one at 15 in nothing, the free kW always
    zero = flat(0)
    hours = Hours(zero, flat(300)[None], flat(0.07)[None], flat(0.05), zero, flat(200), zero)
    for usd, free_kw, peak_kw in ((14.0, 0.0, 200.0), (15.0, 0.0, 0.0), (15.0, 40.0, 40.0)):
        found = with_demand(hours, NO_STORAGE, demand(usd, free_kw=free_kw))
        assert found.month_kw == pytest.approx(np.full(12, peak_kw), abs=1e-3)
        assert found.demand_usd == pytest.approx(12 * usd * peak_kw, abs=1e-1)
        assert found.plan.earned_usd == pytest.approx(0.02 * 8760 * peak_kw, abs=1e-1)


def test_what_peaks_cost_by_hand() -> None:
    drawn = flat(10)
    drawn[18], drawn[1000] = 30.0, 50.0  # in the evening of the first month; at 16 h of the second
    charged = demand(2.0, 1.0, free_kw=20.0)
    assert charged.period[[18, 1000]].tolist() == [1, 1]
    assert demand_usd(charged, drawn) == 2.0 * (30 + 50 + 10 * 20) + 1.0 * (30 + 50 + 10 * 10)


def duals(case: Case) -> Margins:
    """Dual values of the linear programme's bounds, summed over the hours."""
    found, h = solve(programme(case)), case.hours
    steps, hours = h.step_kw.shape
    above = -found.upper.marginals.reshape(steps + 6, hours)
    imported, exported, charge, discharge, soc = above[steps : steps + 5]
    soc = soc[:-1]  # the last is fixed
    return Margins(*(float(row.sum()) for row in (soc, charge + discharge, imported, exported)))


@pytest.mark.parametrize("seed", [2, 3, 7, 10])
def test_shadow_prices_are_the_dual_values_of_the_linear_programme(seed: int) -> None:
    """A dual value lies between what the last small piece added and what the next one adds."""
    case = scenario_year(seed)
    # off the corner at which the first charge lies on the lowest, whose own price would be mixed in
    case = case._replace(storage=case.storage._replace(soc_kwh=case.storage.lowest_kwh + 30.0))
    dual, small = duals(case), 1e-3
    more = margins(case.hours, case.storage, grid_charging=case.grid_charging, unit=small)
    less = margins(case.hours, case.storage, grid_charging=case.grid_charging, unit=-small)
    for name, value in dual._asdict().items():
        slack = 1e-3 + 1e-4 * abs(value)
        assert getattr(more, name) - slack <= value <= getattr(less, name) + slack, name


@pytest.mark.parametrize("seed", [3, 5])
def test_shadow_prices_are_what_a_unit_more_earns(seed: int) -> None:
    case = scenario_year(seed)
    h, s, how = case.hours, case.storage, {"grid_charging": case.grid_charging}
    priced, base = margins(h, s, **how), optimal(h, s, **how).earned_usd
    wider = replace(h, export_limit_kw=h.export_limit_kw + 1.0)
    assert optimal(h, s._replace(power_kw=s.power_kw + 1), **how).earned_usd - base == pytest.approx(
        priced.battery_usd_per_kw, abs=1e-6
    )
    assert optimal(wider, s, **how).earned_usd - base == pytest.approx(priced.export_usd_per_kw, abs=1e-6)
    assert min(priced) >= -1e-6


def test_a_dead_connection_stays_dead_in_an_outage_and_has_a_price_where_there_is_none() -> None:
    zero, night = flat(0), np.where(HOUR < 12, 100.0, 0.0)
    hours = Hours(zero, flat(300)[None], flat(0.07)[None], flat(0.05), zero, night, zero)
    assert margins(hours, NO_STORAGE).import_usd_per_kw == pytest.approx(0.02 * 4380)
    none = replace(hours, import_limit_kw=zero)
    assert margins(none, NO_STORAGE).import_usd_per_kw == pytest.approx(0.02 * 8760)


def test_a_months_end_may_have_another_charge() -> None:
    hours = Hours(flat(0, 2), flat(50, 2)[None], flat(0.1, 2)[None], *[flat(0, 2)] * 4)
    storage = Storage(0.0, 100.0, 100.0, 1.0, 80.0)
    assert bound_usd(hours, storage) == 0.0
    assert bound_usd(hours, storage, end_kwh=20.0) == pytest.approx(6.0)
