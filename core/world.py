"""What outside sources say, in the house's words: every figure with its unit, every answer with its date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Schedule = tuple[tuple[int, ...], ...]  # 12 months × 24 hours of the local clock → number of a period, from 0
Per = Literal["day", "month", "year"]
DemandUnit = Literal["kW", "hp", "kVA", "kW daily", "hp daily", "kVA daily"]
EnergyUnit = Literal["kWh", "kWh daily", "kWh/kW", "kWh/kW daily", "kWh/hp", "kWh/hp daily", "kWh/kVA", "kWh/kVA daily"]
Export = Literal["", "net metering", "net billing instantaneous", "net billing hourly", "buy all sell all"]


@dataclass(frozen=True)
class NetworkNow:
    """How hard blocks are to find, and the hash rate that looks for them."""

    difficulty: float
    hashrate_ths: float
    observed_at: datetime


@dataclass(frozen=True)
class Retarget:
    """The tip of the chain and the next change of difficulty, as the pace of this epoch suggests it.

    `height`: newest block. `next_height`: first block of the new difficulty. `change_frac`: +0.05 is 5 % harder.
    `block_seconds`: mean time between the blocks of this epoch.
    """

    height: int
    next_height: int
    estimated_at: datetime
    change_frac: float
    block_seconds: float
    observed_at: datetime

    @property
    def blocks_left(self) -> int:
        """Blocks until the difficulty changes."""
        return self.next_height - self.height


@dataclass(frozen=True)
class RecentBlocks:
    """Which blocks are asked about: the last `count`.

    `end_height` is the tip where it is known, 0 where not. It is a help for a node that cannot be asked for "the
    last" blocks, and no part of the question: two are equal whatever it is, so that a cached answer is found again.
    """

    count: int = 144
    end_height: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class BlockFees:
    """Mean transaction fees over the newest `blocks` blocks, the last of them at `end_height`."""

    fees_btc_per_block: float
    blocks: int
    end_height: int
    observed_at: datetime


@dataclass(frozen=True)
class Price:
    """What one bitcoin costs in a currency."""

    currency: str
    price_per_btc: float
    observed_at: datetime


@dataclass(frozen=True)
class Series:
    """A quantity by UTC day, oldest first. A day comes once; days may be missing."""

    days: tuple[date, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class MarketHistory:
    """Price, difficulty and block reward on the same UTC days, oldest first: all that a hashprice takes.

    `fees_btc_per_block` is 0 on days before the fees are known.
    """

    days: tuple[date, ...]
    price_usd: tuple[float, ...]
    difficulty: tuple[float, ...]
    subsidy_btc: tuple[float, ...]
    fees_btc_per_block: tuple[float, ...]


@dataclass(frozen=True)
class Rates:
    """What one unit of `base` costs in other currencies, `base` itself included at 1, on the day they were set."""

    base: str
    per_base: Mapping[str, float] = field(hash=False)
    day: date


@dataclass(frozen=True)
class EnergyTier:
    """What a kWh costs up to an amount of energy, and what one that is fed in earns.

    `up_to`: end of the tier, None for the last. Its `unit`: kWh of the month; "daily" counts by day; "/kW", "/hp" and
    "/kVA" multiply the limit by the peak demand of the same time. `sell_usd_per_kwh` is None where the tariff names none.
    """

    rate_usd_per_kwh: float
    adjustment_usd_per_kwh: float = 0.0
    up_to: float | None = None
    unit: EnergyUnit = "kWh"
    sell_usd_per_kwh: float | None = None

    @property
    def usd_per_kwh(self) -> float:
        """Rate and adjustment together: the price."""
        return self.rate_usd_per_kwh + self.adjustment_usd_per_kwh


@dataclass(frozen=True)
class EnergyCharge:
    """Prices of energy: tiers of each period, and which period holds in which hour.

    Tiers ascend while their unit is the same, and only the last of a period has no end. `fuel_usd_per_kwh`: added to
    every kWh, by month.
    """

    periods: tuple[tuple[EnergyTier, ...], ...]
    weekday: Schedule
    weekend: Schedule
    fuel_usd_per_kwh: tuple[float, ...] = (0.0,) * 12


@dataclass(frozen=True)
class DemandTier:
    """What a unit of demand costs up to a level, None for the last tier; the unit stands with the charge."""

    rate_usd: float
    adjustment_usd: float = 0.0
    up_to: float | None = None

    @property
    def usd(self) -> float:
        """Rate and adjustment together: the price of a unit for the month, or for the day where the unit is daily."""
        return self.rate_usd + self.adjustment_usd


@dataclass(frozen=True)
class FlatDemand:
    """Prices of the highest demand of a month at any hour; `months` says which period holds in which of the twelve."""

    periods: tuple[tuple[DemandTier, ...], ...]
    months: tuple[int, ...]
    unit: DemandUnit = "kW"


@dataclass(frozen=True)
class TimedDemand:
    """Prices of the highest demand of a month within the hours of each period."""

    periods: tuple[tuple[DemandTier, ...], ...]
    weekday: Schedule
    weekend: Schedule
    unit: DemandUnit = "kW"


@dataclass(frozen=True)
class Ratchet:
    """Demand that is billed at least: in each month a share of the highest peak of the months before.

    `least_fracs`: the share by month of the bill. `look_back_months`: how far back a peak counts, 0 where the source
    does not say. `peak_months`: the months whose peaks count.
    """

    least_fracs: tuple[float, ...]
    look_back_months: int = 0
    peak_months: tuple[bool, ...] = (True,) * 12


@dataclass(frozen=True)
class Charge:
    """An amount for each day, month or year."""

    usd: float
    per: Per = "month"


@dataclass(frozen=True)
class TariffEntry:
    """A tariff by name, as a list of them shows it. `start` and `end`: first and last day, None where open."""

    label: str
    name: str
    utility: str
    sector: str
    start: date | None
    end: date | None
    approved: bool = False
    default: bool = False
    supersedes: str = ""
    description: str = ""

    def in_force(self, day: date) -> bool:
        """Whether the tariff holds on a day."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


