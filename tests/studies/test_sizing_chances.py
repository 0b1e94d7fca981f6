"""The best sizes for one who minds the bad lives: beside living every design of a grid, and in the limits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.errors import ValidationError
from core.inputs import Market, Weather
from core.models import risk
from core.scenario import Scenario
from core.studies.constraints import Constraints
from core.studies.designs import sized
from core.studies.simulation import simulate
from core.studies.sizing import compile_kernels, size
from core.studies.sizing_chances import Aim, ChanceSizing, lived, size_under_chance
from core.studies.variables import Variables
from tests.studies.risk_cases import STILL

pytestmark = pytest.mark.usefixtures("kernel")
PATHS = 2048
PLAN = Scenario().but(
    {"finance.horizon_years": 3, "outlook.price_usd": 200_000.0, "finance.array_usd_per_kw": 300.0, "risk.paths": PATHS,
     "grid.import_usd_per_kwh": 0.09, "grid.import_limit_kw": 400.0, "finance.interconnection_usd": 20_000.0}
)  # fmt: skip
WITHIN = Variables({"battery.energy_kwh": (0.0, 0.0), "battery.power_kw": (0.0, 0.0), "array.dc_kw": (0.0, 800.0),
                    "fleet.units.0.count": (0.0, 160.0)})  # fmt: skip
AIMS = (
    Aim("tail_weighed", weight=0.0),
    Aim("tail_weighed", weight=1.0),
    Aim("tail_held", floor_usd=-100_000.0),
    Aim("loss_capped", most_loss_frac=0.08),
)


@pytest.fixture(scope="module", autouse=True)
def _kernels() -> None:
    compile_kernels(PLAN)


@pytest.fixture(scope="module")
def grid(greensboro: Weather, market: Market) -> dict[tuple[float, ...], np.ndarray]:
    """NPV of the lives of every design of a grid; of nothing 0."""
    found = {}
    for dc, count in itertools.product(np.linspace(0.0, 800.0, 5), np.linspace(0.0, 160.0, 9)):
        if dc or count:
            plan = sized(PLAN, np.array([dc, 0.0, 0.0, count]))
            found[dc, count] = simulate(plan, greensboro, market).paths["npv_usd"].to_numpy()
    return {**found, (0.0, 0.0): np.zeros(PATHS)}


def asked(aim: Aim, greensboro: Weather, market: Market, **more: object) -> ChanceSizing:
    return size_under_chance(PLAN, greensboro, market, aim, variables=WITHIN, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("aim", AIMS, ids=lambda aim: f"{aim.kind} {aim.weight:g}")
def test_no_design_of_a_grid_serves_the_aim_better(
    aim: Aim, grid: dict[tuple[float, ...], np.ndarray], greensboro: Weather, market: Market
) -> None:
    told = asked(aim, greensboro, market)
    lives = {sizes: lived(npv, aim.level) for sizes, npv in grid.items()}
    best = max((aim.score_usd(one) for one in lives.values() if not aim.missed(one)), default=0.0)
    assert aim.missed(told.chosen) == 0.0
    assert aim.score_usd(told.chosen) >= best - 1e-9 * abs(best)
    assert told.designs["score_usd"].iloc[0] == pytest.approx(aim.score_usd(told.chosen))


def test_what_was_chosen_is_what_its_lives_come_to(greensboro: Weather, market: Market) -> None:
    aim = AIMS[1]
    told = asked(aim, greensboro, market)
    assert told.best.fleet.units[0].count > 0
    for seed, figures in ((1, told.chosen), (2, told.fresh)):
        npv = simulate(told.best, greensboro, market, seed=seed).paths["npv_usd"].to_numpy()
        assert figures.mean_usd == pytest.approx(npv.mean())
        assert figures.cvar_usd == pytest.approx(float(risk.cvar_usd(npv, 0.95)))
        assert figures.loss_frac == pytest.approx((npv < 0).mean())
    assert told.curse_usd == pytest.approx(aim.score_usd(told.chosen) - aim.score_usd(told.fresh))
    assert abs(told.curse_usd) < 5 * (told.fresh.mean_error_usd + told.fresh.cvar_error_usd)


def test_the_more_the_tail_is_minded_the_better_it_is_and_the_mean_no_higher(
    greensboro: Weather, market: Market
) -> None:
    means, tails = [], []
    for weight in (0.0, 1.0, 4.0):
        told = asked(Aim("tail_weighed", weight=weight), greensboro, market)
        means.append(told.chosen.mean_usd)
        tails.append(told.chosen.cvar_usd)
    assert means == sorted(means, reverse=True)
    assert tails == sorted(tails)


def test_a_floor_that_all_keep_changes_nothing(greensboro: Weather, market: Market) -> None:
    free, held = (asked(aim, greensboro, market) for aim in (AIMS[0], Aim("tail_held", floor_usd=-1e12)))
    assert held.best == free.best
    assert held.chosen == free.chosen


def test_without_chance_it_is_the_search_without_chance(greensboro: Weather, market: Market) -> None:
    """Every life is the plan: mean and tail are its NPV, to what the table of responses rounds."""
    still = PLAN.but({**STILL, "risk.paths": 100})
    told = size_under_chance(still, greensboro, market, Aim("tail_weighed", weight=0.0), variables=WITHIN)
    plain = size(still, greensboro, market, variables=WITHIN)
    npv, capex = plain.metrics["npv_usd"] or 0.0, plain.metrics["capex_usd"] or 0.0
    assert told.chosen.mean_usd == pytest.approx(npv, abs=5e-4 * capex)
    assert told.chosen.cvar_usd == pytest.approx(told.chosen.mean_usd)
    assert told.plan_npv_usd == pytest.approx(npv, rel=1e-9)


def test_where_none_keeps_to_the_aim_the_nearest_is_told_and_said(greensboro: Weather, market: Market) -> None:
    told = asked(Aim("tail_held", floor_usd=1e9), greensboro, market)
    assert "No design keeps to the aim" in told.notices[0]
    assert not told.designs["meets"].any()
    tails = told.designs.loc[told.designs["paths"] >= PATHS, "cvar_usd"]
    assert told.chosen.cvar_usd >= tails.max() - 1e-6


def test_where_the_tail_is_all_nothing_is_built(greensboro: Weather, market: Market) -> None:
    told = asked(Aim("tail_held", floor_usd=0.0), greensboro, market)
    assert not any(told.designs.iloc[0][["dc_kw", "energy_kwh", "machines"]])
    assert told.chosen.mean_usd == told.fresh.cvar_usd == 0.0


def test_a_budget_is_kept_to_by_all_that_are_lived(greensboro: Weather, market: Market) -> None:
    told = asked(AIMS[0], greensboro, market, constraints=Constraints(budget_usd=200_000.0))
    assert (told.designs["capex_usd"] <= 200_000.0 * (1 + 1e-9)).all()


def test_the_same_question_has_the_same_answer_and_progress_rises(greensboro: Weather, market: Market) -> None:
    shares: list[float] = []
    one, other = asked(AIMS[1], greensboro, market, tick=shares.append), asked(AIMS[1], greensboro, market)
    assert one.best == other.best
    assert one.designs.equals(other.designs)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    def stop(share: float) -> None:
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(AIMS[1], greensboro, market, tick=stop)


@pytest.mark.parametrize(
    ("aim", "field"),
    [
        (Aim("happiness"), "aim.kind"),
        (Aim(floor_usd=float("nan")), "aim.floor_usd"),
        (Aim(weight=-1.0), "aim.weight"),
        (Aim(most_loss_frac=1.5), "aim.most_loss_frac"),
        (Aim(level=1.0), "aim.level"),
    ],
)
def test_an_aim_that_cannot_be_is_refused_by_name(aim: Aim, field: str, greensboro: Weather, market: Market) -> None:
    with pytest.raises(ValidationError) as refused:
        asked(aim, greensboro, market)
    assert refused.value.field == field
