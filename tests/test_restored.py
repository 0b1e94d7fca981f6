"""A backup restored into an empty folder on another path gives the same answers, to programs and on the pages.

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
from pathlib import Path
from typing import Any

import pytest

from tests.browser.dashboard import OFFLINE, ROOT, serve
from tests.visitors import visiting

NAME = "Two megawatts & <b>more</b>"
PLAN = {"name": NAME, "array": {"dc_kw": 2000.0}}
SOUND = "all is as it was saved"


def test_a_restored_copy_answers_as_the_one_that_was_backed_up_and_verify_names_what_is_changed(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old place" / "home", tmp_path / "new" / "place", tmp_path / "mine.sealed"
    old.parent.mkdir()
    new.parent.mkdir()
    with serve(old) as address:
        links = filled(address)
        before = told_by(address, links)
        assert said(old, "backup", "--to", str(file))[0] == 0, "while the server runs"
    code, text = said(old, "restore", str(file), "--home", str(new))
    assert code == 0, text
    old.rename(tmp_path / "gone")
    with serve(new) as address:
        after = told_by(address, links)
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


def filled(address: str) -> dict[str, tuple[str, str]]:
    """A plan saved and projected, a key, and links to both: of each kind its id, and that of its link."""
    api = f"{address}/api/v1"
    plan = asked(f"{api}/system-configs", PLAN)["id"]
    ids = {"scenario": plan, "projection": asked(f"{api}/projections", {"system_config_id": plan})["id"]}
    asked(f"{api}/keys", {"label": "night batch"})
    return {kind: (id_, asked(f"{api}/shares", {"kind": kind, "subject_id": id_})["id"]) for kind, id_ in ids.items()}


def told_by(address: str, links: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """What the API answers, whole, and what the pages show of the plan and its projection."""
    api = f"{address}/api/v1"
    told: dict[str, Any] = {path: asked(f"{api}/{path}") for path in ("system-configs", "projections", "shares")}
    told["audit"] = asked(f"{api}/audit/soundness")["sound"]
    for path in ("system-configs", "projections"):
        (one,) = told[path]["items"]
        told[f"{path}: one"] = asked(f"{api}/{path}/{one['id']}")
    for table in ("hourly", "monthly", "yearly"):
        place = f"{api}/projections/{links['projection'][0]}?format=csv&table={table}"
        told[table] = asked(place, plain=True)
        assert len(told[table]) > 1000
    told |= shown(address, links)
    return told


def shown(address: str, links: dict[str, tuple[str, str]]) -> dict[str, list[str]]:
    """The figures on the page of each link, and on that of the plan once it is opened and projected anew."""
    found = {}
    for kind, (_, link) in links.items():
        with visiting(address) as visitor:
            visitor.open(query=f"share={link}")
            assert NAME.encode() in visitor.received or b"Two megawatts" in visitor.received
            found[f"page of the {kind}"] = list(visitor.figures)
            if kind == "scenario":
                found["page of the plan projected anew"] = visitor.press("Open a copy").figures
    assert len(found["page of the projection"]) == 8
    assert len(found["page of the plan projected anew"]) >= 8
    return found


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
    """How `python -m core` ended, and what it said; how far long work is stands among its errors alone."""
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
    return ran.returncode, (ran.stdout if ran.returncode == 0 else ran.stdout + ran.stderr).strip()
