"""The coming days from Open-Meteo: hours by their start, whole days against usual ones."""

from datetime import UTC, datetime, timedelta

import pytest

from core import charts
from core.errors import SourceError
from core.fetchers.forecast import FORECAST, forecast_doubt
from core.fetchers.packing import packed, unpacked
from core.fetchers.providers.open_meteo import FORECAST as FREE
from core.fetchers.spots import Spot
from core.inputs import Weather
from core.world import SunForecast
from tests.fetchers.replies_bitcoin import NOW, reply
from tests.fetchers.replies_weather import open_meteo_forecast

PLACE = Spot(40.0, -105.0)


def told() -> SunForecast:
    return FREE.read(reply(open_meteo_forecast()), PLACE)


def test_light_stands_at_the_start_of_its_hour_and_air_is_the_mean_of_its_ends() -> None:
    forecast = told()
    raw = open_meteo_forecast()["hourly"]
    assert forecast.first_hour == datetime(2026, 4, 30, tzinfo=UTC)
    assert len(forecast.ghi) == 7 * 24 - 1
    assert forecast.ghi[17] == raw["shortwave_radiation"][18], "the stamp ends the hour"
    assert forecast.temp_air[17] == pytest.approx((raw["temperature_2m"][17] + raw["temperature_2m"][18]) / 2)
    assert unpacked(SunForecast)(packed(forecast)) == forecast


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"time": 2}, "hourly.time"),  # an hour left out, as by a local clock
        ({"shortwave_radiation": None}, "a value for every hour"),
    ],
)
def test_a_gap_is_refused(change: dict[str, int | None], said: str) -> None:
    body = open_meteo_forecast()
    for name, value in change.items():
        if value is None:
            body["hourly"][name][30] = None
        else:
            body["hourly"][name][30] += 3600 * value
    with pytest.raises(SourceError, match=said):
        FREE.read(reply(body), PLACE)


def test_yesterdays_forecast_is_not_todays() -> None:
    old = open_meteo_forecast(NOW - timedelta(days=3))
    with pytest.raises(SourceError, match=r"hourly\.time"):
        FREE.read(reply(old), PLACE)


def test_what_the_ground_never_saw_is_doubted() -> None:
    forecast = told()
    assert forecast_doubt(forecast, PLACE) == ""
    bright = SunForecast(**{**vars(forecast), "ghi": (2500.0, *forecast.ghi[1:])})
    assert "2500" in forecast_doubt(bright, PLACE)
    assert FORECAST.bundled is None


def test_whole_local_days_stand_beside_usual_ones(greensboro: Weather) -> None:
    days = charts.light_by_day(told(), greensboro, "America/Denver")["datasets"]["days"]
    assert list(days["day"])[:2] == ["Thu 30", "Fri 1"]
    noon = sum(open_meteo_forecast()["hourly"]["shortwave_radiation"][:24]) / 1000
    assert days["kwh"].iloc[1] == pytest.approx(noon, rel=1e-9)
    april = greensboro.hourly["ghi"].tz_convert("America/Denver")
    assert days["usual"].iloc[0] == pytest.approx(april[april.index.month == 4].mean() * 24 / 1000)
