"""One call over real sockets to a server that misbehaves: in time, within its size, and without a word of a key."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import hostile
import pytest
from ladder import road

from core.errors import SourceError
from core.fetchers import wire
from core.fetchers.http import Trouble, after_s, send
from core.fetchers.provider import Reply, Request, json_of
from core.fetchers.wire import Lookups, Road, session_on, trust

SOON_S = 0.6  # a deadline long enough for a loopback call on a busy machine
RELEASED_S = 1.0  # NET-01: the calling thread is free this much after the deadline at the latest


def took_s(request: Request, way: Road, match: str) -> float:
    """Seconds that a call takes until it fails as it should."""
    started = time.monotonic()
    with pytest.raises(Trouble, match=match):
        send(request, way)
    return time.monotonic() - started


def test_a_complete_reply_comes_back_whole(server: hostile.Server) -> None:
    server.on("/ok", hostile.json_reply({"usd": 1.5}, X_Seen="yes"))
    reply = send(Request(f"{server.base}/ok", {"a": "1"}, {"X-One": "1"}), road())
    assert (reply.status, json_of(reply), reply.headers["x-seen"]) == (200, {"usd": 1.5}, "yes")
    assert abs((datetime.now(UTC) - reply.fetched_at).total_seconds()) < 60
    assert server.seen[0].target == "/ok?a=1"
    assert server.seen[0].headers["x-one"] == "1"


def test_a_body_is_posted(server: hostile.Server) -> None:
    server.on("/rpc", hostile.json_reply({}))
    send(Request(f"{server.base}/rpc", body=b'{"method": "x"}'), road())
    assert (server.seen[0].method, server.seen[0].body) == ("POST", b'{"method": "x"}')


def test_a_packed_reply_is_unpacked(server: hostile.Server) -> None:
    import gzip

    server.on("/ok", hostile.reply(200, gzip.compress(b"[1]"), Content_Encoding="gzip"))
    assert json_of(send(Request(f"{server.base}/ok"), road())) == [1]


# NET-01: one deadline, whatever the server does


@pytest.mark.parametrize("act", [hostile.trickle_body, hostile.trickle_headers, hostile.hang], ids=lambda a: a.__name__)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_the_deadline_holds_against_a_server_that_dawdles(
    act: hostile.Act, tls: bool, server: hostile.Server, tls_server: hostile.Server, tmp_path: Path
) -> None:
    chosen = tls_server if tls else server
    chosen.on("/slow", act)
    way = road(SOON_S, ca_file=chosen.trust_file(tmp_path) if tls else None)
    assert took_s(Request(f"{chosen.base}/slow"), way, "in time") <= SOON_S + RELEASED_S
    assert chosen.hits("/slow") >= 1


def test_the_deadline_holds_in_half_a_tls_handshake() -> None:
    with hostile.Server(greet=hostile.hang) as silent:
        assert took_s(Request(f"https://127.0.0.1:{silent.port}/"), road(SOON_S), "in time") <= SOON_S + RELEASED_S


def test_the_deadline_holds_in_a_handshake_that_trickles() -> None:
    def bytes_of_a_record(connection: socket.socket, server: hostile.Server) -> None:
        connection.sendall(b"\x16\x03\x03\x40\x00")  # a handshake record of 16 KB …
        while not server.pause(hostile.PAUSE_S):
            connection.sendall(b"\x02")  # … byte by byte

    with hostile.Server(greet=bytes_of_a_record) as slow:
        assert took_s(Request(f"https://127.0.0.1:{slow.port}/"), road(SOON_S), "in time") <= SOON_S + RELEASED_S


def test_the_deadline_holds_while_names_are_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    stalled = threading.Event()
    monkeypatch.setattr(wire.socket, "getaddrinfo", lambda *a, **k: [1][stalled.wait(30) :])
    lookups, believed = Lookups(), trust()
    session_on(road()).close()  # loads what the first call of a process has to
    for _ in range(3):
        way = Road(time.monotonic() + 0.2, True, lookups, believed)
        assert took_s(Request("https://example.org/"), way, "name service") <= 0.2 + RELEASED_S
    waiting = [t for t in threading.enumerate() if t.name == "lookup example.org"]
    assert len(waiting) == 1, "all who ask for a name wait for the same lookup"
    stalled.set()
    waiting[0].join(RELEASED_S)
    assert not waiting[0].is_alive()


def test_stalled_lookups_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    stalled = threading.Event()
    monkeypatch.setattr(wire.socket, "getaddrinfo", lambda *a, **k: [1][stalled.wait(30) :])
    lookups = Lookups()
    before = threading.active_count()
    for n in range(20):
        with pytest.raises(SourceError):
            lookups.find(f"host{n}.example", 443, 0.01)
    assert threading.active_count() - before <= wire.MOST_LOOKUPS
    stalled.set()


def test_a_call_leaves_no_thread_and_no_socket_behind(server: hostile.Server) -> None:
    server.on("/slow", hostile.trickle_body)
    mine = {t for t in threading.enumerate() if t.name.startswith(("lookup", "call"))}
    took_s(Request(f"{server.base}/slow"), road(0.3), "in time")
    assert {t for t in threading.enumerate() if t.name.startswith(("lookup", "call"))} <= mine


# NET-02, NET-03: size; what it costs is measured in test_memory.py


def test_the_size_is_the_providers_own(server: hostile.Server) -> None:
    server.on("/some", hostile.reply(200, b"1" * 1001))
    assert len(send(Request(f"{server.base}/some"), road(), 1001).body) == 1001
    with pytest.raises(Trouble, match="more than"):
        send(Request(f"{server.base}/some"), road(), 1000)


# NET-04: Retry-After


def test_retry_after_is_read_as_number_or_date() -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def asked(text: str) -> float | None:
        return after_s(Reply(503, {"retry-after": text}, b"", now), now)

    assert asked("7") == 7
    assert asked(format_datetime(now + timedelta(seconds=90), usegmt=True)) == 90
    assert asked(format_datetime(now - timedelta(days=1), usegmt=True)) == 0
    assert asked("-5") == 0
    for nonsense in ("", "abc", "nan", "inf", "1e999", "Mon, 99 Foo 2026", "12 hours"):
        assert asked(nonsense) is None, nonsense


# NET-09: what is not the JSON it claims to be


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>Log in to this network</html>", "web page"),
        (b'\n  <!DOCTYPE html><p>{"a": 1}', "web page"),
        (b'{"a": 1, "b": [1, 2', "cut-off"),
        (b"[" * 200_000 + b"]" * 200_000, "too deep"),
        (b'{"usd": 1, "usd": 2}', "twice"),
        ('{"a": 1}'.encode("utf-16"), "UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "cut-off"),
        (b"", "nothing"),
        (b" \r\n", "nothing"),
        (b'{"a": NaN}', "finite"),
        (b'{"a": -Infinity}', "finite"),
        (b'{"a": 1e999}', "finite"),
        (b'{"a": ' + b"9" * 5000 + b"}", "cut-off"),
    ],
)
def test_what_is_not_sound_json_is_refused(body: bytes, why: str, server: hostile.Server) -> None:
    server.on("/json", hostile.reply(200, body))
    with pytest.raises(SourceError, match=why):
        json_of(send(Request(f"{server.base}/json"), road()))


def test_sound_json_is_read_with_or_without_a_byte_order_mark() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    for body in (b'{"a": [1, 2.5e3]}', b'\xef\xbb\xbf{"a": [1, 2.5e3]}'):
        assert json_of(Reply(200, {}, body, now)) == {"a": [1, 2500.0]}


def test_an_error_status_is_told_in_the_providers_words_but_not_in_markup() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    with pytest.raises(SourceError, match="HTTP 400: over the sea"):
        json_of(Reply(400, {}, b"over the sea", now))
    with pytest.raises(SourceError, match=r"HTTP 502$"):
        json_of(Reply(502, {}, b"<html>Bad gateway</html>", now))


def test_a_connection_that_breaks_is_worth_another_attempt(server: hostile.Server) -> None:
    server.on("/cut", hostile.cut)
    with pytest.raises(Trouble) as caught:
        send(Request(f"{server.base}/cut"), road())
    assert caught.value.passing


def test_a_refused_connection_is_said_to_be_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Trouble, match="failed or broke") as caught:
        send(Request(f"http://127.0.0.1:{port}/"), road())
    assert caught.value.passing


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 50,
        b"HTTP/1.1 999999 ?\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    ],
)
def test_a_reply_that_breaks_the_rules_of_http_is_trouble_or_unreadable(raw: bytes, server: hostile.Server) -> None:
    server.on("/odd", lambda connection, _: connection.sendall(raw))
    with pytest.raises(SourceError):
        json_of(send(Request(f"{server.base}/odd"), road(2.0)))
