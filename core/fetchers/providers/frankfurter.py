"""Frankfurter: exchange rates of central banks, without a key. Contract: OpenAPI of api.frankfurter.dev, v1 and v2.

v2 answers a list of pairs blended over several banks, v1 one object with the rates of the ECB. On days without rates
both answer those of a day before.
"""

from __future__ import annotations

from datetime import timedelta

from core.fetchers.fields import Fields, body_of, currency, is_currency, rates, recent_day, refused, rows
from core.fetchers.provider import Reply, Request, Source
from core.world import Rates

NAME = "Frankfurter"
BASE = "https://api.frankfurter.dev"
NEWEST = timedelta(days=6)  # Easter: no rates from Friday to Monday
SAME_WEEK = timedelta(days=7)  # a currency whose rate is older than that of the others by more is no longer quoted


def _ask_v2(base: str, asked: str, key: str) -> Request:
    return Request(f"{base}/v2/rates", {"base": currency(asked)})


def _read_v2(reply: Reply, asked: str) -> Rates:
    """[{"date", "base", "quote", "rate"}, …], the base itself among the quotes; days may differ from row to row."""
    pairs = [Fields.of(pair, NAME, "pair") for pair in rows(body_of(reply, NAME), NAME, "body")]
    for pair in pairs:
        _same(pair.text("base"), asked)
        if not is_currency(pair.raw.get("quote")):
            raise refused(NAME, "quote", pair.raw.get("quote"), "the code of a currency")
    newest = recent_day(max(pair.day("date") for pair in pairs), reply, NEWEST, NAME, "date")
    quoted = [pair for pair in pairs if newest - pair.day("date") <= SAME_WEEK]
    return Rates(asked, {asked: 1.0} | {pair.text("quote"): pair.number("rate") for pair in quoted}, newest)


def _ask_v1(base: str, asked: str, key: str) -> Request:
    return Request(f"{base}/v1/latest", {"base": currency(asked)})


def _read_v1(reply: Reply, asked: str) -> Rates:
    """{"amount": 1.0, "base", "date", "rates": {…}}; the base is not among the rates."""
    body = Fields.of(body_of(reply, NAME), NAME)
    _same(body.text("base"), asked)
    if body.number("amount") != 1:
        raise refused(NAME, "amount", body.raw["amount"], "1")
    day = recent_day(body.day("date"), reply, NEWEST, NAME, "date")
    return Rates(asked, {asked: 1.0} | rates(body.object("rates")), day)


def _same(base: str, asked: str) -> None:
    if base != asked:
        raise refused(NAME, "base", base, asked)


RATES = Source[str, Rates](NAME, BASE, _ask_v2, _read_v2, per_minute=10)
RATES_V1 = Source[str, Rates](NAME, BASE, _ask_v1, _read_v1, per_minute=10)
