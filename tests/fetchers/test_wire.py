"""Where a call may go, and what it may carry: keys, redirects, private networks, certificates."""

from __future__ import annotations

import logging
import socket
import traceback
from pathlib import Path

import hostile
import pytest
from ladder import road

from core.fetchers import wire
from core.fetchers.http import Trouble, redacted, secrets_of, send
from core.fetchers.provider import Request, json_of
from core.fetchers.wire import is_public

KEY = "canary+key/7f3a="


# NET-10, NET-11, NET-17, SEC-08: keys


def test_a_redirect_is_not_followed_and_no_key_leaves(server: hostile.Server) -> None:
    with hostile.Server() as canary:
        canary.on("/", hostile.json_reply({}))
        request = Request(
            f"{server.base}/go", {"appid": KEY}, {"X-API-Key": KEY, "Authorization": KEY}, secrets=frozenset({"appid"})
        )
        for to in (canary.base + "/", "file:///etc/passwd", "/go", "http://127.0.0.1:1/", "//evil.example/"):
            for status in (301, 302, 307, 308):
                server.on("/go", hostile.redirect(to, status))
                with pytest.raises(Trouble, match="redirect"):
                    send(request, road())
        assert canary.connections == 0
        assert server.hits("/go") == 20


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_away_from_encryption_is_not_followed(
    status: int, tls_server: hostile.Server, tmp_path: Path
) -> None:
    """NET-10: the canary of a downgrade to http sees no connection, and a loop is one call."""
    with hostile.Server() as canary:
        request = Request(f"{tls_server.base}/go/{status}", {"k": KEY}, {"X-API-Key": KEY}, secrets=frozenset({"k"}))
        for to in (canary.base + "/", f"/go/{status}", f"//127.0.0.1:{canary.port}/"):
            tls_server.on(f"/go/{status}", hostile.redirect(to, status))
            with pytest.raises(Trouble, match="redirect"):
                send(request, road(ca_file=tls_server.trust_file(tmp_path)))
        assert canary.connections == 0
        assert tls_server.hits(f"/go/{status}") == 3


