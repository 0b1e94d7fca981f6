"""The forms: every field of a plan can be set somewhere, every choice has words, presets of tax are whole."""

from __future__ import annotations

import typing

import pytest

from core.scenario import Scenario, leaves, read
from core.sections import Risk
from pages.ui import forms, taxes
from pages.ui.chance_form import OF_THEIR_OWN
from pages.ui.needs import NEEDS, matters
from pages.ui.sections import SECTIONS

# set elsewhere: the title of the page, tables, uploads, a search; and what no page runs yet
ELSEWHERE = (
    "name",
    "site.weather",
    "array.module",
    "fleet.units.",
    "grid.tariff.name",
    "grid.tariff.source",
    "grid.tariff.energy.",
    "grid.tariff.flat_demand.",
    "grid.tariff.timed_demand.",
    "grid.import_hourly_usd_per_kwh",
    "grid.export_hourly_usd_per_kwh",
    "risk.",
)


def asked() -> list[str]:
    return [path for groups in SECTIONS.values() for group in groups for path in (*group.usual, *group.rare)]


def loaded() -> Scenario:
    """A plan in which every choice that opens a field is made, but those that exclude each other."""
    return Scenario().but(
        {
            "finance.debt.share_frac": 0.5,
            "finance.debt.machine_share_frac": 0.5,
            "finance.construction.months": 6,
            "finance.owning.property_tax_frac": 0.01,
            "finance.credits.ptc_usd_per_kwh": 0.02,
            "finance.credits.dates_decide": True,
            "finance.tax.federal_rate_frac": 0.21,
            "finance.depreciation.array.method": "macrs_5",
            "fleet.refresh.rule": "age",
            "fleet.failures.rate_per_year": 0.1,
            "fleet.resale.realised_frac": 0.5,
        }
    )


def test_every_field_of_a_plan_is_on_a_form_once() -> None:
    wanted = [path for path, _, _ in leaves(Scenario()) if not path.startswith(ELSEWHERE)]
    assert sorted(asked()) == sorted(wanted)


def test_needs_name_fields_that_are_asked() -> None:
    of_risk = {f"risk.{name}" for name in Risk.model_fields if name not in OF_THEIR_OWN}  # on a page of their own
    assert set(NEEDS) <= set(asked()) | of_risk


def test_every_choice_has_words_of_its_own() -> None:
    options = [
        option
        for _, info, _ in leaves(Scenario())
        if typing.get_origin(info.annotation) is typing.Literal
        for option in typing.get_args(info.annotation)
    ]
    assert set(options) == set(forms.CHOICES)
    assert len(set(forms.CHOICES.values())) == len(forms.CHOICES)


def test_no_two_fields_of_a_group_have_the_same_label() -> None:
    example = Scenario()
    for groups in SECTIONS.values():
        for group in groups:
            labels = [forms.caption(p, forms.declared(example, p)) for p in (*group.usual, *group.rare)]
            assert len(set(labels)) == len(labels), group.title


def test_a_choice_opens_the_fields_that_hang_on_it() -> None:
    """Each field is shown under some plan, and the loaded one shows no fewer than the example."""
    example, full = Scenario(), loaded()
    shown = {path for path in asked() if matters(path, example)}
    more = {path for path in asked() if matters(path, full)}
    assert shown < more
    assert "finance.debt.rate" in more - shown
    assert "fleet.refresh.dates" not in more
    assert matters("fleet.refresh.dates", full.but({"fleet.refresh.rule": "date"}))
    assert not matters("outlook.treasury.hold_frac", full)
    assert matters("outlook.treasury.hold_frac", full.but({"outlook.treasury.rule": "hold_share"}))


@pytest.mark.parametrize("name", taxes.PRESETS)
def test_a_tax_preset_is_a_plan_and_touches_nothing_but_tax(name: str) -> None:
    settings = taxes.settings_of(name)
    plan = Scenario().but(settings)
    assert read(plan.to_json()) == plan
    assert all(plan.at(path) == value for path, value in settings.items())
    assert all(path.startswith(taxes.SETTINGS) for path in settings)


def test_no_tax_is_the_plan_as_it_begins_and_no_two_presets_are_alike() -> None:
    plans = [Scenario().but(taxes.settings_of(name)) for name in taxes.PRESETS]
    assert plans[0] == Scenario()
    assert len({plan.digest for plan in plans}) == len(plans)


def test_counts_are_never_percent() -> None:
    example = Scenario()
    assert not forms.is_percent("x", forms.declared(example, "finance.debt.payments_per_year"))
    assert forms.caption("finance.debt.rate", forms.declared(example, "finance.debt.rate")).endswith("(% a year)")
