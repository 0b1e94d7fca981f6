"""What the bitcoin network and its price say now, how they came here, and how old every figure is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import streamlit as st

from core import charts
from core.errors import SolarMiningError
from core.fetchers.ask import Answer, known
from core.fetchers.bitcoin import halvings
from core.fetchers.market import BLOCKS, DOLLARS
from core.fetchers.network import DIFFICULTY_HISTORY, FEE_HISTORY, FEES, NETWORK, RETARGET, market_history
from core.fetchers.price import PRICE, PRICE_HISTORY, in_currency
from core.fetchers.rates import RATES
from core.models.mining import hashprice_usd_per_ph_day, subsidy_sats
from core.outside import collected, outside
from core.studies import history
from core.units import BLOCKS_PER_DAY, BLOCKS_PER_ERA, SATS_PER_BTC
from core.world import NetworkNow, Price, Retarget, Series
from pages.ui import ahead, live, said, session, show

CURRENCY, FIRST_CURRENCY = "currency", "EUR"
SOONER_FRAC = 0.0005  # a change of difficulty that rounds to nothing


def page() -> None:
    show.header("Market")
    tiles()
    retarget()
    lines()
    figures()


# --- now ------------------------------------------------------------------------------------------


def tiles() -> None:
    """The market at this moment."""
    network, fees = known(NETWORK, None, outside()), known(FEES, BLOCKS, outside())
    price, height = known(PRICE, DOLLARS, outside()), known(RETARGET, None, outside())
    hashprice = hashprice_usd_per_ph_day(
        price.value.price_per_btc, network.value.difficulty, subsidy_btc(), fees.value.fees_btc_per_block
    )
    currency = picker()
    with st.grid(4, min_column_width=200, gap="small"):
        tile("Bitcoin price", f"${said.number(price.value.price_per_btc)}", price)
        if currency != DOLLARS:
            in_own_currency(currency, price)
        tile(
            "Hashprice",
            f"${said.number(float(hashprice), 2)}",
            oldest(price, network, fees),
            "per PH/s and day, before the pool's fee",
        )
        tile("Difficulty", f"{said.number(network.value.difficulty / 1e12, 2)} T", network)
        tile(
            "Hash rate",
            f"{said.number(network.value.hashrate_ths / 1e6)} EH/s",
            network,
            "estimated from the last days' blocks",
        )
        tile("Fees", f"{said.number(fees.value.fees_btc_per_block, 4)} BTC", fees, "a block, mean of the last day")
        tile("Height", said.number(height.value.height), height)
        halving(height)


def halving(answer: Answer[Retarget]) -> None:
    """When new coins a block halve next, at ten minutes a block."""
    left = BLOCKS_PER_ERA - answer.value.height % BLOCKS_PER_ERA
    at = answer.observed_at + timedelta(days=left / BLOCKS_PER_DAY)
    tile(
        "Next halving",
        f"{at:%b %Y}",
        answer,
        f"{said.number(left)} blocks from now; until then {subsidy_btc():g} BTC a block",
    )


def subsidy_btc() -> float:
    """New coins in a block, after the halvings that have happened by the newest known block."""
    return float(subsidy_sats(known(RETARGET, None, outside()).value.height)) / SATS_PER_BTC


def tile(label: str, value: str, answer: Answer[Any], note: str = "") -> None:
    """One figure with its age; its source in the help."""
    st.metric(
        label,
        value,
        delta=_age(answer),
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
        help=session.literal("; ".join(part for part in (note, answer.source) if part)),
    )


def _age(answer: Answer[Any]) -> str:
    return f"{show.STANDING[answer.status].lower()}, {show.old_in_words(answer.age_s(session.now()))}"


def oldest(*answers: Answer[Any]) -> Answer[Any]:
    """The answer that a figure made of several is as old as."""
    return min(answers, key=lambda answer: answer.observed_at)


def picker() -> str:
    """The planner's currency, kept for the session."""
    rates = known(RATES, DOLLARS, outside()).value.per_base
    choices = [DOLLARS, *sorted(code for code in rates if code != DOLLARS)]
    chosen = st.session_state.get(CURRENCY, FIRST_CURRENCY)
    return str(
        st.selectbox(
            "Your currency",
            choices,
            index=choices.index(chosen) if chosen in choices else 0,
            key="currency picker",
            on_change=_chose,
            width=160,
        )
    )


def _chose() -> None:
    code = str(st.session_state["currency picker"])
    st.session_state[CURRENCY] = code


