"""What may be asked to be worked out: the form of each request, and how much of it one may ask for.

Whatever takes memory or time by its product is refused here, before anything is made.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.figures import refused
from core.scenario import Scenario
from core.sections import Outlook, Site, Unit
from core.studies.constraints import Constraints
from core.studies.first_design import Wish
from core.studies.sizing_chances import Aim
from core.studies.variables import MOST_UNITS, Variables

Objective = Literal["npv_usd", "irr", "payback_years", "cost_usd_per_btc"]
MOST_PATHS, MOST_MONTHS_LIVED = 1_000_000, 240_000_000
MOST_KEPT_PATHS = 50_000  # whose figures may be had as a table
MOST_ITEMS, MOST_ITEM_PATHS, MOST_ITEM_MONTHS = 1_000, 10_000_000, 2_400_000_000
MOST_STARTS = 240
DEADLINE_S, LONGEST_S = 30.0, 600.0
FIRST_DESIGN_S = 180.0  # 2 to 4 s on a computer that has little else to do
MOST_BUDGET_USD, MOST_POWER_USD_PER_KWH = 1e10, 2.0
LONGEST_BATCH_S = 4 * 3600.0
ITEM_S, PATHS_PER_S = 3.0, 1_000.0  # of a batch, on a machine that has other things to do

Paths = Annotated[int, Field(ge=1, le=MOST_PATHS, description="Simulated lives; by default the scenario's own.")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="The same seed gives the same paths.")]
ConfigId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="Id of a system configuration of yours.")]
Ends = Annotated[tuple[float, float], Field(strict=False)]  # JSON has lists alone
Deadline = Annotated[float, Field(gt=0, le=LONGEST_S, description="Seconds after which the work is stopped.")]


class Library(Protocol):
    """Where plans and machines are looked up that a request names."""

    def plan(self, scenario: Scenario | None, config_id: str | None) -> Scenario:
        """A plan with the figures of its machines; NotFound where there is no such configuration."""

    def units(self, units: tuple[Unit, ...], plan: Scenario) -> tuple[Unit, ...]:
        """Machines with their figures."""


class Asked(BaseModel):
    """Rules of all requests: no unknown fields, no conversions, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @property
    def most_s(self) -> float:
        """Seconds it may take."""
        return DEADLINE_S

    def refuse(self) -> None:
        """ValidationError of the house for what the studies do not take."""

    def resolved(self, library: Library) -> Self:
        """Itself with every plan in full; pydantic's error where it then is too much."""
        return self

    def _but(self, **changes: Any) -> Self:
        """Itself with some fields changed, checked as a whole."""
        own = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate({**own, **changes})


class Plan(Asked):
    """A plan: a scenario in full, or the id of a system configuration."""

    scenario: Scenario | None = None
    system_config_id: ConfigId | None = None

    @property
    def plan(self) -> Scenario:
        """The scenario, once it is resolved."""
        if self.scenario is None:
            raise refused("system_config_id", self.system_config_id, "a plan that was looked up")
        return self.scenario

    @model_validator(mode="after")
    def _one_plan(self) -> Self:
        if (self.scenario is None) == (self.system_config_id is None):
            raise ValueError("either a scenario or a system_config_id")
        return self

    def resolved(self, library: Library) -> Self:
        return self._but(scenario=library.plan(self.scenario, self.system_config_id), system_config_id=None)


class RiskAnalysisAsked(Plan):
    """The distribution of a plan's results over many lives."""

    paths: Paths | None = None
    seed: Seed | None = None
    keep_paths: bool = Field(
        False, description=f"Keep a row for each path, at most {MOST_KEPT_PATHS:,}, to be had as CSV."
    )
    deadline_s: Deadline = DEADLINE_S

    @property
    def most_s(self) -> float:
        return self.deadline_s

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.scenario is None:
            return self
        paths = self.paths or self.scenario.risk.paths
        refuse_months(paths, self.scenario, MOST_MONTHS_LIVED)
        if self.keep_paths and paths > MOST_KEPT_PATHS:
            raise ValueError(f"at most {MOST_KEPT_PATHS:,} paths where a row is kept for each")
        return self


class SensitivityAsked(Plan):
    """What moves the result of a plan."""


class ConstraintsAsked(Asked):
    """What the sizes must keep to; what is left out is not asked."""

    budget_usd: float | None = None
    land_m2: float | None = None
    connection_kw: float | None = None
    min_served_frac: float | None = None


class VariablesAsked(Asked):
    """What is sought: lowest and highest by dotted path, and kinds of machines of which one is chosen."""

    within: dict[str, Ends] = Field({}, max_length=20)
    units: tuple[Unit, ...] = Field((), max_length=MOST_UNITS, strict=False)


class AimAsked(Asked):
    """What is sought of the lives' NPV; `kind` says which of the other figures count."""

    kind: Literal["tail_held", "tail_weighed", "loss_capped"] = "tail_held"
    floor_usd: float = 0.0
    weight: float = 1.0
    most_loss_frac: float = 0.1
    level: float = 0.95


