"""The bitcoin network: who is asked, in which order, what is believed, and what ships with the program.

A doubt is the reason why an answer cannot be true, a jump why it is too far from the last one; both are empty where all
is well. Answers stay in use for a year where nothing better comes: whatever ships with the program is older still.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from core.fetchers.ask import YEAR_S, Bundled, Question
from core.fetchers.bitcoin import bundled_market, halvings, month_ends
from core.fetchers.jumps import jump_within, steady
from core.fetchers.packing import packed, unpacked
from core.fetchers.provider import Told
from core.fetchers.providers import bitcoin_core, blockchain_info, mempool
from core.inputs import Reading
from core.units import BLOCK_SECONDS, DAY_S, EPOCH_BLOCKS, STEEPEST, THS_PER_DIFFICULTY
from core.world import BlockFees, MarketHistory, NetworkNow, RecentBlocks, Retarget, Series

LEAST_DIFFICULTY, MOST_DIFFICULTY = 1e12, 1e18  # late 2017; 35 % a year for 30 years
LEAST_HASHRATE_THS, MOST_HASHRATE_THS = 1e8, 1e13  # the same in hash rate, and a factor of 1e12 from any wrong unit
NOISE = 3.0  # an estimate of hash rate over a few days lies within this factor of what difficulty implies
DIFFICULTY_JUMP, DIFFICULTY_JUMP_DAYS = 2.0, 14.0  # the steepest retarget above 1e12 was +22 % (May 2021)
MOST_FEES_BTC = 50.0
FASTEST_EPOCH_DAYS = 3.5
SETTLED_FROM = date(2011, 1, 1)  # before, sources differ on days without blocks
REORGANISED_BLOCKS = 6  # how far a source, or a reorganised chain, may lie behind what was seen
SLOW_FRAC, FAST_FRAC, SLACK_BLOCKS = 0.97, 1.06, 500  # blocks since the last halving, against one in ten minutes


# What is believed


def network_doubt(told: NetworkNow, asked: None = None) -> str:
    """Difficulty in bounds, and a hash rate of the size that difficulty implies."""
    if not LEAST_DIFFICULTY < told.difficulty < MOST_DIFFICULTY:
        return f"difficulty {told.difficulty:g} is not between {LEAST_DIFFICULTY:g} and {MOST_DIFFICULTY:g}"
    implied_ths = told.difficulty * THS_PER_DIFFICULTY
    if not 1 / NOISE < told.hashrate_ths / implied_ths < NOISE:
        return f"hash rate {told.hashrate_ths:g} TH/s is not of the size of {implied_ths:g} TH/s, as difficulty implies"
    return ""


def network_jump(told: NetworkNow, last: NetworkNow, age_s: float) -> str:
    """Difficulty within a factor 2 for every fortnight begun."""
    if steady(told.difficulty, last.difficulty, DIFFICULTY_JUMP, age_s, DIFFICULTY_JUMP_DAYS):
        return ""
    return f"difficulty jumped from {last.difficulty:g} to {told.difficulty:g}"


def retarget_doubt(told: Retarget, asked: None = None) -> str:
    """A height that fits the date, and a retarget within what consensus allows."""
    if doubt := height_doubt(told.height, told.observed_at):
        return doubt
    if told.next_height % EPOCH_BLOCKS or not 0 <= told.blocks_left <= EPOCH_BLOCKS:
        return f"block {told.next_height} is not the next multiple of {EPOCH_BLOCKS} after {told.height}"
    if not 1 / STEEPEST - 1 <= told.change_frac <= STEEPEST - 1:
        return f"a change of {told.change_frac:+.0%} is more than one retarget may make"
    longest = timedelta(seconds=BLOCK_SECONDS * STEEPEST * (told.blocks_left + 1))
    if not timedelta(hours=-6) <= told.estimated_at - told.observed_at <= longest + timedelta(hours=6):
        return f"{told.blocks_left} blocks will not be found by {told.estimated_at:%Y-%m-%d %H:%M}"
    return ""


def retarget_jump(told: Retarget, last: Retarget, age_s: float) -> str:
    """A height that does not fall."""
    fell = told.height < last.height - REORGANISED_BLOCKS
    return f"height fell from {last.height} to {told.height}" if fell else ""


def height_doubt(height: int, at: datetime) -> str:
    """Blocks since the last known halving come one in ten minutes, or a little faster while hash rate grows."""
    start = halvings()[-1]
    nominal = (at - start.time).total_seconds() / BLOCK_SECONDS
    least, most = start.height + SLOW_FRAC * nominal - SLACK_BLOCKS, start.height + FAST_FRAC * nominal + SLACK_BLOCKS
    return (
        "" if least <= height <= most else f"height {height} does not fit {at:%Y-%m-%d}: {least:.0f} to {most:.0f} do"
    )


def fees_doubt(told: BlockFees, asked: RecentBlocks | None = None) -> str:
    """Fees in bounds, of blocks at a height that fits the date. They may jump: they do."""
    if not 0 <= told.fees_btc_per_block <= MOST_FEES_BTC:
        return f"fees of {told.fees_btc_per_block:g} BTC per block are not between 0 and {MOST_FEES_BTC:g}"
    return height_doubt(told.end_height, told.observed_at)


def difficulty_history_doubt(told: Series, asked: None = None) -> str:
    """In bounds at its end, and without a jump that no retarget could make."""
    if not LEAST_DIFFICULTY < told.values[-1] < MOST_DIFFICULTY:
        return f"difficulty ends at {told.values[-1]:g}"
    return jump_within(told, STEEPEST, FASTEST_EPOCH_DAYS, since=SETTLED_FROM)


def hashrate_history_doubt(told: Series, asked: None = None) -> str:
    """Of the size of TH/s at its end, and nowhere negative: early days may be 0."""
    if min(told.values) < 0 or not LEAST_HASHRATE_THS < told.values[-1] < MOST_HASHRATE_THS:
        return f"hash rate ends at {told.values[-1]:g} TH/s, and is {min(told.values):g} TH/s at least"
    return ""


def fee_history_doubt(told: Series, asked: None = None) -> str:
    """In bounds on every day."""
    if not 0 <= min(told.values) <= max(told.values) <= MOST_FEES_BTC:
        return f"fees range from {min(told.values):g} to {max(told.values):g} BTC per block"
    return ""


# What ships with the program


def bundled_network(asked: None = None) -> Bundled[NetworkNow]:
    """Difficulty of data/market.csv, and the hash rate at which it makes one block in ten minutes."""
    read = bundled_market().difficulty
    return _as_of(read, NetworkNow(read.value, read.value * THS_PER_DIFFICULTY, read.observed_at))


def bundled_retarget(asked: None = None) -> Bundled[Retarget]:
    """Height of data/market.csv, and the retarget after it at one block in ten minutes, which leaves difficulty alone."""
    read = bundled_market().height
    height = int(read.value)
    next_height = (height // EPOCH_BLOCKS + 1) * EPOCH_BLOCKS
    at = read.observed_at + timedelta(seconds=BLOCK_SECONDS * (next_height - height))
    return _as_of(read, Retarget(height, next_height, at, 0.0, BLOCK_SECONDS, read.observed_at))


def bundled_fees(asked: RecentBlocks | None = None) -> Bundled[BlockFees]:
    """Fees of data/market.csv, a rounded mean over months."""
    read = bundled_market().fees_btc_per_block
    return _as_of(read, BlockFees(read.value, 0, int(bundled_market().height.value), read.observed_at))


def bundled_difficulty_history(asked: None = None) -> Bundled[Series]:
    """Month ends of data/history.csv, then the day of data/market.csv; the months between them are missing."""
    return month_ends("difficulty", bundled_market().difficulty)


def bundled_hashrate_history(asked: None = None) -> Bundled[Series]:
    """The hash rate that the difficulty of each month end stands for."""
    told = bundled_difficulty_history()
    implied_ths = tuple(value * THS_PER_DIFFICULTY for value in told.value.values)
    return Bundled(Series(told.value.days, implied_ths), told.source, told.observed_at)


def _as_of(read: Reading, told: Told) -> Bundled[Told]:
    return Bundled(told, read.source, read.observed_at)


# What can be asked

NETWORK = Question(
    name="network",
    sources=(bitcoin_core.NETWORK, mempool.NETWORK, blockchain_info.NETWORK),
    soft_s=600,
    hard_s=YEAR_S,
    plausible=network_doubt,
    jump=network_jump,
    pack=packed,
    unpack=unpacked(NetworkNow),
    observed=lambda told: told.observed_at,
    bundled=bundled_network,
)
RETARGET = Question(
    name="retarget",
    sources=(bitcoin_core.RETARGET, mempool.RETARGET),
    soft_s=600,
    hard_s=YEAR_S,
    plausible=retarget_doubt,
    jump=retarget_jump,
    pack=packed,
    unpack=unpacked(Retarget),
    observed=lambda told: told.observed_at,
    bundled=bundled_retarget,
)
FEES = Question(
    name="fees",
    sources=(bitcoin_core.FEES, mempool.FEES),
    soft_s=3600,
    hard_s=YEAR_S,
    plausible=fees_doubt,
    pack=packed,
    unpack=unpacked(BlockFees),
    observed=lambda told: told.observed_at,
    bundled=bundled_fees,
)
DIFFICULTY_HISTORY = Question(
    name="difficulty history",
    sources=(mempool.DIFFICULTY_HISTORY, blockchain_info.DIFFICULTY_HISTORY),
    soft_s=DAY_S,
    hard_s=YEAR_S,
    plausible=difficulty_history_doubt,
    pack=packed,
    unpack=unpacked(Series),
    bundled=bundled_difficulty_history,
)
HASHRATE_HISTORY = Question(
    name="hash rate history",
    sources=(mempool.HASHRATE_HISTORY, blockchain_info.HASHRATE_HISTORY),
    soft_s=DAY_S / 4,
    hard_s=YEAR_S,
    plausible=hashrate_history_doubt,
    pack=packed,
    unpack=unpacked(Series),
    bundled=bundled_hashrate_history,
)
FEE_HISTORY = Question(
    name="fee history",
    sources=(mempool.FEE_HISTORY, blockchain_info.FEE_HISTORY),
    soft_s=DAY_S,
    hard_s=YEAR_S,
    plausible=fee_history_doubt,
    pack=packed,
    unpack=unpacked(Series),
)


# Together


def market_history(price_usd: Series, difficulty: Series, fees: Series | None = None) -> MarketHistory:
    """Price, difficulty, subsidy and fees on the days of the price: a hashprice for every day follows from them.

    Difficulty and fees hold until the next value; days before the first difficulty are left out; fees are 0 before
    their first day and where they are None. The subsidy is that after the day's halving (data/halvings.csv).
    """
    kept = [(d, p) for d, p in zip(price_usd.days, price_usd.values, strict=True) if d >= difficulty.days[0]]
    days = tuple(d for d, _ in kept)
    return MarketHistory(
        days=days,
        price_usd=tuple(p for _, p in kept),
        difficulty=_held(difficulty.days, difficulty.values, days),
        subsidy_btc=_held([h.time.date() for h in halvings()], [h.subsidy_btc for h in halvings()], days, 50.0),
        fees_btc_per_block=_held(fees.days, fees.values, days) if fees else (0.0,) * len(days),
    )


def _held(
    steps: Sequence[date], values: Sequence[float], days: Sequence[date], before: float = 0.0
) -> tuple[float, ...]:
    """The value in force on each day: the newest one, `before` where there is none yet."""
    known = (before, *values)
    return tuple(known[bisect_right(steps, day)] for day in days)
