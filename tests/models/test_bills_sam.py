"""Bills beside SAM's: PySAM's Utilityrate5 on the same hours, for tariffs of ours and two of the Utility Rate Database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.fetchers.urdb import read_tariff
from core.fetchers.urdb_section import section_of
from core.models.bills import bill
from core.sections import Grid
from tests.models.tariffs import DAYTIME, FIRST, HOURS, PLAIN, Floats, blocks, grid, sam_bill, tiers

RATES = ("tariffs_prices__urdb_rate_539f6a23ec4f024411ec8beb.json", "tariffs_prices__urdbv7_sample.json")
SEASONS = (0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0)
WINTER_SUMMER = [[2] * 24 if season else row for season, row in zip(SEASONS, DAYTIME, strict=True)]


def demand_kw(seed: int = 1, mean: float = 100.0) -> Floats:
    """A load that rises and falls with day and year."""
    hour = np.arange(HOURS)
    shape = 1 + 0.4 * np.sin((hour % 24 - 8) / 24 * 2 * np.pi) + 0.2 * np.cos(hour / HOURS * 2 * np.pi)
    return np.asarray(mean * shape * np.random.default_rng(seed).uniform(0.7, 1.1, HOURS))


def sun_kw(peak: float) -> Floats:
    """A clear array."""
    hour = np.arange(HOURS)
    season = 0.7 - 0.3 * np.cos(hour / HOURS * 2 * np.pi)
    return np.asarray(peak * season * np.maximum(np.sin((hour % 24 - 6) / 12 * np.pi), 0.0))


def both(site: Grid, load_kw: Floats, gen_kw: Floats, **settings: Any) -> tuple[Floats, Floats, dict[str, Floats]]:
    """Our bill less what export earns, our energy charge, and SAM's lines."""
    net = load_kw - gen_kw
    ours = bill(site, np.maximum(net, 0.0), np.maximum(-net, 0.0), PLAIN)
    return ours.owed_usd - ours.export_income_usd, ours.energy_charge_usd, sam_bill(site, load_kw, gen_kw, **settings)


@pytest.mark.data
@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("rule", ["net_metering", "feed_in"])
@pytest.mark.parametrize("sun", [0.0, 220.0])
def test_rates_of_the_database_bill_as_in_sam(name: str, rule: str, sun: float, validation_data: Path) -> None:
    """Both samples, month by month: energy, each demand, fixed and minimum; far within 0.1 %."""
    tariff = section_of(read_tariff((validation_data / name).read_bytes())).tariff.model_dump(mode="json")
    tariff["settlement"] = {"rule": rule, "true_up_usd_per_kwh": 0.0}
    if rule == "feed_in":
        for period in tariff["energy"]["periods"]:
            period["sell_usd_per_kwh"] = 0.021
    site = grid(tariff=tariff)
    owed, energy, sam = both(site, demand_kw(), sun_kw(sun))
    assert np.allclose(owed, sam["bill"], rtol=1e-6)
    if not sun:  # SAM counts the sale into its energy charge
        assert np.allclose(energy, sam["ec_charge"], rtol=1e-6)
    net = np.maximum(demand_kw() - sun_kw(sun), 0.0)
    ours = bill(site, net, np.zeros(HOURS), PLAIN)
    assert np.allclose(ours.demand_charge_usd, sam["dc_fixed"] + sam["dc_tou"], rtol=1e-6)
    assert np.allclose(ours.fixed_charge_usd, sam["fixed"])


@pytest.mark.parametrize("unit", ["kwh", "kwh_per_day", "kwh_per_kw", "kwh_per_kw_day"])
def test_tiers_of_every_unit_and_periods_that_share_them(unit: str) -> None:
    """Under net metering SAM shares the tiers of the month among its periods, as we always do.

    Without it SAM lets hours fill the tiers in their order, which moves the bill by some 0.5 % where periods differ.
    """
    ends = {"kwh": 20_000.0, "kwh_per_day": 800.0, "kwh_per_kw": 200.0, "kwh_per_kw_day": 7.0}
    periods = [tiers((0.05, ends[unit]), (0.08, ends[unit] * 2), (0.03, None), unit=unit), tiers((0.2, None))]
    site = grid(
        tariff__energy={"periods": periods, "weekday": DAYTIME, "weekend": [[0] * 24] * 12},
        tariff__settlement__rule="net_metering",
    )
    owed, energy, sam = both(site, demand_kw(), np.zeros(HOURS))
    assert np.allclose(energy, sam["ec_charge"], rtol=1e-6)
    assert np.allclose(owed, sam["bill"], rtol=1e-6)


