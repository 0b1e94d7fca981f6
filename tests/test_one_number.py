"""One number for one thing: pages, report, workbook, files, API and command line tell the same figure under the same name.

The figures are those of the vocabulary. Where a figure travels in full it is compared to the last bit, where it is read by people
with the one formatter's words for it; a figure on a page that nobody else knows is a failure.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import core
from core import say
from core.__main__ import main
from core.api import PREFIX
from core.exports_plan import plan_workbook
from core.fetchers.market import market
from core.fetchers.weather import weather_for
from core.formulas import RESTS_ON, formula
from core.models.dispatch import compile_kernel
from core.models.mining import hashprice_usd_per_ph_day, network_hashrate_ths, subsidy_sats
from core.models.rates import compile_kernel as compile_rates
from core.outside import outside
from core.plain import table
from core.report import report, written
from core.results import Projection
from core.scenario import leaves
from core.shown import exact, metric_in_words, origin, origins, rests_in_words, weather_origin
from core.studies.checks import shortcut_npv_usd
from core.studies.sunlight import light_steps
from core.vocabulary import METRICS, word
from pages.ui.shared import TOLD
from tests import figures_shown
from tests.api.doors import HERE, Client, opened
from tests.figures_shown import PAGES, PLANS, Tile, page, plan_of, read
from tests.report.papers import ON, Page, pdf_text, squeezed
from tests.spreadsheet import Spreadsheet

MANY = 60  # metrics of a plan that has everything
SHORTER = {"IRR": "irr"}  # labels of tiles that have little room
ON_SCREEN = [(plan, name) for plan in PLANS for name in PAGES]


@pytest.fixture(scope="module", autouse=True)
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One server of its own for all: the same world, engines that stay what they are, and a caller at this computer."""
    compile_kernel()
    compile_rates()
    with (
        pytest.MonkeyPatch.context() as patch,
        opened(tmp_path_factory.mktemp("one") / "home", patch, "local") as server,
    ):
        yield server.client(HERE)


@cache
def truth(plan: str) -> Projection:
    """The projection that all of them tell of."""
    return core.project(plan_of(PLANS[plan]))


@cache
def paper(plan: str, form: str) -> bytes:
    return written(report(truth(plan), ON), form)  # type: ignore[arg-type]


def same_table(rows: Any, frame: pd.DataFrame) -> None:
    """Rows of JSON are those of a frame, to the last bit."""
    assert len(frame)
    assert rows == table(frame)


def test_the_plans_have_every_figure_of_the_vocabulary_between_them() -> None:
    """Else the comparison would be of nothing."""
    there = {name for plan in PLANS for name, value in truth(plan).metrics.items() if value is not None}
    assert there == set(METRICS)
    assert all(set(truth(plan).metrics) == set(METRICS) for plan in PLANS)


# --- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", PLANS)
def test_a_page_shows_what_the_library_works_out(plan: str) -> None:
    answer = page("projections", plan).answer
    assert answer.metrics == truth(plan).metrics
    assert answer.reasons == truth(plan).reasons
    for name in ("yearly", "monthly", "hourly", "statement"):
        pd.testing.assert_frame_equal(getattr(answer, name), getattr(truth(plan), name), rtol=0, atol=0)


def names_of(label: str) -> list[str]:
    return [SHORTER[label]] if label in SHORTER else [name for name, words in METRICS.items() if words.label == label]


@pytest.mark.parametrize(("plan", "name"), ON_SCREEN)
def test_every_tile_is_a_figure_that_is_known(plan: str, name: str) -> None:
    """By the vocabulary, or as one that this page alone has, worked out here anew."""
    told, answer = page(name, plan), truth(plan)
    assert told.tiles or name == "compare"
    for tile in told.tiles:
        names = names_of(tile.label)
        if names and name != "market":
            assert tile.value in {metric_in_words(answer, metric) for metric in names}, tile
        else:
            assert tile.value == apart(name, tile, plan), tile


def apart(name: str, tile: Tile, plan: str) -> str:
    """What a tile has to say that only this page has; KeyError for a figure that nobody knows."""
    if name == "dispatch":
        return of_dispatch(plan)[tile.label]
    return {"market": of_market, "configuration": of_sun}[name](plan)[tile.label]


