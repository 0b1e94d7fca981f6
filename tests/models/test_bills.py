"""Bills worked out by hand, to the cent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.models.bills import bill
from core.models.clock import Clock
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
    by_month,
    grid,
    load,
    tiers,
)

NIGHT = [[1] * 4 + [0] * 20] * 12  # period 1 from midnight to 4 o'clock


def cents(usd: Floats) -> list[float]:
    return [round(float(x), 2) for x in usd]


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
