"""Projections: asked for, kept, read back and downloaded."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import APIRouter, Body, Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from starlette.responses import Response

from core.answers import project
from core.api import PREFIX
from core.api.described import errors_of
from core.api.downloads import CSV, WantsCsv, csv_headers, csv_response, file_headers
from core.api.idempotency import DoneOnce
from core.api.identity import Caller, Planner, Viewer
from core.api.paging import Page, PageAsked, page
from core.api.plans import in_full, own_machines
from core.api.shelf import shelf
from core.desk import desk
from core.exports import csv_bytes
from core.formulas import RESTS_ON
from core.outside import database
from core.plain import table
from core.report import TYPES, Form, report, written
from core.requests import Plan
from core.results import Projection
from core.scenario import Scenario
from core.store import projections
from core.store.idempotency import Answer
from core.work import uploaded_weather

router = APIRouter(prefix="/projections", tags=["projections"])
Table = Literal["yearly", "monthly", "hourly", "statement"]
Row = dict[str, float | str | None]
Id = Annotated[str, Path(max_length=128, description="Id of a projection.")]
Wanted = Annotated[Table, Query(alias="table", description="Which table, where CSV is asked for.")]
Hours = Annotated[bool, Query(description="Whether the 8,760 hours of year 1 come along.")]
EXAMPLE = {
    "scenario": {
        "name": "Two megawatts in Texas",
        "site": {"latitude": 31.5, "longitude": -102.3},
        "array": {"dc_kw": 2000.0},
        "fleet": {"units": [{"model": "Antminer S21", "count": 300}]},
    }
}


class Asked(Plan):
    """What to project, and under which name it is kept."""

    name: str | None = Field(None, min_length=1, max_length=120, description="As the scenario's where left out.")


class ReadingOut(BaseModel):
    """A figure from outside that a result rests on, with its source and age."""

    name: str
    value: float
    source: str
    observed_at: datetime
    fetched_at: datetime
    status: str = Field(description="live, cached, stale, bundled or planner.")
    why: str
    notice: str


class WeatherOut(BaseModel):
    """The weather year that a result rests on."""

    source: str
    status: str
    kind: str
    digest: str
    latitude: float
    longitude: float
    year: int
    notes: list[str]
    observed_at: str = Field(description="Empty where the projection was kept before that was known.")


class ProjectionBrief(BaseModel):
    """A projection as a list shows it."""

    id: str
    name: str
    scenario_digest: str
    npv_usd: float | None
    mined_btc: float | None
    model_version: str
    engine: str
    created_at: datetime


class Projected(BaseModel):
    """A projection. Names of metrics and columns carry their units; the page Method of the dashboard has their meaning."""

    id: str | None = Field(description="Null where nothing is kept for the caller.")
    name: str
    created_at: datetime
    scenario_digest: str
    model_version: str
    engine: str
    metrics: dict[str, float | None] = Field(description="Null where there is none: `reasons` says why.")
    reasons: dict[str, str]
    rests_on: dict[str, list[str]] = Field(
        description="What moves each metric beside the plan itself: names of `readings`, and `weather`."
    )
    notices: list[str]
    readings: list[ReadingOut]
    weather: WeatherOut
    scenario: Scenario
    yearly: list[Row] = Field(description="Year 0, the investment, and each year of the plan.")
    monthly: list[Row]
    hourly: list[Row] | None = Field(description="Year 1 by hour in UTC, where asked for with `hourly=true`.")


FORMS: dict[str, Any] = {"content": {CSV: {"schema": {"type": "string"}}}}


@router.get("", responses=errors_of(401, 422, 429), summary="Kept projections")
def list_projections(
    who: Viewer,
    want: PageAsked,
    name: Annotated[str, Query(max_length=120, description="What the name has in it.")] = "",
    scenario_digest: Annotated[str, Query(max_length=64, description="Of this scenario exactly.")] = "",
) -> Page[ProjectionBrief]:
    """What the caller kept, here or in the dashboard, last made first."""
    found = projections.page(database(), who.owner, want.limit + 1, want.after, name, scenario_digest)
    return page(found, want, _item)


@router.post(
    "",
    status_code=201,
    response_model=Projected,
    responses={
        **errors_of(401, 404, 429, 502, 504, body=True),
        200: {"model": Projected, "description": "The same with `id: null`: nothing is kept for this caller.", **FORMS},
        201: {"description": "The projection, kept.", **FORMS},
    },
    summary="Project a scenario",
)
async def create_projection(
    who: Viewer,
    asked: Annotated[Asked, Body(examples=[EXAMPLE])],
    once: DoneOnce,
    csv: WantsCsv,
    which: Wanted = "yearly",
    hourly: Hours = False,
) -> Response:
    """Work a scenario out, hour by hour and month by month, with weather and market as they are known now.

    A planner's projection is kept; a viewer's is answered with `id: null`.
    """
    earlier = await run_in_threadpool(once.kept)
    if earlier is not None:
        return earlier
    answer = await desk().run(partial(_projected, asked, who))
    name = asked.name or answer.scenario.name
    told = await run_in_threadpool(_Told, answer, name, which if csv else None, hourly)

    def make() -> Answer:
        if not who.keeps:
            return told.answered(200, None, datetime.now(UTC))
        saved = projections.save(database(), who.owner, answer, name)
        return told.answered(201, saved.id, saved.created_at)

    return await run_in_threadpool(once, make)


@router.get(
    "/{id}",
    response_model=Projected,
    responses={**errors_of(401, 404, 422, 429), 200: {"description": "The projection, or one table of it.", **FORMS}},
    summary="A projection",
)
def read_projection(who: Viewer, id: Id, csv: WantsCsv, which: Wanted = "yearly", hourly: Hours = False) -> Response:  # noqa: A002
    """A kept projection, figure for figure as it was worked out."""
    saved = projections.facts(database(), who.owner, id)
    if csv:
        frame = frame_of(projections.load(database(), who.owner, id), which)
        return csv_response(frame, f"{saved.name} {which}")
    return Response(_read(saved, who, hourly), media_type="application/json")


@router.get(
    "/{id}/report",
    responses={
        **errors_of(401, 404, 422, 429),
        200: {"description": "The report.", "content": {"application/pdf": {}, "text/html": {}, "application/zip": {}}},
    },
    response_class=Response,
    summary="A projection as a report",
)
async def read_report(
    who: Viewer,
    id: Id,  # noqa: A002
    form: Annotated[
        Form, Query(alias="format", description="A4 as PDF, one page of HTML, or the charts as SVG and PNG in a ZIP.")
    ] = "pdf",
) -> Response:
    """A kept projection as a report of a few pages, dated today, without risk: that is not kept with it."""
    saved = await run_in_threadpool(projections.facts, database(), who.owner, id)
    answer = await run_in_threadpool(projections.load, database(), who.owner, id)
    kind, ext = TYPES[form]
    content = await desk().run(lambda: written(report(answer, datetime.now(UTC).date()), form))
    return Response(content, headers={**file_headers(f"{saved.name} report", ext), "content-type": kind})


@router.delete("/{id}", status_code=204, responses=errors_of(401, 404, 422, 429), summary="Forget a projection")
def delete_projection(who: Planner, id: Id) -> None:  # noqa: A002
    """Forget a kept projection."""
    projections.delete(database(), who.owner, id)
    shelf().drop(id)


class _Told:
    """A projection written out, but for what is known only once it is kept."""

    def __init__(self, answer: Projection, name: str, table: Table | None, hourly: bool) -> None:
        self._name, self._table, self._hourly = name, table, hourly
        self._rest = csv_bytes(frame_of(answer, table)) if table else _json(_facts(answer, hourly))

    def answered(self, status: int, id: str | None, at: datetime) -> Answer:  # noqa: A002
        """The answer under an id; a table in CSV has it in its address alone."""
        where = {"Location": f"{PREFIX}/projections/{id}"} if status == 201 else {}
        if self._table:
            return Answer(status, self._rest, {**csv_headers(f"{self._name} {self._table}"), **where})
        if id is not None and not self._hourly:
            shelf().put(id, self._rest)
        return Answer(status, _whole(id, self._name, at, self._rest), where)


def _read(saved: projections.Saved, who: Caller, hourly: bool) -> bytes:
    """A kept projection written out; of what was written out before only the name is new."""
    rest = None if hourly else shelf().get(saved.id)
    if rest is None:
        rest = _json(_facts(projections.load(database(), who.owner, saved.id), hourly))
        if not hourly:
            shelf().put(saved.id, rest)
    return _whole(saved.id, saved.name, saved.created_at, rest)


def _whole(id: str | None, name: str, at: datetime, rest: bytes) -> bytes:  # noqa: A002
    return _json({"id": id, "name": name, "created_at": at.isoformat()})[:-1] + b", " + rest[1:]


def _projected(asked: Asked, who: Caller) -> Projection:
    plan = in_full(asked, who).plan
    return project(plan, uploaded_weather(plan, who.owner), own=own_machines(who))


def frame_of(answer: Projection, table: Table) -> pd.DataFrame:
    """A table of a projection; the hours begin with their own."""
    frame: pd.DataFrame = getattr(answer, table)
    return frame.rename_axis("hour").reset_index() if table == "hourly" else frame


def _facts(answer: Projection, hourly: bool) -> dict[str, Any]:
    return {
        "scenario_digest": answer.scenario.digest,
        **answer.summary(),
        "rests_on": RESTS_ON,
        "weather": vars(answer.weather),
        "scenario": answer.scenario.model_dump(mode="json"),
        "yearly": table(answer.yearly),
        "monthly": table(answer.monthly),
        "hourly": table(frame_of(answer, "hourly")) if hourly else None,
    }


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


def _item(saved: projections.Saved) -> ProjectionBrief:
    figures = {"npv_usd": saved.npv_usd, "mined_btc": saved.mined_btc}
    return ProjectionBrief(
        **{name: getattr(saved, name) for name in ProjectionBrief.model_fields if name not in figures}, **figures
    )
