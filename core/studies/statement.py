"""The statement in reading order, in dollars as they are and in whole cents that sum exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.bank_statement import INVESTED, REVENUE, RUNNING
from core.studies import tables
from core.studies.proforma import Proforma
from core.units import CENTS_PER_USD

Floats: TypeAlias = NDArray[np.float64]

STOCKS = ("working_capital_usd", "debt_balance_usd", "reserve_usd", "locked_usd", "loss_carried_usd")
# a sum and its parts with their sign, from the top down: a part that is a sum itself comes later
SUMS: tuple[tuple[str, dict[str, int]], ...] = (
    (
        "equity_cash_usd",
        {"ebitda_usd": 1, "investment_usd": -1, "sales_usd": 1, "coins_kept_usd": -1, "tax_usd": -1,
         "debt_service_usd": -1, "debt_drawn_usd": 1, "construction_interest_usd": -1},
    ),
    ("ebitda_usd", {"revenue_usd": 1, "running_cost_usd": -1}),
    ("revenue_usd", dict.fromkeys(REVENUE, 1)),
    ("running_cost_usd", dict.fromkeys(RUNNING, 1)),
    ("investment_usd", dict.fromkeys(INVESTED, 1)),
    ("tax_usd", {"state_tax_usd": 1, "federal_tax_usd": 1}),
    ("debt_service_usd", {"interest_usd": 1, "debt_repaid_usd": 1}),
)  # fmt: skip


def lines(told: Proforma) -> dict[str, Floats]:
    """Every line in reading order, all of one shape (…, years + 1); names are those of the vocabulary.

    Lines of revenue, running cost and investment that the plant does not have are 0; `dscr` is nan without debt service.
    """
    nothing = np.zeros(told.energy_kwh.shape[-1])
    running = {name if name.endswith("_usd") else f"{name}_usd": usd for name, usd in told.opex_lines_usd.items()}
    invested = {f"{name}_investment_usd": usd for name, usd in told.capex_lines_usd.items()}
    first = np.eye(1, len(nothing))[0]  # year 0 alone
    table = {
        "energy_kwh": told.energy_kwh,
        **_of(told.revenue_lines_usd, REVENUE, nothing),
        "revenue_usd": told.revenue_usd,
        **_of(running, RUNNING, nothing),
        "running_cost_usd": told.opex_usd,
        "ebitda_usd": told.ebitda_usd,
        **_of(invested, INVESTED, nothing),
        "investment_usd": told.capex_usd,
        "sales_usd": told.sales_usd,
        "working_capital_usd": told.working_capital_usd,
        "coins_kept_usd": told.operation.kept_usd,
        "depreciation_usd": told.books.deducted_usd,
        "interest_usd": told.loan.interest_usd,
        "taxed_gain_usd": told.flows.coin_gain,
        "taxable_income_usd": told.taxes.income_usd,
        "investment_credit_usd": told.investment_credit_usd,
        "production_credit_usd": told.production_credit_usd,
        "loss_carried_usd": told.taxes.federal.loss_carried_usd,
        "state_tax_usd": told.taxes.state.tax_usd,
        "federal_tax_usd": told.taxes.federal.tax_usd,
        "tax_usd": told.tax_usd,
        "cfads_usd": told.cfads_usd,
        "debt_drawn_usd": np.asarray(told.funding.principal_usd)[..., None] * first,
        "construction_interest_usd": np.asarray(told.funding.interest_usd)[..., None] * first,
        "debt_repaid_usd": told.loan.repaid_usd,
        "debt_service_usd": told.loan.service_usd,
        "debt_balance_usd": told.loan.balance_usd,
        "dscr": told.dscr,
        "reserve_usd": told.accounts.reserve_usd,
        "locked_usd": told.accounts.locked_usd,
        "project_cash_usd": told.project_usd,
        "equity_cash_usd": told.equity_usd,
    }
    shape = np.broadcast_shapes(*(values.shape for values in table.values()))
    return {name: np.broadcast_to(values, shape) for name, values in table.items()}


def _of(given: Mapping[str, Floats], names: tuple[str, ...], nothing: Floats) -> dict[str, Floats]:
    return {name: given.get(name, nothing) for name in names}


def statement_frame(told: Proforma) -> pd.DataFrame:
    """The statement of one plant, a row a year from 0: money in whole cents that sum to the cent as `SUMS` says.

    `dscr` is 0 in years without debt service.
    """
    table = {name: np.array(values) for name, values in lines(told).items()}
    table["dscr"] = np.nan_to_num(table["dscr"])
    whole = _in_cents(table)
    return tables.table({"year": np.arange(whole["energy_kwh"].size), **whole})


# Cents


def _in_cents(table: dict[str, Floats]) -> dict[str, Floats]:
    """Dollars rounded so that every sum still holds: stocks first, then each sum before its parts."""
    cents = {name: np.rint(usd * CENTS_PER_USD) for name, usd in table.items() if name.endswith("_usd")}
    cents["debt_repaid_usd"][1:] = -np.diff(cents["debt_balance_usd"])
    cents["debt_drawn_usd"][0] = cents["debt_balance_usd"][0]
    fixed = {"debt_repaid_usd", "debt_drawn_usd"}
    moved = sum(np.diff(cents[name], prepend=0.0) for name in ("working_capital_usd", "reserve_usd", "locked_usd"))
    for total, parts in SUMS:
        whole = cents[total] + (moved if total == "equity_cash_usd" else 0.0)
        for name in fixed & parts.keys():
            whole = whole - parts[name] * cents[name]
        free = {name: sign for name, sign in parts.items() if name not in fixed}
        exact = np.stack([sign * table[name] * CENTS_PER_USD for name, sign in free.items()])
        shared = apportioned(whole, exact)
        cents.update({name: sign * row for (name, sign), row in zip(free.items(), shared, strict=True)})
    # 0 added: no −0
    return {name: cents[name] / CENTS_PER_USD + 0.0 if name in cents else values for name, values in table.items()}


def apportioned(whole: Floats, exact: Floats) -> Floats:
    """Parts in whole numbers that sum to a whole: rounded down, and one more for those that lost most.

    whole (…,), whole numbers; exact (parts, …), which sum to it but for less than one a part. Returns `exact`'s shape.
    A part that is 0 stays 0 while there is another. Source: largest remainder (Hare quota).
    """
    down = np.floor(exact)
    missing = whole - down.sum(axis=0)
    takes = (exact != 0) | ~(exact != 0).any(axis=0)
    rank = np.argsort(np.argsort(np.where(takes, down - exact, 1.0), axis=0, kind="stable"), axis=0)
    each, more = np.divmod(missing, takes.sum(axis=0))
    return np.asarray(down + np.where(takes, each + (rank < more), 0.0))
