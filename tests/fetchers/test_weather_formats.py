"""Each documented format becomes the same UTC year, with the sun where its source measured it."""

import numpy as np
import pandas as pd
import pytest
import weather_samples as make

from core.errors import FileError, NotFound
from core.fetchers.weather_files import read_weather
from core.inputs import WEATHER_COLUMNS

# form, content, hours from UTC to the file's clock, sun minute, kind, first label's year
LOCAL = [
    ("EPW", make.text(make.epw()), -7, 30.0, "typical", 2002),
    ("TMY3", make.text(make.tmy3()), -5, 30.0, "typical", 2002),
    ("TMY2", make.text(make.tm2()), -5, 30.0, "typical", 2002),
    ("NSRDB csv", make.text(make.sam()), -6, 30.0, "year", 2019),
    ("NSRDB csv", make.text(make.sam(zone="0", first_minute=0)), 0, 0.0, "year", 2019),
    ("PVGIS typical year", make.text(make.pvgis_tmy()), 0, 10.566, "typical", 2002),
    ("PVGIS typical year", make.as_json(make.pvgis_tmy_json()), 0, 10.566, "typical", 2002),
]


@pytest.mark.parametrize(("form", "data", "zone", "sun_minute", "kind", "year"), LOCAL)
def test_every_hour_lands_on_its_utc_label_with_its_own_sun_minute(form, data, zone, sun_minute, kind, year):
    weather = read_weather(data)
    expected = make.values()
    assert weather.source.startswith(form + ": ")
    assert (weather.kind, weather.year) == (kind, year)
    assert weather.sun_minute == pytest.approx(sun_minute, abs=1e-9)
    assert str(weather.hourly.index.tz) == "UTC"
    assert weather.hourly.index.equals(pd.date_range(f"{year}-01-01", periods=8760, freq="h", tz="UTC", unit="s"))
    for name in WEATHER_COLUMNS:  # row r of the file is local hour r, so UTC hour r − zone
        got = weather.hourly[name].to_numpy()
        assert got[(np.arange(8760) - zone) % 8760] == pytest.approx(expected[name].to_numpy(), abs=1e-9), name


def test_the_header_gives_the_place():
    for data, place in (
        (make.text(make.epw()), (39.83, -104.65, 1650.0, -7.0)),
        (make.text(make.tmy3()), (36.1, -79.95, 273.0, -5.0)),
        (make.text(make.tm2()), (25.8, -80.266667, 2.0, -5.0)),
        (make.text(make.sam(zone="0", local="-6")), (32.33, -100.18, 761.0, -6.0)),
        (make.text(make.pvgis_tmy()), (45.0, 8.0, 250.0, 0.0)),
        (make.as_json(make.pvgis_tmy_json()), (45.0, 8.0, 250.0, 0.0)),
    ):
        w = read_weather(data)
        assert (w.latitude, w.longitude, w.elevation_m, w.utc_offset_hours) == pytest.approx(place)


def test_observed_at_is_the_end_of_the_newest_year_in_the_file():
    assert read_weather(make.text(make.sam(2019))).observed_at.isoformat() == "2020-01-01T00:00:00+00:00"
    assert read_weather(make.text(make.tmy3())).observed_at.year == 1993  # its December is of 1992


def test_half_hours_are_averaged_in_pairs_and_the_sun_stands_between_them():
    weather = read_weather(make.text(make.sam(minutes=30, first_minute=0, zone="0")))
    pairs = make.values(17520)["dni"].to_numpy().reshape(-1, 2).mean(axis=1)
    assert weather.hourly["dni"].to_numpy() == pytest.approx(pairs)
    assert weather.sun_minute == 15.0
    assert any("averaged" in note for note in weather.notes)


