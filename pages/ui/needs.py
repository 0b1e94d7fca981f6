"""When a field of a scenario matters under the choices made elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from core.scenario import Scenario
from pages.ui.sections import CLASSES, under

Matters = Callable[[Scenario], bool]


def _is(path: str, *values: str) -> Matters:
    return lambda scenario: scenario.at(path) in values


def _set(*paths: str) -> Matters:
    """Whether any of some amounts is above 0, or any switch on."""
    return lambda scenario: any(scenario.at(path) for path in paths)


def _renewed(scenario: Scenario) -> bool:
    return scenario.fleet.refresh.rule != "never"


def _battery_renewed(scenario: Scenario) -> bool:
    return scenario.battery.replacement.rule != "never"


LOAN, MACHINE_LOAN = "finance.debt.share_frac", "finance.debt.machine_share_frac"
FEDERAL, STATE = "finance.tax.federal_rate_frac", "finance.tax.state_rate_frac"
TAXED, LENT = _set(FEDERAL, STATE), _set(LOAN, MACHINE_LOAN)
ITC, BATTERY_ITC, PTC = under("finance.credits", "array_itc_frac", "battery_itc_frac", "ptc_usd_per_kwh")
CREDITED = _set(ITC, BATTERY_ITC, PTC)


def _bonus(scenario: Scenario) -> bool:
    return any(getattr(scenario.finance.depreciation, name).bonus_frac for name in CLASSES)


def _sized(scenario: Scenario) -> bool:
    return bool(scenario.finance.debt.share_frac and scenario.finance.debt.target_dscr)


def _dated(scenario: Scenario) -> bool:
    return scenario.finance.credits.dates_decide


def _carried(scenario: Scenario) -> bool:
    return TAXED(scenario) and scenario.finance.tax.losses == "carried"


def _miners_answer(scenario: Scenario) -> bool:
    return "responds" in (scenario.outlook.difficulty_path, scenario.risk.difficulty)


# a field that is not named here always matters
NEEDS: dict[str, Matters] = {
    "array.inverter_replacement.cost_frac": _set("array.inverter_replacement.every_years"),
    **dict.fromkeys(under("battery.replacement", "below_frac", "cost_frac", "price_change_per_year"), _battery_renewed),
    "battery.replacement.depth_exponent": _is("battery.replacement.counting", "rainflow"),
    "fleet.control.boards": _set("fleet.control.whole_machines"),
    "fleet.cooling.approach_c": _is("fleet.cooling.kind", "liquid"),
    **dict.fromkeys(under("fleet.cooling", "thin_air_above_m", "thin_air_c_per_km"), _is("fleet.cooling.kind", "air")),
    "fleet.cooling.pue_rises_above_c": _set("fleet.cooling.pue_rise_per_c"),
    "fleet.refresh.dates": _is("fleet.refresh.rule", "date"),
    "fleet.refresh.age_years": _is("fleet.refresh.rule", "age"),
    **dict.fromkeys(
        under("fleet.refresh", "losing_months", "power_usd_per_kwh"), _is("fleet.refresh.rule", "unprofitable")
    ),
    **dict.fromkeys(under("fleet.refresh", "times", "class_ratio", "install_days"), _renewed),
    **dict.fromkeys(
        under("fleet.failures", "growth_per_year", "repair_days", "repair_usd"), _set("fleet.failures.rate_per_year")
    ),
    "fleet.resale.age_decline_frac_per_year": _set("fleet.resale.realised_frac"),
    "outlook.price_growth_per_year": _is("outlook.price_path", "grows"),
    "outlook.power_law_exponent": _is("outlook.price_path", "power_law"),
    "outlook.own_price_usd": _is("outlook.price_path", "own"),
    "outlook.difficulty_growth_per_year": _is("outlook.difficulty_path", "grows"),
    **dict.fromkeys(under("outlook", "network_j_per_th", "network_usd_per_kwh"), _miners_answer),
    "risk.difficulty_pull_per_month": _is("risk.difficulty", "follows", "responds"),
    "risk.yield_deviation_of_years": lambda scenario: not scenario.risk.sun_years_frac,
    "risk.fees_jump_times": _set("risk.fees_jumps_per_year"),
    "risk.block_months": _is("risk.price", "resampled"),
    **dict.fromkeys(
        under(
            "risk",
            "price_volatility_per_year",
            "price_volatility_later_per_year",
            "price_volatility_fade_years",
            "price_jumps_per_year",
            "price_jump_deviation",
        ),
        _is("risk.price", "strays"),
    ),
    "grid.tariff.settlement.true_up_usd_per_kwh": _is("grid.tariff.settlement.rule", "net_metering"),
    "grid.tariff.settlement.credit_paid_frac": _is("grid.tariff.settlement.rule", "net_billing"),
    **dict.fromkeys(
        under("grid.tariff.ratchet", "look_back_months", "peak_months"), _set("grid.tariff.ratchet.shares_frac")
    ),
    **dict.fromkeys(
        under("grid.tariff.coincident", "months", "from_hour", "to_hour", "hours", "stand_off_hours"),
        _set("grid.tariff.coincident.usd_per_kw"),
    ),
    "grid.outages.hours_each": _set("grid.outages.events_per_year"),
    **dict.fromkeys(
        under(
            "grid.demand_response",
            "firm_kw",
            "usd_per_kw_month",
            "usd_per_kwh",
            "hours_per_year",
            "months",
            "from_hour",
            "to_hour",
        ),
        _set("grid.demand_response.committed_kw"),
    ),
    "outlook.treasury.hold_frac": _is("outlook.treasury.rule", "hold_share"),
    "outlook.treasury.sell_above_usd": _is("outlook.treasury.rule", "above_price"),
    "outlook.treasury.lots": _is("outlook.treasury.rule", "hold_share", "cover_costs", "above_price"),
    **dict.fromkeys(
        under("outlook.payout", "pool_hashrate_ths", "window_blocks"), _is("outlook.payout.scheme", "pplns")
    ),
    **dict.fromkeys(under("finance.debt", "rate", "term_years", "interest_only_months", "target_dscr"), _set(LOAN)),
    **dict.fromkeys(
        under("finance.debt", "machine_rate", "machine_term_years", "machine_life_years"), _set(MACHINE_LOAN)
    ),
    **dict.fromkeys(under("finance.debt", "p99_dscr", "yield_sd_frac", "hashprice_stress_frac", "repayment"), _sized),
    **dict.fromkeys(under("finance.debt", "payments_per_year", "covenant_dscr", "reserve_months"), LENT),
    **dict.fromkeys(under("finance.tax", "taxpayer", "leftover_deducted"), TAXED),
    "finance.tax.losses": _set(FEDERAL, STATE, ITC, BATTERY_ITC, PTC),
    "finance.tax.loss_limit_frac": _carried,
    "finance.tax.interest_deducted": lambda scenario: TAXED(scenario) and LENT(scenario),
    **{
        f"finance.depreciation.{name}.straight_line_years": _is(f"finance.depreciation.{name}.method", "straight_line")
        for name in CLASSES
    },
    **{
        f"finance.depreciation.{name}.bonus_frac": lambda scenario, name=name: (
            getattr(scenario.finance.depreciation, name).method not in ("none", "expensed")
        )
        for name in CLASSES
    },
    **dict.fromkeys(under("finance.credits", "ptc_years", "ptc_growth_per_year"), _set(PTC)),
    "finance.credits.worth_frac": CREDITED,
    "finance.credits.dates_decide": lambda scenario: CREDITED(scenario) or _bonus(scenario),
    **dict.fromkeys(under("finance.credits", "begun", "in_service", "acquired"), _dated),
    **dict.fromkeys(
        under("finance.construction", "curve", "delay_months", "equity_first", "rate"),
        _set("finance.construction.months"),
    ),
    **dict.fromkeys(
        under("finance.owning", "assessed_frac", "assessed_decline_frac_per_year"),
        _set("finance.owning.property_tax_frac"),
    ),
}


def matters(path: str, scenario: Scenario) -> bool:
    """Whether a field changes anything under the choices made elsewhere."""
    need = NEEDS.get(path)
    return need is None or need(scenario)
