"""The lock of the writers: one at a time, in order of arrival, and no turn lost."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.store.turns import Turns


def in_a_thread(turns: Turns, timeout_s: float) -> bool:
    """Whether another thread gets the lock, which it lets go at once."""

    def attempt() -> bool:
        got = turns.acquire(timeout_s)
        if got:
            turns.release()
        return got

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(attempt).result(timeout=10)


def test_it_is_free_when_let_go_as_often_as_taken() -> None:
    turns = Turns()
    assert not turns.mine
    for _ in range(3):
        assert turns.acquire(0)
    for _ in range(3):
        assert turns.mine
        assert not in_a_thread(turns, 0.01)
        turns.release()
    assert not turns.mine
    assert in_a_thread(turns, 0)


def test_one_at_a_time() -> None:
    turns, inside, seen = Turns(), [0], set()

    def client(_: int) -> None:
        for _ in range(50):
            assert turns.acquire(10)
            inside[0] += 1
            time.sleep(0)
            seen.add(inside[0])
            inside[0] -= 1
            turns.release()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client, range(8)))
    assert seen == {1}


def test_who_came_first_is_served_first() -> None:
    turns, order = Turns(), []

    def client(number: int) -> None:
        assert turns.acquire(10)
        order.append(number)
        turns.release()

    assert turns.acquire(0)
    threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
    for waiting, thread in enumerate(threads, 1):
        thread.start()
        while len(turns._waiting) < waiting:
            time.sleep(0.001)
    turns.release()
    for thread in threads:
        thread.join(timeout=10)
    assert order == list(range(8))


def test_who_gives_up_does_not_hold_up_the_rest() -> None:
    turns = Turns()
    assert turns.acquire(0)
    assert not in_a_thread(turns, 0.05)
    turns.release()
    assert in_a_thread(turns, 0)


def test_who_is_interrupted_while_waiting_leaves_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns()
    held, done = threading.Event(), threading.Event()

    def holder() -> None:
        assert turns.acquire(0)
        held.set()
        done.wait(10)
        turns.release()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(holder)
        assert held.wait(10)

        def interrupted(self: threading.Event, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(threading.Event, "wait", interrupted)
            with pytest.raises(KeyboardInterrupt):
                turns.acquire(10)
        done.set()
        holding.result(timeout=10)
    assert turns.acquire(0)
