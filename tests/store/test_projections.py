"""Saved projections: every figure back to the last bit, or an error that names the row."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.errors import DatabaseError, NotFound, ScenarioError, ValidationError
from core.results import Projection
from core.store import projections, rows
from core.store.database import Database, open_database

FRAMES = ("hourly", "monthly", "yearly", "statement")


def assert_same(answer: Projection, kept: Projection) -> None:
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(kept, name), getattr(answer, name), check_exact=True, check_freq=True)
        assert kept_bytes(getattr(kept, name)) == kept_bytes(getattr(answer, name))
    assert kept.summary() == answer.summary()
    for name in ("scenario", "readings", "weather", "metrics", "reasons", "notices", "model_version", "engine"):
        assert getattr(kept, name) == getattr(answer, name), name


def kept_bytes(frame: pd.DataFrame) -> str:
    numbers = frame.select_dtypes("number").to_numpy(dtype=float)
    return hashlib.sha256(np.ascontiguousarray(numbers).tobytes()).hexdigest()


def with_metrics(answer: Projection, **metrics: Any) -> Projection:
    return replace(answer, metrics={**answer.metrics, **metrics})


def test_a_projection_comes_back_figure_for_figure_after_reopening(tmp_path: Path, projection: Projection) -> None:
    db = open_database(tmp_path)
    saved = projections.save(db, "ann", projection)
    db.close()
    db = open_database(tmp_path)
    kept = projections.load(db, "ann", saved.id)
    assert_same(projection, kept)
    assert str(kept.hourly.index.dtype) == str(projection.hourly.index.dtype)
    assert projections.listed(db, "ann") == [saved]
    db.close()


def test_a_projection_of_before_the_statement_still_loads(db: Database, projection: Projection) -> None:
    saved = projections.save(db, "ann", projection)
    with db.write() as tables:
        row = next(tables.query("SELECT * FROM projections WHERE id = ?", [saved.id]))
        older = {name: value for name, value in row.items() if name != "statement"}  # sealed without that column
        tables.table("projections").update(saved.id, {"statement": None, "checksum": rows.checksum(older)})
    kept = projections.load(db, "ann", saved.id)
    assert kept.statement.empty
    pd.testing.assert_frame_equal(kept.yearly, projection.yearly, check_exact=True)
    again = projections.load(db, "ann", projections.save(db, "ann", kept).id)
    assert again.statement.empty


def test_unusual_frames_keep_types_zones_and_indexes(db: Database, projection: Projection) -> None:
    zoned = pd.date_range("2026-10-25", periods=5, freq="h", tz="Europe/Berlin", unit="ns", name="time")
    odd = pd.DataFrame(
        {
            "small": np.array([1, 2, 3, 4, 5], dtype=np.int16),
            "single": np.float32([0.1, -0.0, 1e-45, 3e38, 5]),
            "flag": [True, False, True, False, True],
            "kind": pd.Categorical(["a", "b", "a", "b", "a"]),
            "text": ["=1", "", "é", "🌞", "\0"],
            "day": pd.date_range("1900-01-01", periods=5, unit="s"),
        },
        index=zoned,
    )
    answer = replace(
        projection, hourly=odd, monthly=odd.reset_index(drop=True), yearly=odd.iloc[:0].drop(columns="kind")
    )
    kept = projections.load(db, "ann", projections.save(db, "ann", answer).id)
    assert_same(answer, kept)
    assert kept.hourly.index.equals(zoned)
    assert np.signbit(kept.hourly["single"].iloc[1])


def test_the_list_shows_money_in_cents_and_coins_in_satoshi(db: Database, projection: Projection) -> None:
    saved = projections.save(db, "ann", with_metrics(projection, npv_usd=-0.29, mined_btc=1.13))
    assert (saved.npv_cents, saved.mined_sats) == (-29, 113_000_000)
    assert (saved.npv_usd, saved.mined_btc) == (-0.29, 1.13)
    assert saved.name == projection.scenario.name
    assert saved.scenario_digest == projection.scenario.digest
    assert (saved.model_version, saved.engine) == (projection.model_version, projection.engine)


def test_a_figure_that_does_not_exist_is_nothing_not_zero(db: Database, projection: Projection) -> None:
    none = with_metrics(projection, npv_usd=None)
    none.metrics.pop("mined_btc")
    saved = projections.save(db, "ann", none)
    assert (saved.npv_cents, saved.mined_sats, saved.npv_usd, saved.mined_btc) == (None, None, None, None)
    assert projections.listed(db, "ann") == [saved]
    assert projections.load(db, "ann", saved.id).metrics == none.metrics


@pytest.mark.parametrize("metric", ["npv_usd", "irr"])
@pytest.mark.parametrize("figure", [float("nan"), float("inf"), -float("inf"), np.float64("nan"), np.float32(1.5)])
def test_what_json_cannot_hold_never_reaches_the_database(
    db: Database, projection: Projection, metric: str, figure: Any
) -> None:
    with pytest.raises(ValidationError) as refused:
        projections.save(db, "ann", with_metrics(projection, **{metric: figure}))
    assert metric in refused.value.field
    assert projections.listed(db, "ann") == []


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), Decimal("12345678901234567.89"), 2.0**63, "12,5"])
def test_what_is_no_amount_never_reaches_the_database(db: Database, projection: Projection, figure: Any) -> None:
    """DB-13."""
    for metric in ("npv_usd", "mined_btc"):
        with pytest.raises(ValidationError) as refused:
            projections.save(db, "ann", with_metrics(projection, **{metric: figure}))
        assert refused.value.field == metric
    assert projections.listed(db, "ann") == []


@pytest.mark.parametrize("figure", [float("nan"), float("inf")])
@pytest.mark.parametrize("frame", FRAMES)
def test_a_hole_in_a_frame_is_refused_by_name(db: Database, projection: Projection, frame: str, figure: float) -> None:
    table = getattr(projection, frame).copy()
    column = {"hourly": "export_kw", "statement": "export_revenue_usd"}.get(frame, "export_kwh")
    table.iloc[-1, table.columns.get_loc(column)] = figure
    with pytest.raises(ValidationError, match=f"{frame}: .*{column}") as refused:
        projections.save(db, "ann", replace(projection, **{frame: table}))
    assert refused.value.field == f"{frame}.{column}"
    assert projections.listed(db, "ann") == []


def test_a_frame_with_two_columns_of_one_name_is_refused(db: Database, projection: Projection) -> None:
    twice = pd.concat([projection.yearly, projection.yearly[["pv_kwh"]]], axis=1)
    with pytest.raises(ValidationError) as refused:
        projections.save(db, "ann", replace(projection, yearly=twice))
    assert refused.value.field == "yearly"


def test_a_projection_is_renamed_copied_and_deleted(db: Database, projection: Projection) -> None:
    saved = projections.save(db, "ann", projection, name="first")
    renamed = projections.rename(db, "ann", saved.id, "second")
    assert renamed == replace(saved, name="second")
    copy = projections.duplicate(db, "ann", saved.id)
    assert copy.name == "second (copy)"
    assert [row.id for row in projections.listed(db, "ann")] == [copy.id, saved.id]
    assert [row.id for row in projections.listed(db, "ann", limit=1)] == [copy.id]
    projections.delete(db, "ann", saved.id)
    assert_same(projection, projections.load(db, "ann", copy.id))
    with pytest.raises(NotFound):
        projections.load(db, "ann", saved.id)


@pytest.mark.parametrize("name", ["", "x" * 121])
def test_a_name_too_short_or_long_is_refused(db: Database, projection: Projection, name: str) -> None:
    saved = projections.save(db, "ann", projection)
    for act in (
        lambda: projections.save(db, "ann", projection, name=name),
        lambda: projections.rename(db, "ann", saved.id, name),
        lambda: projections.duplicate(db, "ann", saved.id, name),
    ):
        with pytest.raises(ScenarioError):
            act()
    assert projections.listed(db, "ann") == [saved]


def test_what_is_anothers_looks_as_if_it_were_not_there(db: Database, projection: Projection) -> None:
    saved = projections.save(db, "ann", projection)
    calls: list[Callable[[str], Any]] = [
        lambda key: projections.load(db, "bob", key),
        lambda key: projections.rename(db, "bob", key, "mine now"),
        lambda key: projections.duplicate(db, "bob", key),
        lambda key: projections.delete(db, "bob", key),
    ]
    for call in calls:
        bodies = []
        for key in (saved.id, rows.new_id()):
            with pytest.raises(NotFound) as refused:
                call(key)
            bodies.append(str((refused.value.message, refused.value.details)).replace(key, "ID"))
        assert bodies[0] == bodies[1]
    assert projections.listed(db, "bob") == []
    assert projections.listed(db, "ann") == [saved]


def test_no_call_works_for_nobody(db: Database, projection: Projection) -> None:
    saved = projections.save(db, "ann", projection)
    calls: list[Callable[[], Any]] = [
        lambda: projections.save(db, "", projection),
        lambda: projections.load(db, "", saved.id),
        lambda: projections.listed(db, ""),
        lambda: projections.rename(db, "", saved.id, "x"),
        lambda: projections.duplicate(db, "", saved.id),
        lambda: projections.delete(db, "", saved.id),
    ]
    for call in calls:
        with pytest.raises(ValidationError) as refused:
            call()
        assert refused.value.field == "owner"


def test_every_bit_that_flips_in_a_row_is_found_when_it_is_read(db: Database, projection: Projection) -> None:
    """DB-09: 150 single bits over every column of a row but those it is found by."""
    damaged, sound = (projections.save(db, "ann", projection) for _ in range(2))
    with db.read() as tables:
        row = next(tables.query("SELECT * FROM projections WHERE id = ?", [damaged.id]))
    columns = [name for name in row if name not in {"id", "owner"}]
    draw = random.Random(2026)
    flips = [(column, draw.random(), draw.randrange(6)) for column in columns for _ in range(11)][:150]
    found = 0
    for column, where, bit in flips:
        with db.write() as tables:
            tables.table("projections").update(damaged.id, {**row, column: flipped(row[column], where, bit)})
        with pytest.raises(DatabaseError, match=damaged.id) as refused:
            projections.load(db, "ann", damaged.id)
        assert refused.value.value == damaged.id
        found += 1
    assert found == 150
    assert_same(projection, projections.load(db, "ann", sound.id))
    projections.delete(db, "ann", damaged.id)
    assert projections.listed(db, "ann") == [sound]


def flipped(value: Any, where: float, bit: int) -> Any:
    """`value` with one bit turned over, of text one of the lowest six of a letter, so that it stays text."""
    if isinstance(value, int):
        return value ^ (1 << bit)
    at = int(where * len(value))
    turned = bytes([value[at] ^ (1 << bit)]) if isinstance(value, bytes) else chr(ord(value[at]) ^ (1 << bit))
    return value[:at] + turned + value[at + 1 :]


def test_a_sound_row_this_version_cannot_read_is_an_error_that_names_it(db: Database, projection: Projection) -> None:
    saved = projections.save(db, "ann", projection)
    with db.write() as tables:
        row = next(tables.query("SELECT * FROM projections"))
        tables.table("projections").update(saved.id, rows.sealed({**row, "hourly": b"no table"}))
    with pytest.raises(DatabaseError):
        projections.load(db, "ann", saved.id)
    with db.write() as tables:
        tables.table("projections").update(saved.id, rows.sealed({**row, "summary": "{}"}))
    with pytest.raises(DatabaseError, match=saved.id):
        projections.load(db, "ann", saved.id)
