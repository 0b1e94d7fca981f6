"""A published study rebuilt from our own models (V27): what it says of itself. Its published table is held in `test_validation`."""

from __future__ import annotations

import numpy as np
import pytest

from core.models import draws
from core.models.price_paths import deviation, deviation_sd
from core.studies.validation.bastian_pinto import (
    AS_PUBLISHED,
    MONTHS,
    ORDERED,
    RIG_RATE,
    RIG_USD,
    RIGS,
    SEED,
    SPOT,
    SPOT_HOW,
    SPOT_MEAN,
    SPOT_PULL,
    SPOT_SIGMA,
    SPOT_START,
    Npvs,
    all_paths,
    npvs,
    spot,
)  # fmt: skip


@pytest.fixture(scope="module")
def told() -> Npvs:
    return all_paths(AS_PUBLISHED)


def test_the_option_never_earns_less_than_selling(told: Npvs) -> None:
    """But for what rigs cost, path by path."""
    first, second = (RIGS * RIG_USD / (1.0 + RIG_RATE) ** (month / 12.0) for month in ORDERED)
    assert (told.two + first >= told.base - 1e-6).all()
    assert (told.four + second >= told.two - 1e-6).all()


def test_without_rigs_there_is_no_option() -> None:
    assert npvs(0, 500, 0.0, rigs=0).four == pytest.approx(npvs(0, 500, 0.0).base)


def test_without_a_cap_the_spot_price_is_our_own_process() -> None:
    """Path by path the same as `deviation` around the mean path, and its mean in closed form."""
    normal = draws.normals(SEED, SPOT, 0, 1 << 16, MONTHS)
    price, month = spot(normal, np.inf), np.arange(MONTHS + 1)
    mean, kept = np.log(SPOT_MEAN) - SPOT_SIGMA**2 / (2.0 * SPOT_PULL), np.exp(-SPOT_PULL * month)
    middle = mean + kept * (np.log(SPOT_START) - mean)
    assert np.log(price[:, :20]) == pytest.approx(middle[:, None] + deviation(SPOT_HOW, normal[:, :20]))
    spread = SPOT_SIGMA**2 * (1.0 - kept**2) / (2.0 * SPOT_PULL)
    assert deviation_sd(SPOT_HOW, MONTHS) ** 2 == pytest.approx(spread)
    # ln of the mean is known far worse than the mean of ln, so it is the latter that is held
    assert np.log(price).mean(axis=1) == pytest.approx(middle, abs=4.5 * np.sqrt(spread.max() / (1 << 16)))
