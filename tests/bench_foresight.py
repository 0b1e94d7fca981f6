"""What dispatch with foresight costs, as a ratio to HiGHS solving the same year in the same run. Called by `tests.bench`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from core.models import foresight, foresight_margins
from tests.models.foresight_cases import Case, flat, programme, scenario_year, solve
from tests.models.test_rolling import yesterday

PLANTS = {"hourly prices": 2, "periods": 6, "off the grid": 13}


def bench(ratio: Callable[..., Any], say: Callable[..., None]) -> None:
    """Prints optimal years ÷ the linear programme solved, its matrices built beforehand; the goal is 1/25."""
    foresight.compile_kernel()
    for name, seed in PLANTS.items():
        case = scenario_year(seed)
        lp, year = highs(case), (case.hours, case.storage)
        say(f"optimal year, {name} ÷ scipy HiGHS", ratio(partial(foresight.optimal, *year), lp), 1 / 25)
    say("… by the plain engine", ratio(partial(foresight.optimal, *year, compiled=False), lp), 1)
    forecast = yesterday(case.hours.pv_kw)
    say("rolling year, a plan a day ÷ scipy HiGHS", ratio(partial(foresight.rolling, *year, forecast), lp), 1 / 10)
    say("four shadow prices ÷ scipy HiGHS", ratio(partial(foresight_margins.margins, *year), lp), 1 / 5)
    case = scenario_year(3)
    trading = replace(case.hours, export_usd_per_kwh=flat(0.06), export_limit_kw=flat(500.0))
    result = ratio(partial(foresight.optimal, trading, case.storage), highs(case))
    say("optimal year, import often cheaper than export ÷ HiGHS where it is not", result, 1)


def highs(case: Case) -> Callable[[], Any]:
    return partial(solve, programme(case))
