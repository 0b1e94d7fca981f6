"""Machines: the planner's own, kept here, and those of the catalogue that comes with the program."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import Field, computed_field

from core.api import PREFIX
from core.api.described import errors_of
from core.api.idempotency import DoneOnce
from core.api.identity import Planner, Viewer
from core.api.paging import Asked, Page, PageAsked, cursor_of, page
from core.api.versions import VersionIfGiven, VersionRead, etag
from core.errors import Forbidden
from core.fetchers.equipment import bundled_machines
from core.machine import Machine
from core.machine import plain as plain_name
from core.outside import database
from core.store import equipment
from core.store.idempotency import Answer
from core.store.rows import stamp

router = APIRouter(prefix="/equipment", tags=["equipment"])
CATALOGUE = "catalogue-"  # how the ids of its machines begin
LONG_AGO = stamp(datetime.fromtimestamp(0, UTC))  # the catalogue comes after what a planner keeps
Origin = Literal["own", "catalogue", "all"]
Id = Annotated[str, Path(max_length=128, description="Id of a machine.")]


class MachineShown(Machine):
    """A machine, and where it is kept; one of the catalogue has no version and no times."""

    id: str
    origin: Literal["own", "catalogue"]
    version: int | None = Field(None, title="Version", description="Counts the saves.")
    created_at: datetime | None = Field(None, title="Made at")
    updated_at: datetime | None = Field(None, title="Changed at")

    @computed_field(description="What a terahash takes [J/TH].")  # type: ignore[prop-decorator]
    @property
    def efficiency_j_per_th(self) -> float:
        return self.power_w / self.hashrate_ths


Machines = Page[MachineShown]
EXAMPLE = {
    "model": "Antminer S21 XP",
    "manufacturer": "Bitmain",
    "hashrate_ths": 270.0,
    "power_w": 3645.0,
    "price_usd": 3900.0,
    "price_date": "2026-10",
    "price_source": "a dealer's offer",
}


@router.get("", responses=errors_of(401, 422, 429), summary="Machines, own ones first")
def list_machines(
    who: Viewer,
    want: PageAsked,
    text: Annotated[str, Query(max_length=120, description="Words in name, maker, cooling or note.")] = "",
    origin: Annotated[Origin, Query(description="Whose machines.")] = "all",
) -> Machines:
    """The planner's own machines, last made first, then those of the catalogue."""
    after = want.after
    if origin == "catalogue" or (after is not None and after[1].startswith(CATALOGUE)):
        return _catalogue(want, text)
    found = equipment.page(database(), who.owner, want.limit + 1, after, text)
    own = page(found, want, _own)
    if own.next_cursor is not None or origin == "own":
        return own
    rest = _catalogue(Asked(want.limit - len(own.items), None), text)
    return Machines(items=[*own.items, *rest.items], next_cursor=rest.next_cursor)


@router.post(
    "",
    status_code=201,
    response_model=MachineShown,
    responses=errors_of(401, 422, 429, body=True),
    summary="Keep a machine",
)
def create_machine(who: Planner, machine: Annotated[Machine, Body(examples=[EXAMPLE])], once: DoneOnce) -> Response:
    """Keep a machine of one's own; its name must be new among them. Plans then call it by its name."""

    def make() -> Answer:
        saved = equipment.create(database(), who.owner, machine)
        headers = {"ETag": etag(saved.version), "Location": f"{PREFIX}/equipment/{saved.id}"}
        return Answer(201, _own(saved).model_dump_json().encode(), headers)

    return once(make)


@router.get("/{id}", responses=errors_of(401, 404, 422, 429), summary="A machine")
def read_machine(who: Viewer, id: Id, response: Response) -> MachineShown:  # noqa: A002
    """One machine, own or of the catalogue; the version of an own one is its ETag."""
    if id in _by_id():
        return _listed(id)
    saved = equipment.get(database(), who.owner, id)
    response.headers["ETag"] = etag(saved.version)
    return _own(saved)


@router.put("/{id}", responses=errors_of(401, 404, 409, 429, body=True), summary="Change a machine")
def update_machine(who: Planner, id: Id, machine: Machine, version: VersionRead, response: Response) -> MachineShown:  # noqa: A002
    """Keep the machine as the next version of the one that was read; `If-Match` says which that was."""
    _refuse_catalogue(id)
    saved = equipment.update(database(), who.owner, id, machine, version)
    response.headers["ETag"] = etag(saved.version)
    return _own(saved)


@router.delete("/{id}", status_code=204, responses=errors_of(401, 404, 409, 422, 429), summary="Forget a machine")
def delete_machine(who: Planner, id: Id, version: VersionIfGiven) -> None:  # noqa: A002
    """Forget a machine of one's own."""
    _refuse_catalogue(id)
    equipment.delete(database(), who.owner, id, version)


def _refuse_catalogue(id: str) -> None:  # noqa: A002
    if id in _by_id():
        expected = "a machine of your own"
        raise Forbidden("the catalogue comes with the program", field="id", value=id, expected=expected)


def _own(saved: equipment.Saved) -> MachineShown:
    facts = {name: getattr(saved, name) for name in ("id", "version", "created_at", "updated_at")}
    return _item(saved.machine, origin="own", **facts)


def _item(machine: Machine, **facts: object) -> MachineShown:
    return MachineShown.model_validate({**machine.model_dump(), **facts})


@cache
def _by_id() -> dict[str, Machine]:
    """The catalogue's machines by id, in its order."""
    return {CATALOGUE + _slug(machine.model): machine for machine in bundled_machines()}


def _slug(name: str) -> str:
    """A name as an address has it: S21+ and S21 differ."""
    return re.sub("[^a-z0-9]+", "-", plain_name(name.replace("+", " plus "))).strip("-")


def _listed(id: str) -> MachineShown:  # noqa: A002
    return _item(_by_id()[id], id=id, origin="catalogue")


def _catalogue(want: Asked, text: str) -> Machines:
    """A page of the catalogue, from after the machine that the cursor names."""
    words = plain_name(text).split()
    after = want.after[1] if want.after is not None else ""
    names = list(_by_id())
    names = names[names.index(after) + 1 :] if after in names else names
    fit = [name for name in names if all(word in _searched(_by_id()[name]) for word in words)]
    here = fit[: want.limit]
    last = here[-1] if here else CATALOGUE
    return Machines(
        items=[_listed(name) for name in here],
        next_cursor=cursor_of((LONG_AGO, last)) if len(fit) > len(here) else None,
    )


def _searched(machine: Machine) -> str:
    return plain_name(f"{machine.model} {machine.manufacturer} {machine.cooling} {machine.note}")
