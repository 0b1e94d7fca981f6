"""Which fields of a scenario stand where on the Configuration page."""

from __future__ import annotations

from typing import NamedTuple


class Group(NamedTuple):
    """Fields asked together: what most plans change, then the rest. A section of one group needs no title."""

    title: str
    usual: tuple[str, ...]
    rare: tuple[str, ...] = ()


def under(section: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{section}.{name}" for name in names)


SITE = Group("", under("site", "name", "latitude", "longitude", "elevation_m", "timezone"))
ARRAY = (
    Group(
        "Array",
        under("array", "dc_kw", "mounting", "surface_tilt", "surface_azimuth", "dc_ac_ratio", "losses_frac"),
        under(
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
    Group("Inverter replacement", under("array.inverter_replacement", "every_years", "cost_frac")),
)
BATTERY = (
    Group(
        "Battery",
        under("battery", "energy_kwh", "power_kw", "round_trip_efficiency_frac"),
        under(
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
    Group("Replacement", under("battery.replacement", "rule", "below_frac", "cost_frac", "price_change_per_year")),
)
MINERS = (
    Group(
        "Machines",
        under("fleet", "pue", "uptime_frac"),
        under(
            "fleet",
            "hashrate_degradation_frac_per_year",
            "control.restart_minutes",
            "control.whole_machines",
            "control.boards",
        ),
    ),
    Group(
        "Heat",
        under("fleet", "derate_above_c", "derate_frac", "shutdown_above_c", "cooling.kind"),
        under(
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
        under(
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
    Group("Failures", under("fleet.failures", "rate_per_year", "growth_per_year", "repair_days", "repair_usd")),
    Group("Resale", under("fleet.resale", "realised_frac", "age_decline_frac_per_year")),
)
GRID = (
    Group(
        "Connection and prices",
        under(
            "grid",
            "import_limit_kw",
            "export_limit_kw",
            "import_usd_per_kwh",
            "export_usd_per_kwh",
            "fixed_usd_per_month",
            "price_growth_per_year",
        ),
    ),
    Group(
        "Tariff",
        under(
            "grid.tariff",
            "settlement.rule",
            "settlement.true_up_usd_per_kwh",
            "settlement.credit_paid_frac",
            "fixed_usd_per_month",
        ),
        under(
            "grid.tariff",
            "fixed_usd_per_day",
            "minimum_usd_per_month",
            "minimum_usd_per_year",
            "ratchet.shares_frac",
            "ratchet.look_back_months",
            "ratchet.peak_months",
            "ratchet.on",
            "ratchet.least_kw",
            "coincident.usd_per_kw",
            "coincident.months",
            "coincident.from_hour",
            "coincident.to_hour",
            "coincident.hours",
            "coincident.stand_off_hours",
        ),
    ),
    Group("Outages", under("grid.outages", "events_per_year", "hours_each")),
    Group(
        "Demand response",
        under(
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
        under(
            "outlook",
            "start_month",
            "price_usd",
            "difficulty",
            "price_path",
            "price_growth_per_year",
            "power_law_exponent",
            "own_price_usd",
            "difficulty_path",
            "difficulty_growth_per_year",
            "network_j_per_th",
            "network_usd_per_kwh",
            "growth_fade_years",
        ),
        under("outlook", "grows_from", "fees_btc_per_block", "exchange_fee_frac"),
    ),
    Group("Treasury", under("outlook.treasury", "rule", "hold_frac", "sell_above_usd", "lots", "sales_pay_fee")),
    Group(
        "Payout",
        under("outlook", "payout.scheme", "pool_fee_frac", "payout.pool_hashrate_ths", "payout.window_blocks"),
    ),
    Group(
        "Hardware curve",
        under(
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
        under(
            "finance",
            "horizon_years",
            "discount_rate",
            "inflation_per_year",
            "array_usd_per_kw",
            "battery_usd_per_kwh",
            "site_usd_per_kw",
        ),
        under(
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
        under(
            "finance.debt",
            "share_frac",
            "rate",
            "term_years",
            "machine_share_frac",
            "machine_rate",
            "machine_term_years",
        ),
        under(
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
            *under("finance.tax", "federal_rate_frac", "state_rate_frac", "taxpayer", "losses"),
            *(
                f"finance.depreciation.{name}.{field}"
                for name in CLASSES
                for field in ("method", "straight_line_years", "bonus_frac")
            ),
        ),
        under("finance.tax", "loss_limit_frac", "interest_deducted", "leftover_deducted"),
    ),
    Group(
        "Credits",
        under(
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
    Group("Building", under("finance.construction", "months", "curve", "delay_months", "rate", "equity_first")),
    Group(
        "Owning",
        under(
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
