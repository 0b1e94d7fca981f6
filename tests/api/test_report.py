"""The report over the API: its figures are those of the same projection's JSON."""

from __future__ import annotations

import io
import zipfile

import httpx
import pytest

from core.vocabulary import METRICS
from tests.api.serving import PREFIX, Served, error_in
from tests.report.papers import Page, pdf_text

PLAN = {"name": "Over the API", "array": {"dc_kw": 800.0}, "site": {"weather": "bundled:greensboro"}}


@pytest.fixture(scope="module")
def made(served: Served) -> dict[str, object]:
    body = {"scenario": PLAN, "name": "Kept so"}
    answer = httpx.post(f"{served.address}{PREFIX}/projections", json=body, timeout=60)
    assert answer.status_code == 201
    told: dict[str, object] = answer.json()
    return told


def test_every_figure_is_that_of_the_json(made: dict[str, object], client: httpx.Client) -> None:
    answer = client.get(f"/projections/{made['id']}/report", params={"format": "html"}, timeout=60)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"].endswith("Kept-so-report.html")
    told = {name: value for name, value, _ in Page(answer.content).figures if name in METRICS}
    metrics = made["metrics"]
    assert isinstance(metrics, dict)
    assert told == {name: value for name, value in metrics.items() if value is not None}


def test_it_comes_as_pdf_unless_asked_otherwise(made: dict[str, object], client: httpx.Client) -> None:
    answer = client.get(f"/projections/{made['id']}/report", timeout=60)
    assert answer.headers["content-type"] == "application/pdf"
    assert "OvertheAPI" in pdf_text(answer.content)
    assert str(made["scenario_digest"]) in pdf_text(answer.content)
    charts = client.get(f"/projections/{made['id']}/report", params={"format": "charts"}, timeout=60)
    with zipfile.ZipFile(io.BytesIO(charts.content)) as together:
        assert "energy-by-month.svg" in together.namelist()


def test_what_cannot_be_is_said(made: dict[str, object], client: httpx.Client) -> None:
    error_in(client.get("/projections/none/report").json(), "NOT_FOUND")
    error_in(client.get(f"/projections/{made['id']}/report", params={"format": "docx"}).json(), "VALIDATION_ERROR")
