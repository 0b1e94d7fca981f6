"""Part of the Compare page: what makes one plan worth more than another, driver by driver and path by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import streamlit as st

from core import charts
from core.errors import SolarMiningError
from core.inputs import Market
from core.jobs import Tick
from core.results import Projection
from pages.ui import chances_compare, said, session, show, work

if TYPE_CHECKING:
    from core.studies.bridge import Bridge
    from core.studies.bridge_lives import BridgeOfLives
    from core.studies.differences import Plan

KIND, LIVES = "bridge", "bridge_lives"
KEPT, KEPT_MOST = "_bridges", 8
AT_ONCE = 4  # drivers: sixteen runs take less than a second and begin by themselves
PATHS = 2000
DEADLINE_S = 180.0
CENT = 0.005
Pair = dict[str, Projection]


class Told(NamedTuple):
    """What was asked, by digests, and what came of it."""

    key: tuple[Any, ...]
    found: Any


def section(pair: Pair) -> None:
    """The bridge from the first plan of a pair to the second."""
    from core.studies.bridge import inputs_that_differ

    first, second = (_outline(projection) for projection in pair.values())
    inputs = inputs_that_differ(first, second)
    if not inputs:
        st.caption("Nothing that a net present value depends on differs between these two.")
        return
    told = _asked_for(
        KIND, _key(pair), lambda: begin(pair), "Changing one driver after another", len(inputs) <= AT_ONCE
    )
    if told is None:
        words = f"{len(inputs)} drivers differ: {', '.join(inputs)}. {1 << len(inputs)} plans between the two are worked through."
        st.caption(words)
        st.button("Explain the difference", icon=":material/stacked_bar_chart:", on_click=begin, args=(pair,))
        return
    read(pair, told)
    path_by_path(pair)


def _outline(projection: Projection) -> Plan:
    """What tells which drivers differ; its weather is the note of it, as the year itself takes long to load."""
    from core.studies.differences import Plan

    readings = {r.name: r for r in projection.readings}
    market = Market(*(readings[name] for name in Market.__dataclass_fields__))
    sky: Any = projection.weather
    return Plan(projection.scenario, sky, market)


def _key(pair: Pair) -> tuple[Any, ...]:
    """All that the answer rests on."""
    return tuple((p.scenario.digest, p.weather.digest, p.readings) for p in pair.values())


def _asked_for(kind: str, key: tuple[Any, ...], start: Any, words: str, at_once: bool) -> Any:
    """What is known of a question: kept, just done, or begun here where it is small; None where it has to be asked for."""
    kept: dict[Any, Any] = st.session_state.setdefault(KEPT, {})
    if (kind, key) in kept:
        return kept[kind, key]
    begun = f"_begun_{kind}"
    if at_once and st.session_state.get(begun) != key:
        st.session_state[begun] = key
        start()
    told = work.result(kind, words)
    if not isinstance(told, Told) or told.key != key:
        return None
    kept[kind, key] = told.found
    for oldest in list(kept)[:-KEPT_MOST]:
        kept.pop(oldest)
    return told.found


def begin(pair: Pair) -> None:
    from core.fetchers.credits import credit_rules
    from core.studies.bridge import bridge

    _begin(KIND, pair, lambda first, second, tick: bridge(first, second, tuple(credit_rules()), tick))


def begin_lives(pair: Pair) -> None:
    from core.fetchers.credits import credit_rules
    from core.studies.bridge_lives import bridge_of_lives

    def lived(first: Plan, second: Plan, tick: Tick) -> BridgeOfLives:
        return bridge_of_lives(first, second, PATHS, rules=tuple(credit_rules()), tick=tick)

    _begin(LIVES, pair, lived)


def _begin(kind: str, pair: Pair, asked: Any) -> None:
    from core.studies.sizing import compile_kernels

    try:
        first, second = (chances_compare.plan_of(projection) for projection in pair.values())
    except SolarMiningError as error:
        session.note_problem(kind, error.message)
        return
    key = _key(pair)

    def ready() -> None:
        for plan in (first, second):
            compile_kernels(plan.scenario)

    work.begin(kind, lambda tick: Told(key, asked(first, second, tick)), ready, DEADLINE_S)


# --- what is told -------------------------------------------------------------------------------


def read(pair: Pair, found: Bridge) -> None:
    """The difference in one sentence, the bridge, and its figures."""
    bars = sorted(found.bars, key=lambda bar: -abs(bar.usd))
    gap = found.end_usd - found.start_usd
    most = bars[0]
    st.markdown(
        session.literal(
            f"The second plan is worth {show.money(abs(gap))} {'more' if gap >= 0 else 'less'} than the first. "
            f"Most of it comes from {most.driver} ({_signed(most.usd)})."
        )
    )
    steps = [charts.Step(bar.driver, bar.usd) for bar in found.bars if abs(bar.usd) >= CENT]
    ends = charts.Step("First plan", found.start_usd), charts.Step("Second plan", found.end_usd)
    show.chart(
        spec=charts.bridge(ends[0], steps, ends[1], session.dark()),
        alt=f"Bridge from the net present value of the first plan to that of the second: {_in_words(found)}",
    )
    st.caption(
        "Each bar is what a driver adds to the net present value, averaged over all orders in which the drivers can be changed "
        "(Shapley value): the bars sum to the difference. The axis does not begin at zero."
    )
    rows = [
        {
            "Driver": bar.driver,
            "Inputs that differ": bar.inputs,
            "Adds": _signed(bar.usd),
            "If changed first": _signed(bar.first_usd),
            "If changed last": _signed(bar.last_usd),
        }
        for bar in found.bars
    ]
    total = {"Driver": "Together", "Inputs that differ": sum(bar.inputs for bar in found.bars), "Adds": _signed(gap)}
    show.table(pd.DataFrame([*rows, total]).fillna(""), "Difference by driver")
    _said_anew(pair, found)


def _said_anew(pair: Pair, found: Bridge) -> None:
    """Where a kept projection was worked out by another version or other rules, how far the bridge's ends lie from it."""
    for words, projection, usd in zip(
        ("first", "second"), pair.values(), (found.start_usd, found.end_usd), strict=True
    ):
        kept = projection.metrics["npv_usd"]
        if kept is not None and abs(kept - usd) >= 1.0:
            st.warning(
                session.literal(
                    f"The {words} plan was kept with a net present value of {show.money(kept)} (model {projection.model_version}); "
                    f"worked out now it is {show.money(usd)}. The bridge is between figures of now."
                )
            )


