"""The machines of the years to come: what the newest one needs and costs, what a used one brings, and when a fleet is renewed.

One curve of hardware stands behind all of it. Years count from the day the curve was read, and may be negative. Arrays have
any leading axes; where there are months they are on the last one.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import at_least_0, finite, positive, share
from core.units import HOURS_PER_DAY

RETIRED = -1

Broadcast: TypeAlias = Any  # a float for scalars, else an array of the arguments' broadcast shape
Whole: TypeAlias = NDArray[np.int64]
Rule = Literal["never", "date", "age", "unprofitable"]


class Curve(NamedTuple):
    """Hardware as it was read on one day, and how it moves from there.

    `efficiency_j_per_th` [J/TH] > 0 and `price_usd_per_th` [USD/TH] ≥ 0 of the newest machine that day;
    `improvement_per_year` [1/yr], the logarithmic fall of J/TH, which fades to 37 % in `fade_years` [yr] (0: never);
    `price_decline_frac_per_year` [1/yr] in 0…1 of the newest machine per TH; `class_exponent` [1] ≥ 0: how steeply price
    falls with J/TH among the machines of one day.
    """

    efficiency_j_per_th: float
    improvement_per_year: float
    fade_years: float
    price_usd_per_th: float
    price_decline_frac_per_year: float
    class_exponent: float


# The curve


def efficiency_j_per_th(years: ArrayLike, curve: Curve) -> Broadcast:
    """Energy per terahash of the newest machine on sale.

    E · e^(−g · τ), τ = f · (1 − e^(−t/f)) after the reading and t before it.

    years t [yr] since the reading, any shape. Returns J/TH. With a fade it levels off at E · e^(−g · f).
    Source: Gompertz (1825) for the fade; from Antminer S9 (98 J/TH, 2016-06) to S23 (11 J/TH, 2026-01) g was 0.23 a year.
    """
    start = positive("efficiency_j_per_th", curve.efficiency_j_per_th)
    rate = at_least_0("improvement_per_year", curve.improvement_per_year)
    return start * np.exp(-rate * _lived(finite("years", years), at_least_0("fade_years", curve.fade_years)))


def price_usd_per_th(years: ArrayLike, j_per_th: ArrayLike, curve: Curve) -> Broadcast:
    """Price of a machine per terahash a second, by its class.

    P · (1 − d)^t · (E(t) / e)^k: dearest for the newest E(t), cheaper the more a machine burns.

    years t [yr] since the reading, j_per_th e [J/TH] > 0; shapes broadcast. Returns USD/(TH/s).
    So a model grows cheaper for two reasons: prices fall, and it falls behind.
    Source: broker's asks for 36 models of 9.5–23 J/TH, second half of 2026: k = 2.0 ± 0.2, 14.6 USD/TH at 11 J/TH.
    """
    decline = share("price_decline_frac_per_year", curve.price_decline_frac_per_year)
    newest = at_least_0("price_usd_per_th", curve.price_usd_per_th) * (1.0 - decline) ** finite("years", years)
    behind = efficiency_j_per_th(years, curve) / positive("j_per_th", j_per_th)
    return newest * behind ** at_least_0("class_exponent", curve.class_exponent)


def resale_usd_per_th(
    years: ArrayLike,
    j_per_th: ArrayLike,
    age_years: ArrayLike,
    curve: Curve,
    realised_frac: ArrayLike,
    age_decline_frac_per_year: ArrayLike,
) -> Broadcast:
    """What a used machine brings per terahash a second.

    price of its class that day · realised · (1 − w)^age.

    years [yr] since the reading, j_per_th [J/TH] of the machine, age_years [yr] ≥ 0, realised_frac [1]: share left after
    dismantling, freight and the dealer, age_decline_frac_per_year w [1/yr] in 0…1 for wear alone; shapes broadcast.
    Returns USD/(TH/s). Source: used machines are quoted by J/TH class (Luxor, ASIC price index).
    """
    worn = (1.0 - share("age_decline_frac_per_year", age_decline_frac_per_year)) ** at_least_0("age_years", age_years)
    return price_usd_per_th(years, j_per_th, curve) * share("realised_frac", realised_frac) * worn


def _lived(years: Any, fade_years: Any) -> Any:
    """Years of full improvement that the fading years since the reading are worth; the past has not faded."""
    ahead = np.maximum(years, 0.0)
    faded = -fade_years * np.expm1(-ahead / fade_years) if fade_years > 0 else ahead
    return np.where(years > 0, faded, years)[()]


# Renewal


class Plan(NamedTuple):
    """When machines are renewed.

    `rule`: never; at `dates`, booleans (months,); after `age_months`; after `losing_months` months in a row in which
    hashing cost more than it earned. After `times` renewals they retire instead when the rule says so.
    """

    rule: Rule
    dates: NDArray[np.bool_]
    age_months: int
    losing_months: int
    times: int


def bought_month(
    plan: Plan,
    hashprice_usd_per_ph_day: ArrayLike,
    usd_per_kwh: ArrayLike,
    first_j_per_th: ArrayLike,
    new_j_per_th: ArrayLike,
    health_by_age_frac: ArrayLike,
) -> Whole:
    """The month in which the machines that run in each month were bought; −1 where they have retired.

    hashprice_usd_per_ph_day [USD/(PH/s)/day] net of the pool's fee, usd_per_kwh [USD/kWh] of power at the machine (times
    PUE) and new_j_per_th [J/TH] on sale, each (…, months); first_j_per_th [J/TH] (…) of those there at the start;
    health_by_age_frac [1] (months,): hash rate kept at each age. Returns (…, months); a renewal counts from its month on.
    By `unprofitable` nothing is bought that would lose at once: the old machines wait, and the first month that pays
    renews them.
    """
    worth, power, new = (
        finite(name, value)
        for name, value in (
            ("hashprice_usd_per_ph_day", hashprice_usd_per_ph_day),
            ("usd_per_kwh", usd_per_kwh),
            ("new_j_per_th", new_j_per_th),
        )
    )
    first, health = positive("first_j_per_th", first_j_per_th), share("health_by_age_frac", health_by_age_frac)
    shape = np.broadcast_shapes(worth.shape, power.shape, new.shape, (*first.shape, 1))
    worth, power, new = (np.broadcast_to(values, shape) for values in (worth, power, new))
    if plan.rule == "never":
        return np.zeros(shape, np.int64)
    return _renewed(plan, worth, power, np.broadcast_to(first, shape[:-1]), new, health)


def _renewed(plan: Plan, worth: Any, power: Any, j_per_th: Any, new: Any, health: Any) -> Whole:
    """Generation after generation: from the month it was bought, the first month in which it is due."""
    out, month = np.zeros(worth.shape, np.int64), np.arange(worth.shape[-1])
    since, alive = np.zeros(worth.shape[:-1], np.int64), np.ones(worth.shape[:-1], bool)
    pays = new * HOURS_PER_DAY * power <= worth
    for bought in range(plan.times + 1):
        earned = worth * health[np.maximum(month - since[..., None], 0)]
        losing = (j_per_th[..., None] * HOURS_PER_DAY * power > earned) & (month >= since[..., None])
        due = _due(plan, month, since[..., None], losing) & alive[..., None]
        last = bought == plan.times
        if plan.rule == "unprofitable" and not last:
            due &= pays
        alive, since = due.any(axis=-1), np.argmax(due, axis=-1)
        if not alive.any():
            break
        ends = alive[..., None] & (month >= since[..., None])
        out = np.where(ends, RETIRED if last else since[..., None], out)
        j_per_th = np.take_along_axis(new, since[..., None], axis=-1)[..., 0]
    return out


def _due(plan: Plan, month: Whole, since: Whole, losing: Any) -> Any:
    """Months after that of purchase in which the rule speaks."""
    later = month > since
    if plan.rule == "date":
        return later & plan.dates[: month.size]
    if plan.rule == "age":
        return later & (month - since >= plan.age_months)
    long, before = plan.losing_months, np.zeros((*losing.shape[:-1], month.size + 1), np.int64)
    np.cumsum(losing, axis=-1, out=before[..., 1:])  # losing months before each month
    due = np.zeros(losing.shape, bool)
    due[..., long:] = before[..., long : month.size] - before[..., : max(month.size - long, 0)] == long
    return later & due
