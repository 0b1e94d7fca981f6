"""What a calculation is asked about: a scenario as it stands in the request, or one that was saved."""

from __future__ import annotations

from collections.abc import Sequence

from core.api.identity import Caller
from core.errors import NotFound
from core.fetchers.equipment import resolved
from core.inputs import Weather
from core.machine import Machine
from core.outside import database
from core.requests import Plan
from core.scenario import Scenario
from core.store import equipment, scenarios, weathers

FILE = "file:"  # opens the name of a weather year that was uploaded


def plan_of(question: Plan, own: Sequence[Machine], who: Caller) -> Scenario:
    """The scenario that is meant, with what the caller's `own` machines say; NotFound where it is not theirs."""
    if question.scenario is not None:
        return resolved(question.scenario, own)
    saved, _ = scenarios.load(database(), who.owner, str(question.system_config_id))
    return resolved(saved, own)


def own_machines(who: Caller) -> tuple[Machine, ...]:
    """The machines a caller keeps."""
    return tuple(saved.machine for saved in equipment.listed(database(), who.owner))


def weather_of(plan: Scenario, who: Caller) -> Weather | None:
    """The weather year that the caller uploaded for a plan, None where the world is asked; NotFound where it is not here."""
    if not plan.site.weather.startswith(FILE):
        return None
    try:
        return weathers.load(database(), who.owner, plan.site.weather.removeprefix(FILE))
    except NotFound:
        expected = "a weather file that was uploaded before, auto, or a bundled place"
        message = "the weather file of this scenario is not here"
        raise NotFound(message, field="site.weather", value=plan.site.weather, expected=expected) from None
