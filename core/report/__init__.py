"""A projection as a report for a bank: sections as data, written out as HTML and as PDF, and its charts as files."""

from __future__ import annotations

from datetime import date

from core.errors import ValidationError
from core.report.books import risk, sensitivities, statement
from core.report.grounds import grounds
from core.report.parts import Report
from core.report.plan import coins, design, energy, site, summary
from core.results import Projection
from core.studies.drivers import Sensitivity
from core.studies.simulation import RiskAnalysis


def report(
    projection: Projection, on: date, lives: RiskAnalysis | None = None, why: Sensitivity | None = None
) -> Report:
    """The report of a projection, dated `on`; with its risk where that was run for the same scenario.

    ValidationError where the projection was kept before statements were, and where the lives are of another scenario.
    """
    if projection.statement.empty:
        raise ValidationError("this projection has no statement: calculate it anew", field="statement")
    if lives is not None and lives.scenario.digest != projection.scenario.digest:
        raise ValidationError("the risk analysis is of another scenario", field="lives", value=lives.scenario.digest)
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
