"""open.er-api.com: exchange rates once a day, without a key. Contract: exchangerate-api.com, "Open Access".

A failure comes with HTTP 200 as {"result": "error"}. Asking too often locks the address out for 20 minutes. The terms
ask for an attribution and forbid passing the rates on.
"""

from __future__ import annotations

from datetime import timedelta

from core.fetchers.fields import Fields, body_of, currency, failed, rates, recent, refused
from core.fetchers.provider import Reply, Request, Source
from core.world import Rates

NAME = "open.er-api.com"
NEWEST = timedelta(days=5)


def _ask_rates(base: str, asked: str, key: str) -> Request:
    return Request(f"{base}/v6/latest/{currency(asked)}")


def _read_rates(reply: Reply, asked: str) -> Rates:
    """{"result": "success", "time_last_update_unix": s, "base_code", "rates": {…}}; the base is among the rates."""
    body = Fields.of(body_of(reply, NAME), NAME)
    if body.raw.get("result") != "success":
        raise failed(NAME, body.raw.get("error-type"))
    if body.text("base_code") != asked:
        raise refused(NAME, "base_code", body.raw["base_code"], asked)
    at = recent(body.moment("time_last_update_unix"), reply, NEWEST, NAME, "time_last_update_unix")
    return Rates(asked, {asked: 1.0} | rates(body.object("rates")), at.date())


RATES = Source[str, Rates](
    NAME, "https://open.er-api.com", _ask_rates, _read_rates, per_minute=2, notice="Rates By Exchange Rate API"
)
