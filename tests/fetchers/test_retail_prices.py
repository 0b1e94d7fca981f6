"""Prices of power by month from EIA: what is asked for, read and refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import SourceError, ValidationError
from core.fetchers import power_prices
from core.fetchers.ask import ask
from core.fetchers.power_prices import RETAIL
from core.fetchers.provider import Reply
from core.fetchers.providers import eia
from core.fetchers.world import Access, World
from core.world import RetailPrices
from tests.fetchers import replies_energy as make
from tests.fetchers.replies_bitcoin import reply
from tests.fetchers.replies_energy import eia_body, eia_row

TX = eia.StateSector("TX", "IND")


# EIA


def test_a_state_and_a_sector_are_asked_for_and_the_key_is_secret() -> None:
    request = eia.RETAIL.request("https://api.eia.gov", TX, "s3cret")
    assert request.url == "https://api.eia.gov/v2/electricity/retail-sales/data/"
    assert request.secrets == {"api_key"}
    assert request.params["data[]"] == "price"
    assert (request.params["facets[stateid][]"], request.params["facets[sectorid][]"]) == ("TX", "IND")


def test_cents_become_dollars_newest_first_and_months_without_a_price_are_left_out() -> None:
    told = eia.RETAIL.read(reply(make.RETAIL), TX)
    assert (told.state, told.sector) == ("TX", "IND")
    assert told.months == (date(2026, 2, 1), date(2025, 12, 1))
    assert told.usd_per_kwh == pytest.approx((0.0641, 0.0602))
    turned = eia_body(*reversed(make.RETAIL["response"]["data"]))
    assert eia.RETAIL.read(reply(turned), TX) == told


@pytest.mark.parametrize("total", ["1", 1])
@pytest.mark.parametrize("price", ["6.41", 6.41, "6"])
@pytest.mark.parametrize("units", ["cents per kilowatthour", "cents per kilowatt-hour"])
def test_numbers_come_as_text_or_as_numbers(total: Any, price: Any, units: str) -> None:
    told = eia.RETAIL.read(reply(eia_body(eia_row("2026-02", price, **{"price-units": units}), total=total)), TX)
    assert told.usd_per_kwh == (pytest.approx(float(price) / 100),)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (eia_body(), "data is not a list with at least one row"),  # what a name that is not known answers
        (eia_body(eia_row("2026-02", None)), "price is not known in any month"),
        (eia_body(eia_row("2026-02", "6.41"), total="7000"), "refuses: 1 of 7000 rows"),
        ({"warning": "parameter out of range", "description": "5000 rows"}, "refuses: parameter out of range: 5000"),
        ({**eia_body(eia_row("2026-02", "6.41"), total="7000"), "warning": "cut"}, "refuses: cut"),
        ({"error": "Invalid frequency 'x' provided.", "code": 400}, "refuses: Invalid frequency"),
        ({"error": {"code": "API_KEY_MISSING", "message": "No api_key"}}, "API_KEY_MISSING: No api_key"),
        (eia_body(eia_row("2026-02", "6.41", stateid="CA")), "stateid is not TX"),
        (eia_body(eia_row("2026-02", "6.41", sectorid="RES")), "sectorid is not IND"),
        (eia_body(eia_row("2026-02", "0.0641", **{"price-units": "dollars per kilowatthour"})), "price-units"),
        (eia_body(eia_row("2026-02", "6.41"), eia_row("2026-02", None)), "comes once"),
        (eia_body(eia_row("2026", "6.41")), "period is not a month"),
        (eia_body(eia_row("2026-13", "6.41")), "period is not a month"),
        (eia_body(eia_row("0000-01", "6.41")), "period is not a month"),
        (eia_body(eia_row("2026-02", "6,41")), "price is not"),
        (eia_body(eia_row("2026-02", True)), "price is not"),
        (eia_body(eia_row("2026-02", "NaN")), "price is not"),
        (eia_body(eia_row("2025-01", "6.41")), "last month is not of the last"),
        (eia_body(eia_row("2026-06", "6.41")), "last month is not of the last"),
        ({"response": []}, "response is not an object"),
        ({"response": {"total": "1", "data": [5]}}, "row is not an object"),
    ],
)
def test_what_eia_refuses_or_answers_wrongly_is_an_error(body: Any, said: str) -> None:
    with pytest.raises(SourceError, match=f"EIA:? {said}|EIA.*{said}"):
        eia.RETAIL.read(reply(body), TX)


def test_a_warning_beside_all_rows_does_no_harm() -> None:
    assert eia.RETAIL.read(reply({**make.RETAIL, "warning": "something else"}), TX).months


@pytest.mark.parametrize(("state", "sector"), [("tx", "IND"), ("ZZ", "IND"), ("TX&x=1", "IND"), ("TX", "ind")])
def test_a_state_or_sector_that_is_none_is_not_asked_for(state: str, sector: Any) -> None:
    with pytest.raises(ValidationError):
        eia.StateSector(state, sector)


def test_retail_prices_in_another_unit_or_after_a_jump_are_doubted() -> None:
    told = RetailPrices("TX", "IND", (date(2026, 2, 1), date(2026, 1, 1)), (0.0641, 0.06))
    assert power_prices.retail_doubt(told, TX) == ""
    assert power_prices.retail_doubt(replace(told, usd_per_kwh=(0.0641, 6.41)), TX) == "a kWh costs 6.41 USD"
    double = replace(told, usd_per_kwh=(0.16, 0.06))
    assert "jumped" in power_prices.retail_jump(double, told, 60.0)
    assert power_prices.retail_jump(double, told, 180 * 86_400.0) == ""
    assert power_prices.retail_jump(replace(told, usd_per_kwh=(0.12, 0.06)), told, 0.0) == ""
    assert power_prices.retail_month(told) == datetime(2026, 2, 1, tzinfo=UTC)
    assert RETAIL.unpack(RETAIL.pack(told)) == told


def test_retail_prices_without_a_key_are_not_made_up() -> None:
    with pytest.raises(SourceError, match="no source could answer retail prices"):
        ask(RETAIL, TX, World(None, Access()))


@pytest.mark.data
def test_documented_replies_of_eia_are_read_or_refused(validation_data: Path) -> None:
    folder = validation_data / "api_payloads" / "energy"
    body = (folder / "eia_v2_retail-sales_TX_IND.constructed.json").read_bytes()
    told = eia.RETAIL.read(Reply(200, {}, body, datetime(2026, 8, 1, tzinfo=UTC)), TX)
    assert (told.months, told.usd_per_kwh) == ((date(2026, 5, 1),), (pytest.approx(0.0641),))
    for name, said in (
        ("eia_v2_error_400.docs.json", "Invalid frequency"),
        ("eia_v2_error_403.json", "API_KEY_MISSING"),
        ("eia_v2_warning_truncated.docs.json", "parameter out of range"),
    ):
        with pytest.raises(SourceError, match=said):
            eia.RETAIL.read(reply((folder / name).read_bytes()), TX)
