"""`python -m core report`, as a person types it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pypdf import PdfReader

import core
from core.__main__ import main
from core.scenario import Scenario
from tests.report.papers import Page


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    file = tmp_path / "plan.json"
    file.write_text(Scenario().but({"name": "From a terminal"}).to_json(), encoding="utf-8")
    return file


def test_it_writes_the_report_by_the_ending_of_the_name(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = plan.with_name("plan.pdf")
    assert main(["report", str(plan), "--to", str(to), "--on", "2026-11-30"]) == 0
    assert capsys.readouterr().out.strip() == str(to)
    book = PdfReader(io.BytesIO(to.read_bytes()))
    assert book.metadata is not None
    assert book.metadata.title == "From a terminal: report"
    assert "30 November 2026" in book.pages[0].extract_text()
    page = plan.with_name("plan.HTML")
    assert main(["report", str(plan), "--to", str(page)]) == 0
    told = {name: value for name, value, _ in Page(page.read_bytes()).figures}
    assert told["npv_usd"] == pytest.approx(core.project(Scenario()).metrics["npv_usd"])


@pytest.mark.parametrize("name", ["report.docx", "report", "report.pdf.exe"])
def test_another_ending_is_refused_before_anything_is_calculated(
    name: str, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = plan.with_name(name)
    assert main(["report", str(plan), "--to", str(to)]) == 1
    assert ".pdf, .html or .zip" in capsys.readouterr().err or not to.exists()
    assert not to.exists()
