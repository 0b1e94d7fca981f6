"""The energy of a year from where it comes to where it goes, as bands whose width is what flows in them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.charts.base import Floats, Spec, filled, source, template
from core.charts.palette import colour, palette

BENDS = 24  # points along the edge of a band
GAP = 0.06  # between what stands over each other, as a share of all that flows
THICK = 0.022  # of a place, as a share of the width
LEAST = 1e-4  # of all that flows: less is a line nobody sees
PLACES = {  # in columns from left to right, each from the top down; "Lost" is what modules, wires and inverters take
    "Sun": (0, "Sun"),
    "Lost before the site": (2, "Lost"),
    "Nowhere": (2, "Curtailed"),
    "Sold": (2, "Exported"),
    "Lost in the battery": (2, "Lost"),
    "Machines": (2, "Mined"),
    "Battery": (1, "Stored"),
    "Grid": (0, "Imported"),
}
INKS = ("Mined", "Exported", "Imported", "Stored", "Curtailed", "Lost", "Sun")
TITLES = {"Nowhere": "Nowhere, curtailed", "Lost before the site": "Lost in modules and inverter"}


class Flow(NamedTuple):
    """Energy of a year from one place to another [kWh], and what it does there: its colour."""

    start: str
    end: str
    use: str
    kwh: float


def split_hours(hourly: pd.DataFrame) -> dict[tuple[str, str], Floats]:
    """The power of each hour from where it comes to where it goes, by both names (n,) [kW].

    hourly: pv_kw, mining_kw, charge_kw, discharge_kw, import_kw, export_kw and curtailed_kw. In an hour the sun goes to
    machines first, then into the battery, then to the grid; the battery to machines, then to the grid; what is bought has
    the rest. All that leaves a place, and all that comes into it, sum to these columns.
    """
    kw = {str(name): hourly[name].to_numpy(np.float64) for name in hourly.columns}
    wanted = {"Machines": kw["mining_kw"], "Battery": kw["charge_kw"], "Sold": kw["export_kw"]}
    given = {"Sun": kw["pv_kw"] - kw["curtailed_kw"], "Battery": kw["discharge_kw"], "Grid": kw["import_kw"]}
    found = {("Sun", "Nowhere"): kw["curtailed_kw"]}
    for start, rest in given.items():
        for end in [name for name in wanted if name != start]:
            found[start, end] = took = np.minimum(rest, wanted[end])
            rest, wanted[end] = rest - took, wanted[end] - took
    return found


def year_flows(hourly: pd.DataFrame, lost_kwh: float = 0.0) -> list[Flow]:
    """Where the energy of a year came from and went: `split_hours` added up [kWh], flows of nothing left out.

    lost_kwh: what modules, wires and inverter took before.
    """
    flows = [Flow(*way, _use(*way), float(kw.sum())) for way, kw in split_hours(hourly).items()]
    stays = float((hourly["charge_kw"] - hourly["discharge_kw"]).sum())
    flows.append(Flow("Battery", "Lost in the battery", "Lost", stays))
    flows.append(Flow("Sun", "Lost before the site", "Lost", lost_kwh))
    most = sum(flow.kwh for flow in flows)
    return [flow for flow in flows if flow.kwh > LEAST * most]


def _use(start: str, end: str) -> str:
    if end == "Battery":
        return "Stored"
    straight = {"Machines": "Mined", "Sold": "Exported", "Nowhere": "Curtailed"}
    return {"Grid": "Imported", "Battery": "Stored"}.get(start, straight.get(end, ""))


def energy_flow(flows: list[Flow], dark: bool = False) -> Spec:
    """Flows as bands between places, each named with its energy [MWh]; nothing flowing draws nothing."""
    places = _places(flows)
    ribbons = _ribbons(flows, _spans(flows, places))
    boxes = pd.DataFrame([_box(name, *place) for name, place in places.items()], columns=_BOX)
    return filled(
        _energy_flow(dark), ribbons=ribbons, places=boxes, left=_at(boxes, 0), right=_at(boxes, 2), mid=_at(boxes, 1)
    )


_BOX = ["x", "x2", "low", "high", "middle", "place", "text", "use", "mwh", "column"]


def _at(boxes: pd.DataFrame, column: int) -> pd.DataFrame:
    return boxes[boxes["column"] == column]


def _through(flows: list[Flow], name: str) -> float:
    """What passes a place [kWh]: what comes in, or what leaves where more does, as a battery may start full."""
    return max(sum(f.kwh for f in flows if f.end == name), sum(f.kwh for f in flows if f.start == name))


def _places(flows: list[Flow]) -> dict[str, tuple[float, float]]:
    """Top and bottom of each place that something passes [kWh from the top]; the first and the last column are centred."""
    tall = {name: kwh for name in PLACES if (kwh := _through(flows, name)) > 0}
    gap = GAP * max(sum(kwh for name, kwh in tall.items() if PLACES[name][0] == column) for column in (0, 2))
    columns = [[name for name in tall if PLACES[name][0] == column] for column in (0, 2)]
    heights = [sum(tall[name] for name in names) + gap * (len(names) - 1) for names in columns]
    found: dict[str, tuple[float, float]] = {}
    for names, height in zip(columns, heights, strict=True):
        top = (max(heights) - height) / 2.0
        for name in names:
            found[name] = (top, top + tall[name])
            top = found[name][1] + gap
    if "Battery" in tall:
        middle = _under_the_sun(flows, found)
        found["Battery"] = (middle - tall["Battery"] / 2.0, middle + tall["Battery"] / 2.0)
    return found


def _under_the_sun(flows: list[Flow], places: Mapping[str, tuple[float, float]]) -> float:
    """Half way below what goes from the sun to the machines, where the battery is in nobody's way."""
    straight = sum(flow.kwh for flow in flows if (flow.start, flow.end) == ("Sun", "Machines"))
    left = places.get("Sun", (0.0, 0.0))[1]
    return (left + places["Machines"][0] + straight) / 2.0 if "Machines" in places else left


