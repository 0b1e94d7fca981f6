"""How each figure of a projection follows from others, and what of the world it rests on: data beside the vocabulary.

A formula is arithmetic over names of the vocabulary and fields of the plan (`plan.…`), so that it can be worked out as well as read.
Columns stand in a function that says what is done with their years, months or hours.
"""

from __future__ import annotations

import ast
import re
from functools import cache

from core.vocabulary import HOURLY, METRICS, PERIODS, READINGS, STATEMENT

WEATHER = "weather"
NETWORK = ("price_usd", "difficulty", "fees_btc_per_block")
MARKET = (*NETWORK, "height")
BOTH = (WEATHER, *MARKET)
FORMULAS: dict[str, str] = {
    "npv_usd": "worth(net_cash_usd)",
    "irr": "rate(net_cash_usd)",
    "project_npv_usd": "worth(project_cash_usd)",
    "project_irr": "rate(project_cash_usd)",
    "dscr_min": "least(cfads_usd / debt_service_usd)",
    "debt_usd": "every(debt_drawn_usd)",
    "tax_usd": "every(tax_usd)",
    "payback_years": "payback(net_cash_usd)",
    "discounted_payback_years": "payback(discounted_cash_usd)",
    "profitability_index": "1 + npv_usd / paid(net_cash_usd)",
    "capex_usd": "every(capex_usd)",
    "net_cash_usd": "every(net_cash_usd)",
    "mining_revenue_usd": "every(mining_revenue_usd)",
    "export_revenue_usd": "every(export_revenue_usd)",
    "import_cost_usd": "every(import_cost_usd)",
    "opex_usd": "every(opex_usd)",
    "mined_btc": "every(mined_btc)",
    "mined_btc_year1": "first(mined_btc)",
    "pv_kwh_year1": "hours(pv_kw)",
    "specific_yield_kwh_per_kw": "pv_kwh_year1 / plan.array.dc_kw",
    "capacity_factor_frac": "pv_kwh_year1 / (8760 * plan.array.dc_kw)",
    "mined_kwh_year1": "hours(mining_kw)",
    "import_kwh_year1": "hours(import_kw)",
    "export_kwh_year1": "hours(export_kw)",
    "curtailed_kwh_year1": "hours(curtailed_kw)",
    "discharge_kwh_year1": "hours(discharge_kw)",
    "solar_share_frac": "(mined_kwh_year1 - import_kwh_year1) / mined_kwh_year1",
    "efficiency_j_per_th": "1000 * fleet_kw / (plan.fleet.pue * fleet_hashrate_ths)",
    "hashprice_usd_per_ph_day": (
        "1e15 * 86400 / (2**32 * start(difficulty)) * (start(subsidy_btc) + reading.fees_btc_per_block) * start(price_usd)"
    ),
    "hashcost_usd_per_ph_day": "24 * efficiency_j_per_th * plan.fleet.pue * energy_usd_per_kwh",
    "breakeven_usd_per_kwh": (
        "hashprice_usd_per_ph_day * (1 - plan.outlook.pool_fee_frac) / (24 * efficiency_j_per_th * plan.fleet.pue)"
        " - plan.finance.variable_usd_per_kwh / plan.fleet.pue"
    ),
    "breakeven_price_usd": (
        "24 * efficiency_j_per_th * (plan.fleet.pue * energy_usd_per_kwh + plan.finance.variable_usd_per_kwh)"
        " / (hashprice_usd_per_ph_day * (1 - plan.outlook.pool_fee_frac)) * start(price_usd)"
    ),
    "breakeven_difficulty": (
        "hashprice_usd_per_ph_day * (1 - plan.outlook.pool_fee_frac) * start(difficulty)"
        " / (24 * efficiency_j_per_th * (plan.fleet.pue * energy_usd_per_kwh + plan.finance.variable_usd_per_kwh))"
    ),
    "cost_usd_per_btc": (
        "sun_usd_per_btc + import_usd_per_btc + machines_usd_per_btc + site_usd_per_btc + running_usd_per_btc + tax_usd_per_btc"
        " + financing_usd_per_btc + sales_usd_per_btc"
    ),
    "import_usd_per_btc": "worth(import_cost_usd) / worth(mined_btc)",
    "tax_usd_per_btc": "worth(tax_usd) / worth(mined_btc)",
    "machines_usd_per_btc": "worth(machines_investment_usd) / worth(mined_btc)",
    "site_usd_per_btc": "worth(site_investment_usd) / worth(mined_btc)",
    "sales_usd_per_btc": "-worth(sales_usd) / worth(mined_btc)",
}
# where what goes in is not shown by itself: words, with the names that are known in braces
TOLD: dict[str, str] = {
    "mirr": "(what comes in of {net_cash_usd}, grown to the end ÷ what goes out, discounted to year 0)^(1 ÷ years) − 1",
    "llcr": "{cfads_usd} until the loan is repaid, discounted at its rate ÷ {debt_usd}",
    "static_payback_years": "{capex_usd} ÷ first-year cash at the first month's price, difficulty and subsidy",
    "heat_lost_btc_year1": "coins of the first year with no hour too hot − those with the hours as hot as they are",
    "restart_lost_btc_year1": "coins of the first year if machines started at once − {mined_btc_year1}",
    "performance_ratio_frac": "{pv_kwh_year1} ÷ (light on the modules · their efficiency on the label)",
    "clipped_kwh_year1": "energy before the inverter's limit − {pv_kwh_year1}",
    "battery_cycles_year1": "energy that went through the cells in the first year ÷ what they held when new",
    "battery_health_end_frac": "what the cells hold at the end ÷ what they held when new",
    "fleet_utilisation_frac": "{mined_kwh_year1} ÷ what the whole fleet could draw in the year",
    "fleet_kw": "machines · power each · PUE",
    "fleet_hashrate_ths": "machines · hash rate each",
    "energy_usd_per_kwh": "({import_cost_usd} + export income given up) of the first year ÷ {mined_kwh_year1}",
    "npv_zero_price_usd": "the first month's price at which {npv_usd} = 0",
    "npv_zero_difficulty": "the first month's difficulty at which {npv_usd} = 0",
    "npv_zero_import_usd_per_kwh": "the first year's import price at which {npv_usd} = 0",
    "lcoe_usd_per_kwh": "cost of the array after tax and debt ÷ {pv_kwh}, both discounted to year 0 and summed",
    "lcoe_real_usd_per_kwh": "as {lcoe_usd_per_kwh}, energy discounted at the real rate (1 + nominal) ÷ (1 + inflation) − 1",
    "lcoe_delivered_usd_per_kwh": (
        "cost of array and battery after tax and debt ÷ ({mined_kwh} + {export_kwh} − {import_kwh}), both discounted to year 0 and summed"
    ),
    "lcos_usd_per_kwh": (
        "(cost of the battery after tax and debt + {charge_kwh} · {lcoe_usd_per_kwh}) ÷ {discharge_kwh}, all discounted to year 0 and summed"
    ),
    "sun_usd_per_btc": "array, battery, their renewal and upkeep ÷ {mined_btc}, both discounted to year 0 and summed",
    "running_usd_per_btc": "upkeep, repairs, fees and owning ÷ {mined_btc}, both discounted to year 0 and summed",
    "financing_usd_per_btc": (
        "({debt_service_usd} − {debt_drawn_usd} + money held) ÷ {mined_btc}, both discounted to year 0 and summed"
    ),
    "cost_usd_per_btc_at_lcoe": (
        "{cost_usd_per_btc} − cost of array and battery after tax and debt, a coin + own energy mined, a coin · {lcoe_delivered_usd_per_kwh}"
    ),
    "cost_usd_per_btc_at_export": (
        "{cost_usd_per_btc} − cost of array and battery after tax and debt, a coin + export income given up, a coin"
    ),
    "sell_npv_usd": "{npv_usd} of the plan without machines and battery",
    "grid_npv_usd": "{npv_usd} of the plan without array and battery",
    "hold_npv_usd": "proceeds of {hold_btc} at the last price less fee and tax, discounted, − the owner's payments, discounted",
    "hold_btc": "each year's payments of the owner less fee ÷ price of their day, summed",
    "paid_btc": "each year's income of the owner less fee ÷ price of its day, summed",
}  # fmt: skip
# what of the world moves a figure; the plan's own inputs move all
RESTS_ON: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(METRICS, BOTH),
    **dict.fromkeys(
        ("debt_usd", "capex_usd", "fleet_kw", "fleet_hashrate_ths", "efficiency_j_per_th"), ()
    ),
    **dict.fromkeys(
        ("pv_kwh_year1", "specific_yield_kwh_per_kw", "capacity_factor_frac", "performance_ratio_frac", "clipped_kwh_year1",
         "lcoe_usd_per_kwh", "lcoe_real_usd_per_kwh", "sell_npv_usd"),
        (WEATHER,),
    ),
    **dict.fromkeys(("hashprice_usd_per_ph_day", "breakeven_usd_per_kwh"), NETWORK),
}  # fmt: skip
DONE = {  # what a function does with its column, in words
    "worth": "{}, discounted to year 0 and summed",
    "rate": "the rate at which {}, discounted to year 0 and summed, is 0",
    "every": "{}, all years",
    "first": "{}, first year",
    "start": "{}, first month",
    "hours": "{}, all hours of the first year",
    "least": "least of any year: {}",
    "payback": "years until the running sum of {} stays above 0",
    "paid": "what {} takes in year 0",
}
FIELDS = {  # of the plan, as formulas say them
    "array.dc_kw": "DC power",
    "fleet.pue": "PUE",
    "finance.variable_usd_per_kwh": "variable cost",
    "outlook.pool_fee_frac": "pool fee",
}
SIGNS: dict[type[ast.AST], tuple[str, int]] = {
    ast.Add: (" + ", 1), ast.Sub: (" − ", 1), ast.Mult: (" · ", 2), ast.Div: (" ÷ ", 2),
}  # fmt: skip
HASHES_A_PH = 1e15
NAME = re.compile(r"\{(\w+)\}")


