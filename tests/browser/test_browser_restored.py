"""A backup restored into an empty folder on another path gives the same answers, to programs and on the screen.

Servers and commands run as they do for whoever runs them: processes of their own, which share nothing but files.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.dashboard import OFFLINE, ROOT, serve
from tests.browser.planner import Planner

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
NAME = "Two megawatts & <b>more</b>"
SOUND = "all is as it was saved"
FIRST_MS = 120_000  # the first page of a server compiles what others find compiled


def test_a_restored_copy_answers_as_the_one_that_was_backed_up_and_verify_names_what_is_changed(
    visit: Visit, tmp_path: Path
) -> None:
    old, new, file = tmp_path / "old place" / "home", tmp_path / "new" / "place", tmp_path / "mine.sealed"
    old.parent.mkdir()
    new.parent.mkdir()
    with serve(old) as address:
        links = filled(visit(at=address), address)
        before = told_by(visit(at=address), address, links)
        assert said(old, "backup", "--to", str(file))[0] == 0, "while the server runs"
    code, text = said(old, "restore", str(file), "--home", str(new))
    assert code == 0, text
    old.rename(tmp_path / "gone")
    with serve(new) as address:
        after = told_by(visit(at=address), address, links)
    assert after.keys() == before.keys()
    for what, told in before.items():
        assert after[what] == told, what
    assert said(new, "verify") == (0, SOUND)
    names_what_is_changed(new)
    with serve(new) as address:
        kept = links["projection"][0]
        with pytest.raises(urllib.error.HTTPError) as refused:
            asked(f"{address}/api/v1/projections/{kept}")
        assert refused.value.code == 503
        error = json.load(refused.value)["error"]
        assert error["code"] == "DATABASE_ERROR"
        assert kept in error["message"]
        assert not asked(f"{address}/api/v1/audit/soundness")["sound"]


def filled(planner: Planner, address: str) -> dict[str, tuple[str, str]]:
    """A plan saved and projected on the screen, links to both, and a projection kept by a program: ids by kind, and links."""
    planner.page.goto(address)
    expect(planner.page.get_by_role("heading", name="Projection", level=1, exact=True)).to_be_visible(timeout=FIRST_MS)
    planner.go("Configuration").type("Scenario name", NAME).press("Save").told("Saved")
    planner.go("Projection").press("Keep projection").told("Kept the projection")
    found = {}
    for kind, path in (("scenario", "system-configs"), ("projection", "projections")):
        (made,) = asked(f"{address}/api/v1/{path}")["items"]
        share = asked(f"{address}/api/v1/shares", {"kind": kind, "subject_id": made["id"]})
        found[kind] = (made["id"], share["id"])
    asked(f"{address}/api/v1/projections", {"system_config_id": found["scenario"][0]})
    asked(f"{address}/api/v1/keys", {"label": "night batch"})
    return found


def told_by(planner: Planner, address: str, links: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """What the API answers, whole, and what the screen shows of the plan and its projection."""
    api = f"{address}/api/v1"
    told: dict[str, Any] = {path: asked(f"{api}/{path}") for path in ("system-configs", "shares", "audit/soundness")}
    told["audit/soundness"] = told["audit/soundness"]["sound"]  # the copy's log has an entry more: that it was restored
    told["projections"] = asked(f"{api}/projections")
    for one in told["system-configs"]["items"]:
        told[one["id"]] = asked(f"{api}/system-configs/{one['id']}")
    for one in told["projections"]["items"]:
        told[one["id"]] = asked(f"{api}/projections/{one['id']}")
        for table in ("hourly", "monthly", "yearly"):
            told[f"{one['id']} {table}"] = asked(f"{api}/projections/{one['id']}?format=csv&table={table}", plain=True)
    assert len(told["projections"]["items"]) == 2
    planner.page.goto(f"{address}/?share={links['projection'][1]}")
    expect(planner.page.get_by_role("heading", name=NAME)).to_be_visible(timeout=FIRST_MS)
    told["screen: the projection"] = planner.figures()
    planner.page.goto(f"{address}/?share={links['scenario'][1]}")
    expect(planner.page.get_by_role("heading", name=NAME)).to_be_visible(timeout=FIRST_MS)
    told["screen: the plan"] = json.loads(planner.download("Download the scenario"))
    planner.page.get_by_role("button", name="Open a copy").click()
    planner.arrived("Projection")
    told["screen: the plan projected anew"] = planner.figures()
    planner.is_clean()
    return told


def names_what_is_changed(home: Path) -> None:
    """Somebody changes a row of the log, a projection and a backup, with tools of their own."""
    for _ in range(2):
        assert said(home, "backup")[0] == 0
    newer, older = sorted((home / "backups").iterdir(), reverse=True)
    changed = bytearray(newer.read_bytes())
    changed[len(changed) // 2] ^= 1
    newer.write_bytes(changed)
    renamed = older.rename(older.with_name("20300101T000000000000Z-00000000" + older.name[31:]))
    with sqlite3.connect(home / "app.db") as conn:
        (kept,) = conn.execute("SELECT id FROM projections ORDER BY created_at LIMIT 1").fetchone()
        conn.execute("UPDATE projections SET npv_cents = npv_cents + 1 WHERE id = ?", [kept])
        conn.execute("DROP TRIGGER audit_no_update")
        conn.execute("UPDATE audit SET who = 'bob' WHERE seq = 2")
    conn.close()
    code, text = said(home, "verify")
    assert code == 1
    for line in (
        f"projection {kept} was changed since it was saved",
        "audit row 2 was changed, or rows before it are missing",
        f"backup {newer.name[:31]}: this cannot be opened: it was changed or cut off since it was written",
        f"backup {renamed.name[:31]}: this cannot be opened: it is the backup {older.name[:31]} under another name",
        "4 not as saved",
    ):
        assert line in text.splitlines(), text


def asked(url: str, body: Any = None, *, plain: bool = False) -> Any:
    """The answer of the API to whoever sits at this computer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as reply:
        raw = reply.read()
    return raw.decode() if plain else json.loads(raw)


def said(home: Path, *words: str) -> tuple[int, str]:
    """How `python -m core` ended, and what it said."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SOLAR_MINING_", "STREAMLIT_"))}
    ran = subprocess.run(
        [sys.executable, "-m", "core", *words],
        cwd=ROOT,
        env={**env, **OFFLINE, "SOLAR_MINING_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return ran.returncode, (ran.stdout + ran.stderr).strip()
