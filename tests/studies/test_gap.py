"""The difference between two yields, in parts that add up."""

from __future__ import annotations

import pytest

from core.inputs import Weather
from core.scenario import Scenario
from core.studies.gap import gap


def test_the_parts_add_up_to_the_difference(greensboro: Weather) -> None:
    array = Scenario().array.model_copy(update={"dc_ac_ratio": 1.8, "first_year_degradation_frac": 0.02})
    told = gap(array, greensboro, 1400.0)
    assert told.own - told.theirs == pytest.approx(told.rest - told.clipped - told.aged)
    assert told.clipped > 20
    assert told.aged > 5
    assert told.frac(14.0) == pytest.approx(0.01)


def test_an_array_without_limits_or_age_differs_by_weather_and_model_alone(greensboro: Weather) -> None:
    free = {"dc_ac_ratio": 0.5, "first_year_degradation_frac": 0.0, "degradation_frac_per_year": 0.0}
    told = gap(Scenario().array.model_copy(update=free), greensboro, 1400.0)
    assert told.clipped == 0
    assert told.aged == pytest.approx(0, abs=1e-9)
    assert told.rest == pytest.approx(told.own - 1400.0)


def test_a_tighter_inverter_cuts_off_more_and_leaves_the_rest_alone(greensboro: Weather) -> None:
    wide, tight = (
        gap(Scenario().array.model_copy(update={"dc_ac_ratio": ratio}), greensboro, 1400.0) for ratio in (1.2, 1.6)
    )
    assert tight.clipped > wide.clipped
    assert tight.own < wide.own
    # a smaller inverter runs nearer its best point: what it makes and cuts off adds up to a little more
    assert tight.own + tight.clipped == pytest.approx(wide.own + wide.clipped, rel=0.005)
