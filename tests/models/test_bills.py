"""Bills worked out by hand, to the cent; what must hold of any bill; and what a bill is without a tariff."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import vocabulary
from core.models import metering
from core.models.bills import Peaks, bill, prices
from core.models.clock import Clock
from core.scenario import Scenario
from core.studies.clock import clock
from tests.models.tariffs import (
    CHICAGO,
    DAYS,
    DAYTIME,
    FIRST,
    HOURS,
    NOTHING,
    PLAIN,
    Floats,
    blocks,
    grid,
    load,
    tiers,
)

NIGHT = [[1] * 4 + [0] * 20] * 12  # period 1 from midnight to 4 o'clock
LINES = (
    "energy_charge_usd", "demand_charge_usd", "coincident_charge_usd", "fixed_charge_usd", "minimum_charge_usd",
    "export_credit_usd", "export_income_usd", "demand_response_usd",
)  # fmt: skip


def cents(usd: Floats) -> list[float]:
    return [round(float(x), 2) for x in usd]


def by_month(kwh: list[float]) -> Floats:
    """A month's energy in its first hour at noon of the plain clock [kW]."""
    return load(*((int(first) + 12, 1, value) for first, value in zip(FIRST, kwh, strict=True)))


# By hand


def test_time_of_use() -> None:
    """100 kW all January: 372 hours from 8 to 20 o'clock at 12 cents, 372 at 5: 4,464.00 + 1,860.00."""
    site = grid(tariff__energy={"periods": [tiers((0.05, None)), tiers((0.12, None))], "weekday": DAYTIME})
    usd = bill(site, load((0, 744, 100.0)), NOTHING, CHICAGO).energy_charge_usd
    assert cents(usd) == [6324.00] + [0.0] * 11


def test_weekends_have_a_schedule_of_their_own() -> None:
    """January 2027 has 21 weekdays: 252 hours at 12 cents, 492 at 5."""
    site = grid(
        tariff__energy={
            "periods": [tiers((0.05, None)), tiers((0.12, None))],
            "weekday": DAYTIME,
            "weekend": [[0] * 24] * 12,
        }
    )
    assert cents(bill(site, load((0, 744, 100.0)), NOTHING, CHICAGO).energy_charge_usd)[0] == 3024.00 + 2460.00


@pytest.mark.parametrize(
    ("unit", "ends"),
    [
        ("kwh", (20_000.0, 50_000.0)),
        ("kwh_per_day", (20_000.0 / 31, 50_000.0 / 31)),
        ("kwh_per_kw", (200.0, 500.0)),
        ("kwh_per_kw_day", (200.0 / 31, 500.0 / 31)),
    ],
)
def test_tiers(unit: str, ends: tuple[float, float]) -> None:
    """74,400 kWh of a peak of 100 kW: 20,000 at 8 cents, 30,000 at 6, 24,400 at 4: 1,600 + 1,800 + 976."""
    site = grid(tariff__energy={"periods": [tiers((0.08, ends[0]), (0.06, ends[1]), (0.04, None), unit=unit)]})
    assert cents(bill(site, load((0, 744, 100.0)), NOTHING, CHICAGO).energy_charge_usd)[0] == 4376.00


def test_a_tier_by_kw_before_tiers_by_kwh() -> None:
    """150 kWh/kW of 100 kW are 15,000 kWh, so that the tier up to 10,000 is empty: 15,000 at 9 cents, 59,400 at 4."""
    period = tiers((0.09, None))
    period["tiers"] = [
        {"usd_per_kwh": 0.09, "up_to": 150.0, "unit": "kwh_per_kw"},
        {"usd_per_kwh": 0.07, "up_to": 10_000.0, "unit": "kwh"},
        {"usd_per_kwh": 0.04},
    ]
    site = grid(tariff__energy={"periods": [period]})
    assert cents(bill(site, load((0, 744, 100.0)), NOTHING, CHICAGO).energy_charge_usd)[0] == 1350.00 + 2376.00


def test_adjustments_by_month() -> None:
    site = grid(
        tariff__energy={"periods": [tiers((0.05, None))], "adjustment_usd_per_kwh": [0.001 * n for n in range(12)]}
    )
    assert cents(bill(site, by_month([1000.0] * 12), NOTHING, PLAIN).energy_charge_usd) == [50.0 + n for n in range(12)]


def test_demand_by_blocks_and_by_period() -> None:
    """150 kW at 10 o'clock, 90 at 2: 100 · 13.50 + 50 · 12.10 at any hour, 150 · 4.00 by day, 90 · 1.50 at night."""
    site = grid(
        tariff__flat_demand={"periods": [blocks((13.5, 100.0), (12.1, None))]},
        tariff__timed_demand={"periods": [blocks((1.5, None)), blocks((4.0, None))], "weekday": DAYTIME},
    )
    usd = bill(site, load((10, 1, 150.0), (26, 1, 90.0)), NOTHING, PLAIN).demand_charge_usd
    assert cents(usd)[:2] == [1350.00 + 605.00 + 600.00 + 135.00, 0.0]