def _spans(flows: list[Flow], places: Mapping[str, tuple[float, float]]) -> list[tuple[float, float]]:
    """Where each flow's upper edge leaves its start and meets its end [kWh from the top]: in the order of the places."""
    order = list(PLACES)
    tops: dict[tuple[int, bool], float] = {}
    for name in places:
        for out in (True, False):
            here = [i for i, f in enumerate(flows) if (f.start if out else f.end) == name]
            ends = [order.index(flow.end if out else flow.start) for flow in flows]
            here.sort(key=ends.__getitem__)
            starts = accumulate((flows[i].kwh for i in here), initial=places[name][0])
            tops |= {(i, out): at for i, at in zip(here, starts, strict=False)}
    return [(tops[i, True], tops[i, False]) for i in range(len(flows))]


def _ribbons(flows: list[Flow], spans: list[tuple[float, float]]) -> pd.DataFrame:
    """The edges of each band from one place to the next, level where it leaves and where it arrives."""
    share, tops = np.linspace(0.0, 1.0, BENDS), np.array(spans).reshape(-1, 2)
    left, right = (np.array([at(flow) for flow in flows]).reshape(-1, 1) for at in (_leaves, _arrives))
    kwh = np.array([flow.kwh for flow in flows]).reshape(-1, 1)
    high = tops[:, :1] + (tops[:, 1:] - tops[:, :1]) * _smooth(share)
    words = {name: np.repeat([getattr(flow, name) for flow in flows], BENDS) for name in ("start", "end", "use")}
    return pd.DataFrame(
        {
            "x": (left + (right - left) * share).ravel(),
            "low": high.ravel(),
            "high": (high + kwh).ravel(),
            "band": np.repeat(np.arange(len(flows)), BENDS),
            **words,
            "mwh": np.repeat(kwh / 1000.0, BENDS),
        }
    )


def _leaves(flow: Flow) -> float:
    return _edge(flow.start) + THICK


def _arrives(flow: Flow) -> float:
    return _edge(flow.end)


def _smooth(share: Floats) -> Floats:
    """From 0 to 1, level at both ends: 3 t² − 2 t³."""
    return share * share * (3.0 - 2.0 * share)


def _edge(place: str) -> float:
    """The left edge of a place as a share of the width."""
    return PLACES[place][0] * (1.0 - THICK) / 2.0


def _box(name: str, top: float, bottom: float) -> list[object]:
    column, use = PLACES[name]
    left, mwh = _edge(name), (bottom - top) / 1000.0
    text = f"{TITLES.get(name, name)}  {mwh:,.{0 if mwh >= 10 else 1}f} MWh"
    return [left, left + THICK, top, bottom, (top + bottom) / 2.0, name, text, use, mwh, column]


@cache
def _energy_flow(dark: bool) -> Spec:
    import altair as alt

    inks = palette(INKS, dark)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0.0, 1.0]))
    y = alt.Y("low:Q", axis=None, scale=alt.Scale(reverse=True, zero=True, nice=False))
    energy = alt.Tooltip("mwh:Q", title="MWh", format=",.1f")
    bands = source("ribbons").mark_area(opacity=0.45)
    bands = bands.encode(
        x=x,
        y=y,
        y2="high:Q",
        detail="band:N",
        color=alt.Color("use:N", scale=inks, legend=None),
        tooltip=[alt.Tooltip("start:N", title="From"), alt.Tooltip("end:N", title="To"), energy],
    )
    boxes = source("places").mark_rect(cornerRadius=2)
    boxes = boxes.encode(
        x=x, x2="x2:Q", y=y, y2="high:Q", color=alt.Color("use:N", scale=inks, legend=None),
        tooltip=[alt.Tooltip("place:N", title="Place"), energy],
    )  # fmt: skip
    return template(bands, boxes, *_names(dark), height=320)


def _names(dark: bool) -> list[object]:
    """The names beside the places: those of the last column to their left, so that nothing leaves the chart."""

    sides = {"left": ("left", "x2", 8), "mid": ("left", "x2", 8), "right": ("right", "x", -8)}
    ink = colour("Ink", dark)
    return [
        source(name)
        .mark_text(align=align, dx=dx, fontSize=12, fontWeight=600, color=ink)
        .encode(x=f"{edge}:Q", y="middle:Q", text="text:N")
        for name, (align, edge, dx) in sides.items()
    ]
