"""OpenEI's Utility Rate Database: which tariffs hold at a place in the US, and one of them in full. Free key.

Contract: openei.org/services/doc/rest/util_rates, version 7. The key travels in the address. A failure may come with HTTP
200, as {"error": …}, {"errors": […]} or a page. Old and expired rates are listed beside those in force; the key of the
rate that one replaces is spelt `supercedes`. Utilities write the records, so keys are missing as often as not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal, get_args

from core.errors import ValidationError
from core.fetchers.fields import body_of, refused
from core.fetchers.provider import Reply, Request, Source
from core.fetchers.spots import Spot
from core.fetchers.urdb import entry_of, items_of, tariff_of
from core.world import Tariff, TariffsFound

NAME = "OpenEI"
BASE = "https://api.openei.org"
KEY = "SOLAR_MINING_OPENEI_KEY"
NOTICE = "Tariffs: OpenEI, U.S. Utility Rate Database"
MOST = 500  # records in one reply
Sector = Literal["Residential", "Commercial", "Industrial", "Lighting"]


@dataclass(frozen=True)
class TariffSearch:
    """Tariffs of a sector that hold at a place on a day."""

    spot: Spot
    sector: Sector
    on: date

    def __post_init__(self) -> None:
        if self.sector not in get_args(Sector):
            expected = f"one of {', '.join(get_args(Sector))}"
            raise ValidationError("sector: not known", field="sector", value=self.sector, expected=expected)


def _call(base: str, key: str, detail: str, params: dict[str, str]) -> Request:
    common = {"version": "7", "format": "json", "detail": detail, "api_key": key}
    return Request(f"{base}/utility_rates", {**common, **params}, secrets=frozenset({"api_key"}))


def _ask_near(base: str, asked: TariffSearch, key: str) -> Request:
    noon = datetime.combine(asked.on, time(12), UTC)
    params = {
        "lat": f"{asked.spot.latitude:.4f}",
        "lon": f"{asked.spot.longitude:.4f}",
        "sector": asked.sector,
        "effective_on_date": str(int(noon.timestamp())),
        "country": "USA",
        "limit": str(MOST),
    }
    return _call(base, key, "minimal", params)


def _read_near(reply: Reply, asked: TariffSearch) -> TariffsFound:
    """{"items": [{"label", "utility", "name", "sector", "startdate": s, "enddate": s, …}]}, in no order; may be empty."""
    items = items_of(body_of(reply, NAME), NAME)
    entries = [entry_of(item, NAME) for item in items]
    for entry in entries:
        _check_label(entry.label)
        if entry.sector != asked.sector:
            raise refused(NAME, "sector", entry.sector, asked.sector)
    in_force = [entry for entry in entries if entry.in_force(asked.on)]
    replaced = {entry.supersedes for entry in in_force}
    kept = sorted((e for e in in_force if e.label not in replaced), key=lambda e: (e.utility, e.name, e.label))
    return TariffsFound(tuple(kept), complete=len(items) < MOST)


def _ask_rate(base: str, asked: str, key: str) -> Request:
    if not _is_label(asked):
        expected = "24 digits from 0 to f"
        raise ValidationError(f"label: expected {expected}", field="label", value=asked, expected=expected)
    return _call(base, key, "full", {"getpage": asked})


def _read_rate(reply: Reply, asked: str) -> Tariff:
    """{"items": [one record]}; none where the label is not known."""
    items = items_of(body_of(reply, NAME), NAME)
    if len(items) != 1:
        raise refused(NAME, "items", f"{len(items)} rates", f"the one rate {asked}")
    tariff = tariff_of(items[0], NAME)
    if tariff.entry.label != asked:
        raise refused(NAME, "label", tariff.entry.label, asked)
    return tariff


def _is_label(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{24}", text, re.ASCII) is not None


def _check_label(label: str) -> None:
    if not _is_label(label):
        raise refused(NAME, "label", label, "24 digits from 0 to f")


NEAR = Source[TariffSearch, TariffsFound](NAME, BASE, _ask_near, _read_near, per_minute=20, key=KEY, notice=NOTICE)
RATE = Source[str, Tariff](NAME, BASE, _ask_rate, _read_rate, per_minute=20, key=KEY, notice=NOTICE)
