"""A scenario's first investment as the classes of equipment that a pro-forma writes off, credits and sells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.inputs import CreditRule
from core.models import tax
from core.sections import Finance, Recovery
from core.studies.levies import Asset

Floats: TypeAlias = NDArray[np.float64]

CLASSES = {"array": ("array",), "battery": ("battery",), "site": ("site", "interconnection", "other")}
TECHNOLOGY = {"array": "solar", "battery": "storage", "site": "any", "machines": "any"}


def plant_assets(finance: Finance, capex: Mapping[str, float], rules: Iterable[CreditRule] = ()) -> list[Asset]:
    """Array, battery, site and machines with their write-off, credit and salvage.

    capex [USD] by component as `cash.capex_usd` gives it, contingency shared out over all but the machines in proportion;
    rules decide credits and bonus where the planner lets dates decide. All is sold at the horizon for `salvage_frac`.
    """
    built = {name: sum(capex.get(part, 0.0) for part in parts) for name, parts in CLASSES.items()}
    share = 1.0 + capex.get("contingency", 0.0) / (sum(built.values()) or 1.0)
    costs = {**{name: cost * share for name, cost in built.items()}, "machines": capex.get("machines", 0.0)}
    granted = tuple(rules)
    return [_asset(finance, name, cost, granted) for name, cost in costs.items()]


def _asset(finance: Finance, name: str, cost: float, rules: tuple[CreditRule, ...]) -> Asset:
    later = np.zeros(finance.horizon_years)
    return Asset(
        name,
        np.append(cost, later),
        _recovery(finance, name, rules),
        credit_frac=_credit_frac(finance, name, rules),
        proceeds_usd=np.append(finance.salvage_frac * cost, later),
        is_machines=name == "machines",
    )


def _granted_frac(finance: Finance, name: str, benefit: str, rules: tuple[CreditRule, ...]) -> float:
    """Share of a benefit that the scenario's days leave; 1 where the planner's own figures stand."""
    days = finance.credits
    if not days.dates_decide:
        return 1.0
    return tax.share_by_date(rules, TECHNOLOGY[name], benefit, days.begun, days.in_service, days.acquired)


def _credit_frac(finance: Finance, name: str, rules: tuple[CreditRule, ...]) -> float:
    entered = {"array": finance.credits.array_itc_frac, "battery": finance.credits.battery_itc_frac}.get(name, 0.0)
    return entered * _granted_frac(finance, name, "credit", rules) if entered else 0.0


def _recovery(finance: Finance, name: str, rules: tuple[CreditRule, ...]) -> Recovery:
    recovery: Recovery = getattr(finance.depreciation, name)
    bonus = recovery.bonus_frac * _granted_frac(finance, name, "bonus", rules)
    return recovery.model_copy(update={"bonus_frac": bonus})
