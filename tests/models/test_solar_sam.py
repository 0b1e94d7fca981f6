"""The solar model against SAM's PVWatts, published cases and measured power."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.inputs import Weather
from core.models import solar
from core.models.solar import Sky
from core.models.sun import apparent_elevation, sun_vector
from core.sections import Array
from tests.models.solar_cases import (
    FILES,
    FOLDER,
    SAM_PLACES,
    SAM_TYPES,
    by_month,
    greensboro,
    greensboro_sky,
    needs_data,
    sam,
    sky_of,
    weather_of,
)

pytestmark = [pytest.mark.data, needs_data]

# little more than the largest difference measured, 0.26, 0.31, 0.37, 0.30 and 0.52 %, so that a change shows
WITHIN = {"roof": 0.004, "fixed": 0.005, "one_axis": 0.006, "one_axis_backtracked": 0.005, "two_axis": 0.007}
TILTED = {"surface_tilt": 20.0, "dc_kw": 4.0}


@pytest.mark.parametrize("mounting", SAM_TYPES)
@pytest.mark.parametrize("name", SAM_PLACES)
def test_a_year_agrees_with_pysam_in_total_and_by_month(name: str, mounting: str) -> None:
    array, weather = Array(mounting=mounting, **TILTED), weather_of(name)
    ours, theirs = solar.ac_kw(array, sky_of(name)), sam(array, weather)["ac"]
    assert ours.sum() == pytest.approx(theirs.sum(), rel=WITHIN[mounting])
    assert by_month(ours, weather) == pytest.approx(by_month(theirs, weather), rel=0.02)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.998


@pytest.mark.parametrize("azimuth", [90.0, 270.0])
@pytest.mark.parametrize("mounting", ["roof", "fixed"])
@pytest.mark.parametrize("name", SAM_PLACES)
def test_arrays_facing_east_and_west_agree_with_pysam(name: str, mounting: str, azimuth: float) -> None:
    array = Array(mounting=mounting, surface_azimuth=azimuth, **TILTED)
    ours, theirs = solar.ac_kw(array, sky_of(name)).sum(), sam(array, weather_of(name))["ac"].sum()
    assert ours == pytest.approx(theirs, rel=0.025)


@pytest.mark.parametrize("mounting", SAM_TYPES)
def test_designs_drawn_at_random_agree_with_pysam(mounting: str) -> None:
    draw = np.random.default_rng(20)
    for name in SAM_PLACES:
        tilt, azimuth, gcr, ratio = draw.uniform([0, 90, 0.2, 1.0], [60, 270, 0.5, 1.6])
        turned = {"surface_tilt": tilt, "surface_azimuth": azimuth} if mounting in ("roof", "fixed") else {}
        array = Array(mounting=mounting, gcr=gcr, dc_ac_ratio=ratio, **turned)
        ours, theirs = solar.ac_kw(array, sky_of(name)).sum(), sam(array, weather_of(name))["ac"].sum()
        assert ours == pytest.approx(theirs, rel=0.007), array


def test_phoenix_gives_the_published_year_of_case_v32() -> None:
    """ssc's own test of PVWatts v8 on the Phoenix TMY2 file (NREL/ssc, 2025)."""
    case = json.loads(Path(FOLDER, "ssc_pvwattsv8_expected_dev.json").read_text())["pvwattsv8_cpp_expected"]
    weather = weather_of("phoenix_tmy2")
    ac = solar.ac_kw(Array(mounting="fixed", **TILTED), sky_of("phoenix_tmy2"))
    assert ac.sum() == pytest.approx(7043.197, rel=0.002)
    assert ac.sum() / 4 == pytest.approx(case["kwh_per_kw"], rel=0.002)
    assert by_month(ac, weather) == pytest.approx(case["monthly_fixed"], rel=0.01)


