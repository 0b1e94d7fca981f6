"""Parts of `tests.soak_store` that put a fault before the store: locks, full disks, damage, readers, kills of the server."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from core.errors import Conflict, DatabaseError
from core.fetchers import bitcoin
from core.fetchers.weather import bundled
from core.scenario import Scenario
from core.store import backups, condition, scenarios
from core.store.database import FILE_NAME, open_database
from core.studies.projection import project
from tests.browser.dashboard import ROOT, free_port
from tests.store import crashes, flips
from tests.store.test_database import COUNT_TO_A_BILLION, held_by_another_process
from tests.store.test_start import DAMAGES

SMALL_DISK = "3m"
LOG_MOST_MB, LOG_SECONDS = 64.0, 60.0
FLIPS, SEEDS = 150, 3
RESTARTS = 5


@dataclass(frozen=True)
class Told:
    """Between what a figure must be."""

    at_least: float | None = None
    at_most: float | None = None

    def holds(self, figure: float) -> bool:
        return (self.at_least is None or figure >= self.at_least) and (self.at_most is None or figure <= self.at_most)

    def __str__(self) -> str:
        parts = [f"at least {self.at_least:g}"] if self.at_least is not None else []
        parts += [f"at most {self.at_most:g}"] if self.at_most is not None else []
        return " and ".join(parts)


def told(part: str, what: str, figure: float, must: Told) -> bool:
    """Print a figure that must hold; whether it does."""
    held = must.holds(figure)
    print(f"{part}: {what} {figure:g}, must be {must}: {'ok' if held else 'MISSED'}", flush=True)
    return held


def fastest(part: str, what: str, figure: float, goal: float) -> bool:
    """Print a figure of speed beside its goal; only ten times as much is a failure."""
    print(f"{part}: {what} {figure:.3g}, goal {goal:g}: {'ok' if figure <= goal else 'slower here'}", flush=True)
    return figure <= 10 * goal


def editors(folder: Path) -> bool:
    """DB-04: a hundred times two save the same version."""
    db, wins, conflicts = open_database(folder), 0, 0
    for _ in range(100):
        saved = scenarios.save(db, "ann", Scenario())
        for version in range(1, 7):
            scenarios.save(db, "ann", Scenario(), saved.id, version)
        together = threading.Barrier(2)

        def editor(_: int, one: str = saved.id, together: threading.Barrier = together) -> str:
            together.wait()
            try:
                return str(scenarios.save(db, "ann", Scenario(), one, 7).version)
            except Conflict as conflict:
                return f"conflict with {conflict.expected}"

        with ThreadPoolExecutor(2) as pool:
            said = sorted(pool.map(editor, range(2)))
        wins, conflicts = wins + (said[0] == "8"), conflicts + (said[1] == "conflict with 8")
    db.close()
    held = told("editors", "saves that won", wins, Told(100, 100))
    return told("editors", "conflicts that name the version", conflicts, Told(100, 100)) and held


def lock(folder: Path) -> bool:
    """DB-05."""
    db, held = open_database(folder), []
    for seconds in (3.0, 30.0):
        with held_by_another_process(folder / FILE_NAME, seconds):
            began_s, said = time.monotonic(), "saved"
            try:
                scenarios.save(db, "ann", Scenario())
            except DatabaseError as error:
                said = str(error.value)
            took_s = time.monotonic() - began_s
            read = len(scenarios.listed(db, "ann"))
        print(f"lock: held {seconds:g} s: {said} after {took_s:.2f} s; {read} scenarios read meanwhile")
        held.append(said == ("saved" if seconds < 5 else "busy"))
        held.append(told("lock", "until it is told [s]", took_s, Told(at_most=5.5)))
    held.append(
        told("lock", "trouble after the lock has gone", len(condition.condition(db, folder).trouble), Told(0, 0))
    )
    db.close()
    return all(held)


def disk(folder: Path) -> bool:
    """DB-06: on a file system of 3 MB where one may be mounted here, else on a disk that is played."""
    home = folder / "home"
    home.mkdir()
    if mounted(home):
        ballast = home / "ballast"
        ballast.write_bytes(bytes(1_000_000))
        try:
            return judged("disk, tmpfs of 3 MB", *crashes.filled_up(home, ballast.unlink, {}))
        finally:
            subprocess.run(["umount", str(home)], check=True)
    if crashes.compiler() is None:
        print("disk: neither a mount nor a C compiler here: not tried")
        return True
    room = folder / "room"
    room.write_text("3000000")
    env = crashes.disk_of(crashes.built(folder), home, ROOM=room)
    return judged("disk, played", *crashes.filled_up(home, lambda: room.write_text("9000000"), env))


def mounted(home: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(home)]
    return os.name == "posix" and subprocess.run(command, capture_output=True, check=False).returncode == 0


def judged(part: str, full: dict[str, Any], after: dict[str, Any]) -> bool:
    print(f"{part}: {full} {after}")
    ok = full["refused"] == full["trouble"] == "full" and full["degraded"] and full["readable"] and after["sound"]
    held = [told(part, "refused in words, degraded, readable, sound", ok, Told(at_least=1))]
    held.append(told(part, "saved before it was full", full["saved"], Told(at_least=1)))
    held.append(told(part, "lost", after["lost"], Told(at_most=0)))
    return all([*held, told(part, "recovered after space came [s]", after["recovered_s"], Told(at_most=10))])


def damage(folder: Path) -> bool:
    """DB-08 on a larger file: every way to damage it, and ten random pages."""
    template = folder / "template"
    db = open_database(template)
    plan = Scenario()
    for n in range(1000):
        scenarios.save(db, f"owner {n}", plan)
    backup = backups.make(db, template)
    db.close()
    size = (template / FILE_NAME).stat().st_size
    pages = {f"page {n} of {size // 4096} random": n for n in random.Random(8).sample(range(size // 4096), 10)}
    ways = {**DAMAGES, **{name: (lambda content, n=n: _page(content, n)) for name, n in pages.items()}}
    good, longest_s = 0, 0.0
    for name, way in ways.items():
        home = folder / "home"
        crashes.removed(home)
        shutil.copytree(template, home)
        damaged = way(bytearray((home / FILE_NAME).read_bytes()))
        (home / FILE_NAME).write_bytes(damaged)
        began_s = time.monotonic()
        db = open_database(home)
        longest_s = max(longest_s, time.monotonic() - began_s)
        aside = condition.set_aside(home)
        whole = len(crashes.owners(db)[0]) == 1000
        kept = [one for one in aside if one.backup == backup.id and (home / one.file).read_bytes() == damaged]
        db.close()
        good += whole and len(kept) == 1
        print(f"damage: {name}: {aside[0].why if aside else 'not found'}; whole again: {whole}")
    held = told("damage", f"of {len(ways)} files moved aside and restored", good, Told(at_least=len(ways)))
    return fastest("damage", "longest start [s]", longest_s, 5.0) and held


def _page(content: bytearray, n: int) -> bytes:
    content[n * 4096 : (n + 1) * 4096] = random.Random(n).randbytes(4096)
    return bytes(content)


def flips_of_file(folder: Path) -> bool:
    """DB-09."""
    total = flips.Found()
    for seed in range(SEEDS):
        home = folder / str(seed)
        db = open_database(home)
        flips.fill(db, project(Scenario(), bundled("greensboro"), bitcoin.bundled_market()))
        db.close()
        found = flips.flipped(home, FLIPS, seed=seed)
        print(f"flips: {found}")
        for name in vars(total):
            setattr(total, name, getattr(total, name) + getattr(found, name))
    held = told(
        "flips", f"unseen of {total.changed} that changed an answer", total.unseen, Told(at_most=total.changed / 150)
    )
    held &= told(
        "flips", "other rows or lists lost with a named one", total.others_lost + total.lists_lost, Told(at_most=0)
    )
    return told("flips", "that changed an answer", total.changed, Told(at_least=150)) and held


def log(folder: Path) -> bool:
    """DB-11: for a minute one reader sits idle, others follow on each other, and four write all the time."""
    db, leave = open_database(folder), threading.Event()
    with db.write() as tables:
        tables.execute("CREATE TABLE much (content BLOB NOT NULL) STRICT")
    writes, largest = [0] * 4, [0]

    def writer(n: int) -> None:
        while not leave.is_set():
            with db.write() as tables:
                tables.execute("INSERT INTO much VALUES (randomblob(20000))")
                tables.execute("DELETE FROM much WHERE rowid < (SELECT max(rowid) - 2000 FROM much)")
            writes[n] += 1
            largest[0] = max(largest[0], (folder / f"{FILE_NAME}-wal").stat().st_size)

    def reader(idle_s: float) -> None:
        while not leave.is_set():
            with suppress(DatabaseError), db.read() as tables:
                list(tables.query("SELECT count(*) FROM much"))
                leave.wait(idle_s)

    crowd = [threading.Thread(target=writer, args=(n,)) for n in range(4)]
    crowd += [threading.Thread(target=reader, args=(idle_s,)) for idle_s in (LOG_SECONDS, 1.0, 1.3, 0.7)]
    for one in crowd:
        one.start()
    time.sleep(LOG_SECONDS / 3)
    began_s = time.monotonic()
    with suppress(DatabaseError), db.read() as tables:
        list(tables.query(COUNT_TO_A_BILLION))
    cut_s = time.monotonic() - began_s
    time.sleep(LOG_SECONDS * 2 / 3 - cut_s)
    leave.set()
    for one in crowd:
        one.join()
    db.close()
    print(f"log: {sum(writes)} writes of 20 kB in {LOG_SECONDS:g} s")
    held = told("log", "largest [MB]", largest[0] / 1e6, Told(at_most=LOG_MOST_MB))
    return fastest("log", "a reading without end was cut off after [s]", cut_s, 5.5) and held


def server(folder: Path) -> bool:
    """A server that is killed while it saves, started again, and two that start at once on one folder."""
    home, held, acknowledged, longest_s = folder / "home", [], set(), 0.0
    for _ in range(RESTARTS):
        with started(home) as (address, took_s, process):
            longest_s = max(longest_s, took_s)
            there = ids(address)
            held.append(acknowledged <= there)
            acknowledged |= saved_until_killed(address, process)
    held.append(told("server", f"acknowledged over {RESTARTS} kills", len(acknowledged), Told(at_least=RESTARTS)))
    with started(home) as (one, first_s, _), started(home) as (two, second_s, _):
        longest_s = max(longest_s, first_s)
        held.append(
            told("server", "lost", len(acknowledged - ids(one)) + len(acknowledged - ids(two)), Told(at_most=0))
        )
        print(f"server: first start {first_s:.2f} s, a second one beside it {second_s:.2f} s")
    both = [Server(home), Server(home)]
    took = [one.up() for one in both]
    held.append(all(ids(one.address) >= acknowledged for one in both))
    for one in both:
        one.end()
    print(f"server: two that start at once {took[0]:.2f} s and {took[1]:.2f} s (two of them share this machine)")
    return fastest("server", "longest start after a kill until it is ready [s]", longest_s, 5.0) and all(held)


class Server:
    """`streamlit run app.py` on a folder, from its beginning on."""

    def __init__(self, home: Path) -> None:
        port, self.began_s = free_port(), time.monotonic()
        env = {k: v for k, v in os.environ.items() if not k.startswith(("SOLAR_MINING_", "STREAMLIT_"))}
        env |= {"SOLAR_MINING_HOME": str(home), "SOLAR_MINING_OFFLINE": "1", "SOLAR_MINING_RATE_LIMIT": "1000000"}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        self.process = subprocess.Popen(
            [*command, "--server.address", "127.0.0.1"],
            cwd=ROOT,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.address = f"http://127.0.0.1:{port}"

    def up(self) -> float:
        """Wait until it is ready; how long that took [s]."""
        while time.monotonic() < self.began_s + 120:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.address}/api/v1/health/ready", timeout=2).status_code == 200:
                    took_s = time.monotonic() - self.began_s
                    print(f"server: ready after {took_s:.1f} s and {cpu_s(self.process.pid)} of a core")
                    return took_s
            time.sleep(0.02)
        raise RuntimeError("the server did not get ready")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def cpu_s(pid: int) -> str:
    """What a process has worked so far, where the system tells: on a busy machine that is less than what passed."""
    try:
        worked = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    except OSError:
        return "an unknown time"
    return f"{sum(map(int, worked)) / os.sysconf('SC_CLK_TCK'):.1f} s"


@contextmanager
def started(home: Path) -> Any:
    """A server that is ready: its address, how long it took, and its process."""
    one = Server(home)
    try:
        yield one.address, one.up(), one.process
    finally:
        one.end()


def ids(address: str) -> set[str]:
    """Every saved plan there is."""
    found: set[str] = set()
    query: dict[str, Any] = {"limit": 100}
    with httpx.Client(base_url=f"{address}/api/v1", timeout=30) as client:
        while True:
            page = client.get("/system-configs", params=query).json()
            found |= {item["id"] for item in page["items"]}
            if not page["next_cursor"]:
                return found
            query["cursor"] = page["next_cursor"]


def saved_until_killed(address: str, process: subprocess.Popen[bytes]) -> set[str]:
    """Ids that were acknowledged by a server that is killed in the middle."""
    got: set[str] = set()

    def client(_: int) -> None:
        with suppress(httpx.HTTPError), httpx.Client(base_url=f"{address}/api/v1", timeout=30) as http:
            for _ in range(10_000):
                answer = http.post("/system-configs", json={})
                if answer.status_code == 201:
                    got.add(answer.json()["id"])

    with ThreadPoolExecutor(4) as pool:
        for n in range(4):
            pool.submit(client, n)
        time.sleep(random.uniform(0.3, 1.0))
        os.kill(process.pid, signal.SIGKILL)
    return got
