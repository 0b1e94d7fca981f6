"""Two providers on loopback, a clock of its own, and a question: what the tests of the ladder play on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hostile

from core.errors import SourceError
from core.fetchers.ask import Answer, Bundled, Question, ask
from core.fetchers.provider import Reply, Request, Source, json_of
from core.fetchers.wire import Lookups, Road, trust
from core.fetchers.world import Access, World, base_variable

HOUR_S, DAY_S = 3600.0, 86_400.0
WHEN = datetime(2026, 5, 1, tzinfo=UTC)
SHIPPED = datetime(2024, 12, 31, tzinfo=UTC)


class Time:
    """A calendar and a count of seconds; `pass_s` moves both, `jump` only the calendar."""

    def __init__(self) -> None:
        self.calendar, self.count_s = WHEN, 1000.0

    def now(self) -> datetime:
        return self.calendar

    def elapsed_s(self) -> float:
        return self.count_s

    def pass_s(self, seconds: float) -> None:
        self.count_s += seconds
        self.jump(timedelta(seconds=seconds))

    def jump(self, by: timedelta) -> None:
        self.calendar += by


def road(seconds: float = 5.0, own: bool = True, ca_file: Path | None = None) -> Road:
    """A way that ends in so many seconds from now."""
    return Road(time.monotonic() + seconds, own, Lookups(), trust(ca_file))


def read(reply: Reply, asked: str) -> float:
    price = json_of(reply)["usd"]
    if type(price) not in (int, float):
        raise SourceError("usd is not a number")
    return float(price)


def call(base: str, asked: str, key: str) -> Request:
    return Request(f"{base}/price", {"pair": asked, **({"appid": key} if key else {})}, secrets=frozenset({"appid"}))


def plausible(price: float, asked: str) -> str:
    return "" if 1_000 < price < 10_000_000 else f"{price:g} USD"


def jump(price: float, last: float, age_s: float) -> str:
    return f"{price:g} USD after {last:g} USD" if abs(price / last - 1) > 0.2 else ""


FIRST = Source("first", "https://first.invalid", call, read, per_minute=1000)
SECOND = Source("second", "https://second.invalid", call, read, per_minute=1000)
PRICE: Question[str, float] = Question(
    "price",
    (FIRST, SECOND),
    soft_s=HOUR_S,
    hard_s=30 * DAY_S,
    plausible=plausible,
    jump=jump,
    bundled=lambda asked: Bundled(90_000.0, "data/market.csv", SHIPPED),
)


@dataclass
class Stage:
    """Two providers on loopback, a clock, and the world that knows them."""

    first: hostile.Server
    second: hostile.Server
    time: Time
    world: World

    def both(self, *acts: hostile.Act) -> None:
        self.first.on("/price", *acts)
        self.second.on("/price", *acts)

    @property
    def calls(self) -> int:
        return self.first.hits("/price") + self.second.hits("/price")

    def ask(self, question: Question[str, float] = PRICE, asked: str = "BTC-USD", **how: float) -> Answer[float]:
        return ask(question, asked, self.world, **how)


def access(first: hostile.Server, second: hostile.Server, **more: Any) -> Access:
    bases = {base_variable("first"): first.base, base_variable("second"): second.base}
    return Access(**{"bases": bases, **more})


DOWN = hostile.reply(500, b"down")


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    with hostile.Server() as first, hostile.Server() as second:
        clock = Time()
        world = World(folder, access(first, second), now=clock.now, elapsed_s=clock.elapsed_s)
        first.on("/price", hostile.json_reply({"usd": 100_000}))
        second.on("/price", hostile.json_reply({"usd": 101_000}))
        yield Stage(first, second, clock, world)
