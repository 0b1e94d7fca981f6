"""Saved scenarios, which the API calls system configurations: the same that the dashboard saves and opens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel

from core.api import PREFIX
from core.api.described import errors_of
from core.api.idempotency import DoneOnce
from core.api.identity import Planner, Viewer
from core.api.paging import Page, PageAsked, page
from core.api.versions import VersionIfGiven, VersionRead, etag
from core.outside import database
from core.scenario import Scenario
from core.store import scenarios
from core.store.idempotency import Answer

router = APIRouter(prefix="/system-configs", tags=["system configurations"])
Id = Annotated[str, Path(max_length=128, description="Id of a system configuration.")]
EXAMPLE = {
    "name": "Two megawatts in Texas",
    "site": {"latitude": 31.5, "longitude": -102.3},
    "array": {"dc_kw": 2000.0, "mounting": "one_axis_backtracked"},
    "fleet": {"units": [{"model": "Antminer S21", "count": 300}]},
    "grid": {"import_limit_kw": 500.0, "import_usd_per_kwh": 0.05},
}
Given = Annotated[Scenario, Body(examples=[EXAMPLE], description="A scenario; what is left out is as in the example.")]


class ConfigBrief(BaseModel):
    """A saved scenario without the scenario. `version` counts its saves, `digest` names what it says."""

    id: str
    name: str
    version: int
    digest: str
    created_at: datetime
    updated_at: datetime


class Config(ConfigBrief):
    """A saved scenario."""

    scenario: Scenario


@router.get("", responses=errors_of(401, 422, 429), summary="Saved system configurations")
def list_configs(
    who: Viewer,
    want: PageAsked,
    name: Annotated[str, Query(max_length=120, description="What the name has in it.")] = "",
) -> Page[ConfigBrief]:
    """What the caller saved, here or in the dashboard, last made first."""
    found = scenarios.page(database(), who.owner, want.limit + 1, want.after, name)
    return page(found, want, _item)


@router.post(
    "",
    status_code=201,
    response_model=Config,
    responses=errors_of(401, 422, 429, body=True),
    summary="Save a system configuration",
)
def create_config(who: Planner, scenario: Given, once: DoneOnce) -> Response:
    """Save a scenario; projections can then be asked for by its id."""

    def make() -> Answer:
        saved = scenarios.save(database(), who.owner, scenario)
        headers = {"ETag": etag(saved.version), "Location": f"{PREFIX}/system-configs/{saved.id}"}
        return Answer(201, _config(saved, scenario).model_dump_json().encode(), headers)

    return once(make)


@router.get("/{id}", responses=errors_of(401, 404, 422, 429), summary="A system configuration")
def read_config(who: Viewer, id: Id, response: Response) -> Config:  # noqa: A002
    """A saved scenario as it is now; its version is the ETag."""
    scenario, saved = scenarios.load(database(), who.owner, id)
    response.headers["ETag"] = etag(saved.version)
    return _config(saved, scenario)


@router.put("/{id}", responses=errors_of(401, 404, 409, 429, body=True), summary="Save the next version")
def update_config(who: Planner, id: Id, scenario: Given, version: VersionRead, response: Response) -> Config:  # noqa: A002
    """Save a scenario as the next version of the one that was read; `If-Match` says which that was."""
    saved = scenarios.save(database(), who.owner, scenario, id, version)
    response.headers["ETag"] = etag(saved.version)
    return _config(saved, scenario)


@router.delete("/{id}", status_code=204, responses=errors_of(401, 404, 409, 422, 429), summary="Forget a configuration")
def delete_config(who: Planner, id: Id, version: VersionIfGiven) -> None:  # noqa: A002
    """Forget a saved scenario; projections made from it stay."""
    scenarios.delete(database(), who.owner, id, version)


def _item(saved: scenarios.Saved) -> ConfigBrief:
    return ConfigBrief(**vars(saved))


def _config(saved: scenarios.Saved, scenario: Scenario) -> Config:
    return Config(**vars(saved), scenario=scenario)
