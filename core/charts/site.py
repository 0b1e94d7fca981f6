"""A site: where it is on Earth, to be picked with a click, and the light that falls on it."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.charts.base import MONTHS, Spec, filled, source, template
from core.charts.palette import colour
from core.inputs import Weather
from core.world import SunForecast

COLUMNS, ROWS = 72, 36  # fields that can be clicked: each is a piece of the page, so not many more
MAP_HEIGHT = 340
BOUNDS_M = (100, 250, 500, 1000, 1750, 2750, 4000)  # heights at which the ground changes its tint
LAND = {
    False: ("#E9E3D3", "#E3DAC3", "#DACDAF", "#CEBD98", "#BFA97F", "#AE9468", "#9C8055", "#8A6E47"),
    True: ("#2C2923", "#353128", "#403A2E", "#4C4436", "#5A503F", "#695D4A", "#7A6C57", "#8C7D66"),
}
SEA = {False: "#F4F6F5", True: "#171A1C"}


@dataclass(frozen=True)
class Window:
    """A piece of the map between two meridians and two parallels [°]."""

    west: float
    south: float
    east: float
    north: float

    @property
    def step(self) -> tuple[float, float]:
        """How far apart the places that can be clicked are, in longitude and latitude [°]."""
        return (self.east - self.west) / COLUMNS, (self.north - self.south) / ROWS


def site_map(
    window: Window, heights_m: NDArray[np.float32], cities: pd.DataFrame, site: pd.DataFrame, dark: bool = False
) -> Spec:
    """The ground of a window with cities and the site; a click selects `latitude` and `longitude` as parameter `place`.

    heights_m (rows, columns) north first [m], nan: sea. cities, site: frames of name, latitude, longitude.
    The places to click stand `window.step` apart; they are drawn by the chart itself, so that none travels.
    """
    shown = cities[
        cities["longitude"].between(window.west, window.east) & cities["latitude"].between(window.south, window.north)
    ]
    axes = {"x": _axis("longitude", window.west, window.east), "y": _axis("latitude", window.south, window.north)}
    marks = [_cities(dark), *_site(dark), _clickable(window)]
    spec: Spec = {
        "layer": [_ground(window, heights_m, dark), *({"encoding": axes, **mark} for mark in marks)],
        "height": MAP_HEIGHT,
        "padding": 0,
        "background": SEA[dark],
    }
    return filled(spec, cities=shown, site=site)


def _axis(name: str, low: float, high: float) -> dict[str, Any]:
    axis = {
        "labels": False,
        "ticks": False,
        "domain": False,
        "grid": True,
        "gridOpacity": 0.35,
        "title": None,
        "tickCount": 8,
    }
    return {
        "field": name,
        "type": "quantitative",
        "scale": {"domain": [low, high], "nice": False, "zero": False},
        "axis": axis,
    }


def _ground(window: Window, heights_m: NDArray[np.float32], dark: bool) -> dict[str, Any]:
    corners = {
        "x": {"datum": window.west, "type": "quantitative"},
        "x2": {"datum": window.east},
        "y": {"datum": window.north, "type": "quantitative"},
        "y2": {"datum": window.south},
    }
    picture = _picture(heights_m.astype(np.float32).tobytes(), heights_m.shape, dark)
    mark = {"type": "image", "url": picture, "aspect": False}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": corners}


def _clickable(window: Window) -> dict[str, Any]:
    """A grid of invisible fields; a click takes the middle of one."""
    east, north = window.step
    left, low = (
        f"{window.west} + (datum.i % {COLUMNS}) * {east}",
        f"{window.south} + floor(datum.i / {COLUMNS}) * {north}",
    )
    places = {"left": left, "right": f"datum.left + {east}", "low": low, "high": f"datum.low + {north}"}
    places |= {"longitude": f"datum.left + {east / 2}", "latitude": f"datum.low + {north / 2}"}
    select = {"type": "point", "fields": ["latitude", "longitude"], "toggle": False}
    return {
        "data": {"sequence": {"start": 0, "stop": COLUMNS * ROWS, "as": "i"}},
        "transform": [{"calculate": formula, "as": name} for name, formula in places.items()],
        "params": [{"name": "place", "select": select}],
        "mark": {"type": "rect", "opacity": 0, "cursor": "crosshair"},
        "encoding": {
            "x": {"field": "left", "type": "quantitative"},
            "x2": {"field": "right"},
            "y": {"field": "low", "type": "quantitative"},
            "y2": {"field": "high"},
        },
    }


def _cities(dark: bool) -> dict[str, Any]:
    mark = {
        "type": "circle",
        "size": 14,
        "opacity": 0.8,
        "color": colour("Sky", dark),
        "tooltip": {"expr": "datum.name"},
    }
    return {"data": {"name": "cities"}, "mark": mark}


def _site(dark: bool) -> list[dict[str, Any]]:
    ring = {"type": "point", "size": 160, "strokeWidth": 3, "color": colour("Buy and hold", dark), "opacity": 1}
    dot = {"type": "circle", "size": 30, "color": colour("Buy and hold", dark), "opacity": 1}
    return [{"data": {"name": "site"}, "mark": mark} for mark in (ring, dot)]


@lru_cache(maxsize=16)
def _picture(raw: bytes, shape: tuple[int, int], dark: bool) -> str:
    """Heights as a PNG of one tint a band, the sea clear, as a data address."""
    heights = np.frombuffer(raw, np.float32).reshape(shape)
    bands = np.where(np.isnan(heights), 0, 1 + np.digitize(np.nan_to_num(heights), BOUNDS_M)).astype(np.uint8)
    tints = bytes.fromhex("".join(tint[1:] for tint in (SEA[dark], *LAND[dark])))
    lines = b"".join(b"\0" + line.tobytes() for line in bands)
    head = struct.pack(">IIBBBBB", shape[1], shape[0], 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", tints), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def light_by_month(weather: Weather, dark: bool = False) -> Spec:
    """Light on level ground by month of the weather year, beam and sky apart [kWh/m²]."""
    light, month = weather.hourly, pd.DatetimeIndex(weather.hourly.index).month
    sky = light["dhi"].clip(upper=light["ghi"]).groupby(month).sum() / 1000
    beam = light["ghi"].groupby(month).sum() / 1000 - sky
    frame = pd.concat(
        pd.DataFrame(
            {"month": MONTHS, "light": name, "rank": rank, "kwh": kwh.reindex(range(1, 13), fill_value=0.0).to_numpy()}
        )
        for rank, (name, kwh) in enumerate({"Sun": beam, "Sky": sky}.items())
    )
    return filled(_light_by_month(dark), light=frame)


@cache
def _light_by_month(dark: bool) -> Spec:
    import altair as alt

    names = ["Sun", "Sky"]
    scale = alt.Scale(domain=names, range=[colour(name, dark) for name in names])
    bars = source("light").mark_bar(cornerRadius=2)
    bars = bars.encode(
        x=alt.X("month:N", sort=MONTHS, title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("kwh:Q", title="kWh/m²", axis=alt.Axis(tickCount=4)),
        color=alt.Color("light:N", scale=scale, legend=alt.Legend(orient="top", title=None)),
        order=alt.Order("rank:Q"),
        tooltip=[
            alt.Tooltip("month:N", title="Month"),
            alt.Tooltip("light:N", title="From the"),
            alt.Tooltip("kwh:Q", title="kWh/m²", format=",.0f"),
        ],
    )
    return template(bars, height=220)


def light_by_day(forecast: SunForecast, weather: Weather, timezone: str, dark: bool = False) -> Spec:
    """Light on level ground on each whole day to come, a mark at a usual day of its month [kWh/m²]."""
    hours = pd.date_range(forecast.first_hour, periods=len(forecast.ghi), freq="h").tz_convert(timezone)
    day = pd.Series(hours.date)
    whole = day.map(day.value_counts()) >= 23  # clocks change
    light = pd.Series(forecast.ghi)[whole].groupby(day[whole]).sum() / 1000
    ghi = weather.hourly["ghi"]
    months = pd.DatetimeIndex(ghi.index).tz_convert(timezone).month
    usual = ghi.groupby(months).sum() / ghi.groupby(months).count() * 24 / 1000
    frame = pd.DataFrame(
        {
            "day": [f"{one:%a} {one.day}" for one in light.index],
            "rank": range(len(light)),
            "kwh": light.to_numpy(),
            "usual": [usual[one.month] for one in light.index],
        }
    )
    return filled(_light_by_day(dark), days=frame)


@cache
def _light_by_day(dark: bool) -> Spec:
    import altair as alt

    x = alt.X("day:N", sort=alt.EncodingSortField("rank"), title=None, axis=alt.Axis(labelAngle=0))
    told = [
        alt.Tooltip("day:N", title="Day"),
        alt.Tooltip("kwh:Q", title="kWh/m²", format=",.1f"),
        alt.Tooltip("usual:Q", title="A usual day of the month", format=",.1f"),
    ]
    bars = source("days").mark_bar(cornerRadius=2, color=colour("Sun", dark))
    marks = source("days").mark_tick(thickness=2, color=colour("Quiet", dark))
    y = alt.Y("kwh:Q", title="kWh/m² a day; mark: usual", axis=alt.Axis(tickCount=4))
    return template(bars.encode(x=x, y=y, tooltip=told), marks.encode(x=x, y="usual:Q"), height=200)
