"""The solar model step by step: against pvlib, at its limits, and what must hold whatever the design."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models import solar, sun
from core.sections import Array
from tests.models.solar_cases import SAM_TYPES, clear_weather, greensboro, greensboro_sky

MOUNTINGS = list(SAM_TYPES)


# --- the sun --------------------------------------------------------------------------------------


@pytest.mark.parametrize("latitude", [0.0, 36.1, -33.9, 65.0, 89.0, -78.0])
@pytest.mark.parametrize("year", [1985, 2005, 2026, 2045])
def test_the_sun_stands_within_a_hundredth_of_a_degree_of_spa(latitude: float, year: int) -> None:
    from pvlib.solarposition import get_solarposition

    times = pd.date_range(f"{year}-01-01 00:17", periods=8760, freq="h", tz="UTC")[::3]
    spa = get_solarposition(times, latitude, -80.0)
    east, north, up = sun.sun_vector(times.as_unit("s").asi8.astype(float), latitude, -80.0)
    zenith, azimuth = np.radians(spa["zenith"].to_numpy()), np.radians(spa["azimuth"].to_numpy())
    theirs = np.sin(zenith) * np.sin(azimuth), np.sin(zenith) * np.cos(azimuth), np.cos(zenith)
    apart = np.degrees(np.sqrt(sum((a - b) ** 2 for a, b in zip((east, north, up), theirs, strict=True))))
    shining = spa["elevation"].to_numpy() > 0
    assert apart[shining].max() < 0.01
    seen = sun.apparent_elevation(up) - spa["apparent_elevation"].to_numpy()
    assert np.abs(seen[shining]).max() < 0.01


def test_the_sun_vector_has_length_one_and_the_day_of_equinox_its_twelve_hours() -> None:
    times = 1774008000.0 + np.arange(0, 86400, 60.0)  # 2026-03-20 12:00 UTC, 134 minutes before the equinox
    east, north, up = sun.sun_vector(times, 0.0, 0.0)
    assert east**2 + north**2 + up**2 == pytest.approx(np.ones(1440), abs=1e-4)
    assert (up > 0).mean() == pytest.approx(0.5, abs=0.001)
    assert up.max() == pytest.approx(1.0, abs=1e-4)


def test_the_hour_of_sunrise_takes_the_sun_in_the_middle_of_its_sunlit_part() -> None:
    weather = clear_weather(36.0)
    moved = sun._sun_of_hours(weather, weather.sun_unix_s)[2]
    fixed = sun.sun_vector(weather.sun_unix_s, 36.0, 0.0)[2]
    changed = np.flatnonzero(moved != fixed)
    assert 725 <= len(changed) <= 730  # a sunrise and a sunset each day
    assert (moved[changed] > np.sin(np.radians(-0.84))).all()  # its upper edge is seen, its centre need not be
    still = sun._sun_of_hours(replace(weather, sun_minute=10.0), weather.sun_unix_s)[2]
    assert (still == fixed).all()


# --- light ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tilt", "azimuth"), [(0.0, 180.0), (20.0, 180.0), (35.0, 90.0), (35.0, 270.0), (90.0, 0.0)])
def test_light_on_a_plane_agrees_with_pvlibs_perez(tilt: float, azimuth: float) -> None:
    from pvlib.atmosphere import get_relative_airmass
    from pvlib.irradiance import get_extra_radiation, get_total_irradiance
    from pvlib.solarposition import get_solarposition

    weather, sky = greensboro(), greensboro_sky()
    times = pd.to_datetime(weather.sun_unix_s, unit="s", utc=True)
    spa, rows = get_solarposition(times, weather.latitude, weather.longitude), weather.hourly.set_axis(times)
    theirs = get_total_irradiance(
        *(tilt, azimuth, spa["apparent_zenith"], spa["azimuth"], rows["dni"], rows["ghi"], rows["dhi"]),
        dni_extra=get_extra_radiation(times.day_of_year.to_numpy()),
        airmass=get_relative_airmass(spa["apparent_zenith"]),
        albedo=0.2,
        model="perez",
    )["poa_global"].to_numpy()
    ours = solar.poa_global(Array(surface_tilt=tilt, surface_azimuth=azimuth), sky)
    high = np.zeros(8760, dtype=bool)
    high[sky.hour[sky.up > 0.15]] = True  # away from sunrise, whose hour we bend and pvlib does not
    assert ours[high].sum() == pytest.approx(np.nansum(theirs[high]), rel=0.004)
    assert np.corrcoef(ours[high], theirs[high])[0, 1] > 0.9995


@pytest.mark.parametrize("backtrack", [False, True])
@pytest.mark.parametrize("axis", [180.0, 150.0, 90.0])
def test_trackers_turn_as_pvlibs_do(axis: float, backtrack: bool) -> None:
    from pvlib.tracking import singleaxis

    sky = greensboro_sky()
    zenith = np.degrees(np.arccos(sky.up))
    azimuth = np.degrees(np.arctan2(sky.east, sky.north)) % 360
    theirs = singleaxis(zenith, azimuth, 0, axis, 60, backtrack=backtrack, gcr=0.45)
    mounting = "one_axis_backtracked" if backtrack else "one_axis"
    array = Array(mounting=mounting, surface_azimuth=axis, rotation_limit=60.0, gcr=0.45)
    plane = solar._plane(array, sky)
    known = np.isfinite(theirs["aoi"])
    assert np.degrees(np.arccos(plane.cos_tilt))[known] == pytest.approx(theirs["surface_tilt"][known], abs=1e-5)
    assert plane.cos_aoi[known] == pytest.approx(np.cos(np.radians(theirs["aoi"]))[known], abs=1e-8)


def test_backtracked_rows_are_never_in_shade() -> None:
    sky = greensboro_sky()
    plane = solar._plane(Array(mounting="one_axis_backtracked", gcr=0.4, rotation_limit=80.0), sky)
    assert (plane.cos_aoi <= sky.up / 0.4 + 1e-12).all()


def test_light_between_rows_agrees_with_pvlibs_infinite_sheds() -> None:
    """Front and rear of rows at gcr 0.4 on the same sky, evenly bright as that model has it."""
    from pvlib.bifacial.infinite_sheds import get_irradiance

    whole = greensboro_sky()
    nothing = np.zeros_like(whole.dhi)
    sky = replace(whole, isotropic=whole.dhi, circumsolar=nothing, brightening=nothing)
    zenith, azimuth = np.degrees(np.arccos(sky.up)), np.degrees(np.arctan2(sky.east, sky.north)) % 360
    theirs = get_irradiance(
        *(25.0, 180.0, zenith, azimuth, 0.4, 1.0, 2.5, sky.dni * sky.up + sky.dhi, sky.dhi, sky.dni, 0.2),
        iam_front=1.0,
        iam_back=1.0,
        bifaciality=1.0,
    )
    array = Array(surface_tilt=25.0, bifaciality_frac=1.0)
    light = solar._light(array, sky, solar._plane(array, sky), 0.4, 0.4)
    assert light.beam.sum() == pytest.approx(theirs["poa_front_direct"].sum(), rel=1e-6)
    assert (light.beam + light.sky + light.ground).sum() == pytest.approx(theirs["poa_front"].sum(), rel=0.001)
    assert light.rear.sum() == pytest.approx(theirs["poa_back"].sum(), rel=0.002)


def test_rows_far_apart_are_rows_alone() -> None:
    sky = greensboro_sky()
    alone = solar.ac_kw(Array(mounting="roof", module="", gamma_pdc_per_c=0.0), sky)
    apart = solar.ac_kw(Array(mounting="fixed", gcr=0.01, module="", gamma_pdc_per_c=0.0), sky)
    assert apart.sum() == pytest.approx(alone.sum(), rel=0.002)


def test_a_horizon_of_90_degrees_leaves_darkness_and_one_below_the_sun_takes_nothing_of_the_beam() -> None:
    sky = greensboro_sky()
    assert solar.ac_kw(Array(horizon=(90.0,) * 4), sky).max() == 0.0
    assert (solar.ac_kw(Array(horizon=(0.0,) * 4), sky) == solar.ac_kw(Array(), sky)).all()
    assert (solar._past_horizon((0.1,) + (0.0,) * 35, sky).dni.sum()) == pytest.approx(sky.dni.sum(), rel=1e-3)


def test_a_ridge_in_the_east_takes_the_beam_of_mornings_alone() -> None:
    sky = greensboro_sky()
    east = (0.0,) * 5 + (20.0,) * 9 + (0.0,) * 22  # 50° to 130° in steps of 10°
    seen = solar._past_horizon(east, sky)
    lost = (seen.dni == 0) & (sky.dni > 0)
    assert lost.sum() > 100
    assert (sky.east[lost] > 0).all()
    assert (sky.up[lost] <= np.sin(np.radians(20))).all()
    assert seen.dhi.sum() / sky.dhi.sum() == pytest.approx(np.mean(np.cos(np.radians(east)) ** 2))


def test_the_ground_gives_nothing_without_albedo_and_more_with_snow() -> None:
    sky, plane = greensboro_sky(), solar._plane(Array(surface_tilt=60.0), greensboro_sky())
    dark, snow = (solar._light(Array(surface_tilt=60.0, albedo=a), sky, plane) for a in (0.0, 0.8))
    assert dark.ground.max() == 0.0
    assert snow.ground.sum() == pytest.approx(0.8 * 0.25 * (sky.dni * sky.up + sky.dhi).sum())


def test_one_sided_modules_have_no_rear_and_two_sided_ones_on_a_roof_neither() -> None:
    sky = greensboro_sky()
    plain = solar.ac_kw(Array(), sky).sum()
    assert solar.ac_kw(Array(bifaciality_frac=0.0), sky).sum() == plain
    assert 1.03 < solar.ac_kw(Array(bifaciality_frac=0.7), sky).sum() / plain < 1.10
    roof = (solar.ac_kw(Array(mounting="roof", bifaciality_frac=b), sky).sum() for b in (0.0, 0.7))
    assert next(roof) == next(roof)


def test_soiling_takes_its_share_of_its_own_local_month() -> None:
    sky = greensboro_sky()
    clean, dirty = Array(gamma_pdc_per_c=0.0), Array(gamma_pdc_per_c=0.0, soiling_frac=(0.0,) * 6 + (0.1,) + (0.0,) * 5)
    kept = np.where(sky.month == 6, 0.9, 1.0)
    assert solar.dc_kw(dirty, sky)[sky.hour] == pytest.approx(solar.dc_kw(clean, sky)[sky.hour] * kept)
    assert sky.hour[sky.month == 6].min() >= 181 * 24 + 5  # Greensboro is five hours behind UTC


# --- limits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mounting", MOUNTINGS)
@pytest.mark.parametrize("latitude", [90.0, -90.0, 71.0, -33.9, 0.0])
def test_every_mounting_works_from_pole_to_pole(latitude: float, mounting: str) -> None:
    sky = solar.sky(clear_weather(latitude))
    array = Array(mounting=mounting, bifaciality_frac=0.7, horizon=(1.0, 2.0, 3.0))
    ac = solar.ac_kw(array, sky)
    assert np.isfinite(ac).all()
    assert 300 < ac.sum() / array.dc_kw < 3500
    if abs(latitude) == 90:
        assert (ac == 0).sum() > 4000


def test_a_year_without_light_and_an_array_of_nothing_give_zeros() -> None:
    weather = clear_weather(40.0)
    night = solar.sky(replace(weather, hourly=weather.hourly.assign(ghi=0.0, dni=0.0, dhi=0.0)))
    assert len(night.hour) == 0
    for mounting in MOUNTINGS:
        assert (solar.ac_kw(Array(mounting=mounting), night, np.ones(3)) == np.zeros((3, 8760))).all()
    nothing = Array(dc_kw=0.0)
    assert (solar.ac_kw(nothing, greensboro_sky()) == 0).all()
    assert (solar.clipped_kw(nothing, greensboro_sky()) == 0).all()
    assert [part.tolist() for part in solar.inverter_kw(nothing, np.zeros(2))] == [[0, 0], [0, 0]]


def test_the_south_turns_its_arrays_north() -> None:
    sky = solar.sky(clear_weather(-33.9))
    north, south = (solar.ac_kw(Array(surface_azimuth=a), sky).sum() for a in (0.0, 180.0))
    assert north > 1.25 * south
    assert solar.ac_kw(Array(surface_azimuth=360.0), sky).sum() == pytest.approx(north)


def test_an_aged_array_loses_less_than_its_age_where_the_inverter_clips() -> None:
    sky, array = greensboro_sky(), Array(dc_ac_ratio=1.8)
    new, old = solar.ac_kw(array, sky, np.array([1.0, 0.8])).sum(axis=1)
    assert 0.81 < old / new < 0.95
    assert solar.clipped_kw(array, sky, 0.8).sum() < 0.5 * solar.clipped_kw(array, sky).sum()


# --- whatever the design ------------------------------------------------------------------------------

designs = st.builds(
    Array,
    mounting=st.sampled_from(MOUNTINGS),
    dc_kw=st.floats(0.1, 1e6),
    dc_ac_ratio=st.floats(0.5, 3),
    surface_tilt=st.floats(0, 90),
    surface_azimuth=st.floats(0, 360),
    gcr=st.floats(0.05, 0.95),
    rotation_limit=st.floats(0, 90),
    inverter_efficiency_frac=st.floats(0.8, 1),
    bifaciality_frac=st.sampled_from([0.0, 0.7]),
    albedo=st.floats(0, 1),
    gamma_pdc_per_c=st.sampled_from([None, -0.0035]),
    horizon=st.sampled_from([(), (5.0, 0.0, 30.0)]),
)
few = settings(max_examples=40, deadline=None)


@few
@given(designs)
def test_power_is_nothing_at_night_and_never_above_the_inverter(array: Array) -> None:
    sky = greensboro_sky()
    ac, night = solar.ac_kw(array, sky), np.ones(8760, dtype=bool)
    night[sky.hour] = False
    assert (ac[night] == 0).all()
    assert ac.min() >= 0
    assert ac.max() <= array.dc_kw / array.dc_ac_ratio


@few
@given(designs, st.floats(1.0, 3.0))
def test_energy_grows_with_the_array_in_proportion_at_a_fixed_ratio(array: Array, times: float) -> None:
    sky = greensboro_sky()
    larger = array.model_copy(update={"dc_kw": array.dc_kw * times})
    assert np.allclose(solar.ac_kw(larger, sky), solar.ac_kw(array, sky) * times, rtol=1e-9, atol=0)


@few
@given(designs, st.floats(1.0, 2.0))
def test_more_modules_on_the_same_inverter_never_give_less(array: Array, times: float) -> None:
    sky = greensboro_sky()
    update = {"dc_kw": array.dc_kw * times, "dc_ac_ratio": array.dc_ac_ratio * times}
    more, less = solar.ac_kw(array.model_copy(update=update), sky), solar.ac_kw(array, sky)
    assert (more >= less * (1 - 1e-12)).all()


@few
@given(designs, st.lists(st.floats(0, 1), min_size=1, max_size=3))
def test_a_vector_of_health_is_its_scalars_and_what_is_clipped_is_the_rest(array: Array, health: list[float]) -> None:
    sky = greensboro_sky()
    years, clipped = (of(array, sky, np.array(health)) for of in (solar.ac_kw, solar.clipped_kw))
    for year, share in enumerate(health):
        assert (years[year] == solar.ac_kw(array, sky, share)).all()
        ac, cut = solar.inverter_kw(array, solar.dc_kw(array, sky) * share)
        assert np.allclose(years[year], ac, rtol=1e-9, atol=1e-9 * array.dc_kw)
        assert np.allclose(clipped[year], cut, rtol=1e-9, atol=1e-9 * array.dc_kw)


@few
@given(designs)
def test_a_mirrored_array_under_a_mirrored_sun_gives_the_same(array: Array) -> None:
    sky = greensboro_sky()
    mirrored = array.model_copy(update={"surface_azimuth": (360 - array.surface_azimuth) % 360, "horizon": ()})
    plain = array.model_copy(update={"horizon": ()})
    ac = solar.ac_kw(plain, sky)
    turned = solar.ac_kw(mirrored, replace(sky, east=-sky.east))
    assert np.allclose(turned, ac, rtol=1e-7, atol=1e-9 * array.dc_kw)


@few
@given(designs)
def test_north_is_both_0_and_360_degrees(array: Array) -> None:
    ac = [solar.ac_kw(array.model_copy(update={"surface_azimuth": a}), greensboro_sky()) for a in (0.0, 360.0)]
    assert np.allclose(*ac, rtol=1e-7, atol=1e-9 * array.dc_kw)
