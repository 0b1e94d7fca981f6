"""What the currency providers are asked, what is read from their replies, and which rates are believed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.errors import SourceError
from core.fetchers import rates
from core.fetchers.provider import Reply
from core.fetchers.providers import frankfurter, mempool, open_er_api
from core.world import Rates
from tests.fetchers.replies_bitcoin import ER_API, FRANKFURTER_V1, FRANKFURTER_V2, MEMPOOL_PRICES, NOW, reply

TODAY = NOW.date()
DAY_S = 86_400.0
GOOD = Rates("USD", {"USD": 1.0, "EUR": 0.8651, "JPY": 150.25}, TODAY)


def test_frankfurter_v2_is_a_list_of_pairs_and_a_currency_no_longer_quoted_is_left_out() -> None:
    request = frankfurter.RATES.request("https://f", "USD", "")
    assert (request.url, request.params) == ("https://f/v2/rates", {"base": "USD"})
    assert frankfurter.RATES.read(reply(FRANKFURTER_V2), "USD") == GOOD


def test_frankfurter_v1_leaves_the_base_out_of_its_rates() -> None:
    told = frankfurter.RATES_V1.read(reply(FRANKFURTER_V1), "USD")
    assert told == Rates("USD", {"USD": 1.0, "EUR": 0.8651, "GBP": 0.7502}, TODAY)


def test_rates_of_another_base_or_amount_are_refused() -> None:
    for body, source in (
        ({**FRANKFURTER_V1, "base": "EUR"}, frankfurter.RATES_V1),
        ({**FRANKFURTER_V1, "amount": 100}, frankfurter.RATES_V1),
        ([{**FRANKFURTER_V2[0], "base": "EUR"}], frankfurter.RATES),
        ({**ER_API, "base_code": "EUR"}, open_er_api.RATES),
    ):
        with pytest.raises(SourceError, match=r"is not (USD|1)$"):
            source.read(reply(body), "USD")


def test_the_rates_of_friday_hold_over_easter_and_no_longer() -> None:
    friday = {**FRANKFURTER_V1, "date": "2026-04-02"}  # the Thursday before Good Friday; next rates on Tuesday
    tuesday = datetime(2026, 4, 7, 12, tzinfo=UTC)
    assert frankfurter.RATES_V1.read(reply(friday, at=tuesday), "USD").day == date(2026, 4, 2)
    with pytest.raises(SourceError, match="of the last 144 h"):
        frankfurter.RATES_V1.read(reply(friday, at=tuesday + timedelta(days=1)), "USD")


def test_open_er_api_tells_errors_with_http_200() -> None:
    with pytest.raises(SourceError, match="refuses: unsupported-code"):
        open_er_api.RATES.read(reply({"result": "error", "error-type": "unsupported-code"}), "USD")
    assert open_er_api.RATES.read(reply(ER_API), "USD").per_base["EUR"] == 0.865
    assert open_er_api.RATES.notice


def test_not_found_is_told_in_words() -> None:
    with pytest.raises(SourceError, match=r"Frankfurter answered HTTP 404.*not found"):
        frankfurter.RATES.read(reply({"message": "not found"}, 404), "USD")


def test_the_prices_of_bitcoin_imply_rates_where_they_are_not_minus_one() -> None:
    told = mempool.RATES.read(reply(MEMPOOL_PRICES), "USD")
    assert told.per_base["EUR"] == pytest.approx(65_600 / 75_900)
    assert told.per_base["USD"] == 1
    assert "CHF" not in told.per_base
    with pytest.raises(SourceError, match="CHF is not above 0"):
        mempool.RATES.read(reply(MEMPOOL_PRICES), "CHF")


# What is believed


@pytest.mark.parametrize("rate", [0.0, -0.8, 1e-9, 1e9, float("nan"), float("inf")])
def test_a_rate_out_of_bounds_is_doubted(rate: float) -> None:
    assert "the rate of EUR" in rates.rates_doubt(Rates("USD", {"USD": 1.0, "EUR": rate}, TODAY), "USD")
    assert rates.rates_doubt(GOOD, "USD") == ""


def test_rates_without_their_base_or_without_others_are_doubted() -> None:
    for per_base in ({"USD": 1.0}, {"EUR": 0.86, "JPY": 150.0}, {"USD": 1.01, "EUR": 0.86}):
        assert "beside USD at 1" in rates.rates_doubt(Rates("USD", per_base, TODAY), "USD")
    assert "beside EUR at 1" in rates.rates_doubt(GOOD, "EUR")


def test_a_main_currency_that_moves_by_half_at_once_is_a_jump() -> None:
    turned = Rates("USD", {**GOOD.per_base, "JPY": 1 / 150.25}, TODAY)
    assert "JPY jumped" in rates.rates_jump(turned, GOOD, 3600.0)
    yen_of_autumn_2022 = Rates("USD", {**GOOD.per_base, "JPY": 150.25 * 1.3}, TODAY)
    assert rates.rates_jump(yen_of_autumn_2022, GOOD, 200 * DAY_S) == ""
    assert rates.rates_jump(GOOD, GOOD, 0.0) == ""


def test_other_currencies_may_lose_half_or_strike_out_six_zeros() -> None:
    before, after = ({**GOOD.per_base, "ARS": 366.0, "VES": 4_200_000.0}, {**GOOD.per_base, "ARS": 800.0, "VES": 4.2})
    assert rates.rates_jump(Rates("USD", after, TODAY), Rates("USD", before, TODAY), DAY_S) == ""
    assert (
        rates.rates_jump(
            Rates("ARS", {"ARS": 1.0, "USD": 1 / 800}, TODAY), Rates("ARS", {"ARS": 1.0, "USD": 1 / 366}, TODAY), DAY_S
        )
        == ""
    )


def test_bundled_rates_are_the_euro_of_march_2026_from_either_side() -> None:
    usd, eur = rates.bundled_rates("USD"), rates.bundled_rates("EUR")
    assert eur.value.per_base["USD"] == pytest.approx(1.1568)  # Frankfurter, documentation of v2, 2026-03-25
    assert usd.value.per_base["EUR"] * eur.value.per_base["USD"] == pytest.approx(1.0)
    assert usd.observed_at == datetime(2026, 3, 25, tzinfo=UTC)
    for told in (usd, eur):
        assert rates.rates_doubt(told.value, told.value.base) == ""
    with pytest.raises(SourceError, match="no rates for NOK"):
        rates.bundled_rates("NOK")


@pytest.mark.data
@pytest.mark.parametrize(
    ("source", "asked", "name", "at", "code", "expected"),
    [
        (frankfurter.RATES_V1, "EUR", "frankfurter_v1_latest.json", datetime(2026, 3, 26, tzinfo=UTC), "USD", 1.1568),
        (
            frankfurter.RATES,
            "EUR",
            "frankfurter_v2_rates.constructed.json",
            datetime(2026, 3, 26, tzinfo=UTC),
            "USD",
            1.1568,
        ),
        (
            open_er_api.RATES,
            "USD",
            "open_er_api_latest_USD.constructed.json",
            datetime(2020, 4, 4, tzinfo=UTC),
            "EUR",
            0.919,
        ),
    ],
)
def test_documented_rates_are_read_and_believed(
    validation_data: Any, source: Any, asked: str, name: str, at: datetime, code: str, expected: float
) -> None:
    body = (validation_data / "api_payloads/fx" / name).read_bytes()
    told = source.read(Reply(200, {}, body, at), asked)
    assert told.per_base[code] == expected
    assert rates.rates_doubt(told, asked) == ""


@pytest.mark.data
@pytest.mark.parametrize(
    ("source", "name", "status"),
    [(open_er_api.RATES, "open_er_api_error.json", 200), (frankfurter.RATES, "frankfurter_error_404.json", 404)],
)
def test_documented_failures_are_failures(validation_data: Any, source: Any, name: str, status: int) -> None:
    body = (validation_data / "api_payloads/fx" / name).read_bytes()
    with pytest.raises(SourceError, match=source.name):
        source.read(Reply(status, {}, body, NOW), "USD")
