"""Bodies that other readers would take in silence, and values that are not quite right (API-02, SEC-05)."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.api.strict import DEEPEST, Unreadable, plain
from tests.api.serving import error_in

JSON = {"Content-Type": "application/json"}
UNREADABLE: dict[str, bytes] = {
    "NaN": b'{"array": {"dc_kw": NaN}}',
    "Infinity": b'{"array": {"dc_kw": -Infinity}}',
    "beyond the largest float": b'{"array": {"dc_kw": 1e999}}',
    "a whole number of 5,000 digits": b'{"array": {"dc_kw": ' + b"9" * 5000 + b"}}",
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
    "100 levels": b"[" * 100 + b"]" * 100,
    "100,000 objects in each other": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "bad UTF-8": b'{"name": "\xff\xfe"}',
    "truncated": b'{"name": "x"',
    "half a surrogate pair": b'{"name": "\\ud800"}',
    "half a surrogate pair in a name": b'{"\\udfff": 1}',
    "byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a name twice": b'{"name": "x", "name": "y"}',
    "a name twice, deep": b'{"array": {"dc_kw": 1, "dc_kw": 2}}',
    "single quotes": b"{'name': 'x'}",
    "a comment": b'{"name": "x"} // why',
    "a control character": b'{"name": "a\x00b"}',
}
REFUSED: dict[str, Any] = {
    "true for a number": {"array": {"dc_kw": True}},
    "true for a count": {"fleet": {"units": [{"model": "Antminer S21", "count": True}]}},
    "text for a number": {"array": {"dc_kw": "1000"}},
    "1e3 in text for a count": {"fleet": {"units": [{"model": "Antminer S21", "count": "1e3"}]}},
    "a broken count": {"fleet": {"units": [{"model": "Antminer S21", "count": 12.7}]}},
    "2^63 for a count": {"fleet": {"units": [{"model": "Antminer S21", "count": 2**63}]}},
    "negative": {"array": {"dc_kw": -5}},
    "no object": [],
    "only text": "scenario",
    "null": None,
    "an unknown name": {"minners": 3},
    "an owner": {"name": "x", "owner": "another"},
    "an id": {"name": "x", "id": "0" * 32},
    "a time": {"name": "x", "created_at": "2020-01-01T00:00:00Z"},
    "a role": {"name": "x", "is_admin": True},
    "a class": {"name": "x", "__class__": "Admin"},
    "a thousand unknown names": {f"n{i}": i for i in range(1000)},
    "an empty name": {"name": ""},
    "a long name": {"name": "x" * 100_000},
    "a newer schema": {"schema": 99},
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_refused_in_the_error_form(what: str, client: httpx.Client) -> None:
    began_s = time.perf_counter()
    answer = client.post("/system-configs", content=UNREADABLE[what], headers=JSON)
    took_s = time.perf_counter() - began_s
    assert answer.status_code == 400
    error = error_in(answer.json(), "VALIDATION_ERROR")
    assert error["details"]["field"] == "body"
    assert error["details"]["expected"]
    assert took_s < 5, f"{took_s * 1000:.0f} ms; 50 ms where nothing else runs"


@pytest.mark.parametrize("what", REFUSED)
def test_what_can_be_read_and_is_wrong_is_named(what: str, client: httpx.Client) -> None:
    answer = client.post("/system-configs", json=REFUSED[what])
    assert answer.status_code == 422
    error = error_in(answer.json(), "VALIDATION_ERROR")
    assert error["details"]["field"]
    assert error["details"]["expected"]
    assert len(answer.content) < 3000


def test_an_empty_body_is_none(client: httpx.Client) -> None:
    for answer in (client.post("/system-configs"), client.post("/system-configs", content=b"", headers=JSON)):
        assert answer.status_code == 422
        assert error_in(answer.json(), "VALIDATION_ERROR")["details"]["expected"] == "a value"


def test_a_refused_field_is_named_by_its_whole_path(client: httpx.Client) -> None:
    answer = client.post(
        "/projections",
        json={"scenario": {"fleet": {"units": [{"model": "Antminer S21", "count": 1}, {"model": "x", "count": -1}]}}},
    )
    details = error_in(answer.json(), "VALIDATION_ERROR")["details"]
    assert details["field"] == "scenario.fleet.units.1.count"
    assert details["value"] == -1


@pytest.mark.parametrize(
    "id",
    ["x", "0" * 32, "..", "%00", "%2e%2e%2f", "%0A", "a%0Ab", "%7F", "%5C", "1 OR 1=1", "é", "9223372036854775808"],
)
@pytest.mark.parametrize("kind", ["system-configs", "projections", "equipment"])
def test_ids_that_nothing_has_are_not_found(id: str, kind: str, client: httpx.Client) -> None:  # noqa: A002
    answer = client.get(f"/{kind}/{id}")
    assert answer.status_code == 404
    error_in(answer.json(), "NOT_FOUND")


@pytest.mark.parametrize(
    "query", ["latitude=nan&longitude=0", "latitude=inf&longitude=0", "latitude=91&longitude=0", "latitude=1", "latitude=1e999&longitude=0", "latitude=&longitude="]
)  # fmt: skip
def test_a_place_that_is_none_is_refused(query: str, client: httpx.Client) -> None:
    answer = client.get(f"/weather?{query}")
    assert answer.status_code == 422
    assert error_in(answer.json(), "VALIDATION_ERROR")["details"]["field"] in ("latitude", "longitude")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**300), 10**300) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(values)
def test_whatever_json_says_is_read_as_it_is(value: Any) -> None:
    assert plain(json.dumps(value).encode()) == value
    assert plain(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_nothing_else(raw: bytes) -> None:
    with suppress(Unreadable):
        json.dumps(plain(raw), allow_nan=False, ensure_ascii=False).encode()


def test_the_deepest_that_is_read() -> None:
    assert plain(b"[" * DEEPEST + b"]" * DEEPEST)
    with pytest.raises(Unreadable, match="levels"):
        plain(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))
