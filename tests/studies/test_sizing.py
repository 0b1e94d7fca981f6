"""The best sizes: beside a brute search, within their constraints, and what one more of each is worth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.errors import ValidationError
from core.inputs import Market, Weather
from core.models import lanes
from core.scenario import Scenario
from core.sections import Unit
from core.studies.constraints import Constraints, land_m2_per_kw
from core.studies.designs import COUNT, DC, SIZES, capex_usd, ground, judged, sized
from core.studies.projection import project
from core.studies.run import used_readings
from core.studies.sizing import Sizing, size
from core.studies.variables import Variables

pytestmark = pytest.mark.usefixtures("kernel")
PAYS = Scenario().but(
    {"finance.horizon_years": 4, "outlook.price_usd": 220_000.0, "finance.array_usd_per_kw": 500.0,
     "finance.battery_usd_per_kwh": 60.0, "grid.import_usd_per_kwh": 0.14}
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _lanes() -> None:
    lanes.compile_kernel(1)


def case(seed: int) -> Scenario:
    """A plan drawn at random: some pay, some do not, some want a battery, some have no grid."""
    rng = np.random.default_rng(seed)
    return Scenario().but(
        {
            "finance.horizon_years": int(rng.integers(2, 4)),
            "outlook.price_usd": float(rng.uniform(60e3, 300e3)),
            "finance.array_usd_per_kw": float(rng.uniform(150, 700)),
            "finance.battery_usd_per_kwh": float(rng.uniform(5, 120)),
            "grid.import_usd_per_kwh": float(rng.uniform(0.03, 0.2)),
            "grid.export_usd_per_kwh": float(rng.uniform(0.0, 0.08)),
            "grid.import_limit_kw": float(rng.choice([0.0, 300.0, 1000.0])),
            "grid.export_limit_kw": float(rng.choice([0.0, 500.0])),
            "fleet.units.0.price_usd": float(rng.uniform(500, 3000)),
            "finance.salvage_frac": float(rng.uniform(0.0, 0.5)),
            "finance.tax.federal_rate_frac": float(rng.choice([0.0, 0.21])),
        }
    )


def fine_grid(most: np.ndarray) -> np.ndarray:
    """Every mix of 13 arrays, 8 energies by 5 powers of the battery, and 27 counts of machines."""
    bare = [(0.0, 0.0)]
    batteries = bare + list(
        itertools.product(np.linspace(0, 1, 9)[1:] ** 1.5 * most[1], np.linspace(0, 1, 6)[1:] ** 1.5 * most[2])
    )
    counts = np.unique(np.rint(np.linspace(0, most[3], 27)))
    mixes = itertools.product(np.linspace(0, most[0], 13), batteries, counts)
    return np.array([(dc, *battery, count) for dc, battery, count in mixes])


@pytest.mark.parametrize("seed", range(20))
def test_no_design_of_a_fine_grid_is_better_by_half_a_percent_of_its_cost(
    seed: int, greensboro: Weather, market: Market
) -> None:
    plan = case(seed)
    told = size(plan, greensboro, market)
    most = told.designs[["dc_kw", "energy_kwh", "power_kw", "machines"]].max().to_numpy()
    grid = judged(ground(plan, greensboro, used_readings(plan, market)), fine_grid(most))
    npv = np.asarray(grid.account.metrics["npv_usd"])
    best = int(np.argmax(npv))
    found = told.metrics["npv_usd"] or 0.0
    assert found >= max(float(npv[best]), 0.0) - 0.005 * float(grid.capex_usd[best])


def test_the_best_is_told_with_the_figures_of_its_projection(greensboro: Weather, market: Market) -> None:
    told = size(PAYS, greensboro, market)
    assert told.best.at(SIZES[DC]) > 0
    assert isinstance(told.best.at(SIZES[COUNT]), int)
    metrics = project(told.best, greensboro, market).metrics
    assert told.metrics == metrics
    assert told.designs.iloc[0]["npv_usd"] == pytest.approx(metrics["npv_usd"], rel=1e-9)
    assert told.designs["npv_usd"].max() == told.designs.iloc[0]["npv_usd"]
    assert told.approximations == ()
    assert told.gap_usd >= -1e-6 * (metrics["capex_usd"] or 0.0)
    frontier = told.frontier
    assert frontier["capex_usd"].is_monotonic_increasing
    assert frontier["npv_usd"].is_monotonic_increasing
    assert frontier.iloc[-1]["npv_usd"] == told.designs.iloc[0]["npv_usd"]


def test_one_more_of_each_is_worth_what_running_the_neighbour_says(greensboro: Weather, market: Market) -> None:
    told = size(PAYS, greensboro, market)
    sizes = np.array([told.best.at(path) for path in SIZES], float)
    for gain, step in zip(told.marginal, np.eye(4), strict=True):
        neighbour = project(sized(told.best, sizes + step), greensboro, market).metrics["npv_usd"] or 0.0
        assert gain == pytest.approx(neighbour - (told.metrics["npv_usd"] or 0.0), abs=1e-4)
        assert gain <= 1e-4  # else the step would have been taken


def test_the_same_question_has_the_same_answer(greensboro: Weather, market: Market) -> None:
    one, other = (size(PAYS, greensboro, market) for _ in range(2))
    assert one.best == other.best
    assert one.designs.equals(other.designs)


def test_where_nothing_pays_nothing_is_best_and_costs_nothing(greensboro: Weather, market: Market) -> None:
    told = size(Scenario().but({"finance.horizon_years": 3, "outlook.price_usd": 20_000.0}), greensboro, market)
    assert [told.best.at(path) for path in SIZES] == [0.0, 0.0, 0.0, 0]
    assert told.metrics["npv_usd"] == 0.0
    assert told.bound_usd == pytest.approx(0.0, abs=1e-6)
    assert max(told.marginal) < 0.0 or told.marginal.battery_usd_per_kw == 0.0


def asked(greensboro: Weather, market: Market, **constraints) -> Sizing:
    return size(PAYS, greensboro, market, constraints=Constraints(**constraints))


def test_a_budget_binds_and_is_kept_to(greensboro: Weather, market: Market) -> None:
    free = asked(greensboro, market)
    budget = 0.85 * (free.metrics["capex_usd"] or 0.0)
    bound = asked(greensboro, market, budget_usd=budget)
    assert 0.9 * budget < (bound.metrics["capex_usd"] or 0.0) <= budget
    assert (bound.metrics["npv_usd"] or 0.0) < (free.metrics["npv_usd"] or 0.0)


def test_land_and_connection_limit_the_array(greensboro: Weather, market: Market) -> None:
    assert asked(greensboro, market, land_m2=1000.0).best.array.dc_kw * land_m2_per_kw(PAYS.array) <= 1000.0 + 1e-6
    assert asked(greensboro, market, connection_kw=120.0).best.array.dc_kw <= 120.0 * PAYS.array.dc_ac_ratio + 1e-6


def test_a_share_of_the_fleet_s_hours_can_be_asked_for(greensboro: Weather, market: Market) -> None:
    solar = PAYS.but({"grid.import_limit_kw": 0.0, "outlook.price_usd": 400_000.0, "finance.array_usd_per_kw": 250.0})
    usual = size(solar, greensboro, market)
    served = size(solar, greensboro, market, constraints=Constraints(min_served_frac=0.5))
    assert (usual.metrics["fleet_utilisation_frac"] or 0.0) < 0.5
    assert served.best.at(SIZES[COUNT]) == 0 or (served.metrics["fleet_utilisation_frac"] or 0.0) >= 0.5 - 1e-9
    assert (served.metrics["npv_usd"] or 0.0) <= (usual.metrics["npv_usd"] or 0.0)


def test_alternatives_are_nearly_as_good_and_different(greensboro: Weather, market: Market) -> None:
    told = asked(greensboro, market)
    best = told.designs.iloc[0]
    for _, row in told.alternatives.iterrows():
        assert row["npv_usd"] >= best["npv_usd"] - 0.02 * best["capex_usd"]
        assert not np.allclose(
            row[["dc_kw", "energy_kwh", "power_kw", "machines"]].astype(float),
            best[["dc_kw", "energy_kwh", "power_kw", "machines"]].astype(float),
            rtol=0.01,
        )


@pytest.mark.parametrize(
    ("objective", "better"), [("irr", "up"), ("payback_years", "down"), ("cost_usd_per_btc", "down")]
)
def test_other_aims_are_served_better_than_by_npv(
    objective: str, better: str, greensboro: Weather, market: Market
) -> None:
    told, by_npv = size(PAYS, greensboro, market, objective), size(PAYS, greensboro, market)
    mine, theirs = told.metrics[objective], by_npv.metrics[objective]
    assert mine is not None
    assert theirs is not None
    assert mine >= theirs * (1 - 1e-9) if better == "up" else mine <= theirs * (1 + 1e-9)


def test_what_the_search_leaves_out_is_made_up_for_by_projecting_the_finalists(
    greensboro: Weather, market: Market
) -> None:
    charged = PAYS.but({"grid.tariff.flat_demand.periods": [{"tiers": [{"usd_per_kw": 14.0}]}]})
    told = size(charged, greensboro, market)
    assert told.approximations == ("bills by tariff are taken at the price of each hour",)
    assert told.designs.iloc[0]["npv_usd"] == told.metrics["npv_usd"]
    free = size(PAYS, greensboro, market)
    blind = project(charged.but({path: free.best.at(path) for path in SIZES}), greensboro, market)
    assert (told.metrics["npv_usd"] or 0.0) >= (blind.metrics["npv_usd"] or 0.0)


def test_progress_is_told_and_the_work_can_be_stopped(greensboro: Weather, market: Market) -> None:
    heard: list[float] = []
    size(PAYS, greensboro, market, tick=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0

    def stop(done: float) -> None:
        if done > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        size(PAYS, greensboro, market, tick=stop)


@pytest.mark.parametrize(
    ("ask", "field"),
    [
        ({"budget_usd": -1.0}, "constraints.budget_usd"),
        ({"land_m2": float("nan")}, "constraints.land_m2"),
        ({"connection_kw": float("inf")}, "constraints.connection_kw"),
        ({"min_served_frac": 1.5}, "constraints.min_served_frac"),
    ],
)
def test_a_constraint_that_cannot_be_is_refused_by_name(ask, field, greensboro: Weather, market: Market) -> None:
    with pytest.raises(ValidationError) as refused:
        asked(greensboro, market, **ask)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("within", "field"),
    [
        ({"array.gcr": (0.3, 0.4)}, "variables.within"),
        ({"array.dc_kw": (-3.0, 5.0)}, "variables.within.array.dc_kw"),
        ({"array.dc_kw": (5.0, 3.0)}, "variables.within.array.dc_kw"),
        ({"array.dc_kw": (0.0, float("nan"))}, "variables.within.array.dc_kw"),
        ({"battery.power_kw": 5.0}, "variables.within.battery.power_kw"),
        ({"array.surface_tilt": (0.0, 91.0)}, "variables.within.array.surface_tilt"),
    ],
)
def test_a_range_that_cannot_be_is_refused_by_name(within, field, greensboro: Weather, market: Market) -> None:
    with pytest.raises(ValidationError) as refused:
        size(PAYS, greensboro, market, variables=Variables(within))
    assert refused.value.field == field


def test_machines_to_choose_from_need_figures_and_a_price(greensboro: Weather, market: Market) -> None:
    for unit, field in (
        (Unit(model="X", hashrate_ths=200.0, power_w=3000.0), "variables.units.0.price_usd"),
        (Unit(model="X", price_usd=2000.0), "variables.units.0.hashrate_ths"),
    ):
        with pytest.raises(ValidationError) as refused:
            size(PAYS, greensboro, market, variables=Variables(units=(unit,)))
        assert refused.value.field == field


def test_a_mixed_fleet_is_refused_by_name_unless_one_of_its_kinds_is_to_be_chosen(
    greensboro: Weather, market: Market
) -> None:
    own = PAYS.fleet.units[0]
    mixed = PAYS.model_copy(update={"fleet": PAYS.fleet.model_copy(update={"units": (own, THIRSTY)})})
    with pytest.raises(ValidationError) as refused:
        size(mixed, greensboro, market)
    assert refused.value.field == "fleet.units"
    told = size(mixed, greensboro, market, variables=Variables(units=mixed.fleet.units))
    assert [unit.model for unit in told.best.fleet.units] == [own.model]


def test_what_is_held_stays_and_the_rest_is_sought(greensboro: Weather, market: Market) -> None:
    ranges = {"array.dc_kw": (700.0, 700.0), "battery.energy_kwh": (0.0, 0.0), "fleet.units.0.count": (20.4, 90.7)}
    told = size(PAYS, greensboro, market, variables=Variables(ranges))
    built = told.designs[told.designs["machines"] > 0]
    assert set(built["dc_kw"]) == {700.0}
    assert not built["energy_kwh"].any()
    assert (built["machines"].min(), built["machines"].max()) == (21, 90)
    assert told.looked_at["fleet.units.0.count"] == (21.0, 90.0)
    nothing = told.designs[~told.designs[["dc_kw", "machines"]].any(axis=1)]
    assert len(nothing) == 1  # to build nothing is a choice whatever is held
    every = judged(
        ground(PAYS, greensboro, used_readings(PAYS, market)), np.array([[700.0, 0, 0, n] for n in range(21, 91)])
    )
    best = float(np.max(every.account.metrics["npv_usd"]))
    assert told.metrics["npv_usd"] == pytest.approx(max(best, 0.0), abs=1e-6)


THIRSTY = Unit(model="Thirsty", hashrate_ths=100.0, power_w=3250.0, count=1, price_usd=300.0)
CHEAP_SUN = PAYS.but({"finance.array_usd_per_kw": 250.0, "grid.import_limit_kw": 100.0})


def best_npv(plan: Scenario, greensboro: Weather, market: Market, **asked) -> float:
    return size(plan, greensboro, market, **asked).metrics["npv_usd"] or 0.0


def test_the_best_tilt_beats_every_tilt_of_a_row_sized_by_itself(greensboro: Weather, market: Market) -> None:
    tilt = "array.surface_tilt"
    told = size(CHEAP_SUN, greensboro, market, variables=Variables({tilt: (0.0, 60.0)}))
    row = {t: best_npv(CHEAP_SUN.but({tilt: t}), greensboro, market) for t in (0.0, 12.0, 24.0, 36.0, 48.0, 60.0)}
    assert told.best.array.dc_kw > 0
    assert (told.metrics["npv_usd"] or 0.0) >= max(row.values()) - 0.0005 * (told.metrics["capex_usd"] or 0.0)
    assert abs(told.best.array.surface_tilt - max(row, key=lambda t: row[t])) < 12.0


def test_where_the_inverter_is_limited_more_modules_go_behind_it(greensboro: Weather, market: Market) -> None:
    ratio, limits = "array.dc_ac_ratio", Constraints(connection_kw=100.0)
    told = size(CHEAP_SUN, greensboro, market, constraints=limits, variables=Variables({ratio: (0.8, 3.0)}))
    array = told.best.array
    assert array.dc_ac_ratio > 1.3
    assert array.dc_kw == pytest.approx(100.0 * array.dc_ac_ratio, rel=1e-9)
    for fixed in (1.2, 1.6, 2.0, 2.6):
        held = best_npv(CHEAP_SUN.but({ratio: fixed}), greensboro, market, constraints=limits)
        assert (told.metrics["npv_usd"] or 0.0) >= held - 0.0005 * (told.metrics["capex_usd"] or 0.0)


def test_the_kind_of_machine_chosen_is_the_best_when_each_is_sized_by_itself(
    greensboro: Weather, market: Market
) -> None:
    kinds = tuple(
        Unit(model=f"M{i}", hashrate_ths=ths, power_w=watts, price_usd=usd)
        for i, (ths, watts, usd) in enumerate(
            [(100.0, 3250.0, 200.0), (140.0, 3010.0, 700.0), (200.0, 3500.0, 1700.0), (234.0, 3510.0, 3600.0)]
        )
    )
    told = size(CHEAP_SUN, greensboro, market, variables=Variables(units=kinds))
    each = {unit.model: best_npv(CHEAP_SUN, greensboro, market, variables=Variables(units=(unit,))) for unit in kinds}
    assert told.best.fleet.units[0].model == max(each, key=lambda model: each[model])
    assert told.metrics["npv_usd"] == pytest.approx(max(each.values()), rel=1e-9)
    assert set(told.designs["model"]) == {unit.model for unit in kinds}


def test_an_aim_nobody_knows_is_refused(greensboro: Weather, market: Market) -> None:
    with pytest.raises(ValidationError) as refused:
        size(PAYS, greensboro, market, "happiness")
    assert refused.value.field == "objective"


def test_capex_is_a_straight_line_in_the_sizes(greensboro: Weather, market: Market) -> None:
    on = ground(PAYS, greensboro, used_readings(PAYS, market))
    one, two = np.array([[500.0, 300.0, 100.0, 50.0]]), np.array([[1500.0, 900.0, 300.0, 150.0]])
    nothing = capex_usd(on, np.zeros((1, 4)))
    assert capex_usd(on, two) - nothing == pytest.approx(3 * (capex_usd(on, one) - nothing), rel=1e-12)


def test_sizes_may_be_asked_for_in_one_call(
    greensboro: Weather, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    import core

    compiled: list[int] = []
    ready = lanes.compile_kernel
    monkeypatch.setattr(lanes, "compile_kernel", lambda steps: (compiled.append(steps), ready(steps)))
    plan = PAYS.but({"finance.horizon_years": 1})
    told = core.size(
        plan,
        greensboro,
        market,
        constraints=core.Constraints(budget_usd=5e5),
        variables=core.Variables(units=(Unit(model="Antminer S21 Pro (234)"),)),
    )
    assert isinstance(told, core.Sizing)
    assert (told.metrics["capex_usd"] or 0.0) <= 5e5
    assert told.designs["model"].iloc[0] == "Antminer S21 Pro (234)"
    assert 1 in compiled  # else it takes a minute
