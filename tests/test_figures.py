"""What a figure must be, and the error that names the one that is not."""

import math

import numpy as np
import pytest

from core import figures
from core.errors import ValidationError


def test_good_figures_come_back_as_floats():
    assert figures.finite("x", [1, 2]).tolist() == [1.0, 2.0]
    assert figures.finite("x", 3).shape == ()
    assert figures.at_least_0("x", 0.0) == 0.0
    assert figures.positive("x", np.array([1e-300])).dtype == np.float64
    assert figures.share("x", [0.0, 1.0]).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("check", "value", "told"),
    [
        (figures.finite, [1.0, math.nan], math.nan),
        (figures.finite, math.inf, math.inf),
        (figures.finite, "much", "much"),
        (figures.at_least_0, [0.0, -1e-9], -1e-9),
        (figures.positive, 0.0, 0.0),
        (figures.share, [0.5, 1.5], 1.5),
        (figures.share, -0.1, -0.1),
    ],
)
def test_bad_figures_are_named(check, value, told):
    with pytest.raises(ValidationError) as caught:
        check("panel.health", value)
    assert caught.value.field == "panel.health"
    assert caught.value.value == pytest.approx(told, nan_ok=True)
    assert "panel.health: expected" in caught.value.message
