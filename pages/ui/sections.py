"""Which fields of a scenario stand where on the Configuration page, and when a field matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from core.scenario import Scenario

Matters = Callable[[Scenario], bool]


class Group(NamedTuple):
    """Fields asked together: what most plans change, then the rest. A section of one group needs no title."""

    title: str
    usual: tuple[str, ...]
    rare: tuple[str, ...] = ()


def _under(section: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{section}.{name}" for name in names)


SITE = Group("", _under("site", "name", "latitude", "longitude", "elevation_m", "timezone"))
ARRAY = (
    Group(
        "Array",
        _under("array", "dc_kw", "mounting", "surface_tilt", "surface_azimuth", "dc_ac_ratio", "losses_frac"),
        _under(
            "array",
            "gcr",
            "rotation_limit",
            "inverter_efficiency_frac",
            "gamma_pdc_per_c",
            "bifaciality_frac",
            "albedo",
            "first_year_degradation_frac",
            "degradation_frac_per_year",
            "soiling_frac",
            "horizon",
        ),
    ),
    Group("Inverter replacement", _under("array.inverter_replacement", "every_years", "cost_frac")),
)
BATTERY = (
    Group(
        "Battery",
        _under("battery", "energy_kwh", "power_kw", "round_trip_efficiency_frac"),
        _under(
            "battery",
            "soc_min_frac",
            "soc_max_frac",
            "calendar_fade_frac_per_year",
            "cycle_fade_frac_per_cycle",
            "health_floor_frac",
            "wear_usd_per_kwh",
            "grid_charging",
            "replacement.counting",
            "replacement.depth_exponent",
        ),
    ),
    Group("Replacement", _under("battery.replacement", "rule", "below_frac", "cost_frac", "price_change_per_year")),
)
MINERS = (
    Group(
        "Machines",
        _under("fleet", "pue", "uptime_frac"),
        _under(
            "fleet",
            "hashrate_degradation_frac_per_year",
            "control.restart_minutes",
            "control.whole_machines",
            "control.boards",
        ),
    ),
    Group(
        "Heat",
        _under("fleet", "derate_above_c", "derate_frac", "shutdown_above_c", "cooling.kind"),
        _under(
            "fleet.cooling",
            "approach_c",
            "thin_air_above_m",
            "thin_air_c_per_km",
            "pue_rise_per_c",
            "pue_rises_above_c",
        ),
    ),
    Group(
        "Renewal",
        _under(
            "fleet.refresh",
            "rule",
            "dates",
            "age_years",
            "losing_months",
            "power_usd_per_kwh",
            "times",
            "class_ratio",
            "install_days",
        ),
    ),
    Group("Failures", _under("fleet.failures", "rate_per_year", "growth_per_year", "repair_days", "repair_usd")),
    Group("Resale", _under("fleet.resale", "realised_frac", "age_decline_frac_per_year")),
)
GRID = (
    Group(
        "Connection and prices",
        _under(
            "grid",
            "import_limit_kw",
            "export_limit_kw",
            "import_usd_per_kwh",
            "export_usd_per_kwh",
            "fixed_usd_per_month",
            "price_growth_per_year",
        ),
    ),
    Group("Outages", _under("grid.outages", "events_per_year", "hours_each")),
    Group(
        "Demand response",
        _under(
            "grid.demand_response",
            "committed_kw",
            "firm_kw",
            "usd_per_kw_month",
            "usd_per_kwh",
            "hours_per_year",
            "months",
            "from_hour",
            "to_hour",
        ),
    ),
)
BITCOIN = (
    Group(
        "Outlook",
        _under(
            "outlook",
            "start_month",
            "price_usd",
            "difficulty",
            "price_growth_per_year",
            "difficulty_growth_per_year",
            "growth_fade_years",
        ),
        _under("outlook", "grows_from", "fees_btc_per_block", "exchange_fee_frac"),
    ),
    Group("Treasury", _under("outlook.treasury", "rule", "hold_frac", "sell_above_usd", "lots", "sales_pay_fee")),
    Group(
        "Payout",
        _under("outlook", "payout.scheme", "pool_fee_frac", "payout.pool_hashrate_ths", "payout.window_blocks"),
    ),
    Group(
        "Hardware curve",
        _under(
            "outlook.hardware",
            "as_of",
            "efficiency_j_per_th",
            "improvement_per_year",
            "improvement_fade_years",
            "price_usd_per_th",
            "price_decline_frac_per_year",
            "class_exponent",
        ),
    ),
)
CLASSES = ("array", "battery", "site", "machines")
MONEY = (
    Group(
        "Costs",
        _under(
            "finance",
            "horizon_years",
            "discount_rate",
            "inflation_per_year",
            "array_usd_per_kw",
            "battery_usd_per_kwh",
            "site_usd_per_kw",
        ),
        _under(
            "finance",
            "currency",
            "interconnection_usd",
            "other_usd",
            "contingency_frac",
            "array_usd_per_kw_year",
            "battery_usd_per_kwh_year",
            "fleet_usd_per_kw_year",
            "fixed_usd_per_year",
            "variable_usd_per_kwh",
            "salvage_frac",
        ),
    ),
    Group(
        "Debt",
        _under(
            "finance.debt",
            "share_frac",
            "rate",
            "term_years",
            "machine_share_frac",
            "machine_rate",
            "machine_term_years",
        ),
        _under(
            "finance.debt",
            "interest_only_months",
            "payments_per_year",
            "machine_life_years",
            "target_dscr",
            "p99_dscr",
            "yield_sd_frac",
            "hashprice_stress_frac",
            "repayment",
            "covenant_dscr",
            "reserve_months",
            "refresh_reserve",
        ),
    ),
    Group(
        "Tax and write-off",
        (
            *_under("finance.tax", "federal_rate_frac", "state_rate_frac", "taxpayer", "losses"),
            *(
                f"finance.depreciation.{name}.{field}"
                for name in CLASSES
                for field in ("method", "straight_line_years", "bonus_frac")
            ),
        ),
        _under("finance.tax", "loss_limit_frac", "interest_deducted", "leftover_deducted"),
    ),
    Group(
        "Credits",
        _under(
            "finance.credits",
            "array_itc_frac",
            "battery_itc_frac",
            "ptc_usd_per_kwh",
            "ptc_years",
            "ptc_growth_per_year",
            "worth_frac",
            "dates_decide",
            "begun",
            "in_service",
            "acquired",
        ),
    ),
    Group("Building", _under("finance.construction", "months", "curve", "delay_months", "rate", "equity_first")),
    Group(
        "Owning",
        _under(
            "finance.owning",
            "property_tax_frac",
            "assessed_frac",
            "assessed_decline_frac_per_year",
            "insurance_frac",
            "land_lease_usd_per_year",
            "working_capital_days",
        ),
    ),
)
SECTIONS: dict[str, tuple[Group, ...]] = {
    "Site and weather": (SITE,),
    "Array": ARRAY,
    "Battery": BATTERY,
    "Miners": MINERS,
    "Grid": GRID,
    "Bitcoin": BITCOIN,
    "Money": MONEY,
}


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
ITC, BATTERY_ITC, PTC = _under("finance.credits", "array_itc_frac", "battery_itc_frac", "ptc_usd_per_kwh")
CREDITED = _set(ITC, BATTERY_ITC, PTC)


def _bonus(scenario: Scenario) -> bool:
    return any(getattr(scenario.finance.depreciation, name).bonus_frac for name in CLASSES)


def _sized(scenario: Scenario) -> bool:
    return bool(scenario.finance.debt.share_frac and scenario.finance.debt.target_dscr)


def _dated(scenario: Scenario) -> bool:
    return scenario.finance.credits.dates_decide


def _carried(scenario: Scenario) -> bool:
    return TAXED(scenario) and scenario.finance.tax.losses == "carried"


# a field that is not named here always matters
NEEDS: dict[str, Matters] = {
    "array.inverter_replacement.cost_frac": _set("array.inverter_replacement.every_years"),
    **dict.fromkeys(
        _under("battery.replacement", "below_frac", "cost_frac", "price_change_per_year"), _battery_renewed
    ),
    "battery.replacement.depth_exponent": _is("battery.replacement.counting", "rainflow"),
    "fleet.control.boards": _set("fleet.control.whole_machines"),
    "fleet.cooling.approach_c": _is("fleet.cooling.kind", "liquid"),
    **dict.fromkeys(_under("fleet.cooling", "thin_air_above_m", "thin_air_c_per_km"), _is("fleet.cooling.kind", "air")),
    "fleet.cooling.pue_rises_above_c": _set("fleet.cooling.pue_rise_per_c"),
    "fleet.refresh.dates": _is("fleet.refresh.rule", "date"),
    "fleet.refresh.age_years": _is("fleet.refresh.rule", "age"),
    **dict.fromkeys(
        _under("fleet.refresh", "losing_months", "power_usd_per_kwh"), _is("fleet.refresh.rule", "unprofitable")
    ),
    **dict.fromkeys(_under("fleet.refresh", "times", "class_ratio", "install_days"), _renewed),
    **dict.fromkeys(
        _under("fleet.failures", "growth_per_year", "repair_days", "repair_usd"), _set("fleet.failures.rate_per_year")
    ),
    "fleet.resale.age_decline_frac_per_year": _set("fleet.resale.realised_frac"),
    "grid.outages.hours_each": _set("grid.outages.events_per_year"),
    **dict.fromkeys(
        _under(
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
        _under("outlook.payout", "pool_hashrate_ths", "window_blocks"), _is("outlook.payout.scheme", "pplns")
    ),
    **dict.fromkeys(_under("finance.debt", "rate", "term_years", "interest_only_months", "target_dscr"), _set(LOAN)),
    **dict.fromkeys(
        _under("finance.debt", "machine_rate", "machine_term_years", "machine_life_years"), _set(MACHINE_LOAN)
    ),
    **dict.fromkeys(_under("finance.debt", "p99_dscr", "yield_sd_frac", "hashprice_stress_frac", "repayment"), _sized),
    **dict.fromkeys(_under("finance.debt", "payments_per_year", "covenant_dscr", "reserve_months"), LENT),
    **dict.fromkeys(_under("finance.tax", "taxpayer", "leftover_deducted"), TAXED),
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
    **dict.fromkeys(_under("finance.credits", "ptc_years", "ptc_growth_per_year"), _set(PTC)),
    "finance.credits.worth_frac": CREDITED,
    "finance.credits.dates_decide": lambda scenario: CREDITED(scenario) or _bonus(scenario),
    **dict.fromkeys(_under("finance.credits", "begun", "in_service", "acquired"), _dated),
    **dict.fromkeys(
        _under("finance.construction", "curve", "delay_months", "equity_first", "rate"),
        _set("finance.construction.months"),
    ),
    **dict.fromkeys(
        _under("finance.owning", "assessed_frac", "assessed_decline_frac_per_year"),
        _set("finance.owning.property_tax_frac"),
    ),
}


def matters(path: str, scenario: Scenario) -> bool:
    """Whether a field changes anything under the choices made elsewhere."""
    need = NEEDS.get(path)
    return need is None or need(scenario)
