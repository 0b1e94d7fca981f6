"""Every source of every provider with a canary for a key, over real sockets, against servers that repeat what they are
told: no key is seen anywhere, and the last good answer stays. NET-11, NET-12, SEC-08."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import hostile
import pytest
from ladder import Time

from core.errors import SourceError
from core.fetchers import line
from core.fetchers.ask import Answer, ask
from core.fetchers.sources import SOURCES
from core.fetchers.world import Access, World, base_variable
from core.telemetry import JsonLines, forms, secrets_in
from tests.fetchers.replies import KEYS, Good, good
from tests.fetchers.replies_bitcoin import NOW

GOOD = good()
EVERY = pytest.mark.parametrize("case", GOOD, ids=[f"{n} {case.name}" for n, case in enumerate(GOOD)])
SECRETS = ("canary", *(form for form in secrets_in(KEYS) if "canary" not in form))
SAYS_NOTHING_ELSE = "a 200 that says all again"  # of a name: that no place has it, which is an answer
FAULTS: dict[str, hostile.Act] = {
    "nothing": hostile.reply(200),
    "cut": hostile.cut,
    SAYS_NOTHING_ELSE: hostile.echo(200),
    "a page that says all again": hostile.echo(200, "<html>{0}</html>"),
    "an RPC error that says all again": hostile.echo(200, '[{{"id": 0, "error": {{"code": 1, "message": "{0}"}}}}]'),
    **{f"{status} that says all again": hostile.echo(status) for status in (302, 400, 401, 429, 500)},
    **{f"{status} that says it in plain words": hostile.echo(status, "the call {0} failed") for status in (403, 503)},
}


class Set:
    """One source on a server of its own, with all keys set, a clock, and everything that was shown."""

    def __init__(self, case: Good, server: hostile.Server, folder: Path | None) -> None:
        self.case, self.server, self.folder = case, server, folder
        self.question = replace(case.question, sources=(case.source,), bundled=None)
        self.time = Time()
        self.time.calendar = NOW
        self.access = Access.from_env(
            {**KEYS, base_variable(case.source.name): server.base, "SOLAR_MINING_OPT_IN": case.source.name}
        )
        self.shown: list[str] = []
        self.world = self.new_world(folder)

    def new_world(self, folder: Path | None) -> World:
        return World(
            folder,
            self.access,
            now=self.time.now,
            elapsed_s=self.time.elapsed_s,
            accepted=lambda name, asked, answer: self.shown.append(self.question.pack(answer.value).decode("latin-1")),
            alert=self.shown.append,
        )

    def ask(self, world: World | None = None, **how: float) -> Answer[Any]:
        answer = ask(self.question, self.case.asked, world or self.world, soft_s=0, **how)
        self.shown.append(repr(replace(answer, value=None)))
        return answer

    def refused(self) -> str:
        """What is said where there is nothing to fall back on."""
        with pytest.raises(SourceError) as caught:
            self.ask(self.new_world(None))
        error = caught.value
        self.shown += ["".join(traceback.format_exception(error)), repr(error.args), repr(error.body("id", NOW))]
        return error.message

    def all_shown(self, logs: pytest.LogCaptureFixture) -> str:
        lines = [JsonLines().format(record) for record in logs.records]
        kept = [path.read_bytes().decode("latin-1") for path in self.folder.iterdir()] if self.folder else []
        health = repr(self.world.health([self.case.source]))
        return "\n".join([*self.shown, *kept, *lines, logs.text, health, repr(self.access), repr(self.world)])


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "FIRST_WAIT_S", 0.0)


@EVERY
@pytest.mark.usefixtures("no_waits")
def test_a_source_survives_all_and_shows_no_key(
    case: Good,
    server: hostile.Server,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    stage = Set(case, server, tmp_path / "cache")
    server.on(hostile.ANY, hostile.reply(200, case.body))
    live = stage.ask()
    assert (live.status, live.source, live.notice) == ("live", case.source.name, case.source.notice)
    sent = server.seen[0].raw.decode("latin-1")
    assert any(form in sent for form in forms(KEYS.values()) + SECRETS) is bool(case.source.key), "the key is sent"
    good_bytes = case.question.pack(live.value)
    for name, act in FAULTS.items():
        server.on(hostile.ANY, act)
        stage.time.pass_s(3601)
        before = len(server.seen)
        if case.question.name == "places" and name == SAYS_NOTHING_ELSE:
            continue
        answer = stage.ask()
        assert 1 <= len(server.seen) - before <= 3, name
        assert case.question.pack(answer.value) == good_bytes, name
        assert answer.status in ("stale", "cached"), name
        assert answer.age_s(stage.time.now()) >= (stage.time.now() - NOW) / timedelta(seconds=1), name
        assert answer.why.startswith(f"{case.source.name}: "), name
        assert answer.why.removeprefix(f"{case.source.name}: "), name
        stage.time.pass_s(3601)
        assert case.source.name in stage.refused(), name
    shown = stage.all_shown(caplog) + "".join(capfd.readouterr())
    for secret in SECRETS:
        assert secret not in shown


KEYED = {case.source.name: case for case in GOOD if case.source.key}


@pytest.mark.parametrize("name", KEYED)
@pytest.mark.usefixtures("no_waits")
def test_a_key_is_not_shown_in_part_where_words_are_cut_short(name: str, server: hostile.Server) -> None:
    """A window over all that was sent, so that what is cut short is cut at every place of a key."""
    stage = Set(KEYED[name], server, None)
    for skip in range(0, 520, 5):
        for like in (hostile.SAID, '[{{"id": 0, "error": "{0}"}}]'):
            server.on(hostile.ANY, hostile.echo(400, like, skip))
            stage.time.pass_s(61)
            stage.refused()
    assert "***" in repr(stage.shown), "the window came over no key"
    for start in ("canary", *(form[:8] for form in forms(KEYS.values()) if "canary" not in form)):
        assert start not in repr(stage.shown)


def test_every_key_a_provider_may_need_has_a_canary() -> None:
    assert {source.key for source in SOURCES if source.key} == set(KEYS)
