"""One life of a plan in plain Python, month by month: what the arrays of `core.studies.lives` are measured against.

Its write-offs and loan are given, as for all lives of a plan; all that differs from life to life is worked out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import product
from typing import Any

import numpy as np

from core.models.network import growth_factor
from core.studies.lives import coins_per_kwh
from core.studies.responses import EXPORT_USD, IMPORT_USD, responses
from core.studies.simulation import suns


def looked_up(ground: Any, weather: Any) -> Any:
    """The ground of a plan with a table of its months, which a life in plain Python reads."""
    return ground._replace(site=responses(ground.base, weather, suns(ground.base)))


class Life:
    """What a path's loops read, as lists."""

    def __init__(self, ground: Any, drawn: Any, account: Any, path: int) -> None:
        base, table = ground.base, ground.site
        self.months, self.years = len(base.path.days), len(base.path.days) // 12
        self.coins = coins_per_kwh(base, drawn)[0, :, path].tolist()
        self.price, self.index = drawn.price_usd[:, path].tolist(), drawn.power_index[:, path].tolist()
        self.sun = (base.flows.panel_health_frac[: self.years] * drawn.sun_frac[:, path]).tolist()
        self.alive = (base.life.step_kw.sum(axis=0) / table.fleet_kw * drawn.uptime_frac[:, path]).tolist()
        self.growth = [float(growth_factor(base.scenario.grid.price_growth_per_year, n)) for n in range(self.years)]
        self.flows, self.steps = table.flows.tolist(), table.steps
        self.suns, self.marks, self.fleets = table.sun.tolist(), table.worth_usd_per_kwh.tolist(), table.alive.tolist()
        fixed = base.books.monthly["opex_usd"] + base.books.monthly["repair_usd"]
        fixed = fixed + base.books.monthly["fixed_charge_usd"]
        self.fixed = fixed.reshape(-1, 12).sum(axis=1).tolist()

        def row(values: Any) -> list[float]:
            told: list[float] = np.broadcast_to(values, account.equity_usd.shape)[path].tolist()
            return told

        self.capex, self.sales, self.deducted = (
            row(account.capex_usd),
            row(account.sales_usd),
            row(account.books.deducted_usd),
        )
        self.taxed_sales, self.interest = row(account.books.taxed_sales_usd), row(account.loan.interest_usd)
        self.service, self.principal = row(account.loan.service_usd), float(np.max(account.funding.principal_usd))
        self.rate, self.tax = base.scenario.finance.discount_rate, base.scenario.finance.tax.federal_rate_frac
        self.loss_limit = base.scenario.finance.tax.loss_limit_frac


def _ends(nodes: list[float], value: float) -> list[tuple[int, float]]:
    at = min(max(bisect_right(nodes, value) - 1, 0), len(nodes) - 2)
    share = min(max((value - nodes[at]) / (nodes[at + 1] - nodes[at]), 0.0), 1.0)
    return [(at, 1.0 - share), (at + 1, share)]


def live(life: Life) -> tuple[float, float, float]:
    """NPV [USD], IRR and payback [yr] of one path."""
    cash, loss = [life.principal - life.capex[0]], 0.0
    for year in range(life.years):
        earned = 0.0
        index = life.index[year] * life.growth[year]
        suns = _ends(life.suns, life.sun[year])
        for month in range(12):
            at = 12 * year + month
            stretch = bisect_left(life.marks, life.coins[at] * life.price[at] / index)
            mined = bought = sold = 0.0
            for (i, in_i), (k, in_k) in product(suns, _ends(life.fleets, life.alive[at])):
                row, weight = life.flows[i][stretch][k][0][month], in_i * in_k
                mined += weight * row[0]
                bought += weight * row[life.steps + IMPORT_USD]
                sold += weight * row[life.steps + EXPORT_USD]
            earned += mined * life.coins[at] * life.price[at] + (sold - bought) * index
        earned -= life.fixed[year]
        income = earned - life.deducted[year + 1] + life.taxed_sales[year + 1] - life.interest[year + 1]
        covered = min(loss, life.loss_limit * max(income, 0.0))
        loss += max(-income, 0.0) - covered
        tax = life.tax * (max(income, 0.0) - covered)
        cash.append(earned - life.capex[year + 1] + life.sales[year + 1] - tax - life.service[year + 1])
    npv = sum(usd / (1.0 + life.rate) ** year for year, usd in enumerate(cash))
    return npv, _irr(cash), _payback(cash)


def _irr(cash: list[float]) -> float:
    low, high = -0.99, 10.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if sum(usd / (1.0 + middle) ** year for year, usd in enumerate(cash)) > 0.0:
            low = middle
        else:
            high = middle
    return low


def _payback(cash: list[float]) -> float:
    held = cash[0]
    for year, usd in enumerate(cash[1:], 1):
        if held < 0.0 <= held + usd:
            return year - 1 - held / usd
        held += usd
    return float("inf")