def of_dispatch(plan: str) -> dict[str, str]:
    told = page("dispatch", plan).state["the operations"]
    ways = {"Planned ahead": told.rolling, "Perfect foresight": told.optimal}
    more = {label: way.earned_usd - told.rule.earned_usd for label, way in ways.items()}
    margins = told.margins
    added = {
        "+1 kWh of battery": margins.battery_usd_per_kwh,
        "+1 kW of battery": margins.battery_usd_per_kw,
        "+1 kW of grid": margins.import_usd_per_kw + margins.export_usd_per_kw,
    }
    return {
        "By the rule": say.money(told.rule.earned_usd),
        **{label: f"{'+' if usd >= 0 else ''}{say.money(usd)}" for label, usd in more.items()},
        **{label: say.money(usd, cents=True) for label, usd in added.items()},
    }


def of_market(plan: str) -> dict[str, str]:
    """From the readings that a projection rests on."""
    now = market(outside())
    price, difficulty, height = now.price_usd.value, now.difficulty.value, int(now.height.value)
    fees, subsidy = now.fees_btc_per_block.value, float(subsidy_sats(height)) / 1e8
    earned = float(hashprice_usd_per_ph_day(price, difficulty, subsidy, fees))
    return {
        "Bitcoin price": say.money(price),
        "Price in EUR": f"{say.number(price * euro())} EUR",
        "Hashprice": say.metric("hashprice_usd_per_ph_day", earned),
        "Difficulty": f"{say.number(difficulty / 1e12, 2)} T",
        "Hash rate": f"{say.number(float(network_hashrate_ths(difficulty)) / 1e6)} EH/s",
        "Fees": f"{say.number(fees, 4)} BTC",
        "Height": say.number(height),
        "Next halving": "Apr 2028",  # at ten minutes a block from the bundled height; test_mining has the heights
    }


def euro() -> float:
    rate = truth("dollars in euros").fx
    assert rate is not None
    return rate.value


def of_sun(plan: str) -> dict[str, str]:
    year = weather_for(truth(plan).scenario.site, outside()).hourly
    return {
        "Horizontal light": f"{say.number(year['ghi'].sum() / 1000)} kWh/m²",
        "Direct light": f"{say.number(year['dni'].sum() / 1000)} kWh/m²",
        "Mean temperature": f"{say.number(year['temp_air'].mean(), 1)} °C",
        "Hottest hour": f"{say.number(year['temp_air'].max(), 1)} °C",
    }


@cache
def sizes(plan: str) -> dict[str, list[float]]:
    """All that is known of a plan, by kind: its figures, its inputs, and what follows from them by a rule that is named here."""
    answer = truth(plan)
    found: dict[str, list[float]] = {"usd": [0.0]}
    for name, value in answer.metrics.items():
        if value is not None:
            found.setdefault(kind_of(METRICS[name].unit, name), []).append(value)
    for path, info, value in leaves(answer.scenario):
        unit = info.json_schema_extra.get("unit", "") if isinstance(info.json_schema_extra, dict) else ""
        if isinstance(value, int | float):
            found.setdefault(kind_of(str(unit), path), []).append(float(value))
    for kind, values in derived(answer).items():
        found.setdefault(kind, []).extend(values)
    return found


def kind_of(unit: str, name: str) -> str:
    if name.endswith("_frac") or unit == "1/yr":
        return "share"
    return {"yr": "years", "BTC": "btc", "USD/BTC": "usd", "USD/PH/day": "usd", "USD": "usd", "USD/kWh": "usd per kWh",
            "kWh/kW": "kWh"}.get(unit, unit)  # fmt: skip


