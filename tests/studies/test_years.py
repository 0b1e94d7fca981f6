"""Yields from year to year: exceedance against outside figures, invariants and limits."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ValidationError
from core.inputs import Weather
from core.scenario import Scenario
from core.studies.years import exceeded, spread, yield_kwh_per_kw


def test_normal_exceedance_is_that_of_the_trade() -> None:
    """P90 = P50 (1 − 1.2816 σ), P99 = P50 (1 − 2.3263 σ): at σ 5 %, 0.93592 and 0.88368 (PVsyst, P50 – P90)."""
    assert exceeded(1.0, 0.05, 0.90) == pytest.approx(0.93592, abs=1e-4)
    assert exceeded(1.0, 0.05, 0.99) == pytest.approx(0.88368, abs=1e-4)
    assert exceeded(1500.0, 60.0, 0.5) == pytest.approx(1500.0)


def test_p90_is_the_tenth_percentile_of_the_years() -> None:
    told = spread({2005 + i: 1000.0 + 10 * i for i in range(11)})
    assert (told.p50, told.p90) == (1050.0, 1010.0)
    assert told.mean == 1050.0
    assert told.sd == pytest.approx(np.std([1000 + 10 * i for i in range(11)], ddof=1))
    assert told.years[0] == 2005


def test_many_normal_years_agree_with_the_normal_formula() -> None:
    draws = np.random.default_rng(7).normal(1500, 60, 4000)
    told = spread(dict(enumerate(draws.tolist())))
    assert told.p90 == pytest.approx(told.p90_normal, rel=0.005)
    assert told.p50 > told.p90 > told.p99_normal


def test_years_that_are_all_alike_have_no_spread() -> None:
    told = spread({2019: 1400.0, 2020: 1400.0})
    assert told.sd == told.sd_frac == 0
    assert told.p50 == told.p90 == told.p99_normal == 1400.0
    assert spread({1: 0.0, 2: 0.0}).sd_frac == 0.0


@pytest.mark.parametrize("yields", [{}, {2019: 1400.0}, {2019: 1400.0, 2020: float("nan")}, {2019: 1.0, 2020: -1.0}])
def test_too_few_or_impossible_years_are_refused(yields: dict[int, float]) -> None:
    with pytest.raises(ValidationError, match="spread"):
        spread(yields)


def test_exceedance_never_falls_below_nothing() -> None:
    assert exceeded(1.0, 10.0, 0.99) == 0.0


def test_the_yield_of_a_year_is_that_of_the_projection(greensboro: Weather) -> None:
    array = Scenario().array
    per_kw = yield_kwh_per_kw(array, greensboro)
    doubled = array.model_copy(update={"dc_kw": 2 * array.dc_kw})
    assert yield_kwh_per_kw(doubled, greensboro) == pytest.approx(per_kw, rel=1e-9)
    assert 1200 < per_kw < 1600
    assert yield_kwh_per_kw(array.model_copy(update={"dc_kw": 0.0}), greensboro) == 0.0
