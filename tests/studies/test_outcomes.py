"""What a sample says, and whether it is large enough to say it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.studies.outcomes import enough_paths, measures
from core.vocabulary_lives import word


def sample(count: int, deviation_usd: float) -> pd.DataFrame:
    """NPVs of a normal distribution around 0; nothing else varies."""
    npv = np.random.default_rng(1).normal(0.0, deviation_usd, count)
    columns = ("mined_btc", "lowest_cash_usd", "drawdown_usd", "payback_years", "pv_kwh_year1", "pv_kwh_per_year")
    still = dict.fromkeys(columns, 1.0)
    return pd.DataFrame({"npv_usd": npv, "npv_safe_usd": npv, **still})


def test_errors_of_a_normal_sample_are_the_textbooks() -> None:
    """Median: √(π/2) · σ / √n; a chance of one half: 1 / (2 √n)."""
    _, errors = measures(sample(40_000, 1000.0))
    assert errors["npv_p50_usd"] == pytest.approx(np.sqrt(np.pi / 2.0) * 1000.0 / 200.0, rel=0.1)
    assert errors["loss_probability_frac"] == pytest.approx(0.0025, rel=0.01)


def test_it_says_how_many_it_takes() -> None:
    errors = {"npv_p50_usd": 20_000.0, "loss_probability_frac": 0.004}
    assert enough_paths(errors, 10_000, 1e6) == (
        "10,000 lives tell the median to ± 2 % of the investment and the chance of a loss to ± 0.4 points; for ± 1 % take 40,000."
    )
    assert enough_paths(errors, 10_000, 2e6).endswith("± 0.4 points.")
    assert enough_paths(errors, 10_000, 1e5).endswith("± 1 % would take more than 1,000,000.")
    assert enough_paths(errors, 10_000, 0.0) == "10,000 lives tell the chance of a loss to ± 0.4 points."


def test_as_many_as_it_asks_for_are_enough() -> None:
    """The limit it names is kept by a sample of that size, and rounding never asks for fewer."""
    invested = 40_000.0
    _, few = measures(sample(2500, 20_000.0))
    words = enough_paths(few, 2500, invested)
    wanted = int(words.rsplit(" ", 1)[1].rstrip(".").replace(",", ""))
    assert wanted >= 2500 * (few["npv_p50_usd"] / (0.01 * invested)) ** 2
    _, more = measures(sample(wanted, 20_000.0))
    assert more["npv_p50_usd"] == pytest.approx(0.01 * invested, rel=0.15)


def test_every_figure_has_words_of_its_own() -> None:
    metrics, _ = measures(sample(2000, 1000.0))
    words = {name: word(name) for name in metrics}
    assert len({w.label for w in words.values()}) == len(words)
    assert all(w.meaning.endswith(".") and "{" not in w.label + w.meaning for w in words.values())
    assert words["npv_p5_usd"].label == "NPV, poor (P5)"
    assert words["cvar_95_usd"].meaning == "Mean of the worst 5 % of the lives (CVaR at 95 %)."
    assert "exceedance" in words["pv_kwh_year1_exceedance_p90"].label
    with pytest.raises(KeyError):
        word("npv_p_usd")
