"""The command line: `python -m core refresh` asks the world now, `live` shows who answers; `project FILE` projects."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import (
    alerts_command,
    backups_command,
    keys_command,
    migrate_command,
    my_data_command,
    provider_keys_command,
    report_command,
)
from core.errors import SolarMiningError

if TYPE_CHECKING:
    from core.fetchers.ask import Answer


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 where it worked, 1 where it did not, with the reason on standard error."""
    asked = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = asked.command
    try:
        return command(asked)
    except SolarMiningError as error:
        say(f"{error.field}: {error.message}" if error.field else error.message, to_errors=True)
        return 1
    except (OSError, ValueError) as error:  # a file that is not there, or is no JSON
        say(str(error), to_errors=True)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="Solar Mining Calculator")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    refresh = commands.add_parser("refresh", help="ask the world now and keep what it says")
    refresh.set_defaults(command=_refresh)
    live = commands.add_parser("live", help="ask every provider once and show who answers, and how fast")
    live.set_defaults(command=_live)
    project = commands.add_parser("project", help="project a scenario and print its metrics as JSON")
    project.add_argument("file", type=Path, help="a scenario as JSON, as the dashboard exports it")
    project.add_argument(
        "--weather", type=Path, help="a weather file (EPW, TMY3, NSRDB, PVGIS) instead of asking for one"
    )
    project.set_defaults(command=_project)
    paper = commands.add_parser("report", help="project a scenario and write the answer down as a report")
    report_command.add_to(paper, say)
    keys = commands.add_parser("keys", help="keys of the API: create, list, revoke")
    keys_command.add_to(keys, say)
    alerts_command.add_to(commands.add_parser("alerts", help="the key that signs alerts; --try sends one"), say)
    provider_keys = commands.add_parser("provider-keys", help="keys of providers: list, set, forget, renew")
    provider_keys_command.add_to(provider_keys, say)
    my_data = commands.add_parser("my-data", help="all that is kept of one owner: export, delete")
    my_data_command.add_to(my_data, say)
    backups_command.add_backup(commands.add_parser("backup", help="copy the database, sealed and checked"), say)
    backups_command.add_restore(commands.add_parser("restore", help="put a backup in the place of a database"), say)
    backups_command.add_verify(commands.add_parser("verify", help="name all that is not as it was saved"), say)
    migrate = commands.add_parser("migrate", help="bring the database to this version's schema, as every start does")
    migrate_command.add_migrate(migrate, say)
    rollback = commands.add_parser("rollback", help="bring the database back to the schema of an older version")
    migrate_command.add_rollback(rollback, say)
    check = commands.add_parser("check-config", help="say what is unsafe in the settings, for production")
    check.set_defaults(command=_check_config)
    return parser


def _refresh(asked: argparse.Namespace) -> int:
    from core.schedule import refresh

    statuses: list[str] = []

    def told(name: str, came: Answer[Any] | SolarMiningError) -> None:
        if isinstance(came, SolarMiningError):
            say(f"{name:20} {came.message}")
            return
        statuses.append(came.status)
        say(f"{name:20} {came.status:8} {came.source:20} {came.observed_at:%Y-%m-%d %H:%M} {came.why}".rstrip())

    refresh(told)
    return 0 if "live" in statuses else 1


def _live(asked: argparse.Namespace) -> int:
    from core.fetchers.live import show
    from core.outside import outside

    return show(outside(), say)


def _project(asked: argparse.Namespace) -> int:
    import core
    from core.scenario import read

    weather = core.read_weather(asked.weather) if asked.weather else None
    answer = core.project(read(json.loads(asked.file.read_text(encoding="utf-8"))), weather)
    say(json.dumps(answer.summary(), indent=2, allow_nan=False))
    return 0


def _check_config(asked: argparse.Namespace) -> int:
    from core.check_config import options_of, problems
    from core.settings import environment, secrets_of

    found = problems(environment(), options_of(Path.home(), environment()), secrets_of(Path.home()))
    for problem in found:
        say(str(problem))
    say(f"{len(found)} unsafe for production" if found else "safe for production")
    return 1 if found else 0


def say(text: str, *, to_errors: bool = False) -> None:
    (sys.stderr if to_errors else sys.stdout).write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
