"""A mining machine as a catalogue lists it: rated figures, a dated price and where that is from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Literal

import pydantic
from pydantic import Field, ValidationInfo, field_validator

from core.errors import ValidationError
from core.scenario import explained
from core.sections import Section, quantity

SCHEMA = 1  # of a file of machines
Cooling = Literal["air", "hydro", "immersion"]
MONTH = r"20\d\d(-(0[1-9]|1[0-2]))?"
HALF = r"20\d\d-H[12]"


class Machine(Section):
    """One kind of machine. A price never stands without its date and its source."""

    model: str = Field(title="Model", description="The name a plan calls it by.", min_length=1, max_length=120)
    manufacturer: str = Field("", title="Maker", description="Who builds it.", max_length=80)
    hashrate_ths: float = quantity(..., "TH/s", "Hash rate", "Of one machine when new.", 0.001, 1e5)
    power_w: float = quantity(..., "W", "Power", "Of one machine at the wall, cooling apart.", 0.1, 1e6)
    cooling: Cooling = Field("air", title="Cooling", description="What carries the heat away.")
    released: str = Field("", title="Released", description="YYYY-MM or YYYY; empty: not known.")
    price_usd: float | None = quantity(None, "USD", "Price", "Of one machine, delivered; empty: not known.", 0, 1e7)
    price_date: str = Field(
        "",
        validate_default=True,
        title="Price date",
        description="When that was the price: YYYY-MM-DD, YYYY-MM, YYYY-H1, YYYY-H2 or YYYY.",
    )
    price_source: str = Field(
        "",
        validate_default=True,
        title="Price source",
        description="Where the price is from, such as a dealer's offer.",
        max_length=200,
    )
    temp_min_c: float | None = quantity(
        None, "°C", "Coldest", "Lowest operating temperature; of the coolant where it is no air machine.", -60, 100
    )
    temp_max_c: float | None = quantity(
        None, "°C", "Warmest", "Highest operating temperature; of the coolant where it is no air machine.", -60, 120
    )
    note: str = Field("", title="Note", description="Anything worth remembering.", max_length=500)

    @field_validator("model", "manufacturer", "price_date", "price_source", "released", mode="before")
    @classmethod
    def _one_line(cls, value: Any) -> Any:
        return " ".join(value.split()) if isinstance(value, str) else value

    @field_validator("released")
    @classmethod
    def _month(cls, value: str) -> str:
        if value and not re.fullmatch(MONTH, value):
            raise ValueError("a month as YYYY-MM or a year as YYYY, 2000 or later")
        return value

    @field_validator("price_date")
    @classmethod
    def _when(cls, value: str, info: ValidationInfo) -> str:
        if value or info.data.get("price_usd") is not None:
            last_day(value)
        return value

    @field_validator("price_source")
    @classmethod
    def _from_somewhere(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("price_usd") is not None:
            raise ValueError("where the price is from")
        return value

    @field_validator("temp_max_c")
    @classmethod
    def _warmest(cls, value: float | None, info: ValidationInfo) -> float | None:
        coldest = info.data.get("temp_min_c")
        if value is not None and coldest is not None and value < coldest:
            raise ValueError(f"temp_min_c ({coldest:g}) or more")
        return value

    @property
    def efficiency_j_per_th(self) -> float:
        return self.power_w / self.hashrate_ths

    @property
    def price_usd_per_th(self) -> float | None:
        return None if self.price_usd is None else self.price_usd / self.hashrate_ths


class Machines(Section):
    """Machines in a file."""

    machines: tuple[Machine, ...] = Field(max_length=1000, strict=False)


def read(raw: Any) -> Machine:
    """A machine from plain data; ValidationError names the first field that is wrong."""
    try:
        return Machine.model_validate(raw)
    except pydantic.ValidationError as error:
        raise explained(error, "machine", ValidationError) from None


def to_json(machines: Iterable[Machine]) -> str:
    """Machines as a file that `read_all` takes."""
    listed = [machine.model_dump(mode="json") for machine in machines]
    return json.dumps({"schema": SCHEMA, "machines": listed}, ensure_ascii=False, indent=2)


def read_all(raw: str | bytes) -> tuple[Machine, ...]:
    """The machines of such a file; ValidationError names what is wrong, such as `machines.3.power_w`."""
    try:
        listed = json.loads(raw)["machines"]
        return Machines.model_validate({"machines": listed}).machines
    except pydantic.ValidationError as error:
        raise explained(error, "machines", ValidationError) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        expected = "a file of machines saved as JSON"
        raise ValidationError(f"this is not {expected}", field="machines", expected=expected) from None


def plain(name: str) -> str:
    """A name without case and doubled spaces: two machines of one plain name are the same."""
    return " ".join(name.casefold().split())


def last_day(text: str) -> date:
    """The last day of a year, half year, month or day written as YYYY, YYYY-H1, YYYY-MM or YYYY-MM-DD.

    ValueError where it is none of them.
    """
    expected = ValueError("a day as YYYY-MM-DD, a month as YYYY-MM, a half year as YYYY-H1 or a year as YYYY")
    if re.fullmatch(HALF, text):
        return date(int(text[:4]), *((6, 30) if text.endswith("1") else (12, 31)))
    if re.fullmatch(MONTH, text):
        year, month = int(text[:4]), int(text[5:] or 12)
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"20\d\d-\d\d-\d\d", text) else None
    except ValueError:
        raise expected from None
    if day is None:
        raise expected
    return day


def days_since(text: str, on: date) -> int:
    """Days from the last day that `text` may mean to day `on`: 0 where that is later or `text` is empty."""
    return max(0, (on - last_day(text)).days) if text else 0
