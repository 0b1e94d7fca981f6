"""Bad turns: the planner's own say what the house's say, and each takes what it must."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from core.errors import ValidationError
from core.fetchers.network import bundled_difficulty_history, market_history
from core.fetchers.price import bundled_price_history
from core.inputs import Market, Weather
from core.models import lanes
from core.scenario import Scenario
from core.studies.drivers import moved, npv_usd, own_turns, stress
from core.studies.run import used_readings
from core.studies.simulation import Ground, ground_of
from core.studies.turns import NEW_MACHINES, RENEWAL_FRAC, RIVALS_FRAC, STRESSES, OwnTurn, with_cheaper_machines
from tests.studies.risk_cases import STILL

pytestmark = pytest.mark.usefixtures("kernel")
PLAN = Scenario().but({"finance.horizon_years": 5, "outlook.price_usd": 150_000.0})
END = 60
CRASH, _, _, _, HAIL, OUTAGE, DEAR = STRESSES
TOLD_APART = {
    CRASH: OwnTurn("crash", price_frac=0.35, within_months=12, first_month=2, last_month=END + 1),
    HAIL: OwnTurn("hail", sun_frac=0.6, first_month=13, last_month=24),
    OUTAGE: OwnTurn("outage", uptime_frac=0.0, first_month=7, last_month=8),
    DEAR: OwnTurn("dear power", power_frac=3.0, first_month=13, last_month=24),
    NEW_MACHINES: OwnTurn("rivals", difficulty_frac=RIVALS_FRAC, within_months=12, first_month=2, last_month=END),
}


@pytest.fixture(scope="module")
def ground(greensboro: Weather, market: Market) -> Ground:
    lanes.compile_kernel(1)
    return ground_of(PLAN, greensboro, used_readings(PLAN, market), ())


@pytest.mark.parametrize("name", TOLD_APART)
def test_an_own_turn_can_say_what_the_house_says(name: str, ground: Ground, greensboro: Weather) -> None:
    told = stress(ground, greensboro, {"house": STRESSES[name], "own": TOLD_APART[name].checked()})
    house, own = told["npv_usd"]
    assert own == pytest.approx(house, abs=1.0)
    assert abs(told["change_usd"][0]) > 1000.0


def test_nothing_turned_is_the_plan(greensboro: Weather, market: Market) -> None:
    told = own_turns(PLAN, greensboro, market, [OwnTurn("nothing")])
    assert told["change_usd"].to_numpy() == pytest.approx([0.0], abs=1e-6)


def test_worse_turns_take_more_and_longer_ones_too(greensboro: Weather, market: Market) -> None:
    lean = [OwnTurn(f"{frac}", price_frac=frac, last_month=END + 1) for frac in (0.9, 0.7, 0.5, 0.3)]
    long = [OwnTurn(f"to {month}", uptime_frac=0.5, last_month=month) for month in (1, 6, 24, END)]
    for turns in (lean, long):
        change = own_turns(PLAN, greensboro, market, turns)["change_usd"].to_numpy()
        assert (np.diff(change) < 0).all()
        assert change[0] < 0


def test_a_turn_leaves_the_months_around_it_alone(ground: Ground) -> None:
    usual = moved(ground.base, {"price": np.zeros(1)})
    told = OwnTurn("all of it", 0.5, 2.0, 3.0, 0.5, 0.5, 3, 13, 24)(ground.base, usual)
    for name in ("price_usd", "uptime_frac"):
        before, after = getattr(usual, name), getattr(told, name)
        assert after[:12] == pytest.approx(before[:12])
        assert after[24:] == pytest.approx(before[24:])
        assert (after[12:24] < before[12:24]).all()
    assert told.price_usd[12:16, 0] / usual.price_usd[12:16, 0] == pytest.approx(0.5 ** np.array([1 / 3, 2 / 3, 1, 1]))
    assert told.sun_frac[:3, 0] == pytest.approx([1.0, 0.5, 1.0])
    assert told.power_index[:3, 0] == pytest.approx([1.0, 3.0, 1.0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", " "),
        ("name", "x" * 61),
        ("price_frac", 0.0),
        ("price_frac", float("nan")),
        ("difficulty_frac", -1.0),
        ("power_frac", 11.0),
        ("sun_frac", 1.1),
        ("uptime_frac", -0.1),
        ("within_months", 0),
        ("first_month", 0),
        ("last_month", 0),
    ],
)
def test_what_cannot_be_is_named(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        replace(OwnTurn("mine"), **{name: value}).checked()  # type: ignore[arg-type]
    assert refused.value.field == f"own_turn.{name}"


def test_hail_takes_as_much_where_sun_is_not_left_to_chance(greensboro: Weather, market: Market) -> None:
    """The table of such a plan reaches to no other sun than the plan's; a turn has its own."""
    hail = {HAIL: STRESSES[HAIL]}
    change = [
        stress(ground_of(plan, greensboro, used_readings(plan, market), ()), greensboro, hail)["change_usd"][0]
        for plan in (PLAN, PLAN.but(STILL))
    ]
    assert change[0] < -1000.0
    assert change[1] == pytest.approx(change[0], rel=0.01)


# Cheap machines


def test_the_year_it_is_taken_from() -> None:
    """July 2022 to July 2023: difficulty over what price alone would have drawn."""
    past = market_history(bundled_price_history("USD").value, bundled_difficulty_history().value)
    at = [past.days.index(day) for day in (date(2022, 7, 31), date(2023, 7, 31))]
    price, difficulty = (np.asarray(row)[at] for row in (past.price_usd, past.difficulty))
    assert difficulty[1] / difficulty[0] == pytest.approx(1.89, abs=0.01)
    assert difficulty[1] / difficulty[0] / (price[1] / price[0]) == pytest.approx(RIVALS_FRAC, rel=0.03)


def test_renewed_machines_cost_half(greensboro: Weather, market: Market) -> None:
    """What is saved is the price of later machines, discounted; by hand where there is neither tax nor debt."""
    plan = PLAN.but(
        {"fleet.refresh.rule": "age", "fleet.refresh.age_years": 2.0, "finance.tax.federal_rate_frac": 0.0,
         "finance.tax.state_rate_frac": 0.0, "finance.debt.share_frac": 0.0}
    )  # fmt: skip
    ground = ground_of(plan, greensboro, used_readings(plan, market), ())
    usual = moved(ground.base, {"price": np.zeros(1)})
    half = ground._replace(base=with_cheaper_machines(ground.base, RENEWAL_FRAC[NEW_MACHINES]))
    paid = np.asarray(ground.base.books.yearly["refresh_usd"])
    saved = (paid * np.array([0.0, 0.25, 0.5, 0.5, 0.5, 0.5]) / 1.08 ** np.arange(6)).sum()
    assert saved > 10_000.0
    assert npv_usd(half, usual) - npv_usd(ground, usual) == pytest.approx([saved])


def test_without_renewal_their_price_does_not_matter(ground: Ground) -> None:
    usual = moved(ground.base, {"price": np.zeros(1)})
    half = ground._replace(base=with_cheaper_machines(ground.base, 0.5))
    assert npv_usd(half, usual) == pytest.approx(npv_usd(ground, usual))
