"""The ladder under faults: deadlines, further attempts, crowds, clocks, and figures that cannot be true."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import hostile
import pytest
from ladder import DOWN, FIRST, HOUR_S, PRICE, SECOND, Stage, access, read, staged

from core.fetchers import line
from core.fetchers.ask import Answer, ask
from core.fetchers.provider import Request, Source
from core.fetchers.world import Access, World, base_variable


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(line, "FIRST_WAIT_S", 0.02)  # the waits themselves have a test of their own
    with staged(tmp_path / "cache") as ready:
        yield ready


# NET-01: the ladder; test_ten_seconds.py holds its bound


def test_a_provider_that_hangs_leaves_time_for_the_next(stage: Stage) -> None:
    stage.first.on("/price", hostile.hang)
    answer = stage.ask(within_s=2.0)
    assert answer.source == "second"


# NET-04, NET-05, NET-06: another attempt


def test_the_third_attempt_is_used(stage: Stage) -> None:
    busy = hostile.reply(503)
    stage.first.on("/price", busy, busy, hostile.json_reply({"usd": 100_000}))
    assert stage.ask().source == "first"
    assert stage.first.hits("/price") == 3


def test_there_is_no_fourth_attempt(stage: Stage) -> None:
    stage.first.on("/price", hostile.reply(503))
    assert stage.ask().source == "second"
    assert stage.first.hits("/price") == 3


@pytest.mark.parametrize("act", [hostile.cut, hostile.reply(429), hostile.reply(502, b"<html>")])
def test_what_may_pass_is_tried_again(act: hostile.Act, stage: Stage) -> None:
    stage.first.on("/price", act, hostile.json_reply({"usd": 100_000}))
    assert stage.ask().source == "first"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_no_is_not_asked_twice_and_a_denial_is_reported_once(status: int, stage: Stage) -> None:
    alerts: list[str] = []
    stage.world.alert = alerts.append
    stage.first.on("/price", hostile.reply(status, b"no"))
    for asked in ("a", "b", "c"):
        stage.ask(asked=asked)
    assert stage.first.hits("/price") == 3, "one call for each question"
    assert alerts == ([f"first denies us: answered HTTP {status}: no"] if status in (401, 403) else [])
    assert stage.world.health([FIRST])[0].state == "ready", "a provider that says no is up"
    if alerts:  # after a success the next denial is news
        stage.first.on("/price", hostile.json_reply({"usd": 100_000}), hostile.reply(status))
        stage.ask(asked="d")
        stage.ask(asked="e")
        assert len(alerts) == 2


@pytest.mark.parametrize(
    "value", ["86400", "-5", "abc", "Fri, 01 May 2099 00:00:00 GMT", "Fri, 01 May 1999 00:00:00 GMT"]
)
def test_no_retry_after_makes_us_wait_beyond_the_deadline(value: str, stage: Stage) -> None:
    """NET-04, with a shorter deadline."""
    stage.both(hostile.reply(503, b"", Retry_After=value))
    started = time.monotonic()
    answer = stage.ask(within_s=2.0)
    assert time.monotonic() - started <= 2.0
    assert answer.status == "bundled"
    if value in ("86400", "Fri, 01 May 2099 00:00:00 GMT"):
        assert stage.calls == 2, "who asks to be left alone for a day is not asked again"
        assert {h.state for h in stage.world.health(PRICE.sources)} == {"open"}
        stage.time.pass_s(line.LONGEST_REST_S)
        assert {h.state for h in stage.world.health(PRICE.sources)} == {"half-open"}


def test_a_short_retry_after_is_honoured(stage: Stage) -> None:
    stage.first.on("/price", hostile.reply(429, b"", Retry_After="1"), hostile.json_reply({"usd": 100_000}))
    assert stage.ask().source == "first"
    refused, retried = (seen.at_s for seen in stage.first.seen)
    assert retried - refused >= 1.0


def test_second_attempts_of_many_clients_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """NET-05: 50 clients that fail at the same moment come back over 0.3 s or more, and the third attempt is used."""
    monkeypatch.undo()
    each = Source("each", "", lambda base, asked, key: Request(f"{base}/{asked}"), read, per_minute=1000)
    question = replace(PRICE, sources=(each,))
    busy, good = hostile.reply(503), hostile.json_reply({"usd": 100_000})
    with hostile.Server() as server:
        for n in range(50):
            server.on(f"/{n}", busy, busy, good)

        def client(n: int) -> str:
            world = World(None, Access(bases={base_variable("each"): server.base}))
            return ask(question, str(n), world).status

        with ThreadPoolExecutor(50) as pool:
            assert set(pool.map(client, range(50))) == {"live"}
        attempts = [[seen.at_s for seen in server.seen if seen.path == f"/{n}"] for n in range(50)]
    assert {len(times) for times in attempts} == {3}
    second = [times[1] - times[0] for times in attempts]
    assert max(second) - min(second) >= 0.3
    assert len({round(wait_s, 2) for wait_s in second}) >= 20, "the whole span is used"


def test_no_wait_is_longer_than_full_jitter_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    waits: list[float] = []
    monkeypatch.setattr(line, "sleep", waits.append)
    with hostile.Server() as server:
        server.on("/price", hostile.reply(503))
        for _ in range(50):
            ask(replace(PRICE, sources=(FIRST,)), "BTC-USD", World(None, access(server, server)))
    second, third = waits[::2], waits[1::2]
    assert len(second) == len(third) == 50
    assert 0 <= min(second) <= max(second) <= line.FIRST_WAIT_S == 0.5
    assert 0 <= min(third) <= max(third) <= 2 * line.FIRST_WAIT_S


# NET-07, NET-14, NET-16: crowds and clocks


def test_a_provider_that_is_down_costs_fifty_users_few_calls(stage: Stage) -> None:
    stage.first.on("/price", hostile.after(0.05, DOWN))
    only_first = replace(PRICE, sources=(FIRST,))
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: stage.ask(only_first, str(n)), range(50)))
    assert {answer.status for answer in answers} == {"bundled"}
    assert 5 <= stage.first.hits("/price") <= 10
    assert stage.world.health([FIRST])[0].state == "open"
    before = stage.first.hits("/price")
    stage.ask(only_first, "another")
    assert stage.first.hits("/price") == before, "no call while it is open"
    stage.time.pass_s(60)
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda n: stage.ask(only_first, f"again {n}"), range(50)))
    assert stage.first.hits("/price") == before + 1, "half-open: one probe"


def test_fifty_different_questions_are_asked_in_parallel(stage: Stage) -> None:
    """NET-07: 50 calls of 0.3 s within 1.5 s."""
    stage.first.on("/price", hostile.after(0.3, hostile.json_reply({"usd": 100_000})))
    started = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: stage.ask(asked=str(n)), range(50)))
    took_s = time.monotonic() - started
    assert {answer.source for answer in answers} == {"first"}
    assert took_s <= 1.5


@pytest.mark.parametrize("expired", [False, True])
def test_twenty_who_ask_the_same_at_once_make_one_call(expired: bool, stage: Stage) -> None:
    if expired:
        stage.ask()
        stage.time.pass_s(2 * HOUR_S)
    before = stage.calls
    stage.first.on("/price", hostile.after(0.1, hostile.json_reply({"usd": 102_000})))
    start = threading.Barrier(20)

    def one(_: int) -> Answer[float]:
        start.wait()
        return stage.ask()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(one, range(20)))
    assert stage.calls - before == 1
    assert {answer.value for answer in answers} == {102_000.0}


def test_all_who_wait_for_a_call_that_fails_get_the_next_rung(stage: Stage) -> None:
    stage.both(hostile.after(0.1, hostile.reply(404)))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: stage.ask(), range(20)))
    assert {answer.status for answer in answers} == {"bundled"}
    assert stage.calls == 2


def test_a_question_that_just_failed_is_not_asked_again_at_once(stage: Stage) -> None:
    stage.both(hostile.reply(404, b"none"))
    stage.ask()
    again = stage.ask()
    assert stage.calls == 2
    assert "first: answered HTTP 404: none" in again.why
    stage.time.pass_s(61)
    stage.ask()
    assert stage.calls == 4
    stage.ask(soft_s=0)
    assert stage.calls == 6, "a planner who presses refresh is not told to wait"


@pytest.mark.parametrize("by", [timedelta(hours=-1), timedelta(days=1), timedelta(days=-365)])
def test_a_calendar_that_jumps_changes_no_age_and_stops_no_call(by: timedelta, stage: Stage) -> None:
    stage.ask()
    stage.time.jump(by)
    answer = stage.ask()
    assert answer.status == "cached", "an hour on the counter decides, not the calendar"
    assert answer.age_s(stage.time.now()) >= 0
    stage.time.count_s += HOUR_S + 1
    assert stage.ask().status == "live"
    stage.both(DOWN)
    for n in range(6):
        stage.ask(asked=str(n))
    stage.time.jump(by)
    assert stage.world.health([FIRST])[0].state == "open"
    assert (stage.world.health([FIRST])[0].age_s or 0) >= 0
    stage.time.count_s += 61
    assert stage.world.health([FIRST])[0].state == "half-open"


def test_our_own_limit_of_calls_is_kept(stage: Stage) -> None:
    slow = replace(FIRST, name="first", per_minute=3)
    question = replace(PRICE, sources=(slow, SECOND))
    answers = [stage.ask(question, str(n), within_s=1.5) for n in range(5)]
    assert stage.first.hits("/price") == 3
    assert [answer.source for answer in answers] == ["first"] * 3 + ["second"] * 2
    assert "own limit" in answers[-1].why
    stage.time.pass_s(60)
    assert stage.ask(question, "later").source == "first"


# NET-08, NET-09: what cannot be true


@pytest.mark.parametrize(
    "body",
    [
        b'{"usd": NaN}', b'{"usd": Infinity}', b'{"usd": 1e999}', b'{"usd": -5}', b'{"usd": 0}',
        b'{"usd": "100000"}', b'{"usd": true}', b'{"usd": null}', b'{"eur": 1}', b"[]", b"null",
        b"<html>captive portal</html>", b'{"usd": 100', b"[" * 200_000, b'{"usd": 1, "usd": 2}', b"",
        '{"usd": 100000}'.encode("utf-16"),
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_rejected_and_the_last_good_answer_kept(body: bytes, stage: Stage) -> None:
    stage.ask()
    stage.both(hostile.reply(200, body))
    stage.time.pass_s(2 * HOUR_S)
    answer = stage.ask()
    assert (answer.value, answer.status) == (100_000.0, "stale")
    assert "first: " in answer.why
    assert "second: " in answer.why
    assert stage.calls == 3, "a reply that came whole is not asked for again"


def test_fields_nobody_asked_for_do_no_harm(stage: Stage) -> None:
    stage.first.on("/price", hostile.json_reply({"usd": 100_000, "__class__": "x", "more": [1]}))
    assert stage.ask().value == 100_000


def test_a_jump_of_one_provider_is_not_believed_alone(stage: Stage) -> None:
    stage.ask()
    stage.time.pass_s(2 * HOUR_S)
    stage.first.on("/price", hostile.json_reply({"usd": 1_000_000}))
    answer = stage.ask()
    assert (answer.value, answer.source, answer.status) == (101_000.0, "second", "live")
    assert "first: says what no other source confirms" in answer.why
    stage.time.pass_s(2 * HOUR_S)
    stage.second.on("/price", DOWN)
    answer = stage.ask()
    assert (answer.value, answer.status) == (101_000.0, "stale")


def test_a_jump_that_two_providers_agree_on_is_believed(stage: Stage) -> None:
    stage.ask()
    stage.time.pass_s(2 * HOUR_S)
    stage.first.on("/price", hostile.json_reply({"usd": 60_000}))
    stage.second.on("/price", hostile.json_reply({"usd": 60_500}))
    answer = stage.ask()
    assert (answer.value, answer.status) == (60_500.0, "live")
