"""What stands before the server: names it goes by, what is read and how much of it, and who may write (API-04 to 07, 11)."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.serving import PREFIX, UNHURRIED, Served, answer_of, error_in, posted, sent
from tests.browser.dashboard import serve

CONFIGS = f"{PREFIX}/system-configs"
BODY = b'{"name": "from afar"}'
FRIEND = "https://plans.example.org"
UPGRADE = (
    "GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def kept(client: httpx.Client) -> int:
    return len(client.get("/system-configs?limit=100&name=from afar").json()["items"])


def resident_mb(served: Served) -> float:
    """Resident memory of the process that listens at an address [MB]."""
    port = f":{served.peer[1]:04X} "
    listening = {
        line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines() if port in line and " 0A " in line
    }
    for process in Path("/proc").glob("[0-9]*"):
        try:
            links = {os.readlink(fd) for fd in (process / "fd").iterdir()}  # noqa: PTH115
        except OSError:
            continue
        if links & {f"socket:[{inode}]" for inode in listening}:
            return int(re.findall(r"VmRSS:\s+(\d+)", (process / "status").read_text())[0]) / 1024
    raise AssertionError("nobody listens")


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:8501", "[::1]:80", "localhost."])
def test_names_of_this_computer_are_known(host: str, served: Served) -> None:
    assert sent(served, f"GET {PREFIX}/health/live HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8501", "", "localhost@evil"])
@pytest.mark.parametrize("path", [f"{PREFIX}/health/live", "/", "/_stcore/health"])
@pytest.mark.parametrize("extra", ["", "X-Forwarded-For: 203.0.113.9\r\n"])
def test_another_name_is_refused_for_pages_and_api_alike(host: str, path: str, extra: str, served: Served) -> None:
    answer = sent(served, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{extra}\r\n".encode())
    assert answer.status == 421
    error_in(answer.json, "FORBIDDEN")


def test_the_websocket_is_opened_under_a_known_name_alone(served: Served) -> None:
    assert sent(served, UPGRADE.format(host="localhost").encode()).status == 101
    assert sent(served, UPGRADE.format(host="evil.example").encode()).status == 403


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with a name of its own, which scripts of one other site may call."""
    home = tmp_path_factory.mktemp("named") / "home"
    world = {**UNHURRIED, "SOLAR_MINING_HOSTS": "mine.example.org", "SOLAR_MINING_CORS_ORIGINS": FRIEND}
    with serve(home, "local", world) as address:
        yield Served(address, home)


