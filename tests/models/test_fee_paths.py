"""Fees against closed forms of their process: spread, memory, and the months of crowded blocks."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ValidationError
from core.models import draws
from core.models.fee_paths import deviation, jumps

MONTHS, PATHS = 48, 20_000


def test_fees_have_their_spread_in_every_month_and_forget_a_fifth_of_it() -> None:
    ln = deviation(draws.normals(3, 0, 0, PATHS, MONTHS), 0.5)
    assert ln.std(axis=1) == pytest.approx(np.full(MONTHS, 0.5), rel=0.02)
    for lag in (1, 6):
        assert np.corrcoef(ln[20], ln[20 + lag])[0, 1] == pytest.approx(0.8**lag, abs=0.03)
    assert np.abs(np.median(ln, axis=1)).max() < 5 * 1.2533 * 0.5 / np.sqrt(PATHS)


def test_crowded_months_come_as_often_as_asked_and_leave_the_median() -> None:
    """One jump and more in a month: 1 − e^(−λ/12), Poisson."""
    ln = jumps(draws.uniforms(3, 1, 0, PATHS, MONTHS), 1.5, 8.0)
    often = -np.expm1(-1.5 / 12)
    assert (ln > 0).mean() == pytest.approx(often, abs=5 * np.sqrt(often / ln.size))
    assert set(np.unique(ln)) == {0.0, np.log(8.0)}
    assert np.exp(ln).mean() == pytest.approx(1.0 + often * 7.0, rel=0.02)
    assert not np.median(ln, axis=1).any()


def test_without_spread_and_jumps_fees_are_the_plans() -> None:
    assert not deviation(draws.normals(3, 0, 0, 10, 5), 0.0).any()
    assert not jumps(np.full((5, 10), 1e-12), 0.0, 8.0).any()


@pytest.mark.parametrize(("per_year", "times", "field"), [(-1.0, 8.0, "per_year"), (1.0, 0.0, "times")])
def test_what_cannot_be_is_named(per_year: float, times: float, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        jumps(np.full((2, 2), 0.5), per_year, times)
    assert refused.value.field == field
