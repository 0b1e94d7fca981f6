"""Every column and metric, once: its label, unit, meaning and which way is good.

Charts, tables, exports, the API and the documentation read their words here.
"""

from typing import Literal, NamedTuple

Good = Literal["up", "down", ""]


class Word(NamedTuple):
    """What a name stands for. `good`: the direction a planner wants, empty where neither is better."""

    label: str
    unit: str
    meaning: str
    good: Good = ""


METRICS: dict[str, Word] = {
    "npv_usd": Word(
        "Net present value",
        "USD",
        "The owner's yearly cash after tax and debt, discounted to year 0; above zero the plan earns more than the discount rate.",
        "up",
    ),
    "irr": Word("Internal rate of return", "1/yr", "The discount rate at which the net present value is zero.", "up"),
    "mirr": Word(
        "Modified IRR", "1/yr", "Return with every inflow reinvested at the discount rate; always unique.", "up"
    ),
    "project_npv_usd": Word("NPV of the project", "USD", "After tax, as if there were no debt.", "up"),
    "project_irr": Word("IRR of the project", "1/yr", "After tax, as if there were no debt.", "up"),
    "dscr_min": Word("Lowest DSCR", "1", "Least cover of the debt service in any year, after tax.", "up"),
    "llcr": Word(
        "LLCR", "1", "Loan life cover: worth of the cash until the loan is repaid, at its rate, over the loan.", "up"
    ),
    "debt_usd": Word("Loans", "USD", "Borrowed for plant and machines, interest while building included."),
    "tax_usd": Word("Income tax", "USD", "Paid over the horizon; negative where other income saves it.", "down"),
    "payback_years": Word("Payback", "yr", "Years until the cumulated cash turns positive, not discounted.", "down"),
    "discounted_payback_years": Word(
        "Discounted payback", "yr", "Years until the cumulated discounted cash turns positive.", "down"
    ),
    "static_payback_years": Word(
        "Static payback",
        "yr",
        "The usual shortcut: first investment over first-year cash at today's price and difficulty, no halving.",
        "down",
    ),
    "profitability_index": Word(
        "Profitability index", "1", "Present value earned per dollar the owner invests in year 0.", "up"
    ),
    "capex_usd": Word(
        "First investment", "USD", "Array, battery, machines, site and the rest, with contingency.", "down"
    ),
    "net_cash_usd": Word("Net cash", "USD", "Sum of the owner's yearly cash after tax and debt.", "up"),
    "mining_revenue_usd": Word(
        "Mining revenue", "USD", "Coins valued on the day they are mined, after the pool's fee.", "up"
    ),
    "export_revenue_usd": Word("Export revenue", "USD", "Energy sold to the grid.", "up"),
    "import_cost_usd": Word("Import cost", "USD", "Energy bought from the grid and its fixed charges.", "down"),
    "opex_usd": Word("Running cost", "USD", "Upkeep, fixed and variable costs, energy apart.", "down"),
    "mined_btc": Word("Coins mined", "BTC", "Expected coins after the pool's fee, over the horizon.", "up"),
    "mined_btc_year1": Word(
        "Coins mined, year 1", "BTC", "Expected coins after the pool's fee in the first year.", "up"
    ),
    "heat_lost_btc_year1": Word(
        "Coins lost to heat, year 1", "BTC", "What hours above the heat limits cost in coins, first year.", "down"
    ),
    "restart_lost_btc_year1": Word(
        "Coins lost to restarts, year 1", "BTC", "What starting machines costs in coins, first year.", "down"
    ),
    "pv_kwh_year1": Word("Solar energy, year 1", "kWh", "AC energy of the array after clipping.", "up"),
    "specific_yield_kwh_per_kw": Word("Specific yield", "kWh/kW", "First-year AC energy per kW of DC.", "up"),
    "capacity_factor_frac": Word("Capacity factor", "1", "First-year AC energy over DC power all year round.", "up"),
    "performance_ratio_frac": Word(
        "Performance ratio",
        "1",
        "First-year AC energy over what the light on the modules would give without losses.",
        "up",
    ),
    "clipped_kwh_year1": Word("Clipped, year 1", "kWh", "Energy lost because the inverter was full.", "down"),
    "mined_kwh_year1": Word("Energy mined, year 1", "kWh", "Drawn by the mining site, cooling included.", "up"),
    "import_kwh_year1": Word("Imported, year 1", "kWh", "Bought from the grid.", ""),
    "export_kwh_year1": Word("Exported, year 1", "kWh", "Sold to the grid.", ""),
    "curtailed_kwh_year1": Word("Curtailed, year 1", "kWh", "Solar energy nobody could use.", "down"),
    "discharge_kwh_year1": Word("From the battery, year 1", "kWh", "Energy the battery gave back.", ""),
    "battery_cycles_year1": Word("Battery cycles, year 1", "1", "Full equivalent cycles of the original capacity.", ""),
    "battery_health_end_frac": Word("Battery health at the end", "1", "Share of the original capacity left.", "up"),
    "solar_share_frac": Word(
        "Solar share of mining", "1", "Share of first-year mining energy that did not come from the grid.", "up"
    ),
    "fleet_utilisation_frac": Word(
        "Fleet utilisation", "1", "First-year mining energy over what the whole fleet could draw.", "up"
    ),
    "fleet_kw": Word("Fleet draw", "kW", "Site draw with every machine running, cooling included."),
    "fleet_hashrate_ths": Word("Fleet hash rate", "TH/s", "With every machine running, new."),
    "efficiency_j_per_th": Word(
        "Fleet efficiency", "J/TH", "Machine energy per terahash when new, cooling apart.", "down"
    ),
    "hashprice_usd_per_ph_day": Word(
        "Hashprice", "USD/PH/day", "What one PH/s earns in a day in the first month, before the pool's fee.", "up"
    ),
    "hashcost_usd_per_ph_day": Word(
        "Hashcost",
        "USD/PH/day",
        "What one PH/s costs in energy in a day of the first year, at the average worth of the energy mined.",
    ),
    "energy_usd_per_kwh": Word(
        "Worth of the energy mined",
        "USD/kWh",
        "First year: imports at what they cost, own energy at the export price it gave up.",
        "down",
    ),
    "breakeven_usd_per_kwh": Word(
        "Break-even power price", "USD/kWh", "Energy price at which mining in the first month earns nothing.", "up"
    ),
    "breakeven_price_usd": Word(
        "Break-even bitcoin price", "USD", "Price at which mining in the first month just pays for its energy.", "down"
    ),
    "breakeven_difficulty": Word(
        "Break-even difficulty", "1", "Difficulty at which mining in the first month just pays for its energy.", "up"
    ),
    "npv_zero_price_usd": Word(
        "Bitcoin price for NPV 0",
        "USD",
        "First-month price at which the plan's NPV is zero, growth and operation unchanged.",
        "down",
    ),
    "npv_zero_difficulty": Word(
        "Difficulty for NPV 0",
        "1",
        "First-month difficulty at which the plan's NPV is zero, growth and operation unchanged.",
        "up",
    ),
    "npv_zero_import_usd_per_kwh": Word(
        "Import price for NPV 0",
        "USD/kWh",
        "First-year import price at which the plan's NPV is zero, operation unchanged.",
        "up",
    ),
    "lcoe_usd_per_kwh": Word(
        "LCOE",
        "USD/kWh",
        "Array cost after tax and debt, later inverters included, salvage taken off, over array energy, both discounted; nominal, per kWh generated.",
        "down",
    ),
    "lcoe_real_usd_per_kwh": Word("LCOE, real", "USD/kWh", "As LCOE, in the money of year 0.", "down"),
    "lcoe_delivered_usd_per_kwh": Word(
        "LCOE, delivered",
        "USD/kWh",
        "Array and battery cost over the solar energy that was mined or sold, both discounted.",
        "down",
    ),
    "lcos_usd_per_kwh": Word(
        "LCOS",
        "USD/kWh",
        "Battery cost after tax and debt, and the array's LCOE for what charged it, over energy discharged, all discounted.",
        "down",
    ),
    "cost_usd_per_btc": Word(
        "All-in cost per BTC",
        "USD/BTC",
        "Every cost over every coin, both discounted alike: levelised; tax and debt included, what equipment sells for taken off.",
        "down",
    ),
    "sun_usd_per_btc": Word("Array and battery", "USD/BTC", "Investment, replacements and upkeep, per coin.", "down"),
    "import_usd_per_btc": Word("Energy bought", "USD/BTC", "And fixed charges, per coin.", "down"),
    "machines_usd_per_btc": Word("Machines", "USD/BTC", "The first and later ones, per coin.", "down"),
    "site_usd_per_btc": Word("Site", "USD/BTC", "Mining site, connection and other first costs, per coin.", "down"),
    "running_usd_per_btc": Word(
        "Running cost", "USD/BTC", "Upkeep of the mine, repairs, fees, owning, per coin.", "down"
    ),
    "tax_usd_per_btc": Word("Income tax", "USD/BTC", "Credits taken off, per coin.", "down"),
    "financing_usd_per_btc": Word(
        "Financing",
        "USD/BTC",
        "Debt service less what is borrowed, and money held, per coin; negative where debt is cheap.",
    ),
    "sales_usd_per_btc": Word("Equipment sold", "USD/BTC", "Resale and salvage per coin, taken off."),
    "cost_usd_per_btc_at_lcoe": Word(
        "Cost per BTC, sun at LCOE",
        "USD/BTC",
        "Mining's own costs, imports, and solar energy at what array and battery cost per kWh delivered.",
        "down",
    ),
    "cost_usd_per_btc_at_export": Word(
        "Cost per BTC, sun at export price",
        "USD/BTC",
        "Mining's own costs, imports, and solar energy at the income it gave up.",
        "down",
    ),
    "sell_npv_usd": Word(
        "NPV: sell the power",
        "USD",
        "The same array without machines and battery, selling what the connection takes.",
        "up",
    ),
    "grid_npv_usd": Word("NPV: mine on the grid alone", "USD", "The same machines without array and battery.", "up"),
    "hold_npv_usd": Word(
        "NPV: buy and hold",
        "USD",
        "The owner's money on the same dates into coins, sold at the end; fees, and tax on the gain, taken off.",
        "up",
    ),
    "hold_btc": Word("Coins: buy and hold", "BTC", "What the same money on the same dates would have bought.", "up"),
    "paid_btc": Word("Coins: from the mine", "BTC", "What the owner's income would buy on the dates it comes.", "up"),
}

