"""The traps of each weather provider, each by name."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from core.fetchers.providers import nasa_power, nsrdb, open_meteo, pvgis
from tests.fetchers.replies_weather import (
    LEAP,
    NASA_422,
    NSRDB_NO_DATA,
    NSRDB_NO_KEY_CSV,
    NSRDB_NO_KEY_JSON,
    PAGE,
    PLACE,
    PVGIS_SEA,
    YEAR,
    but,
    east_over_west,
    hours,
    means,
    nasa_hours,
    nsrdb_typical,
    nsrdb_year,
    open_meteo_hours,
    pvgis_series,
    pvgis_typical,
    refusal,
    reply,
    told,
)

# PVGIS


def test_a_place_at_sea_is_told_in_the_words_of_pvgis():
    error = refusal(pvgis.TYPICAL, PLACE, PVGIS_SEA, 400)
    assert "Location over the sea. Please, select another location" in error.message


def test_an_error_of_pvgis_inside_http_200_is_an_error():
    assert "Location over the sea" in refusal(pvgis.TYPICAL, PLACE, PVGIS_SEA).message


def test_the_overload_page_529_of_pvgis_is_an_error_with_its_number():
    assert "529" in refusal(pvgis.TYPICAL, PLACE, PAGE, 529).message


@pytest.mark.parametrize("offset_h", [0.1761, 0.5, -0.25])
def test_a_typical_year_of_pvgis_stands_at_its_time_offset(offset_h):
    weather = pvgis.TYPICAL.read(reply(pvgis_typical(offset_h)), PLACE)
    assert weather.sun_unix_s[12] % 3600 == pytest.approx(offset_h % 1 * 3600, abs=1)
    assert east_over_west(weather) == pytest.approx(1, abs=0.004)


@pytest.mark.parametrize("minute", [10, 30, 48])
def test_a_series_of_pvgis_stands_at_the_minute_of_its_stamps(minute):
    weather = pvgis.YEAR.read(reply(pvgis_series(minute=minute)), YEAR)
    assert weather.sun_minute == minute
    assert east_over_west(weather) == pytest.approx(1, abs=0.004)


def test_minus_zero_of_pvgis_is_zero():
    weather = told("PVGIS typical")
    assert "-0.0" in json.dumps(pvgis_typical())
    assert not np.signbit(weather.hourly["dhi"].to_numpy()).any()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("outputs/tmy_hourly", []),
        ("outputs/tmy_hourly", None),
        ("outputs", {}),
        ("inputs/location", None),
        ("outputs/tmy_hourly/4000/G(h)", "612.0"),
        ("outputs/tmy_hourly/4000/G(h)", 99999.5),
        ("outputs/tmy_hourly/4000/time(UTC)", "20120616:1700"),  # an hour twice
        ("outputs/tmy_hourly/4000/time(UTC)", "yesterday"),
        ("inputs/location/irradiance_time_offset", 7),
    ],
)
def test_a_typical_year_of_pvgis_that_breaks_its_contract_is_a_source_error(path, value):
    refusal(pvgis.TYPICAL, PLACE, but(pvgis_typical(), path, value))


def test_a_series_without_its_parts_on_a_slope_or_of_one_hour_less_is_a_source_error():
    body = pvgis_series()
    assert "slope" in str(refusal(pvgis.YEAR, YEAR, but(body, "inputs/mounting_system/fixed/slope/value", 30)).details)
    for rows in (body["outputs"]["hourly"][:-1], [{**r, "Gb(i)": None} for r in body["outputs"]["hourly"]]):
        refusal(pvgis.YEAR, YEAR, but(body, "outputs/hourly", rows))
    bare = [{k: v for k, v in row.items() if k != "Gb(i)"} for row in body["outputs"]["hourly"]]
    refusal(pvgis.YEAR, YEAR, but(body, "outputs/hourly", bare))


# NASA POWER


def test_hours_of_nasa_are_labelled_by_their_start():
    assert told("NASA POWER year").sun_minute == 30
    assert told("NASA POWER year").hourly["ghi"].iloc[4000] == pytest.approx(means(2019, 2019)[4000, 0], abs=0.01)


def test_the_fill_value_of_nasa_is_a_gap_and_never_light():
    body = nasa_hours()
    for key in ("2019062118", "2019062119"):
        body = but(body, f"properties/parameter/ALLSKY_SFC_SW_DNI/{key}", -999.0)
    weather = nasa_power.YEAR.read(reply(body), YEAR)
    assert weather.hourly["dni"].min() >= 0
    assert "2 missing values of dni interpolated." in weather.notes
    hour = weather.hourly.loc["2019-06-21 18:00+00:00", "dni"]
    assert hour == pytest.approx(means(2019, 2019)[171 * 24 + 18, 1], rel=0.05)


def test_another_fill_value_than_usual_is_read_from_the_header():
    body = but(nasa_hours(), "header/fill_value", -8888.0)
    body = but(body, "properties/parameter/T2M/2019062118", -8888.0)
    assert any("temp_air" in note for note in nasa_power.YEAR.read(reply(body), YEAR).notes)


def test_a_day_of_fill_values_is_too_much_to_make_up():
    body = nasa_hours()
    for hour in range(24):
        body["properties"]["parameter"]["ALLSKY_SFC_SW_DWN"][f"20190621{hour:02d}"] = -999.0
    assert "missing" in refusal(nasa_power.YEAR, YEAR, body).message


def test_a_missing_hour_of_nasa_is_a_gap_and_many_are_an_error():
    body = nasa_hours()
    del body["properties"]["parameter"]["T2M"]["2019062118"]
    assert "1 missing values of temp_air interpolated." in nasa_power.YEAR.read(reply(body), YEAR).notes
    for name in list(body["properties"]["parameter"]["T2M"])[1000:1010]:
        del body["properties"]["parameter"]["T2M"][name]
    refusal(nasa_power.YEAR, YEAR, body)


def test_an_hour_told_twice_by_nasa_is_an_error():
    raw = reply(nasa_hours()).body.replace(b'"2019010101":', b'"2019010100":', 1)
    assert "twice" in refusal(nasa_power.YEAR, YEAR, raw).message


def test_hours_of_the_local_sun_are_refused():
    error = refusal(nasa_power.YEAR, YEAR, but(nasa_hours(), "header/time_standard", "LST"))
    assert error.expected == "UTC"


@pytest.mark.parametrize(
    ("code", "unit"),
    [("ALLSKY_SFC_SW_DWN", "MJ/hr"), ("ALLSKY_SFC_SW_DNI", "kW-hr/m^2/day"), ("T2M", "K"), ("WS10M", "km/h")],
)
def test_another_unit_of_nasa_is_refused_by_name(code, unit):
    error = refusal(nasa_power.YEAR, YEAR, but(nasa_hours(), f"parameters/{code}/units", unit))
    assert code in error.field
    assert error.value == unit


def test_light_in_another_unit_than_its_label_says_is_refused():
    body = nasa_hours()
    for code in ("ALLSKY_SFC_SW_DWN", "ALLSKY_SFC_SW_DNI", "ALLSKY_SFC_SW_DIFF"):
        told_ = body["properties"]["parameter"][code]
        body["properties"]["parameter"][code] = {key: value / 1000 for key, value in told_.items()}  # kWh/m²
    assert "out of range" in refusal(nasa_power.YEAR, YEAR, body).message


def test_light_at_night_is_refused():
    body = nasa_hours()
    for code in ("ALLSKY_SFC_SW_DWN", "ALLSKY_SFC_SW_DNI", "ALLSKY_SFC_SW_DIFF"):
        told_ = body["properties"]["parameter"][code]
        values = np.roll(list(told_.values()), 7).tolist()  # the hours of the local sun under labels of UTC
        body["properties"]["parameter"][code] = dict(zip(told_, values, strict=True))
    assert "night" in refusal(nasa_power.YEAR, YEAR, body).message


def test_messages_of_nasa_without_data_are_its_error_whatever_the_status():
    for status in (200, 422):
        assert "Please correctly specify longitude" in refusal(nasa_power.YEAR, YEAR, NASA_422, status).message


def test_messages_of_nasa_beside_data_are_kept_as_notes():
    body = but(nasa_hours(), "messages", ["Near real time values may still change."])
    assert "Near real time values may still change." in nasa_power.YEAR.read(reply(body), YEAR).notes


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties/parameter/T2M", []),
        ("properties/parameter/T2M", {}),
        ("properties/parameter/T2M/2019010100", "-3.5"),
        ("properties/parameter/T2M/2019010100", True),
        ("properties/parameter/T2M/2019010100", 2000.0),
        ("properties/parameter/T2M/2021010100", 1.0),
        ("geometry/coordinates", [-105.0]),
        ("parameters", {}),
        ("header", "text"),
        ("header/fill_value", "none"),
    ],
)
def test_a_year_of_nasa_that_breaks_its_contract_is_a_source_error(path, value):
    refusal(nasa_power.YEAR, YEAR, but(nasa_hours(), path, value))


@pytest.mark.parametrize(("source", "body"), [(nasa_power.YEAR, nasa_hours), (open_meteo.YEAR, open_meteo_hours)])
def test_a_leap_year_loses_its_february_29_and_says_so(source, body):
    weather = source.read(reply(body(2020)), LEAP)
    assert weather.year == 2020
    assert any("February 29" in note for note in weather.notes)
    after = means(2020, 2020)[(31 + 29) * 24 :]
    assert weather.hourly["ghi"].to_numpy()[(31 + 28) * 24 :] == pytest.approx(after[:, 0], abs=0.06)


def dimmed(body: dict[str, Any], year: int, month: int, factor: float) -> None:
    """Makes one month of a reply of NASA darker or brighter, in place."""
    for code in ("ALLSKY_SFC_SW_DWN", "ALLSKY_SFC_SW_DNI", "ALLSKY_SFC_SW_DIFF"):
        column = body["properties"]["parameter"][code]
        for key in column:
            if key.startswith(f"{year}{month:02d}"):
                column[key] = round(column[key] * factor, 2)


def test_a_typical_year_takes_of_each_month_the_one_nearest_to_the_mean():
    body = nasa_hours(2019, 2023)
    june = {2019: 0.6, 2020: 0.7, 2021: 0.83, 2022: 0.9, 2023: 1.0}  # their mean is 0.806: 2021 is the nearest
    for year, factor in june.items():
        dimmed(body, year, 6, factor)
    weather = nasa_power.TYPICAL.read(reply(body), PLACE)
    clear = means(2021, 2021)[(hours(2021).month == 6), 0].sum()
    assert weather.hourly["ghi"][weather.hourly.index.month == 6].sum() == pytest.approx(0.83 * clear, rel=1e-4)
    assert any("nearest their mean" in note for note in weather.notes)


# NSRDB


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (NSRDB_NO_KEY_CSV, 403, "API_KEY_MISSING: No api_key was supplied"),
        (NSRDB_NO_KEY_CSV, 200, "API_KEY_MISSING: No api_key was supplied"),
        (NSRDB_NO_KEY_JSON, 403, "API_KEY_MISSING: No api_key was supplied"),
        (NSRDB_NO_DATA, 400, "No data available at the provided location"),
        ({"errors": ["Data processing failure."]}, 200, "Data processing failure"),
        (PAGE, 403, "web page"),
        ("Bad Gateway", 502, "502"),
    ],
)
def test_an_error_of_nsrdb_is_told_in_its_words_in_whatever_form_it_comes(body, status, words):
    for source, asked in ((nsrdb.TYPICAL, PLACE), (nsrdb.YEAR, YEAR)):
        assert words in refusal(source, asked, body, status).message


def test_values_of_nsrdb_stand_in_the_middle_of_their_hour():
    assert told("NSRDB year").sun_minute == 30
    assert told("NSRDB typical").sun_minute == 30


def test_a_typical_year_of_nsrdb_for_a_real_one_and_the_other_way_round_are_refused():
    refusal(nsrdb.YEAR, YEAR, nsrdb_typical())
    refusal(nsrdb.TYPICAL, PLACE, nsrdb_year())


def test_other_units_missing_rows_and_text_for_figures_are_refused_for_nsrdb():
    text = nsrdb_year()
    refusal(nsrdb.YEAR, YEAR, text.replace("w/m2,c,m/s", "w/m2,c,km/h"))
    refusal(nsrdb.YEAR, YEAR, "\n".join(text.splitlines()[:-1]))
    refusal(nsrdb.YEAR, YEAR, text.replace("2019,7,1,12,30,", "2019,7,1,12,30,x", 1))
    refusal(nsrdb.YEAR, YEAR, text.replace("2019,7,1,12,30,", "2019,7,1,11,30,", 1))


# Open-Meteo


def test_light_of_open_meteo_is_that_of_the_hour_before_its_stamp():
    weather = told("Open-Meteo year")
    assert weather.sun_minute == 30
    assert weather.hourly["ghi"].to_numpy() == pytest.approx(means(2019, 2019)[:, 0], abs=0.06)


@pytest.mark.parametrize(
    ("code", "unit"), [("wind_speed_10m", "km/h"), ("temperature_2m", "°F"), ("shortwave_radiation", "MJ/m²")]
)
def test_another_unit_of_open_meteo_is_refused_by_name(code, unit):
    error = refusal(open_meteo.YEAR, YEAR, but(open_meteo_hours(), f"hourly_units/{code}", unit))
    assert code in error.field
    assert error.value == unit


def test_a_null_of_open_meteo_is_a_gap():
    weather = open_meteo.YEAR.read(reply(but(open_meteo_hours(), "hourly/temperature_2m/4000", None)), YEAR)
    assert "2 missing values of temp_air interpolated." in weather.notes  # of the hours on both sides of the stamp
    body = but(open_meteo_hours(), "hourly/shortwave_radiation", [None] * 8784)
    refusal(open_meteo.YEAR, YEAR, body)


def test_a_beam_divided_by_a_sun_too_low_is_held_below_what_the_ground_can_see():
    weather = open_meteo.YEAR.read(reply(but(open_meteo_hours(), "hourly/direct_normal_irradiance/4018", 3000.0)), YEAR)
    assert weather.hourly["dni"].max() == 1100
    assert any("above 1100" in note for note in weather.notes)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "Cannot initialize WeatherVariable from invalid String value x for key hourly"),
        (429, "Minutely API request limit exceeded. Please try again in one minute."),
        (503, "The service is overloaded"),
        (200, "Too many concurrent requests"),
    ],
)
def test_a_failure_of_open_meteo_is_told_in_its_words_whatever_the_status(status, reason):
    error = refusal(open_meteo.YEAR, YEAR, {"error": True, "reason": reason}, status)
    assert reason[:70] in error.message


def test_a_list_of_several_places_from_open_meteo_is_refused():
    refusal(open_meteo.YEAR, YEAR, [open_meteo_hours()])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("utc_offset_seconds", -25200),
        ("hourly/time/5000", 0),
        ("hourly/time/5000", "2019-07-28T08:00"),
        ("hourly/time", []),
        ("hourly/wind_speed_10m", [3.0] * 100),
        ("hourly/wind_speed_10m", None),
        ("hourly/wind_speed_10m/77", "3.0"),
        ("elevation", None),
        ("latitude", "40"),
    ],
)
def test_a_year_of_open_meteo_that_breaks_its_contract_is_a_source_error(path, value):
    refusal(open_meteo.YEAR, YEAR, but(open_meteo_hours(), path, value))


def test_an_hour_left_out_and_one_told_twice_by_open_meteo_are_refused():
    """As a local clock would at the two ends of its summer time."""
    body = open_meteo_hours()
    for times in (body["hourly"]["time"][:-1], [*body["hourly"]["time"][:100], *body["hourly"]["time"][99:-1]]):
        refusal(open_meteo.YEAR, YEAR, but(body, "hourly/time", times))
