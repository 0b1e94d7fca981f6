"""Paths of a plan lived through: what is mined, bought and sold in each month, then the years' books as the projection has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.models import ageing, finance, risk
from core.models.bills import Peaks
from core.models.network import growth_factor
from core.models.treasury import MOST_CENTS_PER_BTC
from core.studies import cash
from core.studies.chances import Chances
from core.studies.levies import Asset, written_off
from core.studies.operation import Operation, flows_of
from core.studies.proforma import Proforma
from core.studies.responses import DISCHARGE, EXPORT_USD, IMPORT_USD, OTHERS
from core.studies.run import Run
from core.studies.sorted_site import Site
from core.studies.treasury import coin_ledger
from core.units import CENTS_PER_USD

Floats: TypeAlias = NDArray[np.float64]
LOOKED_UP = ("pv_kwh", "machines_kwh", "mined_btc", "mining_usd", "import_usd", "export_usd")
# a million paths are kept: what describes one needs no more digits, money and coins do
TO_SEVEN_DIGITS = (
    "irr", "mirr", "payback_years", "cost_usd_per_btc", "pv_kwh_year1", "pv_kwh_per_year", "drawdown_usd", "first_month_short",
    "difficulty_end", "sun_frac", "uptime_frac",
)  # fmt: skip
TO_THREE_DIGITS = ("power_index", "failures_frac", "renewal_frac")  # what ranks are made of
SMALL = ("rates_of_return", "delay_months")
CHARGES = ("demand_charge_usd", "coincident_charge_usd", "fixed_charge_usd", "minimum_charge_usd")


@dataclass(frozen=True, eq=False)
class Lives:
    """A batch of paths lived through: `months`, (months, paths shown) of price, difficulty, coins and cash so far, in half the
    room, and none where no path is shown; a row for each path."""

    months: Mapping[str, NDArray[np.float32]]
    rows: pd.DataFrame


def account_of(base: Run, site: Site, drawn: Chances) -> Proforma:
    """The statement of each path, (paths, years + 1)."""
    return account_and_draw(base, site, drawn)[0]


def account_and_draw(base: Run, site: Site, drawn: Chances) -> tuple[Proforma, Floats]:
    """The statement of each path, and what its machines draw in all its years, (paths,) [kWh]."""
    years = {name: _by_year(values) for name, values in _months(base, site, drawn).items()}
    return _account(base, years, drawn), years["machines_kwh"].sum(axis=1)


def lived(base: Run, site: Site, drawn: Chances, shown: int = 0) -> Lives:
    """Paths of a plan from what chance brings them; the months of the first `shown` of them."""
    lines = _months(base, site, drawn)
    years = {name: _by_year(values) for name, values in lines.items()}
    account = _account(base, years, drawn)
    cash = _cash(base, account, lines, drawn)
    months = _shown(account, lines["mined_btc"], cash, drawn, shown) if shown > 0 else {}
    return Lives(months, _rows(base, account, years, cash, drawn))


def _shown(
    account: Proforma, mined_btc: Floats, cash_usd: Floats, drawn: Chances, paths: int
) -> dict[str, NDArray[np.float32]]:
    """The months of the first paths, as a reader sees them."""
    months = {
        "price_usd": drawn.price_usd[:, :paths],
        "difficulty": drawn.difficulty[:, :paths],
        "mined_btc": np.cumsum(mined_btc[:, :paths], axis=0),
        "cash_usd": np.cumsum(cash_usd[:, :paths], axis=0) + account.equity_usd[:paths, 0],
    }
    return {name: values.astype(np.float32) for name, values in months.items()}


# Months


def months_of(base: Run, site: Site, drawn: Chances) -> dict[str, Floats]:
    """Energy [kWh], coins [BTC] and money [USD] by line, (paths, months)."""
    return {name: values.T for name, values in _months(base, site, drawn).items()}


def _months(base: Run, site: Site, drawn: Chances) -> dict[str, Floats]:
    """The same, (months, paths)."""
    shape, by_use = drawn.price_usd.shape, _usd_per_kwh_used(base)
    told = {name: np.empty(shape) for name in (*LOOKED_UP, *(["bill_usd"] if site.metering else []))}
    health = np.ones(shape[1])
    peaks: Peaks | None = None
    for year in range(shape[0] // 12):
        at = slice(12 * year, 12 * year + 12)
        index = drawn.power_index[year] * growth_factor(base.scenario.grid.price_growth_per_year, year)
        coins = coins_per_kwh(base, drawn, at)
        flows, told["pv_kwh"][at] = _year(base, site, drawn, year, coins, by_use[at], index, health)
        machines, others = flows[: site.steps], flows[site.steps :]
        np.sum(machines, axis=0, out=told["machines_kwh"][at])
        mined = np.einsum("smp,smp->mp", machines, coins, out=told["mined_btc"][at])
        np.multiply(mined, drawn.price_usd[at], out=told["mining_usd"][at])
        bought, sold = others[IMPORT_USD], others[EXPORT_USD]
        np.multiply(bought, index, out=told["import_usd"][at])
        np.multiply(sold, index, out=told["export_usd"][at])
        if site.metering:
            bill = site.metering.bill(others[OTHERS:], bought, sold, peaks)
            told["bill_usd"][at], told["export_usd"][at] = bill.owed_usd.T * index, bill.export_income_usd.T * index
            peaks = bill.peaks
        if base.scenario.battery.energy_kwh:
            health = _health(base, health, others[DISCHARGE].sum(axis=0))
    return _with_coins(base, _with_costs(base, told, drawn, by_use), drawn)


def _year(
    base: Run,
    site: Site,
    drawn: Chances,
    year: int,
    coins: Floats,
    by_use: Floats,
    index: Floats,
    health: Floats,
) -> tuple[Floats, Floats]:
    """Flows (columns, 12, paths) and solar energy (12, paths) of a year, nothing before a plant that is late runs."""
    at = slice(12 * year, 12 * year + 12)
    sun = base.flows.panel_health_frac[year] * drawn.sun_frac[year]
    shape = (12, drawn.price_usd.shape[1])
    net_usd = coins[0] * drawn.price_usd[at] - by_use[:, None] if len(coins) else np.zeros(shape)
    flows, pv_kwh = site.year(sun, net_usd / index, _alive(base, site, drawn, at), health)
    if drawn.delay_months.any():
        runs = np.arange(at.start, at.stop)[:, None] >= drawn.delay_months
        flows, pv_kwh = flows * runs, pv_kwh * runs
    return flows, pv_kwh


def _usd_per_kwh_used(base: Run) -> Floats:
    """What a kWh that machines draw costs beside its price, (months,)."""
    terms = base.scenario.finance
    return np.repeat(terms.variable_usd_per_kwh * cash.yearly(terms.inflation_per_year, base.scenario), 12)


def coins_per_kwh(base: Run, drawn: Chances, at: slice = slice(None)) -> Floats:
    """Coins per kWh that machines draw, (steps, months, paths): the plan's, by each path's difficulty and reward."""
    planned = (base.path.subsidy_btc[at] + base.fees_btc) / base.path.difficulty[at]
    share = drawn.subsidy_btc[at] + drawn.fees_btc[at]
    share /= drawn.difficulty[at] * planned[:, None]
    return np.asarray(base.coins_per_kwh[:, at, None] * share)


def _alive(base: Run, site: Site, drawn: Chances, at: slice) -> Floats:
    """Draw of the machines that run over that of the whole fleet when new, (months, paths)."""
    if not site.fleet_kw:
        return np.zeros(drawn.uptime_frac[at].shape)
    alive = (base.life.step_kw[:, at].sum(axis=0) / site.fleet_kw)[:, None] * drawn.uptime_frac[at]
    return np.asarray(alive * _ready(base, drawn, at) if _fails(base, drawn) else alive)


def _fails(base: Run, drawn: Chances) -> bool:
    """Whether machines fail otherwise than planned."""
    return bool((base.life.ready_frac < 1.0).any() and (drawn.failures_frac != 1.0).any())


def _ready(base: Run, drawn: Chances, at: slice) -> Floats:
    """Machines out of repair over the plan's, (months, paths).

    (1 + o) / (1 + φ · o): o, the plan's odds of being in repair, is failures a year times years of repair, and φ moves failures.
    """
    odds = (1.0 / base.life.ready_frac[at] - 1.0)[:, None]
    return np.asarray((1.0 + odds) / (1.0 + odds * drawn.failures_frac))


def _health(base: Run, health: Floats, given_kwh: Floats) -> Floats:
    battery = base.scenario.battery
    fades = (battery.calendar_fade_frac_per_year, battery.cycle_fade_frac_per_cycle, battery.health_floor_frac)
    drawn_kwh = given_kwh / np.sqrt(battery.round_trip_efficiency_frac)
    return np.asarray(ageing.battery_health_after_year_frac(health, drawn_kwh, battery.energy_kwh, *fades))


def _with_costs(base: Run, told: dict[str, Floats], drawn: Chances, by_use: Floats) -> dict[str, Floats]:
    """With revenue and what else is paid and got in each month."""
    planned, treasury = base.books.monthly, base.scenario.outlook.treasury
    mining = told["mining_usd"]
    fee = base.scenario.outlook.exchange_fee_frac if treasury.sales_pay_fee else 0.0
    charges = np.add.reduce([planned[name] for name in CHARGES])
    fixed = planned["opex_usd"] - base.flows.machines_kwh.sum(axis=0) * by_use
    used = told["machines_kwh"] * by_use[:, None] if by_use.any() else np.zeros(())
    return {
        **told,
        "fee_usd": fee * mining if fee else _in_each(0.0, mining),
        "bill_usd": told["bill_usd"] if "bill_usd" in told else told["import_usd"] + _at_prices(charges, drawn),
        "response_usd": _at_prices(planned["demand_response_usd"], drawn),
        "upkeep_usd": _in_each(fixed[:, None] + used, mining),
        "repair_usd": _repairs(base, drawn)
        if _fails(base, drawn)
        else _in_each(planned["repair_usd"][:, None], mining),
    }


def _with_coins(base: Run, lines: dict[str, Floats], drawn: Chances) -> dict[str, Floats]:
    """With what sales of coins bring, cost and gain in each month, where they are not sold as they are mined.

    A path whose price leaves the range of whole cents has its coins at the end of it.
    """
    if base.scenario.outlook.treasury.rule == "sell_all":
        return lines
    owed = lines["bill_usd"] - lines["export_usd"] - lines["response_usd"]
    costs = owed + lines["upkeep_usd"] + lines["repair_usd"] + _renewed(base, drawn)
    price = np.minimum(drawn.price_usd, MOST_CENTS_PER_BTC // CENTS_PER_USD)
    book = coin_ledger(base.scenario, price.T, lines["mined_btc"].T, costs.T)
    of_ledger = {
        "sales_usd": book.proceeds_cents,
        "fee_usd": book.fee_cents,
        "gain_usd": book.gain_cents + book.fee_cents,  # before the fee, which is a cost
    }
    return {**lines, **{name: cents.T / CENTS_PER_USD for name, cents in of_ledger.items()}}


def _renewed(base: Run, drawn: Chances) -> Floats:
    """What is bought anew less what is sold of the old, (months, paths) [USD]."""
    planned = base.books.monthly
    machines = (planned["refresh_usd"] - planned["resale_usd"])[:, None] * drawn.renewal_frac
    others: Floats = planned["battery_renewal_usd"] + planned["inverter_renewal_usd"]
    return np.asarray(machines + others[:, None])


def _repairs(base: Run, drawn: Chances) -> Floats:
    """What repairs cost where machines fail more or less often, (months, paths) [USD]: those in repair cannot fail."""
    return base.books.monthly["repair_usd"][:, None] * drawn.failures_frac * _ready(base, drawn, slice(None))


def _in_each(usd: ArrayLike, like: Floats) -> Floats:
    """The same for every path."""
    return np.broadcast_to(usd, like.shape)


def _at_prices(usd: Floats, drawn: Chances) -> Floats:
    """What a plan's months cost or bring at the power prices of each path, (months, paths)."""
    if not usd.any():
        return _in_each(0.0, drawn.price_usd)
    years = usd.reshape(-1, 12, 1) * drawn.power_index[:, None]
    return years.reshape(drawn.price_usd.shape)


