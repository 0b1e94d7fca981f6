"""A plan looked through for classic mistakes, in words and dollars."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from starlette.responses import Response

from core.answers import Checked, check
from core.api.described import errors_of
from core.api.idempotency import DoneOnce
from core.api.identity import Caller, Viewer
from core.api.plans import in_full, own_machines
from core.desk import desk
from core.requests import ChecksAsked
from core.store.idempotency import Answer
from core.studies.checks import CHECKS
from core.work import uploaded_weather

router = APIRouter(tags=["calculations"])
EXAMPLE = {"scenario": {"name": "Frozen", "outlook": {"difficulty_growth_per_year": 0.0, "pool_fee_frac": 0.0}}}


class Mistake(BaseModel):
    """A classic mistake that a plan makes."""

    name: str
    title: str
    words: str = Field(description="Why it is one.")
    remedy: str = Field(description="What sets it right, in words.")
    changes: dict[str, Any] = Field(description="The same by dotted path of the scenario.")
    gain_usd: float | None = Field(
        description="What the plan is worth more once this alone is set right; null where it then cannot be worked out."
    )


class Looked(BaseModel):
    """What was found in a plan."""

    scenario_digest: str
    npv_usd: float = Field(description="Of the plan as it is.")
    looked_for: int = Field(description="How many mistakes are known.")
    found: list[Mistake] = Field(description="Those of this plan, in the order in which they are usually largest.")


@router.post(
    "/checks",
    response_model=Looked,
    responses=errors_of(401, 404, 429, 502, 504, body=True),
    summary="Classic mistakes of a plan",
)
async def create_checks(
    who: Viewer, asked: Annotated[ChecksAsked, Body(examples=[EXAMPLE])], once: DoneOnce
) -> Response:
    """Look a plan through for classic mistakes, as the first page does: each with what the plan is worth once it is set right."""
    earlier = await run_in_threadpool(once.kept)
    if earlier is not None:
        return earlier
    told = await desk().run(partial(_checked, asked, who))
    found = [Mistake(**one._asdict(), gain_usd=gain) for one, gain in told.found]
    looked = Looked(scenario_digest=told.plan.digest, npv_usd=told.npv_usd, looked_for=len(CHECKS), found=found)
    body = looked.model_dump_json().encode()
    return await run_in_threadpool(once, lambda: Answer(200, body, {"content-type": "application/json"}))


def _checked(asked: ChecksAsked, who: Caller) -> Checked:
    plan = in_full(asked, who).plan
    return check(plan, uploaded_weather(plan, who.owner), own_machines(who))
