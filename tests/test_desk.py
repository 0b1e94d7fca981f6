"""The desk: whoever gives up waiting takes no place with them."""

from __future__ import annotations

import asyncio
import threading

import pytest

from core.desk import Desk
from core.errors import Busy, TimedOut


def test_a_calculation_given_up_before_it_began_leaves_its_place() -> None:
    desk, go_on = Desk(at_once=1, waiting=3, within_s=0.2), threading.Event()

    async def crowd() -> list[object]:
        return await asyncio.gather(*(desk.run(go_on.wait) for _ in range(4)), return_exceptions=True)

    try:
        assert [type(answer) for answer in asyncio.run(crowd())] == [TimedOut] * 4
        assert not desk.full  # one still runs, three never began
    finally:
        go_on.set()
    assert asyncio.run(desk.run(lambda: "served")) == "served"


def test_one_too_many_is_turned_away_and_takes_no_place() -> None:
    desk, go_on = Desk(at_once=1, waiting=1, within_s=20.0), threading.Event()

    async def crowd() -> list[object]:
        asked = [asyncio.ensure_future(desk.run(go_on.wait)) for _ in range(3)]
        await asyncio.sleep(0.1)
        go_on.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    told = asyncio.run(crowd())
    assert told[:2] == [True, True]
    assert isinstance(told[2], Busy)
    assert not desk.full


def test_what_fails_is_raised_and_takes_no_place() -> None:
    desk = Desk(at_once=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            asyncio.run(desk.run(lambda: 1 / 0))
    assert not desk.full
