"""Tariffs asked of OpenEI, read from files, and what of them is believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.errors import FileError, FileTooLarge, SourceError, ValidationError
from core.fetchers.ask import ask
from core.fetchers.packing import packed, unpacked
from core.fetchers.providers import openei
from core.fetchers.spots import Spot
from core.fetchers.tariffs import TARIFF, TARIFFS, tariff_doubt
from core.fetchers.urdb import read_tariff, tariff_of
from core.fetchers.world import Access, World
from core.world import Charge, DemandTier, Tariff
from tests.fetchers.replies_bitcoin import reply
from tests.fetchers.replies_energy import COMING, DAY_S, EXPIRED, LABEL, NEAR, NOW_S, OLDER, RATE, SEARCH, rate

E, F = "energyratestructure", "flatdemandstructure"


def told(**changes: Any) -> Tariff:
    return tariff_of(rate(**changes), "file")


# What OpenEI is asked, and answers


def test_tariffs_are_asked_for_by_place_sector_and_day_and_the_key_is_secret() -> None:
    request = openei.NEAR.request("https://api.openei.org", SEARCH, "s3cret")
    assert request.url == "https://api.openei.org/utility_rates"
    assert request.secrets == {"api_key"}
    shown = {k: request.params[k] for k in ("version", "lat", "lon", "sector", "detail", "limit", "effective_on_date")}
    assert shown == {
        "version": "7", "lat": "31.9000", "lon": "-102.1000", "sector": "Industrial", "detail": "minimal", "limit": "500",
        "effective_on_date": str(NOW_S),
    }  # fmt: skip
    full = openei.RATE.request("https://m", LABEL, "s3cret").params
    assert (full["getpage"], full["detail"]) == (LABEL, "full")


def test_the_list_holds_what_is_in_force_and_not_replaced() -> None:
    found = openei.NEAR.read(reply(NEAR), SEARCH)
    assert [entry.label for entry in found.entries] == [COMING, LABEL]
    assert not {OLDER, EXPIRED} & {entry.label for entry in found.entries}
    assert found.complete
    later = replace(SEARCH, on=date(2026, 6, 30))
    assert [entry.label for entry in openei.NEAR.read(reply(NEAR), later).entries] == [LABEL]
    last_day = replace(SEARCH, on=date(2026, 4, 28))
    assert EXPIRED in {entry.label for entry in openei.NEAR.read(reply(NEAR), last_day).entries}


def test_a_leap_day_is_a_day_like_others() -> None:
    start = 1_709_164_800  # 2024-02-29 00:00 UTC
    tariff = told(startdate=start, enddate=start + DAY_S)
    assert (tariff.entry.start, tariff.entry.end) == (date(2024, 2, 29), date(2024, 3, 1))
    assert tariff.entry.in_force(date(2024, 2, 29))
    assert not tariff.entry.in_force(date(2024, 2, 28))
    assert not tariff.entry.in_force(date(2024, 3, 2))


def test_a_place_without_tariffs_has_none_and_a_full_page_is_not_complete() -> None:
    assert openei.NEAR.read(reply({"items": []}), SEARCH).entries == ()
    page = [{**NEAR["items"][0], "label": f"{n:024x}", "supercedes": ""} for n in range(500)]
    found = openei.NEAR.read(reply({"items": page}), SEARCH)
    assert (len(found.entries), found.complete) == (500, False)


@pytest.mark.parametrize(
    ("source", "asked", "body", "said"),
    [
        (openei.NEAR, SEARCH, {"errors": ["Invalid lat/lon"]}, "OpenEI refuses: Invalid lat/lon"),
        (
            openei.RATE,
            LABEL,
            {"error": {"code": "API_KEY_INVALID", "message": "An invalid api_key"}},
            "API_KEY_INVALID",
        ),
        (openei.RATE, LABEL, {"items": []}, "items is not the one rate"),
        (openei.RATE, LABEL, {"items": [RATE, RATE]}, "items is not the one rate"),
        (openei.RATE, OLDER, {"items": [RATE]}, "label is not"),
        (openei.NEAR, SEARCH, {"items": [{"label": "x", "sector": "Industrial"}]}, "label is not 24 digits"),
        (openei.NEAR, SEARCH, {"items": [{"label": LABEL, "sector": "Residential"}]}, "sector is not Industrial"),
        (openei.NEAR, SEARCH, {"items": {}}, "items is not a list"),
        (openei.NEAR, SEARCH, json.dumps("{"), "OpenEI items|OpenEI answered|OpenEI: "),
    ],
)
def test_what_openei_refuses_or_answers_wrongly_is_an_error(source: Any, asked: Any, body: Any, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        source.read(reply(body), asked)


def test_json_within_json_is_read_as_well() -> None:
    inside = json.dumps(json.dumps({"items": [RATE]})).encode()
    assert openei.RATE.read(reply(inside), LABEL) == openei.RATE.read(reply({"items": [RATE]}), LABEL)


def test_what_cannot_be_asked_is_not_asked() -> None:
    for label in ("", "../../x", LABEL.upper(), LABEL + "\n", LABEL[:-1]):
        with pytest.raises(ValidationError, match="24 digits"):
            openei.RATE.request("https://m", label, "k")
    with pytest.raises(ValidationError, match="sector"):
        openei.TariffSearch(Spot(0, 0), "industrial", date(2026, 1, 1))  # type: ignore[arg-type]


# Files


@pytest.mark.parametrize(
    "wrap", [lambda r: r, lambda r: {"items": [r]}, lambda r: [r], json.dumps, lambda r: json.dumps([r])]
)
def test_a_file_may_be_a_record_a_reply_or_either_as_text(wrap: Any) -> None:
    assert read_tariff(json.dumps(wrap(RATE)).encode()) == told()
    assert read_tariff(b"\xef\xbb\xbf" + json.dumps(wrap(RATE)).encode()) == told()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "nothing"),
        (b"PK\x03\x04\xff", "not UTF-8"),
        (b"<html>", "a web page"),
        (b"5", "is not an object"),
        (b"[]", "items is not one rate"),
        (b'{"items": []}', "items is not one rate"),
        (json.dumps([RATE, RATE]).encode(), "items is not one rate"),
        (b'{"label": 1, "label": 2}', "twice"),
        (b'{"energyratestructure": [[{"rate": NaN}]]}', "not finite"),
        (b'{"energyratestructure": [[{"rate": 1e999}]]}', "not finite"),
        (b"[" * 100_000, "too deep"),
        (b'"{"', "broken"),
        (json.dumps(RATE).encode()[:500], "broken or cut-off"),
    ],
)
def test_a_file_that_holds_no_rate_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(FileError, match=said) as caught:
        read_tariff(data)
    assert caught.value.expected
    assert caught.value.field
    assert "answered" not in caught.value.message


def test_a_file_beyond_its_size_is_not_parsed() -> None:
    with pytest.raises(FileTooLarge):
        read_tariff(b"[" * 2_000_000)


def test_a_field_of_a_file_is_named() -> None:
    with pytest.raises(FileError) as caught:
        read_tariff(json.dumps(rate(flatdemandmonths=[9] * 12)).encode())
    assert caught.value.field == "flatdemandmonths[0]"
    assert caught.value.details["value"] == 9.0


# What is believed


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({}, ""),
        ({E: [[{"rate": 6.1}], [{"rate": 0.06}]]}, "a kWh costs 6.1 USD"),
        ({E: [[{"rate": 0.06}], [{"rate": -0.6}]]}, "a kWh costs -0.6 USD"),
        ({E: [[{"rate": 0.06, "sell": 6}], [{"rate": 0.06}]]}, "fed in earns 6 USD"),
        ({F: [[{"rate": 950}], [{"rate": 1}]]}, "demand costs 950 USD"),
        ({"fixedchargefirstmeter": -5}, "a month costs -5 USD"),
        ({"mincharge": 2e6}, "a year costs 2e\\+06 USD"),
    ],
)
def test_prices_beyond_those_of_america_are_doubted(changes: dict[str, Any], doubt: str) -> None:
    said = tariff_doubt(told(**changes), LABEL)
    assert (said == "") == (doubt == "")
    assert doubt.replace("\\", "") in said


def test_a_tariff_comes_back_from_the_cache_as_it_was() -> None:
    for question, value in ((TARIFF, told()), (TARIFFS, openei.NEAR.read(reply(NEAR), SEARCH))):
        assert question.unpack(question.pack(value)) == value  # type: ignore[attr-defined]
    assert unpacked(Tariff)(packed(told())) == told()


def test_a_tariff_without_a_key_is_not_made_up() -> None:
    for question, asked in ((TARIFFS, SEARCH), (TARIFF, LABEL)):
        with pytest.raises(SourceError, match=f"no source could answer {question.name}"):
            ask(question, asked, World(None, Access()))  # type: ignore[arg-type, type-var]


# Records of the database, where the validation data is at hand


@pytest.mark.data
def test_real_records_are_read_and_believed(validation_data: Any) -> None:
    folder = validation_data / "api_payloads" / "energy"
    power = read_tariff((folder / "urdb_rate_539f6a23ec4f024411ec8beb.json").read_bytes())
    assert tariff_doubt(power, "") == ""
    assert power.energy is not None
    assert [tier.usd_per_kwh for tier in power.energy.periods[1]] == [0.042, 0.029]
    assert (power.entry.start, power.entry.utility) == (date(2012, 5, 1), "South Central Public Pwr Dist")
    assert power.flat_demand is not None
    assert power.flat_demand.periods[1][0] == DemandTier(16.3, 0.0, 100.0)
    sam = read_tariff((folder / "urdb_v7_pysam.json").read_bytes())
    assert tariff_doubt(sam, "") == ""
    assert sam.minimums == (Charge(1.0, "month"), Charge(12.0, "year"))
    assert sam.flat_demand is not None
    assert sam.flat_demand.months == (0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 1, 1)
    assert sam.notes == ()
