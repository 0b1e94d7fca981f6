"""The damage that every provider's reader must survive, and what every request must keep to itself."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from core.errors import SourceError, ValidationError
from core.fetchers.fields import moment
from core.fetchers.packing import packed, unpacked
from core.fetchers.providers import bitcoin_core
from tests.fetchers import replies_bitcoin, replies_energy
from tests.fetchers.replies_bitcoin import NOW, NOW_S, PAGE, Case, leaves, with_value

CASES = (*replies_bitcoin.CASES, *replies_energy.CASES)
NAMES = [case.name for case in CASES]
CHECKED = replies_bitcoin.CASES  # a tariff has fields that may say anything, or nothing: its own tests damage them


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_provider_fills_a_request_from_base_and_question_and_hides_its_key(case: Case) -> None:
    request = case.source.request("https://mirror.example", case.asked, "planner:s3cret")
    assert request.url.startswith("https://mirror.example/")
    assert "s3cret" not in request.url + repr(request)
    carried = {**request.params, **request.headers}
    carriers = {name for name, value in carried.items() if "s3cret" in value or value.startswith("Basic ")}
    assert carriers == request.secrets
    assert bool(carriers) == bool(case.source.key)
    assert all(isinstance(value, str) for value in (*request.params.values(), *request.headers.values()))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 502, 503, 529])
@pytest.mark.parametrize("body", [b"", PAGE, b'{"error": "Service Temporarily Unavailable"}', b"error code: 1015"])
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_an_error_status_is_a_source_error_that_names_the_provider(case: Case, status: int, body: bytes) -> None:
    with pytest.raises(SourceError, match=case.source.name):
        case.read(body, status)


BROKEN = {
    "empty": b"",
    "web page": PAGE,
    "half": b'{"data": {"amount": "759',
    "utf-16": '{"data": 1}'.encode("utf-16"),
    "null": b"null",
    "text": b'"ok"',
    "number": b"5",
    "list": b"[]",
    "object": b"{}",
    "list of null": b"[null]",
    "deep": b"[" * 100_000,
    "huge number": b'{"currentDifficulty": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_body_that_is_not_the_contract_is_a_source_error(case: Case, body: bytes) -> None:
    with pytest.raises(SourceError, match=case.source.name):
        case.read(body)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_body_cut_anywhere_is_a_source_error(case: Case) -> None:
    whole = json.dumps(case.body).encode()
    for end in range(1, len(whole), max(1, len(whole) // 40)):
        with pytest.raises(SourceError):
            case.read(whole[:end])


@pytest.mark.parametrize("case", CHECKED, ids=[case.name for case in CHECKED])
@pytest.mark.parametrize("value", [None, True, "", "1,5", "many", [], {}, float("nan"), float("inf"), 10**400])
def test_a_damaged_field_is_refused_or_was_of_no_use(case: Case, value: Any) -> None:
    good = case.read()
    for path in leaves(case.body):
        if path[-1] in ("time", "mediantime") and case.source in (bitcoin_core.NETWORK, bitcoin_core.RETARGET):
            continue  # one stands in for the other
        damaged = json.dumps(with_value(case.body, path, value)).encode()
        assert told_or_refused(case, damaged) in (good, None), path


def told_or_refused(case: Case, body: bytes) -> Any:
    """What is read, or None where a SourceError names the provider."""
    try:
        return case.read(body)
    except SourceError as error:
        return None if case.source.name in error.message else error


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_field_that_comes_twice_is_refused(case: Case) -> None:
    whole = json.dumps(case.body)
    twice = (
        whole.replace("{", '{"same": 1, "same": 2, ', 1) if "{" in whole else whole.replace("[[", '[{"a":1,"a":2},[', 1)
    )
    with pytest.raises(SourceError, match="twice"):
        case.read(twice.encode())


OBJECTS = [case for case in CASES if isinstance(case.body, dict) and case.source.name != "Kraken"]


@pytest.mark.parametrize("case", OBJECTS, ids=[case.name for case in OBJECTS])
def test_fields_a_provider_adds_do_no_harm(case: Case) -> None:
    assert case.read({**case.body, "added_in_2027": {"x": [1, None]}}) == case.read()


def test_stamps_in_seconds_and_in_milliseconds_are_the_same_moment() -> None:
    assert moment(NOW_S, "a", "b") == moment(NOW_S * 1000, "a", "b") == NOW
    assert moment(NOW_S + 0.25, "a", "b") == NOW + timedelta(seconds=0.25)
    for wrong in (0, -1, NOW_S // 2, NOW_S * 10, NOW_S * 1_000_000, "1700000000"):
        with pytest.raises(SourceError, match="a: b is not"):
            moment(wrong, "a", "b")


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_an_answer_comes_back_from_the_cache_as_it_was(case: Case) -> None:
    told = case.read()
    assert unpacked(type(told))(packed(told)) == told
    with pytest.raises(ValueError, match="validation error"):
        unpacked(type(told))(b'{"difficulty": null}')


NOT_ASKED_BY_CURRENCY = ("mempool price", "mempool rates", "chart price")  # they answer all of them, or dollars
BY_CURRENCY = [case for case in CASES if case.asked == "USD" and case.name not in NOT_ASKED_BY_CURRENCY]


@pytest.mark.parametrize("asked", ["USD/../../x", "usd", "US", "USD\n", "", "USD&x=1"])
@pytest.mark.parametrize("case", BY_CURRENCY, ids=[case.name for case in BY_CURRENCY])
def test_a_currency_that_is_no_code_never_reaches_an_address(case: Case, asked: str) -> None:
    with pytest.raises(ValidationError, match="three capital letters"):
        case.source.request("https://m", asked, "")
