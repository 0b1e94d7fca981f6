"""A server with sign-in, in a browser, against an identity provider of our own on loopback. SEC-14, SEC-04."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.api.people import Person
from core.store import audit, projections, scenarios, secret, shares
from core.store.database import open_database
from pages.ui.show import figure
from tests.api.issuer import Issuer, secrets_file
from tests.browser.dashboard import OFFLINE, serve
from tests.browser.planner import Planner, settled

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]


@dataclass
class Stage:
    """A dashboard in mode server, and the two providers that it believes."""

    address: str
    home: Path
    one: Issuer
    two: Issuer

    def saved(self, issuer: Issuer, subject: str) -> list[str]:
        """The names of what a person saved, read beside the running server."""
        db = open_database(self.home)
        try:
            return [row.name for row in scenarios.listed(db, Person(issuer.address, subject, 0).owner)]
        finally:
            db.close()

    def deeds(self) -> list[str]:
        db = open_database(self.home)
        try:
            key = secret.purpose(secret.server_secret(self.home, {}), "audit")
            log = audit.Log(db, key, self.home)
            assert log.first_bad() is None
            return [entry.action for entry in reversed(log.listed())]
        finally:
            db.close()


@pytest.fixture(scope="module")
def stage(needs_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("server")
    with Issuer() as one, Issuer() as two:
        secrets_file(folder, one.section("one"), two.section("two"))
        admins = f"{one.address}|chief"
        world = {**OFFLINE, "HOME": str(folder), "SOLAR_MINING_ADMINS": admins}
        with serve(folder / "home", "server", world) as address:
            yield Stage(address, folder / "home", one, two)


@pytest.fixture(autouse=True)
def providers_may_be_asked(visit: Visit, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser goes to the two providers and to nobody else."""
    noted = Planner._note

    def note(planner: Planner, url: str) -> None:
        if not url.startswith((f"{stage.one.address}/", f"{stage.two.address}/")):
            noted(planner, url)

    monkeypatch.setattr(Planner, "_note", note)


def arrive(visit: Visit, stage: Stage, issuer: str = "one", **person: str) -> Planner:
    """A visitor with a browser of their own, signed in."""
    planner = visit(at=stage.address, alone=True)
    planner.page.goto(stage.address)
    sign_in(planner, stage, issuer, **person)
    return planner


def sign_in(planner: Planner, stage: Stage, issuer: str = "one", **person: str) -> None:
    getattr(stage, issuer).person = {"name": person["sub"].title(), "email": "same@example.org", **person}
    planner.page.get_by_role("button", name=f"Sign in with {issuer}").click()
    expect(planner.page.get_by_role("heading", name="Projection", exact=True)).to_be_visible(timeout=30_000)
    settled(planner.page)


def test_nothing_is_shown_before_a_sign_in_whatever_the_address(visit: Visit, stage: Stage) -> None:
    planner = visit(at=stage.address, alone=True)
    for path in ("/", "/configuration", "/status", "/compare"):
        planner.page.goto(stage.address + path)
        expect(planner.page.get_by_role("button", name="Sign in with one")).to_be_visible(timeout=30_000)
        for inner in ("Net present value", "Providers", "Model version", "Configuration"):
            assert inner not in planner.page.content(), path


def test_a_person_is_issuer_and_subject_whatever_the_e_mail(visit: Visit, stage: Stage) -> None:
    ann = arrive(visit, stage, "one", sub="ann")
    ann.open("/configuration").type("Scenario name", "Of Ann").press("Save").told("Saved “Of Ann”")
    assert stage.saved(stage.one, "ann") == ["Of Ann"]
    question = stage.one.asked[-1]
    assert question["code_challenge_method"] == "S256"
    assert question["nonce"]

    double = arrive(visit, stage, "two", sub="ann")
    double.go("Compare").shelf()
    expect(double.page.get_by_text("No scenarios yet")).to_be_visible()

    moved = arrive(visit, stage, "one", sub="ann", email="new@example.org")
    moved.go("Compare").shelf()
    expect(moved.page.get_by_text("Saved: 1 scenario", exact=False).first).to_be_visible()


