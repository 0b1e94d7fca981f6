"""Saved projections: answers, each whole, with the scenario, weather and readings it rests on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from core.errors import DatabaseError, ValidationError
from core.inputs import Reading
from core.results import Projection, WeatherNote
from core.scenario import read
from core.store import amounts, frames, pages, rows
from core.store.database import Database

COLUMNS = "id, name, scenario_digest, npv_cents, mined_sats, model_version, engine, created_at"
LIST = f"SELECT {COLUMNS} FROM projections WHERE owner = ? ORDER BY created_at DESC, rowid DESC LIMIT ?"
FRAMES = ("hourly", "monthly", "yearly", "statement")


@dataclass(frozen=True)
class Saved:
    """A saved projection without its figures but the two a list shows, None where the projection has none."""

    id: str
    name: str
    scenario_digest: str
    npv_cents: int | None
    mined_sats: int | None
    model_version: str
    engine: str
    created_at: datetime

    @property
    def npv_usd(self) -> float | None:
        return amounts.usd_of(self.npv_cents)

    @property
    def mined_btc(self) -> float | None:
        return amounts.btc_of(self.mined_sats)


def save(db: Database, owner: str, projection: Projection, name: str | None = None) -> Saved:
    """Keep a projection, called `name` or as its scenario; ValidationError for a figure that is not finite."""
    row = {"id": rows.new_id(), "owner": rows.owned(owner), "created_at": rows.stamp()}
    row["name"] = rows.named(projection.scenario.name if name is None else name)
    row = rows.sealed({**row, **_content(projection)})
    with db.write() as tables:
        tables.table("projections").insert(row)
    return _saved(row)


def load(db: Database, owner: str, id: str) -> Projection:  # noqa: A002
    """A saved projection, figure for figure; NotFound where the id is unknown or another's."""
    rows.owned(owner)
    with db.read() as tables:
        row = _row(tables, owner, id)
    try:
        return _projection(row)
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        message = f"the projection {id} cannot be read by this version of the program"
        raise DatabaseError(message, field="id", value=id, expected="a projection of this version") from error


def listed(db: Database, owner: str, limit: int = 1000) -> list[Saved]:
    """What an owner saved, the newest first."""
    rows.owned(owner)
    with db.read() as tables:
        return [_saved(row) for row in tables.query(LIST, [owner, limit])]


def page(
    db: Database, owner: str, limit: int, after: pages.Key | None = None, name: str = "", scenario_digest: str = ""
) -> list[Saved]:
    """At most `limit` of what an owner saved, last made first, from after the row `after`.

    name: what the name has in it. scenario_digest: of which scenario exactly; empty text leaves either open.
    """
    rows.owned(owner)
    wanted = [pages.contains("name", name)] if name else []
    if scenario_digest:
        wanted.append(pages.Filter("scenario_digest = ?", (scenario_digest,)))
    with db.read() as tables:
        return [_saved(row) for row in pages.rows_after(tables, "projections", COLUMNS, owner, limit, after, wanted)]


def facts(db: Database, owner: str, id: str) -> Saved:  # noqa: A002
    """What a list shows of a saved projection; NotFound where the id is unknown or another's."""
    rows.owned(owner)
    with db.read() as tables:
        return _saved(rows.present(tables, "projections", owner, {"id": id}, "projection", columns=COLUMNS))


def rename(db: Database, owner: str, id: str, name: str) -> Saved:  # noqa: A002
    """Call a saved projection `name`; its scenario keeps the name it was projected under."""
    rows.owned(owner)
    with db.write() as tables:
        row = rows.sealed({**_row(tables, owner, id), "name": rows.named(name)})
        tables.table("projections").update(id, {key: row[key] for key in ("name", "checksum")})
    return _saved(row)


def duplicate(db: Database, owner: str, id: str, name: str | None = None) -> Saved:  # noqa: A002
    """Keep a copy of a saved projection, called `name` or "… (copy)"."""
    rows.owned(owner)
    with db.write() as tables:
        old = _row(tables, owner, id)
        name = rows.copy_of(old["name"]) if name is None else rows.named(name)
        row = rows.sealed({**old, "id": rows.new_id(), "name": name, "created_at": rows.stamp()})
        tables.table("projections").insert(row)
    return _saved(row)


def delete(db: Database, owner: str, id: str) -> None:  # noqa: A002
    """Forget a saved projection, a damaged one too."""
    rows.owned(owner)
    with db.write() as tables:
        rows.present(tables, "projections", owner, {"id": id}, "projection", columns="id")
        tables.table("projections").delete(id)


def _row(tables: Any, owner: str, id: str) -> dict[str, Any]:  # noqa: A002
    return rows.sole(tables, "projections", owner, {"id": id}, "projection")


def _content(projection: Projection) -> dict[str, Any]:
    return {
        "scenario_digest": projection.scenario.digest,
        "npv_cents": amounts.cents(projection.metrics.get("npv_usd"), "npv_usd"),
        "mined_sats": amounts.sats(projection.metrics.get("mined_btc"), "mined_btc"),
        "model_version": projection.model_version,
        "engine": projection.engine,
        "scenario": projection.scenario.to_json(),
        "weather": amounts.plain_json(asdict(projection.weather), "weather"),
        "summary": amounts.plain_json(projection.summary(), "projection"),
        **{name: _packed(getattr(projection, name), name) for name in FRAMES},
    }


def _packed(frame: pd.DataFrame, name: str) -> bytes | None:
    """The frame as bytes; None for the statement that an older projection does not have."""
    return None if name == "statement" and frame.empty else frames.packed(frame, name)


def _projection(row: dict[str, Any]) -> Projection:
    summary, weather = json.loads(row["summary"]), json.loads(row["weather"])
    return Projection(
        scenario=read(row["scenario"]),
        readings=tuple(Reading.from_dict(raw) for raw in summary["readings"]),
        weather=WeatherNote(**{**weather, "notes": tuple(weather["notes"])}),
        metrics=summary["metrics"],
        reasons=summary["reasons"],
        notices=tuple(summary["notices"]),
        model_version=row["model_version"],
        engine=row["engine"],
        hourly=frames.unpacked(row["hourly"], "hourly"),
        monthly=frames.unpacked(row["monthly"], "monthly"),
        yearly=frames.unpacked(row["yearly"], "yearly"),
        statement=pd.DataFrame() if row["statement"] is None else frames.unpacked(row["statement"], "statement"),
    )


def _saved(row: dict[str, Any]) -> Saved:
    facts = {name: row[name] for name in Saved.__dataclass_fields__}
    return Saved(**{**facts, "created_at": rows.moment(row["created_at"])})
