"""The report: its figures are those of the projection, its pages few, its bytes the same each time."""

from __future__ import annotations

import io
import time
import zipfile
from dataclasses import replace

import openpyxl
import pytest
from pypdf import PdfReader

from core import bank_statement as bank
from core.errors import ValidationError
from core.exports_plan import plan_workbook
from core.report import report, written
from core.report.books import RISK, whole_usd
from core.scenario import leaves
from core.shown import amount, exact, metric_in_words, of_lives
from core.vocabulary import METRICS
from core.vocabulary_lives import word as word_of_lives
from tests.report.papers import ON, PLANS, Page, case, file, pdf_text, squeezed

MOST_PAGES, FEWEST_PAGES, MOST_S = 8, 4, 3.0
A4_PT = (595.28, 841.89)
WITH_RISK = [(name, risk) for name in PLANS for risk in (False, True)]


@pytest.mark.parametrize("name", PLANS)
def test_every_metric_in_html_is_the_projections_to_the_last_bit(name: str) -> None:
    answer, page = case(name, risk=False).answer, Page(file(name, "html"))
    found: dict[str, set[float]] = {}
    for metric, value, text in page.figures:
        if metric in METRICS:
            found.setdefault(metric, set()).add(value)
            unit = "" if METRICS[metric].unit == "1" else METRICS[metric].unit
            said = {metric_in_words(answer, metric), f"{exact(metric, value)} {unit}".strip()}
            assert text in said or metric in {"price_usd"}, metric
    there = {metric: {value} for metric, value in answer.metrics.items() if value is not None}
    assert len(there) > 50
    assert found == there


@pytest.mark.parametrize("name", PLANS)
def test_every_metric_in_pdf_is_the_projections(name: str) -> None:
    answer, text = case(name, risk=False).answer, pdf_text(file(name, "pdf"))
    for metric, words in METRICS.items():
        value, unit = answer.metrics[metric], "" if words.unit == "1" else words.unit
        full = f"{exact(metric, value)} {unit}" if value is not None else answer.reasons[metric].split(":")[0]
        assert squeezed(f"{words.label}{metric_in_words(answer, metric)}{full}") in text, metric


@pytest.mark.parametrize("name", PLANS)
def test_the_workbook_has_the_same_figures(name: str) -> None:
    answer = case(name, risk=False).answer
    rows = openpyxl.load_workbook(io.BytesIO(plan_workbook(answer)))["Summary"].iter_rows(values_only=True)
    book = {str(row[0]): row[1] for row in rows}
    told = {metric: value for metric, value, _ in Page(file(name, "html")).figures if metric in METRICS}
    assert len(told) > 50
    for metric, value in told.items():
        if [words.label for words in METRICS.values()].count(METRICS[metric].label) == 1:
            assert book[METRICS[metric].label] == pytest.approx(value, rel=1e-15), metric


@pytest.mark.parametrize("name", PLANS)
def test_the_years_are_those_of_the_statement(name: str) -> None:
    answer = case(name, risk=False).answer
    lines = {line.name: line.values for line in bank.cash_lines(answer)}
    text, page = pdf_text(file(name, "pdf")), Page(file(name, "html"))
    exactly = {value for _, value, _ in page.figures}
    shown = ("revenue_usd", "running_cost_usd", "ebitda_usd", "investment_usd")
    for year in range(len(lines["revenue_usd"])):
        row = [float(lines[line][year]) for line in shown]
        assert str(year) + "".join(map(whole_usd, row)) in text
        assert set(row) <= exactly
    total = sum(float(usd) for usd in lines["equity_cash_usd"])
    assert whole_usd(total) in text
    assert total == pytest.approx(answer.metrics["net_cash_usd"], abs=0.5)


def test_columns_of_the_statement_sum_to_the_owners_cash() -> None:
    """What stands under Other is what is missing, so that a reader can add a line up."""
    table = next(
        block
        for section in case("complicated", risk=False).paper.sections
        for block in section.blocks
        if getattr(block, "heading", "") == "After-tax cash by year"
    )
    for row in table.rows:  # type: ignore[union-attr]
        cells = dict(zip(table.columns, row.cells, strict=True))  # type: ignore[union-attr]
        parts = sum(cells[part].value for part in ("EBITDA", "Investment", "Other", "Tax", "Debt, net"))
        assert parts == pytest.approx(cells["Owner's cash"].value, abs=0.01)


@pytest.mark.parametrize("name", PLANS)
def test_every_input_stands_with_its_value(name: str) -> None:
    paper = case(name, risk=False).paper
    named = {row.name for block in paper.appendix[0].blocks for row in getattr(block, "rows", ())}
    assert named == {path for path, _, _ in leaves(case(name, risk=False).answer.scenario)}


def test_readings_stand_with_source_and_age() -> None:
    answer, text = case("example", risk=False).answer, pdf_text(file("example", "pdf"))
    assert len(answer.readings) >= 3
    for reading in answer.readings:
        assert squeezed(f"{reading.source};{reading.status},of{reading.observed_at:%Y-%m-%d}") in text
    assert squeezed(answer.weather.source) in text
    assert answer.weather.digest in text