def test_a_sign_out_in_another_tab_ends_writing_here(visit: Visit, stage: Stage) -> None:
    first = arrive(visit, stage, "one", sub="bob")
    first.open("/configuration").type("Scenario name", "Before").press("Save").told("Saved “Before”")
    other = first.page.context.new_page()
    other.goto(stage.address)
    other.get_by_role("button", name="Bob").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("button", name="Sign in with one")).to_be_visible(timeout=30_000)

    first.page.get_by_role("button", name="Keep projection").click()
    expect(first.page.get_by_role("button", name="Sign in with one")).to_be_visible(timeout=30_000)
    assert stage.saved(stage.one, "bob") == ["Before"]
    other.close()
    time.sleep(1.1)  # the clock of the provider tells seconds: a sign-in of the same one would be over too
    sign_in(first, stage, "one", sub="bob")
    assert {"signed in", "signed out"} <= set(stage.deeds())


@pytest.mark.parametrize(
    "lie", [{"nonce": "another"}, {"aud": "another client"}, {"iss": "http://127.0.0.1:1"}, {"exp": 1}], ids=str
)
def test_a_token_that_is_not_for_this_sign_in_opens_nothing(visit: Visit, stage: Stage, lie: dict[str, object]) -> None:
    planner = visit(at=stage.address, alone=True)
    planner.page.goto(stage.address)
    stage.one.person, stage.one.lie = {"sub": "liar", "name": "Liar"}, lie
    try:
        before = len(stage.one.asked)
        planner.page.get_by_role("button", name="Sign in with one").click()
        planner.page.wait_for_url(f"{stage.address}/", timeout=30_000)
        expect(planner.page.get_by_role("button", name="Sign in with one")).to_be_visible(timeout=30_000)
        planner.page.wait_for_timeout(1000)
        assert len(stage.one.asked) > before, "the provider was asked"
        expect(planner.page.get_by_role("button", name="Sign in with one")).to_be_visible()
    finally:
        stage.one.lie = {}


def test_a_planner_makes_a_key_sees_it_once_and_revokes_it(visit: Visit, stage: Stage) -> None:
    planner = arrive(visit, stage, "one", sub="cleo")
    planner.go("Status")
    planner.page.get_by_label("New key for").fill("night batch")
    planner.page.get_by_role("button", name="Make a key").click()
    planner.told("Made the key “night batch”")
    text = planner.page.get_by_test_id("stCode").inner_text().strip()
    assert re.fullmatch(r"smc_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", text)
    planner.press("Keep projection").told("Kept the projection")
    expect(planner.page.get_by_test_id("stCode")).to_have_text(text)
    planner.go("Compare").go("Status")
    assert text not in planner.page.content()
    planner.press("Revoke").told("Revoked the key “night batch”")
    expect(planner.page.get_by_text("No key of yours lives")).to_be_visible()
    assert stage.deeds()[-2:] == ["key created", "key revoked"]


def test_only_who_the_settings_name_is_an_admin(visit: Visit, stage: Stage) -> None:
    for issuer, subject, role in (("one", "chief", "admin"), ("two", "chief", "planner"), ("one", "dan", "planner")):
        planner = arrive(visit, stage, issuer, sub=subject)
        planner.go("Status")
        expect(planner.page.get_by_text(f"Your role is {role}")).to_be_visible()


