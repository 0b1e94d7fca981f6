"""Published studies: their figure, ours, and a reason beside each."""

import numpy as np
import pytest

from core.models import finance
from core.studies import worked_examples as worked


def found():
    return {(e.case, e.quantity): e for e in worked.worked_examples()}


def test_v28_the_link_of_power_and_coin():
    energy = found()["Bastian-Pinto", "Energy to mine one BTC"]
    worth = found()["Bastian-Pinto", "Worth of a mined kWh at $7,000"]
    assert energy.ours == pytest.approx(47_954.76, rel=1e-6)
    assert worth.ours == pytest.approx(0.145971, rel=1e-5)
    # written out: 2³²·W·D ÷ (hash·3600·reward·1000)
    assert energy.ours == pytest.approx(2**32 * 2212 * 12_720_005_267_390.5 / (56e12 * 3600 * 12.5 * 1000), rel=1e-12)


def test_v29_hakimis_coins_and_paybacks():
    assert worked.hakimi_mined_btc() == pytest.approx([805.2, 484.1, 323.7, 189.5], rel=2e-3)
    revenue = worked.hakimi_mined_btc() * np.array(worked.HAKIMI_PRICE_USD)
    assert revenue == pytest.approx([8.90e6, 22.97e6, 9.16e6, 5.46e6], rel=2e-3)
    assert found()["Hakimi", "Payback, mining"].ours == pytest.approx(3.81, abs=0.05)
    assert found()["Hakimi", "Payback, selling the power, undiscounted"].ours == pytest.approx(6.35, abs=0.05)
    sale = worked.hakimi_sale_cash_usd()
    assert finance.discounted_payback_years([0.05, 0.06], np.stack([sale, sale])) == pytest.approx(
        [7.86, 8.27], abs=0.05
    )


def test_every_example_says_why_and_where_from():
    for example in worked.worked_examples():
        assert example.why.endswith(".")
        assert "20" in example.source
        assert np.isfinite(example.ours)


def test_the_reasons_given_for_hakimi_hold():
    sale = worked.hakimi_sale_cash_usd()
    assert finance.discounted_payback_years(0.056, sale) == pytest.approx(8.1, abs=0.05)
    cheap = worked.HAKIMI_KWH * (1 - worked.HAKIMI_FADE) ** np.arange(25) * 0.0765 - worked.HAKIMI_OPEX_USD
    assert finance.payback_years(np.append(-worked.HAKIMI_CAPEX_USD, cheap)) == pytest.approx(8.1, abs=0.1)
