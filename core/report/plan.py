"""The plan as sections of a report: the answer, the site and its sun, the design, energy and coins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core import charts
from core.report.parts import Beside, Chart, Figure, Row, Section, Table, Tile, Tiles, Words
from core.results import Projection
from core.say import metric as figure
from core.say import money
from core.say import short as digits
from core.scenario import Scenario
from core.shown import caption, metric_in_words, of_lives
from core.vocabulary import METRICS

if TYPE_CHECKING:
    from core.studies.simulation import RiskAnalysis

TRILLION = 1e12
MOST_LOOSE_ROWS = 12  # of a table beside another
TILES = (
    "npv_usd",
    "irr",
    "payback_years",
    "capex_usd",
    "mined_btc",
    "cost_usd_per_btc",
    "lcoe_usd_per_kwh",
    "pv_kwh_year1",
)
ALTERNATIVES = {
    "This plan": "npv_usd",
    "Sell the power": "sell_npv_usd",
    "Mine on the grid": "grid_npv_usd",
    "Buy and hold coins": "hold_npv_usd",
}
ENERGY = (
    "pv_kwh_year1", "mined_kwh_year1", "import_kwh_year1", "export_kwh_year1", "curtailed_kwh_year1", "clipped_kwh_year1",
    "discharge_kwh_year1", "solar_share_frac", "fleet_utilisation_frac",
)  # fmt: skip
SUN = ("specific_yield_kwh_per_kw", "capacity_factor_frac", "performance_ratio_frac")
COINS = (
    "mined_btc", "mined_btc_year1", "hashprice_usd_per_ph_day", "hashcost_usd_per_ph_day", "breakeven_price_usd",
    "npv_zero_price_usd", "cost_usd_per_btc", "breakeven_usd_per_kwh", "energy_usd_per_kwh",
)  # fmt: skip
MOUNTINGS = {
    "fixed": "fixed", "roof": "on a roof", "one_axis": "one-axis tracked",
    "one_axis_backtracked": "one-axis tracked with backtracking", "two_axis": "two-axis tracked",
}  # fmt: skip


def shown(projection: Projection, name: str) -> Figure:
    """A metric as pages show it."""
    return Figure(metric_in_words(projection, name), projection.metrics[name])


def figures(projection: Projection, heading: str, names: Iterable[str], note: str = "") -> Table:
    """Some metrics, a line each."""
    rows = tuple(Row((_label(name), shown(projection, name)), name=name) for name in names)
    return Table(heading, ("", ""), rows, (1,), (0.62, 0.38), note)


def _label(name: str) -> str:
    """The label, with the unit that the figure is shown without."""
    return caption(name) if METRICS[name].unit in {"USD/PH/day", "USD/BTC"} else METRICS[name].label


def facts(heading: str, told: dict[str, str], share: float = 0.26) -> Table:
    """Some things in words, a line each."""
    rows = tuple(Row((label, text)) for label, text in told.items() if text)
    return Table(heading, ("", ""), rows, (), (share, 1.0 - share), quiet=(0,))


# Summary


def summary(projection: Projection, lives: RiskAnalysis | None) -> Section:
    """The answer on one page."""
    tiles = tuple(_tile(projection, name) for name in TILES)
    comparison = Chart(
        "compared-with-what",
        "Compared with what?",
        charts.compared_with_what(projection),
        "Net present value of the plan beside three alternatives",
        "Net present value after tax. Sell the power: the same array without machines. Mine on the grid: the same machines "
        "without sun. Buy and hold: the same money on the same dates into coins.",
        145,
    )
    cash = Chart(
        "cash-by-year",
        "Cash, year by year",
        charts.cumulated_cash(projection),
        "Net cash of each year as bars and its running sum as a line",
        "Bars: the owner's net cash of the year after tax and debt. Line: running sum since the first investment.",
        145,
    )
    blocks = (
        Words(verdict(projection), "lead"),
        Tiles(tiles),
        Words(how_sure(projection, lives)),
        Words(compared(projection)),
    )
    known = set(projection.weather.notes)  # which the sun is told with
    notices = tuple(Words(notice, "warning") for notice in projection.notices if notice not in known)
    return Section("Summary", (*blocks, Beside(comparison, cash), *notices))


def _tile(projection: Projection, name: str) -> Tile:
    scenario = projection.scenario
    notes = {
        "npv_usd": f"at {scenario.finance.discount_rate * 100:g} % a year",
        "payback_years": f"static shortcut: {_years(projection.metrics['static_payback_years'])}",
        "mined_btc": f"over {scenario.finance.horizon_years} years, after pool fee",
        "cost_usd_per_btc": f"price at the start {money(float(projection.monthly['price_usd'].iloc[0]))}",
        "lcoe_usd_per_kwh": "array only, nominal",
        "pv_kwh_year1": f"{figure('specific_yield_kwh_per_kw', projection.metrics['specific_yield_kwh_per_kw'])}",
        "capex_usd": "before the first coin",
        "irr": projection.reasons.get("irr", "").split(":")[0] or "on the owner's money",
    }
    return Tile(name, METRICS[name].label, shown(projection, name), notes[name])


def _years(value: float | None) -> str:
    return f"{value:,.1f} years" if value is not None else "never"


def verdict(projection: Projection) -> str:
    """One sentence: what the plan comes to."""
    metrics, finance = projection.metrics, projection.scenario.finance
    npv, payback = metrics["npv_usd"] or 0.0, metrics["payback_years"]
    outcome = "earns" if npv >= 0 else "falls short by"
    back = (
        f"pays back in {payback:,.1f} years"
        if payback is not None
        else f"never pays back within {finance.horizon_years} years"
    )
    return (
        f"Over {finance.horizon_years} years this plan {outcome} {money(abs(npv))} in today's value at "
        f"{finance.discount_rate * 100:g} % and {back}."
    )


def how_sure(projection: Projection, lives: RiskAnalysis | None) -> str:
    """How likely the answer is, or that nobody has asked."""
    shortcut = (
        f"A calculator that freezes price and difficulty and forgets halvings would say that it pays back in "
        f"{_years(projection.metrics['static_payback_years'])}."
        if projection.metrics["static_payback_years"] is not None
        else "A calculator that freezes price and difficulty and forgets halvings would say that it never pays back."
    )
    if lives is None:
        return f"How sure: this is one course of events, the planner's own. No risk analysis was run with these figures. {shortcut}"
    told = {
        name: of_lives(name, lives.metrics[name])
        for name in ("loss_probability_frac", "npv_p5_usd", "npv_p50_usd", "npv_p95_usd")
    }
    return (
        f"How sure: in {told['loss_probability_frac']} of {len(lives.paths):,} lives the plan earns less than its discount rate; half of "
        f"them are worth {told['npv_p50_usd']} or less, one in twenty {told['npv_p5_usd']} or less and one in twenty "
        f"{told['npv_p95_usd']} or more. {shortcut}"
    )


def compared(projection: Projection) -> str:
    """Which of the choices is worth most, by how much."""
    found = {label: npv for label, name in ALTERNATIVES.items() if (npv := projection.metrics[name]) is not None}
    if len(found) < 2:
        return "Compared with what: no alternative exists for this plan."
    best = max(found, key=lambda label: found[label])
    others = ", ".join(
        f"{label[0].lower()}{label[1:]} {money(npv)}" for label, npv in found.items() if label != "This plan"
    )
    if best == "This plan":
        return f"Compared with what: no alternative is worth more. Net present value of the others: {others}."
    gap = found[best] - found["This plan"]
    words = f"{best[0].lower()}{best[1:]}"
    return f"Compared with what: to {words} is worth {money(gap)} more. Net present value of the others: {others}; doing nothing $0."


# Site, design


def site(projection: Projection) -> Section:
    """Where it stands, and what sun comes there."""
    place, note = projection.scenario.site, projection.weather
    told = facts(
        "Site",
        {
            "Place": place.name,
            "Position": f"{_degrees(place.latitude, 'N', 'S')}, {_degrees(place.longitude, 'E', 'W')}, {digits(place.elevation_m)} m above sea",
            "Time zone": place.timezone,
            "Weather": note.source,
            "Kind": f"{'typical year' if note.kind == 'typical' else f'the year {note.year}'}, {note.status}",
            "Grid point": f"{_degrees(note.latitude, 'N', 'S')}, {_degrees(note.longitude, 'E', 'W')}; digest {note.digest}",
        },
    )
    heat = Chart(
        "sun-by-hour-and-month",
        "Solar power by hour and month",
        charts.hour_by_month(projection, "pv_kw"),
        "Heat map of solar power by local hour and month",
        "Mean AC power of the first year, local hours.",
        160,
    )
    remarks = (Words(" ".join(note.notes), "small"),) if note.notes else ()
    return Section("Site and sun", (Beside(told, heat), *remarks))


def _degrees(value: float, positive: str, negative: str) -> str:
    return f"{abs(value):.2f}° {positive if value >= 0 else negative}"


def design(projection: Projection) -> Section:
    """What is built."""
    scenario = projection.scenario
    told = facts(
        "",
        {
            "Array": _array(scenario),
            "Battery": _battery(scenario),
            "Grid": _grid(scenario),
            "Building": _building(scenario),
        },
        0.12,
    )
    return Section("Design", (told, *_fleet(projection)))


def _array(scenario: Scenario) -> str:
    array = scenario.array
    if not array.dc_kw:
        return "none"
    turned = (
        "" if array.mounting == "two_axis" else f", tilt {array.surface_tilt:g}°, azimuth {array.surface_azimuth:g}°"
    )
    return (
        f"{digits(array.dc_kw)} kW DC, {digits(array.dc_kw / array.dc_ac_ratio)} kW AC, {MOUNTINGS.get(array.mounting, array.mounting)}{turned}; "
        f"losses {array.losses_frac * 100:.1f} %, {array.degradation_frac_per_year * 100:g} % a year less"
    )


def _battery(scenario: Scenario) -> str:
    battery = scenario.battery
    if not battery.energy_kwh:
        return "none"
    grid = "sun and grid" if battery.grid_charging else "sun alone"
    return (
        f"{digits(battery.energy_kwh)} kWh, {digits(battery.power_kw)} kW, round trip {battery.round_trip_efficiency_frac * 100:g} %; "
        f"charged by {grid}"
    )


def _grid(scenario: Scenario) -> str:
    grid = scenario.grid
    if not (grid.import_limit_kw or grid.export_limit_kw):
        return "none: off-grid"
    named = f"; tariff {grid.tariff.name}" if grid.tariff.name else ""
    hourly = " by hour" if grid.import_hourly_usd_per_kwh else f" at {grid.import_usd_per_kwh * 100:g} ¢/kWh"
    bought = f"imports up to {digits(grid.import_limit_kw)} kW{hourly if not named else ''}"
    own = " by hour" if grid.export_hourly_usd_per_kwh else f" at {grid.export_usd_per_kwh * 100:g} ¢/kWh"
    return f"{bought}, exports up to {digits(grid.export_limit_kw)} kW{own}{named}"


def _building(scenario: Scenario) -> str:
    months = scenario.finance.construction.months
    begun = f"first month of operation {scenario.outlook.start_month}"
    return f"{months} months of building; {begun}" if months else begun


def _fleet(projection: Projection) -> tuple[Table, ...]:
    fleet = projection.scenario.fleet
    rows = [
        Row((
            unit.model or "Own machine", Figure(f"{unit.count:,}", unit.count), _rated(unit.hashrate_ths, 1), _rated(unit.power_w),
            _rated(_j_per_th(unit.hashrate_ths, unit.power_w), 1), _rated(unit.price_usd),
        ))
        for unit in fleet.units
    ]  # fmt: skip
    if not rows:
        return ()
    note = (
        f"Together {figure('fleet_hashrate_ths', projection.metrics['fleet_hashrate_ths'])} and "
        f"{figure('fleet_kw', projection.metrics['fleet_kw'])} at the site (PUE {fleet.pue:g}, {fleet.cooling.kind} cooling); "
        f"they run {fleet.uptime_frac * 100:g} % of the time."
    )
    columns = ("Machines", "Count", "TH/s each", "W each", "J/TH", "USD each")
    return (Table("Fleet", columns, tuple(rows), (1, 2, 3, 4, 5), (0.4, 0.12, 0.12, 0.12, 0.12, 0.12), note),)


def _j_per_th(hashrate_ths: float | None, power_w: float | None) -> float | None:
    return power_w / hashrate_ths if hashrate_ths and power_w else None


def _rated(value: float | None, places: int = 0) -> Figure:
    return Figure("–" if value is None else f"{value:,.{places}f}", value)


# Energy, coins


def energy(projection: Projection) -> Section:
    """Where the first year's energy goes."""
    by_month = Chart(
        "energy-by-month",
        "Energy of the first year",
        charts.energy_by_month(projection),
        "Energy by month and use",
        "Mined: solar energy mined, by way of the battery too. Imported: grid energy mined. Worked out hour by hour, 8,760 hours a year.",
        180,
    )
    names = [name for name in (*ENERGY, *SUN) if projection.metrics[name] is not None]
    return Section("Energy", (Beside(by_month, figures(projection, "First year", names)),))