@pytest.mark.parametrize(("host", "status"), [("mine.example.org", 200), ("localhost", 200), ("evil.example", 421)])
def test_a_setting_names_the_server(host: str, status: int, named: Served) -> None:
    answer = sent(named, f"GET {PREFIX}/health/live HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert answer.status == status


# --- who may write --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403, "FORBIDDEN"),
        ({"Sec-Fetch-Site": "same-site"}, 403, "FORBIDDEN"),
        ({"Origin": "https://evil.example"}, 403, "FORBIDDEN"),
        ({"Origin": "null"}, 403, "FORBIDDEN"),
        ({"Content-Type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": "application/json; charset=utf-16"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Encoding": "gzip"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_what_another_site_can_send_changes_nothing(
    headers: dict[str, str], status: int, code: str, client: httpx.Client
) -> None:
    before = kept(client)
    answer = client.post("/system-configs", content=BODY, headers={"Content-Type": "application/json", **headers})
    assert answer.status_code == status
    error_in(answer.json(), code)
    assert kept(client) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_other_writes_are_guarded_too(method: str, client: httpx.Client) -> None:
    made = client.post("/system-configs", json={"name": "guarded"}).json()
    headers = {"Origin": "https://evil.example", "If-Match": '"1"'}
    answer = client.request(method, f"/system-configs/{made['id']}", json={"name": "x"}, headers=headers)
    assert answer.status_code == 403
    assert client.get(f"/system-configs/{made['id']}").json()["version"] == 1


def test_the_servers_own_pages_and_programs_may_write(client: httpx.Client, served: Served) -> None:
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": served.address}, {"Sec-Fetch-Site": "none"}, {}):
        assert client.post("/system-configs", json={"name": "own"}, headers=headers).status_code == 201


# --- CORS -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", [FRIEND, "https://evil.example", "null", f"{FRIEND}.evil.example", ""])
def test_scripts_of_listed_origins_alone_may_read(origin: str, named: Served) -> None:
    headers = {"Origin": origin} if origin else {}
    told = httpx.get(f"{named.address}{PREFIX}/health/live", headers=headers).headers
    assert told.get("access-control-allow-origin") == (FRIEND if origin == FRIEND else None)
    assert "access-control-allow-credentials" not in told
    assert told["vary"] == "Origin", "a cache must not give the answer to one origin to another"


def test_a_browser_that_asks_first_is_told(named: Served) -> None:
    ask = {"Origin": FRIEND, "Access-Control-Request-Method": "PUT"}
    allowed = httpx.options(f"{named.address}{CONFIGS}/x", headers=ask)
    assert allowed.status_code == 204
    assert "PUT" in allowed.headers["access-control-allow-methods"]
    assert "X-API-Key" in allowed.headers["access-control-allow-headers"]
    refused = httpx.options(f"{named.address}{CONFIGS}/x", headers={**ask, "Origin": "https://evil.example"})
    assert refused.status_code == 405
    assert not [name for name in refused.headers if name.startswith("access-control-")]


def test_a_listed_origin_may_write(named: Served) -> None:
    headers = {"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"}
    assert httpx.post(f"{named.address}{CONFIGS}", json={"name": "friend"}, headers=headers).status_code == 201


def test_where_no_origin_is_listed_no_header_speaks_of_them(client: httpx.Client) -> None:
    told = client.get("/health/live", headers={"Origin": FRIEND}).headers
    assert not [name for name in told if name.startswith("access-control-")]


# --- how much is read -----------------------------------------------------------------------------


def test_a_body_that_never_ends_is_cut_and_not_kept_in_memory(served: Served) -> None:
    """400 MB in chunks: refused after one, and the sender is cut off."""
    before_mb, chunk = resident_mb(served), b"10000\r\n" + b"x" * 65536 + b"\r\n"
    head = posted(CONFIGS, b"", Content_Length="", Transfer_Encoding="chunked")
    pushed, began_s = 0, time.monotonic()
    with socket.create_connection(served.peer, 10) as wire:
        wire.sendall(head)
        try:
            while pushed < 400 * 2**20:
                wire.sendall(chunk)
                pushed += 65536
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            raise AssertionError("all of it was taken")
    assert pushed < 40 * 2**20
    assert resident_mb(served) - before_mb < 10
    assert time.monotonic() - began_s < 5


def test_a_body_just_too_large_in_chunks_is_answered(served: Served) -> None:
    whole = b"10000\r\n" + b" " * 65536 + b"\r\n"
    request = posted(CONFIGS, b"", Content_Length="", Transfer_Encoding="chunked") + whole * 16 + b"1\r\n \r\n"
    answer = sent(served, request)
    assert answer.status == 413
    error_in(answer.json, "PAYLOAD_TOO_LARGE")
    assert answer.headers["connection"] == "close"


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(served: Served) -> None:
    answer = sent(served, posted(CONFIGS, b"", Content_Length="2000000"))
    assert answer.status == 413
    error_in(answer.json, "PAYLOAD_TOO_LARGE")


def test_a_megabyte_is_read(client: httpx.Client) -> None:
    body = b'{"name": "large"' + b" " * (2**20 - 17) + b"}"
    assert len(body) == 2**20
    told = {"Content-Type": "application/json"}
    assert client.post("/system-configs", content=body, headers=told).status_code == 201
    assert client.post("/system-configs", content=body + b" ", headers=told).status_code == 413


@pytest.mark.parametrize("length", ["5", "1000"])
def test_a_false_length_harms_nobody(length: str, served: Served, client: httpx.Client) -> None:
    """Said shorter, what follows is no request, which the HTTP reader says; said longer, the caller that leaves is let go."""
    with socket.create_connection(served.peer, 5) as wire:
        wire.sendall(posted(CONFIGS, BODY, Content_Length=length))
        if length == "5":
            assert answer_of(wire).status == 400
    assert client.get("/health/live").status_code == 200


def test_a_long_address_and_large_headers_are_refused(client: httpx.Client) -> None:
    long = client.get("/equipment?text=" + "x" * 20_000)
    assert long.status_code == 414
    error_in(long.json(), "PAYLOAD_TOO_LARGE")
    large = client.get("/health/live", headers={"X-Pad": "x" * 17_000})
    assert large.status_code == 431
    error_in(large.json(), "PAYLOAD_TOO_LARGE")


# --- addresses and methods ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/projections", "/api/v1/nothing", "/api/v1/equipment/", "/api/v1/projections//", "/api/%0A", "/api/v1/%0A/x", "/api/v1/a%00b"]
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_not_there_is_said_in_json(path: str, method: str, served: Served) -> None:
    answer = httpx.request(method, served.address + path)
    assert answer.status_code == 404
    error_in(answer.json(), "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PATCH", "/projections", "GET, POST"),
        ("PATCH", "/system-configs/x", "DELETE, GET, PUT"),
        ("DELETE", "/health/live", "GET"),
        ("HEAD", "/market", "GET"),
        ("OPTIONS", "/equipment", "GET, POST"),
        ("TRACE", "/equipment/x", "DELETE, GET, PUT"),
    ],
)
def test_another_method_is_refused_with_those_that_work(
    method: str, path: str, allow: str, client: httpx.Client
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allow
    assert answer.headers["content-type"] == "application/json"
    if method != "HEAD":
        error_in(answer.json(), "METHOD_NOT_ALLOWED")


# --- what every answer carries --------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/health/live", "/api/v1/nothing", "/api/v1/docs", "/", "/_stcore/health"])
def test_browsers_are_told_to_be_careful(path: str, served: Served) -> None:
    told = httpx.get(served.address + path).headers
    assert told["x-content-type-options"] == "nosniff"
    assert "frame-ancestors" in told["content-security-policy"]
    assert told["referrer-policy"] in ("no-referrer", "same-origin")


def test_a_request_id_goes_through_header_body_and_log(client: httpx.Client, log: Path) -> None:
    answer = client.get("/projections/none", headers={"X-Request-ID": "mine_42-a"})
    assert answer.headers["x-request-id"] == "mine_42-a"
    assert error_in(answer.json(), "NOT_FOUND")["request_id"] == "mine_42-a"
    deadline = time.monotonic() + 5  # the line is written once the answer has left
    while not (lines := [json.loads(line) for line in log.read_text().splitlines() if "mine_42-a" in line]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(lines) == 1
    told = {name: lines[0][name] for name in ("method", "path", "status")}
    assert told == {"method": "GET", "path": "/api/v1/projections/none", "status": 404}
    assert 0 < lines[0]["ms"] < 5000


def test_the_log_does_not_hold_what_opens_a_share(client: httpx.Client, log: Path) -> None:
    link = "0123456789abcdef" * 2
    client.get(f"/shares/{link}/content", headers={"X-Request-ID": "share-1"})
    deadline = time.monotonic() + 5
    while not (lines := [line for line in log.read_text().splitlines() if "share-1" in line]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert json.loads(lines[0])["path"] == "/api/v1/shares/01234567…/content"
    assert link not in log.read_text()


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "é", "<script>"])
def test_an_id_of_another_form_is_replaced(given: str, client: httpx.Client) -> None:
    answer = client.get("/health/live", headers=[(b"X-Request-ID", given.encode())])
    assert answer.headers["x-request-id"].startswith("req_")