def test_risk_is_told_with_seed_paths_and_how_sure() -> None:
    name = "example"
    told = case(name, risk=True)
    assert told.lives is not None
    text, page = pdf_text(file(name, "pdf", risk=True)), Page(file(name, "html", risk=True))
    found = {metric: value for metric, value, _ in page.figures}
    for metric in RISK:
        assert found[metric] == told.lives.metrics[metric]
        assert squeezed(word_of_lives(metric).label + of_lives(metric, told.lives.metrics[metric])) in text
    assert f"lived200times(seed{told.answer.scenario.risk.seed})" in text
    for turn in told.why.stress["turn"]:  # type: ignore[union-attr]
        assert squeezed(turn) in text


def test_a_report_without_risk_says_that_none_was_run() -> None:
    text = pdf_text(file("example", "pdf"))
    assert squeezed("No risk analysis was run with these figures") in text
    assert "Sensitivities" not in text


def test_lives_of_another_plan_are_refused() -> None:
    lives = case("example", risk=True).lives
    assert lives is not None
    with pytest.raises(ValidationError, match="another plan"):
        report(case("complicated", risk=False).answer, ON, lives)
    with pytest.raises(ValidationError, match="another plan"):  # the same plan under another sun or market
        report(case("example", risk=False).answer, ON, replace(lives, base={"npv_usd": lives.base["npv_usd"] * 1.01}))


@pytest.mark.parametrize(("name", "risk"), WITH_RISK)
def test_it_has_few_pages_of_a4_that_are_numbered_and_named(name: str, risk: bool) -> None:
    book, answer = PdfReader(io.BytesIO(file(name, "pdf", risk=risk))), case(name, risk=False).answer
    assert FEWEST_PAGES <= len(book.pages) <= MOST_PAGES
    for number, page in enumerate(book.pages, 1):
        text = squeezed(page.extract_text())
        assert f"Page{number}of{len(book.pages)}" in text
        assert f"scenario{answer.scenario.digest}" in text
        assert [float(side) for side in page.mediabox[2:]] == pytest.approx(A4_PT, abs=0.01)
    assert book.metadata is not None
    assert book.metadata.title == f"{answer.scenario.name}: report"
    assert book.metadata.author == "Solar Mining Calculator"
    assert answer.model_version in pdf_text(file(name, "pdf", risk=risk))
    assert len(book.outline) >= 13


def test_no_heading_stands_alone_at_the_end_of_a_page() -> None:
    for name, risk in WITH_RISK:
        titles = {s.title for s in (*case(name, risk=risk).paper.sections, *case(name, risk=risk).paper.appendix)}
        for page in PdfReader(io.BytesIO(file(name, "pdf", risk=risk))).pages:
            lines = [line for line in page.extract_text().splitlines() if line.strip()]
            ends = {line.strip().lstrip("0123456789 \u00a0") for line in lines[-3:]}
            assert not ends & titles


def test_charts_are_vectors_and_typefaces_come_along() -> None:
    book = PdfReader(io.BytesIO(file("example", "pdf")))
    fonts = [
        font.get_object()
        for page in book.pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index, union-attr]
    ]
    assert fonts
    for font in fonts:
        assert "/FontFile2" in font["/FontDescriptor"]
    kinds = [
        form.get_object()["/Subtype"]
        for page in book.pages
        for form in page["/Resources"].get("/XObject", {}).values()  # type: ignore[union-attr]
    ]
    assert kinds.count("/Form") == len(case("example", risk=False).paper.charts)
    assert "/Image" not in kinds
    assert "MWh" in book.pages[1].extract_text()  # of a chart's axis


@pytest.mark.parametrize("form", ["html", "pdf", "charts"])
def test_the_same_input_and_day_make_the_same_bytes(form: str) -> None:
    assert written(case("complicated", risk=True).paper, form) == file("complicated", form, risk=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_it_is_made_in_time(form: str) -> None:
    """Time of the processor, as others are at work on this machine too."""
    paper = case("complicated", risk=True).paper
    written(paper, form)  # type: ignore[arg-type]  # typefaces read, engine started
    began = time.process_time()
    written(paper, form)  # type: ignore[arg-type]
    assert time.process_time() - began < MOST_S


@pytest.mark.parametrize(("name", "risk"), WITH_RISK)
def test_html_fetches_nothing_and_runs_nothing(name: str, risk: bool) -> None:
    page = Page(file(name, "html", risk=risk))
    assert not page.open or page.open == []
    tags = {tag for tag, _ in page.elements}
    assert not tags & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "a",
        "image",
        "use",
        "foreignobject",
    }
    names = {key for _, attributes in page.elements for key in attributes}
    assert not {key for key in names if key.startswith("on") or key in {"src", "href", "xlink:href", "style"}}
    policy = next(a["content"] for tag, a in page.elements if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert [tag for tag, _ in page.elements].count("svg") == len(case(name, risk=risk).paper.charts)
    labels = [a.get("aria-label") for tag, a in page.elements if tag == "svg"]
    assert all(labels)
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_charts_come_as_svg_and_png() -> None:
    with zipfile.ZipFile(io.BytesIO(file("example", "charts"))) as together:
        names = together.namelist()
        assert sorted(names) == sorted(
            f"{c.name}.{e}" for c in case("example", risk=False).paper.charts for e in ("svg", "png")
        )
        assert len(names) >= 14
        for name in names:
            head = together.read(name)[:8]
            assert head.startswith(b"<svg" if name.endswith("svg") else b"\x89PNG")


def test_brackets_hang_outside_of_what_lines_up() -> None:
    assert whole_usd(-1234.5) == "(1,234)"
    assert whole_usd(0.4) == "–"
    assert amount(-0.01) == "(0.01)"