HOURLY: dict[str, Word] = {
    "pv_kw": Word("Solar", "kW", "AC power of the array after clipping."),
    "mining_kw": Word("Mining", "kW", "Site draw for mining, cooling included."),
    "charge_kw": Word("Into the battery", "kW", "Charging, at the AC side."),
    "discharge_kw": Word("From the battery", "kW", "Discharging, at the AC side."),
    "soc_kwh": Word("State of charge", "kWh", "Energy in the battery at the end of the hour."),
    "import_kw": Word("Import", "kW", "Bought from the grid."),
    "export_kw": Word("Export", "kW", "Sold to the grid."),
    "curtailed_kw": Word("Curtailed", "kW", "Solar power nobody could use."),
}

BILL: dict[str, Word] = {  # lines of a utility's bill, by month
    "energy_charge_usd": Word(
        "Energy charge", "USD", "Of the utility: kWh at the prices of their periods and tiers.", "down"
    ),
    "demand_charge_usd": Word(
        "Demand charge", "USD", "Of the utility: for the month's peaks, ratchet included.", "down"
    ),
    "coincident_charge_usd": Word(
        "Coincident-peak charge", "USD", "For what is drawn in the hours of the grid's peak.", "down"
    ),
    "fixed_charge_usd": Word("Fixed charge", "USD", "Of the utility: whatever is drawn.", "down"),
    "minimum_charge_usd": Word(
        "Up to the minimum", "USD", "What is missing to the least bill of a month or year.", "down"
    ),
    "export_credit_usd": Word("Export credit", "USD", "Under net billing: taken off the bill for energy fed in.", "up"),
    "demand_response_usd": Word(
        "Demand response", "USD", "Paid for standing by and for load given up when called.", "up"
    ),
}

