"""What the public door adds to a projection: the rules by date and the planner's currency."""

from __future__ import annotations

from pathlib import Path

import pytest

import core
from core.store import projections
from core.store.database import open_database

EUROS_PER_DOLLAR = 1 / 1.1568  # bundled with the program


def test_the_planners_currency_is_a_reading_beside_figures_in_dollars(tmp_path: Path) -> None:
    plain = core.project(core.Scenario())
    euros = core.project(core.Scenario().but({"finance.currency": "EUR"}))
    assert plain.fx is None
    assert euros.fx is not None
    assert euros.fx.value == pytest.approx(EUROS_PER_DOLLAR)
    assert euros.fx.status == "bundled"
    assert euros.metrics == plain.metrics
    db = open_database(tmp_path)
    kept = projections.load(db, "ann", projections.save(db, "ann", euros).id)
    db.close()
    assert kept.fx == euros.fx
    assert kept.statement.equals(euros.statement)
    assert kept.cost_build_up == euros.cost_build_up
    assert (kept.uses_usd, kept.sources_usd) == (euros.uses_usd, euros.sources_usd)


def test_a_currency_nobody_knows_is_said_and_not_made_up() -> None:
    told = core.project(core.Scenario().but({"finance.currency": "XXX"}))
    assert told.fx is None
    assert "No exchange rate of XXX is known: figures are in US dollars." in told.notices


def test_the_public_door_knows_the_rules_by_date() -> None:
    dated = {
        "finance.credits.dates_decide": True,
        "finance.credits.array_itc_frac": 0.3,
        "finance.tax.federal_rate_frac": 0.21,
        "finance.tax.losses": "absorbed",
    }
    told = core.project(core.Scenario().but(dated))
    assert told.statement["investment_credit_usd"].sum() == pytest.approx(0.3 * 997_500, abs=0.01)


@pytest.mark.parametrize("code", ["usd", "EURO", ""])
def test_a_currency_is_three_capital_letters(code: str) -> None:
    with pytest.raises(core.errors.ScenarioError) as refused:
        core.Scenario().but({"finance.currency": code})
    assert refused.value.field == "finance.currency"
