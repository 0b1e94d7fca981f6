"""What must hold of any bill, and prices that dispatch decides by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import vocabulary
from core.models import metering
from core.models.bills import Peaks, bill, prices
from core.scenario import Scenario
from core.studies.clock import clock
from tests.models.tariffs import (
    CHICAGO,
    DAYTIME,
    HOURS,
    PLAIN,
    Floats,
    blocks,
    by_month,
    grid,
    load,
    tiers,
)

LINES = (
    "energy_charge_usd", "demand_charge_usd", "coincident_charge_usd", "fixed_charge_usd", "minimum_charge_usd",
    "export_credit_usd", "export_income_usd", "demand_response_usd",
)  # fmt: skip


# What must hold of any bill


RICH: dict[str, Any] = {
    "tariff__energy": {
        "periods": [tiers((0.09, 150.0), (0.05, None), unit="kwh_per_kw"), tiers((0.14, 9000.0), (0.11, None), sell=0.06)],
        "weekday": DAYTIME,
        "weekend": [[0] * 24] * 12,
        "adjustment_usd_per_kwh": [0.002] * 12,
    },
    "tariff__flat_demand": {"periods": [blocks((9.0, 100.0), (7.0, None))]},
    "tariff__timed_demand": {"periods": [blocks((0.0, None)), blocks((4.0, None))], "weekday": DAYTIME},
    "tariff__ratchet": {"shares_frac": [0.7], "on": "both", "least_kw": 20.0},
    "tariff__minimum_usd_per_month": 500.0,
    "tariff__fixed_usd_per_day": 2.0,
    "demand_response": {"committed_kw": 100.0},
}  # fmt: skip
RULES = ("sold", "feed_in", "net_metering", "net_billing")


def flows(seed: int, years: int) -> tuple[Floats, Floats]:
    """Import and export that are never both there."""
    net = np.random.default_rng(seed).normal(20.0, 120.0, (years, HOURS))
    return np.maximum(net, 0.0), np.maximum(-net, 0.0)


@pytest.mark.parametrize("rule", RULES)
def test_years_at_once_are_billed_as_one_by_one(rule: str) -> None:
    site = grid(**RICH, tariff__settlement__rule=rule)
    bought, sold = flows(5, 3)
    before = bill(site, *flows(6, 3), CHICAGO).peaks
    together = bill(site, bought, sold, CHICAGO, before)
    for year in range(3):
        alone = bill(site, bought[year], sold[year], CHICAGO, Peaks(before.month_kw[year], before.timed_kw[year]))
        for line in LINES:
            assert np.array_equal(getattr(together, line)[year], getattr(alone, line)), line
        assert np.array_equal(together.peaks.timed_kw[year], alone.peaks.timed_kw)
    deep = bill(site, bought[:, None], sold[:, None], CHICAGO)
    assert deep.owed_usd.shape == (3, 1, 12)


@pytest.mark.parametrize("rule", RULES)
def test_every_line_is_finite_and_none_is_negative(rule: str) -> None:
    told = bill(grid(**RICH, tariff__settlement__rule=rule), *flows(9, 2), CHICAGO)
    assert set(LINES) == {*vocabulary.BILL, "export_income_usd"}  # which periods tell as export revenue
    for line in LINES:
        values = getattr(told, line)
        assert values.shape == (2, 12), line
        assert np.isfinite(values).all(), line
        assert (values >= 0).all(), line
    assert (told.owed_usd >= 500.0 - 1e-9).all()


def test_a_flat_price_is_energy_times_price_and_the_fixed_charge() -> None:
    """Without a tariff nothing has changed: to the last digit."""
    site = Scenario().but({"grid.fixed_usd_per_month": 251.37}).grid
    for zone, start in (("America/Chicago", "2027-01"), ("Australia/Lord_Howe", "2028-07")):
        when = clock(zone, start)
        bought, sold = flows(11, 2)
        told = bill(site, bought, sold, when)
        assert np.allclose(told.owed_usd, when.by_month(bought) * 0.055 + 251.37, rtol=1e-12, atol=0)
        assert np.allclose(told.earned_usd, when.by_month(sold) * 0.03, rtol=1e-12, atol=0)
        assert [set(p) for p in prices(site, when)] == [{0.055}, {0.03}]


def test_without_tiers_the_bill_of_two_loads_is_the_sum_of_their_bills() -> None:
    energy = {"periods": [tiers((0.05, None)), tiers((0.12, None))], "weekday": DAYTIME}
    site = grid(tariff__energy=energy, tariff__settlement__rule="feed_in")
    (a, x), (b, y) = flows(1, 1), flows(2, 1)
    whole, one, other = (bill(site, *kw, CHICAGO) for kw in ((a + b, x + y), (a, x), (b, y)))
    assert np.allclose(whole.owed_usd, one.owed_usd + other.owed_usd, rtol=1e-12)
    assert np.allclose(whole.earned_usd, one.earned_usd + other.earned_usd, rtol=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_hours_of_a_period_and_month_may_change_places(rule: str) -> None:
    site = grid(**RICH, tariff__settlement__rule=rule)
    bought, sold = flows(13, 1)
    energy = site.tariff.energy
    group = CHICAGO.scheduled(energy.weekday, energy.weekend) * 100 + CHICAGO.of_operation
    moved = np.random.default_rng(1).permutation(HOURS)
    moved = moved[np.argsort(group[moved], kind="stable")]
    back = np.empty(HOURS, dtype=int)
    back[np.argsort(group, kind="stable")] = moved
    was, now = (bill(site, bought[:, at], sold[:, at], CHICAGO) for at in (np.arange(HOURS), back))
    assert np.allclose(was.energy_charge_usd, now.energy_charge_usd, rtol=1e-12)
    assert np.allclose(was.export_income_usd, now.export_income_usd, rtol=1e-12)


@given(st.integers(0, 10_000))
def test_net_metering_loses_no_kwh(seed: int) -> None:
    """Bought less sold is billed less what is left, whatever periods come and go."""
    rng = np.random.default_rng(seed)
    present = rng.random((3, 12)) < 0.6
    present[0] |= ~present.any(axis=0)
    bought, sold = (rng.uniform(0, 100, (2, 3, 12)) * present for _ in range(2))
    billed, left = metering.metered(bought, sold, present)
    assert (billed >= 0).all()
    assert (left >= 0).all()
    assert np.allclose(billed.sum(axis=(1, 2)) - left, (bought - sold).sum(axis=(1, 2)))


# Prices that dispatch decides by


@pytest.mark.parametrize("rule", ["sold", "feed_in"])
def test_a_price_is_what_one_more_kwh_adds_to_the_bill(rule: str) -> None:
    """At a peak that stands elsewhere and beyond the last tier; of one period with tiers, or of many without."""
    hourly = np.round(np.random.default_rng(4).normal(0.03, 0.02, HOURS), 4).tolist()
    plain = {"periods": [tiers((0.05, None)), tiers((0.12, None), sell=0.08)], "weekday": DAYTIME}
    tiered = {"periods": [tiers((0.09, 3000.0), (0.05, None))], "adjustment_usd_per_kwh": [0.001] * 12}
    for energy, series in ((plain, []), (plain, hourly), (tiered, [])):
        site = grid(
            tariff__energy=energy,
            tariff__settlement__rule=rule,
            import_hourly_usd_per_kwh=series,
            export_hourly_usd_per_kwh=series,
        )
        bought, sold = flows(3, 1)
        buy, sell = prices(site, CHICAGO)
        base = bill(site, bought[0], sold[0], CHICAGO)
        for hour in (0, 17, 1700, 4000, 8759):
            more = load((hour, 1, 1.0))
            costs = bill(site, bought[0] + more, sold[0], CHICAGO).owed_usd.sum() - base.owed_usd.sum()
            earns = bill(site, bought[0], sold[0] + more, CHICAGO).earned_usd.sum() - base.earned_usd.sum()
            assert costs == pytest.approx(buy[hour], abs=1e-7)
            assert earns == pytest.approx(sell[hour], abs=1e-7)


def test_a_typical_year_tells_the_tier() -> None:
    site = grid(tariff__energy={"periods": [tiers((0.09, 3000.0), (0.05, None))]})
    typical = by_month([2000.0, 4000.0] * 6)
    buy, _ = prices(site, PLAIN, typical)
    assert np.allclose(buy[PLAIN.starts], [0.09, 0.05] * 6)
    assert np.allclose(prices(site, PLAIN)[0], 0.05)


def test_under_net_metering_a_kwh_is_worth_what_it_saves() -> None:
    energy = {"periods": [tiers((0.05, None)), tiers((0.12, None))], "weekday": DAYTIME}
    buy, sell = prices(grid(tariff__energy=energy, tariff__settlement__rule="net_metering"), PLAIN)
    assert np.array_equal(buy, sell)
    no_import = grid(tariff__energy=energy, tariff__settlement__rule="net_metering", import_limit_kw=0.0)
    assert set(prices(no_import, PLAIN)[1]) == {0.03}
