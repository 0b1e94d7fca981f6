"""Text that looks like an address or a path is kept as text: nothing a caller writes is ever opened or called. SEC-06."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.browser.dashboard import ROOT

PROGRAM = """
import json, sys

CANARIES = ("http://127.0.0.1:9/canary", "file:///etc/canary", "/etc/canary", "\\\\\\\\canary\\\\share", "s3://canary/x")
opened = []


def note(event, given):
    if event in ("open", "socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen"):
        text = repr(given)
        if "canary" in text:
            opened.append([event, text])


sys.addaudithook(note)
from core.api.app import PREFIX, api
from core.errors import SolarMiningError
from core.answers import project
from core.scenario import Scenario, leaves
from tests.api.serving import asked

plan, taken, refused = Scenario(), 0, 0
places = [path for path, _, value in leaves(plan) if isinstance(value, str)]
for canary in CANARIES:
    for place in places:
        try:
            tried = plan.but({place: canary})
        except SolarMiningError:
            refused += 1
            continue
        taken += 1
        try:
            if canary in CANARIES[:2]:
                project(tried)
        except SolarMiningError:  # such as a weather that nobody has
            refused, taken = refused + 1, taken - 1
    bodies = {
        "/system-configs": plan.model_dump(mode="json") | {"name": canary},
        "/equipment": {"model": canary, "manufacturer": canary, "hashrate_ths": 100.0, "power_w": 3000.0, "note": canary},
        "/projections": {"scenario": {"name": canary, "site": {"name": canary}}, "name": canary},
        "/webhooks": {"url": canary},
    }
    for path, body in bodies.items():
        answer = asked(api(), "POST", path, json=body)
        taken, refused = (taken + 1, refused) if answer.status_code < 300 else (taken, refused + 1)
    for path in ("/equipment", "/system-configs", "/projections"):
        asked(api(), "GET", path, params={"text": canary, "name": canary})
        asked(api(), "GET", f"{path}/{canary}")
heard = len(opened)
try:
    open("/no/such/canary")  # so that it is known to listen
except OSError:
    pass
print(json.dumps({"places": places, "taken": taken, "refused": refused, "opened": opened[:heard], "heard": len(opened) - heard}))
"""


def test_nothing_that_a_caller_writes_is_opened_or_called(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SOLAR_MINING_")}
    env |= {"SOLAR_MINING_HOME": str(tmp_path / "home"), "SOLAR_MINING_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    assert {"name", "site.name", "site.weather"} <= set(told["places"])
    assert told["taken"] >= 25, told  # names and notes may say anything
    assert told["refused"] >= 25, told  # what names a choice, a zone or a month may not
    assert told["heard"] == 1
    assert told["opened"] == [], told["opened"]
