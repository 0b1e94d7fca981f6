"""What every provider of the house must stand, over real sockets: good, empty-handed, busy, broken, slow and lost.

A `Source` anywhere in core.fetchers that is not among CASES fails the first test.
"""

from __future__ import annotations

import importlib
import json
import logging
import pkgutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import hostile
import pytest

import core.fetchers
from core.errors import SourceError
from core.fetchers import line
from core.fetchers.ask import Answer, Question, ask
from core.fetchers.places import GEOCODING
from core.fetchers.provider import Source
from core.fetchers.providers import bitcoin_core, nsrdb
from core.fetchers.sources import SOURCES
from core.fetchers.world import Access, Health, World, base_variable
from tests.fetchers import replies_energy
from tests.fetchers.replies import Good, good
from tests.fetchers.replies_bitcoin import NOW, PAGE

SECRET = "s3cretK3Y"
SHORT_S = 1.0  # of which half a second is kept for keeping the answer


# what each source is asked, and what makes the body of a good reply
CASES: dict[Source[Any, Any], Good] = {case.source: case for case in good()}
NAMES = [f"{n} {source.name}" for n, source in enumerate(CASES)]
EVERY = pytest.mark.parametrize("source", CASES, ids=NAMES)


def sources_in(value: Any) -> set[Source[Any, Any]]:
    inside = value.sources if isinstance(value, Question) else value if isinstance(value, tuple) else ()
    return {value} if isinstance(value, Source) else {source for one in inside for source in sources_in(one)}


def test_every_source_of_the_house_stands_in_the_matrix() -> None:
    """What any module of the fetchers holds is among SOURCES, so that health, `make live` and these tests see it."""
    modules = [importlib.import_module(m.name) for m in pkgutil.walk_packages(core.fetchers.__path__, "core.fetchers.")]
    found = {source for module in modules for value in vars(module).values() for source in sources_in(value)}
    missing = {f"{source.name} at {source.base}" for source in found - set(SOURCES)}
    assert not missing, "put its question into core/fetchers/sources.py, and record a good reply"
    assert set(SOURCES) == set(CASES)
    assert len(CASES) >= 47


def test_the_sources_of_a_provider_agree_on_the_calls_they_may_make() -> None:
    """They share one line, which is made by whichever is asked first."""
    limits: dict[str, set[int]] = {}
    for source in SOURCES:
        limits.setdefault(source.name, set()).add(source.per_minute)
    assert {name for name, found in limits.items() if len(found) > 1} == set()


@dataclass
class Play:
    """One source at the end of a real line."""

    source: Source[Any, Any]
    server: hostile.Server
    folder: Path
    alerts: list[str] = field(default_factory=list)
    kept: dict[bytes, Any] = field(default_factory=dict)
    worlds: list[World] = field(default_factory=list)

    @property
    def asked(self) -> Any:
        return CASES[self.source].asked

    @property
    def body(self) -> bytes:
        return CASES[self.source].body

    @property
    def health(self) -> Health:
        return self.worlds[-1].health([self.source])[0]

    @property
    def most_calls(self) -> int:
        return min(line.ATTEMPTS, self.source.per_minute)

    def on(self, *acts: hostile.Act, folder: Path | None = None) -> Play:
        """What the server does from now on, with a line that remembers nothing."""
        request = self.source.request(self.server.base, self.asked, key_of(self.source))
        self.server.on(hostile.urlsplit(request.url).path, *acts)
        self.server.seen.clear()
        self.alerts.clear()
        access = Access(
            bases={base_variable(self.source.name): self.server.base},
            keys={self.source.key: key_of(self.source)} if self.source.key else {},
            opt_ins=frozenset({self.source.name.lower()}),
        )
        self.worlds.append(World(folder, access, now=lambda: NOW, alert=self.alerts.append))
        return self

    def ask(self, within_s: float = 10.0) -> Answer[Any]:
        def pack(told: Any) -> bytes:
            self.kept[token := str(len(self.kept)).encode()] = told
            return token

        question = Question("matrix", (self.source,), 0.0, pack=pack, unpack=self.kept.__getitem__)
        return ask(question, self.asked, self.worlds[-1], within_s=within_s)

    def refusal(self, within_s: float = 10.0) -> str:
        with pytest.raises(SourceError) as caught:
            self.ask(within_s)
        assert self.source.name in caught.value.message
        assert SECRET not in repr((caught.value.message, caught.value.details))
        return caught.value.message

    def said(self) -> str:
        """All that a reader of this copy's pages or settings could see."""
        return "".join(repr((world.health([self.source]), world.access)) for world in self.worlds) + "".join(
            self.alerts
        )


def key_of(source: Source[Any, Any]) -> str:
    if not source.key:
        return ""
    forms = {nsrdb.NAME: f"{SECRET} planner{SECRET}@example.org", bitcoin_core.NAME: f"planner:{SECRET}"}
    return forms.get(source.name, SECRET)


