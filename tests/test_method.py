"""The page Method says what the code says: formulas out of docstrings, what is not modelled out of the README, guides out of docs."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

import pytest

from core import method
from core.method import Formula
from pages.ui.formulas import found

ALL = method.formulas()
GUIDES = ("tutorial", "planners", "operations", "contributors", "compared")


def test_every_public_function_with_a_formula_is_there_under_its_own_words() -> None:
    assert len(ALL) > 100
    for formula in ALL:
        function = getattr(importlib.import_module(f"core.models.{formula.module}"), formula.name)
        words = " ".join(inspect.getdoc(function).split())  # type: ignore[union-attr]
        for part in (formula.title, formula.formula, formula.notes, formula.source):
            assert " ".join(part.split()) in words


@pytest.mark.parametrize("formula", ALL, ids=[f"{one.module}.{one.name}" for one in ALL])
def test_every_formula_has_a_source_and_says_how(formula: Formula) -> None:
    assert formula.source, "write `Source:` into the docstring"
    assert formula.title.rstrip().endswith((".", ":"))


def test_a_docstring_is_taken_apart() -> None:
    assert method.parts("Net present value.\n\n    Σ cash_t / (1 + rate)^t.\n\n    rate [1/yr] > −1.\n    Source: SAM; a book.\n    ") == (
        "Net present value.", "Σ cash_t / (1 + rate)^t.", "rate [1/yr] > −1.", "SAM; a book."
    )  # fmt: skip
    assert method.parts("One sentence.\n\nvalues [USD] ≥ 0, any shape.") == (
        "One sentence.",
        "",
        "values [USD] ≥ 0, any shape.",
        "",
    )
    assert method.parts("") == ("", "", "", "")


def test_subjects_tell_how_things_are_done_where_there_is_no_formula() -> None:
    subjects = {subject.module: subject for subject in method.subjects()}
    assert "causal" in subjects["dispatch"].told
    assert not any(name.endswith(("_kernel", "_twin", "_engine")) for name in subjects)
    assert next(formula.name for formula in subjects["mining"].formulas) == "subsidy_sats"


def test_formulas_are_found_by_any_of_their_words() -> None:
    assert next(formula.name for formula in found("hashcost luxor J/TH", ALL)) == "hashcost_usd_per_ph_day"
    assert {formula.module for formula in found("MACRS irs", ALL)} == {"depreciation"}
    assert found("no such word", ALL) == []
    assert len(found("", ALL)) == len(ALL)


def test_what_is_not_modelled_is_the_readmes_own_section() -> None:
    text = method.not_modelled()
    readme = method.README.read_text(encoding="utf-8")
    assert f"## What is not modelled yet\n\n{text}\n" in readme
    assert "public holidays" in text
    assert "##" not in text


@pytest.mark.parametrize("name", GUIDES)
def test_guides_are_short_and_name_what_is_there(name: str) -> None:
    text = method.guide(name)
    assert text.startswith("# ")
    parts = method.parted(text)
    pictures = [part for part in parts if isinstance(part, method.Picture)]
    assert all(part.path.is_file() and part.words for part in pictures)
    text = "".join(part for part in parts if isinstance(part, str))
    assert not re.search(r"\]\((?!https?:)", text), "a link to a file leads nowhere from the page"
    for path in re.findall(r"`((?:core|pages|tests)/[\w/]+(?:\.py|/))`", text):
        assert (method.ROOT / path).exists(), path


def test_the_page_offers_these_guides_and_no_others() -> None:
    tree = ast.parse((method.ROOT / "pages" / "method.py").read_text(encoding="utf-8"))
    offered = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "GUIDES"
    )
    assert set(offered) == set(GUIDES)