@dataclass(frozen=True)
class TariffsFound:
    """The tariffs in force at a place, by utility and name; `complete` is False where there are more than were sent."""

    entries: tuple[TariffEntry, ...]
    complete: bool = True


@dataclass(frozen=True)
class Tariff:
    """All that a utility charges under one rate schedule, in US dollars; hours and days are those of the local clock.

    `energy`, `flat_demand`, `timed_demand`, `coincident_demand` (at the hours of the grid's peak): None where there is
    no such charge. `fixed`: for the first meter, `further_meter` for each other. `minimums`: least amounts of a bill.
    `export`: how energy that is fed in is settled. `least_demand` … `most_kwh`: whom it is for, by peak demand
    [`applies_unit`] and by energy of a month. `demand_window_minutes`: over which demand is a mean. `source`: where the
    figures are from. `notes`: what the figures leave out.
    """

    entry: TariffEntry
    energy: EnergyCharge | None = None
    flat_demand: FlatDemand | None = None
    timed_demand: TimedDemand | None = None
    coincident_demand: TimedDemand | None = None
    ratchet: Ratchet | None = None
    demand_window_minutes: float | None = None
    reactive_usd_per_kvar: float = 0.0
    fixed: Charge | None = None
    further_meter: Charge | None = None
    minimums: tuple[Charge, ...] = ()
    export: Export = ""
    service: str = ""
    voltage: str = ""
    applies_unit: DemandUnit = "kW"
    least_demand: float | None = None
    most_demand: float | None = None
    least_kwh: float | None = None
    most_kwh: float | None = None
    source: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RetailPrices:
    """Mean price of a month's power in a state and sector of use, newest first; months may be missing."""

    state: str
    sector: str
    months: tuple[date, ...]
    usd_per_kwh: tuple[float, ...]


@dataclass(frozen=True)
class PowerPrices:
    """What power costs at a point of a wholesale market, by the start of an interval in UTC; below 0 at times.

    Oldest first. An interval comes once; intervals may be missing.
    """

    point: str
    minutes: int
    starts: tuple[datetime, ...]
    usd_per_kwh: tuple[float, ...]


@dataclass(frozen=True)
class SunForecast:
    """Hourly means from `first_hour` (UTC, its start) on: light [W/m²], air [°C], wind [m/s]."""

    first_hour: datetime
    ghi: tuple[float, ...]
    dni: tuple[float, ...]
    dhi: tuple[float, ...]
    temp_air: tuple[float, ...]
    wind_speed: tuple[float, ...]
