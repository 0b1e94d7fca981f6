"""What the world says: the market, the weather of a place, exchange rates; each with its source and age."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from core.api.described import errors_of
from core.api.downloads import CSV, WantsCsv, csv_response
from core.api.identity import Viewer
from core.api.routes_projections import ReadingOut, Row
from core.desk import Desk
from core.errors import NotFound
from core.fetchers.ask import ask
from core.fetchers.market import DOLLARS, known_market, market
from core.fetchers.rates import RATES
from core.fetchers.weather import weather_for
from core.inputs import Market, Reading, Weather
from core.models.mining import hashprice_usd_per_ph_day, subsidy_sats
from core.once import Once
from core.outside import outside
from core.plain import table
from core.sections import Site
from core.units import SATS_PER_BTC

router = APIRouter(tags=["world"])
KWH_PER_M2 = ("ghi", "dni", "dhi")
AT_ONCE = 8  # callers for whom the world is asked


class MarketOut(BaseModel):
    """The bitcoin network and its price now, and what follows from them."""

    price_usd: ReadingOut
    difficulty: ReadingOut
    fees_btc_per_block: ReadingOut
    height: ReadingOut
    subsidy_btc: float = Field(description="New coins a block.")
    hashprice_usd_per_ph_day: float = Field(description="What one PH/s earns a day before the pool's share.")


class WeatherYear(BaseModel):
    """A weather year: 8,760 hours in UTC."""

    source: str
    status: str = Field(description="live, cached, stale or bundled.")
    kind: str = Field(description="typical: made of several years; year: a real one.")
    latitude: float = Field(description="Of the place that the year is of.")
    longitude: float
    elevation_m: float
    year: int
    observed_at: datetime
    digest: str
    notes: list[str]
    ghi_kwh_per_m2: float = Field(description="Of the year, on the level.")
    dni_kwh_per_m2: float
    dhi_kwh_per_m2: float
    temp_air_mean_c: float
    hourly: list[Row] | None = Field(description="Where asked for with `hourly=true`.")


class RatesOut(BaseModel):
    """What one unit of `base` costs in other currencies."""

    base: str
    per_base: dict[str, float]
    day: date
    source: str
    status: str
    fetched_at: datetime
    why: str
    notice: str


@Once
def _desk() -> Desk:
    """Where the world is waited for, ten seconds at worst, so that the threads of all other routes stay free."""
    return Desk(at_once=AT_ONCE)


@router.get("/market", responses=errors_of(401, 422, 429, 502, 504), summary="The market now")
async def read_market(who: Viewer) -> MarketOut:
    """Price, difficulty, fees and height as they are known now: asked for where they are old, within ten seconds."""
    return await _desk().run(_market_told)


def _market_told() -> MarketOut:
    now = _market()
    subsidy_btc = float(subsidy_sats(int(now.height.value))) / SATS_PER_BTC
    figures = (now.price_usd.value, now.difficulty.value, subsidy_btc, now.fees_btc_per_block.value)
    return MarketOut(
        **{reading.name: _reading(reading) for reading in now.readings},
        subsidy_btc=subsidy_btc,
        hashprice_usd_per_ph_day=float(hashprice_usd_per_ph_day(*figures)),
    )


@router.get(
    "/weather",
    response_model=WeatherYear,
    responses={**errors_of(401, 422, 429, 502, 504), 200: {"content": {CSV: {"schema": {"type": "string"}}}}},
    summary="The weather of a place",
)
async def read_weather(
    who: Viewer,
    latitude: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False, description="North is positive [°].")],
    longitude: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False, description="East is positive [°].")],
    csv: WantsCsv,
    hourly: Annotated[bool, Query(description="Whether the hours come along.")] = False,
) -> Response:
    """The best typical year that is known for a place, asked for where none is; CSV has its hours."""
    return await _desk().run(partial(_weather_told, Site(latitude=latitude, longitude=longitude), csv, hourly))


def _weather_told(site: Site, csv: bool, hourly: bool) -> Response:
    """The answer, written out here: 8,760 hours take too long for the event loop."""
    year = weather_for(site, outside())
    if csv:
        return csv_response(_hours(year), f"weather {year.latitude:.3f} {year.longitude:.3f}")
    return Response(_year(year, hourly).model_dump_json(), media_type="application/json")


@router.get("/rates", responses=errors_of(401, 404, 422, 429, 502, 504), summary="Exchange rates")
async def read_rates(
    who: Viewer,
    base: Annotated[str, Query(pattern="^[A-Z]{3}$", description="The currency whose worth is told.")] = "USD",
) -> RatesOut:
    """What one unit of a currency costs in others, on the newest day that is known."""
    return await _desk().run(partial(_rates_told, base))


def _rates_told(base: str) -> RatesOut:
    answer = ask(RATES, DOLLARS, outside())
    per_dollar = answer.value.per_base
    if base not in per_dollar:
        expected = f"one of {', '.join(sorted(per_dollar))}"
        raise NotFound(f"no rate of {base} is known", field="base", value=base, expected=expected)
    told = {name: getattr(answer, name) for name in ("source", "status", "fetched_at", "why", "notice")}
    rates = {code: rate / per_dollar[base] for code, rate in per_dollar.items()}
    return RatesOut(base=base, per_base=rates, day=answer.value.day, **told)


def _market() -> Market:
    """The market as it is known where that is young enough, or where nobody may be asked; else as it is asked for."""
    known = known_market(outside())
    young = all(reading.status in ("live", "cached") for reading in known.readings)
    return known if young or outside().offline else market(outside())


def _reading(reading: Reading) -> ReadingOut:
    return ReadingOut.model_validate(reading.as_dict())


def _hours(year: Weather) -> pd.DataFrame:
    return year.hourly.rename_axis("hour").reset_index()


def _year(year: Weather, hourly: bool) -> WeatherYear:
    sums = {f"{name}_kwh_per_m2": float(year.hourly[name].sum()) / 1000 for name in KWH_PER_M2}
    names = ("source", "status", "kind", "latitude", "longitude", "elevation_m", "year", "observed_at", "digest")
    return WeatherYear(
        **{name: getattr(year, name) for name in names},
        notes=list(year.notes),
        **sums,
        temp_air_mean_c=float(year.hourly["temp_air"].mean()),
        hourly=table(_hours(year)) if hourly else None,
    )
