"""One number for what long work finds: lives, sizes and first designs on their pages, in the report and over the API."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import pytest

import core
from core import say
from core.api import PREFIX
from core.fetchers.credits import credit_rules
from core.fetchers.market import market
from core.fetchers.weather import weather_for
from core.models.dispatch import compile_kernel
from core.models.rates import compile_kernel as compile_rates
from core.outside import outside
from core.report import report, written
from core.report.books import RISK
from core.shown import of_lives
from core.studies.chances import price_sd
from core.studies.drivers import Ranks, Sensitivity, ranked
from core.studies.options import Options, options
from core.studies.outcomes import WISHED_FRAC
from core.studies.simulation import RiskAnalysis
from core.studies.sizing import compile_kernels
from core.vocabulary_lives import word
from tests import figures_shown
from tests.api.doors import HERE, Client, opened
from tests.figures_shown import PLANS, RAN, page, plan_of
from tests.report.papers import ON, Page, pdf_text, squeezed

PLAN = "lived"
PLANS_LIVED: dict[str, dict[str, Any]] = {
    PLAN: {
        "risk.paths": 300,
        "finance.horizon_years": 8,
        "outlook.price_growth_per_year": 0.6,
    }
}


class Reasons(NamedTuple):
    why: Sensitivity
    choices: Options
    ranks: Ranks


class Ran(NamedTuple):
    """What the page Risk holds of a run."""

    lives: RiskAnalysis
    asked: tuple[Any, ...]
    reasons: Reasons


@pytest.fixture(scope="module", autouse=True)
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One server of its own, with engines that stay what they are."""
    compile_kernel()
    compile_rates()
    PLANS.update(PLANS_LIVED)
    with (
        pytest.MonkeyPatch.context() as patch,
        opened(tmp_path_factory.mktemp("one") / "home", patch, "local") as server,
    ):
        compile_kernels(plan_of(PLANS[PLAN]))
        yield server.client(HERE)
    RAN.clear()
    del PLANS[PLAN]


@cache
def ran() -> Ran:
    from pages.ui.own_turn import Question

    plan = plan_of(PLANS[PLAN])
    world = weather_for(plan.site, outside()), market(outside())
    rules = tuple(credit_rules())
    lives, why = core.simulate(plan, *world), core.sensitivity(plan, *world)
    reasons = Reasons(why, options(lives.scenario, *world, rules=rules), ranked(lives.paths))
    return Ran(lives, Question(lives.scenario, *world, rules), reasons)


def risk_page() -> figures_shown.Page:
    RAN["risk"] = ran()
    return page("risk", PLAN, (("folded All figures", True),))


def known_lives() -> dict[str, list[float]]:
    """Every figure of the lives, and what the page says follows from them."""
    found: dict[str, list[float]] = {"usd": [], "share": [], "btc": [], "kWh": []}
    for told in (ran().lives.metrics, ran().lives.errors):
        for name, value in told.items():
            found[kind_of(name)].append(value)
    for kind, values in follows().items():
        found.setdefault(kind, []).extend(values)
    return found


def kind_of(name: str) -> str:
    ends = {"_frac": "share", "_btc": "btc", "_usd": "usd"}
    return next((kind for end, kind in ends.items() if name.endswith(end)), "kWh")


def follows() -> dict[str, list[float]]:
    """From the outlook of the price, the number of lives, and what choices are worth."""
    lives, choices = ran().lives, ran().reasons.choices
    risk, plan = lives.scenario.risk, core.project(plan_of(PLANS[PLAN]))
    later, switch = choices.later, choices.switch_usd
    spread = float(price_sd(risk, len(plan.monthly))[-1]) * NormalDist().inv_cdf(0.95)
    end, capex = float(plan.monthly["price_usd"].iloc[-1]), lives.base["capex_usd"]
    return {
        "usd": [
            *(end * math.exp(sign * spread) for sign in (-1, 0, 1)),
            *(choices.now_usd, float(switch.mean()), *np.quantile(switch, (0.05, 0.95)).tolist()),
            *(usd for one in later.values() for usd in (one.worth_usd, one.error_usd, one.worth_usd - choices.now_usd)),
        ],
        "share": [
            *(risk.safe_rate_per_year, choices.stood_frac, *(one.chosen_frac for one in later.values())),
            *(ranked(lives.paths)[1], lives.errors["npv_p50_usd"] / capex, WISHED_FRAC),
            0.95,  # the interval of Sobol's indices
        ],
        "years": [lives.scenario.finance.horizon_years, *later],
    }


