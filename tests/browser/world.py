"""The outside world on loopback: documented replies, dated now, with light that hangs on latitude and year.

with World() as world:
    world.down(), world.up(), world.slow(0.5)     # switches, at any time
    serve(home, world=world.env)                  # every provider's address points here: nothing can leave
"""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd

from core.fetchers.bitcoin import halvings
from core.fetchers.sources import SOURCES
from core.fetchers.world import base_variable
from tests.fetchers import hostile
from tests.fetchers import replies_bitcoin as bitcoin
from tests.fetchers import replies_weather as weather

DAY_S = 86_400
PRICE_USD, PRICE_EUR = 91_234, 84_321
HILL_DEG = 20.0  # of the horizon, due east
YEARLY_KWH_PER_KW = 1278.0  # of the yield check


class World(hostile.Server):
    """Every provider at one address."""

    def __init__(self, port: int = 0) -> None:
        self.is_down, self.delay_s = False, 0.0
        _sky(0.0, 0.0)  # a first sun takes seconds, as pvlib is read
        super().__init__(port=port)

    @property
    def env(self) -> dict[str, str]:
        """The settings by which a dashboard asks this world and nobody else."""
        bases = {base_variable(source.name): self.base for source in SOURCES if source.name != "Bitcoin Core"}
        return {**bases, "SOLAR_MINING_OPT_IN": "open-meteo"}

    def down(self) -> None:
        self.is_down = True

    def up(self) -> None:
        self.is_down = False

    def slow(self, seconds: float) -> None:
        """Every reply comes so much later."""
        self.delay_s = seconds

    def _answer(self, connection: socket.socket) -> None:
        seen = hostile._received(connection)
        with self._lock:
            self.seen.append(seen)
        if self.pause(self.delay_s):
            return
        act = hostile.reply(503, b"down for maintenance") if self.is_down else answer(seen.target)
        act(connection, self)


def answer(target: str) -> hostile.Act:
    """The reply to a request, 404 where nobody documented one."""
    parts = urlsplit(target)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    tool = parts.path.removeprefix("/api/v5_3/")
    if tool != parts.path:
        return hostile.reply(200, pvgis(tool, asked))
    told = {**market(), "/v1/search": lambda: places(asked), "/v1/elevation": lambda: {"elevation": [1234.0]}}.get(
        parts.path
    )
    return hostile.json_reply(told()) if told else hostile.reply(404, b"no such path")


# --- market ---------------------------------------------------------------------------------------


def market() -> dict[str, Any]:
    """Replies of mempool, Coinbase and Frankfurter by path, as of now."""
    return {
        "/api/v1/mining/hashrate/3d": _network,
        "/api/v1/mining/hashrate/3y": _network,
        "/api/v1/difficulty-adjustment": _retarget,
        "/api/v1/mining/reward-stats/144": lambda: {**bitcoin.MEMPOOL_FEES, "startBlock": height() - 143, "endBlock": height()},
        "/api/v1/mining/difficulty-adjustments": _difficulties,
        "/api/v1/mining/blocks/fees/3y": lambda: [
            {"avgHeight": height(), "timestamp": _now_s() - DAY_S * back, "avgFees": 2_400_000} for back in range(900)
        ],
        "/api/v1/prices": lambda: {**bitcoin.MEMPOOL_PRICES, "time": _now_s() - 20, "USD": PRICE_USD, "EUR": PRICE_EUR},
        "/api/v1/historical-price": _prices,
        "/v2/prices/BTC-USD/spot": lambda: {"data": {"base": "BTC", "amount": f"{PRICE_USD}.5", "currency": "USD"}},
        "/v2/rates": lambda: [
            {**pair, "date": f"{_now():%Y-%m-%d}"} for pair in bitcoin.FRANKFURTER_V2 if pair["quote"] != "RUB"
        ],
    }  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)


def _now_s() -> int:
    return int(_now().timestamp())


def height() -> int:
    """The tip, had every block since the last halving come a little early, as they do."""
    last = halvings()[-1]
    return last.height + int((_now() - last.time).total_seconds() / 595)


def _network() -> dict[str, Any]:
    days = [{"timestamp": _now_s() - DAY_S * back, "avgHashrate": 1.0e21 - back * 3e17} for back in range(900)]
    return {**bitcoin.MEMPOOL_NETWORK, "hashrates": days}


def _retarget() -> dict[str, Any]:
    left = 2016 - height() % 2016
    at_ms = (_now_s() + left * 590) * 1000
    return {
        **bitcoin.MEMPOOL_RETARGET,
        "difficultyChange": 1.7,
        "estimatedRetargetDate": at_ms,
        "remainingBlocks": left,
        "nextRetargetHeight": height() + left,
        "timeAvg": 590_000,
    }


def _difficulties() -> list[list[float]]:
    """Eight years of retargets that end in today's difficulty, newest first."""
    first = height() // 2016 * 2016
    return [
        [_now_s() - DAY_S * (14 * back + 1), first - 2016 * back, bitcoin.DIFFICULTY * 0.985**back, 1.0152]
        for back in range(208)
    ]


def _prices() -> dict[str, Any]:
    days = [
        {"time": _now_s() - DAY_S * back, "USD": round(PRICE_USD * 0.9995**back * (1 + 0.08 * np.sin(back / 40)), 2)}
        for back in range(3000)
    ]
    return {"prices": days, "exchangeRates": {"USDEUR": 0.86}}


