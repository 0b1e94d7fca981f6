"""Other systems are told what happened: each event is posted, signed, to the addresses that asked for it.

A message that is not taken (any status but 2xx, no answer in time) is sent again, later and later, a few times. Of one
owner one message is on its way at a time, so that whoever hangs keeps up nobody else. What waits is in memory: a restart
forgets it, and the jobs themselves tell what came of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from core import events
from core.errors import DatabaseError, SolarMiningError, SourceError, ValidationError
from core.events import Bus, Event, Listener
from core.fetchers.http import send
from core.fetchers.provider import Request
from core.fetchers.wire import Lookups, Road, is_public, trust
from core.once import Once
from core.outside import database, outside, secret
from core.settings import settings
from core.store import webhooks as store
from core.store.database import Database
from core.store.secret import purpose
from core.store.webhooks import Webhook

SENDERS = 4
DEADLINE_S = 10.0
WAITS_S = (2.0, 10.0, 60.0, 600.0)  # before each further attempt
MOST_WAITING, OWN_WAITING = 1000, 100  # messages, and those to one owner
MOST_REPLY = 64_000  # bytes of an answer, which nobody reads
LONGEST_URL = 2000
log = logging.getLogger("solar_mining.webhooks")


def checked(url: str) -> str:
    """The address, or ValidationError where it is none that may be told."""
    expected = "an https address, without user and password, of a host on the open internet"
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, parts, port = "", urlsplit(""), None
    own = host in settings().webhook_hosts  # on a private network, or in the clear
    schemes = ("http", "https") if own else ("https",)
    sound = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL and port != 0
    if (
        not host
        or (_is_private(host) and not own)
        or parts.scheme not in schemes
        or parts.username is not None
        or parts.fragment
        or not sound
    ):
        raise ValidationError(f"url: expected {expected}", field="url", value=url, expected=expected)
    return url


def _is_private(host: str) -> bool:
    """Whether a host is plainly not of the open internet; a name that leads there is found when it is connected to."""
    try:
        return not is_public(host)
    except ValueError:
        return "." not in host


def signing_key(webhook_id: str) -> str:
    """What the messages to one address are signed with: made from the secret of the server, and kept nowhere."""
    return purpose(secret(), f"webhook {webhook_id}").hex()


def signature(key: str, stamp: str, body: bytes) -> str:
    """HMAC-SHA-256 of `stamp.body` [64 hex digits]; whoever receives it makes the same and compares."""
    return hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass(order=True)
class _Message:
    due_s: float
    number: int
    webhook: Webhook = field(compare=False)
    event: Event = field(compare=False)
    attempt: int = field(compare=False, default=0)


class Messenger:
    """Posts events in a few threads of its own; `post` sends one message, and raises where it is not taken."""

    def __init__(
        self,
        bus: Bus,
        db: Callable[[], Database],
        post: Callable[[Webhook, Event], None] | None = None,
        waits_s: tuple[float, ...] = WAITS_S,
        senders: int = SENDERS,
    ) -> None:
        self._bus, self._db, self._waits_s = bus, db, waits_s
        self._post = post or posted
        self._due = threading.Condition()
        self._messages: list[_Message] = []
        self._busy: set[str] = set()  # owners
        self._number = 0
        self._closed = False
        self._news = threading.Event()
        self._listener: Listener | None = None
        self._heard: int | None = None  # the last event
        self._threads = [threading.Thread(target=self._listen, name="webhooks", daemon=True)]
        self._threads += [
            threading.Thread(target=self._send_all, name=f"webhook {n}", daemon=True) for n in range(senders)
        ]

    def begin(self) -> Messenger:
        """Listen and send from now on."""
        self._listener = self._bus.listen(None, self._news.set)
        for thread in self._threads:
            thread.start()
        return self

    def close(self) -> None:
        """Send no more; what is on its way ends by itself."""
        with self._due:
            self._closed = True
            self._due.notify_all()
        self._news.set()
        if self._listener:
            self._bus.leave(self._listener)

    @property
    def waiting(self) -> int:
        """Messages that are still to be sent."""
        return len(self._messages)

    def _listen(self) -> None:
        while not self._closed:
            self._news.wait()
            self._news.clear()
            heard = self._listener.take() if self._listener else []
            for event in heard:
                self._put_all(event)
            self._heard = heard[-1].id if heard else self._heard
            if self._listener is None or self._listener.gone:  # too much at once: the bus remembers the rest
                self._listener = self._bus.listen(None, self._news.set, self._heard)
                self._news.set()

    def _put_all(self, event: Event) -> None:
        try:
            for webhook in store.concerned(self._db(), event.owner, event.kind):
                self._put(webhook, event, 0, 0.0)
        except SolarMiningError as error:
            log.warning("nobody is told of event %d: %s", event.id, error.message)

    def _put(self, webhook: Webhook, event: Event, attempt: int, wait_s: float) -> None:
        with self._due:
            own = sum(one.webhook.owner == webhook.owner for one in self._messages)
            if len(self._messages) >= MOST_WAITING or own >= OWN_WAITING:
                log.warning("a message to webhook %s is dropped: too many wait", webhook.id)
                return
            self._number += 1
            self._messages.append(_Message(time.monotonic() + wait_s, self._number, webhook, event, attempt))
            self._due.notify()

    def _send_all(self) -> None:
        while (message := self._next()) is not None:
            try:
                self._send(message)
            except Exception:
                log.exception("a message to webhook %s failed", message.webhook.id)
            finally:
                with self._due:
                    self._busy.discard(message.webhook.owner)
                    self._due.notify_all()

    def _next(self) -> _Message | None:
        """The first that is due of an owner to whom nothing is on its way; None once closed."""
        with self._due:
            while not self._closed:
                now = time.monotonic()
                free = [one for one in self._messages if one.webhook.owner not in self._busy]
                first = min(free, default=None)
                if first is not None and first.due_s <= now:
                    self._messages.remove(first)
                    self._busy.add(first.webhook.owner)
                    return first
                self._due.wait(None if first is None else first.due_s - now)
            return None

    def _send(self, message: _Message) -> None:
        webhook = message.webhook
        try:
            if store.exists(self._db(), webhook.id):
                self._post(webhook, message.event)
        except (SourceError, DatabaseError) as error:  # not taken, or the database is busy now
            log.info("webhook %s, attempt %d: %s", webhook.id, message.attempt + 1, error.message)
            if message.attempt < len(self._waits_s):
                self._put(webhook, message.event, message.attempt + 1, self._waits_s[message.attempt])


def body_of(event: Event) -> bytes:
    """What is posted."""
    at = datetime.fromtimestamp(event.at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"id": str(event.id), "event": event.kind, "at": at, "data": dict(event.data)}).encode()


def posted(webhook: Webhook, event: Event, *, own: bool = False) -> None:
    """Send one message; SourceError where it is not taken. No redirect is followed, no private host called but a named one.

    `own`: a setting gave the address itself, so that it may be on a private network.
    """
    if outside().offline:
        raise SourceError("no call is made at all", field="webhook")
    body, stamp = body_of(event), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": str(event.id),
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": f"v1={signature(signing_key(webhook.id), stamp, body)}",
    }
    own = own or (urlsplit(webhook.url).hostname or "").lower() in settings().webhook_hosts
    road = Road(time.monotonic() + DEADLINE_S, own, _lookups(), trust(outside().access.ca_file if own else None))
    reply = send(Request(webhook.url, headers=headers, body=body), road, MOST_REPLY)
    if reply.status >= 300:
        raise SourceError(f"answered with status {reply.status}", field="webhook")


@Once
def _lookups() -> Lookups:
    return Lookups()


@Once
def messenger() -> Messenger:
    """The messenger of this process, begun."""
    return Messenger(events.bus(), database).begin()


def close() -> None:
    """End the messenger of this process, if there is one."""
    messenger.end(Messenger.close)
