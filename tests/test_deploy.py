"""The files for those who run a server: each names what exists, is safe in production, and starts what it says it starts."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from core.check_config import SAFE, options_of, problems
from tests.browser.dashboard import free_port

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
SECRET = "Zm9yIHRoZSB0ZXN0cyBhbmQgbm93aGVyZSBlbHNl"
AUTH = {
    "redirect_uri": "https://mine.example.org/oauth2callback",
    "cookie_secret": SECRET,
    "server_metadata_url": "https://id.example.org/.well-known",
}
OPERATORS = {"SOLAR_MINING_HOSTS": "mine.example.org", "SOLAR_MINING_SECRET": SECRET, "SOLAR_MINING_DATA_KEY": SECRET}
UP_S = 120.0


def unit() -> dict[str, list[tuple[str, str]]]:
    """Directives of the unit by section; one may come several times."""
    found: dict[str, list[tuple[str, str]]] = {}
    section = ""
    for line in (DEPLOY / "solar-mining.service").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(section, []).append((name, value))
    return found


def of_unit(name: str) -> list[str]:
    return [value for key, value in unit()["Service"] if key == name]


def container() -> list[tuple[str, str]]:
    """Instructions of the Containerfile, their continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def of_container(name: str) -> list[str]:
    return [value for key, value in container() if key == name]


def unsafe(env: dict[str, str], command: list[str], tmp_path: Path) -> list[str]:
    """What production would refuse of a start with these settings and flags."""
    (tmp_path / "home").mkdir()
    told = {command[n][2:]: command[n + 1] for n in range(len(command) - 1) if command[n].startswith("--")}
    option = options_of(tmp_path, {})
    wanted = {name: told.get(name, option(name)) for name in (*SAFE, "server.address")}
    env = {**env, **OPERATORS, "SOLAR_MINING_HOME": str(tmp_path / "home")}
    return [one.setting for one in problems(env, wanted.__getitem__, {"auth": AUTH})]


# --- systemd --------------------------------------------------------------------------------------


def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not on this computer: the unit is read by this test alone")
    text = (DEPLOY / "solar-mining.service").read_text(encoding="utf-8")
    here = text.replace("/srv/solar-mining/current/.venv/bin/python", "/bin/true")
    (tmp_path / "solar-mining.service").write_text(here)
    ran = subprocess.run(
        [analyze, "verify", str(tmp_path / "solar-mining.service")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
    (tmp_path / "solar-mining.service").write_text(here.replace("MemoryMax=4G", "MemoryMax=much"))
    ran = subprocess.run(
        [analyze, "verify", str(tmp_path / "solar-mining.service")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Invalid memory limit" in ran.stderr, "a fault would be found"


def test_the_unit_is_safe_in_production_and_runs_the_current_release(tmp_path: Path) -> None:
    env = dict(value.split("=", 1) for value in of_unit("Environment"))
    (command,) = (shlex.split(value) for value in of_unit("ExecStart"))
    assert env["SOLAR_MINING_ENV"] == "production"
    assert unsafe(env, command, tmp_path) == []
    assert command[0].startswith(of_unit("WorkingDirectory")[0] + "/.venv/")
    assert of_unit("WorkingDirectory")[0].endswith("/current")
    assert of_unit("ReadWritePaths") == [env["SOLAR_MINING_HOME"]]
    assert not unit()["Service"][0][1].startswith("root")
    weak = {name: value for name, value in env.items() if name != "SOLAR_MINING_TRUSTED_PROXY"}
    (tmp_path / "weak").mkdir()
    assert unsafe(weak, [*command, "--server.address", "0.0.0.0"], tmp_path / "weak") == ["server.address"]


# --- the container --------------------------------------------------------------------------------


def test_the_container_copies_what_exists_and_runs_as_nobody_special(tmp_path: Path) -> None:
    for line in of_container("COPY"):
        *sources, target = line.split()
        assert all((ROOT / source).exists() for source in sources), line
        assert target.startswith("./")
    names = [name for name, _ in container()]
    assert names.index("USER") < names.index("CMD")
    assert of_container("USER") == ["solar"]
    assert "--require-hashes -r requirements.lock" in of_container("RUN")[1]
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines()
    assert {"data/local", ".streamlit/secrets.toml", ".git"} <= set(ignored)
    env = dict(part.split("=", 1) for line in of_container("ENV") for part in shlex.split(line))
    command = parsed(of_container("CMD")[0])
    assert unsafe({**env, "SOLAR_MINING_TRUSTED_PROXY": "172.17.0.1"}, command, tmp_path) == []
    (tmp_path / "bare").mkdir()
    assert unsafe(env, command, tmp_path / "bare") == ["server.address"], "without a proxy it does not start"


def test_what_the_container_copies_is_all_that_is_needed_to_start(tmp_path: Path) -> None:
    """As production: from those files alone, by the command of the container, until its health check is content."""
    app, home, port = tmp_path / "app", tmp_path / "home", free_port()
    app.mkdir()
    for line in of_container("COPY"):
        source, target = line.split()
        place = app / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("local", "__pycache__"))
        else:
            shutil.copy(ROOT / source, place)
    (home / ".streamlit").mkdir(parents=True)
    (home / ".streamlit" / "secrets.toml").write_text(
        "[auth]\n"
        + "".join(f'{name} = "{value}"\n' for name, value in {**AUTH, "client_id": "a", "client_secret": "b"}.items())
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SOLAR_MINING_", "STREAMLIT_", "PYTHONPATH"))}
    env |= dict(part.split("=", 1) for line in of_container("ENV") for part in shlex.split(line))
    env |= {
        **OPERATORS,
        "HOME": str(home),
        "SOLAR_MINING_HOME": str(home / "home"),
        "NUMBA_CACHE_DIR": str(home / "numba"),
    }
    env |= {"SOLAR_MINING_TRUSTED_PROXY": "127.0.0.1", "SOLAR_MINING_OFFLINE": "1"}
    command = [sys.executable if part == "python" else part for part in parsed(of_container("CMD")[0])]
    command = ["127.0.0.1" if part == "0.0.0.0" else str(port) if part == "8501" else part for part in command]
    check = parsed(re.sub(r"^.*?CMD ", "", of_container("HEALTHCHECK")[0]))
    check = [sys.executable, *(part.replace(":8501", f":{port}") for part in check[1:])]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=app, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + UP_S
            while subprocess.run(check, capture_output=True, timeout=30, check=False).returncode:
                assert server.poll() is None, (tmp_path / "log").read_text()[-2000:]
                assert time.monotonic() < deadline
                time.sleep(0.5)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
                assert page.status == 200
        finally:
            server.terminate()
            server.wait(60)


def parsed(words: str) -> list[str]:
    """The words of an instruction in its form with brackets."""
    found: list[str] = json.loads(words)
    return found
