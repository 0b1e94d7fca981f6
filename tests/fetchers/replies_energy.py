"""Replies as the contracts of the providers of tariffs and power prices describe them, written for these tests."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.fetchers.providers import eia, ercot, openei
from core.fetchers.spots import Spot
from tests.fetchers.replies_bitcoin import NOW_S, Case

CENTRAL = ZoneInfo("America/Chicago")
LABEL, OLDER, EXPIRED, COMING = (f"5{n}" * 12 for n in "abcd")
DAY_S = 86_400
SEARCH = openei.TariffSearch(Spot(31.9, -102.1), "Industrial", date(2026, 4, 30))

# OpenEI


def hours(*changes: tuple[int, int], first: int = 0) -> list[int]:
    """24 periods: `first`, then from each hour on another."""
    row = [first] * 24
    for hour, period in changes:
        row[hour:] = [period] * (24 - hour)
    return row


WINTER, SUMMER = hours(), hours((14, 1), (20, 0))
_RATE: dict[str, Any] = {
    "label": LABEL,
    "uri": f"https://apps.openei.org/USURDB/rate/view/{LABEL}",
    "approved": True,
    "is_default": False,
    "startdate": NOW_S - 400 * DAY_S,
    "supercedes": OLDER,
    "utility": "Example Electric Coop",
    "eiaid": 99_999,
    "name": "Large Power Service, Time of Use",
    "sector": "Industrial",
    "servicetype": "Bundled",
    "country": "USA",
    "description": "For loads\nof 500 kW and more.",
    "source": "Tariff book, sheet 14",
    "demandunits": "kW",
    "peakkwcapacitymin": 500,
    "voltagecategory": "Primary",
    "energyratestructure": [
        [
            {"max": 200, "rate": 0.061, "adj": 0.0042, "unit": "kWh/kW", "sell": 0.02},
            {"max": 400, "rate": 0.052, "adj": 0.0042, "unit": "kWh/kW"},
            {"rate": 0.043, "adj": 0.0042, "unit": "kWh/kW"},
        ],
        [{"rate": 0.112, "unit": "kWh"}],
    ],
    "energyweekdayschedule": [WINTER] * 5 + [SUMMER] * 4 + [WINTER] * 3,
    "energyweekendschedule": [WINTER] * 12,
    "fueladjustmentsmonthly": [0.001] * 6 + [0.002] * 6,
    "flatdemandunit": "kW",
    "flatdemandstructure": [[{"max": 1000, "rate": 9.5}, {"rate": 8.25, "adj": -0.25}], [{"rate": 12}]],
    "flatdemandmonths": [0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0],
    "demandrateunit": "kW",
    "demandratestructure": [[{"rate": 0}], [{"rate": 6.5}]],
    "demandweekdayschedule": [WINTER] * 5 + [SUMMER] * 4 + [WINTER] * 3,
    "demandweekendschedule": [WINTER] * 12,
    "demandwindow": 15,
    "demandratchetpercentage": [0.8] * 12,
    "demandreactivepowercharge": 0.3,
    "fixedchargefirstmeter": 250,
    "fixedchargeunits": "$/month",
    "mincharge": 12_000,
    "minchargeunits": "$/year",
    "dgrules": "Net Billing Hourly",
}
RATE: dict[str, Any] = json.loads(json.dumps(_RATE))  # no two months share a row
NEAR: dict[str, Any] = {
    "items": [
        {k: RATE[k] for k in ("label", "uri", "approved", "startdate", "utility", "name", "sector", "supercedes")},
        {
            "label": OLDER,
            "startdate": NOW_S - 900 * DAY_S,
            "utility": "Example Electric Coop",
            "name": "Large Power Service",
            "sector": "Industrial",
        },
        {
            "label": EXPIRED,
            "startdate": NOW_S - 900 * DAY_S,
            "enddate": NOW_S - 2 * DAY_S,
            "utility": "Another Co",
            "name": "Old",
            "sector": "Industrial",
        },
        {
            "label": COMING,
            "enddate": NOW_S + 30 * DAY_S,
            "utility": "Another Co",
            "name": "Interruptible",
            "sector": "Industrial",
        },
    ]
}


def rate(**changes: Any) -> dict[str, Any]:
    """The rate with fields replaced, or taken out where they are given as `...`."""
    changed = copy.deepcopy(RATE) | changes
    return {key: value for key, value in changed.items() if value is not ...}


# EIA


def eia_row(period: str, price: Any, **more: Any) -> dict[str, Any]:
    return {
        "period": period,
        "stateid": "TX",
        "stateDescription": "Texas",
        "sectorid": "IND",
        "sectorName": "industrial",
        "price": price,
        "price-units": "cents per kilowatt-hour",
        **more,
    }


def eia_body(*rows: dict[str, Any], total: Any = None) -> dict[str, Any]:
    return {
        "response": {
            "total": str(len(rows)) if total is None else total,
            "dateFormat": "YYYY-MM",
            "frequency": "monthly",
            "data": list(rows),
        },
        "request": {"command": "/v2/electricity/retail-sales/data/", "params": {}},
        "apiVersion": "2.1.12",
    }


RETAIL = eia_body(eia_row("2026-02", "6.41"), eia_row("2026-01", None), eia_row("2025-12", "6.02"))

# ERCOT


def zipped(text: str | bytes, name: str = "prices.csv", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, text)
    return out.getvalue()


DAM_HEAD = "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag"
RTM_HEAD = (
    "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointType,SettlementPointPrice,DSTFlag"
)


def hour_endings(day: date) -> list[tuple[str, str]]:
    """Hours of a Central day as the report labels them, with the flag of the repeated one, from the rules of the clock."""
    march = date(day.year, 3, 14) - timedelta(days=(date(day.year, 3, 14).weekday() + 1) % 7)
    november = date(day.year, 11, 7) - timedelta(days=(date(day.year, 11, 7).weekday() + 1) % 7)
    ends = [(f"{hour:02}:00", "N") for hour in range(1, 25)]
    if day == march:
        ends.remove(("03:00", "N"))
    if day == november:
        ends.insert(2, ("02:00", "Y"))
    return ends


def dam_csv(day: date, prices: list[float] | None = None, point: str = "HB_WEST") -> str:
    """A day-ahead report of two points: `point` at 10, 11, … USD/MWh unless prices are given, with the blank in front."""
    rows = []
    for n, (end, flag) in enumerate(hour_endings(day)):
        price = prices[n] if prices else 10.0 + n
        rows.append(f"{day:%m/%d/%Y},{end},AAA_ALL, 99.9,{flag}")
        rows.append(f"{day:%m/%d/%Y},{end},{point}, {price:g},{flag}")
    return "\n".join([DAM_HEAD, *rows, ""])


def rtm_csv(day: date, hour: int, quarter: int, price: float, flag: str = "N", point: str = "LZ_WEST") -> str:
    rows = (
        f"{day:%m/%d/%Y},{hour},{quarter},HB_WEST,HU,-3.59,{flag}",
        f"{day:%m/%d/%Y},{hour},{quarter},{point},LZEW,{price + 1:g},{flag}",
        f"{day:%m/%d/%Y},{hour},{quarter},{point},LZ,{price:g},{flag}",
    )
    return "\n".join([RTM_HEAD, *rows, ""])


def document(number: int, at: datetime, market: str = "day-ahead", form: str = "csv") -> dict[str, Any]:
    name = {"day-ahead": "DAMSPNP4190", "real-time": f"SPPHLZNP6905_{at:%Y%m%d_%H%M}"}[market]
    return {
        "Document": {
            "ExpiredDate": (at + timedelta(days=31)).isoformat(),
            "ContentSize": "172055",
            "Extension": "zip",
            "ReportTypeID": ercot.REPORTS[market],
            "FriendlyName": f"{name}_{form}",
            "DocID": str(number),
            "PublishDate": at.isoformat(),
        }
    }


def listed(*documents: dict[str, Any]) -> dict[str, Any]:
    return {"ListDocsByRptTypeRes": {"DocumentList": list(documents)}}


NOON = datetime(2026, 4, 29, 12, 51, 32, tzinfo=CENTRAL)
LIST = listed(
    document(77, NOON),
    document(76, NOON, form="xml"),
    document(75, NOON - timedelta(days=1)),
    document(74, NOON - timedelta(days=1), form="xml"),
)
DAY = date(2026, 4, 30)
AT_WEST = ercot.AtPoint("day-ahead", "77", "HB_WEST")

CASES = (
    Case("OpenEI near", openei.NEAR, SEARCH, NEAR),
    Case("OpenEI rate", openei.RATE, LABEL, {"items": [RATE]}),
    Case("EIA retail", eia.RETAIL, eia.StateSector("TX"), RETAIL),
    Case("ERCOT list", ercot.LIST, "day-ahead", LIST),
)
DOCUMENT_CASE = Case("ERCOT document", ercot.DOCUMENT, AT_WEST, zipped(dam_csv(DAY)))
