"""Plans that a request names: scenarios in full or system configurations of the caller's, with the figures of their machines."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

import pydantic

from core.api.identity import Caller
from core.errors import ValidationError
from core.fetchers import equipment
from core.machine import Machine
from core.outside import database
from core.requests import Asked
from core.scenario import Scenario, explained
from core.sections import Unit
from core.store import equipment as store
from core.store import scenarios

Form = TypeVar("Form", bound=Asked)


class Shelf:
    """What one caller keeps, read when it is first needed."""

    def __init__(self, who: Caller) -> None:
        self._who = who

    def plan(self, scenario: Scenario | None, config_id: str | None) -> Scenario:
        """A plan with the figures of its machines; NotFound for a configuration that is unknown or another's."""
        if scenario is None:
            scenario, _ = scenarios.load(database(), self._who.owner, config_id or "")
        return equipment.resolved(scenario, self._own)

    def units(self, units: tuple[Unit, ...], plan: Scenario) -> tuple[Unit, ...]:
        """Machines with their figures."""
        return equipment.resolved_units(units, plan, self._own) if units else ()

    @cached_property
    def _own(self) -> tuple[Machine, ...]:
        return own_machines(self._who)


def own_machines(who: Caller) -> tuple[Machine, ...]:
    """The machines a caller keeps."""
    return tuple(saved.machine for saved in store.listed(database(), who.owner))


def in_full(asked: Form, who: Caller) -> Form:
    """A request with every plan in full; ValidationError where it cannot be worked out, before anything is."""
    try:
        found = asked.resolved(Shelf(who))
    except pydantic.ValidationError as error:
        raise explained(error, "request", ValidationError) from None
    found.refuse()
    return found
