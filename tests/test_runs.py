"""A page that fails: told to the visitor by a number alone, and to the log under that number with all that is known."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.metrics import instruments
from core.traffic import traffic

INNER = "/home/inner/secret"


def fails() -> None:
    from core import telemetry
    from pages.ui import runs, show

    with telemetry.request(runs.new_id()), show.mishaps(), runs.measured("status"):
        raise RuntimeError("/home/inner/secret")


def escapes() -> None:
    from pages.ui import runs

    runs.unforeseen(RuntimeError("/home/inner/secret"))


@pytest.mark.parametrize("script", [fails, escapes])
def test_a_failure_has_one_number_on_the_page_and_in_the_log(script: object, caplog: pytest.LogCaptureFixture) -> None:
    before = traffic().within(60).mishaps
    page = AppTest.from_function(script).run()  # type: ignore[arg-type]
    assert not page.exception
    (shown,) = page.error
    number = re.fullmatch(r".+ Reference (run_[0-9a-f]{16})\.", shown.value)
    assert number, shown.value
    assert INNER not in shown.value
    (record,) = [record for record in caplog.records if record.name == "solar_mining.pages"]
    assert record.levelno == logging.ERROR
    assert record.__dict__["facts"] == {"request_id": number[1]}
    assert record.exc_info
    assert INNER in str(record.exc_info[1])
    assert traffic().within(60).mishaps == before + 1


def test_failures_and_runs_are_counted_by_page() -> None:
    def counted(name: str) -> float:
        return instruments().registry.get_sample_value(f"solar_mining_{name}", {"page": "status"}) or 0.0

    runs, errors = counted("page_seconds_count"), counted("page_errors_total")
    AppTest.from_function(fails).run()
    assert (counted("page_seconds_count"), counted("page_errors_total")) == (runs + 1, errors + 1)


def test_the_server_hands_over_what_escapes_a_page() -> None:
    root = Path(__file__).parents[1]
    code = "import app, pages.ui.runs; print(app.app._on_script_error is pages.ui.runs.unforeseen)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120)
    assert ran.stdout.strip().endswith("True"), ran.stderr[-2000:]