# Years


def _by_year(months: Floats) -> Floats:
    """Sums of years, year 0 nothing: (months, paths) → (paths, years + 1), a path's years apart in memory."""
    years = months.reshape(-1, 12, months.shape[1]).sum(axis=1)
    return np.concatenate([np.zeros((1, months.shape[1])), years]).T


def _account(base: Run, years: dict[str, Floats], drawn: Chances) -> Proforma:
    """The after-tax statement of each path, with the loans that the plan's own figures got."""
    terms, assets = base.scenario.finance, _assets(base, drawn)
    gain = years.get("gain_usd", 0.0)
    unsold = years["mining_usd"] - years["sales_usd"] + gain if "sales_usd" in years else 0.0
    operation = Operation(
        years["pv_kwh"],
        {
            "mining_revenue_usd": years["mining_usd"],
            "export_revenue_usd": years["export_usd"],
            "demand_response_usd": years["response_usd"],
        },
        {
            "import_cost_usd": years["bill_usd"],
            "upkeep_usd": years["upkeep_usd"],
            "repair_usd": years["repair_usd"],
            "exchange_fee_usd": years["fee_usd"],
        },
        unsold,
        gain,
    )
    funding = base.account.funding
    books = base.account.books if assets is base.account.assets else written_off(terms, assets, funding.added_usd)
    return Proforma(terms, assets, operation, flows_of(terms, assets, operation), funding, books)


