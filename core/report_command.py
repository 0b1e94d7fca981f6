"""`python -m core report PLAN --to FILE`: a scenario projected and written down as HTML, PDF, or its charts in a ZIP."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from core.errors import ValidationError
from core.report import TYPES, Form, report, written
from core.scenario import read

FORMS: dict[str, Form] = {ext: form for form, (_, ext) in TYPES.items()}


def add_to(parser: argparse.ArgumentParser, say: Callable[[str], object]) -> None:
    """The command's arguments."""
    parser.add_argument("file", type=Path, help="a scenario as JSON, as the dashboard exports it")
    parser.add_argument(
        "--to", type=Path, required=True, help="where to: a name that ends in .pdf, .html or .zip (its charts)"
    )
    parser.add_argument(
        "--weather", type=Path, help="a weather file (EPW, TMY3, NSRDB, PVGIS) instead of asking for one"
    )
    parser.add_argument(
        "--risk", action="store_true", help="live the plan many times first, and tell what may go wrong"
    )
    parser.add_argument("--on", type=date.fromisoformat, help="the day on the report, as YYYY-MM-DD; by default today")
    parser.set_defaults(command=lambda asked: _write(asked, say))


def _write(asked: argparse.Namespace, say: Callable[[str], object]) -> int:
    from core.answers import project, sensitivity, simulate
    from core.fetchers.market import market as market_now
    from core.fetchers.weather import weather_for
    from core.fetchers.weather_files import read_weather
    from core.outside import outside

    form = FORMS.get(asked.to.suffix.lower().lstrip("."))
    if form is None:
        raise ValidationError(
            "no such report", field="--to", value=str(asked.to), expected="a name that ends in .pdf, .html or .zip"
        )
    plan = read(json.loads(asked.file.read_text(encoding="utf-8")))
    world = read_weather(asked.weather) if asked.weather else weather_for(plan.site, outside()), market_now(outside())
    answer = project(plan, *world)
    lives, why = (simulate(plan, *world), sensitivity(plan, *world)) if asked.risk else (None, None)
    paper = report(answer, asked.on or datetime.now(UTC).date(), lives, why)
    asked.to.write_bytes(written(paper, form))
    say(f"{asked.to}")
    return 0