def derived(answer: Projection) -> dict[str, list[float]]:
    """Figures of pages that follow from those of the vocabulary."""
    metrics, first = answer.metrics, answer.monthly.iloc[0]
    year = answer.monthly.head(12)
    coins = year["mined_btc"] + year["pool_fee_btc"]
    price, difficulty = metrics["npv_zero_price_usd"], metrics["npv_zero_difficulty"]
    promised, npv = shortcut_npv_usd(answer), metrics["npv_usd"] or 0.0
    light = next(iter(light_steps(answer.scenario.array, weather_for(answer.scenario.site, outside())).values()), 0.0)
    return {
        "usd": [
            float(first["price_usd"]),
            sum(answer.sources_usd.values()),
            float((coins * year["price_usd"]).sum()),
            *([promised - npv] if promised is not None else []),
        ],
        "btc": [float(coins.sum())],
        "share": [
            1.0,
            *(
                [difficulty / first["difficulty"] - 1.0, abs(price / first["price_usd"] - 1.0)]
                if difficulty and price
                else []
            ),
        ],
        "kWh": [light, float(year["mined_kwh"].sum())],
        "kW": [sum((unit.power_w or 0.0) * unit.count for unit in answer.scenario.fleet.units) / 1000.0],
        "eur": [npv * euro()],
    }


def unknown(words: str, plan: str) -> list[str]:
    """Figures of a text that nobody knows."""
    known = sizes(plan)
    return [
        found.text for found in figures_shown.written(words)
        if not any(found.is_of(value) for value in known.get(found.kind, ()))
    ]  # fmt: skip


@pytest.mark.parametrize(("plan", "name"), ON_SCREEN)
def test_every_figure_in_the_words_of_a_page_is_one_that_is_known(plan: str, name: str) -> None:
    told = page(name, plan)
    read = [*told.texts, *(tile.note for tile in told.tiles if name != "market")]
    assert [text for words in read for text in unknown(words, plan)] == []


def test_words_of_the_first_page_have_figures() -> None:
    """Else the test above would see nothing."""
    for plan in PLANS:
        found = [one for words in page("projections", plan).texts for one in figures_shown.written(words)]
        assert len(found) >= 10, plan
        assert {"usd", "years", "share"} <= {one.kind for one in found}


@pytest.mark.parametrize("plan", PLANS)
def test_the_summary_of_a_page_has_every_metric(plan: str) -> None:
    answer, frame = truth(plan), page("projections", plan).table("Figure", "Shown", "Value")
    assert frame["Figure"].tolist() == [words.label for words in METRICS.values()]
    assert frame["Shown"].tolist() == [metric_in_words(answer, name) for name in METRICS]
    assert frame["Why none"].tolist() == [answer.reasons.get(name, "") for name in METRICS]
    values = [np.nan if answer.metrics[name] is None else answer.metrics[name] for name in METRICS]
    np.testing.assert_array_equal(frame["Value"].astype(float), np.asarray(values, float))


@pytest.mark.parametrize("plan", PLANS)
def test_the_draft_beside_others_is_the_same(plan: str) -> None:
    frame = page("compare", plan).table("Figure", "A · Draft")
    answer = truth(plan)
    assert len(frame) > 15
    for label, text in zip(frame["Figure"], frame["A · Draft"], strict=True):
        assert text in {metric_in_words(answer, name) for name in names_of(label)}, label


@pytest.mark.parametrize(
    ("tab", "kept"), [("By year", "yearly"), ("By month", "monthly"), ("By hour, year 1", "hourly")]
)
def test_tables_of_a_page_are_the_projections(tab: str, kept: str) -> None:
    plan = "loans, taxes, heat and a tariff"
    frame = getattr(truth(plan), kept)
    shown = page("projections", plan, (("tables", tab),)).table(*frame.columns)
    assert len(shown) == len(frame)
    for column in frame:
        assert shown[column].tolist() == frame[column].tolist(), column


@pytest.mark.parametrize("plan", PLANS)
def test_the_statement_on_screen_is_the_statement(plan: str) -> None:
    """Line by line as the bank reads it, in whole cents."""
    from core import bank_statement as bank
    from core.shown import amount

    shown = page("money", plan, (("money", "Statement"),)).table("Line", "0")
    lines = bank.cash_lines(truth(plan))
    assert len(shown) == len(lines)
    for (_, row), line in zip(shown.iterrows(), lines, strict=True):
        assert row.tolist()[1:] == ([amount(usd) for usd in line.values.tolist()] or [""] * (len(row) - 1)), line.name


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", PLANS)
def test_every_metric_in_html_is_the_same(plan: str) -> None:
    answer, found = truth(plan), dict[str, set[float]]()
    for name, value, text in Page(paper(plan, "html")).figures:
        if name in METRICS:
            found.setdefault(name, set()).add(value)
            unit = "" if METRICS[name].unit == "1" else METRICS[name].unit
            assert text in {metric_in_words(answer, name), f"{exact(name, value)} {unit}".strip()}, name
    assert found == {name: {value} for name, value in answer.metrics.items() if value is not None}