PERIODS: dict[str, Word] = {
    "month": Word("Month", "", "Calendar month of operation."),
    "year": Word("Year", "", "Year of operation; 0 is the first investment."),
    "price_usd": Word("Bitcoin price", "USD", "Mean of the period."),
    "difficulty": Word("Difficulty", "1", "Mean of the period."),
    "subsidy_btc": Word("Subsidy", "BTC/block", "Mean over the period's blocks."),
    "hashprice_usd_per_ph_day": Word(
        "Hashprice", "USD/PH/day", "What one PH/s earns in a day, before the pool's fee.", "up"
    ),
    "mine_usd_per_kwh": Word(
        "Worth of a mined kWh", "USD/kWh", "Income per kWh of site draw, net of pool fee and variable cost.", "up"
    ),
    "machines_kw": Word("Machines in service", "kW", "Draw of the machines not in repair or retired, cooling apart."),
    "machines_ths": Word("Hash rate in service", "TH/s", "Of these machines at their age."),
    "machines_j_per_th": Word(
        "Machine efficiency", "J/TH", "Of these machines when new; 0 where there are none.", "down"
    ),
    "machines_renewed": Word("Machines renewed", "", "Bought in place of older ones."),
    "halvings": Word("Halvings", "1", "Halvings of the subsidy within the period."),
    "import_usd_per_kwh": Word("Import price", "USD/kWh", "Price of a kWh bought."),
    "export_usd_per_kwh": Word("Export price", "USD/kWh", "Income per kWh sold."),
    "pv_kwh": Word("Solar", "kWh", "AC energy of the array after clipping.", "up"),
    "mined_kwh": Word("Mined", "kWh", "Drawn by the mining site, cooling included.", "up"),
    "charge_kwh": Word("Into the battery", "kWh", "Energy charged, at the AC side."),
    "discharge_kwh": Word("From the battery", "kWh", "Energy discharged, at the AC side."),
    "import_kwh": Word("Imported", "kWh", "Bought from the grid."),
    "export_kwh": Word("Exported", "kWh", "Sold to the grid."),
    "curtailed_kwh": Word("Curtailed", "kWh", "Solar energy nobody could use.", "down"),
    "mined_btc": Word("Coins", "BTC", "Expected coins after the pool's fee.", "up"),
    "pool_fee_btc": Word("Pool fee", "BTC", "Coins the pool keeps.", "down"),
    "payout_sd_btc": Word(
        "Spread of coins by luck", "BTC", "Standard deviation of what the pool pays around the expected coins.", "down"
    ),
    "no_block_probability_frac": Word(
        "Chance of no block", "1", "That the mine's own hashes find no block in the period.", "down"
    ),
    "sold_btc": Word("Coins sold", "BTC", "Sold on the market."),
    "held_btc": Word("Coins held", "BTC", "At the end of the period."),
    "mining_revenue_usd": Word(
        "Mining revenue",
        "USD",
        "Coins at the price of their month: ordinary income, and the basis of what is held.",
        "up",
    ),
    "coin_sales_usd": Word("Coin sales", "USD", "Proceeds of coins sold, before the exchange's fee.", "up"),
    "exchange_fee_usd": Word("Exchange fee", "USD", "Taken from coin sales.", "down"),
    "coin_gain_usd": Word(
        "Gain on coins", "USD", "Sales less fee and the basis of the lots sold; losses negative.", "up"
    ),
    "long_coin_gain_usd": Word(
        "Gain on coins, long held", "USD", "The part of the gain on coins held for more than twelve months.", "up"
    ),
    "held_usd": Word("Worth of coins held", "USD", "At the price of the period's last month; apart from cash."),
    "export_revenue_usd": Word("Export revenue", "USD", "Energy sold.", "up"),
    **BILL,
    "import_cost_usd": Word("Import cost", "USD", "All that is billed: energy, demand and fixed charges.", "down"),
    "opex_usd": Word("Running cost", "USD", "Upkeep, fixed and variable costs.", "down"),
    "refresh_usd": Word("Machines renewed", "USD", "Paid for machines in place of older ones.", "down"),
    "battery_renewal_usd": Word("Battery renewed", "USD", "Paid for new or added cells.", "down"),
    "inverter_renewal_usd": Word("Inverters renewed", "USD", "Paid for inverters at the end of their life.", "down"),
    "repair_usd": Word("Repairs", "USD", "Paid to mend machines.", "down"),
    "resale_usd": Word("Machines sold", "USD", "Brought by machines renewed, retired, or left at the end.", "up"),
    "capex_usd": Word("Investment", "USD", "Paid for equipment at the start.", "down"),
    "salvage_usd": Word("Salvage", "USD", "Recovered at the end.", "up"),
    "net_cash_usd": Word(
        "Net cash", "USD", "In minus out: by month before tax and debt, by year the owner's after both.", "up"
    ),
    "cumulative_cash_usd": Word("Cumulated cash", "USD", "Sum of net cash since year 0.", "up"),
    "discounted_cash_usd": Word("Discounted cash", "USD", "Net cash in year-0 value."),
    "panel_health_frac": Word("Panel health", "1", "Output over output when new."),
    "battery_health_frac": Word("Battery health", "1", "Capacity over capacity when new, at the start of the year."),
    "hashrate_health_frac": Word("Machine health", "1", "Hash rate over hash rate when new, at the start of the year."),
}

