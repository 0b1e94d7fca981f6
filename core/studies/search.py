"""The search for the best sizes: what was judged, what is allowed, and where it looks next.

A coarse grid over all sizes, nothing among them, then grids of half the spacing around the best few designs until the
spacing is small, then single kilowatts; counts are whole. No gradient is trusted: an NPV has kinks where a size begins to bind, and a battery of
no power is worth nothing at any energy. Of several kinds of machines those that do best on a thin grid are sized in full.
Tilt and DC to AC ratio are moved around the best sizes, these a little with them, and all sizes are then sought anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.inputs import CreditRule, Reading, Weather
from core.models import finance
from core.scenario import Scenario
from core.sections import Unit
from core.studies import designs, sizes_tried
from core.studies.constraints import Constraints
from core.studies.designs import COUNT, DC, ENERGY, POWER, Ground, Judged
from core.studies.progress import Tick
from core.studies.variables import SHAPES, Variables
from core.vocabulary import METRICS

Floats: TypeAlias = NDArray[np.float64]
STARTS, WIDE, HALVINGS = 3, 3, 10  # the best few are followed while the grid is wide, then the best alone
SMALLEST = 1e-3  # of a size's range: no grid is finer
REPEATS = 3  # grids of one spacing at most, while each finds a better design than it began from
POLISHES = 6  # rounds of single kilowatts at most
KINDS_SIZED = 2  # of the kinds of machines those that promise most
ANGLES, TURNS, STEP = 5, 5, 0.06  # tilts and ratios first looked at, halvings, steps of the sizes with them [of range]
APART, GROUNDS_KEPT = 0.2, 4
NAMES = {DC: "dc_kw", ENERGY: "energy_kwh", POWER: "power_kw", COUNT: "machines"}
COLUMNS = ("npv_usd", "irr", "payback_years", "cost_usd_per_btc", "capex_usd", "mined_btc", "served_frac")
TOLD_AS = {"served_frac": "fleet_utilisation_frac"}  # in the metrics of a projection
NOTHING = (0.0, np.nan, np.inf, np.nan, 0.0, 0.0, 0.0)
CAPEX, SERVED = COLUMNS.index("capex_usd"), COLUMNS.index("served_frac")


class Setting(NamedTuple):
    """What designs may differ in beside their sizes: tilt [°], DC to AC ratio [1] and number of the kind of machine."""

    surface_tilt: float
    dc_ac_ratio: float
    kind: int


@dataclass(frozen=True, eq=False)
class Question:
    """What is sought, on what it rests."""

    scenario: Scenario
    weather: Weather
    readings: tuple[Reading, ...]
    rules: tuple[CreditRule, ...]
    objective: str
    constraints: Constraints
    variables: Variables
    compiled: bool = True


class Search:
    """Designs judged so far, and the best of them. `tick` is told the share done, several times a second."""

    def __init__(self, asked: Question, tick: Tick) -> None:
        self.asked, self.kinds = asked, asked.variables.kinds(asked.scenario)
        self.shape = np.array(asked.variables.shape(asked.scenario)).T  # lowest, highest
        self.sizes, self.rows = np.zeros((0, 4)), np.zeros((0, len(COLUMNS)))
        self.of = np.zeros(0, np.intp)
        self.settings: list[Setting] = []
        self.finalists: list[int] = []
        self._known: set[tuple[int, bytes]] = set()
        self._plans: dict[Setting, Scenario] = {}
        self._grounds: dict[Setting, Ground] = {}
        self._tick, self._done, self._parts = tick, 0, self._parts_ahead()

    # --- looking --------------------------------------------------------------------------------------

    def run(self) -> None:
        """Kinds of machines, sizes, shape of the array, and sizes again."""
        own = np.clip([self.asked.scenario.at(path) for path in SHAPES], *self.shape)
        settings = [Setting(float(own[0]), float(own[1]), kind) for kind in range(len(self.kinds))]
        for setting in self._promising(settings):
            grid = sizes_tried.coarse(self.ends(setting), sizes_tried.LEVELS)
            self._judge(setting, np.concatenate([np.zeros((1, 4)), grid]))
            self._narrow(setting)
        if self._free and (lead := self._lead()) is not None:
            self._turn(lead)
            self._narrow(self.settings[self.of[self.best()]], wide=1)
        self._polish()
        self._tick(1.0)

    def settle(self, projected: Callable[[Scenario], dict[str, float | None]], most: int, apart: float) -> None:
        """Project the best designs that differ, and nothing at all, by themselves: the best is then one of these."""
        chosen = self.apart(self._order(), most, apart)
        nothing = np.flatnonzero(~self.sizes.any(axis=1))
        for row in chosen:
            if self.sizes[row].any():
                metrics = projected(self.plan(row))
                values = [metrics[TOLD_AS.get(name, name)] for name in COLUMNS]
                self.rows[row] = [np.nan if value is None else value for value in values]
                self._tick(1.0)
        self.finalists = list(dict.fromkeys([*chosen, *nothing.tolist()]))

    def also(self, row: int, sizes: Floats) -> list[int]:
        """Judge designs of the setting of one, and tell the rows of those that are allowed."""
        number = int(self.of[row])
        setting = self.settings[number]
        self._judge(setting, sizes)
        wanted = {design.tobytes() for design in sizes_tried.tidy(sizes, self.ends(setting))}
        able = self.allowed() & (self.of == number)
        return [int(n) for n in np.flatnonzero(able) if self.sizes[n].tobytes() in wanted]

    def span_of(self, row: int) -> Floats:
        """How far each size may go in the setting of a design, (4,)."""
        return self._span(self.settings[self.of[row]])

    def _promising(self, settings: list[Setting]) -> list[Setting]:
        """Those whose best design on a thin grid does best."""
        if len(settings) <= KINDS_SIZED:
            return settings
        for setting in settings:
            self._judge(setting, sizes_tried.coarse(self.ends(setting), sizes_tried.FEW))
        order = self._order()
        built = order[self.sizes[order].any(axis=1)]
        leading = dict.fromkeys(self.settings[n] for n in self.of[built])
        return list(dict.fromkeys([*leading, *settings]))[:KINDS_SIZED]

    def _narrow(self, setting: Setting, wide: int = WIDE) -> None:
        """Finer and finer grids around the best designs of a setting, several of them while the grid is wide."""
        span = self._span(setting)
        spacing = span / np.array([sizes_tried.LEVELS[n] - 1 for n in range(4)]) / 2.0 ** (WIDE - wide)
        for halving in range(WIDE - wide, HALVINGS):
            spacing = np.maximum(spacing / 2.0, SMALLEST * span)
            spacing[COUNT] = max(spacing[COUNT], 1.0)
            early = halving < WIDE
            near = sizes_tried.around if early else sizes_tried.planes
            for _ in range(1 if early else REPEATS):
                starts = self._starts(setting, STARTS if early else 1)
                self._judge(setting, np.concatenate([near(start, spacing) for start in starts] or [np.zeros((0, 4))]))
                if _same(starts, self._starts(setting, 1)):
                    break

    def _polish(self) -> None:
        """Single kilowatts and machines around the best, until none of them does better."""
        for _ in range(POLISHES):
            best = self.best()
            self._judge(self.settings[self.of[best]], sizes_tried.singly(self.sizes[best]))
            if self.best() == best:
                break

    def _turn(self, lead: int) -> None:
        """Other tilts and ratios around the best sizes, which may move with them."""
        low, high = self.shape
        angles = [np.linspace(low[n], high[n], ANGLES if n in self._free else 1) for n in range(2)]
        spacing, step = (high - low) / (ANGLES - 1), STEP
        turned = list(product(*angles))
        for _ in range(TURNS + 1):
            kind = self.settings[self.of[lead]].kind
            for tilt, ratio in turned:
                setting = Setting(float(tilt), float(ratio), kind)
                steps = np.maximum(step * self._span(setting), [0.0, 0.0, 0.0, 1.0])
                starts = self.sizes[lead], self._moved(lead, setting)
                self._judge(setting, np.concatenate([sizes_tried.beside(start, steps) for start in starts]))
            found = self._lead()
            lead = lead if found is None else found
            spacing, step = spacing / 2.0, step / 2.0
            at = np.array(self.settings[self.of[lead]][:2])
            moves = [sign * spacing * np.eye(2)[n] for n in self._free for sign in (-1.0, 1.0)]
            turned = [tuple(np.clip(at + move, low, high)) for move in moves]

    def _moved(self, row: int, setting: Setting) -> Floats:
        """The sizes of a design where those at the end of their range go with it: an inverter that limits stays full."""
        here, there = self.ends(self.settings[self.of[row]])[1], self.ends(setting)[1]
        moved: Floats = np.where(self.sizes[row] == here, there, self.sizes[row])
        return moved

    @property
    def _free(self) -> list[int]:
        """Which of tilt and ratio are sought."""
        return [n for n in range(2) if self.shape[0, n] < self.shape[1, n]]

    def _parts_ahead(self) -> int:
        """How many batches will be judged at most."""
        kinds, turns = len(self.kinds), len(self._free)
        screened = kinds if kinds > KINDS_SIZED else 0
        turned = (ANGLES**turns + TURNS * 2 * turns + HALVINGS - WIDE + 1) if turns else 0
        return screened + min(kinds, KINDS_SIZED) * (1 + HALVINGS) + turned + POLISHES

    # --- judging --------------------------------------------------------------------------------------

    def ground(self, setting: Setting) -> Ground:
        """What designs of a setting share, kept for the last few."""
        if setting not in self._grounds:
            while len(self._grounds) >= GROUNDS_KEPT:
                del self._grounds[next(iter(self._grounds))]
            asked = self.asked
            self._grounds[setting] = designs.ground(self._set(setting), asked.weather, asked.readings, asked.rules)
        return self._grounds[setting]

    def _set(self, setting: Setting) -> Scenario:
        """The plan with the shape and the machines of a setting."""
        if setting not in self._plans:
            unit = self.kinds[setting.kind].model_dump(mode="json")
            shape = dict(zip(SHAPES, setting[:2], strict=True))
            self._plans[setting] = self.asked.scenario.but({**shape, "fleet.units": [unit]})
        return self._plans[setting]

    def plan(self, row: int) -> Scenario:
        """The plan with the sizes of a design."""
        return designs.sized(self._set(self.settings[self.of[row]]), self.sizes[row])

    def ends(self, setting: Setting) -> Floats:
        """Lowest and highest sizes of a setting, (2, 4)."""
        asked = self.asked
        return sizes_tried.reach(asked.scenario, self._set(setting), asked.constraints, asked.variables)

    def _span(self, setting: Setting) -> Floats:
        low, high = self.ends(setting)
        span: Floats = np.maximum(high - low, 0.0)
        return span

    def _judge(self, setting: Setting, sizes: Floats) -> None:
        """Judge what is new of some designs within reach."""
        on = self.ground(setting)
        if setting not in self.settings:
            self.settings.append(setting)
        number = self.settings.index(setting)
        fresh = self._new(number, sizes_tried.tidy(sizes, self.ends(setting)))
        fresh = fresh[self._affordable(on, fresh)]
        if len(fresh):
            told = designs.judged(on, fresh, tick=self._tell, compiled=self.asked.compiled)
            self.sizes = np.concatenate([self.sizes, fresh])
            self.rows = np.concatenate([self.rows, _figures(on, told)])
            self.of = np.concatenate([self.of, np.full(len(fresh), number)])
        self._done += 1
        self._tell(0.0)

    def _tell(self, share: float) -> None:
        self._tick(min((self._done + share) / self._parts, 1.0))

    def _new(self, setting: int, tidy: Floats) -> Floats:
        """What was not judged before; nothing at all is the same in every setting."""
        kept = []
        for row in tidy:
            key = (setting if row.any() else -1, row.tobytes())
            if key not in self._known:
                self._known.add(key)
                kept.append(row)
        return np.array(kept).reshape(-1, 4)

    def _affordable(self, on: Ground, sizes: Floats) -> NDArray[np.bool_]:
        """Whether designs are within the budget, before they are run; nothing at all always is looked at."""
        budget = self.asked.constraints.budget_usd
        if budget is None or not len(sizes):
            return np.ones(len(sizes), np.bool_)
        return (designs.capex_usd(on, sizes) <= budget * (1 + 1e-12)) | ~sizes.any(axis=1)

    # --- choosing -------------------------------------------------------------------------------------

    def best(self) -> int:
        """The row of the best design; of equals the cheapest."""
        return int(self._order()[0])

    def _order(self) -> NDArray[np.intp]:
        """Designs from the best on, finalists before all others."""
        other = np.full(len(self.rows), bool(self.finalists))
        other[self.finalists] = False
        return np.lexsort((self.rows[:, CAPEX], -self._goodness(), other))

    def _goodness(self) -> Floats:
        """The objective so that more is better; −∞ where there is none or a constraint is broken."""
        values = self.rows[:, COLUMNS.index(self.asked.objective)]
        signed = values if METRICS[self.asked.objective].good == "up" else -values
        good: Floats = np.where(np.isfinite(signed) & self.allowed(), signed, -np.inf)
        return good

    def allowed(self) -> NDArray[np.bool_]:
        """Which designs keep to the constraints, (n,)."""
        asked = self.asked.constraints
        inside = np.ones(len(self.rows), np.bool_)
        if asked.budget_usd is not None:
            inside &= self.rows[:, CAPEX] <= asked.budget_usd * (1 + 1e-12)
        if asked.min_served_frac is not None:
            inside &= (self.rows[:, SERVED] >= asked.min_served_frac) | (self.sizes[:, COUNT] == 0)
        return inside

    def _starts(self, setting: Setting, most: int) -> list[Floats]:
        """The best designs of a setting that are not beside a better one.

        Nothing at all is not among them: a narrow gain is found from designs that lose a little, never from there.
        """
        order = self._order()
        of_setting = (self.of == self.settings.index(setting)) & self.sizes.any(axis=1)
        return [self.sizes[row] for row in self.apart(order[of_setting[order]], most, APART)]

    def apart(self, order: NDArray[np.intp], most: int, share: float) -> list[int]:
        """The first designs of an order of which no two of a kind are nearer in every size than a share of its range."""
        chosen: list[int] = []
        kind = np.array([setting.kind for setting in self.settings])[self.of]
        scaled = self.sizes / np.maximum(self._span(self.settings[0]), 1e-9)
        for row in order.tolist():
            if all(kind[row] != kind[n] or np.abs(scaled[row] - scaled[n]).max() > share for n in chosen):
                chosen.append(row)
            if len(chosen) == most:
                break
        return chosen

    def _lead(self) -> int | None:
        """The best design that has an array, None where there is none."""
        order = self._order()
        able = order[(self.sizes[order, DC] > 0) & np.isfinite(self._goodness()[order])]
        return int(able[0]) if len(able) else None

    # --- telling --------------------------------------------------------------------------------------

    def frame(self) -> pd.DataFrame:
        """All designs with their figures, best first."""
        order = self._order()
        settings = [self.settings[n] for n in self.of[order]]
        sizes = pd.DataFrame(self.sizes[order], columns=[NAMES[n] for n in range(4)]).assign(
            surface_tilt=[setting.surface_tilt for setting in settings],
            dc_ac_ratio=[setting.dc_ac_ratio for setting in settings],
            model=[label(self.kinds[setting.kind]) for setting in settings],
        )
        figures = pd.DataFrame(self.rows[order], columns=list(COLUMNS))
        return sizes.join(figures).assign(allowed=self.allowed()[order])


def _same(before: list[Floats], after: list[Floats]) -> bool:
    """Whether the best design is still the one that was."""
    return bool(before and after) and np.array_equal(before[0], after[0])


def label(unit: Unit) -> str:
    """A kind of machine by its model, or else by its figures."""
    return unit.model or f"{unit.hashrate_ths:g} TH/s, {unit.power_w:g} W"


def _figures(on: Ground, told: Judged) -> Floats:
    """Figures of designs in the order of `COLUMNS`, (n, 7); nan or inf where one does not exist."""
    equity, rate = told.account.equity_usd, on.scenario.finance.discount_rate
    with np.errstate(all="ignore"):
        values = {
            "npv_usd": finance.npv_usd(rate, equity),
            "irr": finance.irr(equity),
            "payback_years": finance.payback_years(equity),
            "cost_usd_per_btc": designs.cost_usd_per_btc(on, told),
            "capex_usd": told.capex_usd,
            "mined_btc": told.mined_btc.sum(axis=-1),
            "served_frac": told.served_frac,
        }
    rows = np.stack([np.broadcast_to(values[name], (len(told.sizes),)) for name in COLUMNS], axis=-1)
    rows[~told.sizes.any(axis=1)] = NOTHING  # what is not begun costs nothing, not even its connection
    return rows
