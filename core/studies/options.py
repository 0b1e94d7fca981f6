"""What it is worth that a planner need not decide everything today: to switch machines off, and to build later or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import combinations_with_replacement
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import finite, refused
from core.inputs import CreditRule, Market, Reading, Weather
from core.models import finance, machines, mining
from core.models.network import NetworkPath, growth_factor
from core.scenario import Scenario
from core.sections import Unit
from core.studies.chances import Chances, chances
from core.studies.drivers import npv_usd
from core.studies.fleet import hardware_curve
from core.studies.lives import account_and_draw, months_of
from core.studies.progress import Tick, part
from core.studies.run import Run, network, run, used_readings
from core.studies.simulation import THREADS, Ground, ground_of, suns
from core.studies.sorted_site import Site, site_of

Floats: TypeAlias = NDArray[np.float64]
DEGREE = 3  # of the curve through what building brought
YEARS = (1, 2)
PATHS = 2048  # tell the worth of either choice to about a two-hundredth
BATCH = 1024  # paths worked out together
GROUND_SHARE = 0.6  # of the work, what plans need before they are lived
LONGEST_YEARS = 40  # that the finance section takes


@dataclass(frozen=True, eq=False)
class Options:
    """What two choices are worth, over the same paths.

    `switch_usd` (paths,): NPV with machines that stand when an hour does not pay, less that of machines that always run;
    `stood_frac`: energy of the latter that the former leave. `now_usd`: of building now, 0 where that loses; `later`: of
    building years from now where it then looks well, by year.
    """

    switch_usd: Floats
    stood_frac: float
    now_usd: float
    later: dict[int, Decided]


class Decided(NamedTuple):
    """What a choice is worth [USD], its standard error [USD], and the share of the paths that make it."""

    worth_usd: float
    error_usd: float
    chosen_frac: float


def options(
    scenario: Scenario,
    weather: Weather,
    market: Market,
    paths: int = PATHS,
    *,
    rules: tuple[CreditRule, ...] = (),
    years: Sequence[int] = YEARS,
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> Options:
    """What it is worth to switch off and to wait, over `paths` lives of a plan. `tick` is told the share done, and may raise to stop."""
    if paths < 2:
        raise refused("paths", paths, "two paths or more")
    readings = used_readings(scenario, market)
    waited = [0, *(n for n in years if scenario.finance.horizon_years + n <= LONGEST_YEARS)]
    longest = scenario.but({"finance.horizon_years": scenario.finance.horizon_years + max(waited)})
    path, share = network(longest, readings), GROUND_SHARE / len(waited)
    ground = ground_of(scenario, weather, readings, rules, tick=part(tick, 0.0, share), compiled=compiled)
    grounds = {0: ground}
    for at, n in enumerate(waited[1:], 1):
        told = part(tick, share * at, share * (at + 1))
        grounds[n] = _later(scenario, weather, readings, rules, path, n, tick=told, compiled=compiled)
    lived = _lived(longest, path, grounds, paths, part(tick, GROUND_SHARE, 1.0))
    rate = scenario.finance.discount_rate
    later = {n: decided(lived.npv_usd[n] * (1.0 + rate) ** -n, lived.seen[n]) for n in waited if n}
    stood = 1.0 - float(lived.run_kwh.sum() / lived.always_kwh.sum()) if lived.always_kwh.any() else 0.0
    return Options(lived.switch_usd, stood, max(float(lived.npv_usd[0].mean()), 0.0), later)


class _Lived(NamedTuple):
    """Paths: worth of switching off [USD], energy that machines draw with and without it [kWh]; by years waited NPV when
    built [USD] and the logarithms of hashprice and price of that day."""

    switch_usd: Floats
    run_kwh: Floats
    always_kwh: Floats
    npv_usd: dict[int, Floats]
    seen: dict[int, Floats]


def _lived(longest: Scenario, path: NetworkPath, grounds: dict[int, Ground], paths: int, tick: Tick) -> _Lived:
    """All batches one after the other."""
    firsts, parts = range(0, paths, BATCH), list[_Lived]()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="options") as pool:
        for lived in pool.map(lambda first: _batch(longest, path, grounds, first), firsts):
            parts.append(lived)
            tick(len(parts) / len(firsts))
    switch, ran, could = (np.concatenate(rows)[:paths] for rows in zip(*(one[:3] for one in parts), strict=True))
    npv = {n: np.concatenate([one.npv_usd[n] for one in parts])[:paths] for n in grounds}
    seen = {n: np.concatenate([one.seen[n] for one in parts], axis=1)[:, :paths] for n in grounds}
    return _Lived(switch, ran, could, npv, seen)


def _batch(longest: Scenario, path: NetworkPath, grounds: dict[int, Ground], first: int) -> _Lived:
    now = grounds[0]
    drawn = chances(longest, path, now.base.fees_btc, longest.risk.seed, first, BATCH)
    horizon = now.base.scenario.finance.horizon_years
    growth = longest.grid.price_growth_per_year
    parts = {n: from_year(drawn, n, horizon, float(growth_factor(growth, n))) for n in grounds}
    npv = {n: npv_usd(ground, parts[n]) for n, ground in grounds.items() if n}
    npv[0], ran = _npv_and_draw(now, parts[0])
    always_npv, could = _npv_and_draw(now._replace(site=now.site.always_on()), parts[0])
    seen = {n: _seen(part) for n, part in parts.items()}
    return _Lived(npv[0] - always_npv, ran, could, npv, seen)


def _npv_and_draw(ground: Ground, drawn: Chances) -> tuple[Floats, Floats]:
    """NPV [USD] and what machines draw [kWh] of each path, (paths,)."""
    account, drawn_kwh = account_and_draw(ground.base, ground.site, drawn)
    return finance.npv_usd(ground.base.scenario.finance.discount_rate, account.equity_usd), drawn_kwh


# To switch off


def margin_usd(base: Run, site: Site, drawn: Chances) -> Floats:
    """What dispatch can change of each month's cash, (paths, months) [USD]: coins and export less import and the cost of use.

    Where prices are few and there is no battery, no month's is below that of `always_on`: each hour goes the better way.
    """
    lines, terms = months_of(base, site, drawn), base.scenario.finance
    by_use = terms.variable_usd_per_kwh * np.repeat(
        growth_factor(terms.inflation_per_year, np.arange(terms.horizon_years)), 12
    )
    mined = lines["mined_btc"] * drawn.price_usd.T
    return np.asarray(mined + lines["export_usd"] - lines["import_usd"] - by_use * lines["machines_kwh"])


# To wait


def decided(npv: ArrayLike, seen: ArrayLike) -> Decided:
    """Worth of a choice that is made where what is seen that day promises more than nothing.

    mean of NPV where f(seen) > 0 and else 0, f a polynomial of degree 3 through the NPVs of the other half of the paths, so
    that no path is judged by its own outcome: what is told is the worth of a rule anybody could follow, never above the best.

    npv (paths,) [USD], all discounted to one day; seen (things, paths), finite, at least four paths.
    Source: Longstaff & Schwartz (2001), "Valuing American options by simulation", Rev. Financ. Stud. 14:113, for one date.
    """
    worth, things = np.asarray(finite("npv", npv), np.float64), np.asarray(finite("seen", seen), np.float64)
    if things.ndim != 2 or worth.shape != things.shape[1:] or worth.size < 4:
        raise refused("seen", f"{things.shape}, {worth.shape}", "(things, paths) and (paths,), four paths or more")
    terms, half = _terms(things), np.arange(worth.size) % 2 == 0
    chosen = np.zeros(worth.size, np.bool_)
    for one, other in ((half, ~half), (~half, half)):
        chosen[other] = terms[other] @ np.linalg.lstsq(terms[one], worth[one], rcond=None)[0] > 0
    paid = np.where(chosen, worth, 0.0)
    return Decided(float(paid.mean()), float(paid.std(ddof=1) / np.sqrt(paid.size)), float(chosen.mean()))


def _terms(things: Floats) -> Floats:
    """Products of up to three of the things at mean 0 and deviation 1, (paths, terms)."""
    spread = things.std(axis=1, keepdims=True)
    told = np.divide(things - things.mean(axis=1, keepdims=True), spread, out=np.zeros(things.shape), where=spread > 0)
    made = [np.ones(things.shape[1])]
    for degree in range(1, DEGREE + 1):
        made += [told[list(of)].prod(axis=0) for of in combinations_with_replacement(range(len(told)), degree)]
    return np.stack(made, axis=1)


def _seen(drawn: Chances) -> Floats:
    """Logarithms of hashprice and price on the first day, (2, paths)."""
    price, difficulty = drawn.price_usd[0], drawn.difficulty[0]
    reward = drawn.subsidy_btc[0] + drawn.fees_btc[0]
    return np.log([mining.hashprice_usd_per_ph_day(price, difficulty, reward), price])


def from_year(drawn: Chances, year: int, years: int, power: float) -> Chances:
    """What comes to a plan that begins `year` years later, over `years` years; all grid prices grown by `power` till then."""
    months, of_years = slice(12 * year, 12 * (year + years)), slice(year, year + years)
    return drawn._replace(
        **{
            name: getattr(drawn, name)[months]
            for name in ("price_usd", "difficulty", "subsidy_btc", "fees_btc", "uptime_frac")
        },
        power_index=drawn.power_index[of_years] * power,
        sun_frac=drawn.sun_frac[of_years],
    )


def _later(
    scenario: Scenario,
    weather: Weather,
    readings: tuple[Reading, ...],
    rules: tuple[CreditRule, ...],
    path: NetworkPath,
    year: int,
    *,
    tick: Tick,
    compiled: bool,
) -> Ground:
    """The plan built years later: on the network of those years, with its machines at what they then cost, all else as planned."""
    begin, months = np.datetime64(scenario.outlook.start_month, "M"), 12 * scenario.finance.horizon_years
    units = [unit.model_copy(update={"price_usd": _price_then(unit, scenario, year)}) for unit in scenario.fleet.units]
    plan = scenario.model_copy(
        update={
            "fleet": scenario.fleet.model_copy(update={"units": tuple(units)}),
            "outlook": scenario.outlook.model_copy(update={"start_month": str(begin + 12 * year)}),
        }
    )
    some = {field.name: getattr(path, field.name)[12 * year : 12 * year + months] for field in fields(path)}
    base = run(plan, weather, readings, rules, path=NetworkPath(**some), compiled=compiled)
    return Ground(base, site_of(base, weather, suns(base), tick=tick, compiled=compiled))


def _price_then(unit: Unit, scenario: Scenario, year: int) -> float | None:
    """Price of a machine years later, as its class falls by the outlook's curve of hardware."""
    if not unit.price_usd or not unit.power_w or not unit.hashrate_ths:
        return unit.price_usd
    curve, j_per_th = hardware_curve(scenario.outlook.hardware), unit.power_w / unit.hashrate_ths
    months = np.datetime64(scenario.outlook.start_month, "M") - np.datetime64(scenario.outlook.hardware.as_of, "M")
    now = months.astype(np.float64) / 12.0
    then, usual = (machines.price_usd_per_th(at, j_per_th, curve) for at in (now + year, now))
    return float(unit.price_usd * then / usual) if usual > 0 else unit.price_usd
