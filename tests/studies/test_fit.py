"""A window of the past as the risk section takes it: the figures of the published table."""

from __future__ import annotations

import pytest

from core.answers import fitted
from core.errors import ValidationError
from core.scenario import Scenario


def test_seven_years_are_those_of_the_table() -> None:
    """Month-end prices and difficulty, 2018–2024: σ 0.205 and 0.093 a month, mean 0.0233 and 0.0485 (calibration table)."""
    found = fitted(84)
    assert (found.first, found.last) == ("2018-01", "2024-12")
    assert found.moments.price_deviation == pytest.approx(0.205, abs=5e-4)
    assert found.moments.price_mean == pytest.approx(0.0233, abs=5e-5)
    assert found.moments.difficulty_deviation == pytest.approx(0.093, abs=5e-4)
    assert found.moments.difficulty_mean == pytest.approx(0.0485, abs=5e-5)


def test_eleven_years_find_miners_who_answer() -> None:
    """2014–2024 on price times subsidy: pull −0.074 (0.011), elasticity 1.06, residual 0.096."""
    found = fitted(132)
    assert found.response.pull == pytest.approx(-0.074, abs=5e-4)
    assert found.response.elasticity == pytest.approx(1.06, abs=0.01)
    assert found.response.deviation == pytest.approx(0.096, abs=6e-4)  # as the model is held to it


def test_what_is_taken_over_is_a_scenario() -> None:
    for months in (24, 36, 48, 60, 84, 120):
        changed = Scenario().but(dict(fitted(months).changes))
        assert changed.risk.price_volatility_per_year == pytest.approx(
            fitted(months).moments.price_volatility_per_year, abs=1e-3
        )
        assert changed.risk.difficulty_shock > 0


def test_a_pull_is_taken_only_where_difficulty_is_seen_to_answer() -> None:
    """Seven years fit a trend of the calendar and an elasticity of nought: their pull of 0.2 would be no answer to pay."""
    assert not fitted(84).answers
    assert "risk.difficulty_pull_per_month" not in fitted(84).changes
    assert fitted(132).answers
    assert fitted(132).changes["risk.difficulty_pull_per_month"] == pytest.approx(0.074)


@pytest.mark.parametrize("months", [23, 500])
def test_a_window_that_cannot_be_is_refused(months: int) -> None:
    with pytest.raises(ValidationError) as error:
        fitted(months)
    assert error.value.field == "months"
