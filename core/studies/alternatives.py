"""What the same money and the same site would do otherwise, taxed alike: sell the power, mine on the grid, hold coins."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.models import finance, tax
from core.models.network import NetworkPath
from core.scenario import Scenario
from core.studies.fleet import fleet_hashrate_ths
from core.studies.levies import taxes
from core.studies.run import Run

Floats: TypeAlias = NDArray[np.float64]


class Hold(NamedTuple):
    """Buying coins with the owner's money on the same dates and selling them at the end; `paid_btc`: the mine's own
    payments put into coins when they come."""

    btc: float
    npv_usd: float
    paid_btc: float


def buy_and_hold(scenario: Scenario, path: NetworkPath, cash_usd: Floats) -> Hold:
    """The owner's first money and every later call, cash_usd (years + 1,) below 0, put into coins instead.

    Year 0 buys at the first month's price, the call of year n at that year's last; all is sold in the last month, the
    exchange fee taken each time. Unlevered; the gain over what was paid is taxed as the mine's gains on coins are, a loss
    saves nothing.
    """
    kept, terms = 1.0 - scenario.outlook.exchange_fee_frac, scenario.finance
    calls, prices = np.maximum(-cash_usd, 0.0), np.append(path.price_usd[0], path.price_usd[11::12])
    btc = float((calls * kept / prices).sum())
    flows = -calls
    proceeds = btc * path.price_usd[-1] * kept
    flows[-1] += proceeds
    paid = float((np.maximum(cash_usd, 0.0) * kept / prices).sum())
    if not np.isfinite(flows).all():  # coins that cost nothing
        return Hold(float("nan"), float("nan"), float("nan"))
    gain = np.zeros(len(flows))
    gain[-1] = proceeds - calls.sum()
    if terms.tax.taxpayer == "business":
        flows = flows - taxes(terms, tax.ring_fenced_usd(gain), np.zeros(len(flows))).tax_usd
    return Hold(btc, float(finance.npv_usd(terms.discount_rate, flows)), paid)


def compared(base: Run, sell: Run, grid: Run) -> dict[str, float]:
    """Worth of the alternatives to the owner; doing nothing is worth 0 and needs no figure."""
    rate, scenario = base.scenario.finance.discount_rate, base.scenario
    hold = buy_and_hold(scenario, base.path, base.cash_usd)
    sells = scenario.array.dc_kw > 0 and scenario.grid.export_limit_kw > 0
    mines = fleet_hashrate_ths(scenario.fleet) > 0 and scenario.grid.import_limit_kw > 0
    return {
        "sell_npv_usd": finance.npv_usd(rate, sell.cash_usd) if sells else np.nan,
        "grid_npv_usd": finance.npv_usd(rate, grid.cash_usd) if mines else np.nan,
        "hold_npv_usd": hold.npv_usd,
        "hold_btc": hold.btc,
        "paid_btc": hold.paid_btc,
    }
