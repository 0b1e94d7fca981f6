"""Classic mistakes about bitcoin and its machines; each check tells what it is, why, and what sets it right."""

from __future__ import annotations

from datetime import date

import numpy as np

from core.models import machines
from core.scenario import Scenario
from core.sections import Fleet, Outlook
from core.studies.findings import Check, Finding, Known, frozen, halving, mines, old, percent
from core.studies.fleet import hardware_curve, machine_kw
from core.studies.run import used_readings
from core.units import DAY_S, DAYS_PER_YEAR

HOT_C = 33.0  # the hottest 1 % of the hours of a year
CONTAINER_KW = 25.0  # of machines, above which they do not cool themselves in a room
UP_FRAC = 0.995
OLD_MACHINES_YEARS = 10  # few run longer
FAST_PRICE_PER_YEAR = 0.3
HALVING_YEARS, AFTER_HALVING_YEARS, MOST_YEARS = 5, 2, 40

# What bitcoin does


def flat_through_a_halving(plan: Scenario, known: Known) -> Finding:
    """Neither price nor difficulty move, and the reward halves all the same: nothing of it is ever answered."""
    outlook, halves = plan.outlook, halving(plan, known)
    if not mines(plan) or halves is None or not frozen(outlook) or outlook.price_path != "grows":
        return None
    if outlook.price_growth_per_year != 0:
        return None
    return Check(
        "flat_through_a_halving",
        "Flat outlook across a halving",
        f"Price and difficulty stand still for {plan.finance.horizon_years} years, as in a static calculator, but in "
        f"{halves:%B %Y} the reward halves. Miners answer that: some leave, difficulty falls, and it rises again with price.",
        "difficulty that answers to price, halvings and machines",
        {"outlook.difficulty_path": "responds"},
    )


def frozen_difficulty(plan: Scenario, known: Known) -> Finding:
    usual = Outlook().difficulty_growth_per_year
    if not mines(plan) or not frozen(plan.outlook) or flat_through_a_halving(plan, known):
        return None
    return Check(
        "frozen_difficulty",
        "Difficulty is frozen",
        "Others keep adding machines, and each of yours then mines less. About 15 % a year is low, 35 % was usual.",
        f"difficulty growth of {percent(usual)} a year",
        {"outlook.difficulty_growth_per_year": usual},
    )


def price_outruns_difficulty(plan: Scenario, known: Known) -> Finding:
    """A margin that widens for ever: nobody comes to take a part of it."""
    outlook = plan.outlook
    steady = outlook.price_path == "grows" and outlook.difficulty_path == "grows"
    if not mines(plan) or not steady or frozen(outlook):
        return None
    if outlook.price_growth_per_year <= outlook.difficulty_growth_per_year:
        return None
    return Check(
        "price_outruns_difficulty",
        "Price outruns difficulty for ever",
        f"Price grows by {percent(outlook.price_growth_per_year)} a year, difficulty by "
        f"{percent(outlook.difficulty_growth_per_year)}: mining would pay better every year, and yet nobody would come.",
        "difficulty that answers to price, halvings and machines",
        {"outlook.difficulty_path": "responds"},
    )


def hopeful_price(plan: Scenario, known: Known) -> Finding:
    outlook, years, usual = plan.outlook, plan.finance.horizon_years, Outlook().price_growth_per_year
    growth = outlook.price_growth_per_year
    fades = outlook.growth_fade_years > 0
    if not mines(plan) or outlook.price_path != "grows" or growth <= FAST_PRICE_PER_YEAR or fades:
        return None
    return Check(
        "hopeful_price",
        "The price never stops growing fast",
        f"At {percent(growth)} a year a coin costs {(1 + growth) ** years:,.0f} times as much after {years} years.",
        f"price growth of {percent(usual)} a year",
        {"outlook.price_growth_per_year": usual},
    )


def stops_before_a_halving(plan: Scenario, known: Known) -> Finding:
    """A horizon that ends before the reward halves, as a static payback does."""
    years = plan.finance.horizon_years
    halves = halving(plan, known, min(years + HALVING_YEARS, MOST_YEARS))
    if not mines(plan) or halving(plan, known) is not None or halves is None:
        return None
    begun = date.fromisoformat(f"{plan.outlook.start_month}-01")
    longer = min((halves.year - begun.year) + 1 + AFTER_HALVING_YEARS, MOST_YEARS)
    return Check(
        "stops_before_a_halving",
        "The plan ends before the next halving",
        f"In {halves:%B %Y} the reward halves, and {years} year{'s' if years > 1 else ''} of operation end before it: what the "
        "machines earn and cost afterwards is left out.",
        f"a horizon of {longer} years",
        {"finance.horizon_years": longer},
    )


def no_pool_fee(plan: Scenario, known: Known) -> Finding:
    usual = Outlook().pool_fee_frac
    if not mines(plan) or plan.outlook.pool_fee_frac > 0 or plan.outlook.payout.scheme == "solo":
        return None
    return Check(
        "no_pool_fee",
        "No pool fee",
        "A pool that pays each share at its mean worth takes 1 to 4 % of the coins for it.",
        f"a pool fee of {percent(usual)}",
        {"outlook.pool_fee_frac": usual},
    )


