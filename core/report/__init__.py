"""A projection as a report for a bank: sections as data, written out as HTML and as PDF, and its charts as files."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Literal

from core.errors import ValidationError
from core.report.books import risk, sensitivities, statement
from core.report.grounds import grounds
from core.report.parts import Report
from core.report.plan import coins, design, energy, site, summary
from core.results import Projection

if TYPE_CHECKING:
    from core.studies.drivers import Sensitivity
    from core.studies.simulation import RiskAnalysis

SAME = 1e-6  # what two engines may differ by
Form = Literal["html", "pdf", "charts"]
TYPES: dict[Form, tuple[str, str]] = {  # media type, ending of the file's name
    "html": ("text/html; charset=utf-8", "html"),
    "pdf": ("application/pdf", "pdf"),
    "charts": ("application/zip", "zip"),
}


def is_of(lives: RiskAnalysis, projection: Projection) -> bool:
    """Whether lives are of this projection's scenario, weather and market: then they are worth the same as planned."""
    npv = projection.metrics["npv_usd"] or 0.0
    return lives.scenario.digest == projection.scenario.digest and math.isclose(
        lives.base["npv_usd"], npv, rel_tol=SAME
    )


def written(paper: Report, form: Form) -> bytes:
    """A report as a file: HTML, PDF, or its charts as SVG and PNG in a ZIP. The same report makes the same bytes.

    What writes is loaded when the first is asked for: it takes some 100 MB that a page without reports never needs.
    """
    if form == "html":
        from core.report.html import html

        return html(paper)
    if form == "pdf":
        from core.report.pdf import pdf

        return pdf(paper)
    from core.report.drawn import files

    return files(paper)


def report(
    projection: Projection, on: date, lives: RiskAnalysis | None = None, why: Sensitivity | None = None
) -> Report:
    """The report of a projection, dated `on`; with its risk where that was run for the same scenario.

    ValidationError where the projection was kept before statements were, and where the lives are of another scenario.
    """
    if projection.statement.empty:
        raise ValidationError("this projection has no statement: calculate it anew", field="statement")
    if lives is not None and not is_of(lives, projection):
        raise ValidationError("the risk analysis is of another plan", field="lives", value=lives.scenario.digest)
    sections = (
        summary(projection, lives),
        site(projection),
        design(projection),
        energy(projection),
        coins(projection),
        statement(projection),
        risk(projection, lives),
        *sensitivities(why),
    )
    scenario = projection.scenario
    return Report(
        scenario.name,
        scenario.site.name,
        on,
        scenario.digest,
        projection.model_version,
        sections,
        grounds(projection, on),
    )
