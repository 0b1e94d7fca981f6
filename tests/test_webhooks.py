"""Messages to other systems: signed, sent again, never to a private host, and nobody waits for one that hangs."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from core import outside, webhooks
from core.errors import DatabaseError, SourceError, ValidationError
from core.events import DATA_REFRESHED, JOB_ENDED, Bus, Event
from core.fetchers.world import Access, World
from core.store import webhooks as store
from core.store.database import Database, in_memory
from core.store.webhooks import Webhook

PATIENCE_S = 10.0


class Receiver:
    """A server that takes messages: `answers` says by path which statuses it gives in turn, 0 for none at all."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes, float]] = []
        self.answers: dict[str, list[int]] = {}
        self.location = ""
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def at(self, path: str) -> list[tuple[dict[str, str], bytes]]:
        return [(headers, body) for where, headers, body, _ in self.got if where == path]


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append((self.path, headers, body, time.monotonic()))
            waiting = receiver.answers.get(self.path, [])
            status = waiting.pop(0) if waiting else 204
            if status == 0:
                receiver.released.wait(PATIENCE_S)
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *told: object) -> None:
            pass

    return Handler


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("SOLAR_MINING_WEBHOOK_HOSTS", "127.0.0.1")
    world = World(None, Access())
    monkeypatch.setattr(webhooks, "outside", lambda: world)
    monkeypatch.setattr(webhooks, "secret", lambda: b"s" * 32)
    found = Receiver()
    yield found
    found.close()


@pytest.fixture
def db() -> Iterator[Database]:
    made = in_memory()
    yield made
    made.close()


@pytest.fixture
def begun(db: Database) -> Iterator[Callable[..., tuple[Bus, webhooks.Messenger]]]:
    made: list[webhooks.Messenger] = []

    def begin(**how: Any) -> tuple[Bus, webhooks.Messenger]:
        bus = Bus()
        made.append(webhooks.Messenger(bus, lambda: db, **{"waits_s": (0.05, 0.1), **how}).begin())
        return bus, made[-1]

    yield begin
    for messenger in made:
        messenger.close()


def until(wanted: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not wanted():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.005)


def test_a_message_is_signed_over_its_time_and_body(
    receiver: Receiver, db: Database, begun: Callable[..., tuple[Bus, webhooks.Messenger]]
) -> None:
    kept = store.create(db, "ann", f"{receiver.base}/hook", (JOB_ENDED,))
    bus, _ = begun()
    told = bus.tell(JOB_ENDED, {"id": "1", "state": "done"}, "ann")
    until(lambda: bool(receiver.got))
    headers, body = receiver.at("/hook")[0]
    assert json.loads(body)["data"] == {"id": "1", "state": "done"}
    assert (json.loads(body)["event"], headers["webhook-id"]) == (JOB_ENDED, str(told.id))
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    signed = headers["webhook-timestamp"].encode() + b"." + body
    key = webhooks.signing_key(kept.id)
    assert headers["webhook-signature"] == "v1=" + hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    assert key not in str(receiver.got)


def test_only_who_asked_for_it_is_told(
    receiver: Receiver, db: Database, begun: Callable[..., tuple[Bus, webhooks.Messenger]]
) -> None:
    for owner, path, kinds in (
        ("ann", "/jobs", (JOB_ENDED,)),
        ("ann", "/data", (DATA_REFRESHED,)),
        ("bob", "/bob", (JOB_ENDED, DATA_REFRESHED)),
    ):
        store.create(db, owner, receiver.base + path, kinds)
    bus, messenger = begun()
    bus.tell(JOB_ENDED, {"id": "1"}, "ann")
    bus.tell(DATA_REFRESHED, {"question": "price"})
    until(lambda: len(receiver.got) == 3)
    until(lambda: messenger.waiting == 0)
    assert sorted(path for path, *_ in receiver.got) == ["/bob", "/data", "/jobs"]
    assert b"price" in receiver.at("/bob")[0][1]