@pytest.mark.parametrize("case", [0, 1])
def test_trackers_give_the_year_of_sams_published_cases(case: int) -> None:
    """Two JSON cases of NREL/ssc: trackers without backtracking, the file's own albedo, DC/AC 0.5 and 1."""
    cases = json.loads(Path(FOLDER, "ssc_pvwattsv8_expected_dev.json").read_text())["pvwattsv8_json_cases"]
    given, expected = cases[case]["inputs"], cases[case]["expected"]
    file = Path(FOLDER, cases[case]["weather"].replace("weather/", "weather__"))
    albedo = float(pd.read_csv(file, skiprows=2)["Surface Albedo"].mean())
    array = Array(
        dc_kw=given["system_capacity"],
        dc_ac_ratio=given["dc_ac_ratio"],
        mounting="one_axis",
        gcr=given["gcr"],
        losses_frac=given["losses"] / 100,
        albedo=albedo,
    )
    ac, dc = solar.ac_kw(array, sky_of("phoenix")), solar.dc_kw(array, sky_of("phoenix"))
    assert ac.sum() == pytest.approx(expected["annual_energy"], rel=0.01)
    assert by_month(ac, weather_of("phoenix")) == pytest.approx(expected["monthly_energy"], rel=0.015)
    assert by_month(dc, weather_of("phoenix")) == pytest.approx(expected["dc_monthly"], rel=0.015)


def test_greensboro_gives_the_year_of_case_v35() -> None:
    ac = solar.ac_kw(Array(mounting="fixed", surface_tilt=20.0), greensboro_sky())
    assert ac.sum() == pytest.approx(1_351_136, rel=0.005)
    assert greensboro().digest == weather_of("greensboro").digest


def test_older_pvwatts_versions_stay_within_their_own_spread() -> None:
    """Case V37: PVWatts v5 gave 6,909.79 and v7 6,999.02 kWh for V32; models differ by 2 %."""
    ac = solar.ac_kw(Array(mounting="fixed", **TILTED), sky_of("phoenix_tmy2")).sum()
    assert 6909.79 < ac < 7043.197 * 1.01


@pytest.mark.parametrize("albedo", [0.2, 0.6])
@pytest.mark.parametrize("mounting", ["fixed", "one_axis_backtracked", "two_axis"])
def test_the_bifacial_gain_is_sams_within_a_seventh(mounting: str, albedo: float) -> None:
    """SAM counts light lost through and beside the modules, 1 m above ground; ours is the even view of rows without end."""
    ours, theirs = [], []
    for bifaciality in (0.0, 0.7):
        array = Array(mounting=mounting, surface_tilt=25.0, albedo=albedo, bifaciality_frac=bifaciality)
        ours.append(solar.ac_kw(array, sky_of("greensboro")).sum())
        theirs.append(sam(array, weather_of("greensboro"))["ac"].sum())
    gain, expected = ours[1] / ours[0] - 1, theirs[1] / theirs[0] - 1
    assert gain == pytest.approx(expected, rel=0.15)


# --- PVGIS: the sun stands where the irradiance was measured ------------------------------------------


@pytest.mark.parametrize(("minute", "missing"), [(0.1761 * 60, 0.64), (0.0, 9.25)])
def test_the_minute_of_pvgis_closes_the_sum_of_beam_and_diffuse(minute: float, missing: float) -> None:
    """GHI = DNI · up + DHI within 0.64 W/m² at the file's own offset and years, the sun above 5°; 9.25 without it."""
    from pvlib.iotools import read_pvgis_tmy

    rows, _ = read_pvgis_tmy(str(Path(FOLDER, FILES["piedmont_pvgis"])))
    assert _closure(rows, rows.index.as_unit("s").asi8 + minute * 60) == pytest.approx(missing, abs=0.01)


def test_a_typical_year_labelled_as_one_keeps_the_sum_closed_within_a_watt() -> None:
    """Months of 2006–2020 under the labels of one year: the sun is off by up to a quarter of a day's drift."""
    weather = weather_of("piedmont_pvgis")
    assert weather.sun_minute == pytest.approx(0.1761 * 60, abs=0.01)
    assert _closure(weather.hourly, weather.sun_unix_s) < 1.0


