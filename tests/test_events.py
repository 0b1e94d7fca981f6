"""The bus: everybody hears what concerns them, and whoever hangs slows nobody."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from core.api.routes_events import Stream
from core.events import DATA_REFRESHED, JOB_ENDED, MOST_LISTENERS, OWN_LISTENERS, Bus, Listener


def nothing() -> None:
    return None


def listening(bus: Bus, owner: str | None, after: int | None = None) -> Listener:
    found = bus.listen(owner, nothing, after)
    assert found is not None
    return found


def test_owners_hear_of_their_own_and_of_what_concerns_all() -> None:
    bus = Bus()
    ann, bob, all_of_it = (listening(bus, owner) for owner in ("ann", "bob", None))
    bus.tell(JOB_ENDED, {"id": "1"}, "ann")
    bus.tell(DATA_REFRESHED, {"question": "price"})
    assert [event.kind for event in ann.take()] == [JOB_ENDED, DATA_REFRESHED]
    assert [event.kind for event in bob.take()] == [DATA_REFRESHED]
    assert len(all_of_it.take()) == 2
    assert ann.take() == []


def test_who_comes_back_is_told_what_was_missed() -> None:
    bus = Bus()
    first = bus.tell(JOB_ENDED, {"n": 1}, "ann")
    bus.tell(JOB_ENDED, {"n": 2}, "bob")
    bus.tell(JOB_ENDED, {"n": 3}, "ann")
    assert [event.data["n"] for event in listening(bus, "ann", after=first.id).take()] == [3]
    assert [event.data["n"] for event in listening(bus, "ann", after=0).take()] == [1, 3]
    assert listening(bus, "ann").take() == []


def test_ids_grow_though_the_clock_stands_or_goes_back() -> None:
    clock = iter([100.0, 100.0, 50.0, 200.0])
    bus = Bus(now_s=lambda: next(clock))
    ids = [bus.tell(JOB_ENDED, {}).id for _ in range(4)]
    assert ids == sorted(set(ids))


def test_one_that_hangs_is_let_go_and_slows_nobody() -> None:
    bus = Bus(box=10)
    asleep, awake = listening(bus, "ann"), listening(bus, "ann")
    heard = 0
    began_s = time.monotonic()
    for _ in range(10_000):
        bus.tell(JOB_ENDED, {}, "ann")
        heard += len(awake.take())
    took_s = time.monotonic() - began_s
    assert (heard, asleep.gone, awake.gone, len(asleep.box), bus.listeners) == (10_000, True, False, 10, 1)
    print(f"10,000 events beside a listener that hangs: {took_s:.3f} s")


def test_one_whose_waking_fails_keeps_no_event_from_others() -> None:
    bus = Bus()

    def broken() -> None:
        raise RuntimeError("the loop is closed")

    bus.listen("ann", broken)
    other = listening(bus, "ann")
    bus.tell(JOB_ENDED, {}, "ann")
    assert len(other.take()) == 1


def test_too_many_listeners_are_refused() -> None:
    bus = Bus()
    assert all(bus.listen("ann", nothing) for _ in range(OWN_LISTENERS))
    assert bus.listen("ann", nothing) is None
    assert all(bus.listen(f"owner {n}", nothing) for n in range(MOST_LISTENERS - OWN_LISTENERS))
    assert bus.listen("bob", nothing) is None
    assert bus.listen(None, nothing) is not None  # webhooks hear whatever the crowd


async def read(stream: Stream, pieces: int) -> list[str]:
    text = stream.text()
    found = [await asyncio.wait_for(anext(text), 5) for _ in range(pieces)]
    await text.aclose()
    return found


def test_a_stream_tells_in_the_form_of_the_standard_and_leaves_when_it_is_hung_up() -> None:
    bus = Bus()
    missed = bus.tell(JOB_ENDED, {"id": "a"}, "ann")

    async def listen() -> list[str]:
        stream = Stream(bus, "ann", missed.id - 1)
        asyncio.get_running_loop().call_later(0.05, bus.tell, DATA_REFRESHED, {"question": "price"})
        return await read(stream, 3)

    opening, first, second = asyncio.run(listen())
    assert opening == "retry: 2000\n\n"
    assert first == f'id: {missed.id}\nevent: job.ended\ndata: {{"id": "a"}}\n\n'
    assert second.endswith('event: data.refreshed\ndata: {"question": "price"}\n\n')
    assert bus.listeners == 0


def test_a_stream_without_news_says_that_it_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.api.routes_events.HEARTBEAT_S", 0.1)
    monkeypatch.setattr("core.api.routes_events.LOOK_EVERY_S", 0.02)

    async def listen() -> list[str]:
        return await read(Stream(Bus(), "ann", None), 3)

    assert asyncio.run(listen())[1:] == [": still here\n\n"] * 2


def test_events_told_in_another_thread_wake_the_stream_at_once() -> None:
    bus = Bus()

    async def listen() -> float:
        text = Stream(bus, "ann", None).text()
        await anext(text)
        waiting = asyncio.create_task(anext(text))  # type: ignore[arg-type, var-annotated]
        await asyncio.sleep(0.05)
        began_s = time.monotonic()
        threading.Thread(target=bus.tell, args=(JOB_ENDED, {}, "ann")).start()
        await asyncio.wait_for(waiting, 5)
        took_s = time.monotonic() - began_s
        await text.aclose()
        return took_s

    assert asyncio.run(listen()) < 0.3