def test_seasons_of_demand() -> None:
    """100 kW each month: 13.50 in winter, 16.30 from June to September."""
    months = [0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0]
    site = grid(tariff__flat_demand={"periods": [blocks((13.5, None)), blocks((16.3, None))], "months": months})
    usd = bill(site, by_month([100.0] * 12), NOTHING, PLAIN).demand_charge_usd
    assert cents(usd) == [1630.0 if month else 1350.0 for month in months]


def test_a_ratchet_over_eleven_months() -> None:
    """500 kW in July, 100 else, at 12 dollars: 6,000 in July, then 80 % of 500 for the rest of the year.

    With a July like that the year before, all other months are billed 400 kW.
    """
    site = grid(tariff__flat_demand={"periods": [blocks((12.0, None))]}, tariff__ratchet={"shares_frac": [0.8]})
    kw = by_month([100.0] * 6 + [500.0] + [100.0] * 5)
    first = bill(site, kw, NOTHING, PLAIN)
    assert cents(first.demand_charge_usd) == [1200.0] * 6 + [6000.0] + [4800.0] * 5
    later = bill(site, kw, NOTHING, PLAIN, first.peaks)
    assert cents(later.demand_charge_usd) == [4800.0] * 6 + [6000.0] + [4800.0] * 5


def test_a_ratchet_of_three_months_that_knows_summers_alone() -> None:
    """Peaks of June to September count: that of February does not; August to October are billed 400 of July's 500 kW."""
    site = grid(
        tariff__flat_demand={"periods": [blocks((12.0, None))]},
        tariff__ratchet={"shares_frac": [0.8], "look_back_months": 3, "peak_months": [6, 7, 8, 9], "least_kw": 110.0},
    )
    kw = by_month([100.0, 600.0] + [100.0] * 4 + [500.0] + [100.0] * 5)
    expected = [1320.0, 7200.0, *[1320.0] * 4, 6000.0, 4800.0, 4800.0, 4800.0, 1320.0, 1320.0]
    assert cents(bill(site, kw, NOTHING, PLAIN).demand_charge_usd) == expected


def test_a_ratchet_of_each_period_against_its_own_peaks() -> None:
    """By day 200 kW in January, 50 later: billed 160; at night 100 always. Dear days at 5, nights at 1 dollar."""
    site = grid(
        tariff__timed_demand={"periods": [blocks((1.0, None)), blocks((5.0, None))], "weekday": DAYTIME},
        tariff__ratchet={"shares_frac": [0.8], "on": "timed"},
    )
    night = [(int(first) + 2, 1, 100.0) for first in FIRST]
    day = [(int(first) + 10, 1, 200.0 if first == 0 else 50.0) for first in FIRST]
    usd = bill(site, load(*night, *day), NOTHING, PLAIN).demand_charge_usd
    assert cents(usd) == [100.0 + 1000.0] + [100.0 + 800.0] * 11


def test_the_hour_of_the_grids_peak() -> None:
    """The hottest weekday hour of July from 14 to 18 o'clock: 15 dollars for each of the 320 kW drawn in it.

    A hotter sunday and a hotter morning do not count.
    """
    temp_c = np.full(HOURS, 20.0)
    july = FIRST[6]  # July 1 of this clock is a sunday
    temp_c[[july + 15, july + 24 + 11]] = 45.0
    temp_c[july + 48 + 16] = 40.0
    site = grid(tariff__coincident={"usd_per_kw": 15.0, "months": [7]})
    kw = load((0, HOURS, 100.0), (int(july) + 48 + 16, 1, 220.0))
    usd = bill(site, kw, NOTHING, replace(PLAIN, temp_c=temp_c)).coincident_charge_usd
    assert cents(usd) == [0.0] * 6 + [4800.00] + [0.0] * 5


def test_peak_hours_by_list_are_of_the_utc_year() -> None:
    """Hour 4,500 of the UTC year: July 7, 12:00, in the seventh month; 250 kW at 20 dollars."""
    when = clock("America/Chicago", "2027-04")
    site = grid(tariff__coincident={"usd_per_kw": 20.0, "hours": [4500]})
    kw = np.where(when.order == 4500, 250.0, 10.0)
    usd = bill(site, kw, NOTHING, when).coincident_charge_usd
    assert cents(usd) == [0.0] * 3 + [5000.00] + [0.0] * 8  # July is the fourth month of this year of operation


