"""What the store holds, in the full numbers of its promises: `python -m tests.soak_store [crash] [power] …`.

Each part prints its figures beside their goals. It exits with 1 where one that must hold was missed; a figure of speed is
told and fails nothing, since it is this machine's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings

from tests import soak_store_faults as faults
from tests.models import test_treasury
from tests.soak_store_faults import Told, fastest, told
from tests.store import crashes, migrating, test_states
from tests.store.crashes import LOST, MIXED
from tests.store.plans_at_random import plan

KILLS, LEAST_ACKNOWLEDGED = 60, 5000
CUTS, CONTROLS = 40, 15
MIGRATIONS, ROWS = 25, 60_000
CLIENTS, TIMES = 50, 40
SLOW_MS = (0, 2, 10)  # a sync takes: this disk, a consumer's solid-state disk, a memory card
EDITORS, PLANS, LEDGERS = 100, 500, 1000
ORDERS, DEEDS = 500, 30
START_S = 5.0


def main() -> int:
    parts: dict[str, Callable[[Path], bool]] = {
        "crash": crash,
        "power": power,
        "writers": writers,
        "editors": faults.editors,
        "lock": faults.lock,
        "disk": faults.disk,
        "migrate": migrate,
        "damage": faults.damage,
        "flips": faults.flips_of_file,
        "log": faults.log,
        "states": states,
        "files": files,
        "money": money,
        "server": faults.server,
    }
    parser = argparse.ArgumentParser(prog="python -m tests.soak_store", description=__doc__)
    parser.add_argument("what", nargs="*", default=list(parts), help=", ".join(parts))
    asked = parser.parse_args()
    held = []
    for name in asked.what:
        began_s = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            held.append(parts[name](Path(folder)))
        print(f"-- {name}: {'held' if held[-1] else 'MISSED'} in {time.monotonic() - began_s:.0f} s", flush=True)
    return 0 if all(held) else 1


def crash(folder: Path) -> bool:
    """DB-01."""
    return all(trial("crash", crashes.kills(folder / "home", KILLS, least=LEAST_ACKNOWLEDGED), LEAST_ACKNOWLEDGED))


def power(folder: Path) -> bool:
    """DB-02, and the control that must lose."""
    if crashes.compiler() is None:
        print("power: there is no C compiler here: not tried")
        return True
    library = crashes.built(folder)
    held: list[bool] = []
    for how in (LOST, MIXED):
        held += trial(f"power, {how}", crashes.cuts(folder / how[:4], library, CUTS, how), 1)
    control = crashes.cuts(folder / "control", library, CONTROLS, LOST, normal=True)
    held.append(told("power, control with synchronous=NORMAL", "lost, which it must", control.lost, Told(at_least=1)))
    return all(held)


def trial(name: str, found: crashes.Found, acknowledged: int) -> list[bool]:
    return [
        told(name, f"acknowledged over {found.kills} kills", found.acknowledged, Told(at_least=acknowledged)),
        told(name, "lost", found.lost, Told(at_most=0)),
        told(name, "corrupt", found.corrupt, Told(at_most=0)),
        fastest(name, "longest next start [s]", found.longest_start_s, START_S),
    ]


def writers(folder: Path) -> bool:
    """DB-03, on this disk and on slower ones, with a commit for each beside it."""
    library = crashes.built(folder) if crashes.compiler() else None
    held = []
    for slow_ms in SLOW_MS if library else (0,):
        for alone in (False, True):
            home = folder / f"{slow_ms}-{alone}"
            env = crashes.disk_of(library, home, SYNC_MS=slow_ms) if library and slow_ms else {}
            found = crashes.crowd(home, CLIENTS, TIMES, env, alone=alone)
            name = f"writers, {f'{slow_ms} ms a sync' if slow_ms else 'this disk'}, {'a commit each' if alone else 'shared'}"
            held.append(told(name, "changes kept", found["counter"], Told(CLIENTS * TIMES, CLIENTS * TIMES)))
            held.append(told(name, "errors", found["errors"], Told(at_most=0)))
            print(f"{name}: {found}")
            if not alone:
                fastest(name, "p95 [ms]", found["p95_ms"], 100.0)
                fastest(name, "max [ms]", found["max_ms"], 500.0)
    return all(held)


def migrate(folder: Path) -> bool:
    """DB-07."""
    found = migrating.killed(folder, MIGRATIONS, ROWS)
    print(f"migrate: {found}")
    return all(
        [
            told("migrate", f"half applied or without a backup, of {found.kills}", found.half, Told(at_most=0)),
            told("migrate", "not finished by the next start", found.unfinished, Told(at_most=0)),
            fastest("migrate", f"next start with {ROWS} rows to change [s]", found.longest_start_s, START_S),
        ]
    )


def states(folder: Path) -> bool:
    """DB-16; it raises what differs."""
    test_states.run(ORDERS, DEEDS, derandomize=False)
    return told("states", "orders of deeds that came out as the model", ORDERS, Told(at_least=ORDERS))


def files(folder: Path) -> bool:
    """FILE-09."""
    from core.scenario import leaves, read

    same = 0
    for seed in range(PLANS):
        made = plan(seed)
        back = read(made.to_json())
        same += [repr(value) for _, _, value in leaves(back)] == [repr(value) for _, _, value in leaves(made)]
    return told("files", "plans that came back to the last bit", same, Told(at_least=PLANS))


def money(folder: Path) -> bool:
    """NUM-03; it raises what differs."""
    books = test_treasury.test_books_equal_decimals_to_the_satoshi_and_the_cent
    settings(max_examples=LEDGERS, deadline=None)(books)()
    return told("money", "ledgers equal to decimals", LEDGERS, Told(at_least=LEDGERS))


if __name__ == "__main__":
    sys.exit(main())
