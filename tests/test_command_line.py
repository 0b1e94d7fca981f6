"""`python -m core`, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import core
from core.__main__ import main
from core.scenario import Scenario


def test_project_prints_the_metrics_of_a_scenario(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.json"
    file.write_text(Scenario().to_json(), encoding="utf-8")
    assert main(["project", str(file)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["metrics"]["npv_usd"] == pytest.approx(core.project(Scenario()).metrics["npv_usd"])
    assert {reading["status"] for reading in told["readings"]} == {"bundled"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"array": {"dc_kw": -1}}', "array.dc_kw"),
        ('{"arrray": {}}', "arrray"),
        ("{", "Expecting"),
    ],
)
def test_a_bad_scenario_is_named_on_standard_error(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")
    assert main(["project", str(file)]) == 1
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", str(tmp_path / "nothing.json")]) == 1
    assert "nothing.json" in capsys.readouterr().err


def test_refresh_without_a_world_says_so_for_each_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["refresh"]) == 1
    told = capsys.readouterr().out
    assert "price" in told
    assert "offline" in told
