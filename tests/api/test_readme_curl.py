"""The README's lines for a shell, run as they stand there against a running server."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.api.serving import Served, error_in

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.split("\n## The API\n")[1].split("\n## ")[0]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this computer")
def test_the_lines_make_a_plan_and_read_everything_back(served: Served, tmp_path: Path, client: httpx.Client) -> None:
    script = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)[0]
    assert "http://127.0.0.1:8501/" in script
    script = "set -euo pipefail\n" + script.replace("http://127.0.0.1:8501", served.address)
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=180)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    config, projection, risk = (
        json.loads((tmp_path / f"{name}.json").read_text()) for name in ("config", "projection", "risk")
    )
    assert config["scenario"]["array"]["dc_kw"] == 2000
    assert projection["scenario"] == config["scenario"]
    assert projection["metrics"]["pv_kwh_year1"] > 0
    months = list(csv.DictReader((tmp_path / "monthly.csv").read_text().splitlines()))
    assert [float(row["mined_btc"]) for row in months] == [row["mined_btc"] for row in projection["monthly"]]
    assert risk["state"] == "done", risk
    assert "npv_p5_usd" in json.dumps(risk["result"])
    listed = client.get("/projections", params={"name": "Two megawatts"}).json()["items"]
    assert projection["id"] in [item["id"] for item in listed]


def test_the_error_it_shows_is_the_one_that_comes(client: httpx.Client) -> None:
    shown = error_in(json.loads(re.findall(r"```json\n(.*?)```", SECTION, re.DOTALL)[0]), "VALIDATION_ERROR")
    came = client.post("/projections", json={"scenario": {"array": {"dc_kw": -5}}}).json()["error"]
    for name in ("code", "message", "details"):
        assert came[name] == shown[name]
