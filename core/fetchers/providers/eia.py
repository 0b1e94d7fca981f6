"""EIA, the US Energy Information Administration: what power costs by month, state and sector. Free key.

Contract: eia.gov/opendata, API v2, electricity/retail-sales. The key travels in the address and is read nowhere else.
Prices are in cents per kWh, as text, as numbers in older releases, null where they are not known. A name that is not
known gives no rows, no error; a list that was cut gives a warning with HTTP 200. Figures come two to three months late.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, get_args

from core.errors import ValidationError
from core.fetchers.fields import Fields, body_of, failed, number, recent_day, refused, written
from core.fetchers.provider import Reply, Request, Source
from core.world import RetailPrices

NAME = "EIA"
BASE = "https://api.eia.gov"
KEY = "SOLAR_MINING_EIA_KEY"
NOTICE = "Prices: U.S. Energy Information Administration"
MOST = 5000  # rows in one reply: 400 years of months
NEWEST = timedelta(days=300)  # start of the last month
USD_PER_CENT = 0.01
Sector = Literal["RES", "COM", "IND", "TRA", "OTH", "ALL"]
STATES = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY",
    "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH",
    "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "US",
)  # fmt: skip


@dataclass(frozen=True)
class StateSector:
    """A state by its two letters, US for all, and a sector of use: residential, commercial, industrial, …"""

    state: str
    sector: Sector = "IND"

    def __post_init__(self) -> None:
        if self.state not in STATES:
            expected = "two letters of a US state, such as TX, or US"
            raise ValidationError(f"state: expected {expected}", field="state", value=self.state, expected=expected)
        if self.sector not in get_args(Sector):
            expected = f"one of {', '.join(get_args(Sector))}"
            raise ValidationError("sector: not known", field="sector", value=self.sector, expected=expected)


def _ask_retail(base: str, asked: StateSector, key: str) -> Request:
    params = {
        "api_key": key,
        "frequency": "monthly",
        "data[]": "price",
        "facets[stateid][]": asked.state,
        "facets[sectorid][]": asked.sector,
        "sort[0][column]": "period",
        "sort[0][direction]": "desc",
        "offset": "0",
        "length": str(MOST),
    }
    return Request(f"{base}/v2/electricity/retail-sales/data/", params, secrets=frozenset({"api_key"}))


def _read_retail(reply: Reply, asked: StateSector) -> RetailPrices:
    """{"response": {"total", "data": [{"period": "2026-05", "stateid", "sectorid", "price", "price-units"}]}}"""
    body = Fields.of(body_of(reply, NAME), NAME)
    _check_failure(body.raw)
    response = body.object("response")
    rows = response.rows("data")
    total = _coerced(response.raw.get("total"), "total")
    if total > len(rows):
        raise failed(NAME, _warning(response.raw) or _warning(body.raw) or f"{len(rows)} of {total:g} rows", "all rows")
    found: dict[date, float] = {}
    for row in (Fields.of(row, NAME, "row") for row in rows):
        _check_row(row, asked)
        month = _month(row.raw.get("period"))
        if month in found:
            raise refused(NAME, "period", month.isoformat(), "a month that comes once")
        if row.raw.get("price") is not None:
            found[month] = _coerced(row.raw["price"], "price") * USD_PER_CENT
    if not found:
        raise refused(NAME, "price", None, "known in any month")
    months = tuple(sorted(found, reverse=True))
    recent_day(months[0], reply, NEWEST, NAME, "last month")
    return RetailPrices(asked.state, asked.sector, months, tuple(found[month] for month in months))


def _check_failure(raw: Any) -> None:
    """SourceError for {"error": "…", "code"}, {"error": {"code", "message"}} and a warning in place of data."""
    failure = raw.get("error")
    if isinstance(failure, dict):
        raise failed(NAME, f"{failure.get('code')}: {failure.get('message')}")
    if failure or "response" not in raw:
        raise failed(NAME, failure or _warning(raw) or "an answer without a response")


def _warning(raw: Any) -> str:
    """What a list that was cut says of itself; empty where it says nothing."""
    words = raw.get("warning") or (raw.get("warnings") or [None])[0]
    return f"{words}: {raw.get('description', '')}" if words else ""


def _check_row(row: Fields, asked: StateSector) -> None:
    for name, expected in (("stateid", asked.state), ("sectorid", asked.sector)):
        if row.text(name) != expected:
            raise refused(NAME, name, row.raw[name], expected)
    if not re.fullmatch(r"cents per kilowatt-?hours?", row.text("price-units")):
        raise refused(NAME, "price-units", row.raw["price-units"], "cents per kilowatthour")


def _month(value: Any) -> date:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value, re.ASCII) and value >= "1900":
        return date(int(value[:4]), int(value[5:]), 1)
    raise refused(NAME, "period", value, "a month as YYYY-MM")


def _coerced(value: Any, name: str) -> float:
    return written(value, NAME, name) if isinstance(value, str) else number(value, NAME, name)


RETAIL = Source[StateSector, RetailPrices](NAME, BASE, _ask_retail, _read_retail, per_minute=60, key=KEY, notice=NOTICE)
