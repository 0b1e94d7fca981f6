"""The description of the API, and the page that shows it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from core.api.app import api, methods_at
from tests.api.serving import Served

OPEN = ("/shares/{id}/content",)  # for whoever has the link


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = api().openapi()["paths"]
    return [(path, method, told) for path, methods in paths.items() for method, told in methods.items()]


OPERATIONS = operations()
IDS = [f"{method} {path}" for path, method, _ in OPERATIONS]


@pytest.mark.parametrize(("path", "method", "told"), OPERATIONS, ids=IDS)
def test_every_operation_is_described_with_its_errors(path: str, method: str, told: dict[str, Any]) -> None:
    assert told["summary"]
    assert told["description"]
    assert told["tags"]
    statuses = set(told["responses"])
    assert {"403", "421", "500", "503"} <= statuses
    assert "429" in statuses or path.startswith("/health")
    if not path.startswith("/health") and path not in OPEN:
        assert {"401", "429"} <= statuses
        assert {"X-API-Key"} <= {name for one in told["security"] for name in _headers(one)}
    if "requestBody" in told:
        assert {"400", "413", "415", "422"} <= statuses
    if "{" in path:
        assert "404" in statuses
    for status, answer in told["responses"].items():
        if int(status) >= 400 and status != "503":
            schema = answer["content"]["application/json"]["schema"]
            assert schema["$ref"].endswith("/ErrorBody")


def _headers(security: dict[str, Any]) -> set[str]:
    schemes = api().openapi()["components"]["securitySchemes"]
    return {schemes[name]["name"] for name in security}


@pytest.mark.parametrize(("path", "method", "told"), OPERATIONS, ids=IDS)
def test_every_body_has_an_example_and_refuses_unknown_names(path: str, method: str, told: dict[str, Any]) -> None:
    if "requestBody" not in told:
        return
    schema = told["requestBody"]["content"]["application/json"]["schema"]
    named = api().openapi()["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    assert named.get("additionalProperties") is False or "anyOf" in named or "oneOf" in named, "extra names are refused"


def test_names_of_schemas_are_words_and_no_places_in_the_program() -> None:
    for name in api().openapi()["components"]["schemas"]:
        assert "__" not in name, name
        assert "core" not in name.lower().split("_"), name


def test_every_post_may_be_sent_again_but_for_those_that_are_named() -> None:
    told = {path: operation for path, method, operation in OPERATIONS if method == "post"}
    taken = {path for path in told if "Idempotency-Key" in {one["name"] for one in told[path].get("parameters", ())}}
    assert set(told) - taken == {"/keys", "/backups"}
    assert "but for keys and\nbackups" in api().description


def test_the_names_of_the_design_are_there() -> None:
    found = {(method.upper(), path) for path, method, _ in OPERATIONS}
    for path, methods in {
        "/health/live": "GET", "/health/ready": "GET", "/equipment": "GET POST", "/equipment/{id}": "GET PUT DELETE",
        "/system-configs": "GET POST", "/system-configs/{id}": "GET PUT DELETE", "/projections": "GET POST",
        "/projections/{id}": "GET DELETE", "/market": "GET", "/weather": "GET", "/rates": "GET", "/usage": "GET",
        "/shares": "GET POST", "/shares/{id}": "DELETE", "/keys": "GET POST", "/keys/{id}": "DELETE", "/audit": "GET",
    }.items():  # fmt: skip
        for method in methods.split():
            assert (method, path) in found


def test_operations_have_names_of_their_own() -> None:
    names = [told["operationId"] for _, _, told in OPERATIONS]
    assert len(names) == len(set(names))


def test_an_address_knows_its_methods() -> None:
    assert methods_at("/projections") == {"GET", "POST"}
    assert methods_at("/projections/x") == {"GET", "DELETE"}


def test_the_description_is_served_as_it_is_made(client: httpx.Client) -> None:
    assert client.get("/openapi.json").json() == api().openapi()


def test_the_page_loads_nothing_from_elsewhere(served: Served) -> None:
    docs = httpx.get(f"{served.address}/api/v1/docs")
    assert docs.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in docs.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', docs.text)
    assert {"docs/page.js", "docs/page.css"} <= set(loaded)
    for path in set(loaded):
        assert "//" not in path
        assert httpx.get(f"{served.address}/api/v1/{path}").status_code == 200
    script = httpx.get(f"{served.address}/api/v1/docs/page.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "http" not in script.text
    assert "innerHTML" not in script.text
