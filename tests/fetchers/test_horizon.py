"""The far horizon as PVGIS tells it and as the array takes it, and the yield that PVcalc expects: both count from south."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.errors import SourceError
from core.fetchers.horizon import HORIZON
from core.fetchers.spots import Spot
from core.fetchers.weather import bundled
from core.fetchers.yields import YIELD, ArrayAt, aspect_deg
from core.models import solar, sun
from core.sections import Array, Site
from tests.fetchers.replies_weather import PAGE, PLACE, PVGIS_SEA, but, pvgis_horizon, pvgis_yield, reply

[HORIZON_SOURCE] = HORIZON.sources
[YIELD_SOURCE] = YIELD.sources
EAST = ArrayAt(PLACE, "fixed", 30, 90, 0.14)


# Horizon


def test_the_horizon_is_asked_of_release_5_3_as_pvlib_asks(monkeypatch):
    import requests
    from pvlib.iotools import get_pvgis_horizon

    asked = []

    def stop(url, params, **_):
        asked.append((url, params))
        raise ConnectionError

    monkeypatch.setattr(requests, "get", stop)
    with pytest.raises(ConnectionError):
        get_pvgis_horizon(40.0, -105.0, url="https://re.jrc.ec.europa.eu/api/v5_3/", timeout=1)
    request = HORIZON_SOURCE.request(HORIZON_SOURCE.base, PLACE, "")
    assert request.url == asked[0][0]
    assert request.params == {"lat": "40.0000", "lon": "-105.0000", "outputformat": "json"}
    assert {k: type(v)(request.params[k]) for k, v in asked[0][1].items()} == asked[0][1]


def test_a_hill_in_the_east_stands_in_the_east_and_north_comes_once_and_first():
    told = HORIZON_SOURCE.read(reply(pvgis_horizon()), PLACE)
    heights = told.heights_deg
    assert len(heights) == 48
    assert heights[12] == 20  # 12 · 7.5° = 90°
    assert int(np.argmax(heights)) == 12
    assert heights[36] == 0  # west
    assert "DEM-calculated" in told.source


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pvlib's own, under pandas 3.1
def test_directions_agree_with_pvlib_turning_the_same_reply(monkeypatch):
    import requests
    from pvlib.iotools import get_pvgis_horizon

    body = pvgis_horizon([*np.random.default_rng(1).uniform(0, 30, 48).round(1), 0.0])
    body["outputs"]["horizon_profile"][-1]["H_hor"] = body["outputs"]["horizon_profile"][0]["H_hor"]

    class Answer:
        ok = True

        def json(self):
            return body

    monkeypatch.setattr(requests, "get", lambda *_, **__: Answer())
    theirs, _ = get_pvgis_horizon(40, -105)
    ours = HORIZON_SOURCE.read(reply(body), PLACE).heights_deg
    assert ours == tuple(theirs.sort_index())
    assert list(theirs.sort_index().index) == [i * 7.5 for i in range(48)]


def test_the_array_takes_the_horizon_and_a_hill_in_the_east_costs_the_morning_alone():
    weather = bundled("greensboro")
    sky, heights = sun.sky(weather), HORIZON_SOURCE.read(reply(pvgis_horizon()), PLACE).heights_deg
    open_wm2, behind_wm2 = (solar.poa_global(Array(surface_tilt=0, horizon=h), sky) for h in ((), (heights)))
    lost = open_wm2 - behind_wm2
    local_hour = (pd.DatetimeIndex(weather.hourly.index).hour.to_numpy() - 5) % 24
    beam_lost = np.maximum(lost - 0.1 * open_wm2, 0)  # the hill also takes a little of the sky all day
    assert beam_lost[local_hour < 10].sum() > 20 * beam_lost[local_hour > 14].sum()
    assert beam_lost.sum() > 0


def test_a_flat_horizon_with_minus_zeros_is_flat():
    heights = HORIZON_SOURCE.read(reply(pvgis_horizon([-0.0] * 49)), PLACE).heights_deg
    assert heights == (0.0,) * 48
    assert not np.signbit(heights).any()
    assert Array(horizon=heights).horizon == heights


def profile(rows):
    return but(pvgis_horizon(), "outputs/horizon_profile", rows)


@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        b"",
        {},
        PVGIS_SEA,
        profile([]),
        profile(None),
        profile([[0, 5]]),
        profile(pvgis_horizon()["outputs"]["horizon_profile"][:20]),  # not all round
        profile([{"A": a, "H_hor": 1.0} for a in (-180, -90, 10, 90)]),  # steps unequal
        profile([{"A": a, "H_hor": 1.0} for a in range(0, 360, 10)]),  # counted from north
        profile([{"A": -180 + i / 2, "H_hor": 1.0} for i in range(720)]),  # more than an array takes
        but(pvgis_horizon(), "outputs/horizon_profile/3/H_hor", "9.9"),
        but(pvgis_horizon(), "outputs/horizon_profile/3/H_hor", -5.0),
        but(pvgis_horizon(), "outputs/horizon_profile/3/H_hor", 91.0),
        but(pvgis_horizon(), "outputs/horizon_profile/3/A", None),
    ],
)
def test_a_horizon_that_breaks_its_contract_is_a_source_error(body):
    with pytest.raises(SourceError, match=r"^PVGIS"):
        HORIZON_SOURCE.read(reply(body), PLACE)


def test_a_refusal_for_the_sea_is_passed_on_in_words():
    with pytest.raises(SourceError, match="Location over the sea"):
        HORIZON_SOURCE.read(reply(PVGIS_SEA, 400), PLACE)


# Yield


def test_an_east_facing_array_asked_for_comes_out_east():
    """PVGIS counts from south: a compass direction handed over as it is would ask for west-by-north."""
    request = YIELD_SOURCE.request(YIELD_SOURCE.base, EAST, "")
    assert request.params["aspect"] == "-90"
    assert YIELD_SOURCE.read(reply(pvgis_yield(azimuth=-90)), EAST).yearly_kwh_per_kw == 1278
    with pytest.raises(SourceError, match="azimuth is not the azimuth that was asked for"):
        YIELD_SOURCE.read(reply(pvgis_yield(azimuth=90)), EAST)


@pytest.mark.parametrize(
    ("azimuth", "aspect"), [(180, 0), (90, -90), (270, 90), (0, -180), (360, 180), (135, -45), (225.5, 45.5)]
)
def test_directions_are_counted_from_south_with_east_below_zero(azimuth, aspect):
    assert aspect_deg(azimuth) == aspect
    asked = ArrayAt(PLACE, "fixed", 30, azimuth, 0.14)
    assert float(YIELD_SOURCE.request(YIELD_SOURCE.base, asked, "").params["aspect"]) == aspect
    assert YIELD_SOURCE.read(reply(pvgis_yield(azimuth=aspect)), asked).sd_kwh_per_kw == 42.5


def test_north_is_north_whether_it_comes_back_as_plus_or_minus_180():
    north = ArrayAt(PLACE, "fixed", 30, 0, 0.14)
    assert YIELD_SOURCE.read(reply(pvgis_yield(azimuth=180)), north).yearly_kwh_per_kw == 1278


def test_a_yield_is_asked_for_one_kilowatt_with_all_losses_up_to_the_meter():
    array = Array(losses_frac=0.1, inverter_efficiency_frac=0.95, soiling_frac=(0.04,) * 12, surface_tilt=25)
    asked = ArrayAt.of(Site(latitude=40, longitude=-105), array)
    request = YIELD_SOURCE.request(YIELD_SOURCE.base, asked, "")
    assert request.url == "https://re.jrc.ec.europa.eu/api/v5_3/PVcalc"
    assert request.params == {
        "lat": "40.0000",
        "lon": "-105.0000",
        "outputformat": "json",
        "peakpower": "1",
        "loss": "17.9200",  # 1 − 0.9 · 0.96 · 0.95
        "pvtechchoice": "crystSi",
        "mountingplace": "free",
        "fixed": "1",
        "angle": "25",
        "aspect": "0",
        "usehorizon": "0",
    }


@pytest.mark.parametrize(
    ("mounting", "sent", "kind"),
    [
        ("roof", {"mountingplace": "building", "fixed": "1"}, "fixed"),
        ("one_axis", {"fixed": "0", "inclined_axis": "1", "inclinedaxisangle": "0"}, "inclined_axis"),
        ("one_axis_backtracked", {"fixed": "0", "inclined_axis": "1", "inclinedaxisangle": "0"}, "inclined_axis"),
        ("two_axis", {"fixed": "0", "twoaxis": "1"}, "two_axis"),
    ],
)
def test_every_mounting_is_asked_for_and_read_under_its_own_name(mounting, sent, kind):
    asked = ArrayAt(PLACE, mounting, 30, 180, 0.14)
    params = YIELD_SOURCE.request(YIELD_SOURCE.base, asked, "").params
    assert sent.items() <= params.items()
    assert ("aspect" in params) == (kind == "fixed")
    assert YIELD_SOURCE.read(reply(pvgis_yield(kind, azimuth=0)), asked).yearly_kwh_per_kw == 1278
    other = "two_axis" if kind != "two_axis" else "fixed"
    with pytest.raises(SourceError):
        YIELD_SOURCE.read(reply(pvgis_yield(other, azimuth=0)), asked)


def test_an_axis_that_does_not_lie_north_and_south_is_not_asked_for():
    with pytest.raises(SourceError, match="turns no axis"):
        YIELD_SOURCE.request(YIELD_SOURCE.base, ArrayAt(PLACE, "one_axis", 0, 90, 0.14), "")


def test_the_horizon_of_the_scenario_goes_along_from_north_clockwise():
    asked = ArrayAt(PLACE, "fixed", 30, 180, 0.14, (0.0, 12.5, 3.0, 0.0))
    params = YIELD_SOURCE.request(YIELD_SOURCE.base, asked, "").params
    assert (params["usehorizon"], params["userhorizon"]) == ("1", "0,12.5,3,0")


def test_months_come_in_order_and_a_spectral_loss_that_is_no_number_does_no_harm():
    for spectral in ("1.42", "?(0)"):
        body = pvgis_yield(spectral=spectral)
        body["outputs"]["monthly"]["fixed"].reverse()
        told = YIELD_SOURCE.read(reply(body), EAST)
        assert told.monthly_kwh_per_kw == tuple(100.0 + m for m in range(1, 13))
        assert told.source == "PVGIS PVcalc, PVGIS-ERA5 2005–2023"


@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        {},
        PVGIS_SEA,
        but(pvgis_yield(), "outputs/totals/fixed/E_y", "1278"),
        but(pvgis_yield(), "outputs/totals/fixed/E_y", 0.0),
        but(pvgis_yield(), "outputs/totals/fixed/E_y", 1500.0),  # not the sum of its months
        but(pvgis_yield(), "outputs/monthly/fixed", pvgis_yield()["outputs"]["monthly"]["fixed"][:11]),
        but(pvgis_yield(), "outputs/monthly/fixed/4/month", 4),
        but(pvgis_yield(), "inputs/mounting_system", {}),
        but(pvgis_yield(), "inputs/mounting_system/fixed/slope/value", 60),
        but(pvgis_yield(), "inputs/location/latitude", 10.0),
    ],
)
def test_a_yield_that_breaks_its_contract_is_a_source_error(body):
    with pytest.raises(SourceError, match=r"^PVGIS"):
        YIELD_SOURCE.read(reply(body), EAST)


@pytest.mark.data
def test_a_real_reply_of_pvcalc_is_read_to_the_digit(validation_data):
    raw = (validation_data / "api_payloads/weather/pvgis_pvcalc_denmark.json").read_bytes()
    asked = ArrayAt(Spot(55.3982, 11.3266), "fixed", 35, 180, 0.14)
    told = YIELD_SOURCE.read(reply(raw), asked)
    assert told.yearly_kwh_per_kw == 1095029.23  # of 1,024 kWp
    assert told.source == "PVGIS PVcalc, PVGIS-SARAH2 2005–2020"
    assert sum(told.monthly_kwh_per_kw) == pytest.approx(told.yearly_kwh_per_kw, rel=1e-6)
