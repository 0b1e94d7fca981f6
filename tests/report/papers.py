"""Reports that tests share, and how they are read back."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from functools import cache
from html.parser import HTMLParser
from typing import NamedTuple

from pypdf import PdfReader

from core.fetchers.bitcoin import bundled_market
from core.fetchers.weather import bundled
from core.report import Form, Report, report, written
from core.results import Projection
from core.scenario import Scenario
from core.studies.drivers import Sensitivity, sensitivity
from core.studies.projection import project
from core.studies.simulation import RiskAnalysis, simulate
from tests.plans import EVERYTHING

ON = date(2026, 11, 30)
EVENING = [[0] * 16 + [1] * 5 + [0] * 3] * 12
# three kinds of machines under prices by the hour and a demand charge, with two loans and everything else that is dated
COMPLICATED = {
    **EVERYTHING,
    "name": "Complicated plan: a mixed fleet, a tariff, loans on plant and machines",
    "finance.horizon_years": 25,
    "fleet.units": [
        {"model": "Antminer S21 Pro (234)", "hashrate_ths": 234.0, "power_w": 3510.0, "count": 60, "price_usd": 1920.0},
        {"model": "Older ones", "hashrate_ths": 141.0, "power_w": 3031.5, "count": 40, "price_usd": 390.0},
        {"model": "The rest", "hashrate_ths": 100.0, "power_w": 3000.0, "count": 10, "price_usd": 90.0},
    ],
    "grid.tariff.name": "TOU-8",
    "grid.tariff.energy.periods": [{"tiers": [{"usd_per_kwh": 0.05}]}, {"tiers": [{"usd_per_kwh": 0.18}]}],
    "grid.tariff.energy.weekday": EVENING,
    "grid.tariff.energy.weekend": [[0] * 24] * 12,
    "grid.tariff.flat_demand.periods": [{"tiers": [{"usd_per_kw": 9.0}]}],
    "grid.tariff.flat_demand.months": [0] * 12,
    "risk.paths": 200,
}
PLANS = {"example": {"risk.paths": 200}, "complicated": COMPLICATED}


class Case(NamedTuple):
    """A plan with all that a report may be of."""

    answer: Projection
    lives: RiskAnalysis | None
    why: Sensitivity | None

    @property
    def paper(self) -> Report:
        return report(self.answer, ON, self.lives, self.why)


@cache
def case(name: str, *, risk: bool) -> Case:
    plan, weather, market = Scenario().but(PLANS[name]), bundled("greensboro"), bundled_market()
    answer = project(plan, weather, market)
    if not risk:
        return Case(answer, None, None)
    if name != "example":  # a table of responses takes minutes: pages are as many with the example's lives
        lives, why = case("example", risk=True)[1:]
        assert lives is not None
        return Case(
            answer, replace(lives, scenario=answer.scenario, base={"npv_usd": answer.metrics["npv_usd"] or 0.0}), why
        )
    return Case(
        answer, simulate(plan, weather, market, compiled=False), sensitivity(plan, weather, market, compiled=False)
    )


@cache
def file(name: str, form: Form, *, risk: bool = False) -> bytes:
    return written(case(name, risk=risk).paper, form)


class Page(HTMLParser):
    """What a browser takes from an HTML file: elements, their attributes, text, and figures by name."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.figures, self.open = "", list[tuple[str, float, str]](), list[str]()
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, "every element ends where it should"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "data":
            told = self.elements[-1][1]
            self.figures.append((told.get("data-name") or "", float(told["value"] or "nan"), data))
        if not self.open or self.open[-1] != "style":
            self.text += data


def pdf_text(content: bytes) -> str:
    """All text of a PDF without its white space: lines are broken where the paper ends."""
    return squeezed("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