def _closure(rows: pd.DataFrame, times: np.ndarray) -> float:
    """Root of the mean square of what is missing [W/m²], the sun above 5°."""
    elevation = apparent_elevation(sun_vector(times, 45.0, 8.0)[2])
    gap = (rows["ghi"] - rows["dni"] * np.sin(np.radians(elevation)) - rows["dhi"]).to_numpy()
    return float(np.sqrt(np.mean(gap[(elevation > 5) & (rows["ghi"].to_numpy() > 0)] ** 2)))


@pytest.mark.parametrize(("azimuth", "even_sky", "perez"), [(90.0, 0.0141, 0.0189), (270.0, -0.0133, -0.0178)])
def test_ignoring_the_minute_of_pvgis_moves_east_and_west_apart(azimuth: float, even_sky: float, perez: float) -> None:
    """Under an evenly bright sky by +1.4 and −1.3 %, as published; under Perez's, whose bright part follows the sun, by more.

    Figures of both from pvlib's get_total_irradiance on the same hours with SPA.
    """
    weather = weather_of("piedmont_pvgis")
    array = Array(mounting="roof", surface_tilt=30.0, surface_azimuth=azimuth)
    right, wrong = sky_of("piedmont_pvgis"), solar.sky(replace(weather, sun_minute=0.0))

    def change(of: Callable[[Sky], Sky]) -> float:
        return solar.poa_global(array, of(wrong)).sum() / solar.poa_global(array, of(right)).sum() - 1

    assert change(lambda sky: sky) == pytest.approx(perez, abs=0.0005)
    assert change(evenly_bright) == pytest.approx(even_sky, abs=0.0005)


def evenly_bright(sky: Sky) -> Sky:
    nothing = np.zeros_like(sky.dhi)
    return replace(sky, isotropic=sky.dhi, circumsolar=nothing, brightening=nothing)


# --- measured power: NREL's SERF East roof, Golden, July to October 2016 ------------------------------


@cache
def serf() -> tuple[pd.Series, pd.Series, pd.Series]:
    """Measured and modelled AC power [kW], and the satellite's clearness, by the hour in local standard time.

    The weather is NSRDB's: one satellite view an hour, at half past, GHI only; DNI and DHI by Erbs (1982).
    Power is a mean over the quarter-hour before its stamp. 6 kW is assumed, so only shapes and ±12 % count.
    """
    from pvlib.irradiance import erbs

    view = pd.read_csv(Path(FOLDER, "pv_measured__serf_east_psm3_data.csv"), index_col=0)
    view.index = pd.to_datetime(view.index, utc=True)
    view = view[view["Hour"] % 1 == 0]
    labels = pd.date_range("2016-01-01", "2016-12-31 23:00", freq="h", tz="UTC")
    labels = labels[(labels.month != 2) | (labels.day != 29)]
    rows = view.set_axis(view.index - pd.Timedelta("30min")).reindex(labels).fillna(0.0)
    up = sun_vector(labels.as_unit("s").asi8 + 1800.0, 39.742, -105.173)[2]
    split = erbs(rows["ghi"].to_numpy(), 90 - np.degrees(np.arcsin(up)), labels.day_of_year.to_numpy())
    hourly = rows[["ghi", "temp_air"]].assign(dni=split["dni"], dhi=split["dhi"], wind_speed=2.0)
    weather = Weather(39.742, -105.173, 1829.0, hourly, 30.0, "NSRDB", "year", utc_offset_hours=-7.0)
    array = Array(dc_kw=6.0, mounting="roof", surface_tilt=45.0, surface_azimuth=158.0)
    modelled = pd.Series(solar.ac_kw(array, solar.sky(weather)), labels)

    power = pd.read_csv(Path(FOLDER, "pv_measured__serf_east_15min_ac_power.csv"), index_col=0)["ac_power"]
    power.index = pd.to_datetime(power.index, utc=True) - pd.Timedelta("15min")
    measured = power.clip(lower=0).resample("h").mean().loc["2016-07-01 08:00":"2016-10-13 06:00"] / 1000
    clearness = (rows["ghi"] / rows["ghi_clear"].where(rows["ghi_clear"] > 100)).reindex(measured.index)
    modelled = modelled.reindex(measured.index)
    return tuple(s.tz_convert("Etc/GMT+7") for s in (measured, modelled, clearness))


