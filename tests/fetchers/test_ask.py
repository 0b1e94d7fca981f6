"""The ladder over real sockets: who is asked, what is said about the answer, and what is never shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import hostile
import pytest
from ladder import DAY_S, DOWN, FIRST, HOUR_S, PRICE, SECOND, SHIPPED, WHEN, Stage, access, staged

from core.errors import SourceError, ValidationError
from core.fetchers import line
from core.fetchers.ask import Answer, ask
from core.fetchers.provider import Request, Source
from core.fetchers.world import Access, World, base_variable

KEY = "canary+key/7f3a="


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(line, "FIRST_WAIT_S", 0.02)  # the waits themselves have a test of their own
    with staged(tmp_path / "cache") as ready:
        yield ready


def test_the_first_provider_answers_live_and_the_cache_answers_next(stage: Stage) -> None:
    live = stage.ask()
    assert live == Answer(100_000.0, "first", WHEN, WHEN, "live")
    stage.time.pass_s(1800)
    cached = stage.ask()
    assert cached == replace(live, status="cached")
    assert cached.age_s(stage.time.now()) == 1800
    assert (stage.first.hits("/price"), stage.second.hits("/price")) == (1, 0)


def test_the_second_provider_answers_when_the_first_does_not_and_why_says_so(stage: Stage) -> None:
    stage.first.on("/price", DOWN)
    answer = stage.ask()
    assert (answer.value, answer.source, answer.status) == (101_000.0, "second", "live")
    assert answer.why == "first: answered HTTP 500: down"


def test_another_run_finds_what_this_one_kept(stage: Stage, tmp_path: Path) -> None:
    stage.ask()
    again = World(tmp_path / "cache", now=stage.time.now, elapsed_s=stage.time.elapsed_s)
    assert ask(PRICE, "BTC-USD", again).status == "cached"


def test_different_questions_are_kept_apart(stage: Stage) -> None:
    stage.ask(asked="BTC-USD")
    stage.ask(asked="BTC-EUR")
    stage.ask(question=replace(PRICE, version=2))
    assert stage.first.hits("/price") == 3


def test_the_time_of_observation_is_the_providers_and_never_in_the_future(stage: Stage) -> None:
    hour_ago = WHEN - timedelta(hours=1)
    assert stage.ask(replace(PRICE, observed=lambda told: hour_ago)).observed_at == hour_ago
    ahead = replace(PRICE, name="ahead", observed=lambda told: WHEN + timedelta(days=1))
    assert stage.ask(ahead).observed_at == WHEN


# NET-12: every rung, labelled


@pytest.mark.parametrize(
    ("age_s", "status", "value"),
    [(HOUR_S / 2, "cached", 100_000.0), (2 * HOUR_S, "stale", 100_000.0), (3 * DAY_S, "stale", 100_000.0)],
)
def test_with_all_providers_down_an_older_answer_is_given_with_its_age(
    age_s: float, status: str, value: float, stage: Stage
) -> None:
    stage.ask()
    stage.both(DOWN)
    stage.time.pass_s(age_s)
    answer = stage.ask(soft_s=0)
    assert (answer.status, answer.value, answer.source, answer.age_s(stage.time.now())) == (
        status,
        value,
        "first",
        age_s,
    )
    assert "first: answered HTTP 500" in answer.why
    assert "second: answered HTTP 500" in answer.why


def test_with_all_providers_down_and_nothing_kept_the_bundled_answer_is_given(stage: Stage) -> None:
    stage.both(DOWN)
    answer = stage.ask()
    assert (answer.value, answer.source, answer.status) == (90_000.0, "data/market.csv", "bundled")
    assert answer.observed_at == SHIPPED
    assert "second: answered HTTP 500" in answer.why


def test_an_answer_beyond_its_hard_age_is_not_used(stage: Stage) -> None:
    stage.ask()
    stage.both(DOWN)
    stage.time.pass_s(31 * DAY_S)
    answer = stage.ask()
    assert answer.status == "bundled"
    assert "31 days old" in answer.why


def test_without_any_rung_the_error_names_every_reason(stage: Stage) -> None:
    stage.both(DOWN)
    with pytest.raises(SourceError, match=r"price: first: .*500.*; second: .*500") as caught:
        stage.ask(replace(PRICE, bundled=None))
    assert caught.value.__context__ is None


def test_a_provider_that_returns_is_live_again_without_a_restart(stage: Stage) -> None:
    stage.both(DOWN)
    for _ in range(6):
        assert stage.ask(soft_s=0).status == "bundled"
    assert {h.state for h in stage.world.health(PRICE.sources)} == {"open"}
    stage.time.pass_s(59)
    assert "left alone" in stage.ask(soft_s=0).why
    assert stage.world.health([FIRST])[0].last_error == "answered HTTP 500: down", "that no call was made is no error"
    stage.both(hostile.json_reply({"usd": 99_000}))
    stage.time.pass_s(2)
    assert stage.ask().status == "live"
    assert stage.world.health([FIRST])[0].state == "ready"


def test_offline_no_call_is_made(stage: Stage, tmp_path: Path) -> None:
    offline = Access.from_env({"SOLAR_MINING_OFFLINE": "1", base_variable("first"): stage.first.base})
    answer = ask(PRICE, "BTC-USD", World(tmp_path / "other", offline))
    assert (answer.status, answer.why) == ("bundled", "offline by a setting")
    assert stage.first.connections == 0
    assert World(None, offline).health([FIRST])[0].state == "offline"


# NET-11, SEC-08: keys; SEC-07: places; what a provider lacks


def test_no_key_is_shown_anywhere(stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    keyed = replace(FIRST, key="FIRST_KEY")
    question = replace(PRICE, sources=(keyed,))
    alerts: list[str] = []
    stage.world.alert = alerts.append
    stage.world.access = replace(stage.world.access, keys={"FIRST_KEY": KEY})
    said = f"the key {KEY} is not valid".encode()
    shown = repr(stage.world.access)
    for act in (
        hostile.cut,
        hostile.reply(401, said),
        hostile.reply(500, said),
        hostile.redirect(f"http://x/?k={KEY}"),
    ):
        stage.first.on("/price", act)
        stage.time.pass_s(61)
        shown += repr(stage.ask(question, str(act)))
        with pytest.raises(SourceError) as caught:
            stage.ask(replace(question, bundled=None), str(act), soft_s=0)
        shown += repr(caught.value.body("id")) + str(caught.value)
    stage.first.on("/price", hostile.json_reply({"usd": 100_000}))
    stage.time.pass_s(61)
    assert stage.ask(question).status == "live"
    assert stage.first.seen[-1].target.endswith("appid=canary%2Bkey%2F7f3a%3D"), "the key is sent"
    shown += repr(stage.world.health([keyed])) + caplog.text + repr(alerts)
    shown += "".join(path.read_bytes().decode("latin-1") for path in (tmp_path / "cache").iterdir())
    assert "***" in shown
    assert KEY not in shown
    assert "canary" not in shown


def test_a_provider_on_a_private_network_is_not_called_unless_a_setting_names_it(stage: Stage) -> None:
    inside = replace(FIRST, name="inside", base=stage.first.base)
    answer = stage.ask(replace(PRICE, sources=(inside,)))
    assert answer.status == "bundled"
    assert "private network" in answer.why
    assert stage.first.connections == 0


def test_a_provider_that_lacks_something_is_passed_over_in_silence(stage: Stage) -> None:
    lacking = (
        replace(FIRST, name="keyed", key="A_KEY", base=stage.first.base),
        replace(FIRST, name="licensed", opt_in=True, base=stage.first.base),
        replace(FIRST, name="own node", base=""),
    )
    answer = stage.ask(replace(PRICE, sources=(*lacking, SECOND)))
    assert (answer.source, answer.why) == ("second", "")
    health = stage.world.health(lacking)
    assert [h.state for h in health] == ["unused"] * 3
    assert ["A_KEY" in health[0].why, "SOLAR_MINING_OPT_IN" in health[1].why] == [True, True]
    assert "SOLAR_MINING_BASE_OWN_NODE" in health[2].why


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    env = {
        "SOLAR_MINING_BASE_MEMPOOL_SPACE": "http://node.lan:4080/",
        "SOLAR_MINING_OPT_IN": "Open-Meteo, other",
        "SOLAR_MINING_NSRDB_KEY": "k",
        "SOME_OTHER_KEY": "not ours",
        "SOLAR_MINING_CA_FILE": str(tmp_path / "ca.pem"),
    }
    found = Access.from_env(env)
    mempool = replace(FIRST, name="mempool.space", base="https://mempool.space")
    assert found.base(mempool) == "http://node.lan:4080"
    assert found.why_not(replace(FIRST, name="open-meteo", opt_in=True)) == ""
    assert found.keys_of(replace(FIRST, key="SOLAR_MINING_NSRDB_KEY")) == ("k",)
    assert "not ours" not in found.keys.values()
    assert (found.ca_file, found.offline) == (tmp_path / "ca.pem", False)
    assert Access.from_env({}).base(mempool) == "https://mempool.space"


@pytest.mark.parametrize(("text", "offline"), [("1", True), ("Yes", True), (" ", False), ("0", False), ("no", False)])
def test_offline_is_a_plain_yes_or_no(text: str, offline: bool) -> None:
    assert Access.from_env({"SOLAR_MINING_OFFLINE": text}).offline is offline
    with pytest.raises(ValidationError, match="SOLAR_MINING_OFFLINE: expected 1 or 0"):
        Access.from_env({"SOLAR_MINING_OFFLINE": f"{text.strip()}?"})


def test_a_planners_own_server_may_have_a_certificate_of_its_own(tmp_path: Path) -> None:
    with hostile.Server(tls=True) as own:
        own.on("/price", hostile.json_reply({"usd": 100_000}))
        question = replace(PRICE, sources=(FIRST,))
        refused = ask(question, "", World(None, access(own, own)))
        assert "certificate" in refused.why
        trusting = access(own, own, ca_file=own.trust_file(tmp_path))
        assert ask(question, "", World(None, trusting)).status == "live"


# A mistake in a provider's file, and who else listens


def broken_request(base: str, asked: str, key: str) -> Request:
    raise KeyError(key)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda source: replace(source, request=broken_request),
        lambda source: replace(source, read=lambda reply, asked: {}["x"]),
        lambda source: replace(source, read=lambda reply, asked: 1 / 0),
        lambda source: replace(source, request=lambda *_: None),
        lambda source: replace(source, base="not an address"),
    ],
)
def test_a_mistake_in_a_providers_file_does_not_stop_the_ladder(
    mistake: Callable[[Source[str, float]], Source[str, float]], stage: Stage
) -> None:
    broken = mistake(replace(FIRST, name="broken", base=stage.first.base))
    stage.world.access = replace(
        stage.world.access, bases={**stage.world.access.bases, base_variable("broken"): broken.base}
    )
    answer = stage.ask(replace(PRICE, sources=(broken, SECOND)))
    assert answer.source == "second"
    assert answer.why.startswith("broken: ")


def test_an_answer_that_cannot_be_kept_is_still_given(stage: Stage) -> None:
    def unable(told: float) -> bytes:
        raise ValueError

    assert stage.ask(replace(PRICE, pack=unable)).status == "live"


def test_what_was_kept_in_another_shape_is_a_miss(stage: Stage) -> None:
    stage.ask()

    def other(raw: bytes) -> float:
        raise KeyError("renamed")

    assert stage.ask(replace(PRICE, unpack=other)).status == "live"
    assert stage.calls == 2


def test_every_live_answer_is_handed_to_whoever_collects(stage: Stage) -> None:
    heard: list[tuple[str, Any, Answer[float]]] = []
    stage.world.accepted = lambda name, asked, answer: heard.append((name, asked, answer))
    stage.ask()
    stage.ask()
    assert [(name, asked, answer.value) for name, asked, answer in heard] == [("price", "BTC-USD", 100_000.0)]


def test_the_attribution_comes_with_the_figure_also_from_the_cache(stage: Stage) -> None:
    noted = replace(PRICE, sources=(replace(FIRST, notice="Data by First"),))
    assert [stage.ask(noted).notice, stage.ask(noted).notice] == ["Data by First"] * 2


def test_health_says_what_happened(stage: Stage) -> None:
    stage.ask()
    stage.time.pass_s(2 * HOUR_S)
    stage.first.on("/price", hostile.reply(404, b"gone"))
    stage.ask()
    health = stage.world.health([FIRST, SECOND, FIRST])
    assert [h.name for h in health] == ["first", "second"]
    first = health[0]
    assert (first.state, first.calls, first.failures, first.age_s) == ("ready", 2, 1, 2 * HOUR_S)
    assert (first.last_error, first.last_error_at) == ("answered HTTP 404: gone", stage.time.now())
    assert first.last_success_at == WHEN
    assert first.latency_s is not None
    assert 0 < first.latency_s < 5
