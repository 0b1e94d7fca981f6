"""All that is kept of one owner: exported whole, and deleted to the last byte. OPS-06."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from core import my_data, outside
from core.__main__ import main
from core.api.app import PREFIX
from core.api.people import Person
from core.inputs import Market, Weather
from core.machine import Machine
from core.results import Projection
from core.scenario import Scenario, read
from core.store import (
    belongings,
    drafts,
    equipment,
    idempotency,
    jobs,
    keys,
    projections,
    scenarios,
    shares,
    sign_ins,
    usage,
    weathers,
    webhooks,
)
from core.studies.projection import project
from tests.api.doors import Client, Door, opened

CANARY = "canary-of-ann"
PLAN = Scenario().but({"name": CANARY})
ANN = Person("https://id.example.org", "ann", 1_700_000_000).owner
BOB = Person("https://id.example.org", "bob", 1_700_000_000).owner
NOBODYS = {"audit", "readings", "leases"}  # tables in which nothing is an owner's


@pytest.fixture(scope="module")
def answer(greensboro: Weather, market: Market) -> Projection:
    return project(PLAN, greensboro, market)


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Projection, greensboro: Weather) -> Iterator[Door]:
    with opened(tmp_path / "home", monkeypatch) as found:
        for owner in (ANN, BOB):
            fill(owner, answer, greensboro)
        yield found


def fill(owner: str, answer: Projection, weather: Weather) -> None:
    """One of each thing that can be an owner's."""
    from core.api.identity import key_secret

    db = outside.database()
    for _ in range(6):  # saved over and over, as a planner does: what was there before is on free pages
        saved = scenarios.save(db, owner, PLAN)
        scenarios.delete(db, owner, saved.id)
    saved = scenarios.save(db, owner, PLAN)
    projections.save(db, owner, answer)
    weathers.save(db, owner, weather)
    drafts.keep(db, owner, "a page", PLAN, None)
    facts = {
        "model": CANARY,
        "hashrate_ths": 100.0,
        "power_w": 3000.0,
        "price_usd": 1.0,
        "price_date": "2026-10",
        "price_source": CANARY,
    }
    equipment.create(db, owner, Machine.model_validate(facts))
    shares.create(db, owner, "scenario", saved.id)
    webhooks.create(db, owner, f"https://{CANARY}.example.org/", ("job.ended",))
    keys.create(db, key_secret(), owner, "planner", CANARY)
    usage.add(db, [usage.Used(date(2026, 11, 30), owner, "", 5, 0)])
    ended, waiting = (jobs.new(owner, "risk-analysis", "a test") for _ in range(2))
    for kept in (ended, waiting):
        jobs.create(db, kept, {"name": CANARY}, time.time())
    jobs.begin(db, ended, "a test", time.time())
    jobs.end(db, ended, "a test", "done", {"result": {"name": CANARY}})
    ask = idempotency.Ask(owner, CANARY, "0" * 64)
    idempotency.once(db, ask, lambda: idempotency.Answer(201, CANARY.encode()))
    sign_ins.begin(db, owner, 1_700_000_000)
    outside.audit().note(owner, "key created", "a key")


def client_of(door: Door, owner: str, role: str = "planner") -> Client:
    return door.client(("198.51.100.7", 1), door.key(owner, role, f"of {role}"))


def found_in_files(home: Path, *texts: str) -> dict[str, int]:
    """How often any of the texts is in each file of a folder, backups apart."""
    files = [file for file in home.rglob("*") if file.is_file() and "backups" not in file.parts]
    assert any(file.name == "app.db" for file in files)
    return {file.name: n for file in files if (n := sum(file.read_bytes().count(text.encode()) for text in texts))}


def test_every_table_is_an_owners_or_nobodys(door: Door) -> None:
    with outside.database().read() as tables:
        every = {table for table in tables.table_names() if not table.startswith("_")}
        assert every - set(belongings.owned_tables(tables)) == NOBODYS
    counts = belongings.counted(outside.database(), ANN)
    assert set(counts) == every - NOBODYS
    assert all(counts.values()), "the test has one of each"


def test_an_export_holds_everything_and_its_plans_can_be_opened(door: Door) -> None:
    reply = client_of(door, ANN).get(f"{PREFIX}/my-data")
    assert reply.status_code == 200
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        names = archive.namelist()
        content = b"".join(archive.read(name) for name in names)
        plans = [read(archive.read(name).decode()) for name in names if name.endswith(".scenario.json")]
        about = json.loads(archive.read("about.json"))
    folders = {name.split("/")[0] for name in names}
    assert folders == {*belongings.counted(outside.database(), ANN), "about.json"}
    assert plans.count(PLAN) == 3, "saved, projected and on an open page"
    assert sum(name.endswith("hourly.csv") for name in names) == 2, "a projection and a weather year"
    assert about["owner"] == ANN
    assert BOB.encode() not in content
    assert b'"code"' not in content


