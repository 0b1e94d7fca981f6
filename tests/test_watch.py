"""The server looks after itself: notices reach a receiver that misbehaves, signed, and nobody waits for them."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import health, outside, watch, webhooks
from core.alerts import FILE_NAME, Alerts, Notice
from core.errors import SourceError
from core.fetchers.world import Access, World
from core.traffic import Traffic
from core.watch import ID, Sender, Watch
from tests.test_webhooks import Receiver, until

SECRET = b"s" * 32
NOTICE = Notice("raised", "free disk", "12 MB are free where things are kept", 1_800_000_000.0, time.time())


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Somebody on a private network whom the setting names, and no other setting."""
    found, world = Receiver(), World(None, Access())
    monkeypatch.delenv("SOLAR_MINING_WEBHOOK_HOSTS", raising=False)
    monkeypatch.setenv("SOLAR_MINING_ALERTS", f"{found.base}/pager?token=abc")
    monkeypatch.setattr(webhooks, "outside", lambda: world)
    monkeypatch.setattr(webhooks, "secret", lambda: SECRET)
    yield found
    found.close()


@pytest.fixture
def sending() -> Iterator[Callable[..., Sender]]:
    made: list[Sender] = []

    def begin(waits_s: tuple[float, ...] = (0.05, 0.1)) -> Sender:
        made.append(Sender(watch.to_setting, waits_s))
        return made[-1]

    yield begin
    for sender in made:
        sender.close()


PATH = "/pager?token=abc"


def test_a_notice_is_signed_and_says_what_since_when_and_where(
    receiver: Receiver, sending: Callable[..., Sender]
) -> None:
    sending().send(NOTICE)
    until(lambda: bool(receiver.got))
    headers, body = receiver.at(PATH)[0]
    told = json.loads(body)
    assert told["event"] == "alert.raised"
    assert told["data"] == {
        "alert": "free disk", "text": NOTICE.words, "since": "2027-01-15T08:00:00Z", "env": "development", "mode": "local"
    }  # fmt: skip
    signed = headers["webhook-timestamp"].encode() + b"." + body
    key = webhooks.signing_key(ID)
    assert headers["webhook-signature"] == "v1=" + hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def test_one_that_fails_at_first_is_told_in_the_end_and_in_order(
    receiver: Receiver, sending: Callable[..., Sender]
) -> None:
    receiver.answers[PATH] = [500, 302, 200, 500, 200]
    sender = sending()
    for words in ("one", "two", "three"):
        sender.send(Notice("raised", words, words, NOTICE.since_s, time.time()))
    until(lambda: len(receiver.got) == 6)
    told = [json.loads(body)["data"]["alert"] for _, body in receiver.at(PATH)]
    assert told == ["one", "one", "one", "two", "two", "three"]


def test_one_that_never_takes_anything_costs_a_few_attempts_and_holds_nobody_up(
    receiver: Receiver, sending: Callable[..., Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "DEADLINE_S", 0.3)
    receiver.answers[PATH] = [0] * 1000
    sender = sending((0.01,))
    began_s = time.perf_counter()
    for _ in range(500):
        sender.send(NOTICE)
    took_s = time.perf_counter() - began_s
    print(f"500 notices were taken over in {1000 * took_s:.1f} ms")
    assert took_s < 5.0
    assert sender._waiting.qsize() <= watch.MOST_WAITING
    until(lambda: len(receiver.got) >= 2)


def test_an_old_notice_is_not_sent(receiver: Receiver) -> None:
    watch.to_setting(Notice("raised", "free disk", "x", 0.0, time.time() - watch.OLDEST_S - 1))
    assert receiver.got == []


def test_where_no_call_may_be_made_none_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outside.outside().offline
    monkeypatch.setenv("SOLAR_MINING_ALERTS", "https://example.org/pager")
    with pytest.raises(SourceError):
        watch.to_setting(NOTICE)
    watch.close()
    assert watch.watch()._send is None
    watch.close()


# The whole way: from a figure to a message


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Traffic]:
    """A server in a folder of its own, whose calls the test makes up."""
    busy = Traffic()
    monkeypatch.setenv("SOLAR_MINING_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(watch, "traffic", lambda: busy)
    monkeypatch.setattr(watch, "probe", lambda: health.Probe({"database": lambda: "ok"}))
    return busy


def test_failures_are_told_and_that_they_are_over(
    receiver: Receiver, sending: Callable[..., Sender], looked: Traffic, tmp_path: Path
) -> None:
    now = [time.time()]
    looking = Watch(Alerts(tmp_path / FILE_NAME, lambda: now[0]), sending().send)
    assert looking.look() == []
    for _ in range(10):
        looked.saw(0.01, failed=True)
    looking.look()
    looking.look()
    assert [notice.key for notice in looking.lasting] == ["errors"]
    looked._slices.clear()
    now[0] += 61.0
    looking.look()
    until(lambda: len(receiver.got) == 2)
    time.sleep(0.1)
    told = [(json.loads(body)["event"], json.loads(body)["data"]["text"]) for _, body in receiver.at(PATH)]
    words = "10 of 10 calls failed within five minutes"
    assert told == [("alert.raised", words), ("alert.recovered", words)]
    assert len(looking.samples) == 4
    assert looking.lasting == []


def test_what_is_told_is_in_the_log_though_nobody_is_set(looked: Traffic, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(10):
        looked.saw(0.01, failed=True)
    with caplog.at_level(logging.INFO, "solar_mining.alerts"):
        Watch(Alerts(None)).look()
    (record,) = caplog.records
    assert record.getMessage() == "raised: 10 of 10 calls failed within five minutes"
    assert record.__dict__["facts"] == {"alert": "errors", "kind": "raised"}


HOLD = """
import sys
from pathlib import Path
from core.watch import _held
with _held(Path(sys.argv[1])) as alone:
    print(alone(), flush=True)
    sys.stdin.read()
"""


def test_of_two_processes_on_a_folder_one_tells_and_the_other_follows(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"True\n"
        with watch._held(tmp_path) as alone:
            assert not alone()
            other.communicate()
            assert alone()
            assert alone()


def test_the_command_tells_the_key_and_tries_the_way(
    receiver: Receiver, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.__main__ import main

    assert main(["alerts", "--try"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"signing key: {webhooks.signing_key(ID)}", "an alert was taken"]
    assert json.loads(receiver.at(PATH)[0][1])["data"]["alert"] == "trial"
    monkeypatch.delenv("SOLAR_MINING_ALERTS")
    assert main(["alerts", "--try"]) == 1
    assert "SOLAR_MINING_ALERTS" in capsys.readouterr().err
    monkeypatch.setenv("SOLAR_MINING_MODE", "public")
    monkeypatch.delenv("SOLAR_MINING_SECRET", raising=False)
    assert main(["alerts"]) == 1
    assert "the key changes with each start" in capsys.readouterr().err
