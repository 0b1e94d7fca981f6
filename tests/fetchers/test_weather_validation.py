"""Real files of every format: yearly sums, and closure ghi = dni·cos θz + dhi with pvlib's SPA at each row's sun moment.

Figures are those tabulated with the validation data. Closure is the one test that sees a time stamp off by minutes:
half an hour costs ten times the rms.
"""

import json
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import FileError
from core.fetchers.formats import epw, pvgis, sam
from core.fetchers.formats.daylight import sun_height_deg
from core.fetchers.formats.text import lines_of, text_of
from core.fetchers.weather_files import read_weather

FOLDER = os.environ.get("SOLAR_MINING_VALIDATION_DATA")
needs_data = pytest.mark.skipif(not FOLDER, reason="SOLAR_MINING_VALIDATION_DATA is not set")
pytestmark = pytest.mark.data
PVLIB = Path(find_spec("pvlib").origin).parent / "data"

# file, GHI, DNI [kWh/m²], tabulated rms of closure in daylight [W/m²], sun minute, kind, site's hours from UTC
HOURLY = [
    ("weather__denver_tmy3.epw", 1670, 1978, 0.7, 30.0, "typical", -7),
    ("weather__pvlib_723170TYA.CSV", 1566, 1477, 1.4, 30.0, "typical", -5),
    ("weather__sam_USA_AZ_Phoenix_TMY2.csv", 2117, 2519, 6.9, 30.0, "typical", -7),
    ("weather__sam_phoenix_az_33.450495_-111.983688_psmv3_60_tmy.csv", 2115, 2678, 1.0, 30.0, "typical", -7),
    ("weather__tx_32.31714_-100.18_psmv3_60_2013.csv", 2015, 2498, 0.4, 30.0, "year", -6),
    ("weather__tx_34.22_-102.75_2012_goes_aggregated_v4_60min_utc_tz.csv", 2064, 2575, 0.4, 30.0, "year", -6),
    # tabulated 9.3 without the file's time offset, 0.64 with it
    ("weather__pvlib_tmy_45.000_8.000_2005_2023.csv", 1436, 1592, 0.64, 10.566, "typical", 0),
    ("api_payloads/weather/pvgis_tmy_45_8_2005_2023.json", 1436, 1592, 0.64, 10.566, "typical", 0),
]
HALF_HOURLY = [
    ("weather__141369_39.01_-122.14_2017.csv", 1895, 2480, 0.4),
    ("weather__141369_39.01_-122.14_2018.csv", 1886, 2404, 0.3),
    ("weather__141369_39.01_-122.14_2019.csv", 1895, 2539, 0.3),
    ("weather__141369_39.01_-122.14_2020.csv", 1944, 2597, 0.3),
]


def closure(values, moments_s, place):
    """Ratio of sums and rms in daylight of dni·cos θz + dhi against ghi."""
    import pvlib

    moments = pd.to_datetime(np.asarray(moments_s) * 1e9, utc=True)
    sun = pvlib.solarposition.spa_python(moments, *place)
    cosine = np.maximum(np.cos(np.radians(sun["apparent_zenith"].to_numpy())), 0)
    ghi, dni, dhi = (np.asarray(values[name]) for name in ("ghi", "dni", "dhi"))
    made = dni * cosine + dhi
    return made.sum() / ghi.sum(), float(np.sqrt(np.mean((made - ghi)[ghi > 0] ** 2)))


def of(weather, minutes=0.0):
    place = weather.latitude, weather.longitude, weather.elevation_m
    return closure(weather.hourly, weather.sun_unix_s + 60 * minutes, place)


@needs_data
@pytest.mark.parametrize(("file", "ghi", "dni", "rms", "sun_minute", "kind", "offset"), HOURLY)
def test_hourly_files_have_their_sums_and_close_at_their_sun_minute(file, ghi, dni, rms, sun_minute, kind, offset):
    weather = read_weather(Path(FOLDER) / file)
    assert weather.hourly["ghi"].sum() / 1000 == pytest.approx(ghi, abs=0.6)
    assert weather.hourly["dni"].sum() / 1000 == pytest.approx(dni, abs=0.6)
    assert (weather.sun_minute, weather.kind, weather.utc_offset_hours) == (sun_minute, kind, offset)
    ratio, ours = of(weather)
    print(f"{file}: closure {ratio:.4f}, rms {ours:.2f} W/m² (tabulated {rms})")
    assert not any("Check the" in note for note in weather.notes)
    # typical years carry one nominal year's labels, which moves the sun by up to a quarter of a day's step
    assert ratio == pytest.approx(1.0, abs=0.0025)
    assert ours <= rms + 0.5
    for minutes in (-10, 10):
        assert of(weather, minutes)[1] > ours + 2.0  # a stamp off by ten minutes is seen either way