def in_own_currency(code: str, price_usd: Answer[Price]) -> None:
    """The price as exchanges quote it in that currency, else in dollars times the exchange rate."""
    try:
        quoted = known(PRICE, code, outside())
    except SolarMiningError:
        quoted = None
    if (quoted is None or quoted.status not in live.YOUNG) and not outside().offline:
        live.ask_for(PRICE, code)
    if quoted and quoted.status != "bundled":
        tile(f"Price in {code}", f"{said.number(quoted.value.price_per_btc)} {code}", quoted)
        return
    rates = known(RATES, DOLLARS, outside())
    value = in_currency(price_usd.value, rates.value, code).price_per_btc
    tile(
        f"Price in {code}", f"{said.number(value)} {code}", oldest(price_usd, rates), "dollar price times exchange rate"
    )


def retarget() -> None:
    """When difficulty changes next, and by how much if blocks keep their pace."""
    answer = known(RETARGET, None, outside())
    told: Retarget = answer.value
    with st.container(border=True):
        st.subheader("Next change of difficulty", anchor=False)
        if told.estimated_at < session.now():
            st.caption(
                f"The newest known block is {show.age_in_words(answer.age_s(session.now()))} old: the change expected on "
                f"{told.estimated_at:%d %B %Y} has happened since. Nothing newer is known here."
            )
            return
        with st.grid(4, min_column_width=170):
            st.metric(
                "Blocks left",
                said.number(told.blocks_left),
                help=f"Of 2,016; the next epoch starts at block {said.number(told.next_height)}.",
            )
            st.metric("Expected", f"{told.estimated_at:%d %b, %H:%M}", help="UTC, at the pace of this epoch.")
            st.metric("Change", change(told.change_frac), help="If blocks keep the pace of this epoch.")
            st.metric(
                "Pace",
                f"{said.number(told.block_seconds / 60, 1)} min",
                help="Mean time between the blocks of this epoch; 10 is the aim.",
            )
        st.caption(f"{session.literal(answer.source)} · {_age(answer)}")


def change(frac: float) -> str:
    """A change in percent with its sign."""
    return show.signed(frac) if abs(frac) > SOONER_FRAC else "none"


# --- history --------------------------------------------------------------------------------------


@ahead.apart
def lines() -> None:
    """Hashprice, price and difficulty through the years."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Through the years", anchor=False)
        log = st.toggle("Logarithmic", value=True, key="market log")
    price, difficulty = known(PRICE_HISTORY, DOLLARS, outside()), known(DIFFICULTY_HISTORY, None, outside())
    own_price = collected("price", DOLLARS, Price, lambda told: told.price_per_btc, after(price.value))
    own_difficulty = collected("network", "", NetworkNow, lambda told: told.difficulty, after(difficulty.value))
    prices, difficulties = history.extended(price.value, own_price), history.extended(difficulty.value, own_difficulty)
    earned = history.hashprice(market_history(prices, difficulties, _fees()))
    added = max(len(own_price.days), len(own_difficulty.days))
    chart("Hashprice", earned, "USD per PH/s and day", oldest(price, difficulty), added, log)
    left, right = st.columns(2)
    with left:
        chart("Price", prices, "USD", price, len(own_price.days), log)
    with right:
        chart("Difficulty", difficulties, "difficulty", difficulty, len(own_difficulty.days), log, steps=True)


def after(series: Series) -> date:
    """The first day a series does not know."""
    return series.days[-1] + timedelta(days=1)


def _fees() -> Series | None:
    try:
        return known(FEE_HISTORY, None, outside()).value
    except SolarMiningError:
        return None  # fees before anybody told them count as none


def chart(
    name: str, series: Series, unit: str, answer: Answer[Any], collected_days: int, log: bool, *, steps: bool = False
) -> None:
    """One quantity through the years with its source and age."""
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{name}**")
        dark, times = session.dark(), [halving.time for halving in halvings()]
        show.chart(
            spec=charts.market_lines(series, unit, times, dark, log=log, steps=steps),
            alt=f"{name} by day, halvings marked",
        )
        st.caption(_origin(series, answer, collected_days))


def _origin(series: Series, answer: Answer[Any], collected_days: int) -> str:
    own = f" · {collected_days} day{'s' if collected_days > 1 else ''} collected by this copy" if collected_days else ""
    return f"{session.literal(answer.source)} · {_age(answer)} · {series.days[0]:%Y} to {series.days[-1]:%d %b %Y}{own}"


def figures() -> None:
    st.subheader("Readings", anchor=False)
    show.readings(session.market().readings)


page()