def test_what_was_deleted_is_in_no_byte_of_any_file(door: Door) -> None:
    """One who alone wrote the canary deletes all: then it is nowhere, and only the log knows the code of the owner."""
    before = belongings.counted(outside.database(), BOB)
    my_data.delete(BOB, BOB)
    client = client_of(door, ANN)
    assert "app.db" in found_in_files(door.home, CANARY)
    wrong = client.request("DELETE", f"{PREFIX}/my-data?confirm=yes")
    assert wrong.status_code == 422
    reply = client.request("DELETE", f"{PREFIX}/my-data", params={"confirm": ANN})
    assert reply.status_code == 200, reply.text
    assert {**reply.json()["rows"], "sign_ins": 1, "keys": 1, "usage": 1} == {**before, "keys": 1, "usage": 1}
    assert found_in_files(door.home, CANARY) == {}
    assert client.get(f"{PREFIX}/system-configs").status_code == 401, "the key went too"
    outside.database().close()
    assert found_in_files(door.home, CANARY) == {}


def test_files_that_were_moved_aside_are_told(door: Door) -> None:
    assert "moved aside" not in my_data.still_held()
    for kind in ("before.20261130T120000000000Z", "corrupt.20261130T120000Z", "replaced.20261130T120000Z"):
        (door.home / f"app.db.{kind}").write_bytes(CANARY.encode())
    client = client_of(door, ANN)
    told = client.request("DELETE", f"{PREFIX}/my-data", params={"confirm": ANN}).json()["backups"]
    assert "3 database files that were moved aside" in told
    assert "for up to eight weeks" in told


def test_of_another_an_admin_alone_may(door: Door) -> None:
    planner, admin = client_of(door, ANN), client_of(door, "root", "admin")
    for method, params in (("GET", {"owner": BOB}), ("DELETE", {"owner": BOB, "confirm": BOB})):
        assert planner.request(method, f"{PREFIX}/my-data", params=params).status_code == 403
        assert admin.request(method, f"{PREFIX}/my-data", params=params).status_code == 200
    left = belongings.counted(outside.database(), BOB)
    assert sum(left.values()) == left["sign_ins"] == 1
    assert belongings.counted(outside.database(), ANN)["scenarios"] == 1
    (noted,) = (entry for entry in outside.audit().listed(20) if entry.action == "all data deleted")
    assert (noted.who, noted.subject) == (outside.audit().name("root"), BOB)
    assert outside.audit().first_bad() is None


def test_the_audit_log_knows_no_name_that_an_admin_gave(door: Door) -> None:
    """The log cannot be changed, so it never held one; while a key of theirs lives the API tells who it was."""
    name = "ann.example@example.org"
    assert main(["keys", "create", "a script", "--owner", name]) == 0
    outside.audit().note(name, "deleted", "scenario")
    admin = client_of(door, "root", "admin")
    assert [entry["who"] for entry in admin.get(f"{PREFIX}/audit").json()["items"][:2]] == [name, "command line"]
    assert "app.db" in "".join(found_in_files(door.home, name))
    my_data.delete(name, name)
    assert found_in_files(door.home, name) == {}
    shown = [entry["who"] for entry in admin.get(f"{PREFIX}/audit").json()["items"][:3]]
    assert shown == [outside.audit().name(name)] * 2 + ["command line"]
    assert outside.audit().first_bad() is None


def test_a_sign_in_that_was_ended_stays_ended(door: Door) -> None:
    sign_ins.end(outside.database(), ANN, 1_700_000_000)
    my_data.delete(ANN, ANN)
    assert not sign_ins.holds(outside.database(), ANN, 1_700_000_000)


def test_at_the_command_line_it_must_be_said_twice(
    door: Door, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.zip"
    assert main(["my-data", "export", ANN, str(file)]) == 0
    assert zipfile.is_zipfile(file)
    assert file.stat().st_mode & 0o077 == 0
    assert main(["my-data", "export", ANN, str(file)]) == 1, "no file is written over"
    assert main(["my-data", "delete", ANN]) == 1
    assert belongings.counted(outside.database(), ANN)["scenarios"] == 1
    assert main(["my-data", "delete", ANN, "--yes"]) == 0
    assert belongings.counted(outside.database(), ANN)["scenarios"] == 0
    assert "backups" in capsys.readouterr().out.lower()
