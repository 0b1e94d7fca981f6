"""What is taken out comes back in as it was, and what a newer program made is refused. FILE-09, NUM-03, DB-13."""

from __future__ import annotations

import json
import random
from decimal import Decimal

import pytest

from core.errors import ScenarioError
from core.scenario import SCHEMA, Scenario, leaves, read
from core.store import amounts, scenarios
from core.store.database import Database
from tests.store.plans_at_random import plan


def test_random_plans_come_back_to_the_last_bit(db: Database) -> None:
    """Through the file that is exported and through the store; `python -m tests.soak_store files` tries 500."""
    different = set()
    for seed in range(40):
        made = plan(seed)
        kept = scenarios.save(db, "ann", made)
        for back in (read(made.to_json()), read(json.loads(made.to_json())), scenarios.load(db, "ann", kept.id)[0]):
            assert back == made
            assert back.digest == made.digest
            assert [repr(value) for _, _, value in leaves(back)] == [repr(value) for _, _, value in leaves(made)]
        different.add(made.digest)
    assert len(different) == 40


@pytest.mark.parametrize("version", [SCHEMA + 1, 10**9, 0, -1, "1", 1.0, True, None])
def test_a_version_that_is_not_known_is_refused(version: object) -> None:
    with pytest.raises(ScenarioError) as refused:
        read({**json.loads(Scenario().to_json()), "schema": version})
    assert "schema" in refused.value.field


def test_money_that_is_kept_adds_up_to_the_cent(db: Database) -> None:
    """NUM-03: 1,000 ledgers of random amounts, their sums worked out by SQLite and by decimals."""
    chance = random.Random(3)
    with db.write() as tables:
        tables.execute("CREATE TABLE ledger (n INTEGER NOT NULL, cents INTEGER NOT NULL, sats INTEGER NOT NULL) STRICT")
    expected = []
    for n in range(1000):
        usd = [Decimal(chance.randrange(-(10**12), 10**12)) / 100 for _ in range(chance.randrange(1, 20))]
        btc = [Decimal(chance.randrange(21 * 10**14)) / 10**8 for _ in usd]
        rows = [
            [n, amounts.cents(float(u), "usd"), amounts.sats(float(b), "btc")] for u, b in zip(usd, btc, strict=True)
        ]
        with db.write() as tables:
            tables.conn.executemany("INSERT INTO ledger VALUES (?, ?, ?)", rows)
        expected.append((int(sum(usd) * 100), int(sum(btc) * 10**8)))
    with db.read() as tables:
        found = tables.execute("SELECT sum(cents), sum(sats) FROM ledger GROUP BY n ORDER BY n").fetchall()
    assert found == expected