def test_net_metering_carries_kwh_over_the_year() -> None:
    """1,000 kWh bought each month at 10 cents.

    sold    500  700  900 1200 1500 1600 1600 1400 1000  700  400  300
    billed  500  300  100    0    0    0    0    0    0    0    0    0
    kept      0    0    0  200  700 1300 1900 2300 2300 2000 1400  700, paid 3 cents each
    """
    site = grid(
        tariff__energy={"periods": [tiers((0.10, None))]},
        tariff__settlement={"rule": "net_metering", "true_up_usd_per_kwh": 0.03},
    )
    sold = [500.0, 700.0, 900.0, 1200.0, 1500.0, 1600.0, 1600.0, 1400.0, 1000.0, 700.0, 400.0, 300.0]
    told = bill(site, by_month([1000.0] * 12), by_month(sold), PLAIN)
    assert cents(told.energy_charge_usd) == [50.0, 30.0, 10.0] + [0.0] * 9
    assert cents(told.export_income_usd) == [0.0] * 11 + [21.00]


def test_kwh_of_a_season_serve_any_period_after_it() -> None:
    """Summer has a period of its own, June to September. 600 kWh are left of May's; in June 400 of them serve June's 400.

    August leaves 300. Of October's 600 the 200 of May and the 300 of August serve 500: 100 are billed.
    """
    season = [[1 if 5 <= month <= 8 else 0] * 24 for month in range(12)]
    site = grid(
        tariff__energy={"periods": [tiers((0.10, None)), tiers((0.20, None))], "weekday": season},
        tariff__settlement={"rule": "net_metering", "true_up_usd_per_kwh": 0.03},
    )
    bought = by_month([100.0, 0, 0, 0, 200.0, 400.0, 0, 0, 0, 600.0, 0, 0])
    sold = by_month([0.0, 0, 0, 0, 800.0, 0, 0, 300.0, 0, 0, 0, 0])
    told = bill(site, bought, sold, PLAIN)
    assert cents(told.energy_charge_usd) == [10.00] + [0.0] * 8 + [10.00, 0.0, 0.0]
    assert cents(told.export_income_usd) == [0.0] * 12


def test_net_billing_takes_money_off_the_bill_and_carries_it_over() -> None:
    """Bought for 100 dollars a month with 20 fixed, sold for 4 cents: 8,000 kWh in May bring 320.

    May 120, June 120, July 80 of them are used. In December 1,000 kWh bring 40, used at once.
    """
    site = grid(
        tariff__energy={"periods": [tiers((0.10, None), sell=0.04)]},
        tariff__settlement={"rule": "net_billing", "credit_paid_frac": 0.5},
        tariff__fixed_usd_per_month=20.0,
    )
    sold = [0.0] * 4 + [8000.0] + [0.0] * 6 + [1000.0]
    told = bill(site, by_month([1000.0] * 12), by_month(sold), PLAIN)
    assert cents(told.export_credit_usd) == [0.0] * 4 + [120.0, 120.0, 80.0] + [0.0] * 4 + [40.0]
    assert cents(told.owed_usd)[4:7] == [0.0, 0.0, 40.0]
    assert told.export_income_usd.sum() == 0
    rich = bill(site, by_month([1000.0] * 12), by_month([0.0] * 11 + [5000.0]), PLAIN)
    assert cents(rich.export_income_usd) == [0.0] * 11 + [40.0]  # half of 200 − 120


def test_a_credit_does_not_go_below_the_minimum() -> None:
    site = grid(
        tariff__energy={"periods": [tiers((0.10, None), sell=0.04)]},
        tariff__settlement__rule="net_billing",
        tariff__minimum_usd_per_month=30.0,
    )
    told = bill(site, by_month([1000.0] + [100.0] * 11), by_month([9000.0] + [0.0] * 11), PLAIN)
    assert cents(told.owed_usd) == [30.0] * 12
    assert cents(told.export_credit_usd) == [70.0] + [0.0] * 11


def test_fed_in_at_the_periods_price_or_the_grids() -> None:
    periods = [tiers((0.05, None)), tiers((0.12, None), sell=0.09)]
    changes: dict[str, Any] = {"tariff__energy": {"periods": periods, "weekday": DAYTIME}, "export_usd_per_kwh": 0.02}
    fed = bill(grid(**changes, tariff__settlement__rule="feed_in"), NOTHING, load((0, 24, 10.0)), PLAIN)
    assert cents(fed.export_income_usd)[0] == 120 * 0.09 + 120 * 0.02
    sold = bill(grid(**changes), NOTHING, load((0, 24, 10.0)), PLAIN)
    assert cents(sold.export_income_usd)[0] == 240 * 0.02


