"""Whatever three planners do in whatever order, the store answers as a few dictionaries would. DB-16."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from core.errors import Conflict, NotFound
from core.scenario import Scenario, read
from core.store import scenarios, shares
from core.store.database import open_database

OWNERS = ("ann", "bob", "eve")
owner = st.sampled_from(OWNERS)
pick = st.integers(0, 50)
name = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30)
size = st.integers(1, 5000).map(float)


class Planners(RuleBasedStateMachine):
    """Scenarios of three owners and the links to them, beside a model in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.db = open_database(self.home)
        self.plans: dict[str, dict[str, tuple[Scenario, int]]] = {one: {} for one in OWNERS}
        self.links: dict[str, tuple[str, str]] = {}

    def chosen(self, owner: str, pick: int) -> str | None:
        ids = list(self.plans[owner])
        return ids[pick % len(ids)] if ids else None

    @rule(owner=owner, name=name, size=size)
    def create(self, owner: str, name: str, size: float) -> None:
        plan = Scenario().but({"name": name, "array.dc_kw": size})
        saved = scenarios.save(self.db, owner, plan)
        self.plans[owner][saved.id] = (plan, 1)

    @rule(owner=owner, pick=pick, size=size, late=st.booleans())
    def update(self, owner: str, pick: int, size: float, late: bool) -> None:
        if (one := self.chosen(owner, pick)) is None:
            return
        plan, version = self.plans[owner][one]
        plan = plan.but({"array.dc_kw": size})
        if late:
            with pytest.raises(Conflict):
                scenarios.save(self.db, owner, plan, one, version + 1)
            return
        scenarios.save(self.db, owner, plan, one, version)
        self.plans[owner][one] = (plan, version + 1)

    @rule(owner=owner, pick=pick, name=name)
    def rename(self, owner: str, pick: int, name: str) -> None:
        if one := self.chosen(owner, pick):
            plan, version = self.plans[owner][one]
            scenarios.rename(self.db, owner, one, name)
            self.plans[owner][one] = (plan.but({"name": name}), version + 1)

    @rule(owner=owner, pick=pick)
    def duplicate(self, owner: str, pick: int) -> None:
        if one := self.chosen(owner, pick):
            saved = scenarios.duplicate(self.db, owner, one)
            self.plans[owner][saved.id] = (self.plans[owner][one][0].but({"name": saved.name}), 1)

    @rule(owner=owner, pick=pick)
    def delete(self, owner: str, pick: int) -> None:
        if one := self.chosen(owner, pick):
            scenarios.delete(self.db, owner, one)
            del self.plans[owner][one]

    @rule(owner=owner, other=owner, pick=pick)
    def reach_for_anothers(self, owner: str, other: str, pick: int) -> None:
        one = self.chosen(other, pick)
        if one is None or owner == other:
            return
        for act in (scenarios.load, scenarios.delete):
            with pytest.raises(NotFound):
                act(self.db, owner, one)

    @rule(owner=owner, pick=pick)
    def share(self, owner: str, pick: int) -> None:
        if one := self.chosen(owner, pick):
            self.links[shares.create(self.db, owner, "scenario", one).id] = (owner, one)

    @rule(pick=pick)
    def take_back(self, pick: int) -> None:
        if self.links:
            link = list(self.links)[pick % len(self.links)]
            shares.revoke(self.db, self.links.pop(link)[0], link)

    @rule(owner=owner, pick=pick)
    def export_and_import(self, owner: str, pick: int) -> None:
        if one := self.chosen(owner, pick):
            plan = read(scenarios.load(self.db, owner, one)[0].to_json())
            assert plan == self.plans[owner][one][0]
            self.plans[owner][scenarios.save(self.db, owner, plan).id] = (plan, 1)

    @rule()
    def reopen(self) -> None:
        self.db.close()
        self.db = open_database(self.home)

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        for owner, plans in self.plans.items():
            listed = {one.id: (one.name, one.version) for one in scenarios.listed(self.db, owner)}
            assert listed == {one: (plan.name, version) for one, (plan, version) in plans.items()}
            for one, (plan, version) in plans.items():
                found, saved = scenarios.load(self.db, owner, one)
                assert (found, saved.version) == (plan, version)
        for link, (owner, one) in self.links.items():
            self.opens(link, self.plans[owner].get(one))

    def opens(self, link: str, plan: tuple[Scenario, int] | None) -> None:
        if plan is None:
            with pytest.raises(NotFound):
                shares.opened(self.db, link)
        else:
            assert shares.opened(self.db, link)[1] == plan[0]

    def teardown(self) -> None:
        self.db.close()
        shutil.rmtree(self.home)


def run(examples: int, steps: int, **more: Any) -> None:
    """Try so many orders of so many deeds."""
    run_state_machine_as_test(
        Planners, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, **more)
    )


def test_the_store_answers_as_a_few_dictionaries_would() -> None:
    """DB-16 with fewer; `python -m tests.soak_store states` tries 500 orders of 30 deeds."""
    run(12, 20)