def test_risk_tiles_are_the_figures_of_the_lives() -> None:
    lives, told = ran().lives, {tile.label: tile for tile in risk_page().tiles}
    for name in core_tiles():
        assert told.pop(word(name).label).value == of_lives(name, lives.metrics[name]), name
    choices = ran().reasons.choices
    gains = {say.money(later.worth_usd - choices.now_usd) for later in choices.later.values()}
    assert told.pop("To switch off").value == say.money(float(choices.switch_usd.mean()))
    for label, tile in told.items():  # a figure that is none of these is known to nobody
        assert label.startswith("To wait "), label
        assert tile.value in gains


def core_tiles() -> tuple[str, ...]:
    """What the page heads with; the names are the vocabulary's of lives."""
    labels = {tile.label for tile in risk_page().tiles}
    names = tuple(name for name in ran().lives.metrics if word(name).label in labels)
    assert len(names) >= 8
    return names


def test_every_figure_of_the_lives_stands_in_the_page_s_table() -> None:
    lives = ran().lives
    frame = risk_page().table("figure", "value", "name").set_index("name")
    assert frame["value"].to_dict() == lives.metrics
    assert frame["standard error"].to_dict() == lives.errors
    assert frame["figure"].to_dict() == {name: word(name).label for name in lives.metrics}


def test_every_figure_in_the_words_of_the_risk_page_is_one_that_is_known() -> None:
    known, said = known_lives(), risk_page().texts
    figures = [one for text in said for one in figures_shown.written(text)]
    assert len(figures) > 15
    assert [one.text for one in figures if not any(map(one.is_of, known[one.kind]))] == []


def test_risk_over_the_api_is_the_same(door: Client) -> None:
    body = {"scenario": plan_of(PLANS[PLAN]).model_dump(mode="json")}
    made = door.post(f"{PREFIX}/risk-analyses?wait=30", json=body)
    assert made.status_code == 200, made.text
    result, lives = made.json()["result"], ran().lives
    assert result["metrics"] == lives.metrics
    assert result["errors"] == lives.errors
    assert set(lives.fans) == set(result["fans"])


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_risk_in_the_report_is_the_same(form: str) -> None:
    lives, why = ran().lives, ran().reasons.why
    paper = written(report(core.project(plan_of(PLANS[PLAN])), ON, lives, why), form)  # type: ignore[arg-type]
    if form == "pdf":
        text = pdf_text(paper)
        assert [
            name for name in RISK if squeezed(word(name).label + of_lives(name, lives.metrics[name])) not in text
        ] == []
        return
    found = {name: (value, text) for name, value, text in Page(paper).figures if name in lives.metrics}
    assert found == {name: (lives.metrics[name], of_lives(name, lives.metrics[name])) for name in RISK}


def test_a_sized_plan_is_worth_what_its_projection_says() -> None:
    found = core.size(plan_of(PLANS[PLAN]))
    assert found.designs.iloc[0]["capex_usd"] > 0, "nothing was worth building: the test sees nothing"
    RAN["sizing"] = found
    told = {tile.label: tile.value for tile in page("sizing", PLAN).tiles}
    metrics = core.project(found.best).metrics
    for name, value in metrics.items():
        assert found.metrics[name] == (value if value is None else pytest.approx(value, rel=1e-9)), name
    assert told.pop("Net present value") == say.money(metrics["npv_usd"] or 0.0)
    assert told.pop("First investment") == say.money(metrics["capex_usd"] or 0.0)
    assert told.pop("Foresight would add") == say.money(found.gap_usd or 0.0)
    built, years = found.designs.iloc[0]["capex_usd"] > 0, metrics["payback_years"]
    assert told.pop("Payback") == (
        "—" if not built else "never" if years is None else say.metric("payback_years", years)
    )
    marginal = found.marginal
    assert told == {
        "+1 kW of array": say.money(marginal.array_usd_per_kw, cents=True),
        "+1 kWh of battery": say.money(marginal.battery_usd_per_kwh, cents=True),
        "+1 kW of battery": say.money(marginal.battery_usd_per_kw, cents=True),
        "+1 machine": say.money(marginal.machine_usd, cents=True),
    }