@needs_data
@pytest.mark.parametrize(
    ("file", "form", "rms"),
    [("weather__denver_tmy3.epw", epw, 1.0), ("weather__pvlib_tmy_45.000_8.000_2005_2023.csv", pvgis, 0.64)],
)
def test_typical_years_close_best_in_the_years_their_months_are_from(file, form, rms):
    # shows that what is left above comes of the one nominal year, not of the moments
    rec = form.read(lines_of(text_of((Path(FOLDER) / file).read_bytes())))
    days = (
        pd.to_datetime({"year": rec.year, "month": rec.month, "day": rec.day}).to_numpy("datetime64[s]").astype(float)
    )
    moments = days + 60 * (rec.minute + rec.sun_minute - 60 * rec.clock_hours)
    ratio, ours = closure(rec.values, moments, (rec.latitude, rec.longitude, rec.elevation_m))
    assert ratio == pytest.approx(1.0, abs=0.001)
    assert ours == pytest.approx(rms, abs=0.1)
    assert ours < of(read_weather(Path(FOLDER) / file))[1]


@needs_data
@pytest.mark.parametrize(("file", "ghi", "dni", "rms"), HALF_HOURLY)
def test_half_hours_close_at_their_own_stamps_and_nearly_so_when_averaged(file, ghi, dni, rms):
    data = (Path(FOLDER) / file).read_bytes()
    rec = sam.read(lines_of(text_of(data)))
    year = pd.Timestamp(f"{rec.year[0]}-01-01").timestamp()
    moments = year + np.arange(len(rec.minute)) * 1800.0 + rec.sun_minute * 60
    ratio, ours = closure(rec.values, moments, (rec.latitude, rec.longitude, rec.elevation_m))
    print(f"{file}: half-hourly closure {ratio:.4f}, rms {ours:.2f} W/m² (tabulated {rms})")
    assert ratio == pytest.approx(1.0, abs=0.0005)
    assert ours == pytest.approx(rms, abs=0.15)
    weather = read_weather(data)
    assert not any("Check the" in note for note in weather.notes)
    assert weather.hourly["ghi"].sum() / 1000 == pytest.approx(ghi, abs=0.6)
    assert weather.hourly["dni"].sum() / 1000 == pytest.approx(dni, abs=0.6)
    assert (weather.sun_minute, weather.kind, weather.utc_offset_hours) == (15.0, "year", -8.0)
    # Means of a product are not products of means: where the beam comes or goes within the hour closure gives way.
    ratio, ours = of(weather)
    print(f"{file}: averaged to hours {ratio:.4f}, rms {ours:.2f} W/m²")
    assert ratio == pytest.approx(1.0, abs=0.002)
    assert ours <= 3.0
    for minutes in (-10, 10):
        assert of(weather, minutes)[1] > 2 * ours


@needs_data
def test_half_hours_in_local_time_close_as_well():
    weather = read_weather(Path(FOLDER) / "api_payloads/weather/nsrdb_read_psm4_full.csv")
    ratio, ours = of(weather)
    assert ratio == pytest.approx(1.0, abs=0.002)
    assert ours <= 3.2
    assert (weather.year, weather.sun_minute, weather.utc_offset_hours) == (2023, 15.0, -7.0)


@pytest.mark.parametrize(("file", "rms"), [("723170TYA.CSV", 1.9), ("703165TY.csv", 1.2), ("12839.tm2", 8.9)])
def test_the_years_inside_pvlib_close(file, rms):
    weather = read_weather(PVLIB / file)
    ratio, ours = of(weather)
    print(f"{file}: closure {ratio:.4f}, rms {ours:.2f} W/m²")
    assert ratio == pytest.approx(1.0, abs=0.0045)
    assert ours <= rms
    assert not any("Check the" in note for note in weather.notes)
    assert min((-10, 0, 10), key=lambda minutes: of(weather, minutes)[1]) == 0


