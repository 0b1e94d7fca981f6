"""`make live`: each source asked once along the way of every call, and what is told of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hostile
import pytest

from core.fetchers import live, sources, world
from core.fetchers.live import Row, as_lines, in_short, live_table, show
from core.fetchers.sources import SOURCES
from core.fetchers.world import OPT_IN, Access, World, base_variable
from tests.fetchers.replies import KEYS, good
from tests.fetchers.replies_bitcoin import CORE_STATE, NOW, NOW_S, TIP

SMALL = tuple(one for one in good() if "weather" not in one.question.name)
# of all but the weather, whose replies are large
EXAMPLES = tuple(example for example in sources.EXAMPLES if "weather" not in example[0].name)
NAMES = {source.name for source in SOURCES}


@pytest.fixture
def server() -> Iterator[hostile.Server]:
    """All providers of small replies at one address, each path as recorded. The paths differ but for one."""
    with hostile.Server() as one:
        for case in SMALL:
            request = case.source.request("", case.asked, KEYS.get(case.source.key, ""))
            one.on(request.url.partition("?")[0], hostile.reply(200, case.body))
        yield one.on("/", node)


def node(connection: socket.socket, server: hostile.Server) -> None:
    """A node of one's own, which has the blocks it is asked for."""
    calls = json.loads(next(seen for seen in reversed(server.seen) if seen.path == "/").body)
    if calls[0]["method"] != "getblockstats":
        return hostile.json_reply(CORE_STATE)(connection, server)
    heights = [call["params"][0] for call in calls]
    blocks = [{"height": h, "subsidy": 312_500_000, "totalfee": 2_500_000, "time": NOW_S - 1800} for h in heights]
    told = [{"jsonrpc": "2.0", "id": call["id"], "result": one} for call, one in zip(calls, blocks, strict=True)]
    return hostile.json_reply(told)(connection, server)


def access(base: str, **more: str) -> Access:
    return Access.from_env({**{base_variable(name): base for name in NAMES}, **more})


def test_each_source_is_asked_once_and_told_in_order(server: hostile.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "_now", lambda: NOW)
    everything = access(server.base, **KEYS, **{OPT_IN: "Open-Meteo"})
    rows = live_table(World(None, everything), EXAMPLES)
    assert [(row.provider, row.question) for row in rows] == [(one.source.name, one.question.name) for one in SMALL]
    told = {(row.provider, row.question): row for row in rows}
    assert told["Coinbase", "price"].status == "live"
    assert told["Coinbase", "price"].value.startswith("currency USD, price_per_btc 75,950.2")
    assert told["PVGIS", "yield"].value.startswith("yearly_kwh_per_kw 1,278")
    assert {(row.provider, row.question, row.why) for row in rows if row.status != "live"} == set()
    assert told["Bitcoin Core", "fees"].value.startswith(f"fees_btc_per_block 0.025, blocks 144, end_height {TIP:,}")
    paths = Counter(seen.path for seen in server.seen)
    assert sum(paths.values()) == len(SMALL), "once each"
    assert all(row.latency_s is not None and 0 < row.latency_s < 10 for row in rows)


def test_what_is_not_set_up_says_what_it_lacks(server: hostile.Server) -> None:
    rows = live_table(World(None, Access(bases={base_variable("mempool.space"): server.base}, offline=True)))
    unused = {row.provider: row.why for row in rows if row.status == "unused"}
    assert unused["Bitcoin Core"] == "not set up: SOLAR_MINING_BASE_BITCOIN_CORE names no address"
    assert unused["NSRDB"] == "not set up: SOLAR_MINING_NSRDB_KEY holds no key"
    assert "SOLAR_MINING_OPT_IN" in unused["Open-Meteo"] or "KEY" in unused["Open-Meteo"]
    assert {row.why for row in rows if row.status == "failed"} == {"offline by a setting"}
    assert server.connections == 0


def test_nothing_kept_answers_instead_and_nothing_is_kept(server: hostile.Server, tmp_path: Path) -> None:
    heard: list[object] = []
    here = World(tmp_path / "cache", access(server.base), accepted=lambda *told: heard.append(told))
    before = {path.name: path.read_bytes() for path in (tmp_path / "cache").iterdir() if path.suffix == ".db"}
    live_table(here, EXAMPLES)
    live_table(here, EXAMPLES)
    assert heard == []
    assert {name: (tmp_path / "cache" / name).read_bytes() for name in before} == before
    assert server.hits("/v2/prices/BTC-USD/spot") == 2


def test_what_cannot_be_true_is_told_with_its_reason(server: hostile.Server) -> None:
    server.on(
        "/v2/prices/BTC-USD/spot", hostile.json_reply({"data": {"base": "BTC", "currency": "USD", "amount": "5"}})
    )
    rows = live_table(World(None, access(server.base)), EXAMPLES)
    row = next(row for row in rows if row.provider == "Coinbase")
    assert (row.status, row.value) == ("failed", "")
    assert "says what cannot be" in row.why


def test_the_table_and_its_end_tell_how_many_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (Row("a", "price", "live", 0.123, "75,000"), Row("longer", "fees", "failed", 1.0, why="HTTP 500"))
    assert as_lines(rows) == [
        "provider  question  status  latency  value   plausible",
        "a         price     live    0.12 s   75,000  yes",
        "longer    fees      failed  1.00 s           HTTP 500",
    ]
    for told, code in ((rows, 1), (rows[:1], 0), ((), 1)):
        monkeypatch.setattr(live, "live_table", lambda world, told=told: told)
        assert show(World(None), lambda line: None) == code


def test_an_answer_is_short_and_on_one_line() -> None:
    assert len(in_short(("x" * 1000,))) <= live.SHOWN
    assert in_short(()) == "nothing found"
    assert "\n" not in in_short("a\nb\x1b[31m")
    assert in_short(datetime(2026, 5, 1, tzinfo=UTC)) == "2026-05-01 00:00"


def test_offline_the_command_prints_a_table_of_failures_and_fails(tmp_path: Path) -> None:
    env = {**os.environ, "SOLAR_MINING_OFFLINE": "1", "SOLAR_MINING_HOME": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-m", "core", "live"], env=env, capture_output=True, text=True, timeout=60)
    lines = ran.stdout.splitlines()
    assert ran.returncode != 0
    assert lines[0].split() == list(live.HEADS)
    assert len(lines) == len(SOURCES) + 2
    assert lines[-1].startswith("0 of ")
    assert ran.stderr == ""