def test_kwh_carried_over_and_paid_for_at_the_end() -> None:
    """One period; the array gives more than the load takes from March to October."""
    site = grid(
        tariff__energy={"periods": [tiers((0.07, 5_000.0), (0.11, None))]},
        tariff__settlement={"rule": "net_metering", "true_up_usd_per_kwh": 0.025},
    )
    owed, _, sam = both(site, demand_kw(mean=20.0), sun_kw(125.0))
    ours = bill(site, *np.maximum([(n := demand_kw(mean=20.0) - sun_kw(125.0)), -n], 0.0), PLAIN)
    assert 0 < (ours.energy_charge_usd == 0).sum() < 12
    assert ours.export_income_usd[-1] > 0
    assert np.allclose(owed, sam["bill"], rtol=1e-6, atol=1e-6)


def test_net_metering_by_period_of_the_same_schedule_all_year() -> None:
    """Month by month as in SAM, but for the true-up: SAM pays for the kWh left over of all periods together.

    Ours pays for those left in each: what is billed less what is left is then what was bought less what was sold.
    """
    site = grid(
        tariff__energy={"periods": [tiers((0.07, None)), tiers((0.15, None))], "weekday": DAYTIME},
        tariff__settlement={"rule": "net_metering", "true_up_usd_per_kwh": 0.02},
    )
    load_kw, sun = demand_kw(mean=20.0), sun_kw(80.0)
    owed, _, sam = both(site, load_kw, sun)
    assert np.allclose(owed[:11], sam["bill"][:11], rtol=1e-6)


def test_demand_by_blocks_seasons_and_periods() -> None:
    site = grid(
        tariff__energy={"periods": [tiers((0.05, None))]},
        tariff__flat_demand={"periods": [blocks((9.5, 100.0), (8.25, None)), blocks((14.0, None))], "months": SEASONS},
        tariff__timed_demand={"periods": [blocks((0.0, None)), blocks((4.0, 50.0), (3.0, None)), blocks((7.5, None))], "weekday": WINTER_SUMMER, "weekend": [[0] * 24] * 12},
    )  # fmt: skip
    load_kw = demand_kw()
    ours = bill(site, load_kw, np.zeros(HOURS), PLAIN)
    sam = sam_bill(site, load_kw, np.zeros(HOURS))
    assert np.allclose(ours.demand_charge_usd, sam["dc_fixed"] + sam["dc_tou"], rtol=1e-6)


def test_minimums_of_months_and_of_the_year() -> None:
    """One or the other: where both hold, SAM asks for the year's without counting what the months' have added."""
    for month, year in ((0.0, 5_000.0), (450.0, 0.0)):
        site = grid(
            tariff__energy={"periods": [tiers((0.05, None))]},
            tariff__fixed_usd_per_month=120.0,
            tariff__minimum_usd_per_month=month,
            tariff__minimum_usd_per_year=year,
        )
        load_kw = demand_kw(mean=8.0) * (PLAIN.month % 5 > 0)
        owed, _, sam = both(site, load_kw, np.zeros(HOURS))
        assert owed.sum() == pytest.approx(sam["bill"].sum(), rel=1e-6)


@pytest.mark.parametrize("back", [1, 3, 11])
def test_a_ratchet_looks_back_as_in_sam(back: int) -> None:
    """SAM's billing demand: 80 % of the highest of the months looked back on; a year before of no demand."""
    site = grid(
        tariff__energy={"periods": [tiers((0.05, None))]},
        tariff__flat_demand={"periods": [blocks((10.0, None))]},
        tariff__ratchet={"shares_frac": [0.8], "look_back_months": back},
    )
    load_kw = demand_kw()
    load_kw[FIRST[5] + 400] = 400.0  # in June
    load_kw[FIRST[9] + 30] = 350.0
    ours = bill(site, load_kw, np.zeros(HOURS), PLAIN)
    settings = {
        "ur_enable_billing_demand": 1,
        "ur_billing_demand_minimum": 0,
        "ur_billing_demand_lookback_period": back,
        "ur_billing_demand_lookback_percentages": [[80, 1]] * 12,
        "ur_dc_billing_demand_periods": [[1, 1]],
        "ur_yearzero_usage_peaks": [0.0] * 12,
    }
    sam = sam_bill(site, load_kw, np.zeros(HOURS), **settings)
    assert np.allclose(ours.demand_charge_usd, sam["dc_fixed"] + sam["dc_tou"], rtol=1e-6)