@pytest.mark.parametrize("plan", PLANS)
def test_every_figure_in_the_words_of_the_report_is_one_that_is_known(plan: str) -> None:
    sections = report(truth(plan), ON).sections[:1]
    words = [block.text for section in sections for block in section.blocks if hasattr(block, "tone")]
    tiles = [tile for section in sections for block in section.blocks for tile in getattr(block, "tiles", ())]
    assert len(tiles) == 8
    for tile in tiles:
        assert tile.figure == (metric_in_words(truth(plan), tile.name), truth(plan).metrics[tile.name])
    read = [*words, *(tile.note for tile in tiles)]
    assert sum(len(figures_shown.written(text)) for text in read) > 8
    known = sizes(plan)
    best = max(
        v
        for n in ("npv_usd", "sell_npv_usd", "grid_npv_usd", "hold_npv_usd")
        if (v := truth(plan).metrics[n]) is not None
    )
    gap = say.money(best - (truth(plan).metrics["npv_usd"] or 0.0))
    assert [
        text
        for text in read
        for one in figures_shown.written(text)
        if not any(map(one.is_of, known.get(one.kind, ()))) and gap not in one.text
    ] == []


@pytest.mark.parametrize("plan", PLANS)
def test_every_metric_in_pdf_is_the_same(plan: str) -> None:
    answer, text = truth(plan), pdf_text(paper(plan, "pdf"))
    for name, words in METRICS.items():
        value, unit = answer.metrics[name], "" if words.unit == "1" else words.unit
        full = f"{exact(name, value)} {unit}" if value is not None else answer.reasons[name].split(":")[0]
        assert squeezed(f"{words.label}{metric_in_words(answer, name)}{full}") in text, name


@pytest.mark.parametrize("plan", PLANS)
def test_the_workbook_is_the_same(plan: str) -> None:
    """Metrics and months as constants, NPV and IRR as formulas, worked out here from the sheet's own cells."""
    answer, raw = truth(plan), plan_workbook(truth(plan))
    book = openpyxl.load_workbook(io.BytesIO(raw), data_only=True)
    rows = [[cell.value for cell in row] for row in book["Summary"].iter_rows()][-len(METRICS) :]
    for (name, words), (label, value, unit, *_) in zip(METRICS.items(), rows, strict=True):
        assert (label, unit) == (words.label, words.unit)
        assert value == (
            pytest.approx(answer.metrics[name], rel=1e-15) if answer.metrics[name] is not None else None
        ), name
    months = pd.read_excel(io.BytesIO(raw), "Monthly")
    for column in answer.monthly.columns.drop("month"):
        np.testing.assert_allclose(
            months[column], answer.monthly[column].astype(float), rtol=1e-15, atol=0, err_msg=column
        )
    sheets = Spreadsheet(raw)
    npv = sheets.row("Statement", "Net present value")[0]
    assert npv == pytest.approx(answer.metrics["npv_usd"], abs=0.02 * len(answer.yearly))


# --- API, command line, links ---------------------------------------------------------------------