@cache
def formula(name: str) -> str:
    """How a figure follows from others, in short plain words; empty for one that has no formula here."""
    if name in TOLD:
        said = NAME.sub(lambda found: label(found[1]), TOLD[name])
    else:
        said = _outer(_said(ast.parse(FORMULAS[name], mode="eval").body)[0]) if name in FORMULAS else ""
    return said[:1].upper() + said[1:]


def _outer(said: str) -> str:
    """Without brackets around all of it."""
    inner = said[1:-1]
    return inner if said.startswith("(") and said.endswith(")") and not {"(", ")"} & set(inner) else said


def label(name: str) -> str:
    """The label of a name of the vocabulary; KeyError for one that it does not know."""
    return next(table[name] for table in (METRICS, STATEMENT, PERIODS, HOURLY, READINGS) if name in table).label


def names_in(name: str) -> set[str]:
    """Names of the vocabulary in a figure's formula."""
    if name in TOLD:
        return set(NAME.findall(TOLD[name]))
    nodes = list(ast.walk(ast.parse(FORMULAS[name], mode="eval")))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    return {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called} - {"plan", "reading"}


def _said(node: ast.AST) -> tuple[str, int]:
    """A part of a formula in words, and how tightly it binds."""
    match node:
        case ast.UnaryOp():
            return f"−{_said(node.operand)[0]}", 2
        case ast.Call(func=ast.Name(id=done), args=[column]):
            return f"({DONE[done].format(_plain(column))})", 4
        case ast.BinOp() if ast.unparse(node) == "2 ** 32":
            return "2³²", 4
        case ast.BinOp():
            return _both(node)
        case ast.Attribute():
            path = ast.unparse(node)
            return (FIELDS[path[5:]] if path.startswith("plan.") else label(node.attr)), 4
        case ast.Constant(value=int() | float() as value):
            return "10¹⁵" if value == HASHES_A_PH else f"{value:,}", 4
    return label(ast.unparse(node)), 4


def _plain(column: ast.AST) -> str:
    return _said(column)[0]


def _both(node: ast.BinOp) -> tuple[str, int]:
    sign, binds = SIGNS[type(node.op)]
    (left, tight), (right, tighter) = _said(node.left), _said(node.right)
    left = f"({left})" if tight < binds else left
    right = f"({right})" if tighter < binds or (tighter == binds and sign in {" − ", " ÷ "}) else right
    return f"{left}{sign}{right}", binds
