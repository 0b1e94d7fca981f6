"""Work that has found something lets it out once its rest lasts, and once only."""

from __future__ import annotations

from typing import Any

from pages.ui import work


def heard(patience_s: float) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    rest = work.patient(lambda *said: told.append(said), "The rest", "lives", patience_s)
    for share in (0.6, 0.8):
        rest(share)
    return told


def test_a_rest_that_is_short_is_waited_for() -> None:
    assert heard(60.0) == [(0.6, "The rest", None), (0.8, "The rest", None)]


def test_what_is_found_is_let_out_once_where_the_rest_lasts() -> None:
    assert heard(0.0) == [(0.6, "The rest", "lives"), (0.8, "The rest", None)]
