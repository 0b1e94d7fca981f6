"""What the README shows is run as it stands there, so that it cannot rot."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from core.errors import SourceError
from core.fetchers import price
from core.fetchers.ask import Question, ask
from core.fetchers.provider import Reply
from core.fetchers.sources import SOURCES
from core.fetchers.world import Access, World, base_variable
from tests.fetchers import hostile
from tests.fetchers.replies_bitcoin import NOW

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NEW = "bitstamp"


def recipe() -> tuple[str, str, str]:
    """The three pieces of the recipe of a provider: its file, a recorded reply, its line in a ladder."""
    section = README.split("### A provider, worked out")[1].split("\n## ")[0]
    code, recorded, ladder = re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)
    return code, recorded, ladder


@pytest.fixture
def provider() -> Any:
    module = types.ModuleType(NEW)
    exec(compile(recipe()[0], "README.md", "exec"), module.__dict__)
    return module


def with_line(provider: Any) -> Question[str, Any]:
    """The price as core/fetchers/price.py asks it once the line of the recipe stands in its ladder."""
    old, new = (line[1:] for line in recipe()[2].splitlines())
    source = Path(price.__file__).read_text(encoding="utf-8")
    assert source.count(old) == 1, "the line that the README changes is in the ladder"
    module = types.ModuleType("core.fetchers.price")
    module.__dict__[NEW] = provider
    exec(compile(source.replace(old, new), "price.py", "exec"), module.__dict__)
    found: Question[str, Any] = module.PRICE
    return found


def test_the_new_provider_answers_where_those_before_it_are_down(provider: Any) -> None:
    question = with_line(provider)
    assert [source.name for source in question.sources] == [
        *(source.name for source in price.PRICE.sources[:3]), "Bitstamp", price.PRICE.sources[3].name
    ]  # fmt: skip
    with hostile.Server() as server:
        server.on(hostile.ANY, hostile.reply(404))
        server.on("/api/v2/ticker/btcusd/", hostile.reply(200, recipe()[1].encode()))
        bases = {base_variable(source.name): server.base for source in question.sources}
        told = ask(question, "USD", World(None, Access(bases=bases), now=lambda: NOW))
    assert (told.source, told.status, told.value.price_per_btc) == ("Bitstamp", "live", 75_931.0)
    assert (NOW - told.observed_at).total_seconds() == 30
    assert question.unpack(question.pack(told.value)) == told.value


@pytest.mark.parametrize("name", ["last", "timestamp"])
@pytest.mark.parametrize("value", [None, "", "many", "-1", 75_931, "nan", [], "1e999"])
def test_its_reader_refuses_what_its_contract_does_not_promise(name: str, value: object, provider: Any) -> None:
    good = json.loads(recipe()[1])
    with_value = Reply(200, {}, json.dumps({**good, name: value}).encode(), NOW)
    with pytest.raises(SourceError, match=r"^Bitstamp"):
        believed(provider, with_value)


def believed(provider: Any, reply: Reply) -> None:
    """SourceError unless a reply can be read and be true."""
    told = provider.PRICE.read(reply, "USD")
    if why := price.PRICE.plausible(told, "USD"):
        raise SourceError(f"Bitstamp says what cannot be: {why}")


def test_the_example_is_none_of_the_providers_that_are_there() -> None:
    assert NEW not in Path(price.__file__).read_text(encoding="utf-8"), "take another one for the README"


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def named_in(folders: tuple[str, ...], pattern: str) -> set[str]:
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert files
    return {name for path in files for name in re.findall(pattern, path.read_text(encoding="utf-8"))}


def test_every_setting_stands_in_the_table_and_nothing_else_does() -> None:
    quoted = r'f?"(?:SOLAR_MINING_|{OURS})([A-Z_]*[A-Z])"'
    read = named_in(("core",), quoted) | named_in(("tests",), r"environ\.get\(" + quoted)
    listed = set(re.findall(r"`SOLAR_MINING_([A-Z_]*[A-Z])`", section("Settings")))
    assert len(read) >= 14
    assert listed == read


def test_every_provider_has_its_address_and_every_licence_its_choice_in_the_table() -> None:
    rows = {line.split("`")[1]: line for line in section("Settings").splitlines() if line.startswith("| `")}
    addresses = set(re.findall(r"`([A-Z_]+)`", rows["SOLAR_MINING_BASE_…"]))
    assert addresses == {base_variable(source.name).removeprefix("SOLAR_MINING_BASE_") for source in SOURCES}
    choices = {source.name for source in SOURCES if source.opt_in}
    assert set(re.findall(r": `([^`]+)`", rows["SOLAR_MINING_OPT_IN"])) == choices


def test_every_room_stands_in_the_house() -> None:
    drawn = section("The house").split("data/")[0]
    rooms = [path for path in (ROOT / "core").iterdir() if path.suffix == ".py" or path.is_dir()]
    names = {path.stem for path in rooms if not path.name.startswith("__")}
    assert names <= set(re.findall(r"\w+", drawn))


def test_every_command_is_told() -> None:
    told = set(re.findall(r"python -m core ([\w-]+)", section("Start")))
    assert told == named_in(("core",), r'\bcommands\.add_parser\("([\w-]+)"')
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(targets) == set(re.findall(r"make (\w+)", section("Start")))


@pytest.mark.parametrize("check", [["format", "--check"], ["check"]])
def test_its_file_is_written_like_the_others(check: list[str]) -> None:
    command = [sys.executable, "-m", "ruff", *check, "--stdin-filename", "core/fetchers/providers/bitstamp.py", "-"]
    ran = subprocess.run(command, input=recipe()[0], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