class SizingAsked(Plan):
    """The sizes that serve an objective best, or an aim over many lives."""

    objective: Objective = "npv_usd"
    constraints: ConstraintsAsked = ConstraintsAsked()
    variables: VariablesAsked = VariablesAsked()
    aim: AimAsked | None = Field(None, description="Sought over many lives, in place of the objective.")
    deadline_s: Deadline = DEADLINE_S

    @property
    def most_s(self) -> float:
        return self.deadline_s

    @property
    def limits(self) -> Constraints:
        """The constraints as studies take them."""
        return Constraints(**self.constraints.model_dump())

    @property
    def sought(self) -> Variables:
        """The variables as studies take them."""
        return Variables(self.variables.within, self.variables.units)

    @property
    def chance(self) -> Aim | None:
        """The aim as studies take it."""
        return Aim(**self.aim.model_dump()) if self.aim else None

    def resolved(self, library: Library) -> Self:
        plan = library.plan(self.scenario, self.system_config_id)
        units = library.units(self.variables.units, plan)
        given = VariablesAsked(within=self.variables.within, units=units)
        return self._but(scenario=plan, system_config_id=None, variables=given)

    def refuse(self) -> None:
        self.limits.checked()
        self.sought.checked()
        if chance := self.chance:
            chance.checked()


class ChecksAsked(Plan):
    """A plan that is looked through for classic mistakes."""


class FirstDesignAsked(Asked):
    """A place, a budget and a power price; the outlook, where it is given, is what somebody thinks of bitcoin."""

    site: Site
    budget_usd: float = Field(gt=0, le=MOST_BUDGET_USD)
    power_usd_per_kwh: float | None = Field(
        None, gt=0, le=MOST_POWER_USD_PER_KWH, description="All-in price of a kWh bought. Left out: there is no grid."
    )
    outlook: Outlook = Outlook()
    deadline_s: Deadline = FIRST_DESIGN_S

    @property
    def most_s(self) -> float:
        return self.deadline_s

    @property
    def wish(self) -> Wish:
        """The three as studies take them."""
        return Wish(self.site, self.budget_usd, self.power_usd_per_kwh)

    def refuse(self) -> None:
        self.wish.checked()


class BacktestAsked(Asked):
    """The cone of price and difficulty held against what came."""

    starts: tuple[Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")], ...] = Field(
        (), max_length=MOST_STARTS, strict=False, description="Months stood at (YYYY-MM); by default all there are."
    )
    seed: Seed = 1


class ComparisonAsked(Asked):
    """Two plans lived under the same chances: the second less the first."""

    first: Plan
    second: Plan
    paths: Paths | None = None
    seed: Seed | None = None
    by_driver: bool = Field(
        False,
        description="Also lead from one net present value to the other driver by driver, summing to the difference: at most 256 projections.",
    )
    deadline_s: Deadline = DEADLINE_S

    @property
    def most_s(self) -> float:
        return self.deadline_s

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        plans = [plan.scenario for plan in (self.first, self.second) if plan.scenario]
        paths = self.paths or max((plan.risk.paths for plan in plans), default=1)
        for plan in plans:
            refuse_months(paths, plan, MOST_MONTHS_LIVED // 2)
        return self

    def resolved(self, library: Library) -> Self:
        return self._but(first=self.first.resolved(library), second=self.second.resolved(library))


class BatchAsked(Asked):
    """Many plans, or one plan at many sites, in one job."""

    scenarios: tuple[Scenario, ...] = Field((), max_length=MOST_ITEMS, strict=False)
    system_config_ids: tuple[ConfigId, ...] = Field((), max_length=MOST_ITEMS, strict=False)
    scenario: Scenario | None = Field(None, description="The plan that is tried at each of the sites.")
    sites: tuple[Site, ...] = Field((), max_length=MOST_ITEMS, strict=False)
    compute: Literal["projection", "risk"] = "projection"
    paths: Paths | None = None
    seed: Seed | None = None

    @property
    def plans(self) -> tuple[Scenario, ...]:
        """What is worked out, one after the other."""
        if self.scenario is None:
            return self.scenarios
        return tuple(self.scenario.model_copy(update={"site": site}) for site in self.sites)

    @property
    def most_s(self) -> float:
        lived_s = self._paths_in_all() / PATHS_PER_S if self.compute == "risk" else 0.0
        return min(LONGEST_BATCH_S, DEADLINE_S + ITEM_S * len(self) + lived_s)

    def __len__(self) -> int:
        return len(self.scenarios) or len(self.system_config_ids) or len(self.sites)

    def resolved(self, library: Library) -> Self:
        plans = [library.plan(plan, None) for plan in self.scenarios]
        plans += [library.plan(None, config) for config in self.system_config_ids]
        one = library.plan(self.scenario, None) if self.scenario else None
        return self._but(scenarios=tuple(plans), system_config_ids=(), scenario=one)

    def _paths_in_all(self) -> int:
        own = (self.scenario,) * len(self.sites) if self.scenario else self.scenarios
        return sum(self.paths or plan.risk.paths for plan in own)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        kinds = [bool(self.scenarios), bool(self.system_config_ids), bool(self.scenario)]
        if sum(kinds) != 1 or bool(self.sites) != bool(self.scenario):
            raise ValueError("either scenarios, or system_config_ids, or one scenario and sites")
        if self.compute == "risk":
            self._refuse_lives()
        return self

    def _refuse_lives(self) -> None:
        paths = self._paths_in_all()
        known = (self.scenario,) if self.scenario else self.scenarios
        longest = max((plan.finance.horizon_years for plan in known), default=1)
        if paths > MOST_ITEM_PATHS:
            raise ValueError(f"at most {MOST_ITEM_PATHS:,} paths in all")
        if paths * 12 * longest > MOST_ITEM_MONTHS:
            raise ValueError(f"at most {MOST_ITEM_MONTHS:,} months of all paths")


def refuse_months(paths: int, plan: Scenario, most: int) -> None:
    """ValueError where so many paths of a plan have too many months."""
    if paths * 12 * plan.finance.horizon_years > most:
        raise ValueError(
            f"at most {most:,} months of all paths, not {paths:,} paths of {plan.finance.horizon_years} years"
        )
