"""Files of hourly prices as tests write, read and refuse them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from core.errors import FileError
from core.fetchers.price_files import read_prices
from core.scenario import Scenario
from core.units import HOURS

CHICAGO = "America/Chicago"
START = datetime(2023, 1, 1, tzinfo=UTC)


def utc(year: int = 2023, minutes: int = 60) -> list[datetime]:
    """Every interval of a UTC year."""
    first, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    return [first + timedelta(minutes=minutes * n) for n in range(int((end - first) / timedelta(minutes=minutes)))]


def local(year: int, minutes: int = 60, zone: str = CHICAGO) -> list[datetime]:
    """Every interval of a year of a local clock."""
    at = ZoneInfo(zone)
    begin, end = (datetime(y, 1, 1, tzinfo=at).astimezone(UTC) for y in (year, year + 1))
    count = int((end - begin) / timedelta(minutes=minutes))
    return [(begin + timedelta(minutes=minutes * n)).astimezone(at) for n in range(count)]


def price_of(at: datetime) -> float:
    """A price [USD/MWh] that tells hours apart and is the same in every year."""
    moment = at.astimezone(UTC)
    return round(20 + moment.month + moment.day / 31 + moment.hour / 100, 4)


def csv(
    times: list[datetime],
    *,
    time: str = "time (UTC)",
    price: str = "USD/MWh",
    form: str = "%Y-%m-%d %H:%M",
    scale: float = 1.0,
) -> list[str]:
    return [f"{time},{price}", *(f"{at.strftime(form)},{price_of(at) * scale:.6g}" for at in times)]


def data(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def expected() -> np.ndarray:
    """The year that any of these files is to give [USD/kWh]."""
    return np.array([price_of(at) for at in utc()]) / 1000


def read(lines: list[str], **asked: Any) -> tuple[np.ndarray, str]:
    found = read_prices(data(lines), "prices.csv", **asked)
    assert len(found.usd_per_kwh) == HOURS
    assert Scenario().but({"grid.import_hourly_usd_per_kwh": list(found.usd_per_kwh)})  # a scenario takes it
    return np.array(found.usd_per_kwh), " ".join(found.notes)


def refusal(lines: list[str], **asked: Any) -> FileError:
    with pytest.raises(FileError) as caught:
        read_prices(data(lines), **asked)
    assert caught.value.expected
    return caught.value
