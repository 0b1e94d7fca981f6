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


@pytest.mark.parametrize("check", [["format", "--check"], ["check"]])
def test_its_file_is_written_like_the_others(check: list[str]) -> None:
    command = [sys.executable, "-m", "ruff", *check, "--stdin-filename", "core/fetchers/providers/bitstamp.py", "-"]
    ran = subprocess.run(command, input=recipe()[0], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