def _assets(base: Run, drawn: Chances) -> Sequence[Asset]:
    """What is bought, the first cost of all but the machines by each path's overrun, later machines at its prices."""
    assets: Sequence[Asset] = base.account.assets
    if base.scenario.risk.overrun_deviation:
        assets = [_overrun(asset, drawn.overrun_frac) for asset in assets]
    if (drawn.renewal_frac != 1.0).any():
        assets = [_repriced(base, asset, drawn.renewal_frac) for asset in assets]
    return assets


def _repriced(base: Run, asset: Asset, renewal_frac: Floats) -> Asset:
    if not asset.is_machines:
        return asset
    times = np.ones((len(renewal_frac), asset.cost_usd.shape[-1]))
    times[:, 1:] = renewal_frac[:, None]
    resold = renewal_frac[:, None] if base.scenario.fleet.resale.realised_frac else 1.0
    return replace(asset, cost_usd=asset.cost_usd * times, proceeds_usd=np.asarray(asset.proceeds_usd) * resold)


def _overrun(asset: Asset, overrun_frac: Floats) -> Asset:
    if asset.is_machines or asset.kind:  # machines have a price list; what is renewed later is not built now
        return asset
    cost = np.repeat(asset.cost_usd[:, None], len(overrun_frac), axis=1).T
    cost[:, 0] *= overrun_frac
    return replace(asset, cost_usd=cost)


