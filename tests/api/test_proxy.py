"""Behind the proxy as it is documented: who sends nothing or half a header is cut off, and all others are served. NET-15."""

from __future__ import annotations

import shutil
import socket
import ssl
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import trustme

from tests.browser.dashboard import OFFLINE, ROOT, free_port, serve

IDLE, HALF = 500, 100
CUT_S, UP_S = 30.0, 20.0
NAME = "mine.example.org"
HALF_A_HEADER = f"GET /api/v1/health/live HTTP/1.1\r\nHost: {NAME}\r\nX-Slow: ".encode()


@pytest.fixture
def nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        pytest.skip("nginx is not on this computer: the documented proxy is not tried")
    return found


@contextmanager
def proxied(nginx: str, server: str, folder: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The documented configuration on a free port, with a certificate of the test's own; the port, and who trusts it."""
    authority, port = trustme.CA(), free_port()
    certificate = authority.issue_cert(NAME)
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(folder / "chain.pem", append=True)
    told = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for documented, here in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("127.0.0.1:8501", server.removeprefix("http://")),
        ("/etc/ssl/mine.example.org.pem", str(folder / "chain.pem")),
        ("/etc/ssl/mine.example.org.key", str(folder / "key.pem")),
    ):
        assert documented in told
        told = told.replace(documented, here)
    (folder / "site.conf").write_text(told, encoding="utf-8")
    paths = "".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder / 'pid'}; error_log {folder / 'error.log'};"
        f" events {{ worker_connections 2048; }} http {{ access_log off; {paths} include {folder / 'site.conf'}; }}",
        encoding="utf-8",
    )
    process = subprocess.Popen([nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    try:
        _wait(port, process)
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        yield port, trusting
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + UP_S
    while time.monotonic() < end:
        assert process.poll() is None, "the proxy did not start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the proxy did not come up")


def speaking(port: int, trusting: ssl.SSLContext) -> ssl.SSLSocket:
    """A connection that has shaken hands."""
    return trusting.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname=NAME)


def is_cut(wire: socket.socket) -> bool:
    """Whether the other side has closed a connection."""
    wire.settimeout(0.001)
    try:
        return wire.recv(1024) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_those_who_send_nothing_are_cut_off_and_the_others_are_served(nginx: str, tmp_path: Path) -> None:
    world = {**OFFLINE, "SOLAR_MINING_TRUSTED_PROXY": "127.0.0.1", "SOLAR_MINING_HOSTS": NAME}
    with serve(tmp_path / "home", "server", world) as server, proxied(nginx, server, tmp_path) as (port, trusting), ExitStack() as open_ones:  # fmt: skip
        began, peer = time.monotonic(), ("127.0.0.1", port)
        slow = [open_ones.enter_context(socket.create_connection(peer, 10)) for _ in range(IDLE)]
        for _ in range(HALF):
            half = open_ones.enter_context(speaking(port, trusting))
            half.sendall(HALF_A_HEADER)
            slow.append(half)
        took: list[float] = []
        with httpx.Client(verify=trusting, base_url=f"https://127.0.0.1:{port}", timeout=10) as caller:
            while time.monotonic() - began < CUT_S and not all(is_cut(wire) for wire in slow):
                sent = time.perf_counter()
                answer = caller.get("/api/v1/health/live", headers={"Host": NAME}, extensions={"sni_hostname": NAME})
                took.append(time.perf_counter() - sent)
                assert answer.status_code == 200
                time.sleep(0.1)
        assert all(is_cut(wire) for wire in slow), f"{sum(not is_cut(wire) for wire in slow)} are still open"
        print(f"{IDLE} idle and {HALF} half-sent connections: cut within {time.monotonic() - began:.1f} s;"
              f" health p95 {1000 * statistics.quantiles(took, n=20)[-1]:.0f} ms of {len(took)}")  # fmt: skip


def test_pages_open_through_it_and_what_a_caller_says_of_itself_is_dropped(nginx: str, tmp_path: Path) -> None:
    world = {**OFFLINE, "SOLAR_MINING_TRUSTED_PROXY": "127.0.0.1", "SOLAR_MINING_HOSTS": NAME}
    with serve(tmp_path / "home", "server", world) as server, proxied(nginx, server, tmp_path) as (port, trusting):
        with httpx.Client(verify=trusting, base_url=f"https://127.0.0.1:{port}", timeout=30, headers={"Host": NAME}) as caller:  # fmt: skip
            sni = {"sni_hostname": NAME}
            page = caller.get("/", extensions=sni)
            assert page.status_code == 200
            assert page.headers["strict-transport-security"] == "max-age=31536000"
            forged = {"X-Forwarded-For": "127.0.0.1", "X-User": "local"}
            assert caller.get("/api/v1/market", headers=forged, extensions=sni).status_code == 401
        with speaking(port, trusting) as wire:
            wire.sendall(
                f"GET /_stcore/stream HTTP/1.1\r\nHost: {NAME}\r\nOrigin: https://{NAME}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
            )
            assert wire.recv(4096).startswith(b"HTTP/1.1 101")
