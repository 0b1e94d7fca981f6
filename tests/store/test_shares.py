"""Share links: whoever has one reads one thing, and nobody finds one. SEC-04."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import NotFound, ValidationError
from core.results import Projection
from core.scenario import Scenario
from core.store import pages, projections, scenarios, shares, sign_ins
from core.store.database import Database

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PLAN = Scenario.model_validate({"name": "Shared"})


def shared(db: Database, days: int = 30) -> shares.Share:
    return shares.create(db, "ann", "scenario", scenarios.save(db, "ann", PLAN).id, days, NOW)


def test_a_link_shows_a_scenario_and_a_projection(db: Database, projection: Projection) -> None:
    share = shared(db)
    assert re.fullmatch("[0-9a-f]{32}", share.id), "128 bits"
    assert shares.opened(db, share.id, NOW) == (share, PLAN)
    kept = projections.save(db, "ann", projection)
    link = shares.create(db, "ann", "projection", kept.id)
    found = shares.opened(db, link.id)[1]
    assert isinstance(found, Projection)
    assert found.metrics == projection.metrics


def test_100_000_guesses_find_nothing(db: Database) -> None:
    share = shared(db)
    db.patience_s = 300.0  # that many in one reading
    with db.read() as tables:
        guesses = (secrets.token_hex(16) for _ in range(100_000))
        hits = sum(bool(list(tables.query("SELECT 1 FROM shares WHERE id = ?", [guess]))) for guess in guesses)
    assert hits == 0
    for guess in ("", "%", share.id.upper(), share.id[:-1], f"{share.id}0", "' OR 1=1 --", share.subject_id):
        with pytest.raises(NotFound):
            shares.opened(db, guess, NOW)


def test_a_revoked_expired_or_orphaned_link_shows_nothing_and_all_look_alike(db: Database) -> None:
    gone, old, orphan = shared(db), shared(db, 1), shared(db)
    shares.revoke(db, "ann", gone.id)
    scenarios.delete(db, "ann", orphan.subject_id)
    said = set()
    for share_id, at in ((gone.id, NOW), (old.id, NOW + timedelta(days=1)), (orphan.id, NOW), ("f" * 32, NOW)):
        with pytest.raises(NotFound) as missing:
            shares.opened(db, share_id, at)
        said.add((missing.value.message, missing.value.field, missing.value.expected))
    assert len(said) == 1
    assert shares.opened(db, old.id, NOW + timedelta(hours=23))


def test_a_link_given_to_another_row_by_hand_shows_nothing(db: Database) -> None:
    share, other = shared(db), scenarios.save(db, "bob", PLAN)
    with db.write() as tables:
        tables.execute("UPDATE shares SET owner = 'bob', subject_id = ?", [other.id])
    with pytest.raises(NotFound):
        shares.opened(db, share.id, NOW)


def test_nobody_shares_or_takes_back_what_is_anothers(db: Database) -> None:
    share = shared(db)
    with pytest.raises(NotFound):
        shares.create(db, "bob", "scenario", share.subject_id)
    with pytest.raises(NotFound):
        shares.create(db, "ann", "projection", share.subject_id)
    with pytest.raises(NotFound):
        shares.revoke(db, "bob", share.id)
    assert shares.listed(db, "bob", now=NOW) == []
    with db.read() as tables:
        assert [pages.counted(tables, "shares", owner) for owner in ("ann", "bob")] == [1, 0]
    assert shares.listed(db, "ann", now=NOW) == [share]
    assert shares.listed(db, "ann", now=NOW + timedelta(days=30)) == [], "what has expired shows nothing"


@pytest.mark.parametrize(("kind", "days"), [("secret", 1), ("scenario", 0), ("scenario", 366), ("scenario", True)])
def test_a_link_that_cannot_be_is_refused(db: Database, kind: str, days: int) -> None:
    with pytest.raises(ValidationError):
        shares.create(db, "ann", kind, scenarios.save(db, "ann", PLAN).id, days)


def test_a_sign_in_that_ended_is_over_for_all_that_are_not_younger(db: Database) -> None:
    assert sign_ins.begin(db, "ann", 100)
    assert not sign_ins.begin(db, "ann", 100), "the same sign-in, seen by another tab"
    assert sign_ins.begin(db, "ann", 200)
    sign_ins.end(db, "ann", 200)
    assert [sign_ins.holds(db, "ann", at) for at in (100, 200, 201)] == [False, False, True]
    sign_ins.end(db, "ann", 150)
    assert not sign_ins.holds(db, "ann", 200), "an older one that ends later brings nothing back"
    assert sign_ins.holds(db, "bob", 1)