def test_fixed_charges_by_month_and_day() -> None:
    site = grid(fixed_usd_per_month=10.0, tariff__fixed_usd_per_month=35.28, tariff__fixed_usd_per_day=1.25)
    told = bill(site, NOTHING, NOTHING, CHICAGO)
    assert cents(told.fixed_charge_usd) == [round(45.28 + 1.25 * days, 2) for days in DAYS]
    assert cents(told.owed_usd) == cents(told.fixed_charge_usd)


def test_minimums() -> None:
    """100 dollars a month at least: 40 of energy and 15 fixed lack 45. A year of 12 · 100 lacks 300 of 1,500."""
    site = grid(
        tariff__energy={"periods": [tiers((0.04, None))]},
        tariff__fixed_usd_per_month=15.0,
        tariff__minimum_usd_per_month=100.0,
        tariff__minimum_usd_per_year=1500.0,
    )
    told = bill(site, by_month([1000.0] * 12), NOTHING, PLAIN)
    assert cents(told.minimum_charge_usd) == [45.0] * 11 + [345.0]
    nothing = bill(site, NOTHING, NOTHING, PLAIN)
    assert cents(nothing.owed_usd) == [100.0] * 11 + [400.0]


def on_day(when: Clock, month: int, day: int) -> Floats:
    """1 in the hours of a local day of the Chicago clock."""
    first = when.starts[month - 1]
    midnights = first + np.flatnonzero(when.hour[first:] == 0)
    out = np.zeros(HOURS)
    out[midnights[day - 1] : midnights[day]] = 1.0
    return out


@pytest.mark.parametrize(("month", "day", "hours", "usd"), [(3, 14, 23, 20.60), (11, 7, 25, 21.00), (3, 15, 24, 20.80)])
def test_days_of_23_and_25_hours(month: int, day: int, hours: int, usd: float) -> None:
    """10 kW all day, 2 cents from midnight to 4 o'clock, 10 cents after.

    March 14, 2027 skips 2 o'clock: 30 kWh at night and 200 by day. November 7 has 1 o'clock twice: 50 and 200.
    """
    kw = 10.0 * on_day(CHICAGO, month, day)
    assert kw.sum() == 10.0 * hours
    site = grid(tariff__energy={"periods": [tiers((0.10, None)), tiers((0.02, None))], "weekday": NIGHT})
    assert cents(bill(site, kw, NOTHING, CHICAGO).energy_charge_usd)[month - 1] == usd
    assert CHICAGO.weekend[kw > 0].all() == (day != 15)


def test_prices_by_the_hour_alone_and_on_top_of_a_tariff() -> None:
    hourly = np.round(np.random.default_rng(3).normal(0.03, 0.02, HOURS), 4)
    kw = load((0, HOURS, 10.0))
    when = clock("America/Chicago", "2027-04")
    alone = grid(import_hourly_usd_per_kwh=hourly.tolist(), export_hourly_usd_per_kwh=hourly.tolist())
    told = bill(alone, kw, 2 * kw, when)
    paid = 10.0 * hourly[when.order]
    assert np.allclose(told.energy_charge_usd, when.by_month(paid), rtol=1e-12)
    assert np.allclose(told.export_income_usd, 2 * when.by_month(paid), rtol=1e-12)
    delivered = grid(import_hourly_usd_per_kwh=hourly.tolist(), tariff__energy={"periods": [tiers((0.02, None))]})
    extra = bill(delivered, kw, NOTHING, when).energy_charge_usd - told.energy_charge_usd
    assert np.allclose(extra, when.by_month(kw) * 0.02, rtol=1e-9)


def test_demand_response_is_paid_for_standing_by_and_for_what_is_given_up() -> None:
    """500 kW from June to September at 4 dollars: 2,000 a month; 40 hours called at 50 cents, in ten afternoons of four.

    100 kW may still be drawn. Who draws 250 gives up 350 of the 500.
    """
    site = grid(
        demand_response={
            "committed_kw": 500.0,
            "firm_kw": 100.0,
            "usd_per_kw_month": 4.0,
            "usd_per_kwh": 0.5,
            "hours_per_year": 40,
            "months": [6, 7, 8, 9],
            "from_hour": 14,
            "to_hour": 18,
        }
    )
    good = bill(site, load((0, HOURS, 100.0)), NOTHING, PLAIN).demand_response_usd
    assert good.sum() == pytest.approx(4 * 2000.0 + 40 * 500 * 0.5)
    assert cents(good)[:5] == [0.0] * 5
    assert (good[5:9] > 2000).all()
    late = bill(site, load((0, HOURS, 250.0)), NOTHING, PLAIN).demand_response_usd
    assert late.sum() == pytest.approx(4 * 2000.0 + 40 * 350 * 0.5)


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
