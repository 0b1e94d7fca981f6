"""Several keys to one provider, against a server that refuses some of them."""

from __future__ import annotations

import socket
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import hostile
import ladder
import pytest

from core.errors import SourceError
from core.fetchers.ask import ask
from core.fetchers.providers import bitcoin_core, nsrdb
from core.fetchers.rings import ASIDE_S, Rings, split
from core.fetchers.world import Access, World, base_variable

KEYED = replace(ladder.FIRST, key="SOLAR_MINING_FIRST_KEY")
QUESTION = replace(ladder.PRICE, sources=(KEYED,), bundled=None)
GOOD, REVOKED, OTHER = "good-key-canary", "revoked-key-canary", "other-key-canary"


class Gate:
    """A provider that answers to some keys; `status` is what the others get."""

    def __init__(self, server: hostile.Server, *good: str, status: int = 401) -> None:
        self.server, self.good, self.status = server, set(good), status
        server.on("/price", self.answer)

    @property
    def shown(self) -> list[str]:
        """The keys that came, in turn."""
        return [parse_qs(urlsplit(seen.target).query)["appid"][0] for seen in self.server.seen]

    def answer(self, connection: socket.socket, server: hostile.Server) -> None:
        if self.shown[-1] in self.good:
            hostile.json_reply({"usd": 100_000})(connection, server)
        else:
            hostile.reply(self.status, b"no such key " + self.shown[-1].encode())(connection, server)


@pytest.fixture
def clock() -> ladder.Time:
    return ladder.Time()


def world(server: hostile.Server, clock: ladder.Time, *keys: str, alerts: list[str] | None = None) -> World:
    env = {base_variable("first"): server.base, "SOLAR_MINING_FIRST_KEY": " ; ".join(keys)}
    alert = alerts.append if alerts is not None else None
    return World(None, Access.from_env(env), now=clock.now, elapsed_s=clock.elapsed_s, alert=alert)


@pytest.mark.parametrize("status", [401, 403])
def test_the_next_key_is_used_and_the_refused_one_rests_for_an_hour(
    status: int, server: hostile.Server, clock: ladder.Time, caplog: pytest.LogCaptureFixture
) -> None:
    gate, alerts = Gate(server, GOOD, status=status), list[str]()
    ours = world(server, clock, REVOKED, GOOD, alerts=alerts)

    def asked() -> list[str]:
        before = len(gate.shown)
        assert ask(QUESTION, "BTC-USD", ours, soft_s=0).status == "live"
        return gate.shown[before:]

    assert asked() == [REVOKED, GOOD]
    assert asked() == [GOOD]
    clock.pass_s(ASIDE_S - 1)
    assert asked() == [GOOD]
    clock.pass_s(1)
    assert asked() == [REVOKED, GOOD], "it may be good again"
    assert alerts == [], "somebody answered"
    assert "refuses a key" in caplog.text
    assert "canary" not in caplog.text


def test_a_provider_that_refuses_all_keys_is_asked_with_one_of_them_from_then_on(
    server: hostile.Server, clock: ladder.Time
) -> None:
    gate, alerts = Gate(server), list[str]()
    ours = world(server, clock, REVOKED, OTHER, alerts=alerts)
    with pytest.raises(SourceError) as refused:
        ask(QUESTION, "BTC-USD", ours, soft_s=0)
    assert "canary" not in refused.value.message
    assert gate.shown == [REVOKED, OTHER]
    assert len(alerts) == 1
    assert "canary" not in alerts[0]
    clock.pass_s(61)
    with pytest.raises(SourceError):
        ask(QUESTION, "BTC-USD", ours, soft_s=0)
    assert gate.shown[2:] == [REVOKED], "the one that has rested the longest"


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_question_that_is_refused_costs_no_key(status: int, server: hostile.Server, clock: ladder.Time) -> None:
    gate = Gate(server, status=status)
    with pytest.raises(SourceError):
        ask(QUESTION, "BTC-USD", world(server, clock, REVOKED, GOOD), soft_s=0)
    assert gate.shown == [REVOKED]


def test_keys_stand_between_semicolons_and_a_pair_stays_together() -> None:
    assert split("a ; b;;c; ") == ("a", "b", "c")
    assert split("") == ()
    access = Access(keys={nsrdb.KEY: "KEY1 a@example.org; KEY2 b@example.org"})
    assert access.keys_of(nsrdb.TYPICAL) == ("KEY1 a@example.org", "KEY2 b@example.org")


def test_the_password_of_an_own_node_may_hold_a_semicolon() -> None:
    access = Access(keys={bitcoin_core.KEY: "user:pass;word"})
    for source in (bitcoin_core.NETWORK, bitcoin_core.RETARGET, bitcoin_core.FEES):
        assert access.keys_of(source) == ("user:pass;word",)
    assert Access().keys_of(bitcoin_core.NETWORK) == ()


def test_a_ring_shows_no_key(clock: ladder.Time) -> None:
    ring = Rings(clock.elapsed_s)
    ring.set_aside(GOOD)
    assert "canary" not in repr(ring)
