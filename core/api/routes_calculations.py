"""What takes longer than a request should: each is taken on as a job, and answered at once where `wait` suffices."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from core.api import jobs_shown, visitors
from core.api.described import Responses, errors_of
from core.api.idempotency import DoneOnce, Once
from core.api.identity import Planner, Viewer
from core.api.jobs_shown import ROOT, JobBegun, JobShown, Wait
from core.api.limits import name_of
from core.api.plans import in_full
from core.orders import orders
from core.requests import (
    Asked,
    BacktestAsked,
    BatchAsked,
    ComparisonAsked,
    FirstDesignAsked,
    RiskAnalysisAsked,
    SensitivityAsked,
    SizingAsked,
)
from core.store.idempotency import Answer

router = APIRouter(tags=["calculations"])
LOCATION = {"Location": {"description": "Where to follow the job.", "schema": {"type": "string"}}}
WISH = {
    "site": {"name": "West Texas", "latitude": 31.5, "longitude": -102.3, "timezone": "America/Chicago"},
    "budget_usd": 500_000.0,
    "power_usd_per_kwh": 0.06,
}
ANSWERS: Responses = {
    200: {"model": JobShown, "description": "It ended within `wait` seconds: the job with its result."},
    202: {"model": JobBegun, "description": "It was taken on.", "headers": LOCATION},
    **errors_of(401, 403, 404, 409, 429, 502, 504, body=True),
}


class Desk:
    """Takes requests on for one caller."""

    def __init__(self, request: Request, who: Viewer, once: DoneOnce, wait: Wait = 0.0) -> None:
        self._who, self._once, self._wait_s = who, once, wait
        self._owner, self._visitor = who.owner, "" if who.keeps or who.key_id else name_of(who, request)

    async def answer(self, kind: str, asked: Asked) -> Response:
        """The job as it was taken on, or with its result; the error it failed with where it did so in time."""
        if self._visitor:
            full = await run_in_threadpool(in_full, asked, self._who)
            shown = await visitors.answered(kind, self._visitor, full)
            return Response(shown.model_dump_json(), media_type="application/json")
        told = await run_in_threadpool(self._taken_on, kind, asked)
        if not self._wait_s:
            return told
        job_id = str(json.loads(bytes(told.body))["job_id"])
        kept = await jobs_shown.ended(self._owner, job_id, self._wait_s)
        return told if kept.live else await run_in_threadpool(self._result, job_id)

    def _taken_on(self, kind: str, asked: Asked) -> Response:
        if (earlier := self._once.kept()) is not None:
            return earlier
        full = in_full(asked, self._who)

        def make() -> Answer:
            kept = orders().submit(kind, self._owner, full)
            begun = jobs_shown.begun(kept)
            headers = {"Location": f"{ROOT}/{kept.id}", "content-type": "application/json"}
            return Answer(202, begun.model_dump_json().encode(), headers)

        once: Once = self._once
        return once(make)

    def _result(self, job_id: str) -> Response:
        kept = orders().get(self._owner, job_id)
        if (error := jobs_shown.failure(self._owner, kept)) is not None:
            raise error
        body = jobs_shown.in_full(self._owner, kept).model_dump_json()
        return Response(body, 200, {"Location": f"{ROOT}/{job_id}"}, "application/json")


AtDesk = Annotated[Desk, Depends(Desk)]


@router.post("/risk-analyses", status_code=202, response_model=JobBegun, responses=ANSWERS, summary="Live a plan many times")  # fmt: skip
async def risk_analysis(desk: AtDesk, asked: RiskAnalysisAsked) -> Response:
    """The distribution of what a plan earns: metrics with their standard errors, fans by month, what moves it."""
    return await desk.answer("risk-analysis", asked)


@router.post("/sensitivities", status_code=202, response_model=JobBegun, responses=ANSWERS, summary="What moves a plan")
async def sensitivity(desk: AtDesk, asked: SensitivityAsked) -> Response:
    """Tornado, shares of the variance, named bad turns, and the surface over price and difficulty."""
    return await desk.answer("sensitivity", asked)


@router.post("/sizings", status_code=202, response_model=JobBegun, responses=ANSWERS, summary="Find the best sizes")
async def sizing(desk: AtDesk, asked: SizingAsked) -> Response:
    """The sizes of array, battery and fleet that serve an objective best, or an aim over many lives."""
    return await desk.answer("sizing", asked)


@router.post("/first-designs", status_code=202, response_model=JobBegun, responses=ANSWERS, summary="A first design from three figures")  # fmt: skip
async def first_design(desk: AtDesk, asked: Annotated[FirstDesignAsked, Body(examples=[WISH])]) -> Response:
    """A place, a budget and a power price: the design worth most, or where none pays the one that loses least; `pays` says which."""
    return await desk.answer("first-design", asked)


@router.post("/backtests", status_code=202, response_model=JobBegun, responses=ANSWERS, summary="Hold the cone against what came")  # fmt: skip
async def backtest(desk: AtDesk, asked: BacktestAsked) -> Response:
    """What the model would have said from past months, and what came."""
    return await desk.answer("backtest", asked)


@router.post("/comparisons", status_code=202, response_model=JobBegun, responses=ANSWERS, summary="Two plans under the same chances")  # fmt: skip
async def comparison(desk: AtDesk, asked: ComparisonAsked) -> Response:
    """The second plan less the first, path by path."""
    return await desk.answer("comparison", asked)


@router.post("/batches", status_code=202, response_model=JobBegun, responses=ANSWERS, summary="Many plans or sites in one job")  # fmt: skip
async def batch(who: Planner, desk: AtDesk, asked: BatchAsked) -> Response:
    """Up to 1,000 plans, or one plan at up to 1,000 sites: a row for each as it comes, at the job's `rows`."""
    return await desk.answer("batch", asked)
