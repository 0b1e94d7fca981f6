"""Bad turns, each on the plan's own path with nothing else left to chance: those of the house and the planner's own.

A price that turns takes difficulty with it as `chances.answer` says; what else happens to difficulty comes on top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.figures import at_least_0, positive, refused, share
from core.studies.chances import Chances, answered, subsidy_btc
from core.studies.levies import Asset, written_off
from core.studies.run import Run

Floats: TypeAlias = NDArray[np.float64]
Turn: TypeAlias = Callable[[Run, Chances], Chances]
LONGEST_NAME = 60
MOST_FRAC = 10.0  # of anything over the plan's
NEW_MACHINES = "2023: new machines cheap, rivals buy half more"
RIVALS_FRAC, RIVALS_MONTHS = 1.5, 12
RENEWAL_FRAC = {NEW_MACHINES: 0.5}  # of the plan's price of machines, once the turn has come


@dataclass(frozen=True)
class OwnTurn:
    """A bad turn of the planner's own, in months of operation, the first one 1, both ends within it.

    Each factor [1] over the plan's: `price_frac` and `difficulty_frac`, both gone to evenly in their logarithm within
    `within_months` and left at once; `power_frac` of all prices of the grid and `sun_frac`, as a mean over each year by the
    share of its months that are in the turn; `uptime_frac` of the machines that run.
    """

    name: str
    price_frac: float = 1.0
    difficulty_frac: float = 1.0
    power_frac: float = 1.0
    sun_frac: float = 1.0
    uptime_frac: float = 1.0
    within_months: int = 1
    first_month: int = 1
    last_month: int = 12

    def checked(self) -> OwnTurn:
        """Itself; ValidationError names what cannot be."""
        if not self.name.strip() or len(self.name) > LONGEST_NAME:
            raise refused("own_turn.name", self.name, f"1 to {LONGEST_NAME} characters")
        for name, check in (
            ("price_frac", positive),
            ("difficulty_frac", positive),
            ("power_frac", at_least_0),
            ("sun_frac", share),
            ("uptime_frac", share),
        ):
            if check(f"own_turn.{name}", getattr(self, name)) > MOST_FRAC:
                raise refused(f"own_turn.{name}", getattr(self, name), f"at most {MOST_FRAC:g}")
        for name, least in (("within_months", 1), ("first_month", 1), ("last_month", self.first_month)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise refused(f"own_turn.{name}", value, f"a whole number from {least}")
        return self

    def within(self, months: int) -> Floats:
        """How far the turn has come in each month, (months,): 1 where it is whole."""
        month = np.arange(1, months + 1)
        come = np.clip((month - self.first_month + 1.0) / self.within_months, 0.0, 1.0)
        return np.where(month <= self.last_month, come, 0.0)

    def __call__(self, base: Run, drawn: Chances) -> Chances:
        """A path with the turn on it."""
        months = len(base.path.days)
        come, month = self.within(months + 1), np.arange(1, months + 1)
        in_turn = ((month >= self.first_month) & (month <= self.last_month)).astype(np.float64)
        of_year = in_turn.reshape(-1, 12).mean(axis=1)[:, None]
        priced = _priced(base, drawn, np.log(self.price_frac) * come) if self.price_frac != 1.0 else drawn
        return priced._replace(
            difficulty=priced.difficulty * self.difficulty_frac ** come[:-1, None],
            uptime_frac=drawn.uptime_frac * (1.0 + (self.uptime_frac - 1.0) * in_turn[:, None]),
            power_index=drawn.power_index * (1.0 + (self.power_frac - 1.0) * of_year),
            sun_frac=drawn.sun_frac * (1.0 + (self.sun_frac - 1.0) * of_year),
        )


def _priced(base: Run, drawn: Chances, ln_price: Floats) -> Chances:
    """With ln price moved month by month, (months + 1,), and difficulty answering."""
    strayed = ln_price[:, None]
    ln_difficulty = answered(base.scenario, base.path, base.fees_btc, strayed, np.zeros(strayed.shape))
    return drawn._replace(
        price_usd=base.path.price_usd[:, None] * np.exp(strayed[:-1]),
        difficulty=base.path.difficulty[:, None] * np.exp(ln_difficulty[:-1]),
        subsidy_btc=subsidy_btc(base.path, ln_difficulty),
    )


def _crash(base: Run, drawn: Chances) -> Chances:
    month = np.arange(len(base.path.days) + 1)
    return _priced(base, drawn, np.log(0.35) * np.clip(month / 12.0, 0.0, 1.0))


def _flat(base: Run, drawn: Chances) -> Chances:
    price = np.append(base.path.price_usd, base.path.price_usd[-1])
    return _priced(base, drawn, np.log(price[0] / price))


def _exodus(base: Run, drawn: Chances) -> Chances:
    """Half of the network goes in a month and is back within six: good for those who stay."""
    month = np.arange(len(base.path.days))
    left = np.interp(month, [5.0, 6.0, 12.0], [1.0, 0.5, 1.0])
    return drawn._replace(difficulty=drawn.difficulty * left[:, None])


def _rivals(base: Run, drawn: Chances) -> Chances:
    """Half more hash rate than planned within a year, and it stays.

    Source: July 2022 to July 2023 the newest machines fell from 60 to 20 USD/TH (Luxor's index, CoinDesk 2023-07-26);
    difficulty rose by 89 % while price rose by 24 % (data/history.csv): 1.53 times what price bore.
    """
    come = np.clip(np.arange(len(base.path.days)) / RIVALS_MONTHS, 0.0, 1.0)
    return drawn._replace(difficulty=drawn.difficulty * RIVALS_FRAC ** come[:, None])


def _hail(base: Run, drawn: Chances) -> Chances:
    sun = drawn.sun_frac.copy()
    sun[min(1, len(sun) - 1)] *= 0.6
    return drawn._replace(sun_frac=sun)


def _outage(base: Run, drawn: Chances) -> Chances:
    uptime = drawn.uptime_frac.copy()
    uptime[6:8] = 0.0
    return drawn._replace(uptime_frac=uptime)


def _dear_power(base: Run, drawn: Chances) -> Chances:
    index = drawn.power_index.copy()
    index[min(1, len(index) - 1)] *= 3.0
    return drawn._replace(power_index=index)


STRESSES: Mapping[str, Turn] = {
    "2022: price falls 65 % in a year, stays low": _crash,
    "Price stands still, halvings come": _flat,
    "2021: half the network gone for a while": _exodus,
    NEW_MACHINES: _rivals,
    "Hail: 40 % of the second year's sun lost": _hail,
    "Two months without machines": _outage,
    "Grid prices threefold for a year": _dear_power,
}


def with_cheaper_machines(base: Run, frac: float) -> Run:
    """The plan with later machines at a share of their price, come to within the first year; resale falls alike."""
    years = base.scenario.finance.horizon_years
    by_year = np.append([1.0, (1.0 + frac) / 2.0], np.full(years - 1, frac))
    resold = by_year if base.scenario.fleet.resale.realised_frac else np.ones(years + 1)
    assets = [_cheaper(asset, by_year, resold) if asset.is_machines else asset for asset in base.account.assets]
    funding = base.account.funding
    books = written_off(base.scenario.finance, assets, funding.added_usd)
    return base._replace(assets=assets, account=replace(base.account, assets=assets, books=books))


def _cheaper(asset: Asset, by_year: Floats, resold: Floats) -> Asset:
    proceeds = np.asarray(asset.proceeds_usd, np.float64) * resold[asset.sale_year]
    return replace(asset, cost_usd=asset.cost_usd * by_year, proceeds_usd=proceeds)