READINGS: dict[str, Word] = {
    "fees_btc_per_block": Word("Fees", "BTC/block", "What a block's transactions pay beside the subsidy."),
    "fx_per_usd": Word("Exchange rate", "", "What a US dollar costs in the planner's currency."),
    "height": Word("Block height", "", "Blocks found since the first one."),
}


MACHINES: dict[str, Word] = {
    "efficiency_j_per_th": Word("Efficiency", "J/TH", "Power over hash rate: energy for a trillion tries.", "down"),
    "price_usd_per_th": Word("Price of hash rate", "USD/TH/s", "Price over hash rate.", "down"),
    "price_basis": Word("Basis", "", "What the price is: an asking price, a list price, or the planner's own."),
    "origin": Word("From", "", "The bundled catalogue or the planner's own machines."),
    "source": Word("Source", "", "What the figures rest on."),
}


STATEMENT: dict[str, Word] = {  # beside lines that PERIODS names
    "energy_kwh": Word("Energy", "kWh", "Generated by the array.", "up"),
    "revenue_usd": Word("Revenue", "USD", "Coins when mined, and energy sold.", "up"),
    "upkeep_usd": Word("Upkeep", "USD", "Upkeep, fixed and variable costs.", "down"),
    "property_tax_usd": Word("Property tax", "USD", "On the assessed value.", "down"),
    "insurance_usd": Word("Insurance", "USD", "A share of the first investment, grown with inflation.", "down"),
    "land_lease_usd": Word("Land lease", "USD", "Grown with inflation.", "down"),
    "running_cost_usd": Word("Running cost in all", "USD", "Energy bought, upkeep, repairs, fees, owning.", "down"),
    "ebitda_usd": Word("EBITDA", "USD", "Revenue less running cost.", "up"),
    "array_investment_usd": Word("Array", "USD", "Paid for the array and later inverters.", "down"),
    "battery_investment_usd": Word("Battery", "USD", "Paid for the battery and later cells.", "down"),
    "site_investment_usd": Word("Site", "USD", "Mining site, interconnection and other first costs.", "down"),
    "machines_investment_usd": Word("Machines", "USD", "Paid for the first machines and later ones.", "down"),
    "investment_usd": Word("Investment in all", "USD", "First investment and replacements.", "down"),
    "sales_usd": Word("Equipment sold", "USD", "Resale and salvage.", "up"),
    "working_capital_usd": Word("Working capital", "USD", "Tied up at the end of the year."),
    "coins_kept_usd": Word(
        "Revenue kept in coins",
        "USD",
        "Worth when mined of coins not sold; negative where older ones are: what they then bring.",
    ),
    "depreciation_usd": Word("Depreciation", "USD", "Written off for tax."),
    "interest_usd": Word("Interest", "USD", "Paid to lenders.", "down"),
    "taxed_gain_usd": Word("Gain on coins taxed", "USD", "Sales above worth when mined, losses of earlier years off."),
    "taxable_income_usd": Word("Income before losses carried", "USD", "Revenue less cost, depreciation and interest."),
    "investment_credit_usd": Word("Investment credit", "USD", "Earned with the equipment, recapture negative.", "up"),
    "production_credit_usd": Word("Production credit", "USD", "Earned with the year's energy.", "up"),
    "loss_carried_usd": Word("Losses carried", "USD", "Left for later years, at the end of the year."),
    "state_tax_usd": Word("State tax", "USD", "Owed after losses.", "down"),
    "federal_tax_usd": Word("Federal tax", "USD", "Owed after losses and credits.", "down"),
    "tax_usd": Word(
        "Income tax", "USD", "Paid after losses and credits; negative where other income saves it.", "down"
    ),
    "cfads_usd": Word(
        "CFADS", "USD", "Cash available for debt service: after tax and replacements, before credits.", "up"
    ),
    "debt_drawn_usd": Word("Debt drawn", "USD", "Borrowed, interest while building included."),
    "construction_interest_usd": Word("Interest while building", "USD", "Added to the loan.", "down"),
    "debt_repaid_usd": Word("Repayment", "USD", "Of what was borrowed."),
    "debt_service_usd": Word("Debt service", "USD", "Interest and repayment.", "down"),
    "debt_balance_usd": Word("Debt", "USD", "Owed at the end of the year.", "down"),
    "dscr": Word("DSCR", "1", "Debt service cover ratio: CFADS over debt service; 0 where nothing is owed.", "up"),
    "reserve_usd": Word("Reserves", "USD", "Held for debt service and replacements at the end of the year."),
    "locked_usd": Word("Locked up", "USD", "Kept from the owner by the covenant at the end of the year.", "down"),
    "project_cash_usd": Word("Project cash", "USD", "After tax, as if there were no debt.", "up"),
    "equity_cash_usd": Word("Equity cash", "USD", "After tax and debt service: what the owner pays and gets.", "up"),
}


def word(name: str) -> Word:
    """The words for a column or metric; the name itself where none are written."""
    for table in (METRICS, HOURLY, PERIODS, BILL, MACHINES, READINGS, STATEMENT):
        if name in table:
            return table[name]
    return Word(name, "", "")