@pytest.mark.parametrize(("column", "cell"), [(5, "79.950"), (3, "5.0"), (3, "8.0")])  # longitude, time zone
def test_a_wrong_sign_in_the_header_is_warned_of(column, cell):
    lines = (PVLIB / "723170TYA.CSV").read_text().splitlines()
    fields = lines[0].split(",")
    fields[column] = cell
    weather = read_weather("\n".join([",".join(fields), *lines[1:]]).encode())
    assert any("Longitude, time zone" in note for note in weather.notes)


@pytest.mark.parametrize(("rows", "said"), [(1, "60 minutes earlier"), (-1, "60 minutes later")])
def test_time_stamps_off_by_an_hour_are_warned_of(rows, said):
    lines = (PVLIB / "723170TYA.CSV").read_text().splitlines()
    stamps, rest = [line[:16] for line in lines[2:]], [line[16:] for line in lines[2:]]
    moved = [a + b for a, b in zip(stamps, [*rest[-rows:], *rest[:-rows]], strict=True)]
    weather = read_weather("\n".join([*lines[:2], *moved]).encode())
    assert any(note.startswith("Check the time stamps") and said in note for note in weather.notes)


def test_the_short_sun_formula_is_within_half_a_degree_of_spa():
    import pvlib

    moments = pd.date_range("2002-01-01 00:17", periods=2000, freq="263min", tz="UTC")
    for latitude, longitude in ((36.1, -79.95), (-33.9, 151.2), (70.0, 25.0)):
        spa = pvlib.solarposition.spa_python(moments, latitude, longitude)["elevation"].to_numpy()
        assert np.abs(sun_height_deg(moments, latitude, longitude) - spa).max() < 0.5


@pytest.mark.parametrize("file", ["723170TYA.CSV", "703165TY.csv", "12839.tm2"])
def test_values_and_places_equal_pvlibs_own_readers(file):
    import pvlib

    read = pvlib.iotools.read_tmy2 if file.endswith("tm2") else pvlib.iotools.read_tmy3
    theirs, about = read(PVLIB / file)
    ours = read_weather(PVLIB / file)
    names = {"ghi": "GHI", "dni": "DNI", "dhi": "DHI", "temp_air": "DryBulb", "wind_speed": "Wspd"}
    zone = int(about["TZ"])
    for name, their in names.items():
        column = theirs[name if name in theirs else their].to_numpy(dtype=float)
        column = column / 10 if file.endswith("tm2") and name in ("temp_air", "wind_speed") else column
        assert np.roll(ours.hourly[name].to_numpy(), zone) == pytest.approx(column, abs=1e-9), name
    assert (ours.latitude, ours.longitude) == pytest.approx((about["latitude"], about["longitude"]), abs=1e-5)


@needs_data
@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("api_payloads/weather/nsrdb_psm4_polar_tmy_2023.csv", "header|column"),
        ("api_payloads/weather/nsrdb_psm4_2023_5min_head_nometa.csv", "format is not known"),
        ("api_payloads/weather/pvgis_hourly_Timeseries_45.000_8.000_SA_30deg_0deg_2016_2016.csv", "14 rows"),
        ("api_payloads/weather/pvgis_hourly_Timeseries_45.000_8.000_SA2_10kWp_CIS_5_2a_2013_2014.json", "10 rows"),
        ("api_payloads/weather/pvgis_pvcalc_denmark.json", "not a PVGIS year"),
        ("api_payloads/weather/test_read_pvgis_horizon.csv", "format is not known"),
        ("api_payloads/errors/nlr_403_api_key_missing.csv", "format is not known"),
        ("api_payloads/errors/html_502_cloudfront.html", "web page"),
        ("pv_measured__nrel_RSF_II.csv", "."),
        ("tariffs_prices__sample_commercial_load_8760.csv", "."),
    ],
)
def test_other_replies_and_tables_are_refused_for_what_they_are(file, reason):
    with pytest.raises(FileError, match=reason):
        read_weather(Path(FOLDER) / file)


@needs_data
def test_pvgis_csv_and_json_of_the_same_year_agree():
    a = read_weather(Path(FOLDER) / "api_payloads/weather/pvgis_tmy_45_8_2005_2023.csv")
    b = read_weather(Path(FOLDER) / "api_payloads/weather/pvgis_tmy_45_8_2005_2023.json")
    assert a.digest == b.digest
    raw = json.loads((Path(FOLDER) / "api_payloads/weather/pvgis_tmy_45_8_2005_2023.json").read_text())
    assert b.hourly["temp_air"].iloc[4321] == raw["outputs"]["tmy_hourly"][4321]["T2m"]