def test_one_takes_all_that_is_kept_of_them_along_and_deletes_it(visit: Visit, stage: Stage) -> None:
    planner = arrive(visit, stage, "one", sub="fay")
    planner.open("/configuration").type("Scenario name", "Of Fay").press("Save").told("Saved “Of Fay”")
    planner.go("Status")
    planner.page.get_by_role("button", name="My data").click()
    inside = planner.page.get_by_test_id("stPopoverBody")
    with zipfile.ZipFile(io.BytesIO(planner.download("Export my data", inside))) as archive:
        assert any("Of Fay" in archive.read(name).decode() for name in archive.namelist() if "scenario" in name)
    planner.page.get_by_role("button", name="Delete my data").click()
    expect(planner.page.get_by_text("nothing was deleted")).to_be_visible(timeout=30_000)
    assert stage.saved(stage.one, "fay") == ["Of Fay"]
    planner.page.get_by_label("To delete it all, write").fill("delete everything")
    planner.page.get_by_label("To delete it all, write").press("Enter")
    settled(planner.page)
    planner.page.get_by_role("button", name="Delete my data").click()
    planner.told("Deleted all that was kept of you")
    assert stage.saved(stage.one, "fay") == []
    assert stage.deeds()[-1] == "all data deleted"


def test_a_shared_link_is_read_without_a_sign_in_until_it_is_taken_back(visit: Visit, stage: Stage) -> None:
    eve = arrive(visit, stage, "one", sub="eve")
    eve.open("/configuration").type("Scenario name", "For all <b>eyes</b>").press("Save").told("Saved")
    eve.page.get_by_role("button", name="Scenario").click()
    eve.page.get_by_role("button", name="Share a link").click()
    eve.told("Shared “For all")
    eve.go("Status")
    db = open_database(stage.home)
    share = shares.listed(db, Person(stage.one.address, "eve", 0).owner)[0]
    db.close()
    reader = visit(at=stage.address, alone=True)
    reader.page.goto(f"{stage.address}/?share={share.id}")
    expect(reader.page.get_by_role("heading", name="For all <b>eyes</b>")).to_be_visible(timeout=30_000)
    expect(reader.page.get_by_role("button", name="Open a copy")).to_have_count(0)
    assert json.loads(reader.download("Download the scenario"))["name"] == "For all <b>eyes</b>"
    eve.press("Take back").told("Took the link back")
    for address in (f"{stage.address}/?share={share.id}", f"{stage.address}/?share={'0' * 32}"):
        reader.page.goto(address)
        expect(reader.page.get_by_text("there is no such share")).to_be_visible(timeout=30_000)
    assert {"share created", "share revoked"} <= set(stage.deeds())


def test_a_shared_projection_shows_its_figures_and_nothing_to_press(visit: Visit, stage: Stage) -> None:
    fay = arrive(visit, stage, "one", sub="fay")
    fay.press("Keep projection").told("Kept the projection")
    db, owner = open_database(stage.home), Person(stage.one.address, "fay", 0).owner
    kept = projections.listed(db, owner)[0]
    share = shares.create(db, owner, "projection", kept.id)
    npv = projections.load(db, owner, kept.id).metrics["npv_usd"]
    db.close()
    reader = visit(at=stage.address, alone=True)
    reader.page.goto(f"{stage.address}/?share={share.id}")
    expect(reader.page.get_by_text("A projection that was shared with you")).to_be_visible(timeout=30_000)
    assert npv is not None
    expect(reader.page.get_by_test_id("stMetricValue").first).to_have_text(figure("npv_usd", npv))
    assert reader.page.get_by_test_id("stMetric").count() == 8
    expect(reader.page.get_by_role("button", name="Open a copy")).to_have_count(0)
    fay.page.goto(f"{stage.address}/?share={share.id}")
    fay.page.get_by_role("button", name="Open a copy").click()
    expect(fay.page.get_by_role("heading", name="Projection", exact=True)).to_be_visible(timeout=30_000)
    assert "share=" not in fay.page.url


def test_a_server_without_a_provider_says_so(visit: Visit, tmp_path: Path) -> None:
    with serve(tmp_path / "home", "server", {**OFFLINE, "HOME": str(tmp_path)}) as address:
        visitor = visit(at=address, alone=True)
        visitor.page.goto(address)
        expect(visitor.page.get_by_text("Nobody can sign in yet")).to_be_visible(timeout=30_000)
        visitor.page.close()