def test_no_error_or_log_line_shows_a_key(server: hostile.Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("/cut", hostile.cut)
    server.on("/odd", hostile.reply(200, b"{}", **{"Bad Header": "x"}))
    shown = ""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    secret = frozenset({"appid", "X-API-Key"})
    send(Request(f"{server.base}/odd", {"appid": KEY}, secrets=secret), road())  # urllib3 warns of its headers
    addresses = (
        f"{server.base}/cut", f"http://127.0.0.1:{port}/", "http://nobody.invalid/", "ftp://x/",
        "http://[::1/", "http://127.0.0.1:99999/", f"http://user:{KEY}@127.0.0.1:{port}/",
    )  # fmt: skip
    for url in addresses:
        request = Request(url, {"appid": KEY}, {"X-API-Key": KEY}, secrets=secret)
        shown += repr(request)
        with pytest.raises(Trouble) as caught:
            send(request, road(2.0))
        error = caught.value
        assert error.__cause__ is None
        assert error.__context__ is None, "an error inside would carry the address"
        shown += "".join(traceback.format_exception(error)) + repr(error.details) + repr(error.args)
    assert len(caplog.records) >= 2
    shown += caplog.text
    for form in secrets_of(Request("http://x/", {"k": KEY}, secrets=frozenset({"k"}))):
        assert form not in shown


def test_netrc_proxies_and_cookies_are_not_used(
    server: hostile.Server, tls_server: hostile.Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login canary password canary\n")
    (tmp_path / ".netrc").chmod(0o600)
    with hostile.Server() as proxy:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.base)
            monkeypatch.setenv(name.lower(), proxy.base)
        server.on("/ok", hostile.json_reply({}, Set_Cookie="a=b"))
        send(Request(f"{server.base}/ok"), road())
        send(Request(f"{server.base}/ok"), road())
        tls_server.on("/ok", hostile.json_reply({}, Set_Cookie="a=b"))
        send(Request(f"{tls_server.base}/ok"), road(ca_file=tls_server.trust_file(tmp_path)))
        assert proxy.connections == 0
    heard = [seen.headers for seen in (*server.seen, tls_server.seen[-1])]
    assert [set(headers) & {"authorization", "cookie", "proxy-authorization"} for headers in heard] == [set()] * 3


def test_a_key_does_not_travel_without_encryption_unless_to_the_planners_own_host(server: hostile.Server) -> None:
    server.on("/ok", hostile.json_reply({}))
    request = Request(f"{server.base}/ok", {"k": KEY}, secrets=frozenset({"k"}))
    with pytest.raises(Trouble, match="without encryption"):
        send(request, road(own=False))
    assert server.connections == 0
    assert send(request, road(own=True)).status == 200


def test_words_are_redacted_cut_and_on_one_line() -> None:
    """SEC-09: a provider's words cannot forge a log line, colour a terminal or fill a disk."""
    secrets = secrets_of(Request("http://u:passw0rd@h/", headers={"Authorization": "Basic dTpwYXNzdzByZA=="}))
    text = 'bad key dTpwYXNzdzByZA== of passw0rd\n{"level": "fatal"}\x1b[31m' + "A" * 1_000_000
    line = redacted(text, secrets)
    assert line.startswith('bad key *** of *** {"level": "fatal"} [31m')
    assert len(line) <= 200
    assert line.isprintable()


# SEC-07: where a call may go


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("127.0.0.1", False), ("10.1.2.3", False), ("192.168.1.1", False), ("172.16.0.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
        ("255.255.255.255", False), ("::1", False), ("::", False), ("fe80::1%eth0", False), ("fd00::1", False),
        ("::ffff:127.0.0.1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
        ("1.1.1.1", True), ("2606:4700::1111", True), ("::ffff:1.1.1.1", True), ("64:ff9b::101:101", True),
    ],
)  # fmt: skip
def test_only_addresses_of_the_open_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_a_host_on_a_private_network_is_refused_unless_a_setting_names_it(host: str, server: hostile.Server) -> None:
    url = f"http://{host}:{server.port}/ok"
    with pytest.raises(Trouble, match="private network"):
        send(Request(url), road(own=False))
    assert server.connections == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "fd00::1"]
)
def test_a_name_that_leads_inside_is_refused_before_anything_is_dialled(
    address: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEC-07, 5 of 5 with a name that changes between check and connection: see the test after this one."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    dialled: list[object] = []
    found = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(wire.socket, "getaddrinfo", lambda *a, **k: found)
    monkeypatch.setattr(wire._PlainSocket, "connect", lambda self, to: dialled.append(to), raising=False)
    with pytest.raises(Trouble, match=r"mirror\.example is on a private network"):
        send(Request(f"{scheme}://mirror.example/"), road(own=False))
    assert dialled == []


def test_a_name_is_looked_up_once_so_that_it_cannot_change_between_check_and_connection(
    server: hostile.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [("1.1.1.1", server.port), ("127.0.0.1", server.port)]
    asked, dialled = [], []

    def rebinding(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", answers.pop(0))]

    def no_network(self: socket.socket, address: tuple[str, int]) -> None:
        dialled.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(wire.socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(wire._PlainSocket, "connect", no_network, raising=False)
    with pytest.raises(Trouble, match="failed or broke"):
        send(Request("http://rebinding.example/"), road(own=False))
    assert (asked, dialled) == (["rebinding.example"], ["1.1.1.1"])
    with pytest.raises(Trouble, match="private network"):
        send(Request("http://rebinding.example/"), road(own=False))
    assert dialled == ["1.1.1.1"]
    assert server.connections == 0


def test_a_host_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("1.1.1.1", "169.254.169.254")]
    monkeypatch.setattr(wire.socket, "getaddrinfo", lambda *a, **k: mixed)
    with pytest.raises(Trouble, match="private network"):
        send(Request("http://mixed.example/"), road(own=False))


def test_a_certificate_nobody_vouches_for_is_refused(tls_server: hostile.Server, tmp_path: Path) -> None:
    tls_server.on("/ok", hostile.json_reply({"a": 1}))
    url = f"{tls_server.base}/ok"
    with pytest.raises(Trouble, match="certificate"):
        send(Request(url), road())
    trusted = tls_server.trust_file(tmp_path)
    assert json_of(send(Request(url), road(ca_file=trusted))) == {"a": 1}
    with pytest.raises(Trouble, match="certificate"):  # the name counts too
        send(Request(url.replace("127.0.0.1", "localhost")), road(ca_file=trusted))


def test_the_second_address_of_a_host_is_tried_when_the_first_is_dead(
    server: hostile.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on("/ok", hostile.json_reply({}))
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
    ]
    monkeypatch.setattr(wire.socket, "getaddrinfo", lambda *a, **k: both)
    assert send(Request("http://two.example/ok"), road()).status == 200