# --- places and their sun -------------------------------------------------------------------------


def places(asked: dict[str, str]) -> dict[str, Any]:
    """Two places whose names say what was asked for; for "nowhere" none, for "markup" one with a hostile name."""
    name = asked["name"]
    if name == "nowhere":
        return {"generationtime_ms": 0.5}
    first = {
        **weather.PLACES["results"][0],
        "name": "<b>Bold</b> [x](http://canary.example)" if name == "markup" else f"{name} Springs",
    }
    return {"results": [first, {**weather.PLACES["results"][1], "name": f"South {name}"}]}


def pvgis(tool: str, asked: dict[str, str]) -> bytes:
    """What a tool of PVGIS says of a place."""
    latitude, longitude = float(asked["lat"]), float(asked["lon"])
    if tool == "tmy":
        return _typical(latitude, longitude)
    if tool == "seriescalc":
        return _year(latitude, longitude, int(asked["startyear"]))
    at = {"latitude": latitude, "longitude": longitude, "elevation": 1650.0}
    if tool == "printhorizon":
        told = weather.pvgis_horizon()
    elif tool == "PVcalc":
        kind = next(k for k in ("inclined_axis", "twoaxis", "fixed") if asked.get(k, "0") == "1")
        told = weather.pvgis_yield(kind, float(asked.get("angle", 0)), float(asked.get("aspect", 0)))
    else:
        return json.dumps({"message": f"no tool {tool}"}).encode()
    told["inputs"]["location"] = at
    return json.dumps(told).encode()


@lru_cache(maxsize=8)
def _sky(latitude: float, longitude: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """ghi, dni, dhi [W/m²] and height of the sun [°] at the half of each hour of a leap year, clear every day."""
    from pvlib.solarposition import spa_python

    moments = pd.date_range("2020-01-01 00:30", "2020-12-31 23:30", freq="h", tz="UTC")
    up_deg = spa_python(moments, latitude, longitude)["elevation"].to_numpy()
    up = np.maximum(np.sin(np.radians(up_deg)), 0.0)
    dni = np.where(up > 0.02, 900 * np.exp(-0.15 / np.maximum(up, 0.02)), 0.0)
    dhi = 90 * up**0.5
    return dni * up + dhi, dni, dhi, up_deg


def clearness(year: int) -> float:
    """How clear a real year was: 0.9 to 1, in no order."""
    return 0.9 + 0.1 * ((year * 7) % 11) / 10


def _stamps(year: int) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """The hours of a year, and which of a leap year's they are."""
    stamps = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:00", freq="h", tz="UTC")
    leap_day = np.zeros(8784, dtype=bool)
    leap_day[59 * 24 : 60 * 24] = len(stamps) == 8760
    return stamps, ~leap_day


def _inputs(latitude: float, longitude: float, **more: Any) -> dict[str, Any]:
    return {**weather.pvgis_inputs(latitude=latitude, longitude=longitude, **more)}


@lru_cache(maxsize=16)
def _typical(latitude: float, longitude: float) -> bytes:
    stamps, which = _stamps(2019)
    ghi, dni, dhi, _ = (part[which].round(2).tolist() for part in _sky(latitude, longitude))
    rows = [
        {"time(UTC)": f"{2005 + t.month}{t:%m%d:%H}00", "T2m": 15.0, "RH": 40.0, "G(h)": g, "Gb(n)": b, "Gd(h)": d,
         "IR(h)": 300.0, "WS10m": 3.0, "WD10m": 180.0, "SP": 83500.0}
        for t, g, b, d in zip(stamps, ghi, dni, dhi, strict=True)
    ]  # fmt: skip
    months = [{"month": m, "year": 2005 + m} for m in range(1, 13)]
    outputs = {"months_selected": months, "tmy_hourly": rows}
    inputs = _inputs(latitude, longitude, irradiance_time_offset=0.5)
    return json.dumps({"inputs": inputs, "outputs": outputs, "meta": {}}).encode()


@lru_cache(maxsize=32)
def _year(latitude: float, longitude: float, year: int) -> bytes:
    stamps, which = _stamps(year)
    ghi, _, dhi, up = (part[which] for part in _sky(latitude, longitude))
    clear = clearness(year)
    columns = (
        (clear * (ghi - dhi)).round(2).tolist(),
        (clear * dhi).round(2).tolist(),
        np.maximum(up, 0).round(2).tolist(),
    )
    rows = [
        {"time": f"{t:%Y%m%d:%H}30", "Gb(i)": b, "Gd(i)": d, "Gr(i)": 0.0, "H_sun": h, "T2m": 15.0, "WS10m": 3.0, "Int": 0.0}
        for t, b, d, h in zip(stamps, *columns, strict=True)
    ]  # fmt: skip
    plane = {"fixed": {"slope": {"value": 0, "optimal": False}, "azimuth": {"value": 0, "optimal": False}}}
    inputs = {**_inputs(latitude, longitude), "mounting_system": plane}
    return json.dumps({"inputs": inputs, "outputs": {"hourly": rows}, "meta": {}}).encode()


def hours_ago(hours: float) -> datetime:
    return _now() - timedelta(hours=hours)