def test_the_season_of_a_measured_roof_comes_out_within_12_percent() -> None:
    measured, modelled, _ = serf()
    assert modelled.sum() == pytest.approx(measured.sum(), rel=0.12)


def test_a_measured_roof_is_followed_hour_by_hour_on_days_its_own_meter_shows_to_be_clear() -> None:
    """Eight days without a cloud; clocks off by an hour or an azimuth mirrored would show at once."""
    measured, modelled, _ = serf()
    days = [f"2016-{day}" for day in ("08-14", "09-08", "09-10", "09-16", "09-26", "09-27", "10-04", "10-07")]
    clear = np.isin(measured.index.strftime("%Y-%m-%d"), days)
    right = np.corrcoef(measured[clear], modelled[clear])[0, 1]
    assert right > 0.985
    for hours in (-1, 1):
        assert np.corrcoef(measured[clear], modelled.shift(hours, fill_value=0.0)[clear])[0, 1] < right - 0.02


def best_fit_of_the_satellite(daily: pd.DataFrame) -> float:
    """The closest that any linear mix of the satellite's daily light and air, and the model, comes to the meter (r)."""
    view = pd.read_csv(Path(FOLDER, "pv_measured__serf_east_psm3_data.csv"), index_col=0)
    view.index = pd.to_datetime(view.index, utc=True).tz_convert("Etc/GMT+7")
    day = view[["ghi", "ghi_clear", "temp_air"]].resample("D").mean().reindex(daily.index)
    known = [np.ones(len(day)), daily["modelled"], *(day[name] for name in day), day["ghi"] / day["ghi_clear"]]
    mix = np.column_stack(known)
    fitted = mix @ np.linalg.lstsq(mix, daily["measured"].to_numpy(), rcond=None)[0]
    return float(np.corrcoef(fitted, daily["measured"])[0, 1])


def test_a_measured_roof_is_followed_day_by_day_as_far_as_the_satellite_sees_its_clouds() -> None:
    """Over all days r is 0.88, not 0.97: the weather and the plant, not the model, are what misses.

    One satellite view an hour places the storms of July wrongly (r 0.92 without the day below), and on
    September 29 the satellite sees no cloud all day while the meter draws half of a clear day's curve.
    Even the least-squares fit of the measured days on the satellite's own figures and the model's gets no further
    than 0.90, so no decomposition or transposition of this record can. On the days that both call clear, the model
    follows within 5 %.
    """
    measured, modelled, clearness = serf()
    daily = pd.DataFrame({"measured": measured, "modelled": modelled}).resample("D").sum().iloc[:-1]
    assert daily.corr().iloc[0, 1] > 0.87
    assert daily.corr().iloc[0, 1] > best_fit_of_the_satellite(daily) - 0.02
    assert best_fit_of_the_satellite(daily) < 0.90
    assert daily.drop(pd.Timestamp("2016-09-29", tz="Etc/GMT+7")).corr().iloc[0, 1] > 0.91
    clear = (clearness.resample("D").mean().iloc[:-1] > 0.98).to_numpy()
    ratio = (daily["measured"] / daily["modelled"])[clear]
    assert len(ratio) > 15
    assert ratio.loc["2016-09-29"] < 0.6
    assert ratio.quantile([0.25, 0.75]).to_numpy() == pytest.approx(ratio.median(), rel=0.05)