@cache
def posted(client: Client, plan: str) -> dict[str, Any]:
    body = {"scenario": plan_of(PLANS[plan]).model_dump(mode="json")}
    answer = client.post(f"{PREFIX}/projections?hourly=true", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize("plan", PLANS)
def test_the_api_is_the_same(plan: str, door: Client) -> None:
    told, answer = posted(door, plan), truth(plan)
    assert told["metrics"] == answer.metrics
    assert told["reasons"] == answer.reasons
    for name in ("yearly", "monthly"):
        same_table(told[name], getattr(answer, name))
    same_table(told["hourly"], answer.hourly.rename_axis("hour").reset_index())


@pytest.mark.parametrize("plan", PLANS)
def test_what_the_api_kept_is_the_same(plan: str, door: Client) -> None:
    at = f"{PREFIX}/projections/{posted(door, plan)['id']}"
    answer = truth(plan)
    assert door.get(at).json()["metrics"] == answer.metrics
    brief = next(item for item in door.get(f"{PREFIX}/projections").json()["items"] if item["id"] in at)
    assert brief["npv_usd"] == round(answer.metrics["npv_usd"] or 0.0, 2), (
        "money that lists are sorted by is kept in cents"
    )
    assert brief["mined_btc"] == round(answer.metrics["mined_btc"] or 0.0, 8), "and coins in satoshi"
    for name in ("yearly", "monthly", "statement"):
        back = pd.read_csv(io.BytesIO(door.get(f"{at}?format=csv&table={name}").content))
        frame = getattr(answer, name)
        for column in frame.columns.drop("month", errors="ignore"):
            assert back[column].tolist() == frame[column].tolist(), (name, column)
    found = {
        name: value for name, value, _ in Page(door.get(f"{at}/report?format=html").content).figures if name in METRICS
    }
    assert found == {name: value for name, value in answer.metrics.items() if value is not None}


@pytest.mark.parametrize("plan", PLANS)
def test_the_command_line_is_the_same(plan: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.json").write_text(plan_of(PLANS[plan]).to_json(), encoding="utf-8")
    assert main(["project", str(tmp_path / "plan.json")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["metrics"] == truth(plan).metrics
    assert told["reasons"] == truth(plan).reasons


def shared_page(token: str) -> None:
    import streamlit as st

    from pages.ui import session, shared

    session.start()
    st.query_params["share"] = token
    shared.page()


@pytest.mark.parametrize("plan", PLANS)
def test_what_a_link_shows_is_the_same(plan: str, door: Client) -> None:
    made = door.post(f"{PREFIX}/shares", json={"kind": "projection", "subject_id": posted(door, plan)["id"]})
    assert made.status_code == 201, made.text
    told, answer = read(AppTest.from_function(shared_page, args=(made.json()["id"],), default_timeout=120)), truth(plan)
    assert [(tile.label, tile.value) for tile in told.tiles] == [
        (METRICS[name].label, metric_in_words(answer, name)) for name in TOLD
    ]
    for name in ("yearly", "monthly"):
        frame = getattr(answer, name)
        shown = told.table(*frame.columns)
        assert all(shown[column].tolist() == frame[column].tolist() for column in frame)


# --- source and age -------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", PLANS)
def test_each_figure_names_its_source_and_age(plan: str, door: Client) -> None:
    """On a page, in the report, in the workbook and over the API: what moves it, from whom, of which day."""
    answer, told = truth(plan), posted(door, plan)
    origins = {reading["name"]: reading for reading in told["readings"]} | {"weather": told["weather"]}
    assert {name: set(rests) for name, rests in told["rests_on"].items()} == {n: set(r) for n, r in RESTS_ON.items()}
    for name in {name for rests in told["rests_on"].values() for name in rests}:
        assert origins[name]["source"], name
        assert datetime.fromisoformat(origins[name]["observed_at"]) < datetime.now(UTC), name
    text = squeezed(pdf_text(paper(plan, "pdf")))
    for reading in answer.readings:
        assert squeezed(origin(reading, datetime.combine(ON, time.max, tzinfo=UTC))) in text
    assert squeezed(weather_origin(answer.weather, datetime.combine(ON, time.max, tzinfo=UTC))) in text
    rows = [
        [cell.value for cell in row]
        for row in openpyxl.load_workbook(io.BytesIO(plan_workbook(answer)))["Summary"].iter_rows()
    ]
    assert [row[4] for row in rows[-len(METRICS) :]] == [rests_in_words(name) for name in METRICS]
    assert {row[0] for row in rows} >= {"Weather", *(word(reading.name).label for reading in answer.readings)}


@pytest.mark.parametrize(
    ("plan", "name"), [pair for pair in ON_SCREEN if pair[1] in {"projections", "money", "configuration"}]
)
def test_each_tile_names_its_source_and_age(plan: str, name: str) -> None:
    answer = truth(plan)
    for tile in page(name, plan).tiles:
        names = names_of(tile.label)
        if not names:
            continue  # of the weather, whose source and age stand beside it
        read = tile.help.translate(figures_shown.HIDDEN)
        found = [all(line in read for line in origins(answer, metric, datetime.now(UTC))) for metric in names]
        assert any(found), tile
        assert any(formula(metric) in read for metric in names), tile