def _cash(base: Run, account: Proforma, lines: dict[str, Floats], drawn: Chances) -> Floats:
    """The owner's cash by month (months, paths) [USD]: tax, debt and the rest of the year's statement in its last month."""
    net = lines.get("sales_usd", lines["mining_usd"]) + lines["export_usd"]
    net += lines["response_usd"]
    for name in ("fee_usd", "bill_usd", "upkeep_usd", "repair_usd"):
        net -= lines[name]
    net -= _renewed(base, drawn)
    net[11::12] += (account.equity_usd[:, 1:] - _by_year(net)[:, 1:]).T
    return net


def _lowest(cash_usd: Floats, held_usd: float) -> tuple[Floats, Floats]:
    """The least that is held at the end of a month (paths,) [USD], and the first month in which it is below 0, nan: in none."""
    held = np.full(cash_usd.shape[1], held_usd)
    lowest, first = np.full(held.shape, np.inf), np.full(held.shape, np.nan)
    for month, earned in enumerate(cash_usd, 1):
        held += earned
        np.minimum(lowest, held, out=lowest)
        first[(held < 0) & np.isnan(first)] = month
    return lowest, first


def _rows(base: Run, account: Proforma, years: dict[str, Floats], cash_usd: Floats, drawn: Chances) -> pd.DataFrame:
    """A row for each path."""
    rate, equity = base.scenario.finance.discount_rate, account.equity_usd
    lowest, first_short = _lowest(cash_usd, base.scenario.risk.liquidity_usd)
    spent = account.revenue_usd - account.operation.kept_usd - equity
    with np.errstate(all="ignore"):
        irr, rates = finance.irr_and_count(equity)
        rows = pd.DataFrame(
            {
                "npv_usd": finance.npv_usd(rate, equity),
                "npv_safe_usd": finance.npv_usd(base.scenario.risk.safe_rate_per_year, equity),
                "irr": irr,
                "rates_of_return": rates,
                "mirr": finance.mirr(equity, rate, rate),
                "payback_years": finance.payback_years(equity),
                "cost_usd_per_btc": finance.levelised_usd_per_btc(rate, spent, years["mined_btc"]),
                "mined_btc": years["mined_btc"].sum(axis=1),
                "pv_kwh_year1": years["pv_kwh"][:, 1],
                "pv_kwh_per_year": years["pv_kwh"][:, 1:11].mean(axis=1),
                "lowest_cash_usd": lowest,
                "drawdown_usd": risk.drawdown_usd(cash_usd.T),
                "first_month_short": first_short,
                "price_end_usd": drawn.price_usd[-1],
                "difficulty_end": drawn.difficulty[-1],
                "sun_frac": drawn.sun_frac.mean(axis=0),
                "power_index": drawn.power_index.mean(axis=0),
                "uptime_frac": drawn.uptime_frac.mean(axis=0),
                "overrun_frac": drawn.overrun_frac,
                "delay_months": drawn.delay_months,
                "failures_frac": drawn.failures_frac,
                "renewal_frac": drawn.renewal_frac,
            }
        )
    sizes = ((TO_SEVEN_DIGITS, np.float32), (TO_THREE_DIGITS, np.float16), (SMALL, np.int8))
    return rows.astype({name: size for names, size in sizes for name in names})
