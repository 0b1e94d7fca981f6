"""A good reply to every source there is, and a server that gives it: what the tests of all providers go through."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from core.fetchers.ask import Question
from core.fetchers.provider import Source
from core.fetchers.sources import EXAMPLES
from core.world import RecentBlocks
from tests.fetchers import replies_bitcoin, replies_energy, replies_weather

BLOCKS = RecentBlocks(3, replies_bitcoin.TIP)  # as many as the recorded reply of a node has
KEYS = {
    "SOLAR_MINING_BITCOIN_CORE_KEY": "bitcoin:canary-p4ss/7f3a",
    "SOLAR_MINING_NSRDB_KEY": "canary7f3a9b2c canary@mine.example",
    "SOLAR_MINING_COINGECKO_KEY": "canary+key/7f3a=",
    "SOLAR_MINING_OPEN_METEO_KEY": "canary-meteo&7f3a",
    "SOLAR_MINING_OPENEI_KEY": "canary-openei-7f3a",
    "SOLAR_MINING_EIA_KEY": "canary-eia-7f3a",
}
PARAMETERS: dict[str, Callable[[], Any]] = {
    "horizon": replies_weather.pvgis_horizon,
    "yield": replies_weather.pvgis_yield,
    "PVGIS elevation": replies_weather.pvgis_horizon,
    "Open-Meteo elevation": lambda: {"elevation": [1650.0]},
    "places": lambda: replies_weather.PLACES,
    "forecast": replies_weather.open_meteo_forecast,
}


@dataclass(frozen=True)
class Good:
    """A source, the question it is asked in, what is asked, and how a good reply to it is made."""

    question: Question[Any, Any]
    source: Source[Any, Any]
    asked: Any
    make: Callable[[], Any]

    @property
    def name(self) -> str:
        return f"{self.source.name} {self.question.name} {self.source.base.split('//')[-1].split('.')[0]}"

    @property
    def body(self) -> bytes:
        return _made(self.make)


@cache
def _made(make: Callable[[], Any]) -> bytes:
    """A body as it travels; a year of weather takes a while to make."""
    body = make()
    return body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()


def good() -> tuple[Good, ...]:
    """All sources of all questions; KeyError for one without a recorded reply."""
    return tuple(
        Good(question, source, *_recorded(question, source, asked))
        for question, asked in EXAMPLES
        for source in question.sources
    )


def _recorded(question: Question[Any, Any], source: Source[Any, Any], asked: Any) -> tuple[Any, Callable[[], Any]]:
    for case in (*replies_bitcoin.CASES, *replies_energy.CASES, replies_energy.DOCUMENT_CASE):
        if case.source is source:
            about = BLOCKS if source.name == "Bitcoin Core" and asked == RecentBlocks() else case.asked
            return about, partial(getattr, case, "body")
    for reader, about, make in replies_weather.READERS.values():
        if reader.name == source.name and reader.read is source.read:  # also for the paid host of the same provider
            return about, make
    by_provider = f"{source.name} {question.name}"
    return asked, PARAMETERS[by_provider if by_provider in PARAMETERS else question.name]