@pytest.fixture
def play(
    source: Source[Any, Any],
    server: hostile.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Play]:
    """A source and a server that misbehaves; in the end the key must stand nowhere but in the requests."""
    monkeypatch.setattr(line, "FIRST_WAIT_S", 0.0)
    caplog.set_level(logging.DEBUG)
    ready = Play(source, server, tmp_path / "cache")
    yield ready
    assert SECRET not in caplog.text + ready.said()
    assert all(SECRET.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@EVERY
def test_a_good_reply_is_a_live_answer_and_stands_in_for_later_when_the_provider_is_down(play: Play) -> None:
    play.on(hostile.reply(200, play.body), hostile.reply(503, PAGE), folder=play.folder)
    live = play.ask()
    assert (live.status, live.source, live.notice) == ("live", play.source.name, play.source.notice)
    carried = any(SECRET in str(seen.raw) or "authorization" in seen.headers for seen in play.server.seen)
    assert bool(play.source.key) == carried
    stale = play.ask()
    assert (stale.status, stale.value is live.value) == ("stale", True)
    assert "HTTP 503" in stale.why


BROKEN = (
    b"",
    PAGE,
    b'{"error": {"code": "OVER_RATE_LIMIT", "message": "try later"}}',
    b'{"errors": ["no such thing"]}',
    b"[]",
    b"{}",
    b"null",
    b'{"data": {"amount": "759',
    b"[" * 200_000,
    b'{"usd": 1, "usd": 2}',
    '{"a": 1}'.encode("utf-16"),
    replies_energy.zipped("x,y\n1,2\n"),
)
NO_MATCH = BROKEN[2:4] + BROKEN[5:6]  # by contract an object without `results` says that no place has that name


@EVERY
def test_a_200_that_holds_no_answer_is_refused_without_another_attempt(play: Play) -> None:
    for body in BROKEN:
        if play.source in GEOCODING.sources and body in NO_MATCH:
            continue
        play.on(hostile.reply(200, body)).refusal()
        assert len(play.server.seen) == 1, body
        assert play.health.failures == 1, body


@EVERY
def test_a_no_is_asked_for_once_and_says_nothing_against_the_line(play: Play) -> None:
    words = json.dumps({"error": {"code": "NO", "message": f"the key {key_of(play.source)} will not do"}}).encode()
    for status in (400, 401, 403, 404, 422):
        play.on(hostile.reply(status, words), folder=play.folder).refusal()
        assert len(play.server.seen) == 1, status
        assert play.health.state == "ready", status
        assert bool(play.alerts) == (status in (401, 403)), status
        assert SECRET not in "".join(play.alerts), status


@EVERY
def test_a_server_that_is_down_is_tried_three_times(play: Play) -> None:
    for status in (500, 502, 503, 529):
        assert str(status) in play.on(hostile.reply(status, PAGE)).refusal()
        assert len(play.server.seen) == play.most_calls, status


@EVERY
def test_a_short_retry_after_is_waited_for(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("2", format_datetime(NOW + timedelta(seconds=2), usegmt=True)):
        waits: list[float] = []
        monkeypatch.setattr(line, "sleep", waits.append)
        live = play.on(hostile.reply(429, b"slow down", Retry_After=value), hostile.reply(200, play.body)).ask()
        assert (live.status, waits) == ("live", [2.0]), value


@EVERY
def test_a_retry_after_that_is_missing_or_absurd_keeps_nobody_waiting(play: Play) -> None:
    for value in ("", "86400", "Fri, 01 May 2099 00:00:00 GMT", "1e999", "soon", "-5"):
        headers = {"Retry_After": value} if value else {}
        play.on(hostile.reply(429, b"slow down", **headers)).refusal()
        far = value in ("86400", "Fri, 01 May 2099 00:00:00 GMT")
        assert len(play.server.seen) == (1 if far else play.most_calls), value
        assert (play.health.state == "open") == far, value


@EVERY
def test_a_body_that_breaks_off_is_tried_again(play: Play) -> None:
    whole = play.body

    def half(connection: socket.socket, server: hostile.Server) -> None:
        connection.sendall(hostile.head(Content_Length=len(whole)) + whole[: len(whole) // 2])

    assert play.on(half, hostile.reply(200, whole)).ask().status == "live"
    assert len(play.server.seen) == 2


@EVERY
def test_a_redirect_is_not_followed(play: Play) -> None:
    with hostile.Server() as elsewhere:
        assert "redirect" in play.on(hostile.redirect(f"{elsewhere.base}/stolen")).refusal()
        assert (len(play.server.seen), elsewhere.connections) == (1, 0)


@EVERY
def test_a_provider_that_hangs_costs_the_deadline_and_one_that_is_gone_costs_nothing(play: Play) -> None:
    assert "in time" in play.on(hostile.hang).refusal(SHORT_S)
    play.on(hostile.hang).server.close()
    assert "connection" in play.refusal()