def _in_words(found: Bridge) -> str:
    """The bridge for those who do not see it."""
    steps = ", ".join(f"{bar.driver} {_signed(bar.usd)}" for bar in found.bars)
    return f"{show.money(found.start_usd)}, {steps}, {show.money(found.end_usd)}"


def path_by_path(pair: Pair) -> None:
    """The same over many lives under the same chances, asked for."""
    with st.expander("Path by path", icon=":material/casino:", key="bridge of lives", on_change="rerun") as expander:
        if not expander.open:
            return
        st.caption(
            f"{said.number(PATHS)} lives of both plans and of those between them under the same chances, in the world of the first: drivers are changed in the "
            "order below, then in the opposite one, and the mean of the two is told. In each life the parts sum to the difference."
        )
        found = _asked_for(LIVES, _key(pair), lambda: begin_lives(pair), "Living the plans between", False)
        if found is None:
            st.button("Explain path by path", icon=":material/casino:", on_click=begin_lives, args=(pair,))
            return
        read_lives(found)


def read_lives(found: BridgeOfLives) -> None:
    if not found.parts:
        st.caption(
            "In the world of the first plan nothing differs: their outlooks for bitcoin do, and chance starts from that of the first."
        )
        return
    steps = [charts.Step(part.driver, part.mean_usd) for part in found.parts]
    ends = charts.Step("First, mean", found.start_usd), charts.Step("Second, mean", found.end_usd)
    show.chart(
        spec=charts.bridge(ends[0], steps, ends[1], session.dark()),
        alt="Bridge from the mean net present value of the first plan's lives to that of the second's",
    )
    rows = [
        {
            "Driver": part.driver,
            "Adds on average": f"{_signed(part.mean_usd)} ± {show.money(part.error_usd)}",
            "Poor (P5)": _signed(part.p5_usd),
            "Middle (P50)": _signed(part.p50_usd),
            "Good (P95)": _signed(part.p95_usd),
            "Adds anything in": f"{said.percent(part.adds_frac, 1)} of lives",
        }
        for part in found.parts
    ]
    show.table(pd.DataFrame(rows), "Difference by driver and path")
    st.caption("Means sum to the difference of the means; percentiles of parts do not sum to those of the whole.")


def _signed(usd: float) -> str:
    return f"+{show.money(usd)}" if usd > 0 else show.money(usd)