@pytest.mark.parametrize("minutes", [60, 30])
def test_february_29_is_left_out_by_its_utc_date_and_said_so(minutes):
    first = 30 if minutes == 60 else 0
    weather = read_weather(make.text(make.sam(2020, minutes=minutes, first_minute=first)))
    assert len(weather.hourly) == 8760
    assert weather.year == 2020
    assert not ((weather.hourly.index.month == 2) & (weather.hourly.index.day == 29)).any()
    assert any("February 29" in note for note in weather.notes)
    at = weather.hourly.index.get_loc(pd.Timestamp("2020-03-01 00:00", tz="UTC"))
    row = 60 * 24 - 6  # in the leap year's file, six hours west of UTC
    expected = make.values(8784 * 60 // minutes)["dni"].to_numpy().reshape(8784, -1).mean(axis=1)[row]
    assert weather.hourly["dni"].iloc[at] == expected


def test_a_leap_year_without_its_leap_day_is_read_too():
    lines = [line for line in make.sam(2020) if not line.startswith("2020,2,29,")]
    weather = read_weather(make.text(lines))
    assert weather.year == 2020
    assert not any("February 29" in note for note in weather.notes)


@pytest.mark.parametrize(("zone", "shift", "sun_minute"), [("5.5", 5, 0.0), ("5.75", 6, 45.0), ("-3.5", -4, 0.0)])
def test_zones_off_the_full_hour_keep_the_suns_true_moment(zone, shift, sun_minute):
    weather = read_weather(make.text(make.epw(zone=zone)))
    assert weather.sun_minute == sun_minute
    # local 10:00–11:00 has its sun at 10:30 local: the label and minute together must say the same moment
    row = 10
    moment_utc = row * 60 + 30 - float(zone) * 60
    label = (row - shift) % 8760
    assert weather.hourly["dni"].iloc[label] == row
    assert (row - shift) * 60 + sun_minute == moment_utc


def test_a_real_year_of_epw_keeps_its_year_and_a_typical_one_does_not():
    assert read_weather(make.text(make.epw(2016, title="AMY"))).year == 2016
    assert read_weather(make.text(make.epw(2016, title="TMYx"))).kind == "typical"


def test_a_pvgis_year_without_time_offset_says_what_is_assumed():
    weather = read_weather(make.text(make.pvgis_tmy(offset="")))
    assert weather.sun_minute == 0.0
    assert any("full hour is" in note for note in weather.notes)


def test_a_negative_time_offset_moves_the_label_so_that_the_minute_stays_within_the_hour():
    weather = read_weather(make.text(make.pvgis_tmy(offset="-0.25")))
    assert weather.sun_minute == pytest.approx(45.0)
    assert weather.hourly["dni"].iloc[9] == 10  # stamped 10:00, measured 9:45


def test_a_horizontal_pvgis_series_gives_dni_from_beam_and_sun_height():
    weather = read_weather(make.text(make.pvgis_series()))
    assert weather.sun_minute == 10.0
    assert weather.year == 2016
    assert weather.hourly["dni"].iloc[4000] == pytest.approx(800.0)  # 400 / sin 30°
    assert weather.hourly["ghi"].iloc[4000] == pytest.approx(500.0)


def test_a_flat_sun_makes_no_gigantic_dni():
    lines = [line.replace(",400.0,100.0,0.0,30.0,", ",0.5,100.0,0.0,0.01,") for line in make.pvgis_series()]
    assert read_weather(make.text(lines)).hourly["dni"].max() == 0.0


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        (make.pvgis_series(slope="30"), "slope"),
        (make.pvgis_series(slope="--"), "slope"),
        (make.pvgis_series(columns="time,G(i),a,b,H_sun,T2m,WS10m,Int"), "Gb(i)"),
        (make.pvgis_series(columns="time,Gb(i),Gd(i),Gr(i),x,T2m,WS10m,Int"), "H_sun"),
    ],
)
def test_a_pvgis_series_whose_horizontal_parts_cannot_be_had_is_refused_by_name(lines, field):
    with pytest.raises(FileError) as caught:
        read_weather(make.text(lines))
    assert caught.value.field == field


def test_sam_files_without_minutes_have_their_sun_in_the_middle_of_the_hour():
    names = "Source,Location ID,City,State,Country,Latitude,Longitude,Time Zone,Elevation,,"
    place = "TMY2,23183,Phoenix,AZ,USA,33.433333,-112.016667,-7,339,,"
    rows = [
        f"{t.year},{t.month},{t.day},{t.hour},{v.ghi},{v.dni},{v.dhi},{v.temp_air},{v.wind_speed},0,0"
        for t, v in zip(make.calendar(1990), make.values().itertuples(), strict=True)
    ]
    weather = read_weather(make.text([names, place, "Year,Month,Day,Hour,GHI,DNI,DHI,Tdry,Wspd,Snow,POA", *rows]))
    assert weather.sun_minute == 30.0
    assert weather.kind == "typical"  # one nominal year, but the source says TMY
    assert weather.hourly["dni"].iloc[7] == 0
    assert weather.source == "SAM csv: TMY2, 23183, Phoenix, AZ"


def test_units_other_than_expected_are_refused():
    lines = make.sam()
    lines[1] = lines[1].replace("m/s", "km/h")
    with pytest.raises(FileError, match="unit") as caught:
        read_weather(make.text(lines))
    assert (caught.value.line, caught.value.column, caught.value.value) == (2, 12, "km/h")


def test_the_format_is_known_by_content_and_a_path_reads_like_its_bytes(tmp_path):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(make.text(make.epw()))
    assert read_weather(path).digest == read_weather(str(path)).digest == read_weather(path.read_bytes()).digest


@pytest.mark.parametrize(
    "source", ["http://127.0.0.1:1/x.epw", "https://example.com/a.epw", "file:///etc/passwd", "nowhere.epw"]
)
def test_an_address_is_not_opened_and_a_missing_file_is_not_found(source):
    with pytest.raises(NotFound):
        read_weather(source)


@pytest.mark.parametrize("source", ["/", "/dev/zero", 12, None])
def test_only_regular_files_are_read(source):
    with pytest.raises(FileError):
        read_weather(source)