def old_market_reading(plan: Scenario, known: Known) -> Finding:
    """Today's price and difficulty are of another day, and are still held until operation begins."""
    stale = [reading for reading in used_readings(plan, known.market) if old(reading, known.now)]
    if not mines(plan) or not stale or plan.outlook.grows_from == "reading":
        return None
    names = " and ".join(reading.name.partition("_")[0] for reading in stale)
    days = max(reading.age_s(known.now) for reading in stale) / DAY_S
    return Check(
        "old_market_reading",
        "The market reading is old",
        f"The {names} at the start {'are' if len(stale) > 1 else 'is'} {days:,.0f} days old and taken to hold until the first month.",
        "growth counted from the day of the reading",
        {"outlook.grows_from": "reading"},
    )


# Machines


def old_machine_price(plan: Scenario, known: Known) -> Finding:
    """At the pace at which the outlook's hardware gets cheaper."""
    old = {i: days for i, days in known.old_prices_days.items() if plan.fleet.units[i].price_usd}
    if not old:
        return None
    decline = plan.outlook.hardware.price_decline_frac_per_year
    today = {
        f"fleet.units.{i}.price_usd": round(
            (plan.fleet.units[i].price_usd or 0.0) * (1 - decline) ** (days / DAYS_PER_YEAR), 2
        )
        for i, days in old.items()
    }
    return Check(
        "old_machine_price",
        "The price of the machines is old",
        f"It is at least {max(old.values())} days old, and machines get cheaper by some {percent(decline)} a year or more: ask for "
        "a new offer. An old price may also hide that nobody buys them any more.",
        "the price that this decline leads to",
        today,
    )


def free_machines(plan: Scenario, known: Known) -> Finding:
    """Machines whose price nobody has told count as free."""
    curve = hardware_curve(plan.outlook.hardware)
    free = {
        i: unit.hashrate_ths or 0.0
        for i, unit in enumerate(plan.fleet.units)
        if unit.count and unit.price_usd is None and unit.hashrate_ths
    }
    if not free:
        return None
    prices = {
        f"fleet.units.{i}.price_usd": round(
            ths * float(machines.price_usd_per_th(0.0, (plan.fleet.units[i].power_w or 0.0) / ths, curve)), 2
        )
        for i, ths in free.items()
    }
    return Check(
        "free_machines",
        "Machines cost nothing",
        "No price is given for some of them, so they count as free. If you own them, enter 0, or what you could sell them for.",
        "the price of their class on the hardware curve",
        prices,
    )


def no_cooling(plan: Scenario, known: Known) -> Finding:
    """Air that is moved, pumps and chillers draw power too."""
    fleet, usual = plan.fleet, Fleet().pue
    hot = float(np.percentile(known.weather.hourly["temp_air"], 99))
    if not mines(plan) or fleet.pue > 1.005 or fleet.cooling.pue_rise_per_c > 0:
        return None
    if hot <= HOT_C and machine_kw(fleet) <= CONTAINER_KW:
        return None
    why = f"One hour in a hundred is above {hot:.0f} °C here" if hot > HOT_C else f"{machine_kw(fleet):,.0f} kW of heat"
    return Check(
        "no_cooling",
        "Cooling costs nothing",
        f"{why}, and at a PUE of {fleet.pue:g} no fan, pump or chiller draws anything to carry the heat away.",
        f"a PUE of {usual:g}",
        {"fleet.pue": usual},
    )


def always_up(plan: Scenario, known: Known) -> Finding:
    usual = Fleet().uptime_frac
    if not mines(plan) or plan.fleet.uptime_frac < UP_FRAC or plan.fleet.failures.rate_per_year > 0:
        return None
    return Check(
        "always_up",
        "Machines never fail",
        "They hash in every hour in which there is power: no fan breaks, no pool or line is down, nothing is serviced.",
        f"an uptime of {percent(usual)}",
        {"fleet.uptime_frac": usual},
    )


def machines_never_age(plan: Scenario, known: Known) -> Finding:
    usual = Fleet().hashrate_degradation_frac_per_year
    if not mines(plan) or plan.fleet.hashrate_degradation_frac_per_year > 0:
        return None
    return Check(
        "machines_never_age",
        "Machines never age",
        "Boards and chips fail one by one; a fleet loses some of its hash rate each year.",
        f"a hash rate degradation of {percent(usual)} a year",
        {"fleet.hashrate_degradation_frac_per_year": usual},
    )


def machines_outlive_themselves(plan: Scenario, known: Known) -> Finding:
    years = plan.finance.horizon_years
    if not mines(plan) or years <= OLD_MACHINES_YEARS or plan.fleet.refresh.rule != "never":
        return None
    return Check(
        "machines_outlive_themselves",
        "Machines are never renewed",
        f"The plan runs for {years} years on the machines of its first day. Few run longer than {OLD_MACHINES_YEARS}, and long "
        "before that they cost more in power than they mine.",
        "renewal when power costs more than they mine",
        {"fleet.refresh.rule": "unprofitable"},
    )
