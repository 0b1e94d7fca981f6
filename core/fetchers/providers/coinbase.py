"""Coinbase: the spot price. Contract: docs.cdp.coinbase.com, "Prices"."""

from __future__ import annotations

from core.fetchers.fields import Fields, body_of, currency, refused
from core.fetchers.provider import Reply, Request, Source
from core.world import Price

NAME = "Coinbase"


def _ask_price(base: str, asked: str, key: str) -> Request:
    return Request(f"{base}/v2/prices/BTC-{currency(asked)}/spot")


def _read_price(reply: Reply, asked: str) -> Price:
    """{"data": {"amount": "64090.00", "base": "BTC", "currency": "USD"}}; the amount is text, there is no time."""
    data = Fields.of(body_of(reply, NAME), NAME).object("data")
    pair = (data.text("base"), data.text("currency"))
    if pair != ("BTC", asked):
        raise refused(NAME, "data", "-".join(pair), f"the pair BTC-{asked}")
    return Price(asked, data.written("amount"), reply.fetched_at)


PRICE = Source[str, Price](NAME, "https://api.coinbase.com", _ask_price, _read_price)
