"""Names that lead to places, heights of the ground, and the spots that are asked about."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from core.errors import SourceError, ValidationError
from core.fetchers import places
from core.fetchers.places import ELEVATION, GEOCODING, Found, cities
from core.fetchers.spots import Spot
from core.fetchers.weather import nearest_bundled
from core.sections import Site
from tests.fetchers.replies_weather import PAGE, PLACE, PLACES, PVGIS_SEA, but, pvgis_horizon, reply

PAID, FREE = GEOCODING.sources
GROUND_PVGIS, GROUND_PAID, GROUND_FREE = ELEVATION.sources


# Names


def test_a_name_is_asked_for_as_it_was_typed_and_never_as_part_of_the_address():
    request = FREE.request(FREE.base, "  Zürich & Umgebung?count=99 ", "")
    assert request.url == "https://geocoding-api.open-meteo.com/v1/search"
    assert request.params == {
        "name": "Zürich & Umgebung?count=99",
        "count": "10",
        "language": "en",
        "format": "json",
    }


def test_a_key_goes_to_the_paid_hosts_and_is_marked_secret():
    for source, asked in ((PAID, "Fort"), (GROUND_PAID, PLACE)):
        request = source.request(source.base, asked, "TESTKEY123")
        assert "://customer-" in request.url
        assert request.params["apikey"] == "TESTKEY123"
        assert "apikey" in request.secrets


def test_without_a_key_names_are_asked_for_only_where_that_is_chosen():
    assert FREE.opt_in
    assert GROUND_FREE.opt_in
    assert "non-commercial" in FREE.notice


@pytest.mark.parametrize("name", ["", "x", "  \x00 "])
def test_a_name_too_short_to_mean_a_place_is_not_asked_for(name):
    with pytest.raises(SourceError, match="short"):
        FREE.request(FREE.base, name, "")


def test_places_come_with_zone_and_height_where_these_are_known():
    first, second = FREE.read(reply(PLACES), "example")
    assert first == Found("Fort Example", "Colorado", "United States", 40.5, -105.1, 1525.0, "America/Denver")
    assert second == Found("Far Example", "", "", -40.5, 175.1, None, "")  # −9999 m and a zone that is none


def test_a_reply_without_results_means_that_nothing_was_found():
    assert FREE.read(reply({"generationtime_ms": 0.4}), "zzzz") == ()


def test_a_name_full_of_markup_and_control_characters_is_one_short_line():
    body = but(PLACES, "results/0/name", "<b>Fort\x00\n\u202eExample</b>" + "x" * 500)
    name = FREE.read(reply(body), "fort")[0].name
    assert len(name) <= 80
    assert name.isprintable()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (PAGE, 200),
        (PAGE, 502),
        (b"", 200),
        ([], 200),
        ({"error": True, "reason": "Parameter count must be between 1 and 100."}, 400),
        ({"error": True, "reason": "Parameter count must be between 1 and 100."}, 200),
        ({"results": {}}, 200),
        ({"results": ["Fort"]}, 200),
        (but(PLACES, "results/0/latitude", 540.5), 200),
        (but(PLACES, "results/0/longitude", "105"), 200),
        (but(PLACES, "results/0/name", None), 200),
    ],
)
def test_names_that_break_their_contract_are_a_source_error(body, status):
    with pytest.raises(SourceError, match=r"^Open-Meteo"):
        FREE.read(reply(body, status), "fort")


def test_cities_are_found_offline_with_their_zone():
    [lisbon] = cities("  LISB ")
    assert (lisbon.name, lisbon.country, lisbon.timezone) == ("Lisbon", "Portugal", "Europe/Lisbon")
    assert (lisbon.latitude, lisbon.longitude) == pytest.approx((38.72, -9.14), abs=0.05)
    [kathmandu] = cities("kathmandu")
    assert (kathmandu.latitude, kathmandu.longitude) == pytest.approx((27.71, 85.32), abs=0.05)
    [sydney] = cities("sydney")
    assert (sydney.latitude, sydney.longitude) == pytest.approx((-33.87, 151.21), abs=0.05)
    knox = next(city for city in cities("knox"))
    assert (knox.region, knox.country) == ("Indiana", "United States")


def test_the_places_whose_sun_ships_with_the_program_are_found_offline():
    [miami] = cities("miami")
    assert (miami.region, miami.timezone) == ("Florida", "America/New_York")
    assert "of Miami, Florida, 0 km" in nearest_bundled(Spot(miami.latitude, miami.longitude)).notes[0]


def test_offline_every_city_makes_a_site_and_what_begins_with_the_letters_comes_first():
    for letters in "aeiou":
        for city in cities(letters):
            Site(latitude=city.latitude, longitude=city.longitude, timezone=city.timezone)
    names = [city.name for city in cities("san")]
    assert names[0].startswith("San")
    assert cities("") == ()
    assert cities("no such town") == ()


def test_without_the_systems_tables_pythons_own_are_read_and_without_both_nothing_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "TZPATH", (str(tmp_path),))
    with_python = places._table(places.ZONES)
    assert with_python == [] or len(with_python) > 300
    (tmp_path / "zone.tab").write_text("# comment\nXX\t+1030-02015\tArea/Some_Town\n", encoding="utf-8")
    assert places._table(places.ZONES) == [["XX", "+1030-02015", "Area/Some_Town"]]
    monkeypatch.setattr(places.resources, "files", lambda _: Path(tmp_path / "nothing"))
    assert places._table(places.COUNTRIES) == []


# Heights


def test_heights_are_asked_of_pvgis_first_for_it_needs_neither_key_nor_choice():
    assert (GROUND_PVGIS.name, GROUND_PVGIS.key, GROUND_PVGIS.opt_in) == ("PVGIS", "", False)
    request = GROUND_PVGIS.request(GROUND_PVGIS.base, PLACE, "")
    assert request.url == "https://re.jrc.ec.europa.eu/api/v5_3/printhorizon"
    assert GROUND_PVGIS.read(reply(pvgis_horizon()), PLACE).elevation_m == 1650


def test_heights_of_open_meteo_are_metres_of_the_one_place():
    request = GROUND_FREE.request(GROUND_FREE.base, PLACE, "")
    assert request.url == "https://api.open-meteo.com/v1/elevation"
    assert request.params == {"latitude": "40.0000", "longitude": "-105.0000"}
    assert GROUND_FREE.read(reply({"elevation": [38.0]}), PLACE).elevation_m == 38.0
    assert GROUND_FREE.read(reply({"elevation": [-415]}), PLACE).elevation_m == -415  # at the Dead Sea


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"elevation": []},
        {"elevation": [None]},
        {"elevation": ["38"]},
        {"elevation": [1, 2]},
        {"elevation": [99999]},
        b'{"elevation":[nan]}',
        PAGE,
    ],
)
def test_heights_that_break_their_contract_are_a_source_error(body):
    with pytest.raises(SourceError, match=r"^Open-Meteo"):
        GROUND_FREE.read(reply(body), PLACE)


@pytest.mark.parametrize("body", [PVGIS_SEA, PAGE, but(pvgis_horizon(), "inputs/location/elevation", None)])
def test_a_height_that_pvgis_does_not_know_is_a_source_error(body):
    with pytest.raises(SourceError, match=r"^PVGIS"):
        GROUND_PVGIS.read(reply(body), PLACE)


# Spots


def test_two_clicks_within_some_metres_are_one_question():
    assert Spot(40.00001, -104.99999) == Spot(40, -105)
    assert repr(Spot(-0.00001, 0.00001)) == repr(Spot(0.0, 0.0))
    assert not math.copysign(1, Spot(-0.00001, 0).latitude) < 0


@pytest.mark.parametrize(("latitude", "longitude"), [(91, 0), (-90.1, 0), (0, 180.5), (math.nan, 0), (0, math.inf)])
def test_a_spot_that_is_not_on_earth_is_refused_by_name(latitude, longitude):
    with pytest.raises(ValidationError) as caught:
        Spot(latitude, longitude)
    assert caught.value.field in ("latitude", "longitude")


@pytest.mark.parametrize(
    ("spot", "latitude", "longitude", "near"),
    [
        (Spot(0, 179.9), 0.1, -179.9, True),  # across the date line
        (Spot(89.9, 0), 89.9, 170, True),  # all meridians meet
        (Spot(40, -105), 40.9, -105.9, True),
        (Spot(40, -105), 41.1, -105, False),
        (Spot(40, -105), 40, -107, False),
        (Spot(10, 40), 40, 10, False),  # latitude and longitude changed round
        (Spot(40, -105), math.nan, -105, False),
    ],
)
def test_a_reply_is_near_or_it_is_refused(spot, latitude, longitude, near):
    if near:
        spot.check_near("Someone", latitude, longitude)
        return
    with pytest.raises(SourceError, match="another place"):
        spot.check_near("Someone", latitude, longitude)
