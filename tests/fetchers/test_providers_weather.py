"""What the weather providers are asked, what is read from their replies, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.errors import SourceError
from core.fetchers.providers import nasa_power, nsrdb, open_meteo, pvgis
from core.fetchers.spots import Spot, SpotYear
from core.fetchers.weather import TYPICAL, YEARS, bundled, for_spot
from core.fetchers.weather_bytes import pack, unpack
from core.inputs import WEATHER_COLUMNS
from tests.fetchers.replies_weather import (
    PAGE,
    PLACE,
    READERS,
    YEAR,
    air,
    but,
    east_over_west,
    means,
    pvgis_typical,
    refusal,
    reply,
    sky,
    told,
)

KEY = "TESTKEY123 planner@example.org"
EVERY = pytest.mark.parametrize("name", READERS)


# Every provider


@EVERY
def test_a_good_reply_is_a_live_year_with_its_source_and_place(name):
    weather = told(name)
    assert len(weather.hourly) == 8760
    assert weather.kind == ("typical" if "typical" in name else "year")
    assert weather.year == (2002 if "typical" in name else 2019)
    assert weather.status == "live"
    assert weather.source.startswith(name.rsplit(" ", 1)[0])
    assert (weather.latitude, weather.longitude, weather.elevation_m) == pytest.approx((40, -105, 1650), abs=6)
    assert weather.utc_offset_hours == -7
    assert not any(note.startswith("Check") for note in weather.notes)


@EVERY
def test_the_light_is_that_of_the_sky_at_the_true_minute_of_the_sun(name):
    weather = told(name)
    moments = pd.to_datetime(weather.sun_unix_s, unit="s", utc=True)
    expected = means(2019, 2019) if name.startswith(("NASA", "Open")) else sky(moments).to_numpy()
    got = weather.hourly[["ghi", "dni", "dhi"]].to_numpy()
    high = sky(moments)["dhi"].to_numpy() > 90 * 0.2  # a typical year's calendar lies half a day off the sky's
    assert np.sqrt(np.mean((got - expected)[high] ** 2)) < 3
    temp, wind = air(pd.DatetimeIndex(weather.hourly.index) + pd.Timedelta(minutes=30))
    assert np.abs(weather.hourly["temp_air"].to_numpy() - temp).max() < 1.1  # half an hour of the steepest change
    assert np.abs(weather.hourly["wind_speed"].to_numpy() - wind).max() < 0.2


@EVERY
def test_east_and_west_arrays_yield_alike_under_a_sky_that_is_alike_before_and_after_noon(name):
    """A stamp read half an hour wrong moves the two apart by 2 to 5 %, while a south array would not show it."""
    weather = told(name)
    assert east_over_west(weather) == pytest.approx(1, abs=0.004)
    assert abs(east_over_west(replace(weather, sun_minute=weather.sun_minute + 30)) - 1) > 0.02
    assert abs(east_over_west(replace(weather, sun_minute=weather.sun_minute - 30)) - 1) > 0.02


@pytest.mark.parametrize(
    ("status", "body"), [(200, PAGE), (502, PAGE), (529, PAGE), (503, b""), (200, b""), (500, b"\xff\xfe\x00")]
)
@EVERY
def test_a_page_or_nothing_instead_of_data_is_a_source_error(name, status, body):
    source, asked, _ = READERS[name]
    error = refusal(source, asked, body, status)
    if body == PAGE:
        assert "web page" in error.message


@EVERY
def test_a_reply_cut_off_anywhere_is_a_source_error(name):
    source, asked, body = READERS[name]
    raw = reply(body()).body
    for share in (0.01, 0.5, 0.99):
        refusal(source, asked, raw[: int(len(raw) * share)])


@EVERY
def test_a_reply_about_another_place_is_a_source_error(name):
    source, asked, body = READERS[name]
    here = Spot(52.0, -105.0)
    error = refusal(source, replace(asked, spot=here) if isinstance(asked, SpotYear) else here, body())
    assert "another place" in error.message


@pytest.mark.parametrize("name", ["PVGIS year", "NASA POWER year", "NSRDB year", "Open-Meteo year"])
def test_another_year_than_asked_for_is_a_source_error(name):
    source, asked, body = READERS[name]
    refusal(source, replace(asked, year=2018), body())


@EVERY
def test_packed_and_unpacked_a_year_is_the_same_to_the_last_bit(name):
    weather = told(name)
    again = unpack(pack(weather))
    assert again == weather
    assert again.hourly.index.equals(weather.hourly.index)
    for fact in ("source", "kind", "status", "utc_offset_hours", "notes", "observed_at", "elevation_m", "sun_minute"):
        assert getattr(again, fact) == getattr(weather, fact)


@EVERY
def test_no_request_holds_a_secret_outside_of_what_it_marks(name):
    source, asked, _ = READERS[name]
    request = source.request(source.base, asked, KEY if source.key else "")
    shown = {k: v for k, v in request.params.items() if k not in request.secrets}
    assert not any(
        "TESTKEY123" in v or "planner@" in v for v in (*shown.values(), request.url, *request.headers.values())
    )
    assert request.url.startswith("https://")
    assert "@" not in request.url


# What is asked, against pvlib's own calls


class Asked(Exception):
    """Stops pvlib before it goes out."""


def pvlib_asks(monkeypatch: pytest.MonkeyPatch, ask: Any) -> tuple[str, dict[str, str]]:
    import requests

    def stop(url: str, params: dict[str, Any] | None = None, **_: Any) -> None:
        raise Asked(url, params)

    monkeypatch.setattr(requests, "get", stop)
    with pytest.raises(Asked) as caught:
        ask()
    url, params = caught.value.args
    return url, {key: str(value) for key, value in params.items() if value is not None}


def agree(ours: dict[str, str], theirs: dict[str, str]) -> None:
    """Every parameter of theirs that we send too has the same value."""
    both = ours.keys() & theirs.keys()
    assert len(both) >= 4
    for name in both:
        try:
            assert float(ours[name]) == pytest.approx(float(theirs[name])), name
        except ValueError:
            assert ours[name].lower() == theirs[name].lower(), name


def test_pvgis_is_asked_for_a_typical_year_as_pvlib_asks_but_for_its_release(monkeypatch):
    from pvlib.iotools import get_pvgis_tmy

    base = "https://re.jrc.ec.europa.eu/api/v5_3/"
    years = {"startyear": 2005, "endyear": 2023}
    url, params = pvlib_asks(monkeypatch, lambda: get_pvgis_tmy(40, -105, url=base, usehorizon=False, **years))
    request = pvgis.TYPICAL.request(pvgis.BASE, PLACE, "")
    assert request.url == url
    agree(dict(request.params), params)
    assert set(request.params) == set(params)


def test_pvgis_is_asked_for_a_year_on_the_horizontal_as_pvlib_asks(monkeypatch):
    from pvlib.iotools import get_pvgis_hourly

    base = "https://re.jrc.ec.europa.eu/api/v5_3/"
    years = {"start": 2019, "end": 2019}
    url, params = pvlib_asks(monkeypatch, lambda: get_pvgis_hourly(40, -105, url=base, usehorizon=False, **years))
    request = pvgis.YEAR.request(pvgis.BASE, YEAR, "")
    assert request.url == url
    agree(dict(request.params), params)
    assert set(request.params) <= set(params)


def test_nasa_is_asked_as_pvlib_asks(monkeypatch):
    from pvlib.iotools import get_nasa_power

    names = list(nasa_power.PARAMETERS.values())
    url, params = pvlib_asks(monkeypatch, lambda: get_nasa_power(40, -105, "2019-01-01", "2019-12-31", names))
    request = nasa_power.YEAR.request(nasa_power.BASE, YEAR, "")
    assert request.url == url
    agree(dict(request.params), params)
    assert request.params["time-standard"] == "UTC"  # else the hours are those of the local sun


@pytest.mark.parametrize("kind", ["tmy", "aggregated"])
def test_nsrdb_is_asked_as_pvlib_asks_at_the_host_that_is_alive(monkeypatch, kind):
    from pvlib import iotools

    get = {"tmy": iotools.get_nsrdb_psm4_tmy, "aggregated": iotools.get_nsrdb_psm4_aggregated}[kind]
    facts = {"year": "tmy" if kind == "tmy" else 2019, "leap_day": False, "utc": True}
    fields = ["ghi", "dni", "dhi", "temp_air", "wind_speed"]
    asked = lambda: get(40, -105, "TESTKEY123", "planner@example.org", parameters=fields, **facts)  # noqa: E731
    url, params = pvlib_asks(monkeypatch, asked)
    source, about = (nsrdb.TYPICAL, PLACE) if kind == "tmy" else (nsrdb.YEAR, YEAR)
    request = source.request(source.base, about, KEY)
    assert request.url == url
    assert "nlr.gov" in url
    agree(dict(request.params), params)
    assert request.secrets == {"api_key", "email"}


def test_open_meteo_is_asked_in_utc_and_metres_a_second_for_one_day_more():
    request = open_meteo.YEAR.request(open_meteo.ARCHIVE, YEAR, "")
    assert request.url == "https://archive-api.open-meteo.com/v1/archive"
    assert request.params == {
        "latitude": "40.0000",
        "longitude": "-105.0000",
        "start_date": "2019-01-01",
        "end_date": "2020-01-01",
        "hourly": "shortwave_radiation,direct_normal_irradiance,diffuse_radiation,temperature_2m,wind_speed_10m",
        "models": "era5_seamless",
        "timezone": "GMT",
        "timeformat": "unixtime",
        "wind_speed_unit": "ms",
    }


def test_a_key_of_open_meteo_goes_to_its_paid_host_in_a_parameter_that_is_secret():
    request = open_meteo.YEAR_PAID.request(open_meteo.YEAR_PAID.base, YEAR, "TESTKEY123")
    assert request.url == "https://customer-archive-api.open-meteo.com/v1/archive"
    assert request.params["apikey"] == "TESTKEY123"
    assert "apikey" in request.secrets
    assert open_meteo.YEAR_PAID.key
    assert not open_meteo.YEAR_PAID.opt_in


def test_open_meteo_without_a_key_is_used_only_where_it_is_chosen_and_says_why():
    for source in (open_meteo.TYPICAL, open_meteo.YEAR):
        assert source.opt_in
        assert "non-commercial" in source.notice
        assert "CC BY 4.0" in source.notice


@pytest.mark.parametrize("key", ["", "TESTKEY123", "planner@example.org", "a b c", "planner@example.org TESTKEY123"])
def test_an_nsrdb_key_without_its_address_is_named_and_not_shown(key):
    with pytest.raises(SourceError) as caught:
        nsrdb.TYPICAL.request(nsrdb.BASE, PLACE, key)
    assert nsrdb.KEY in caught.value.message
    assert "TESTKEY123" not in str(caught.value.body("id"))


@pytest.mark.parametrize(
    ("source", "year"),
    [(pvgis.YEAR, 2004), (pvgis.YEAR, 2024), (nasa_power.YEAR, 2000), (nsrdb.YEAR, 1997), (open_meteo.YEAR, 1939)],
)
def test_a_year_that_a_provider_does_not_have_is_not_asked_for(source, year):
    with pytest.raises(SourceError, match=f"has no {year}"):
        source.request(source.base, SpotYear(PLACE, year), KEY)


def test_shade_of_the_horizon_is_not_counted_twice():
    for source, asked in ((pvgis.TYPICAL, PLACE), (pvgis.YEAR, YEAR)):
        assert source.request(source.base, asked, "").params["usehorizon"] == "0"
    shaded = but(pvgis_typical(), "inputs/meteo_data/use_horizon", True)
    notes = pvgis.TYPICAL.read(reply(shaded), PLACE).notes
    assert any("leave the horizon of the array empty" in note for note in notes)


# The ladders


def test_without_a_key_or_a_choice_any_place_has_two_providers_for_both_questions():
    for ladder in (TYPICAL, YEARS):
        free = [source.name for source in ladder if not source.key and not source.opt_in]
        assert free == ["PVGIS", "NASA POWER"]


@pytest.mark.parametrize(
    ("spot", "first"),
    [
        (Spot(33, -102), "NSRDB"),
        (Spot(-10, -60), "NSRDB"),
        (Spot(45, 8), "PVGIS"),
        (Spot(-35, 149), "PVGIS"),
        (Spot(64.8, -147.7), "PVGIS"),
    ],
)
def test_nsrdb_is_first_in_the_americas_and_left_out_elsewhere(spot, first):
    names = [source.name for source in for_spot(TYPICAL, spot)]
    assert names[0] == first
    assert ("NSRDB" in names) == (first == "NSRDB")
    if first != "NSRDB":
        with pytest.raises(SourceError, match="covers the Americas only"):
            nsrdb.TYPICAL.request(nsrdb.BASE, spot, KEY)


# In the cache


def test_bytes_that_are_no_year_are_a_source_error():
    import pyarrow as pa

    raw = pack(bundled("greensboro"))
    sink = pa.BufferOutputStream()
    table = pa.table({"time": [1, 2], **{name: [1.0, 2.0] for name in WEATHER_COLUMNS}})
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    for damaged in (b"", raw[:-20], raw[:2000], b"ARROW1" + bytes(500), sink.getvalue().to_pybytes()):
        with pytest.raises(SourceError):
            unpack(damaged)
