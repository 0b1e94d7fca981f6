"""What is left to chance has the moments that were asked for, around the plan as its median."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from core.errors import ScenarioError
from core.models import risk
from core.models.network import outlook_months
from core.models.price_paths import deviation_sd
from core.scenario import Scenario
from core.studies.chances import Chances, answered, chances, correlation, price_sd, volatility
from tests.studies.risk_cases import STILL

PATH = outlook_months("2027-01", 120, "2026-04-30", 75_894.0, 1.3897e14, 946_200, 0.12, 0.15)
FEES = 0.025
MANY = 1 << 14


def drawn(changes: dict[str, object] | None = None, seed: int = 1) -> Chances:
    return chances(Scenario().but(changes or {}), PATH, FEES, seed, 0, MANY)


@pytest.fixture(scope="module")
def usual() -> Chances:
    return drawn()


def test_the_plan_is_the_median_and_the_spread_is_the_closed_form(usual: Chances) -> None:
    ln = np.log(usual.price_usd / PATH.price_usd[:, None])
    spread = deviation_sd(volatility(Scenario().risk), 120)[:-1]
    assert np.median(ln, axis=1) == pytest.approx(np.zeros(120), abs=0.02)
    assert ln.std(axis=1)[1:] == pytest.approx(spread[1:], rel=0.02)
    assert np.quantile(ln[-1], 0.05) == pytest.approx(NormalDist().inv_cdf(0.05) * spread[-1], rel=0.03)


def test_without_deviations_every_path_is_the_plan() -> None:
    still = drawn(STILL)
    for name in ("price_usd", "difficulty", "subsidy_btc"):
        assert getattr(still, name) == pytest.approx(np.tile(getattr(PATH, name)[:, None], MANY), rel=1e-12)
    assert (still.fees_btc == FEES).all()
    assert (still.uptime_frac == Scenario().fleet.uptime_frac).all()
    assert (still.power_index == 1.0).all()
    assert (still.sun_frac == 1.0).all()
    assert (still.overrun_frac == 1.0).all()
    assert (still.delay_months == 0.0).all()


def test_exceeded_yields_are_those_of_the_solar_trade() -> None:
    """V44: P90 = P50 · (1 − 1.2816 σ), P99 = P50 · (1 − 2.3263 σ); at σ = 5 % 0.93592 and 0.88368 (PVsyst)."""
    sun = drawn({"risk.yield_deviation": 0.05, "risk.yield_deviation_of_years": 0.0}).sun_frac[0]
    middle = risk.exceeded(sun, 0.5)
    assert middle == pytest.approx(1.0, abs=0.002)
    for share, told in ((0.9, 0.93592), (0.99, 0.88368)):
        low, high = risk.percentile_interval_usd(sun, 1.0 - share, 0.999)
        assert low <= told <= high
        assert risk.exceeded(sun, share) / middle == pytest.approx(told, abs=0.004)


def test_ten_years_of_sun_are_surer_than_one(usual: Chances) -> None:
    """σ² = lasting² + yearly² / years."""
    one, ten = usual.sun_frac[0].std(), usual.sun_frac.mean(axis=0).std()
    assert one == pytest.approx(np.hypot(0.05, 0.03), rel=0.03)
    assert ten == pytest.approx(np.hypot(0.05, 0.03 / np.sqrt(10)), rel=0.03)


def test_difficulty_bears_in_the_long_run_what_price_pays() -> None:
    """A price that has doubled for good: difficulty doubles, 7 % of what is left of the gap a month."""
    strayed = np.full((241, 1), np.log(2.0))
    strayed[0] = 0.0
    told = answered(Scenario(), PATH, FEES, strayed, np.zeros(strayed.shape))[:, 0]
    assert told[1] == 0.0
    assert told[2] == pytest.approx((0.074 + 0.047) * np.log(2.0))
    assert told[-1] == pytest.approx(np.log(2.0), rel=1e-6)
    plan = answered(Scenario().but({"risk.difficulty": "plan"}), PATH, FEES, strayed, np.zeros(strayed.shape))
    assert not plan.any()


def test_halvings_come_sooner_where_difficulty_rises(usual: Chances) -> None:
    risen = np.log(usual.difficulty[60] / PATH.difficulty[60])
    fast, slow = risen > np.quantile(risen, 0.9), risen < np.quantile(risen, 0.1)
    mined = usual.subsidy_btc[:60].sum(axis=0)
    assert mined[fast].mean() < mined[slow].mean()
    assert set(np.round(np.unique(usual.subsidy_btc[[0, -1]]), 4)) <= {3.125, 0.3906, 0.7812}


def test_idle_time_keeps_its_mean_and_fees_their_spread(usual: Chances) -> None:
    assert usual.uptime_frac.mean() == pytest.approx(Scenario().fleet.uptime_frac, abs=5e-4)
    assert (usual.uptime_frac >= 0).all()
    ln = np.log(usual.fees_btc / FEES)
    assert ln.std(axis=1) == pytest.approx(np.full(120, 0.5), rel=0.03)
    assert np.corrcoef(ln[50], ln[51])[0, 1] == pytest.approx(0.8, abs=0.02)


def test_power_prices_wander_and_start_at_the_plan(usual: Chances) -> None:
    ln = np.log(usual.power_index)
    assert not ln[0].any()
    assert ln[9].std() == pytest.approx(0.05 * 3.0, rel=0.03)


def test_things_do_not_go_together(usual: Chances) -> None:
    things = np.stack(
        [np.log(usual.price_usd[-1]), usual.sun_frac.mean(axis=0), usual.power_index[-1], usual.overrun_frac]
    )
    off = np.corrcoef(things)[~np.eye(4, dtype=bool)]
    assert np.abs(off).max() < 4.0 / np.sqrt(MANY)


def test_delays_are_whole_months_and_half_a_normal() -> None:
    late = drawn({"risk.delay_deviation_months": 6.0}).delay_months
    assert (late == np.floor(late)).all()
    assert (late < 6.0).mean() == pytest.approx(0.6827, abs=0.015)


def test_jumps_widen_the_tails_and_leave_the_mean() -> None:
    calm, jumpy = (drawn({"risk.price_jumps_per_year": n}).price_usd for n in (0.0, 4.0))
    sd = [np.log(price[-1]).std() for price in (calm, jumpy)]
    assert sd[1] > sd[0]
    assert np.log(jumpy[-1]).mean() == pytest.approx(np.log(PATH.price_usd[-1]), abs=0.03)


REAL = [0.94, 0.97, 0.99, 1.0, 1.02, 1.08]


def test_real_sun_years_are_drawn_each_as_often_and_by_rank(usual: Chances) -> None:
    told = drawn({"risk.sun_years_frac": REAL, "risk.yield_deviation": 0.0}).sun_frac
    assert set(np.unique(told)) == set(REAL)
    for year in REAL:
        assert (told == year).mean() == pytest.approx(1 / 6, abs=5 * np.sqrt(5 / 36 / told.size))
    plain = drawn({"risk.yield_deviation": 0.0}).sun_frac
    assert np.corrcoef(plain[3], told[3])[0, 1] > 0.9  # what goes together with the sun still does
    assert np.corrcoef(told[3], told[4])[0, 1] == pytest.approx(0.0, abs=5 / np.sqrt(MANY))


@pytest.mark.parametrize("years", [[1.0], [1.0, -0.1], [1.0, 3.5]])
def test_sun_years_that_cannot_be_are_refused(years: list[float]) -> None:
    with pytest.raises(ScenarioError) as refused:
        Scenario().but({"risk.sun_years_frac": years})
    assert refused.value.field == "risk.sun_years_frac"


# Price made of the past


def past(months: int = 96) -> list[float]:
    """Changes of ln price with a memory, as those of bitcoin have: each keeps a third of the one before."""
    fresh = np.random.default_rng(5).normal(0.02, 0.2, months)
    for month in range(1, months):
        fresh[month] += 0.33 * fresh[month - 1]
    return [float(change) for change in fresh.round(6)]


@pytest.mark.parametrize(("pull", "block"), [(0.0, 12), (0.15, 12), (0.0, 1)])
def test_a_resampled_price_has_the_plan_in_its_middle_and_the_spread_of_the_closed_form(
    pull: float, block: int
) -> None:
    asked = {
        "risk.price": "resampled", "risk.resampled_changes": past(), "risk.block_months": block, "risk.price_pull_per_year": pull,
    }  # fmt: skip
    ln = np.log(drawn(asked).price_usd / PATH.price_usd[:, None])
    assert np.abs(ln.mean(axis=1)).max() < 5.0 * ln.std(axis=1).max() / np.sqrt(MANY)
    assert ln.std(axis=1)[1:] == pytest.approx(price_sd(Scenario().but(asked).risk, 119)[1:], rel=0.03)


def test_pieces_of_the_past_keep_its_memory_and_single_months_lose_it() -> None:
    history = np.array(past())
    own = np.corrcoef(history[1:], history[:-1])[0, 1]
    assert own > 0.2
    for block, kept in ((24, own * 23 / 24), (1, 0.0)):
        asked = {
            "risk.price": "resampled",
            "risk.resampled_changes": past(),
            "risk.block_months": block,
            "risk.price_pull_per_year": 0.0,
        }
        steps = np.diff(np.log(drawn(asked).price_usd / PATH.price_usd[:, None]), axis=0)
        assert np.corrcoef(steps[1:].ravel(), steps[:-1].ravel())[0, 1] == pytest.approx(kept, abs=0.03)


def test_a_resampled_price_needs_months_and_says_how_many() -> None:
    for changes in ([], [0.1] * 23):
        with pytest.raises(ScenarioError) as refused:
            Scenario().but({"risk.price": "resampled", "risk.resampled_changes": changes})
        assert "24 months or more" in refused.value.message
        assert refused.value.field == "risk.resampled_changes"
    with pytest.raises(ScenarioError, match="36 months or more"):
        Scenario().but({"risk.price": "resampled", "risk.resampled_changes": past(24), "risk.block_months": 36})


# A spread of the planner's own


@pytest.mark.parametrize("pull", [0.0, 0.3])
def test_a_spread_by_year_is_that_of_the_paths(pull: float) -> None:
    asked = {"risk.price": "by_year", "risk.price_deviations": [0.4, 0.8, 0.6], "risk.price_pull_per_year": pull}
    ln = np.log(drawn(asked).price_usd / PATH.price_usd[:, None])
    assert np.median(ln, axis=1) == pytest.approx(np.zeros(120), abs=0.02)
    assert ln[12:40:12].std(axis=1) == pytest.approx([0.4, 0.8, 0.6], rel=0.02)
    assert ln.std(axis=1) == pytest.approx(price_sd(Scenario().but(asked).risk, 119), rel=0.02)


@pytest.mark.parametrize("spread", [[], [-0.1], [6.0]])
def test_a_spread_that_cannot_be_is_named(spread: list[float]) -> None:
    with pytest.raises(ScenarioError) as refused:
        Scenario().but({"risk.price": "by_year", "risk.price_deviations": spread})
    assert refused.value.field == "risk.price_deviations"


def test_crowded_blocks_leave_the_median_of_fees(usual: Chances) -> None:
    told = drawn({"risk.fees_jumps_per_year": 0.5, "risk.fees_jump_times": 8.0})
    ratio = told.fees_btc / usual.fees_btc
    often = -np.expm1(-0.5 / 12)
    assert (ratio > 1.5).mean() == pytest.approx(often, abs=5 * np.sqrt(often / ratio.size))
    assert ratio.max() == pytest.approx(8.0)
    assert np.median(told.fees_btc) == pytest.approx(FEES, rel=0.03)
    np.testing.assert_array_equal(told.price_usd, usual.price_usd)


MODELS: dict[str, dict[str, object]] = {
    "strays": {"risk.price_jumps_per_year": 2.0, "risk.fees_jumps_per_year": 1.0},
    "resampled": {"risk.price": "resampled", "risk.resampled_changes": past(), "risk.difficulty": "responds"},
    "by_year": {"risk.price": "by_year", "risk.price_deviations": [0.5], "risk.difficulty": "responds"},
}


@pytest.mark.parametrize("model", MODELS)
def test_a_path_is_the_same_in_any_batch(model: str) -> None:
    plan = Scenario().but({**MODELS[model], "risk.correlations": FREE["risk.correlations"]})
    whole, part = chances(plan, PATH, FEES, 7, 0, 96), chances(plan, PATH, FEES, 7, 32, 64)
    for name, values in whole._asdict().items():
        np.testing.assert_allclose(values[..., 32:], getattr(part, name), rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("changes", [{"risk.price": "by_year", "risk.price_deviations": [0.0]},
                                     {"risk.price": "resampled", "risk.resampled_changes": [0.01] * 24}])  # fmt: skip
def test_a_price_without_spread_is_the_plans(changes: dict[str, object]) -> None:
    for difficulty in ("follows", "responds", "plan"):
        plan = Scenario().but(
            {**STILL, **changes, "risk.correlations": FREE["risk.correlations"], "risk.difficulty": difficulty}
        )
        still = chances(plan, PATH, FEES, 1, 0, 64)
        for name in ("price_usd", "difficulty", "subsidy_btc"):
            np.testing.assert_allclose(getattr(still, name), np.tile(getattr(PATH, name)[:, None], 64), rtol=1e-12)


# What goes together

PAIRS = {
    ("price", "difficulty"): 0.5, ("price", "fees"): 0.4, ("difficulty", "idle"): -0.2, ("price", "power"): 0.3, ("power", "sun"): -0.5,
    ("idle", "sun"): 0.25, ("fees", "difficulty"): 0.1,
}  # fmt: skip
FREE = {
    "risk.difficulty": "plan", "risk.price_pull_per_year": 0.0, "risk.price_volatility_later_per_year": 0.65,
    "risk.yield_deviation": 0.0, "risk.correlations": [{"first": a, "second": b, "coefficient": c} for (a, b), c in PAIRS.items()],
}  # fmt: skip


def numbers(told: Chances) -> dict[str, np.ndarray]:
    """The standard normals behind a batch, got back from what it says: (months, paths) or (years, paths)."""
    risk_of = Scenario().but(FREE).risk
    fees = np.log(told.fees_btc / FEES) / risk_of.fees_deviation
    idle = np.log(1.0 - np.minimum(told.uptime_frac, 1.0 - 1e-12))
    return {
        "price": np.diff(np.log(told.price_usd / PATH.price_usd[:, None]), axis=0)[:-1],
        "difficulty": np.diff(np.log(told.difficulty / PATH.difficulty[:, None]), axis=0)[:-1],
        "fees": (fees[1:] - 0.8 * fees[:-1])[:-1],
        "idle": idle[:-2],
        "power": np.diff(np.log(told.power_index), axis=0),
        "sun": told.sun_frac,
    }


def test_things_go_together_as_asked_within_the_error_of_the_sample() -> None:
    z = numbers(drawn(FREE))
    monthly = ("price", "difficulty", "fees", "idle")
    for i, first in enumerate(monthly):
        for second in monthly[i + 1 :]:
            asked = PAIRS.get((first, second), PAIRS.get((second, first), 0.0))
            a, b = z[first], z[second]
            if "fees" in (first, second):  # what comes to fees in a month is known from the second month on
                a, b = ((z[n] if n == "fees" else z[n][1:][: len(z["fees"])]) for n in (first, second))
                a, b = a[: min(len(a), len(b))], b[: min(len(a), len(b))]
            found = np.corrcoef(a.ravel(), b.ravel())[0, 1]
            assert found == pytest.approx(asked, abs=5.0 / np.sqrt(a.size) + 0.003), (first, second)


def test_other_things_go_with_a_price_made_of_the_past() -> None:
    """As asked within the error of the sample, which pieces of a year make wider; what is not asked for stays apart."""
    told = drawn({**FREE, "risk.price": "resampled", "risk.resampled_changes": past()})
    z = numbers(told)
    for other, asked in (("difficulty", 0.5), ("idle", 0.0)):
        months = min(len(z["price"]), len(z[other]))
        found = np.corrcoef(z["price"][:months].ravel(), z[other][:months].ravel())[0, 1]
        assert found == pytest.approx(asked, abs=5.0 / np.sqrt(z["price"].size) + 0.005)
    fees = z["fees"][: len(z["price"]) - 1]  # known from the second month on
    assert np.corrcoef(z["price"][1:].ravel(), fees.ravel())[0, 1] == pytest.approx(0.4, abs=0.01)
    plain = np.log(drawn({"risk.price": "resampled", "risk.resampled_changes": past(), "risk.price_pull_per_year": 0.0}).price_usd)  # fmt: skip
    np.testing.assert_allclose(np.log(told.price_usd), plain, rtol=1e-12)


def test_a_year_goes_with_the_sum_of_its_months() -> None:
    told = drawn(FREE)
    z, error = numbers(told), 5.0 / np.sqrt(MANY)
    months = np.diff(np.log(told.price_usd / PATH.price_usd[:, None]), axis=0)
    for year in (1, 5):  # 0 is the first year, in which prices of power are the plan's
        of_year = months[12 * year : 12 * year + 12].sum(axis=0)
        assert np.corrcoef(of_year, z["power"][year - 1])[0, 1] == pytest.approx(0.3, abs=error)
        assert np.corrcoef(of_year, z["sun"][year])[0, 1] == pytest.approx(0.0, abs=error)
        assert np.corrcoef(z["power"][year - 1], z["sun"][year])[0, 1] == pytest.approx(-0.5, abs=error)
        assert np.corrcoef(of_year, z["sun"][year - 1])[0, 1] == pytest.approx(0.0, abs=error)


def test_what_goes_together_leaves_each_as_it_was(usual: Chances) -> None:
    """The first of all is the very same, and the spread of every other is kept."""
    pairs = {"risk.correlations": FREE["risk.correlations"]}
    told = drawn(pairs)
    np.testing.assert_allclose(told.price_usd, usual.price_usd, rtol=1e-12)
    for name in ("fees_btc", "uptime_frac", "power_index", "sun_frac"):
        assert getattr(told, name).std() == pytest.approx(getattr(usual, name).std(), rel=0.02)
        assert not np.array_equal(getattr(told, name), getattr(usual, name))


def test_what_cannot_all_be_is_brought_to_the_nearest_that_can() -> None:
    pairs = [("price", "fees", 0.9), ("fees", "power", 0.9), ("price", "power", -0.9)]
    asked = Scenario().but({"risk.correlations": [{"first": a, "second": b, "coefficient": c} for a, b, c in pairs]})
    found = correlation(asked.risk)
    assert found.moved > 0.3
    assert np.linalg.eigvalsh(found.matrix).min() > 0
    assert np.isfinite(chances(asked, PATH, FEES, 1, 0, 64).fees_btc).all()


@pytest.mark.parametrize(
    "pairs", [[("price", "price", 0.5)], [("price", "fees", 0.5), ("fees", "price", 0.2)], [("price", "fees", 1.5)], [("price", "rain", 0.1)]]
)  # fmt: skip
def test_pairs_that_cannot_be_are_refused(pairs: list[tuple[str, str, float]]) -> None:
    with pytest.raises(ScenarioError):
        Scenario().but({"risk.correlations": [{"first": a, "second": b, "coefficient": c} for a, b, c in pairs]})
