"""The ladder from a site to a weather year."""

import subprocess
import sys

import pytest

from core.errors import NotFound
from core.fetchers.spots import distance_km
from core.fetchers.weather import BUNDLED, NEAR_KM, bundled, weather_for
from core.fetchers.world import Access, World
from core.inputs import Weather
from core.sections import Site


def _for(site: Site) -> Weather:
    """The weather of a site in a world that answers nothing."""
    return weather_for(site, World(None, Access(offline=True)))


def test_bundled_years_have_the_published_place_and_sums():
    # GHI and DNI [kWh/m²] of Greensboro as tabulated for this TMY3 by other tools; the rest summed from the raw columns
    sums = {"greensboro": (1566, 1477), "miami": (1793, 1505), "sand_point": (829, 819)}
    for name, place in BUNDLED.items():
        year = bundled(name)
        assert (year.latitude, year.longitude) == pytest.approx((place.latitude, place.longitude), abs=1e-4)
        got = year.hourly["ghi"].sum() / 1000, year.hourly["dni"].sum() / 1000
        assert got == pytest.approx(sums[name], abs=1)
        assert (year.status, year.kind, year.sun_minute) == ("bundled", "typical", 30.0)
        assert "pvlib" in year.source


def test_a_named_place_is_that_place_wherever_the_site_is():
    year = _for(Site(latitude=-33.0, longitude=151.0, weather="bundled:miami"))
    assert year.latitude == pytest.approx(25.8)
    assert not any("km from the site" in note for note in year.notes)


@pytest.mark.parametrize(
    ("latitude", "longitude", "place", "km"),
    [
        (36.1, -79.95, "Greensboro", "0 km"),
        (39.74, -104.99, "Greensboro", None),  # Denver
        (25.76, -80.19, "Miami", None),
        (61.2, -149.9, "Sand Point", None),  # Anchorage
        (52.5, 179.9, "Sand Point", None),  # across the date line
    ],
)
def test_auto_is_the_nearest_bundled_place_and_says_how_far(latitude, longitude, place, km):
    year = _for(Site(latitude=latitude, longitude=longitude))
    note = year.notes[0]
    assert place in note
    assert "typical year" in note
    far = distance_km((latitude, longitude), (year.latitude, year.longitude)) > NEAR_KM
    assert ("Until a provider answers" in note) == far
    assert km is None or f" {km} " in note
    assert year.status == "bundled"


def test_the_note_does_not_stick_to_the_cached_year():
    _for(Site(latitude=30.0, longitude=-82.0))
    assert not any("km from the site" in note for note in bundled("miami").notes)


def test_great_circle_distances():
    # Nashville to Los Angeles airport, the worked haversine example of Rosetta Code: 2,887.26 km on 6,372.8 km of radius
    assert distance_km((36.12, -86.67), (33.94, -118.40)) == pytest.approx(2887.26 * 6371 / 6372.8, abs=0.01)
    # a quarter of a meridian: π/2 · 6,371
    assert distance_km((0, 0), (90, 0)) == pytest.approx(10_007.5, abs=0.1)
    assert distance_km((10, 20), (10, 20)) == 0.0
    assert distance_km((0, 179.5), (0, -179.5)) == pytest.approx(111.195, abs=0.01)


def test_an_uploaded_file_is_the_callers_business_and_its_digest_is_named():
    with pytest.raises(NotFound) as caught:
        _for(Site(weather="file:0123456789abcdef"))
    assert "0123456789abcdef" in caught.value.message
    assert caught.value.field == "site.weather"


def test_an_unknown_place_is_refused_with_the_known_ones():
    with pytest.raises(NotFound, match="atlantis") as caught:
        _for(Site(weather="bundled:atlantis"))
    assert "bundled:greensboro" in caught.value.expected


def test_bundled_weather_is_read_without_importing_pvlib():
    code = (
        "import sys; from core.fetchers.weather import nearest_bundled; from core.fetchers.spots import Spot; "
        "nearest_bundled(Spot(36.1, -79.95)); sys.exit('pvlib' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
