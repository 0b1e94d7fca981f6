"""The wire: addresses checked before they are connected to, and sockets that keep one deadline.

A timeout of `requests` bounds a single read, not a call: one byte a second passes it for ever. Here every read,
write and handshake is given what is left until the deadline, so the calling thread is free when it passes.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from core.errors import SourceError

NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits
MOST_LOOKUPS = 8
LESS_THAN_ALL = 0.5  # share of the time left that an address gets while there are others to try
SEARCH_PART = re.compile(r"\?[^\s\"'>)]*")

Address = tuple[Any, ...]
Found = list[tuple[socket.AddressFamily, Address]]


@dataclass(frozen=True)
class Road:
    """How a call may travel: until when [monotonic s], and whether to a host on a private network."""

    deadline: float
    own: bool
    lookups: Lookups
    trust: ssl.SSLContext

    def left_s(self) -> float:
        """Seconds until the deadline; TimeoutError after it."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline passed")
        return left


class Lookups:
    """Names looked up on threads of their own, since nothing can interrupt the system's resolver.

    A name that is being looked up is waited for by all who ask; at most MOST_LOOKUPS are under way.
    """

    def __init__(self) -> None:
        self._pending: dict[tuple[str, int], _Lookup] = {}
        self._lock = threading.Lock()

    def find(self, host: str, port: int, wait_s: float) -> Found:
        """The addresses of a host; SourceError when it has none or the name service does not answer in time."""
        lookup = self._join(host, port)
        if not lookup.done.wait(wait_s):
            raise SourceError(f"the name service did not answer for {host}")
        if not lookup.found:
            raise SourceError(f"the name {host} is not known")
        return lookup.found

    def _join(self, host: str, port: int) -> _Lookup:
        with self._lock:
            lookup = self._pending.get((host, port))
            if lookup is None:
                if len(self._pending) >= MOST_LOOKUPS:
                    raise SourceError("the name service is not answering")
                lookup = self._pending[host, port] = _Lookup()
                work = partial(self._look, lookup, host, port)
                threading.Thread(target=work, name=f"lookup {host}", daemon=True).start()
            return lookup

    def _look(self, lookup: _Lookup, host: str, port: int) -> None:
        try:
            # OSError: no such name. UnicodeError: a label that is empty or too long
            with suppress(OSError, UnicodeError):
                answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                lookup.found = [(family, address) for family, _, _, _, address in answers]
        finally:
            with self._lock:
                self._pending.pop((host, port), None)
            lookup.done.set()


class _Lookup:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.found: Found = []


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also when it is an IPv4 address written as IPv6."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def connected(host: str, port: int, road: Road) -> socket.socket:
    """A socket to a host, connected to an address that was checked: the name is not looked up a second time.

    Hosts on loopback and private networks are refused unless the road is to the planner's own (a setting names it).
    """
    found = road.lookups.find(host.strip("[]"), port, road.left_s())
    if not road.own and not all(is_public(str(address[0])) for _, address in found):
        raise SourceError(f"{host} is on a private network, which only a setting may name")
    for n, (family, address) in enumerate(found, 1):
        share = 1.0 if n == len(found) else LESS_THAN_ALL
        with suppress(OSError):
            return _dialled(family, address, road, road.left_s() * share)
    road.left_s()
    raise ConnectionRefusedError("no address of the host accepts a connection")


def _dialled(family: socket.AddressFamily, address: Address, road: Road, wait_s: float) -> socket.socket:
    line = _PlainSocket(family, socket.SOCK_STREAM)
    try:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.settimeout(wait_s)
        line.connect(address)
        line.road = road
        line.settimeout(road.left_s())  # the TLS handshake takes this as its limit as a whole
    except BaseException:
        line.close()
        raise
    return line


class _Bounded:
    """Gives every operation of a socket what is left until the deadline of its road."""

    road: Road | None = None

    def _bound(self) -> None:
        if self.road is not None:
            self.settimeout(self.road.left_s())  # type: ignore[attr-defined]

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self._bound()
        return super().recv_into(*args, **kwargs)  # type: ignore[misc,no-any-return]

    def send(self, *args: Any, **kwargs: Any) -> int:
        self._bound()
        return super().send(*args, **kwargs)  # type: ignore[misc,no-any-return]

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self._bound()
        super().sendall(*args, **kwargs)  # type: ignore[misc]


class _PlainSocket(_Bounded, socket.socket):
    pass


class _TLSSocket(_Bounded, ssl.SSLSocket):
    pass


@cache
def trust(ca_file: Path | None = None) -> ssl.SSLContext:
    """Whose certificates are believed: certifi's list and, for the planner's own servers, `ca_file`."""
    context = ssl.create_default_context(cafile=certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    context.sslsocket_class = _TLSSocket
    return context


class _PlainConnection(HTTPConnection):
    def __init__(self, *args: Any, road: Road, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._road = road

    def _new_conn(self) -> socket.socket:
        return connected(self.host, self.port, self._road)


class _TLSConnection(HTTPSConnection):
    def __init__(self, *args: Any, road: Road, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._road = road

    def _new_conn(self) -> socket.socket:
        return connected(self.host, self.port, self._road)

    def connect(self) -> None:
        super().connect()
        if isinstance(self.sock, _TLSSocket):
            self.sock.road = self._road


def _pool(kind: Callable[..., HTTPConnectionPool], connection: Any, road: Road, *args: Any, **kw: Any) -> Any:
    pool = kind(*args, **kw)
    pool.ConnectionCls = partial(connection, road=road)  # type: ignore[assignment]
    return pool


class Adapter(HTTPAdapter):
    """Sends the calls of a session along one road."""

    def __init__(self, road: Road) -> None:
        self._road = road
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        self.poolmanager = PoolManager(num_pools=1, maxsize=1, ssl_context=self._road.trust)
        pools: dict[str, Any] = {
            "http": partial(_pool, HTTPConnectionPool, _PlainConnection, self._road),
            "https": partial(_pool, HTTPSConnectionPool, _TLSConnection, self._road),
        }
        self.poolmanager.pool_classes_by_scheme = pools

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the road's trust already verifies, and is loaded once instead of for every call."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: to learn where a redirect leads, `requests` would read its body whole, however large."""


def session_on(road: Road) -> requests.Session:
    """A session for one call along a road, without .netrc, HTTP_PROXY, or redirects."""
    session = _Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter(road))
    return session
