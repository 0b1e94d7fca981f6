"""Where requests come from, and how often one place may try a wrong key.

Only the socket's peer says where a request comes from. `X-Forwarded-For` counts where `SOLAR_MINING_TRUSTED_PROXY`
names the peer, and of it only what the nearest trusted proxy wrote; anybody can send the rest.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from core.errors import RateLimited
from core.once import Once
from core.settings import settings

FORWARDING = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")
LOOPBACK = "127.0.0.1"
WRONG_PER_MINUTE = 20
IPV6_BITS = 64  # what one household has: all its addresses are one source


def source(request: Request) -> str:
    """The address a request comes from, "" where the server does not know."""
    address, trusted = _peer(request), settings().trusted_proxies
    if not _within(address, trusted):
        return address
    for hop in reversed(
        [hop.strip() for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
    ):
        if _address(hop) is None:
            return address
        address = hop
        if not _within(hop, trusted):
            break
    return address


def is_here(request: Request) -> bool:
    """Whether a request comes from this computer and through no proxy."""
    found = _address(_peer(request))
    return found is not None and found.is_loopback and not any(name in request.headers for name in FORWARDING)


def _peer(request: Request) -> str:
    """The other end of the connection.

    Behind a peer on loopback the ASGI server puts what X-Forwarded-For says in its place, with port 0: then the peer
    was loopback.
    """
    if request.client is None:
        return ""
    return LOOPBACK if request.client.port == 0 and "x-forwarded-for" in request.headers else request.client.host


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _within(text: str, networks: Iterable[str]) -> bool:
    found = _address(text)
    return found is not None and any(found in ipaddress.ip_network(network) for network in networks)


class Throttle:
    """Counts wrong keys by source."""

    def __init__(self, most: RateLimitItem) -> None:
        self._most = most
        self._counts = FixedWindowRateLimiter(MemoryStorage())

    def wrong(self, origin: str) -> None:
        """Count one more; RateLimited where the source tried too many."""
        if not self._counts.hit(self._most, household(origin)):
            raise RateLimited("too many wrong keys came from here", after_s=60.0, field="X-API-Key")


def household(origin: str) -> str:
    """One name for all the addresses that one household has."""
    found = _address(origin)
    if found is None or found.version == 4:
        return str(found or origin)
    return str(ipaddress.ip_network(f"{found}/{IPV6_BITS}", strict=False))


@Once
def wrong_keys() -> Throttle:
    """The count of this process."""
    return Throttle(RateLimitItemPerMinute(WRONG_PER_MINUTE))
