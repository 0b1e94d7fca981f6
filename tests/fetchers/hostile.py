"""A server on loopback that replays replies and misbehaves on purpose, plain or over TLS.

server = Server()                                  # or Server(tls=True); server.close() in the end
server.on("/price", json_reply({"usd": 1.0}))      # several replies are played in turn, the last one for ever
server.on("/slow", trickle_body)                   # or a function of (connection, server) that misbehaves
server.base, server.hits("/price"), server.seen    # address, calls counted by path, every request as it came
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Act = Callable[[socket.socket, "Server"], None]
ANY = "*"  # a path that stands for all without acts of their own
PAUSE_S = 0.05  # between two trickled bytes: any number of them passes a timeout of one read
MEGABYTE = b"7" * (1 << 20)


@dataclass(frozen=True)
class Seen:
    """A request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    raw: bytes = field(repr=False)
    at_s: float = 0.0  # time.monotonic

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


class Server:
    """Listens on 127.0.0.1 until closed; one thread per connection, one request per connection."""

    def __init__(self, tls: bool = False, greet: Act | None = None, port: int = 0) -> None:
        self._acts: dict[str, list[Act]] = {}
        self._greet = greet  # acts on a connection before anything is read, the TLS handshake included
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._context, self.authority = _certificate() if tls else (None, None)
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.base = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.seen: list[Seen] = []
        self.connections = 0
        threading.Thread(target=self._serve, name="hostile server", daemon=True).start()

    def on(self, path: str, *acts: Act) -> Server:
        """What happens at a path, in turn; the last one from then on."""
        self._acts[path] = list(acts)
        return self

    def hits(self, path: str) -> int:
        return sum(seen.path == path for seen in self.seen)

    def trust_file(self, folder: Path) -> Path:
        """The certificate of whoever signed this server's, as a file."""
        assert self.authority is not None
        path = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(path))
        return path

    def pause(self, seconds: float) -> bool:
        """Waits, or returns True at once when the server is closed."""
        return self._stop.wait(seconds)

    def close(self) -> None:
        self._stop.set()
        self._socket.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            connection.settimeout(30)
            if self._greet:
                self._greet(connection, self)
            if self._context is None:
                self._answer(connection)
            else:
                with self._context.wrap_socket(connection, server_side=True) as secured:
                    self._answer(secured)

    def _answer(self, connection: socket.socket) -> None:
        seen = _received(connection)
        with self._lock:
            self.seen.append(seen)
            acts = self._acts.get(seen.path) or self._acts.get(ANY, [])
            act = acts.pop(0) if len(acts) > 1 else acts[0] if acts else reply(404, b"no such path")
        act(connection, self)


def _received(connection: socket.socket) -> Seen:
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += _more(connection)
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += _more(connection)
    method, target, _ = first.split(" ")
    return Seen(method, target, headers, body, head + b"\r\n\r\n" + body, time.monotonic())


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ValueError("the caller hung up")
    return part


def _certificate() -> tuple[ssl.SSLContext, Any]:
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context, authority


# What a server can do, well or badly -----------------------------------------------------------------------------


def head(status: int = 200, **headers: object) -> bytes:
    """A status line and headers; underscores in names stand for hyphens."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Said", "Connection: close", *lines, "", ""]).encode()


def reply(status: int = 200, body: bytes = b"", **headers: object) -> Act:
    """A complete reply."""
    return lambda connection, server: connection.sendall(
        head(status, Content_Length=len(body), **{"Content_Type": "application/json", **headers}) + body
    )


def json_reply(value: Any, status: int = 200, **headers: object) -> Act:
    return reply(status, json.dumps(value).encode(), **headers)


def after(seconds: float, act: Act) -> Act:
    """Something, a while later."""

    def later(connection: socket.socket, server: Server) -> None:
        if not server.pause(seconds):
            act(connection, server)

    return later


def hang(connection: socket.socket, server: Server) -> None:
    """Accepts and says nothing."""
    server.pause(60)


def cut(connection: socket.socket, server: Server) -> None:
    """Hangs up in the middle of the body."""
    connection.sendall(head(Content_Length=400) + b'{"a": 1')


def trickle_body(connection: socket.socket, server: Server) -> None:
    """A body byte by byte, for ever."""
    connection.sendall(head(Content_Length=100_000))
    _trickle(connection, server)


def trickle_headers(connection: socket.socket, server: Server) -> None:
    """A header byte by byte, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _trickle(connection, server)


def _trickle(connection: socket.socket, server: Server) -> None:
    while not server.pause(PAUSE_S):
        connection.sendall(b"x")


HOW = {  # to send a gigabyte: what the head says, and how a megabyte is wrapped
    "with its length": ({"Content_Length": 1 << 30}, b"", MEGABYTE),
    "until it hangs up": ({}, b"", MEGABYTE),
    "in chunks": ({"Transfer_Encoding": "chunked"}, b"", b"100000\r\n" + MEGABYTE + b"\r\n"),
    "in one chunk": ({"Transfer_Encoding": "chunked"}, b"40000000\r\n", MEGABYTE),
}


def gigabyte(how: str, status: int = 200) -> Act:
    """A gigabyte, in one of the ways of HOW."""
    headers, first, part = HOW[how]

    def flood(connection: socket.socket, server: Server) -> None:
        connection.sendall(head(status, **headers, Location="/elsewhere") + first)
        for _ in range(1024):
            connection.sendall(part)

    return flood


def bomb(packed: bytes, encoding: str, status: int = 200) -> Act:
    """A megabyte that unpacks to a gigabyte."""
    return reply(status, packed, Content_Encoding=encoding, Location="/elsewhere")


def packed_gigabyte(encoding: str) -> bytes:
    """A gigabyte of zeros, packed, with a wrong sum at its end, which nobody should come to; gzip or deflate."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    first, again = (packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * 1023 + packer.flush()  # after a full flush the same block packs to the same bytes


def redirect(to: str, status: int = 302) -> Act:
    return reply(status, b"", Location=to)


SAID = '{{"error": true, "reason": "{0}", "message": "{0}", "errors": ["{0}"], "status": {{"error_message": "{0}"}}}}'


def echo(status: int = 200, like: str = SAID, skip: int = 0) -> Act:
    """A reply that says again all it was told, address, headers and body, but for its first `skip` characters."""

    def repeat(connection: socket.socket, server: Server) -> None:
        heard = server.seen[-1].raw.decode("latin-1").replace('"', "'").replace("\r\n", " ")
        body = like.format(heard[skip:])
        reply(status, body.encode(), Location=f"/again?{heard.split()[1]}")(connection, server)

    return repeat
