"""Put a new version in the place of the one that runs, and the old one back where the new one is not well.

    python deploy/release.py to /srv/solar-mining/releases/2027.02

Beside `releases/` stands the link `current`, from which the service runs (deploy/solar-mining.service), and the folder
that SOLAR_MINING_HOME names. A release is a folder with a clone of the project and its own `.venv`. The service is
stopped, its database backed up by the version that used it, the link set, and the service started, which brings the
database to its newest schema. Then the gate: /api/v1/health/ready must answer 200, and the dashboard too, some times
in a row. Where it does not in time, the old version gets its link and its database back; what was saved in between is
kept in a file beside, and counted. A run that was cut off is undone by the next one. Ends with 0 where the new version
runs, 1 where the old one does again, and 2 where nobody does. It needs Python alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LINK, JOURNAL, BACKUPS = "current", "releasing.json", "before-releases"
KEPT_BACKUPS = 3
NEEDED = ("app.py", "core/__main__.py", ".venv/bin/python", ".streamlit/config.toml")
IN_A_ROW, BETWEEN_S, ANSWER_S = 3, 0.5, 5.0
STOPPED_S = 20.0
SETTLE_S = 8.0  # that one which answers may say that it is not well
COMMAND_S = 600.0  # the longest backup, stop or start
NEW, OLD, NONE = 0, 1, 2


class ReleaseError(Exception):
    """A step that failed, told in a sentence."""


@dataclass(frozen=True)
class Site:
    """Where the service runs from, how it is stopped and started, where it answers, and how long [s] it may take to."""

    root: Path
    stop: Sequence[str]
    start: Sequence[str]
    address: str
    gate_s: float

    @property
    def current(self) -> Path | None:
        """The version that the link names, None where there is none yet."""
        link = self.root / LINK
        return link.resolve() if link.is_symlink() else None

    def point_at(self, version: Path) -> None:
        """Set the link, in one step."""
        draft = self.root / f".{LINK}.new"
        draft.unlink(missing_ok=True)
        draft.symlink_to(version)
        draft.replace(self.root / LINK)


def release(site: Site, version: Path) -> int:
    """Release a version; NEW, OLD or NONE, as the module says."""
    version = version.resolve()
    _refuse_incomplete(version)
    _undo_cut_off(site)
    old = site.current
    if old == version:
        say(f"{version.name} is what runs")
        return NEW
    began_s = time.monotonic()
    halt(site)
    backup = _backed_up(site, old) if old else None
    _write_journal(site, old, backup)
    try:
        site.point_at(version)
        run(site.start, site.root)
        through_gate(site)
    except ReleaseError as error:
        say(f"{version.name} is not well: {error}")
        return _put_back(site, old, backup, began_s)
    (site.root / JOURNAL).unlink()
    _forget_old(site)
    say(f"{version.name} runs after {time.monotonic() - began_s:.1f} s")
    return NEW


def halt(site: Site) -> None:
    """Stop the service; ReleaseError where something answers still, which would be taken for the new version."""
    run(site.stop, site.root)
    deadline = time.monotonic() + STOPPED_S
    while not _silent(site):
        if time.monotonic() > deadline:
            raise ReleaseError(f"{site.address} answers still after the service was stopped")
        time.sleep(BETWEEN_S)


def _silent(site: Site) -> bool:
    """Whether nothing answers, be it well or not, and nothing takes calls and keeps them waiting."""
    try:
        with urllib.request.urlopen(site.address + "/api/v1/health/live", timeout=ANSWER_S):
            return False
    except urllib.error.HTTPError:
        return False
    except OSError as error:
        return not isinstance(getattr(error, "reason", error), TimeoutError)


def through_gate(site: Site) -> None:
    """Wait until the service is well; ReleaseError where it is not in time."""
    deadline, row, why, answered = time.monotonic() + site.gate_s, 0, "it did not answer", False
    while row < IN_A_ROW:
        if time.monotonic() > deadline:
            raise ReleaseError(f"{why} for {SETTLE_S:g} s" if answered else f"{why} within {site.gate_s:g} s")
        why = _unwell(site)
        if "answered" in why and not answered:
            answered, deadline = True, min(deadline, time.monotonic() + SETTLE_S)
        row = 0 if why else row + 1
        time.sleep(BETWEEN_S)


def _unwell(site: Site) -> str:
    """What is wrong with the service now, empty where nothing is."""
    for path in ("/api/v1/health/ready", "/"):
        try:
            with urllib.request.urlopen(site.address + path, timeout=ANSWER_S) as reply:
                reply.read()
        except urllib.error.HTTPError as error:
            return f"{path} answered {error.code}"
        except OSError as error:
            return f"{path} did not answer ({type(error).__name__})"
    return ""


def _put_back(site: Site, old: Path | None, backup: Path | None, began_s: float) -> int:
    if old is None:
        say("there is no version before it: nothing runs")
        return NONE
    try:
        halt(site)
        site.point_at(old)
        if backup is not None:
            say(core(old, "restore", str(backup), "--replace"))
        run(site.start, site.root)
        through_gate(site)
    except ReleaseError as error:
        say(f"{old.name} cannot be put back: {error}")
        return NONE
    (site.root / JOURNAL).unlink(missing_ok=True)
    say(f"{old.name} runs again after {time.monotonic() - began_s:.1f} s")
    return OLD


def _undo_cut_off(site: Site) -> None:
    """Put the old version back where the last run was cut off on the way."""
    try:
        told = json.loads((site.root / JOURNAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    say("the last release was cut off: the version before it is put back first")
    old, backup = (Path(told[name]) if told[name] else None for name in ("old", "backup"))
    if _put_back(site, old, backup, time.monotonic()) == NONE and old is not None:
        raise ReleaseError("the last release cannot be undone")
    (site.root / JOURNAL).unlink(missing_ok=True)


def _write_journal(site: Site, old: Path | None, backup: Path | None) -> None:
    told = {"old": str(old or ""), "backup": str(backup or "")}
    draft = site.root / f".{JOURNAL}.new"
    draft.write_text(json.dumps(told), encoding="utf-8")
    draft.replace(site.root / JOURNAL)


def _backed_up(site: Site, old: Path) -> Path | None:
    """The database as the old version left it, in a file of its own; None where it never kept anything."""
    if core(old, "-c", "from core.settings import settings; print((settings().home / 'app.db').exists())") != "True":
        return None
    folder = site.root / BACKUPS
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{old.name}.sealed"
    try:
        core(old, "backup", "--to", str(file))
    except ReleaseError:
        run(site.start, site.root)  # it goes on as it was
        raise
    return file


def _forget_old(site: Site) -> None:
    """Keep the newest backups alone: what people had deleted must not lie in older ones for ever."""
    for old in sorted((site.root / BACKUPS).glob("*.sealed"), reverse=True)[KEPT_BACKUPS:]:
        old.unlink()


def core(version: Path, *words: str) -> str:
    """What `python -m core` of a version says, or, with -c, a line of Python there."""
    python = [str(version / ".venv" / "bin" / "python"), *(() if words[0] == "-c" else ("-m", "core"))]
    return run([*python, *words], version)


def run(command: Sequence[str], folder: Path) -> str:
    """What a command prints; ReleaseError, with its last words, where it fails."""
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=COMMAND_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReleaseError(f"{Path(command[0]).name} failed ({type(error).__name__})") from error
    if ran.returncode:
        last = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
        raise ReleaseError(f"{' '.join(command[:3])} failed: {''.join(last)}")
    return ran.stdout.strip()


def _refuse_incomplete(version: Path) -> None:
    missing = [name for name in NEEDED if not (version / name).exists()]
    if missing:
        raise ReleaseError(f"{version} is no release: it has no {', '.join(missing)}")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    to = commands.add_parser("to", help="release a version")
    to.add_argument("version", type=Path, help="the folder of the new version")
    to.add_argument("--root", type=Path, help="the folder of `current`; by default that above the version's folder")
    to.add_argument(
        "--stop", default="systemctl stop solar-mining", help="the command that stops the service and waits"
    )
    to.add_argument("--start", default="systemctl start solar-mining", help="the command that starts it")
    to.add_argument("--address", default="http://127.0.0.1:8501", help="where it answers")
    to.add_argument("--gate-s", type=float, default=20.0, help="how long it may take to be well [s]; default 20")
    asked = parser.parse_args(argv)
    root = (asked.root or asked.version.resolve().parents[1]).resolve()
    site = Site(root, shlex.split(asked.stop), shlex.split(asked.start), asked.address.rstrip("/"), asked.gate_s)
    try:
        return release(site, asked.version)
    except ReleaseError as error:
        say(str(error))
        return OLD if site.current else NONE


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
