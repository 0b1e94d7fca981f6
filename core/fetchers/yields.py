"""What PVGIS expects of an array, to hold the projection's yield against: another model, another weather record.

PVcalc takes azimuth from south (aspect 0 is south, −90 east, +90 west); ours is the compass (180 south, 90 east). It
knows no limit of the inverter and no row shade: an array that clips, or stands close, yields less than it says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from core.errors import SourceError
from core.fetchers.ask import LASTS_S, Question
from core.fetchers.fields import Fields, number, refused
from core.fetchers.packing import packed, unpacked
from core.fetchers.provider import Reply, Request, Source
from core.fetchers.providers import pvgis
from core.fetchers.spots import Spot
from core.sections import Array, Mounting, Site
from core.units import DAY_S

NAME = pvgis.NAME
KEYS: dict[Mounting, str] = {
    "fixed": "fixed",
    "roof": "fixed",
    "one_axis": "inclined_axis",
    "one_axis_backtracked": "inclined_axis",
    "two_axis": "two_axis",
}
ANGLE_SLACK_DEG = 0.51  # PVGIS tells whole degrees
SUM_SLACK = 0.01


@dataclass(frozen=True)
class ArrayAt:
    """An array and where it stands: all that its yield before clipping hangs on.

    `losses_frac`: from the light on clean modules to the meter, beyond temperature, reflection and spectrum.
    """

    spot: Spot
    mounting: Mounting
    surface_tilt: float
    surface_azimuth: float
    losses_frac: float
    horizon: tuple[float, ...] = ()

    @classmethod
    def of(cls, site: Site, array: Array) -> Self:
        """The array of a scenario; losses = 1 − (1 − system) · (1 − mean soiling) · inverter efficiency."""
        clean = 1 - math.fsum(array.soiling_frac) / len(array.soiling_frac)
        kept = (1 - array.losses_frac) * clean * array.inverter_efficiency_frac
        plane = (array.mounting, array.surface_tilt, array.surface_azimuth)
        return cls(Spot.of(site), *plane, round(1 - kept, 6), array.horizon)


@dataclass(frozen=True)
class Yield:
    """What another model expects of an array in a mean year, per kW of modules.

    `monthly_kwh_per_kw`: January first. `sd_kwh_per_kw`: standard deviation from year to year.
    """

    yearly_kwh_per_kw: float
    monthly_kwh_per_kw: tuple[float, ...]
    sd_kwh_per_kw: float
    source: str


def _ask(base: str, asked: ArrayAt, key: str) -> Request:
    params = {
        "peakpower": "1",
        "loss": f"{100 * asked.losses_frac:.4f}",
        "pvtechchoice": "crystSi",
        "mountingplace": "building" if asked.mounting == "roof" else "free",
        **_plane(asked),
        **_horizon(asked.horizon),
    }
    return pvgis.call(base, "PVcalc", asked.spot, params)


def _plane(asked: ArrayAt) -> dict[str, str]:
    kind = KEYS[asked.mounting]
    if kind == "fixed":
        return {"fixed": "1", "angle": f"{asked.surface_tilt:g}", "aspect": f"{aspect_deg(asked.surface_azimuth):g}"}
    if kind == "two_axis":
        return {"fixed": "0", "twoaxis": "1"}
    if asked.surface_azimuth % 180:
        expected = "an axis along north and south: surface_azimuth 0 or 180"
        raise SourceError(
            f"{NAME} turns no axis in this direction",
            field="surface_azimuth",
            value=asked.surface_azimuth,
            expected=expected,
        )
    return {"fixed": "0", "inclined_axis": "1", "inclinedaxisangle": "0"}


def aspect_deg(surface_azimuth: float) -> float:
    """Direction as PVGIS counts it [°], south 0, east −90, west 90, of a compass direction [°]."""
    return surface_azimuth - 180


def _horizon(heights: tuple[float, ...]) -> dict[str, str]:
    """The scenario's own horizon, from north clockwise as ours; flat where it has none."""
    if not heights:
        return {"usehorizon": "0"}
    return {"usehorizon": "1", "userhorizon": ",".join(f"{height:g}" for height in heights)}


def _read(reply: Reply, asked: ArrayAt) -> Yield:
    """{"outputs": {"monthly": {"fixed": [{"month", "E_m"}]}, "totals": {"fixed": {"E_y", "SD_y", "l_spec": "1.4"}}}}"""
    body = pvgis.body_of(reply, asked.spot)
    kind = KEYS[asked.mounting]
    _check_plane(body, asked, kind)
    outputs = body.object("outputs")
    totals = outputs.object("totals").object(kind)
    yearly_kwh = totals.number("E_y")
    monthly_kwh = _months(outputs.object("monthly"), kind)
    if not yearly_kwh > 0 or abs(math.fsum(monthly_kwh) / yearly_kwh - 1) > SUM_SLACK:
        raise refused(NAME, "E_y", yearly_kwh, "the sum of its months, above 0")
    about = body.object("inputs").object("meteo_data")
    source = f"{NAME} PVcalc, {about.text('radiation_db')} {about.whole('year_min')}–{about.whole('year_max')}"
    return Yield(yearly_kwh, monthly_kwh, totals.number("SD_y"), source)


def _months(monthly: Fields, kind: str) -> tuple[float, ...]:
    rows = [Fields.of(row, NAME, f"monthly.{kind}") for row in monthly.rows(kind)]
    by_month = {row.whole("month"): row.number("E_m") for row in rows}
    if len(rows) != 12 or sorted(by_month) != list(range(1, 13)):
        raise refused(NAME, f"monthly.{kind}", sorted(by_month), "the months 1 to 12, each once")
    return tuple(by_month[month] for month in range(1, 13))


def _check_plane(body: Fields, asked: ArrayAt, kind: str) -> None:
    """The plane that was worked out is the plane that was asked for: east does not come back as west."""
    if kind != "fixed":
        return
    plane = body.object("inputs").object("mounting_system").object("fixed")
    for name, wanted in (("slope", asked.surface_tilt), ("azimuth", aspect_deg(asked.surface_azimuth))):
        told = number(plane.object(name).raw.get("value"), NAME, name)
        off = abs((told - wanted + 180) % 360 - 180)
        if off > ANGLE_SLACK_DEG:
            raise refused(NAME, name, told, f"the {name} that was asked for, {wanted:g}")


YIELD: Question[ArrayAt, Yield] = Question(
    name="yield",
    sources=(Source(NAME, pvgis.BASE, _ask, _read, per_minute=pvgis.PER_MINUTE, notice=pvgis.NOTICE),),
    soft_s=180 * DAY_S,
    hard_s=LASTS_S,
    pack=packed,
    unpack=unpacked(Yield),
)