def test_what_was_heard_before_the_box_ran_over_is_told_and_what_comes_later_too(
    receiver: Receiver,
    db: Database,
    begun: Callable[..., tuple[Bus, webhooks.Messenger]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.create(db, "ann", f"{receiver.base}/hook", (JOB_ENDED,))
    bus, messenger = begun()
    monkeypatch.setattr(bus, "_box", 2)
    with messenger._due:  # nothing can be put while all this happens
        told = [bus.tell(JOB_ENDED, {}, "ann") for _ in range(4)]
    later = bus.tell(JOB_ENDED, {}, "ann")
    wanted = {str(event.id) for event in (*told[:2], told[-1], later)}  # a box of two holds the first and the last
    until(lambda: wanted <= {headers["webhook-id"] for headers, _ in receiver.at("/hook")})


def test_what_is_not_taken_comes_again_later_and_later_and_then_no_more(
    receiver: Receiver, db: Database, begun: Callable[..., tuple[Bus, webhooks.Messenger]]
) -> None:
    store.create(db, "ann", f"{receiver.base}/twice", (JOB_ENDED,))
    store.create(db, "bob", f"{receiver.base}/never", (JOB_ENDED,))
    receiver.answers = {"/twice": [500, 503], "/never": [400] * 9}
    bus, messenger = begun(waits_s=(0.1, 0.3))
    bus.tell(JOB_ENDED, {}, "ann")
    bus.tell(JOB_ENDED, {}, "bob")
    until(lambda: len(receiver.got) == 6)
    time.sleep(0.5)
    assert (len(receiver.at("/twice")), len(receiver.at("/never")), messenger.waiting) == (3, 3, 0)
    first, second, third = (at for path, _, _, at in receiver.got if path == "/twice")
    assert second - first >= 0.1
    assert third - second >= 0.3
    assert len({headers["webhook-id"] for headers, _ in receiver.at("/twice")}) == 1


def test_one_that_hangs_keeps_up_nobody_else(
    receiver: Receiver, db: Database, begun: Callable[..., tuple[Bus, webhooks.Messenger]]
) -> None:
    for n in range(3):
        store.create(db, "hangs", f"{receiver.base}/hangs{n}", (JOB_ENDED,))
        receiver.answers[f"/hangs{n}"] = [0] * 50
    store.create(db, "ann", f"{receiver.base}/ann", (JOB_ENDED,))
    bus, _ = begun(senders=2)
    for _ in range(10):
        bus.tell(JOB_ENDED, {}, "hangs")
    until(lambda: bool(receiver.got))
    began_s = time.monotonic()
    bus.tell(JOB_ENDED, {}, "ann")
    told_s = time.monotonic() - began_s
    until(lambda: bool(receiver.at("/ann")))
    took_s = time.monotonic() - began_s
    print(f"told in {1000 * told_s:.2f} ms, delivered beside one that hangs in {1000 * took_s:.0f} ms")
    assert took_s < 8.0  # the deadline of one that hangs is ten
    assert len(receiver.got) == 2, "of the owner who hangs one message is on its way"


def test_a_call_ends_at_its_deadline(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "DEADLINE_S", 0.5)
    receiver.answers["/slow"] = [0]
    began_s = time.monotonic()
    with pytest.raises(SourceError):
        webhooks.posted(hook(f"{receiver.base}/slow"), event())
    assert time.monotonic() - began_s < 8.0


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    receiver.answers["/moved"] = [307]
    receiver.location = f"{receiver.base}/elsewhere"
    with pytest.raises(SourceError):
        webhooks.posted(hook(f"{receiver.base}/moved"), event())
    assert not receiver.at("/elsewhere")


def test_a_private_host_that_no_setting_names_is_never_called(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.base.rsplit(":", 1)[1]
    monkeypatch.setenv("SOLAR_MINING_WEBHOOK_HOSTS", "other.example")
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        with pytest.raises(SourceError):
            webhooks.posted(hook(f"http://{host}:{port}/hook"), event())
    assert not receiver.got


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/hook",
        "https://user:password@example.com/",
        "https://example.com/#part",
        "https://",
        "ftp://example.com/",
        "file:///etc/passwd",
        "/etc/passwd",
        "https://example.com:0/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "https://example.com/" + "a" * 3000,
    ],
)
def test_addresses_that_may_not_be_told_are_refused_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOLAR_MINING_WEBHOOK_HOSTS", raising=False)
    with pytest.raises(ValidationError):
        webhooks.checked(url)


def test_addresses_on_the_open_internet_and_named_hosts_may_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLAR_MINING_WEBHOOK_HOSTS", "hooks.lan, 10.0.0.5")
    for url in ("https://example.com/hook?x=1", "http://hooks.lan:8080/a", "http://10.0.0.5/"):
        assert webhooks.checked(url) == url


def test_one_that_was_deleted_hears_nothing_more(
    receiver: Receiver, db: Database, begun: Callable[..., tuple[Bus, webhooks.Messenger]]
) -> None:
    kept = store.create(db, "ann", f"{receiver.base}/gone", (JOB_ENDED,))
    receiver.answers["/gone"] = [500] * 9
    bus, messenger = begun(waits_s=(0.3,))
    bus.tell(JOB_ENDED, {}, "ann")
    until(lambda: len(receiver.got) == 1)
    store.delete(db, "ann", kept.id)
    until(lambda: messenger.waiting == 0)
    time.sleep(0.1)
    assert len(receiver.got) == 1


def test_an_owner_has_a_few_and_nobody_elses(db: Database) -> None:
    for n in range(store.MOST):
        store.create(db, "ann", f"https://example.com/{n}", (JOB_ENDED,))
    with pytest.raises(ValidationError):
        store.create(db, "ann", "https://example.com/more", (JOB_ENDED,))
    assert len(store.listed(db, "ann", 100)) == store.MOST
    assert store.listed(db, "bob") == []


def test_nothing_is_sent_where_no_call_may_be_made() -> None:
    assert outside.outside().offline
    with pytest.raises(SourceError):
        webhooks.posted(hook("https://example.com/"), event())


def test_an_owner_whose_messages_pile_up_leaves_room_for_others(
    db: Database, begun: Callable[..., tuple[Bus, webhooks.Messenger]]
) -> None:
    told: list[str] = []

    def post(webhook: Webhook, event: Event) -> None:
        if webhook.owner == "fails":
            raise SourceError("no", field="webhook")
        told.append(webhook.owner)

    for n in range(store.MOST):
        store.create(db, "fails", f"https://example.com/{n}", (JOB_ENDED,))
    store.create(db, "ann", "https://example.com/ann", (JOB_ENDED,))
    bus, messenger = begun(post=post, waits_s=(600.0,))
    for n in range(20):
        bus.tell(JOB_ENDED, {"id": str(n)}, "fails")
    bus.tell(JOB_ENDED, {"id": "last"}, "ann")
    until(lambda: told == ["ann"])
    assert messenger.waiting <= webhooks.OWN_WAITING


def test_a_message_is_not_lost_while_the_database_is_busy(
    db: Database, begun: Callable[..., tuple[Bus, webhooks.Messenger]], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    busy = [DatabaseError("the database is busy", field="database")]
    exists = store.exists

    def busy_once(db: Database, id_: str) -> bool:
        if busy:
            raise busy.pop()
        return exists(db, id_)

    monkeypatch.setattr(store, "exists", busy_once)
    store.create(db, "ann", "https://example.com/ann", (JOB_ENDED,))
    bus, _ = begun(post=lambda webhook, event: told.append(webhook.owner))
    bus.tell(JOB_ENDED, {}, "ann")
    until(lambda: told == ["ann"])


def hook(url: str) -> Webhook:
    return Webhook("0" * 32, "ann", url, (JOB_ENDED,), store.rows.moment(store.rows.stamp()))


def event() -> Event:
    return Event(1, JOB_ENDED, "ann", 0.0, {})
