"""Every source there is, in one place: each question with an example of what is asked.

Health, `make live` and the tests that no provider may escape go through these.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from core.fetchers.ask import Question
from core.fetchers.forecast import FORECAST
from core.fetchers.horizon import HORIZON
from core.fetchers.market import BLOCKS, DOLLARS
from core.fetchers.network import DIFFICULTY_HISTORY, FEE_HISTORY, FEES, HASHRATE_HISTORY, NETWORK, RETARGET
from core.fetchers.places import ELEVATION, GEOCODING
from core.fetchers.power_prices import DOCUMENT, DOCUMENTS, RETAIL
from core.fetchers.price import PRICE, PRICE_HISTORY
from core.fetchers.provider import Source
from core.fetchers.providers.eia import StateSector
from core.fetchers.providers.ercot import AtPoint
from core.fetchers.providers.openei import TariffSearch
from core.fetchers.rates import RATES
from core.fetchers.spots import Spot, SpotYear
from core.fetchers.tariffs import TARIFF, TARIFFS
from core.fetchers.weather import real_year, typical
from core.fetchers.yields import YIELD, ArrayAt

SPOT = Spot(40.0, -105.0)  # Boulder, Colorado: on land, in the mountains, and seen by every provider
YEAR = SpotYear(SPOT, 2019)
ARRAY = ArrayAt(SPOT, "fixed", 30.0, 90.0, 0.14)  # to the east, so that an east that comes back as west shows

# What is asked by what another answer tells comes after it: blocks by the height of the tip, a tariff by its label, a
# document by its number. Here they are blank.
EXAMPLES: tuple[tuple[Question[Any, Any], Any], ...] = (
    (RETARGET, None),
    (NETWORK, None),
    (FEES, BLOCKS),
    (PRICE, DOLLARS),
    (RATES, DOLLARS),
    (DIFFICULTY_HISTORY, None),
    (HASHRATE_HISTORY, None),
    (FEE_HISTORY, None),
    (PRICE_HISTORY, DOLLARS),
    (typical(SPOT), SPOT),
    (real_year(SPOT), YEAR),
    (FORECAST, SPOT),
    (HORIZON, SPOT),
    (YIELD, ARRAY),
    (ELEVATION, SPOT),
    (GEOCODING, "Boulder"),
    (TARIFFS, TariffSearch(SPOT, "Industrial", date(2026, 1, 1))),
    (TARIFF, ""),
    (RETAIL, StateSector("TX")),
    (DOCUMENTS, "day-ahead"),
    (DOCUMENT, AtPoint("day-ahead", "0", "HB_WEST")),
)
SOURCES: tuple[Source[Any, Any], ...] = tuple(source for question, _ in EXAMPLES for source in question.sources)
