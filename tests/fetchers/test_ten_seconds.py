"""What takes ten seconds by its nature, all at once: a call against every way to dawdle, and a crowd before a ruin."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import hostile
import pytest
from ladder import DOWN, PRICE, Time, call, read

from core.fetchers import wire
from core.fetchers.ask import WITHIN_S, Answer, Question, ask
from core.fetchers.provider import Source
from core.fetchers.world import Access, World, base_variable

RELEASED_S = 1.0
USERS, CROWD_S = 50, 10.0


def record_byte_by_byte(connection: socket.socket, server: hostile.Server) -> None:
    """A handshake record of 16 KB that never ends."""
    connection.sendall(b"\x16\x03\x03\x40\x00")
    while not server.pause(hostile.PAUSE_S):
        connection.sendall(b"\x02")


def hello_then_nothing(connection: socket.socket, server: hostile.Server) -> None:
    """Half a handshake: takes the greeting of the caller and says nothing more."""
    connection.recv(65536)
    server.pause(60)


DAWDLES: dict[str, Callable[[], hostile.Server]] = {
    "body": lambda: hostile.Server().on("/price", hostile.trickle_body),
    "body over TLS": lambda: hostile.Server(tls=True).on("/price", hostile.trickle_body),
    "headers": lambda: hostile.Server().on("/price", hostile.trickle_headers),
    "headers over TLS": lambda: hostile.Server(tls=True).on("/price", hostile.trickle_headers),
    "silence": lambda: hostile.Server().on("/price", hostile.hang),
    "silence over TLS": lambda: hostile.Server(tls=True).on("/price", hostile.hang),
    "half a handshake": lambda: hostile.Server(tls=True, greet=hello_then_nothing),
    "a handshake that trickles": lambda: hostile.Server(tls=True, greet=record_byte_by_byte),
    "every attempt of it": lambda: hostile.Server().on("/price", hostile.after(4.0, DOWN)),
}
NAMES = "a name service of 30 s"


@dataclass(frozen=True)
class Dawdled:
    """What became of one call: its answer, how long it took, and whether its thread was still held a second later."""

    answer: Answer[float]
    took_s: float
    held: bool


@dataclass(frozen=True)
class Crowd:
    """What became of a crowd: asks, calls, calls after it opened, statuses told, and calls of the probes."""

    asks: int
    calls: int
    late_calls: int
    statuses: set[str]
    failed_probe: int
    good_probe: int
    healthy_s: float


def slow_names(host: str, *rest: object, **more: object) -> list[tuple[object, ...]]:
    if host.endswith(".example"):
        time.sleep(30)
    return list(RESOLVE(host, *rest, **more))  # type: ignore[arg-type]


RESOLVE = socket.getaddrinfo


def ladder(names: tuple[str, str]) -> Question[str, float]:
    sources = tuple(Source(name, f"https://{name}.example", call, read, per_minute=1000) for name in names)
    return replace(PRICE, sources=sources)


def dawdled(server: hostile.Server | None, folder: Path) -> Dawdled:
    """A call to two providers that dawdle alike."""
    bases = {base_variable(name): server.base for name in ("first", "second")} if server else {}
    ca_file = server.trust_file(folder) if server and server.authority else None
    world = World(None, Access(bases=bases, ca_file=ca_file))
    told: list[Answer[float]] = []
    asker = threading.Thread(target=lambda: told.append(ask(ladder(("first", "second")), "x", world)))
    started = time.monotonic()
    asker.start()
    asker.join(WITHIN_S + RELEASED_S)
    held = asker.is_alive()
    asker.join(60)
    return Dawdled(told[0], time.monotonic() - started, held)


def crowd() -> Crowd:
    """USERS who ask for CROWD_S what is down, then the half-open breaker, bad and good, on a clock put forward."""
    clock = Time()
    begun = time.monotonic()
    forward_s = [0.0]
    with hostile.Server() as server:
        server.on("/price", DOWN)
        access = Access(bases={base_variable("ruin"): server.base})
        world = World(None, access, now=clock.now, elapsed_s=lambda: time.monotonic() + forward_s[0])
        question = replace(PRICE, sources=(Source("ruin", "", call, read, per_minute=1000),))
        asks: list[str] = []

        def user(n: int) -> None:
            while time.monotonic() - begun < CROWD_S:
                asks.append(ask(question, f"{n} {len(asks)}", world).status)
                time.sleep(0.25)

        def at_once(what: str) -> int:
            before = server.hits("/price")
            assert all(pool.map(lambda n: ask(question, f"{what} {n}", world), range(2 * USERS)))
            return server.hits("/price") - before

        with ThreadPoolExecutor(USERS) as pool:
            users = [pool.submit(user, n) for n in range(USERS)]
            time.sleep(CROWD_S / 2)
            half = server.hits("/price")
            for one in users:
                one.result()
            calls = server.hits("/price")
            forward_s[0] += 60
            failed = at_once("half-open")
            forward_s[0] += 60
            server.on("/price", hostile.after(0.3, hostile.json_reply({"usd": 100_000})))
            before = server.hits("/price")
            ask(question, "good", world)
            good = server.hits("/price") - before
            started = time.monotonic()
            healthy = list(pool.map(lambda n: ask(question, f"healthy {n}", world).status, range(USERS)))
            healthy_s = time.monotonic() - started
            assert set(healthy) == {"live"}
        return Crowd(len(asks), calls, calls - half, set(asks), failed, good, healthy_s)


@dataclass(frozen=True)
class Outcomes:
    """All that ran at once."""

    calls: dict[str, Dawdled]
    crowd: Crowd


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    with pytest.MonkeyPatch.context() as patch, ExitStack() as servers, ThreadPoolExecutor(16) as pool:
        patch.setattr(wire.socket, "getaddrinfo", slow_names)
        opened = {name: servers.enter_context(make()) for name, make in DAWDLES.items()}
        running = {name: pool.submit(dawdled, server, tmp_path_factory.mktemp("ca")) for name, server in opened.items()}
        running[NAMES] = pool.submit(dawdled, None, tmp_path_factory.mktemp("ca"))
        people = pool.submit(crowd)
        yield Outcomes({name: one.result() for name, one in running.items()}, people.result())


@pytest.mark.parametrize("name", [*DAWDLES, NAMES])
def test_a_call_ends_within_ten_seconds_and_its_thread_is_free(name: str, outcomes: Outcomes) -> None:
    """NET-01: each attempt and all of them together; the thread that asked has ended."""
    one = outcomes.calls[name]
    assert one.took_s <= 10.0
    assert not one.held
    assert one.answer.status == "bundled"
    assert "first: " in one.answer.why
    assert "second: " in one.answer.why


def test_a_crowd_before_a_provider_that_is_down_costs_few_calls(outcomes: Outcomes) -> None:
    """NET-07: 50 users for 10 s; the breaker opens after 5 failures, then no call is made."""
    seen = outcomes.crowd
    assert seen.asks > 10 * USERS
    assert 5 <= seen.calls <= 10
    assert seen.late_calls == 0
    assert seen.statuses == {"bundled"}


def test_exactly_one_probe_tries_whether_it_is_up_again(outcomes: Outcomes) -> None:
    """NET-07: half-open, once for a provider that is still down and once for one that is back."""
    assert (outcomes.crowd.failed_probe, outcomes.crowd.good_probe) == (1, 1)


def test_fifty_healthy_calls_run_side_by_side_after_it_came_back(outcomes: Outcomes) -> None:
    """NET-07: 50 calls of 0.3 s within 1.5 s, though the breaker had been open."""
    assert outcomes.crowd.healthy_s <= 1.5
