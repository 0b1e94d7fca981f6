"""Results as Vega-Lite charts: one idea each, labelled directly, points kept few.

A chart is a template, drawn with Altair once and kept, and the frames it shows: Altair takes 20 ms a chart, which every
change of a figure would cost again. Nothing here knows Streamlit; colours come in pairs, for light and dark ground.
"""

from core.charts.base import HEIGHT, Spec, dressed
from core.charts.chain import energy_chain, sun_chain
from core.charts.compare import Step, bridge, cash_lines, coin_lines, energy_bars, letters
from core.charts.differences import difference_histogram, npv_shares
from core.charts.flows import Flow, energy_flow, year_flows
from core.charts.hours import (
    duration_curves,
    heat_map,
    hour_by_month,
    hour_month_means,
    local_hours,
    week_of_charge,
    week_of_dispatch,
    weeks,
)
from core.charts.machines import AGES, price_by_efficiency
from core.charts.market import market_lines
from core.charts.money import (
    cash_by_year,
    coins_held,
    cover,
    life_waterfall,
    renewal_timeline,
    shares,
    stacked_by_year,
)
from core.charts.palette import COOLINGS, colour
from core.charts.plan import (
    coins_by_month,
    compared_with_what,
    cumulated_cash,
    energy_by_month,
    halving_frame,
    halving_months,
    halving_years,
    halvings_in,
    worth_of_energy,
)
from core.charts.risk import backtest, breakeven_surface, fan, npv_histogram, sobol_bars, tornado
from core.charts.site import Window, light_by_day, light_by_month, site_map
from core.charts.sizes import design_map, frontier, mean_and_tail
from core.charts.tariff import price_grid
from core.charts.years import yields_by_year

__all__ = [
    "AGES",
    "COOLINGS",
    "HEIGHT",
    "Flow",
    "Spec",
    "Step",
    "Window",
    "backtest",
    "breakeven_surface",
    "bridge",
    "cash_by_year",
    "cash_lines",
    "coin_lines",
    "coins_by_month",
    "coins_held",
    "colour",
    "compared_with_what",
    "cover",
    "cumulated_cash",
    "design_map",
    "difference_histogram",
    "dressed",
    "duration_curves",
    "energy_bars",
    "energy_by_month",
    "energy_chain",
    "energy_flow",
    "fan",
    "frontier",
    "halving_frame",
    "halving_months",
    "halving_years",
    "halvings_in",
    "heat_map",
    "hour_by_month",
    "hour_month_means",
    "letters",
    "life_waterfall",
    "light_by_day",
    "light_by_month",
    "local_hours",
    "market_lines",
    "mean_and_tail",
    "npv_histogram",
    "npv_shares",
    "price_by_efficiency",
    "price_grid",
    "renewal_timeline",
    "shares",
    "site_map",
    "sobol_bars",
    "stacked_by_year",
    "sun_chain",
    "tornado",
    "week_of_charge",
    "week_of_dispatch",
    "weeks",
    "worth_of_energy",
    "year_flows",
    "yields_by_year",
]  # fmt: skip