def coins(projection: Projection) -> Section:
    """What is mined through the halvings, and what that is worth."""
    by_month = Chart(
        "coins-by-month",
        "Coins, month by month",
        charts.coins_by_month(projection),
        "Coins mined by month, halvings marked",
        "Expected coins after the pool's fee.",
        180,
    )
    worth = Chart(
        "worth-of-energy",
        "What a kilowatt-hour is worth",
        charts.worth_of_energy(projection),
        "Worth of a kilowatt-hour mined, bought and sold, by month",
        "Mining pays while a kilowatt-hour mined is worth more than one bought or sold.",
        180,
    )
    return Section(
        "Coins",
        (
            Beside(by_month, worth),
            Beside(_by_year(projection), figures(projection, "What it takes", _there(projection))),
        ),
    )


def _there(projection: Projection) -> list[str]:
    return [name for name in COINS if projection.metrics[name] is not None]


def _by_year(projection: Projection) -> Table:
    """Coins of each year of operation, halvings named."""
    names = ("mined_btc", "price_usd", "difficulty", "halvings")
    months = {name: projection.monthly[name].to_numpy().reshape(-1, 12) for name in names}
    btc, halvings = months["mined_btc"].sum(axis=1), months["halvings"].sum(axis=1)
    price, difficulty = months["price_usd"].mean(axis=1), months["difficulty"].mean(axis=1)
    rows = tuple(
        Row((
            f"{i + 1}{' (halving)' if halvings[i] else ''}", Figure(f"{btc[i]:,.4f}", float(btc[i])),
            Figure(f"{price[i]:,.0f}", float(price[i])), Figure(f"{difficulty[i] / TRILLION:,.1f}", float(difficulty[i])),
        ))
        for i in range(len(btc))
    )  # fmt: skip
    columns = ("Year", "Coins (BTC)", "Price (USD)", "Difficulty (T)")
    return Table("Year by year", columns, rows, (1, 2, 3), (0.28, 0.24, 0.24, 0.24), small=len(rows) > MOST_LOOSE_ROWS)
