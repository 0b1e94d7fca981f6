"""A plan in a link: the same plan comes out, and what was cut, changed or swollen is refused."""

from __future__ import annotations

import base64
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ScenarioError
from core.plan_link import LONGEST, opened, written
from core.scenario import Scenario

PLAN = Scenario().but({"name": "Señor’s ⚡ mine & <b>", "array.dc_kw": 2345.678, "fleet.units.0.count": 300})


def test_the_plan_comes_out_as_it_went_in() -> None:
    text = written(PLAN)
    assert 0 < len(text) <= LONGEST
    assert text.replace("-", "").replace("_", "").isalnum()
    assert opened(text) == PLAN


def test_a_plan_too_long_for_a_link_is_not_cut() -> None:
    prices = [round(0.01 + (n * 7919 % 8760) / 1e5, 7) for n in range(8760)]
    assert written(PLAN.but({"grid.import_hourly_usd_per_kwh": prices})) == ""


def folded(data: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(data)).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    ["", "x", "%%%", written(PLAN)[:-9], written(PLAN) + "AAAA", folded(b"{}}"), folded(b"[]"), folded(b"\xff"),
     folded(b'{"name": "' + b"x" * 3_000_000 + b'"}'), folded(b'{"array": {"dc_kw": -1}}'), folded(b'{"schema": 99}')],
)  # fmt: skip
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError):
        opened(text)


@given(st.text(max_size=200))
def test_any_text_is_a_plan_or_refused(text: str) -> None:
    with suppress(ScenarioError):
        assert isinstance(opened(text), Scenario)
