"""What a choice is worth: closed forms of finance for the estimator, and what switching off and waiting can never do."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from core.errors import ValidationError
from core.inputs import Market, Weather
from core.models import draws, lanes
from core.scenario import Scenario
from core.studies.chances import chances
from core.studies.drivers import npv_usd
from core.studies.options import Decided, decided, from_year, margin_usd, options
from core.studies.projection import project
from core.studies.run import used_readings
from core.studies.simulation import Ground, ground_of
from core.studies.sorted_site import SortedSite
from tests.studies.risk_cases import STILL

pytestmark = pytest.mark.usefixtures("kernel")
PLAN = Scenario().but({"finance.horizon_years": 3, "outlook.price_usd": 250_000.0, "battery.energy_kwh": 0.0})
PATHS = 40_000
CDF = NormalDist().cdf


# The estimator


def lognormal(stream: int, deviation: float) -> np.ndarray:
    """Of mean 1, (PATHS,)."""
    return np.exp(deviation * draws.normals(1, stream, 0, PATHS, 1)[0] - deviation**2 / 2.0)


def close(told: Decided, value: float) -> bool:
    """Within four standard errors, and never far above: a rule is worth at most what the best is."""
    return value - 4.0 * told.error_usd - 0.01 * value < told.worth_usd < value + 4.0 * told.error_usd


@pytest.mark.parametrize("cost", [60.0, 100.0, 140.0])
def test_a_lognormal_worth_against_a_fixed_cost_is_black_and_scholes(cost: float) -> None:
    """C = e^(−rT) · (F · Φ(d₁) − K · Φ(d₂)); what is seen is not yet what is got: noise of mean 1 comes on top."""
    forward, sigma, rate, years = 100.0, 0.5, 0.05, 2.0
    spread = sigma * np.sqrt(years)
    seen = forward * lognormal(0, spread)
    npv = np.exp(-rate * years) * (seen * lognormal(1, 0.3) - cost)
    d1 = np.log(forward / cost) / spread + spread / 2.0
    value = np.exp(-rate * years) * (forward * CDF(d1) - cost * CDF(d1 - spread))
    told = decided(npv, np.log(seen)[None])
    assert close(told, value)
    assert told.chosen_frac == pytest.approx(CDF(d1 - spread), abs=0.03)


def test_one_thing_against_another_is_margrabe() -> None:
    """Exchange of one lognormal thing for another: S₁ · Φ(d₁) − S₂ · Φ(d₂), σ² = σ₁² + σ₂² − 2ρσ₁σ₂."""
    first, other = lognormal(0, 0.5), lognormal(1, 0.3)
    spread = np.hypot(0.5, 0.3)
    told = decided(100.0 * (first - 0.9 * other), np.log([first, other]))
    d1 = np.log(1.0 / 0.9) / spread + spread / 2.0
    assert close(told, 100.0 * CDF(d1) - 90.0 * CDF(d1 - spread))


def test_without_anything_to_see_it_is_the_plain_mean_or_nothing() -> None:
    npv = lognormal(0, 0.3)
    told = decided(npv, np.ones((2, PATHS)))
    assert told.worth_usd == pytest.approx(npv.mean())
    assert told.chosen_frac == 1.0
    assert decided(npv - 2.0, np.ones((2, PATHS))) == Decided(0.0, 0.0, 0.0)


def test_a_rule_never_sees_its_own_outcome() -> None:
    """Of noise around nothing nothing can be earned, where a curve through all paths would have found some."""
    noise = draws.normals(3, 0, 0, PATHS, 1)[0]
    seen = draws.normals(3, 1, 0, PATHS, 2)
    told = decided(noise, seen)
    assert abs(told.worth_usd) < 4.0 * told.error_usd


def test_what_does_not_fit_is_named(greensboro: Weather, market: Market) -> None:
    for npv, seen in ((np.ones(5), np.ones((1, 4))), (np.ones(3), np.ones((1, 3))), (np.ones(4), np.ones(4))):
        with pytest.raises(ValidationError) as refused:
            decided(npv, seen)
        assert refused.value.field == "seen"
    with pytest.raises(ValidationError) as refused:
        options(PLAN, greensboro, market, 1)
    assert refused.value.field == "paths"


# To switch off


def ground_and_paths(plan: Scenario, weather: Weather, market: Market) -> tuple[Ground, object]:
    lanes.compile_kernel(1)
    ground = ground_of(plan, weather, used_readings(plan, market), ())
    return ground, chances(plan, ground.base.path, ground.base.fees_btc, 1, 0, 256)


def test_in_no_month_is_it_worse_to_be_able_to_switch_off(greensboro: Weather, market: Market) -> None:
    plan = PLAN.but({"outlook.price_usd": 75_000.0})
    ground, drawn = ground_and_paths(plan, greensboro, market)
    assert isinstance(ground.site, SortedSite)
    able, always = (margin_usd(ground.base, site, drawn) for site in (ground.site, ground.site.always_on()))
    assert (able - always > -1e-6).all()
    assert (able - always).mean() > 100.0
    assert (npv_usd(ground, drawn) - npv_usd(ground._replace(site=ground.site.always_on()), drawn) > -1e-3).all()


def test_where_every_hour_pays_it_is_worth_nothing(greensboro: Weather, market: Market) -> None:
    rich = PLAN.but({**STILL, "outlook.price_usd": 3e6})
    told = options(rich, greensboro, market, 256, years=())
    assert told.switch_usd == pytest.approx(np.zeros(256), abs=1e-3)
    assert told.stood_frac == pytest.approx(0.0, abs=1e-9)


def test_where_no_hour_pays_all_of_the_loss_is_saved(greensboro: Weather, market: Market) -> None:
    """Coins worth nothing: machines that always run pay for each kWh drawn what it would have cost or brought."""
    poor = PLAN.but({**STILL, "outlook.price_usd": 1.0, "grid.export_limit_kw": 1e5})  # no solar kWh is left over
    told = options(poor, greensboro, market, 256, years=())
    assert told.stood_frac == pytest.approx(1.0, abs=1e-6)
    ground, drawn = ground_and_paths(poor, greensboro, market)
    stands = project(poor.but({"fleet.uptime_frac": 0.0}), greensboro, market).metrics["npv_usd"]
    always = npv_usd(ground._replace(site=ground.site.always_on()), drawn)[:1]
    assert told.switch_usd[:1] == pytest.approx(stands - always, rel=1e-3)


# To wait


def test_paths_from_a_later_year_are_the_same_paths() -> None:
    from core.models.network import outlook_months

    long = PLAN.but({"finance.horizon_years": 5})
    path = outlook_months("2027-01", 60, "2026-04-30", 75_894.0, 1.3897e14, 946_200, 0.12, 0.15)
    drawn = chances(long, path, 0.025, 1, 0, 8)
    later = from_year(drawn, 2, 3, 1.1)
    assert later.price_usd == pytest.approx(drawn.price_usd[24:60])
    assert later.sun_frac == pytest.approx(drawn.sun_frac[2:])
    assert later.power_index == pytest.approx(1.1 * drawn.power_index[2:])


def test_without_chance_waiting_is_the_plan_begun_later(greensboro: Weather, market: Market) -> None:
    """Price and difficulty that stand still, no halving on the way, machines that keep their price: only discounted."""
    still = PLAN.but(
        {**STILL, "outlook.price_growth_per_year": 0.0, "outlook.difficulty_growth_per_year": 0.0,
         "outlook.start_month": "2028-07", "outlook.hardware.price_decline_frac_per_year": 0.0,
         "outlook.hardware.improvement_per_year": 0.0, "grid.price_growth_per_year": 0.0, "finance.horizon_years": 2,
         "outlook.price_usd": 1e6}
    )  # fmt: skip
    told = options(still, greensboro, market, 64, years=(1,))
    assert told.now_usd > 0
    assert told.later[1].worth_usd == pytest.approx(told.now_usd / 1.08, rel=5e-3)
    assert told.later[1].chosen_frac == 1.0


def test_a_choice_is_never_worth_less_than_nothing(greensboro: Weather, market: Market) -> None:
    """It is nothing where building never pays; a horizon that is too long leaves waiting out."""
    told = options(PLAN, greensboro, market, 2048)
    assert 0.0 < told.later[1].chosen_frac < 1.0
    for choice in told.later.values():
        assert choice.worth_usd >= -4.0 * choice.error_usd
    never = options(PLAN.but({"outlook.price_usd": 1000.0}), greensboro, market, 256)
    assert {choice.worth_usd for choice in never.later.values()} == {0.0}
    assert not options(PLAN.but({"finance.horizon_years": 40}), greensboro, market, 2).later
